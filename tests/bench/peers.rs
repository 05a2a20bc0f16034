//! What other generators cost: requests per second of processor time, for the same request as the
//! product's. Each is asked where it is installed.

use std::io::Write as _;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::FORM;
use crate::cost::SECONDS;

/// k6 and Locust take long to start, which k6 counts as its processor time: a longer turn makes that
/// small.
const SLOW_SECONDS: u64 = 3;
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

fn authorization() -> String {
    format!("Basic {}", STANDARD.encode("service:service-secret"))
}

/// Writes a script, and runs a command of the shell in which `{script}` is its path.
fn run(ending: &str, script: &str, command: &str) -> Option<Output> {
    let path = std::env::temp_dir().join(format!("authgauge-{}.{ending}", std::process::id()));
    std::fs::File::create(&path).and_then(|mut file| file.write_all(script.as_bytes())).ok()?;
    let command = command.replace("{script}", &path.display().to_string());
    let ended = Command::new("bash").args(["-c", &command]).output();
    drop(std::fs::remove_file(&path));
    ended.ok().filter(|ended| ended.status.success())
}

/// The seconds that `time` of the shell has printed last, of the user and of the system.
fn spent(output: &Output) -> Option<f64> {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let numbers = text.lines().last()?.split_whitespace().map(str::parse::<f64>);
    numbers.collect::<Result<Vec<f64>, _>>().ok().map(|numbers| numbers.iter().sum())
}

fn wrk_script() -> String {
    format!(
        "wrk.method = 'POST'\nwrk.body = '{FORM}'\nwrk.headers['Authorization'] = '{}'\n\
         wrk.headers['Content-Type'] = '{FORM_TYPE}'\n",
        authorization()
    )
}

/// wrk, which does next to nothing with an answer.
pub fn wrk(base: &str, users: usize) -> Option<f64> {
    let ended = wrk_ended(base, users)?;
    Some(requests(&ended)? / spent(&ended)?)
}

/// How many requests wrk made.
pub fn wrk_done(base: &str, users: usize) -> Option<f64> {
    requests(&wrk_ended(base, users)?)
}

fn wrk_ended(base: &str, users: usize) -> Option<Output> {
    let command = format!(
        "TIMEFORMAT='%U %S'; time wrk -t1 -c{users} -d{SECONDS}s -s {{script}} {base}/token"
    );
    run("lua", &wrk_script(), &command)
}

fn requests(ended: &Output) -> Option<f64> {
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    let done = text.lines().find_map(|line| line.trim().split_once(" requests in "))?.0;
    done.parse().ok()
}

/// The median of wrk over one connection, in milliseconds.
pub fn wrk_median(base: &str) -> Option<f64> {
    let command = format!("wrk --latency -t1 -c1 -d{SECONDS}s -s {{script}} {base}/token");
    let ended = run("lua", &wrk_script(), &command)?;
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    let median = text.lines().find_map(|line| line.trim().strip_prefix("50%"))?.trim();
    let (number, per_ms) = match median.strip_suffix("us") {
        Some(number) => (number, 1000.0),
        None => (median.strip_suffix("ms")?, 1.0),
    };
    Some(number.parse::<f64>().ok()? / per_ms)
}

/// k6, told not to keep bodies.
pub fn k6(base: &str, users: usize) -> Option<f64> {
    let script = format!(
        "import http from 'k6/http';\n\
         export const options = {{ vus: {users}, duration: '{SLOW_SECONDS}s', \
         discardResponseBodies: true }};\n\
         const headers = {{ 'Authorization': '{}', 'Content-Type': '{FORM_TYPE}' }};\n\
         export default function () {{ http.post('{base}/token', '{FORM}', {{ headers }}); }}\n",
        authorization()
    );
    let command = "export K6_NO_USAGE_REPORT=true; TIMEFORMAT='%U %S'; time k6 run {script}";
    let ended = run("js", &script, command)?;
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("http_reqs"))?;
    let done = line.split(':').nth(1)?.split_whitespace().next()?;
    Some(done.parse::<f64>().ok()? / spent(&ended)?)
}

/// Locust with its fast client; the time in which Python starts is not counted.
pub fn locust(base: &str, users: usize) -> Option<f64> {
    let script = format!(
        "import time\nfrom locust import FastHttpUser, events, task\n\n\
         begun = 0.0\n\n\
         @events.test_start.add_listener\ndef start(**_):\n    global begun\n    \
         begun = time.process_time()\n\n\
         @events.test_stop.add_listener\ndef stop(environment, **_):\n    \
         spent = time.process_time() - begun\n    \
         print('AUTHGAUGE', environment.stats.total.num_requests / spent, flush=True)\n\n\
         class Service(FastHttpUser):\n    host = '{base}'\n    @task\n    def token(self):\n        \
         self.client.post('/token', data='{FORM}', headers={{'Authorization': '{}', \
         'Content-Type': '{FORM_TYPE}'}})\n",
        authorization()
    );
    let command = format!(
        "locust -f {{script}} --headless -u {users} -r {users} -t {SLOW_SECONDS}s --only-summary 2>&1"
    );
    let ended = run("py", &script, &command)?;
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("AUTHGAUGE ")?.trim().parse().ok())
}
