//! The tutorials, as a reader follows them: every command of the page, in one shell and an empty
//! folder, and what it prints.
//!
//! A block of `bash` is run; it must succeed. A block of `text` after it is what it prints, on both
//! outputs, where `…` stands for anything. The fixed ports of a page become free ones.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

mod support;

use support::program::{folder, root};

/// The exit code by which the scripts say that a program is missing.
const SKIPPED: i32 = 77;
/// The ports that the pages use.
const PORTS: [&str; 2] = ["8000", "9229"];

fn main() -> ExitCode {
    let trials = vec![
        Trial::test("the_pattern_stands_for_anything", || {
            the_pattern_stands_for_anything();
            Ok(())
        }),
        Trial::test("cognito", || follow("tutorial-cognito", &[])),
        Trial::test("first-check", || follow("first-check", &[])),
        Trial::ignorable_test("django-oauth-toolkit", django_oauth_toolkit),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn django_oauth_toolkit() -> Result<Completion, Failed> {
    const PAGE: &str = "tutorial-django-oauth-toolkit";
    if std::env::var_os("AUTHGAUGE_INTEROP").is_none() {
        return Ok(Completion::ignored_with("set AUTHGAUGE_INTEROP=1 to run it"));
    }
    let page = page(PAGE)?;
    let line = page.lines().find_map(|line| line.split_once("pip install "));
    let (_, packages) = line.ok_or("the page installs nothing")?;
    let packages = packages.split(' ').filter(|word| !word.starts_with('-'));
    let found = Command::new(root().join("tests/interop/tutorial/wheels.sh"))
        .args(packages.map(|package| package.trim_matches('\'')))
        .output()?;
    let said = String::from_utf8_lossy(&found.stderr).trim().to_owned();
    match found.status.code() {
        Some(0) => {}
        Some(SKIPPED) => return Ok(Completion::ignored_with(said)),
        _ => return Err(said.into()),
    }
    let wheels = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    follow(PAGE, &[("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", &wheels)])?;
    Ok(Completion::Completed)
}

/// A command, and what it prints if the page shows it.
struct Block {
    command: String,
    shown: Option<String>,
}

/// Runs the commands of a page and compares what they print.
fn follow(name: &str, environment: &[(&str, &str)]) -> Result<(), Failed> {
    let (mut text, ports) = (page(name)?, PORTS.map(|port| (port, free_port())));
    for (port, free) in ports {
        text = text.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{free}"));
        text = text.replace(&format!("--port {port}"), &format!("--port {free}"));
    }
    let blocks = blocks(&text);
    let place = folder(name);
    let output = run(&blocks, &place, environment)?;
    for (at, block) in blocks.iter().enumerate() {
        let printed = std::fs::read_to_string(output.join(at.to_string()));
        let Ok(printed) = printed else {
            return Err(format!("not reached:\n{}", block.command).into());
        };
        if !output.join(format!("{at}.done")).exists() {
            return Err(format!("failed:\n{}\nprinted:\n{printed}", block.command).into());
        }
        let differs = block.shown.as_ref().filter(|shown| !matches(shown.trim(), printed.trim()));
        if let Some(shown) = differs {
            let command = &block.command;
            return Err(format!("{command}\nprinted:\n{printed}\nbut shown is:\n{shown}").into());
        }
    }
    Ok(())
}

fn page(name: &str) -> Result<String, std::io::Error> {
    std::fs::read_to_string(root().join("docs").join(format!("{name}.md")))
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // What is between the fences: every second part.
    for fenced in page.split("```").skip(1).step_by(2) {
        let (language, text) = fenced.split_once('\n').unwrap_or((fenced, ""));
        match (language, blocks.last_mut()) {
            ("bash", _) => blocks.push(Block { command: text.to_owned(), shown: None }),
            ("text", Some(block)) => block.shown = Some(text.to_owned()),
            _ => {}
        }
    }
    blocks
}

/// Runs the blocks one after the other, up to the first that fails; what each prints goes into a file
/// of its number in the folder that comes back.
fn run(
    blocks: &[Block],
    place: &Path,
    environment: &[(&str, &str)],
) -> Result<PathBuf, std::io::Error> {
    let (reader, output) = (place.join("reader"), place.join("output"));
    std::fs::create_dir_all(&reader)?;
    std::fs::create_dir_all(&output)?;
    let mut script = "set -e\n".to_owned();
    for (at, block) in blocks.iter().enumerate() {
        let to = output.join(at.to_string());
        let to = to.display();
        script += &format!("{{\n{}\n}} >'{to}' 2>&1\n: >'{to}.done'\n", block.command);
    }
    let program = Path::new(env!("CARGO_BIN_EXE_authgauge")).parent().unwrap_or(place);
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("bash")
        .arg("-c")
        .arg(&script)
        .current_dir(&reader)
        .env_clear()
        .envs([("PATH", format!("{}:{path}", program.display())), ("LANG", "C.UTF-8".into())])
        .env("HOME", place)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()?;
    shell.wait()?;
    // What a page has started in the background and not ended, because it was not reached.
    let group = format!("-{}", shell.id());
    drop(Command::new("kill").args(["-s", "KILL", "--", &group]).stderr(Stdio::null()).status());
    Ok(output)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a free port").port()
}

/// Whether a text is as shown, where `…` stands for anything.
fn matches(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn the_pattern_stands_for_anything() {
    for (shown, printed, expected) in [
        ("a\nb", "a\nb", true),
        ("a", "a b", false),
        ("…", "", true),
        ("…\nb\n…", "a\nb\nc", true),
        ("a …, c", "a b, c", true),
        ("…\nb\n…\nexit code 1", "a\nb\nc\nexit code 1", true),
        ("…\nb\n…\nexit code 1", "a\nb\nc\nexit code 2", false),
        ("…\nb\n…", "a\nc", false),
    ] {
        assert_eq!(matches(shown, printed), expected, "{shown:?} and {printed:?}");
    }
}
