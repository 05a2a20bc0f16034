//! What commands write as JSON is as the schemas under `reports/schema/` say, and nothing more.

mod support;

use authgauge::faults::{Matrix, Row};
use serde_json::Value;

use support::program::{authgauge, root};
use support::workload::Stub;

fn check(name: &str, mut document: Value) {
    let path = root().join(format!("reports/schema/{name}.json"));
    let schema = std::fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::draft7::new(&schema).expect("the schema is one");
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
    document["more"] = Value::Null;
    assert!(!validator.is_valid(&document), "{name} may have any member");
}

fn printed(arguments: &[&str]) -> Value {
    let ended = authgauge(arguments);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"))
}

#[test]
fn the_list() {
    let list = printed(&["list", "--json", "-"]);
    assert!(list["cases"].as_array().is_some_and(|cases| cases.len() > 200));
    check("list.v1", list);
}

#[test]
fn the_doctors_findings() {
    let stub = Stub::start(&["strict"]);
    let well = ["doctor", "--provider", "stub", "--json", "-", "--issuer", &stub.base];
    check("doctor.v1", printed(&well));
    let unreachable =
        ["doctor", "--provider", "stub", "--json", "-", "--issuer", "http://127.0.0.1:9"];
    check("doctor.v1", printed(&unreachable));
}

#[test]
fn the_fault_matrix() {
    let caught = Row {
        name: "a".into(),
        title: "b".into(),
        expected: vec!["c".into()],
        missed: Vec::new(),
        unexpected: Vec::new(),
        caught: true,
        does_not_apply: None,
    };
    let elsewhere = Row { does_not_apply: Some("d".into()), caught: false, ..caught.clone() };
    let matrix = Matrix {
        schema: "authgauge/faults/v1",
        dialect: "strict".into(),
        false_alarms: Vec::new(),
        faults: vec![caught, elsewhere],
        unproven: Vec::new(),
    };
    check("faults.v1", serde_json::to_value(&matrix).expect("JSON"));
}
