//! Rules about the source tree that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

/// The most lines of a file, tests aside.
const FILE_LINES: usize = 400;
/// The most lines of a function.
const FUNCTION_LINES: usize = 60;

/// Each large dependency and the only files that name it.
const NAMED_BY: [(&str, &[&str]); 22] = [
    ("reqwest", &["src/transport.rs"]),
    ("libtest_mimic", &["src/harness.rs"]),
    ("serde_yaml", &["src/yaml.rs", "mocks/src/yaml.rs"]),
    ("num_bigint", &["src/srp.rs", "mocks/src/idp/srp.rs"]),
    ("tokio_tungstenite", &["src/devtools.rs"]),
    ("wiremock", &["mocks/src/adapter.rs"]),
    ("hyper", &["mocks/src/server.rs", "src/load/connection.rs"]),
    ("hyper_rustls", &["src/load/lean.rs"]),
    ("hyper_util", &["mocks/src/server.rs", "src/doctor/proxy.rs", "src/load/lean.rs"]),
    ("tokio_rustls", &["mocks/src/tls.rs", "src/doctor/tls.rs"]),
    ("rcgen", &["mocks/src/tls.rs", "mocks/src/certificate.rs"]),
    ("rustls", &["src/doctor/tls.rs"]),
    ("rustls_platform_verifier", &["src/doctor/tls.rs"]),
    ("x509_cert", &["src/doctor/tls.rs"]),
    ("scraper", &["src/form.rs", "src/form/"]),
    ("jsonwebtoken", &["src/jose.rs"]),
    ("cookie", &["src/cookie.rs"]),
    ("goose", &["src/load/swarm.rs"]),
    ("mimalloc", &["src/main.rs"]),
    ("thread_priority", &["src/load/pacer.rs"]),
    ("hdrhistogram", &["src/load/histogram.rs"]),
    ("minijinja", &["src/report/render.rs"]),
];

/// Products: a difference between them belongs into a provider file.
const PRODUCTS: [&str; 8] =
    ["cognito", "auth0", "keycloak", "okta", "entra", "django", "panva", "oidc-provider"];

/// Files that compute and nothing else.
const PURE: [&str; 25] = [
    "src/deviation.rs",
    "src/deviation/",
    "src/drift.rs",
    "src/judge.rs",
    "src/load/capacity/scalability.rs",
    "src/load/capacity/search.rs",
    "src/load/capacity/terminal.rs",
    "src/load/capacity/verdict.rs",
    "src/load/classify.rs",
    "src/load/gate.rs",
    "src/load/merge.rs",
    "src/load/schedule.rs",
    "src/load/shard.rs",
    "src/load/sizing.rs",
    "src/load/sizing/reckon.rs",
    "src/load/sizing/terminal.rs",
    "src/load/summary.rs",
    "src/load/summary/",
    "src/load/threshold.rs",
    "src/matrix.rs",
    "src/plan.rs",
    "src/predicate.rs",
    "src/redact.rs",
    "src/report.rs",
    "src/report/",
];

#[test]
fn each_large_dependency_has_one_home() {
    check(|file| {
        let code = file.code();
        let strange = NAMED_BY.iter().filter(|(name, homes)| {
            names_crate(&code, name) && !homes.iter().any(|home| file.path.starts_with(home))
        });
        strange
            .map(|(name, homes)| format!("names {name}, which only {} may", homes.join(", ")))
            .collect()
    });
}

/// Whether a crate is named: in a path or a `use`, not as a word of its own.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].trim_end_matches(char::is_alphanumeric);
        let own_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let path =
            code[at + name.len()..].starts_with("::") || code[at + name.len()..].starts_with(';');
        let local = ["crate::", "self::", "super::", "mod ", "mod\t", "::"];
        own_word && path && !local.iter().any(|prefix| before.ends_with(prefix))
    })
}

#[test]
fn no_product_has_a_name_in_the_source() {
    check(|file| {
        if !file.path.starts_with("src/") {
            return Vec::new();
        }
        let numbered = file.text.lines().enumerate();
        let named = numbered.filter_map(|(index, line)| {
            let line = line.to_lowercase();
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '-');
            let product =
                PRODUCTS.iter().find(|product| words.clone().any(|word| word == **product))?;
            Some(format!("line {}: names {product}", index + 1))
        });
        named.collect()
    });
}

#[test]
fn stages_that_compute_do_no_io() {
    const IO: [&str; 8] = [
        "async",
        "await",
        "tokio",
        "std::net",
        "std::fs",
        "std::env",
        "std::process",
        "SystemTime::now",
    ];
    check(|file| {
        if !PURE.iter().any(|pure| file.path.starts_with(pure)) {
            return Vec::new();
        }
        let code = file.code();
        IO.iter().filter(|word| has_word(&code, word)).map(|word| format!("says {word}")).collect()
    });
    let missing = PURE.iter().find(|path| !root().join(path).exists());
    assert_eq!(missing, None, "a file is gone, and with it the rule");
}

#[test]
fn each_known_deviation_of_the_stub_is_about_one_case() {
    let folder = root().join("scenarios/providers");
    let files = fs::read_dir(folder).expect("the provider files").flatten();
    let stubs = files.map(|file| file.path()).filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stub"))
    });
    let mut entries = 0;
    for path in stubs {
        let text = fs::read_to_string(&path).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0].starts_with("  - requirement: ")) {
            let case = pair[1].starts_with("    case: ");
            assert!(case, "{}: {} would hide a new breach", path.display(), pair[0]);
            entries += 1;
        }
    }
    assert!(entries > 0, "no entry was found, and so none was looked at");
}

