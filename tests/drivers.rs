//! The login drivers, with the real program against the stub: its ordinary pages, and its login page
//! that only a script builds.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use libtest_mimic::Arguments;
use serde_json::Value;

mod support;

use support::program::{command, folder, run, text};
use support::trials::{trials, unless};

fn main() -> ExitCode {
    let mut tests = trials![
        forms_cannot_pass_a_page_of_scripts_and_say_what_can,
        steps_log_in_where_there_is_no_form,
        steps_answer_consent_and_device_pages,
        a_step_that_is_refused_says_what_and_why,
        a_step_with_a_name_that_nothing_binds_is_refused_with_its_line,
        a_command_gives_the_cookie,
        a_command_that_fails_says_so,
        without_a_login_the_rest_runs,
        an_api_hands_out_tokens_without_a_page,
        an_api_that_refuses_says_what_it_said,
        a_browser_that_is_not_there_is_named,
        a_user_logs_in_once_unless_a_check_wants_more,
    ];
    tests.extend([
        unless(
            no_browser,
            "a_browser_passes_a_page_of_scripts",
            a_browser_passes_a_page_of_scripts,
        ),
        unless(
            no_browser,
            "a_browser_says_what_the_page_said_to_a_wrong_password",
            a_browser_says_what_the_page_said_to_a_wrong_password,
        ),
    ]);
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// What the tests ask the stub for: one code, and what a token brings.
const CODE: &str = "rfc6749/4.1.4/valid-exchange";

/// A stub in a process of its own, which ends with it.
struct Stub {
    child: Child,
    issuer: String,
}

impl Stub {
    fn start(arguments: &[&str]) -> Self {
        let mut program = command(["stub"]);
        program.args(arguments).stdout(Stdio::piped());
        let mut child = program.spawn().expect("a stub");
        let output = child.stdout.take().expect("it is piped");
        let line = BufReader::new(output).lines().next().expect("a line").expect("text");
        let issuer = line.split_whitespace().last().expect("the issuer").to_owned();
        Self { child, issuer }
    }

    fn base(&self) -> String {
        self.issuer.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
    }

    /// The stub with a login page that only a script builds.
    fn scripted(name: &str) -> Self {
        let config = folder(&format!("{name}-stub")).join("stub.yaml");
        std::fs::write(&config, "login: { scripted: true }\n").expect("the folder can be written");
        Self::start(&["strict", "--config", text(&config)])
    }

    fn counters(&self) -> Value {
        let asked =
            Command::new("curl").args(["-sf", &format!("{}/_stub/counters", self.base())]).output();
        serde_json::from_slice(&asked.expect("curl").stdout).expect("JSON")
    }

    /// The provider file of the stub with a login of its own.
    #[expect(clippy::unused_self, reason = "the file is this stub's")]
    fn file(&self, name: &str, login: &str) -> PathBuf {
        let source = include_str!("../scenarios/providers/stub.yaml");
        write(name, source, login)
    }

    /// The program in the environment that the provider files of the stub name.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = command(arguments);
        program.env("AUTHGAUGE_STUB_ISSUER", &self.issuer).env("AUTHGAUGE_STUB_BASE", self.base());
        program.envs(std::env::var_os("AUTHGAUGE_BROWSER").map(|name| ("AUTHGAUGE_BROWSER", name)));
        program
    }

    fn doctor(&self, file: &Path) -> Command {
        self.program(&["doctor", "--provider", text(file)])
    }

    /// The doctor logs in as the file says, and what it finds has these words.
    fn doctor_says(&self, file: &Path, code: i32, words: &[&str]) {
        let ended = run(&mut self.doctor(file));
        let missing: Vec<_> = words.iter().filter(|word| !ended.stdout.contains(**word)).collect();
        assert!(missing.is_empty(), "no {missing:?} in {}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(code), "{}", ended.stdout);
    }

    fn run(&self, file: &Path, selectors: &[&str]) -> Value {
        let mut program = self.program(&["run", "--json", "-", "--provider", text(file)]);
        let ended = run(program.args(selectors));
        serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}", ended.stderr))
    }
}

/// A provider file, with a login.
fn write(name: &str, source: &str, login: &str) -> PathBuf {
    let path = folder(name).join("provider.yaml");
    std::fs::write(&path, format!("{source}{login}\n")).expect("the folder can be written");
    path
}

impl Drop for Stub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The verdicts of a report, each with its case, and the reasons of those that did not pass.
fn verdicts(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let line = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("verdict"), text("case"), text("why")).trim().to_owned()
    };
    findings.iter().map(line).collect()
}

