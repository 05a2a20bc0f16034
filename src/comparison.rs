//! Comparing a value with what it must be.

use serde_json::Value;

use crate::evaluate::{evaluate, spell};
use crate::expectation::{JsonType, Test};
use crate::history::Variables;
use crate::predicate::{Outcome, fails};
use crate::template::Template;

/// Whether a value is there and passes every test; `name` is what messages call it.
pub fn test_all(
    found: Result<Value, String>,
    name: &str,
    tests: &[Test],
    variables: &Variables,
) -> Outcome {
    let named = |outcome| match outcome {
        Outcome::Fails { expected, actual } => fails(format!("`{name}` {expected}"), actual),
        other => other,
    };
    let value = match found {
        Ok(value) => value,
        Err(why) => return fails(format!("`{name}` is there"), why),
    };
    let outcomes = tests.iter().map(|test| named(test_value(test, &value, variables)));
    outcomes.into_iter().find(|outcome| *outcome != Outcome::Holds).unwrap_or(Outcome::Holds)
}

/// Whether a value passes one test.
pub fn test_value(test: &Test, value: &Value, variables: &Variables) -> Outcome {
    let filled = |template: &Template| evaluate(template, variables);
    let judged = match test {
        Test::Is(template) => filled(template)
            .map(|expected| (same(&expected, value), format!("is {}", shown(&expected)))),
        Test::Not(template) => filled(template).map(|other| {
            (!same(&other, value), format!("is something else than {}", shown(&other)))
        }),
        Test::OneOf(templates) => {
            templates.iter().map(filled).collect::<Result<Vec<_>, _>>().map(|choices| {
                let names: Vec<String> = choices.iter().map(shown).collect();
                (choices.iter().any(|c| same(c, value)), format!("is one of {}", names.join(", ")))
            })
        }
        Test::Type(kind) => Ok((has_type(*kind, value), format!("is {}", type_name(*kind)))),
        Test::AtLeast(least) => Ok((
            value.as_f64().is_some_and(|number| number >= f64::from(*least)),
            format!("is a number of at least {least}"),
        )),
        Test::Contains(template) => filled(template).map(|part| {
            let text = spell(&part);
            (spell(value).contains(&text), format!("contains {text:?}"))
        }),
    };
    match judged {
        Ok((true, _)) => Outcome::Holds,
        Ok((false, expected)) => fails(expected, shown(value)),
        Err(why) => Outcome::Unknown(why),
    }
}

/// Values are compared as JSON, and text with the JSON spelling of a number or boolean.
fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(text), Value::Number(_) | Value::Bool(_)) => *text == spell(actual),
        _ => expected == actual,
    }
}

/// A value for a message.
pub fn shown(value: &Value) -> String {
    value.to_string()
}

fn has_type(kind: JsonType, value: &Value) -> bool {
    match kind {
        JsonType::String => value.as_str().is_some_and(|text| !text.is_empty()),
        JsonType::Number => value.is_number(),
        JsonType::Boolean => value.is_boolean(),
        JsonType::Array => value.is_array(),
        JsonType::Object => value.is_object(),
    }
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "text that is not empty",
        JsonType::Number => "a number",
        JsonType::Boolean => "a boolean",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}
