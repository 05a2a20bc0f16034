//! JSON and text with holes: `${name}` stands for a fact.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What is known, by name.
pub type Facts = BTreeMap<&'static str, Value>;

/// The members with their facts. A text that is nothing but one hole becomes the fact itself, of
/// whatever type; a member whose fact is unknown is left out.
pub fn members(template: &Map<String, Value>, facts: &Facts) -> Map<String, Value> {
    let filled = |(name, value): (&String, &Value)| Some((name.clone(), fill(value, facts)?));
    template.iter().filter_map(filled).collect()
}

fn fill(template: &Value, facts: &Facts) -> Option<Value> {
    match template {
        Value::String(text) => fill_text(text, facts),
        Value::Array(items) => Some(items.iter().filter_map(|item| fill(item, facts)).collect()),
        Value::Object(template) => Some(members(template, facts).into()),
        other => Some(other.clone()),
    }
}

fn fill_text(text: &str, facts: &Facts) -> Option<Value> {
    let hole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    match hole.filter(|name| !name.contains('}')) {
        Some(name) => facts.get(name).filter(|fact| !fact.is_null()).cloned(),
        None => substitute(text, |name| facts.get(name).map(plain)).map(Value::String),
    }
}

/// A fact as it stands inside of a text.
fn plain(fact: &Value) -> String {
    fact.as_str().map_or_else(|| fact.to_string(), str::to_owned)
}

/// The text with every hole filled; nothing if one cannot be.
pub fn substitute(text: &str, fact: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}')?;
        filled = filled + before + &fact(name)?;
        rest = tail;
    }
    Some(filled + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_keep_their_type_and_unknown_ones_leave_their_member_out() {
        let facts = Facts::from([("n", json!(1)), ("s", json!("x")), ("null", Value::Null)]);
        let cases = [
            (json!({ "a": "${n}" }), json!({ "a": 1 })),
            (json!({ "a": "n${n}s${s}" }), json!({ "a": "n1sx" })),
            (json!({ "a": "${unknown}", "b": "${s}" }), json!({ "b": "x" })),
            (json!({ "a": "${null}" }), json!({})),
            (
                json!({ "a": ["${s}", true], "b": { "c": "${n}" } }),
                json!({ "a": ["x", true], "b": { "c": 1 } }),
            ),
            (json!({ "a": "${n" }), json!({})),
        ];
        for (template, filled) in cases {
            let template = template.as_object().expect("an object");
            assert_eq!(Value::Object(members(template, &facts)), filled);
        }
    }
}
