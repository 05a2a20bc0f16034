//! Golden files: the exact text that is expected, next to the test.

use std::fs;
use std::path::Path;

/// Compares text with a golden file; `UPDATE_GOLDENS=1` writes those that do not match. In a golden
/// file `[..]` stands for the rest of a line, where a list grows with the product.
pub fn check(golden: &Path, actual: &str) -> Result<(), String> {
    let expected = fs::read_to_string(golden).ok();
    if expected.as_deref().is_some_and(|expected| matches(expected, actual)) {
        return Ok(());
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        return fs::write(golden, actual).map_err(|e| e.to_string());
    }
    let expected = expected.unwrap_or_else(|| "(no such file)\n".into());
    Err(format!(
        "{} differs; UPDATE_GOLDENS=1 accepts what came\n--- expected\n{expected}--- got\n{actual}---",
        golden.display()
    ))
}

/// Fails with all that differ at once, so that one run shows every change.
pub fn conclude(differences: impl IntoIterator<Item = Result<(), String>>) {
    let wrong: Vec<String> = differences.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn matches(expected: &str, actual: &str) -> bool {
    let (mut expected, mut actual) = (expected.split('\n'), actual.split('\n'));
    loop {
        match (expected.next(), actual.next()) {
            (None, None) => return true,
            (Some(expected), Some(actual)) if fits(expected, actual) => {}
            _ => return false,
        }
    }
}

fn fits(expected: &str, actual: &str) -> bool {
    expected.split_once("[..]").map_or(expected == actual, |(start, _)| actual.starts_with(start))
}

/// Compares text with the part of a page between `<!-- NAME -->` and `<!-- /NAME -->`;
/// `UPDATE_GOLDENS=1` writes it.
pub fn check_part(page: &Path, name: &str, actual: &str) -> Result<(), String> {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let text = fs::read_to_string(page).map_err(|e| format!("{}: {e}", page.display()))?;
    let parts = text.split_once(&start).and_then(|(before, rest)| {
        let (part, after) = rest.split_once(&end)?;
        Some((before, part, after))
    });
    let (before, part, after) =
        parts.ok_or_else(|| format!("{} has no part {start}", page.display()))?;
    if part == actual {
        return Ok(());
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        let text = format!("{before}{start}{actual}{end}{after}");
        return fs::write(page, text).map_err(|e| e.to_string());
    }
    Err(format!("the part {name} of {} differs; UPDATE_GOLDENS=1 writes it", page.display()))
}
