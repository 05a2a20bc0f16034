//! A load run on a machine whose ports are exhausted.

mod support;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::Arguments;

use support::program::{finish, text};
use support::trials::unless;
use support::workload::{KEYS, number, profile, read, step};

fn main() -> ExitCode {
    let name = "exhausted_ports_are_counted_and_named";
    let test = unless(no_network, name, exhausted_ports_are_counted_and_named);
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
}

/// Why no network of its own can be made here.
fn no_network() -> Option<String> {
    let range = "echo 40000 40011 >/proc/sys/net/ipv4/ip_local_port_range";
    let script = format!("ip link set lo up && {range}");
    let made =
        Command::new("unshare").args(["--net", "--map-root-user", "sh", "-c", &script]).output();
    match made {
        Ok(made) if made.status.success() => None,
        Ok(made) => {
            Some(format!("no network of its own: {}", String::from_utf8_lossy(&made.stderr).trim()))
        }
        Err(_) => Some("unshare is not installed".into()),
    }
}

/// A network of its own has twelve ports for forty connections.
fn exhausted_ports_are_counted_and_named() {
    let (folder, profile) =
        profile("ports", "rate: 80\nduration: 3\nusers: 40\nstop_at_error_rate: 1\n", KEYS);
    let out = folder.join("summary.json");
    let program = env!("CARGO_BIN_EXE_authgauge");
    let script = format!(
        "ip link set lo up && echo 40000 40011 >/proc/sys/net/ipv4/ip_local_port_range || exit
         {program} stub --port 9000 --latency 500,600 >stub.txt & stub=$!
         for _ in $(seq 100); do grep -q listens stub.txt && break; sleep 0.1; done
         {program} load --profile {} --provider stub --issuer http://127.0.0.1:9000 --json {}
         code=$?; kill $stub; exit $code",
        text(&profile),
        text(&out)
    );
    let mut shell = Command::new("unshare");
    shell.args(["--net", "--map-root-user", "sh", "-c", &script]).current_dir(&folder);
    let child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let ended = finish(child.expect("unshare has run before"));
    // Some of it went through: what was measured is kept, and the rest has its reason.
    let keys = step(&read(&out), "keys").clone();
    assert!(number(&keys["counts"]["ok"]) > 10.0, "{}{}", ended.stdout, ended.stderr);
    assert!(number(&keys["counts"]["error"]) > 10.0, "{}", ended.stdout);
    assert!(ended.stdout.contains("Cannot assign requested address"), "{}", ended.stdout);
}
