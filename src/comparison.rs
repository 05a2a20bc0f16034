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
        Test::TypeOneOf(kinds) => {
            let names: Vec<&str> = kinds.iter().map(|kind| type_name(*kind)).collect();
            let found = kinds.iter().any(|kind| has_type(*kind, value));
            Ok((found, format!("is {}", names.join(" or "))))
        }
        Test::AtLeast(least) => Ok((
            value.as_f64().is_some_and(|number| number >= f64::from(*least)),
            format!("is a number of at least {least}"),
        )),
        Test::Contains(template) => filled(template).map(|part| {
            let text = spell(&part);
            (spell(value).contains(&text), format!("contains {text:?}"))
        }),
        Test::NotContains(template) => filled(template).map(|part| {
            let text = spell(&part);
            (!spell(value).contains(&text), format!("does not contain {text:?}"))
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
        // JSON knows one kind of number: 5.0 is an integer, too.
        JsonType::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        JsonType::Boolean => value.is_boolean(),
        JsonType::Array => value.is_array(),
        JsonType::Object => value.is_object(),
    }
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "text that is not empty",
        JsonType::Number => "a number",
        JsonType::Integer => "a number without a fraction",
        JsonType::Boolean => "a boolean",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(test: &Test, value: &Value) -> bool {
        test_value(test, value, &Variables::new()) == Outcome::Holds
    }

    #[test]
    fn an_integer_is_a_number_without_a_fraction() {
        let integer = Test::Type(JsonType::Integer);
        for (value, expected) in [(json!(5), true), (json!(5.0), true), (json!(5.5), false)] {
            assert_eq!(passes(&integer, &value), expected, "{value}");
        }
        assert!(!passes(&integer, &json!("5")));
    }

    #[test]
    fn one_of_several_types_is_enough() {
        let test = Test::TypeOneOf(vec![JsonType::String, JsonType::Array]);
        for (value, expected) in [(json!("a"), true), (json!(["a"]), true), (json!(1), false)] {
            assert_eq!(passes(&test, &value), expected, "{value}");
        }
    }

    #[test]
    fn text_that_must_not_be_contained() {
        let test = Test::NotContains(Template::literal("admin"));
        assert!(passes(&test, &json!("read write")) && !passes(&test, &json!("read admin")));
    }
}
