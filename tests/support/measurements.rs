//! Measurements of load that tests write out.

use authgauge::load::capacity::Capacity;
use authgauge::load::summary::Summary;
use authgauge::report::{capacity_html, load_html};

use super::program::root;

fn text(name: &str) -> String {
    let path = root().join(format!("tests/reports/{name}.json"));
    std::fs::read_to_string(path).expect("the file is there")
}

/// A load run: `first` keeps its thresholds, `second` misses one.
pub fn load(name: &str) -> Summary {
    load_html::read(&text(&format!("load-{name}"))).expect("it is a summary")
}

/// A capacity search that found a knee.
pub fn capacity() -> Capacity {
    capacity_html::read(&text("capacity")).expect("it is one")
}