fn all_pass(report: &Value) {
    let lines = verdicts(report);
    let others: Vec<_> = lines.iter().filter(|line| !line.starts_with("pass ")).collect();
    assert!(others.is_empty() && !lines.is_empty(), "{others:#?}");
}

fn one_says(report: &Value, verdict: &str, part: &str) {
    let lines = verdicts(report);
    let found = lines.iter().any(|line| line.starts_with(verdict) && line.contains(part));
    assert!(found, "no {verdict} says {part:?}: {lines:#?}");
}

fn forms_cannot_pass_a_page_of_scripts_and_say_what_can() {
    let stub = Stub::scripted("drivers-scripted-1");
    let report = stub.run(&stub.file("drivers-forms", ""), &[CODE]);
    one_says(&report, "inconclusive", "set `login: browser` in the provider file");
    let next = "choose another way to log in in the provider file: `login: browser`";
    stub.doctor_says(&stub.file("drivers-forms", ""), 2, &["CHANGE  alice: at http://", next]);
}

const STEPS: &str = r#"
login:
  steps:
    - at: /login
      keep: { csrf: { between: ['data-csrf="', '"'] }, request: { query: request } }
      do:
        - send:
            to: "${page}"
            form: { csrf: "${csrf}", request: "${request}", username: "${username}", password: "${password}" }
            keep: { next: { json: /next } }
      open: "${next}"
"#;

const CONSENT: &str = r#"
    - { at: /consent, for: approve, keep: { csrf: { input: csrf }, request: { input: request } }, do: [ { send: { to: /consent, form: { csrf: "${csrf}", request: "${request}", approve: yes } } } ] }
    - { at: /consent, for: deny, keep: { csrf: { input: csrf }, request: { input: request } }, do: [ { send: { to: /consent, form: { csrf: "${csrf}", request: "${request}", deny: yes } } } ] }
    - { at: /device, for: device, keep: { csrf: { input: csrf } }, do: [ { send: { to: /device, form: { csrf: "${csrf}", user_code: "${user_code}", approve: yes } } } ] }
"#;

fn steps_log_in_where_there_is_no_form() {
    let stub = Stub::scripted("drivers-scripted-2");
    let file = stub.file("drivers-steps", STEPS);
    all_pass(&stub.run(&file, &["rfc6749/4.1.2/*", "rfc6749/4.1.2.1/*"]));
    stub.doctor_says(&file, 0, &["ok      alice: logged in", "ok      public: known"]);
}

fn steps_answer_consent_and_device_pages() {
    let stub = Stub::scripted("drivers-scripted-3");
    let file = stub.file("drivers-steps-consent", &format!("{}{CONSENT}", STEPS.trim_end()));
    let denied = "rfc6749/4.1.2.1/*";
    all_pass(&stub.run(&file, &[CODE, denied, "rfc8628/3.5/approved*"]));
    stub.doctor_says(&file, 0, &["ok      device_code: a token", "all is well"]);
}

fn a_step_that_is_refused_says_what_and_why() {
    let stub = Stub::scripted("drivers-scripted-4");
    let wrong = STEPS.replace("password: \"${password}\"", "password: wrong");
    let report = stub.run(&stub.file("drivers-steps-wrong", &wrong), &[CODE]);
    one_says(&report, "inconclusive", "login refused: POST /login answered 401, it says");
    one_says(&report, "inconclusive", "The username or the password is wrong.");
    let lost = STEPS.replace("data-csrf", "data-token");
    let report = stub.run(&stub.file("drivers-steps-lost", &lost), &[CODE]);
    one_says(&report, "inconclusive", "/login: `csrf` is not there: the answer has no `data-token");
}

fn a_step_with_a_name_that_nothing_binds_is_refused_with_its_line() {
    let stub = Stub::start(&["strict"]);
    let file = stub.file("drivers-steps-names", &STEPS.replace("${next}", "${nxet}"));
    let mut program = command(["run", "--provider", text(&file), CODE]);
    let ended = run(&mut program);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("`${nxet}` has no value here"), "{}", ended.stderr);
    assert!(ended.stderr.contains("open: \"${nxet}\""), "{}", ended.stderr);
}

/// Logs in by `curl` and prints the cookie.
const SIGN_IN: &str = r#"
set -eu
jar=$(mktemp)
page=$(curl -sf -L -c "$jar" -b "$jar" "$1/device?user_code=x")
hidden() { printf %s "$page" | sed -n "s/.*name=\"$1\" value=\"\([^\"]*\)\".*/\1/p"; }
curl -sf -o /dev/null -c "$jar" -b "$jar" "$1/login" --data-urlencode "csrf=$(hidden csrf)" \
  --data-urlencode "request=$(hidden request)" --data-urlencode "username=$2" --data-urlencode "password=$3"
