//! The server on one processor and the generators on another one, so that neither takes time from
//! the other. It is done with `taskset`; without it, or on one processor, they share what there is.

use std::process::{Command, Stdio};

/// Both may run where they want again when it is dropped.
pub struct Apart {
    stub: u32,
    allowed: String,
}

impl Drop for Apart {
    fn drop(&mut self) {
        allow(self.stub, &self.allowed);
        allow(std::process::id(), &self.allowed);
    }
}

/// Puts the stub on the first processor, and this process with all that it starts on the second.
pub fn keep_apart(stub: u32) -> Option<Apart> {
    let apart = Apart { stub, allowed: allowed()? };
    let done = allow(stub, "0") && allow(std::process::id(), "1");
    let shared = "the stub and the generators share the processors: taskset could not part them";
    println!("{}", if done { "the stub has processor 0, the generators 1" } else { shared });
    done.then_some(apart)
}

fn allowed() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(list.trim().to_owned())
}

/// Lets all threads of a process run on these processors only, and those that it starts later.
fn allow(process: u32, processors: &str) -> bool {
    let ended = Command::new("taskset")
        .args(["-a", "-c", "-p", processors, &process.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ended.is_ok_and(|status| status.success())
}
