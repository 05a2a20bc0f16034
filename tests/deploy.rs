//! What is under `deploy/`: the manifest fits its schema, and the scripts run.

mod support;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use authgauge::yaml;
use libtest_mimic::Arguments;
use serde_json::Value;

use support::program::{finish_within, folder, root, run, text};
use support::trials::{no_interop, trials, unless};
use support::workload::{KEYS, Stub, TOKEN, number, profile, python, read, step};

fn main() -> ExitCode {
    let mut tests = trials![the_pods_of_the_job_make_the_whole_load, the_scripts_are_sound];
    let name = "the_manifest_fits_the_schema_of_kubernetes";
    tests.push(unless(no_interop, name, the_manifest_fits_the_schema_of_kubernetes));
    let name = "an_array_of_slurm_shares_a_load";
    tests.push(unless(no_slurm, name, an_array_of_slurm_shares_a_load));
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn manifest() -> Value {
    let path = root().join("deploy/kubernetes/load.yaml");
    yaml::parse("load.yaml", &std::fs::read_to_string(path).expect("it is there")).expect("YAML")
}

/// What no schema says: that the parts are as many as the pods, and that nothing is tried again.
fn the_pods_of_the_job_make_the_whole_load() {
    let job = manifest();
    let spec = &job["spec"];
    assert_eq!((&job["apiVersion"], &job["kind"]), (&"batch/v1".into(), &"Job".into()));
    assert_eq!(spec["completionMode"], "Indexed");
    assert_eq!(spec["completions"], spec["parallelism"]);
    assert_eq!(spec["backoffLimit"], 0);
    let container = &spec["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().expect("arguments");
    let worker = format!("--worker=$(WORKER)/{}", spec["completions"]);
    assert!(arguments.contains(&worker.into()), "{arguments:?}");
    let names: Vec<&str> = container["env"]
        .as_array()
        .expect("an environment")
        .iter()
        .filter_map(|variable| variable["name"].as_str())
        .collect();
    for argument in arguments.iter().filter_map(Value::as_str) {
        if let Some((_, rest)) = argument.split_once("$(") {
            let name = rest.split(')').next().expect("it ends");
            assert!(names.contains(&name), "{argument} names what is not set");
        }
    }
    let script =
        std::fs::read_to_string(root().join("deploy/kubernetes/run")).expect("it is there");
    let placeholder = container["env"][1]["value"].as_str().expect("an instant");
    assert!(script.contains(placeholder), "the script does not fill in when to begin");
    assert!(script.contains(job["metadata"]["name"].as_str().expect("a name")));
}

/// The published JSON Schema of `batch/v1` Job, as a package of Python has it.
fn the_manifest_fits_the_schema_of_kubernetes() {
    let script = root().join("tests/interop/kubernetes.py");
    let manifest = root().join("deploy/kubernetes/load.yaml");
    let said = python("kubernetes-validate==1.37.0", &[text(&script), text(&manifest)]);
    assert!(said.contains("batch/v1 Job"), "{said}");
    let wrong = folder("deploy").join("wrong.yaml");
    let broken = std::fs::read_to_string(&manifest).expect("it is there");
    std::fs::write(&wrong, broken.replace("backoffLimit: 0", "backofLimit: 0")).expect("written");
    let refused = std::panic::catch_unwind(|| {
        python("kubernetes-validate==1.37.0", &[text(&script), text(&wrong)])
    });
    assert!(refused.is_err(), "the schema accepts a wrong manifest");
}

fn no_slurm() -> Option<String> {
    let installed = |program: &&str| Command::new(program).arg("-V").output().is_ok();
    let missing = ["slurmctld", "slurmd", "sbatch"].into_iter().find(|name| !installed(name));
    missing.map(|program| format!("{program} is not installed"))
}

/// Four tasks of an array on a Slurm of one node.
fn an_array_of_slurm_shares_a_load() {
    let stub = Stub::start(&[]);
    let (folder, profile) =
        profile("slurm", "rate: 80\nduration: 2\nusers: 8\n", &format!("{TOKEN}{KEYS}"));
    let (out, slurm) = (folder.join("results"), folder.join("slurm"));
    let script = root().join("tests/interop/slurm.sh");
    let mut command = Command::new(script);
    command.arg(&slurm).arg(root().join("deploy/slurm/submit")).args(["4", text(&out)]);
    command.args(["--profile", text(&profile), "--provider", "stub", "--issuer", &stub.base]);
    command.env("AUTHGAUGE", env!("CARGO_BIN_EXE_authgauge")).env("START_IN", "12");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(&folder).spawn();
    let ended = finish_within(Duration::from_secs(90), child.expect("the script can be started"));
    let log = |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_default();
    let told =
        || format!("{}{}{}{}", ended.stdout, ended.stderr, log("worker-0.txt"), log("summary.txt"));
    assert_eq!(ended.code, Some(0), "{}", told());
    let (summary, counters) = (read(&out.join("summary.json")), stub.control("counters", None));
    assert_eq!(summary["machines"].as_array().map(Vec::len), Some(4), "{}", told());
    for (ours, theirs) in [("token", "token"), ("keys", "jwks")] {
        assert_eq!(step(&summary, ours)["counts"]["ok"], 80, "{}", told());
        assert_eq!(counters["requests"][theirs], 80, "{counters}");
    }
    assert!(number(&summary["load"]["due"]) > 159.0);
}

fn the_scripts_are_sound() {
    for script in ["deploy/slurm/submit", "deploy/slurm/load.sbatch", "deploy/kubernetes/run"] {
        let path: &Path = &root().join(script);
        let ended = run(Command::new("bash").args(["-n", text(path)]));
        assert_eq!(ended.code, Some(0), "{script}: {}", ended.stderr);
    }
    let ended = run(&mut Command::new(root().join("deploy/slurm/submit")));
    assert!(ended.code == Some(2) && ended.stderr.contains("usage"), "{}", ended.stderr);
}