sed -n 's/.*\tstub_session\t\(.*\)/stub_session=\1/p' "$jar"
rm "$jar"
"#;

fn a_command_gives_the_cookie() {
    let stub = Stub::start(&["strict"]);
    let script = folder("drivers-cookie-script").join("sign-in.sh");
    std::fs::write(&script, SIGN_IN).expect("the folder can be written");
    let login = format!(
        "login: {{ cookie: {{ command: [bash, {}, \"${{issuer}}\", \"${{username}}\", \"${{password}}\"] }} }}",
        text(&script)
    );
    let file = stub.file("drivers-cookie", &login);
    all_pass(&stub.run(&file, &[CODE]));
    let header =
        login.replace("cookie:", "header:").replace("{ command", "{ name: Cookie, command");
    all_pass(&stub.run(&stub.file("drivers-header", &header), &[CODE]));
    // One by the command for each run, and none by the form.
    assert_eq!(stub.counters()["logins"]["alice"], 2);
}

fn a_command_that_fails_says_so() {
    let stub = Stub::start(&["strict"]);
    let failing = "login: { cookie: { command: [bash, -c, \"echo no session >&2; exit 3\"] } }";
    let report = stub.run(&stub.file("drivers-cookie-fails", failing), &[CODE]);
    one_says(&report, "inconclusive", "the command of `login.cookie` failed: bash ended with");
    one_says(&report, "inconclusive", "no session");
    let silent = "login: { cookie: { command: [\"true\"] } }";
    let report = stub.run(&stub.file("drivers-cookie-silent", silent), &[CODE]);
    one_says(&report, "inconclusive", "printed nothing");
    let next = "correct the command under `login` in the provider file";
    stub.doctor_says(&stub.file("drivers-cookie-fails", failing), 2, &["CHANGE  alice", next]);
}

fn without_a_login_the_rest_runs() {
    let stub = Stub::start(&["strict"]);
    let file = stub.file("drivers-none", "login: none");
    let report = stub.run(&file, &[CODE, "rfc6749/4.4.2/*"]);
    one_says(
        &report,
        "not_applicable",
        "needs a user who logs in: the provider file says `login: none`",
    );
    one_says(&report, "pass", "rfc6749/4.4.2/");
    let lines = verdicts(&report);
    assert!(lines.iter().all(|line| !line.starts_with("inconclusive")), "{lines:#?}");
    let left = "-       alice: needs a user who logs in: the provider file says `login: none`";
    stub.doctor_says(&file, 0, &[left, "-       device_code: needs a user who logs in"]);
    assert_eq!(stub.counters()["logins"], serde_json::json!({}));
}

const API: &str = r#"
login:
  api:
    do:
      - send:
          to: "${env:AUTHGAUGE_STUB_BASE}/"
          headers: { X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth, Content-Type: application/x-amz-json-1.1 }
          json: { AuthFlow: USER_PASSWORD_AUTH, ClientId: public, AuthParameters: { USERNAME: "${username}", PASSWORD: "${password}" } }
          keep: { access: { json: /AuthenticationResult/AccessToken }, id: { json: /AuthenticationResult/IdToken }, refresh: { json: /AuthenticationResult/RefreshToken } }
    tokens: { access_token: "${access}", id_token: "${id}", refresh_token: "${refresh}", token_type: Bearer }
"#;

const SRP: &str = r#"
login:
  api:
    do:
      - send:
          to: "${env:AUTHGAUGE_STUB_BASE}/"
          headers: { X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth, Content-Type: application/x-amz-json-1.1 }
          json: { AuthFlow: USER_SRP_AUTH, ClientId: public, AuthParameters: { USERNAME: "${username}", SRP_A: "${srp_a}" } }
          keep: { salt: { json: /ChallengeParameters/SALT }, b: { json: /ChallengeParameters/SRP_B }, block: { json: /ChallengeParameters/SECRET_BLOCK }, id_for_srp: { json: /ChallengeParameters/USER_ID_FOR_SRP } }
      - srp: { pool: Example01, user: "${id_for_srp}", salt: "${salt}", b: "${b}", secret_block: "${block}" }
      - send:
          to: "${env:AUTHGAUGE_STUB_BASE}/"
          headers: { X-Amz-Target: AWSCognitoIdentityProviderService.RespondToAuthChallenge, Content-Type: application/x-amz-json-1.1 }
          json: { ClientId: public, ChallengeName: PASSWORD_VERIFIER, ChallengeResponses: { USERNAME: "${id_for_srp}", PASSWORD_CLAIM_SIGNATURE: "${srp_signature}", PASSWORD_CLAIM_SECRET_BLOCK: "${block}", TIMESTAMP: "${srp_timestamp}" } }
          keep: { access: { json: /AuthenticationResult/AccessToken }, id: { json: /AuthenticationResult/IdToken }, refresh: { json: /AuthenticationResult/RefreshToken } }
    tokens: { access_token: "${access}", id_token: "${id}", refresh_token: "${refresh}", token_type: Bearer }
