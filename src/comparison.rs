//! Comparing a value with what it must be.

use std::cmp::Ordering;

use serde_json::Value;
use url::{Host, Url};

use crate::evaluate::{evaluate, spell};
use crate::expectation::{AddressRule, JsonType, Test};
use crate::predicate::{Outcome, fails};
use crate::template::Template;
use crate::variables::Variables;

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
        Test::Includes(template) => filled(template)
            .map(|part| (includes(value, &part), format!("includes {}", shown(&part)))),
        Test::Lacks(template) => filled(template)
            .map(|part| (lacks(value, &part), format!("does not have {}", shown(&part)))),
        Test::Items(kind) => Ok((
            value.as_array().is_some_and(|items| items.iter().all(|item| has_type(*kind, item))),
            format!("is an array in which each element is {}", type_name(*kind)),
        )),
        Test::NotBefore(template) => filled(template).map(|least| {
            let fits = compared(value, &least).is_some_and(Ordering::is_ge);
            (fits, format!("is a number of at least {}", spell(&least)))
        }),
        Test::NotAfter(template) => filled(template).map(|most| {
            let fits = compared(value, &most).is_some_and(Ordering::is_le);
            (fits, format!("is a number of at most {}", spell(&most)))
        }),
        Test::AsciiUpTo(most) => Ok((
            value.as_str().is_some_and(|t| t.is_ascii() && (1..=*most).contains(&t.len())),
            format!("is text of 1 to {most} ASCII characters"),
        )),
        Test::Only(template) => filled(template)
            .map(|only| (is_only(value, &only), format!("is {} alone", shown(&only)))),
        Test::Address(rules) => Ok(address(rules, value)),
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

fn includes(value: &Value, part: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| same(part, item)),
        other => same(part, other),
    }
}

fn lacks(value: &Value, part: &Value) -> bool {
    match value {
        Value::Array(_) => !includes(value, part),
        other => !spell(other).contains(&spell(part)),
    }
}

fn is_only(value: &Value, only: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(|item| same(only, item)),
        other => same(only, other),
    }
}

/// Whether a value is an address that obeys the rules, and what they ask for.
fn address(rules: &[AddressRule], value: &Value) -> (bool, String) {
    let url = value.as_str().and_then(|text| Url::parse(text).ok());
    let asked = rules.iter().map(|rule| match rule {
        AddressRule::Secure => "https, or http on a loopback host",
        AddressRule::Bare => "without query and fragment",
    });
    let asked = asked.collect::<Vec<_>>().join(", ");
    let obeys = |url: &Url| rules.iter().all(|rule| obeys(*rule, url));
    (url.as_ref().is_some_and(obeys), format!("is an absolute address, {asked}"))
}

fn obeys(rule: AddressRule, url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match rule {
        AddressRule::Secure => url.scheme() == "https" || (url.scheme() == "http" && loopback),
        AddressRule::Bare => url.query().is_none() && url.fragment().is_none(),
    }
}

/// How a JSON number compares with a number or its spelling; nothing for what is no number.
fn compared(value: &Value, other: &Value) -> Option<Ordering> {
    value.as_f64()?.partial_cmp(&spell(other).parse().ok()?)
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

    fn check(test: &Test, value: &Value, holds: bool) {
        let outcome = test_value(test, value, &Variables::default());
        assert_eq!(outcome == Outcome::Holds, holds, "{test:?} of {value}: {outcome:?}");
    }

    #[test]
    fn lists_and_single_values_include_and_lack() {
        let part = || Template::literal("a");
        for (value, includes, lacks) in [
            (json!(["b", "a"]), true, false),
            (json!(["b"]), false, true),
            (json!("a"), true, false),
            (json!("a b"), false, false),
            (json!("b"), false, true),
        ] {
            check(&Test::Includes(part()), &value, includes);
            check(&Test::Lacks(part()), &value, lacks);
        }
    }

    #[test]
    fn times_are_numbers() {
        let (before, after) =
            (Test::NotBefore(Template::literal("5")), Test::NotAfter(Template::literal("7")));
        for (value, least, most) in [
            (json!(5), true, true),
            (json!(7.5), true, false),
            (json!(4), false, true),
            (json!("6"), false, false),
        ] {
            check(&before, &value, least);
            check(&after, &value, most);
        }
    }

    #[test]
    fn one_reader_is_named_alone() {
        for (value, holds) in [
            (json!("a"), true),
            (json!(["a"]), true),
            (json!(["a", "b"]), false),
            (json!([]), false),
            (json!("a b"), false),
        ] {
            check(&Test::Only(Template::literal("a")), &value, holds);
        }
    }

    #[test]
    fn addresses_are_secure_and_bare() {
        for (address, secure, bare) in [
            ("https://op.example/t", true, true),
            ("http://127.0.0.1:80", true, true),
            ("http://[::1]/", true, true),
            ("http://localhost/?q", true, false),
            ("http://op.example/#f", false, false),
            ("http://127.0.0.1.op.example", false, true),
            ("ftp://127.0.0.1", false, true),
            ("/jwks", false, false),
            ("", false, false),
        ] {
            check(&Test::Address(vec![AddressRule::Secure]), &json!(address), secure);
            check(&Test::Address(vec![AddressRule::Bare]), &json!(address), bare);
        }
        check(&Test::Address(vec![AddressRule::Bare]), &json!(1), false);
    }

    #[test]
    fn elements_and_text_have_their_shape() {
        check(&Test::Items(JsonType::String), &json!(["a"]), true);
        check(&Test::Items(JsonType::String), &json!(["a", 1]), false);
        check(&Test::Items(JsonType::String), &json!("a"), false);
        for (value, fits) in [("abc", true), ("abcd", false), ("é", false), ("", false)] {
            check(&Test::AsciiUpTo(3), &json!(value), fits);
        }
    }
}