#[test]
fn files_and_functions_stay_short() {
    check(|file| {
        let lines = file.untested().lines().count();
        let long = (lines > FILE_LINES).then(|| format!("{lines} lines, at most {FILE_LINES}"));
        // A unit test may be a long table: it is data.
        let functions = functions(file.untested()).into_iter().filter(|f| f.lines > FUNCTION_LINES);
        let functions = functions.map(|f| {
            format!("line {}: {} has {} lines, at most {FUNCTION_LINES}", f.at, f.name, f.lines)
        });
        long.into_iter().chain(functions).collect()
    });
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    check(|file| find(&file.untested_code(), &[".unwrap()"]));
}

#[test]
fn nothing_is_left_for_later() {
    // Spelt apart, or this file would break its own rule.
    let words = [
        concat!("#[ign", "ore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    check(|file| find(&file.text, &words));
    let tests =
        sources("tests").into_iter().flat_map(|file| blame(&file, find(&file.text, &words)));
    assert_eq!(tests.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_stub_shares_no_code_with_the_harness() {
    let manifest =
        fs::read_to_string(root().join("mocks/Cargo.toml")).expect("the manifest of the stub");
    let lines = manifest.lines().skip_while(|line| !line.contains("dependencies]"));
    let shared: Vec<&str> = lines.filter(|line| line.contains("authgauge")).collect();
    assert_eq!(shared, Vec::<&str>::new());
}

/// The rules themselves: a scanner that finds nothing would be green for ever.
#[test]
fn the_scanners_find_what_they_look_for() {
    let source = "use cookie::Cookie;\nuse crate::cookie::Jar;\nfn a() {\n    let x = 1;\n}\n\n\
        pub(crate) async fn b(\n    c: u8,\n) -> u8 {\n    c\n}\n// x.unwrap()\nlet y = z.unwrap();\n";
    let found: Vec<(String, usize)> =
        functions(source).into_iter().map(|f| (f.name, f.lines)).collect();
    assert_eq!(found, [("a".into(), 3), ("b".into(), 5)]);
    assert!(names_crate(source, "cookie") && !names_crate("use crate::cookie::Jar;", "cookie"));
    assert!(
        names_crate("use {\n    reqwest::Url,\n};", "reqwest")
            && !names_crate("my_reqwest::X", "reqwest")
    );
    assert!(has_word("x.await;", "await") && !has_word("awaited", "await"));
    assert_eq!(find(&without_comments(source), &[".unwrap()"]), ["line 13: has .unwrap()"]);
    assert!(sources("src").len() > 30, "the sources are not where they were");
}

/// Applies a rule to every source file of both crates and shows all that breaks it.
fn check(rule: impl Fn(&Source) -> Vec<String>) {
    let files = ["src", "mocks/src"].into_iter().flat_map(sources);
    let broken: Vec<String> = files.flat_map(|file| blame(&file, rule(&file))).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn blame(file: &Source, broken: Vec<String>) -> Vec<String> {
    broken.into_iter().map(|what| format!("{}: {what}", file.path)).collect()
}

/// A source file; the path is below the root of the package.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The file without its unit tests, which stand at its end.
    fn untested(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }

    fn code(&self) -> String {
        without_comments(&self.text)
    }

    fn untested_code(&self) -> String {
        without_comments(self.untested())
    }
}

/// Comments may name anything. Line numbers stay as they are.
fn without_comments(text: &str) -> String {
    let code = |line: &str| {
        if line.trim_start().starts_with("//") { "\n".into() } else { format!("{line}\n") }
    };
    text.lines().map(code).collect()
}

fn find(text: &str, words: &[&str]) -> Vec<String> {
    let numbered = text.lines().enumerate();
    let hits = numbered.flat_map(|(index, line)| {
        let here = words.iter().filter(move |word| line.contains(**word));
        here.map(move |word| format!("line {}: has {word}", index + 1))
    });
    hits.collect()
}

fn has_word(code: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(inside) && !code[at + word.len()..].starts_with(inside)
    })
}

struct Function {
    name: String,
    at: usize,
    lines: usize,
}

/// The functions of a file as rustfmt leaves them: the end has the indentation of the beginning.
fn functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let ends = |line: &str| {
            line.strip_prefix(indent).is_some_and(|rest| rest == "}" || rest.ends_with("};"))
        };
        let single = line.ends_with('}') || line.ends_with(';');
        let length = if single {
            1
        } else {
            lines[index..].iter().position(|line| ends(line)).unwrap_or(0) + 1
        };
        functions.push(Function { name, at: index + 1, lines: length });
    }
    functions
}

fn function_name(line: &str) -> Option<String> {
    const BEFORE: [&str; 7] =
        ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe ", "extern "];
    let mut rest = line.trim_start();
    while let Some(shorter) = BEFORE.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = shorter;
    }
    let rest = rest.strip_prefix("fn ")?;
    Some(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    files.sort();
    files.into_iter().map(|path| Source { path: below_root(&path), text: read(&path) }).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.map(|entry| entry.expect("the folder can be read").path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn below_root(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