"#;

/// A check of tokens, which needs no page.
const TOKENS: &str = "rfc6749/6/refresh";

fn an_api_hands_out_tokens_without_a_page() {
    for (name, login) in [("drivers-api", API), ("drivers-srp", SRP)] {
        let stub = Stub::start(&["cognito"]);
        let source = include_str!("../scenarios/providers/stub-cognito.yaml");
        let file = write(name, source, login);
        let report = stub.run(&file, &[TOKENS, CODE]);
        one_says(&report, "pass", TOKENS);
        one_says(
            &report,
            "not_applicable",
            "the provider file logs in by an API, which has no pages",
        );
        let well =
            ["ok      alice: tokens from the API of `login`", "ok      refresh_token: a token"];
        stub.doctor_says(&file, 0, &well);
        assert_eq!(stub.counters()["logins"], serde_json::json!({}), "no page was asked");
    }
}

fn an_api_that_refuses_says_what_it_said() {
    let stub = Stub::start(&["cognito"]);
    let source = include_str!("../scenarios/providers/stub-cognito.yaml");
    let wrong = API.replace("PASSWORD: \"${password}\"", "PASSWORD: wrong");
    let report = stub.run(&write("drivers-api-wrong", source, &wrong), &[TOKENS]);
    one_says(&report, "inconclusive", "login refused: POST / answered 400, it says \"Incorrect");
    let next = "correct `users.alice.username` or the password";
    stub.doctor_says(&write("drivers-api-wrong", source, &wrong), 2, &["CHANGE  alice", next]);
}

/// Why there is no test in a browser.
fn no_browser() -> Option<String> {
    authgauge::chromium::find().err()
}

fn a_browser_passes_a_page_of_scripts() {
    let stub = Stub::scripted("drivers-scripted-5");
    let file = stub.file("drivers-browser", "login: browser");
    // A login, a session that goes on, a consent, a denial, a device, and one for nobody.
    let consent = "rfc6749/4.1.2.1/denied";
    all_pass(&stub.run(&file, &[CODE, consent, "rfc8628/3.3/*", "rfc6749/6/refresh"]));
    stub.doctor_says(&file, 0, &["ok      alice: logged in", "all is well"]);
}

fn a_browser_says_what_the_page_said_to_a_wrong_password() {
    let stub = Stub::scripted("drivers-scripted-6");
    let file = stub.file("drivers-browser-wrong", "login: browser");
    let wrong = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, wrong.replace("alice-password", "wrong")).expect("it can be written");
    let report = stub.run(&file, &[CODE]);
    one_says(&report, "inconclusive", "login refused: the form on /login with `who`, `secret`");
    // The password that was tried is a secret, so that the message lacks it wherever it stands.
    one_says(&report, "inconclusive", "it says \"Log in The username or the password is ***");
}

fn a_browser_that_is_not_there_is_named() {
    let stub = Stub::scripted("drivers-scripted-7");
    let file = stub.file("drivers-browser-missing", "login: browser");
    let mut program = command(["run", "--json", "-", "--provider", text(&file), CODE]);
    program.env("AUTHGAUGE_STUB_ISSUER", &stub.issuer).env("AUTHGAUGE_BROWSER", "/no/such/browser");
    let report = serde_json::from_str(&run(&mut program).stdout).expect("a report");
    one_says(&report, "inconclusive", "the browser /no/such/browser cannot be started");
    let mut program = stub.doctor(&file);
    let ended = run(program.env("AUTHGAUGE_BROWSER", "/no/such/browser"));
    assert!(ended.stdout.contains("next: install Chromium, name it in"), "{}", ended.stdout);
}

fn a_user_logs_in_once_unless_a_check_wants_more() {
    let stub = Stub::start(&["strict"]);
    let file = stub.file("drivers-once", "");
    all_pass(&stub.run(&file, &[CODE, "rfc6749/6/refresh", "rfc6749/4.1.2/state*"]));
    assert_eq!(stub.counters()["logins"], serde_json::json!({ "alice": 1 }));
    // A case that has something revoked asks for a session of its own.
    all_pass(&stub.run(&file, &["rfc6749/4.1.2/code-single-use"]));
    let logins = stub.counters()["logins"]["alice"].as_u64();
    assert!(logins > Some(2), "{logins:?}");
}
