//! The real program, run as a user runs it: exit code, standard output, standard error.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any run in these tests may take.
pub const BOUND: Duration = Duration::from_secs(20);

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub elapsed: Duration,
}

/// The program with these arguments, in an environment that holds nothing else.
pub fn command(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authgauge"));
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn authgauge(arguments: &[&str]) -> Ended {
    run(&mut command(arguments))
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ended {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    finish(child.expect("the program can be started"))
}

/// Waits for the end of a program that was started with both outputs piped. It must not panic and
/// must not take longer than [`BOUND`].
pub fn finish(child: Child) -> Ended {
    finish_within(BOUND, child)
}

/// The same for a program that takes its time.
pub fn finish_within(bound: Duration, child: Child) -> Ended {
    let (pid, started) = (child.id(), Instant::now());
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let output: Output = ended.recv_timeout(bound).map_or_else(
        |_| {
            signal("KILL", pid);
            panic!("the program did not end within {bound:?}")
        },
        |output| output.expect("its output can be read"),
    );
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(!stderr.contains("panicked at"), "{stderr}");
    Ended { code: output.status.code(), stdout, stderr, elapsed: started.elapsed() }
}

/// Sends a signal to a process that a test started.
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(sent.expect("there is a kill command").success(), "no process {pid}");
}

/// The root of the package, in which the program runs.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of a test's own.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is there only when the test ran before.
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("these paths are text")
}
