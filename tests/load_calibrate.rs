//! `authgauge calibrate`, and the thread on which all rates rest.

mod support;

use support::program::{authgauge, text};
use support::workload::{KEYS, TOKEN, profile};

const HEAD: &str = "rate: 100\nduration: 3600\nusers: 8\n";

#[test]
fn a_load_that_this_machine_can_make_is_rehearsed_at_its_rate() {
    let (_, path) = profile("calibrate", HEAD, KEYS);
    let ended = authgauge(&["calibrate", text(&path)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[2].starts_with("at 100/s"), "{}", ended.stdout);
    assert!(lines[2].contains("this machine can make it"), "{}", ended.stdout);
    // What one processor does cannot be less than a hundred small answers in a second.
    let room = lines[4].strip_prefix("room").and_then(|rest| rest.trim().split_once("/s"));
    let room: f64 = room.expect("a rate").0.parse().expect("a number");
    assert!(room > 100.0, "{}", ended.stdout);
}

#[test]
fn a_load_that_it_cannot_make_is_said_before_a_provider_has_to_bear_it() {
    let (_, path) = profile("calibrate_beyond", HEAD, KEYS);
    let ended = authgauge(&["calibrate", text(&path), "--rate", "50000", "--users", "1"]);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("limited by the generator"), "{}", ended.stdout);
}

#[test]
fn a_profile_without_rates_is_measured_at_full_speed_alone() {
    let (_, path) = profile("calibrate_closed", "model: closed\nusers: 4\nduration: 60\n", KEYS);
    let ended = authgauge(&["calibrate", text(&path)]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("\nat "), "{}", ended.stdout);
    assert!(ended.stdout.contains("as fast as it goes"), "{}", ended.stdout);
}

#[test]
fn what_fails_against_the_stub_calibrates_nothing() {
    let wrong = "  - name: wrong\n    steps: [{ send: { to: \"${issuer}/nowhere\" } }]\n";
    // Two of three are right, which is no load to measure a machine by.
    let (_, path) = profile("calibrate_wrong", HEAD, &format!("{KEYS}{TOKEN}{wrong}"));
    let ended = authgauge(&["calibrate", text(&path)]);
    assert_eq!(ended.code, Some(3), "{}{}", ended.stdout, ended.stderr);
    let told = "only 67 % of the operations went right against the stub `strict`";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn a_name_that_is_misspelt_is_refused_with_those_that_exist() {
    for (arguments, known) in [
        (["calibrate", "machine_token", "--stub", "strict"], "machine_tokens"),
        (["calibrate", "machine_tokens", "--stub", "congito"], "cognito"),
        (["capacity", "machine_tokens", "--stub", "congito"], "cognito"),
    ] {
        let ended = authgauge(&arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(known), "{arguments:?}: {}", ended.stderr);
    }
}

#[cfg(target_os = "linux")]
mod pacer {
    use std::process::{Command, Stdio};

    use super::support::program::{command, finish, signal, text};
    use super::support::workload::{KEYS, Stub, measured, profile};

    /// By the name in `sched_setscheduler`: 1 is `SCHED_FIFO`.
    fn policy(pid: u32, name: &str) -> Option<u32> {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
        threads.filter_map(Result::ok).find_map(|thread| {
            let read = |file| std::fs::read_to_string(thread.path().join(file)).ok();
            let stat = read("stat").filter(|_| read("comm").is_some_and(|c| c.trim() == name))?;
            // proc(5): `policy` is field 41; the name in parentheses is the second one.
            stat.rsplit_once(") ")?.1.split(' ').nth(38)?.parse().ok()
        })
    }

    #[test]
    fn goes_first_where_the_system_allows_it() {
        let stub = Stub::start(&[]);
        let (folder, path) = profile("pacer", "rate: 50\nduration: 60\nusers: 8\n", KEYS);
        let log = folder.join("run.hlog");
        let arguments = stub.arguments(&path, &["--hlog", text(&log)]);
        let child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the program can be started");
        measured(&log, 1);
        let found = ["pacer", "authgauge"].map(|name| policy(child.id(), name));
        signal("INT", child.id());
        finish(child);
        let allowed = Command::new("chrt").args(["-f", "1", "true"]).stderr(Stdio::null()).status();
        let allowed = allowed.is_ok_and(|status| status.success());
        assert_eq!(found, [Some(u32::from(allowed)), Some(0)]);
    }
}
