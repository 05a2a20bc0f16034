//! Predicates about a JSON body as a whole.

use serde_json::Value;

use super::{Outcome, fails, refused};
use crate::answer::granted;
use crate::comparison::shown;
use crate::evaluate::{evaluate, spell};
use crate::expectation::{Agreement, Source};
use crate::history::Record;
use crate::jose;
use crate::locate::{locate, member, outline, response};
use crate::template::Template;
use crate::variables::Variables;
use crate::wire::Response;

/// The body is an object with these members and no others.
pub fn only_members(names: &[String], record: &Record) -> Outcome {
    let expected = format!("a JSON object with {} and nothing else", names.join(", "));
    match response(record).and_then(Response::json) {
        Ok(Value::Object(members))
            if members.len() == names.len()
                && names.iter().all(|name| members.contains_key(name)) =>
        {
            Outcome::Holds
        }
        Ok(other) => fails(expected, outline(other)),
        Err(why) => fails(expected, why),
    }
}

/// What is granted has no scope but these words.
pub fn scope_within(words: &Template, record: &Record, variables: &Variables) -> Outcome {
    let allowed = match evaluate(words, variables) {
        Ok(value) => spell(&value),
        Err(why) => return Outcome::Unknown(why),
    };
    if granted(record).is_empty() {
        return refused(record);
    }
    let expected = format!("what is granted has no scope but {allowed:?}");
    match stated_scope(record, variables) {
        Ok(Value::String(scope)) => {
            let beyond = |word: &str| !allowed.split(' ').any(|known| known == word);
            if scope.split(' ').any(beyond) {
                fails(expected, format!("scope {scope:?}"))
            } else {
                Outcome::Holds
            }
        }
        Ok(other) => fails(expected, format!("scope {}", shown(&other))),
        Err(why) => fails(expected, format!("{why}; without `scope` it is what was asked for")),
    }
}

/// The answer says which scope it grants.
pub fn states_scope(record: &Record, variables: &Variables) -> Outcome {
    if granted(record).is_empty() {
        return refused(record);
    }
    stated_scope(record, variables).map_or_else(
        |why| fails("the answer, or the access token as a JWT, says which scope is granted", why),
        |_| Outcome::Holds,
    )
}

/// The member `scope` (RFC 6749 §5.1), or else the claim of an access token that is a JWT (RFC 9068
/// §2.2.3).
fn stated_scope(record: &Record, variables: &Variables) -> Result<Value, String> {
    let member = locate(&Source::Json("scope".into()), record, variables);
    let claim = || {
        let token = locate(&Source::Json("access_token".into()), record, variables).ok()?;
        jose::claims(token.as_str()?).ok()?.get("scope").cloned()
    };
    member.or_else(|why| claim().ok_or(why))
}

/// The body as JSON; one that is none does not hold.
pub fn document(record: &Record) -> Result<&Value, Outcome> {
    response(record).and_then(Response::json).map_err(|why| fails("a JSON body", why))
}

/// No member of the object at the path is an empty array.
pub fn no_empty_arrays(path: &str, record: &Record) -> Outcome {
    let found = document(record).map(|found| member(found, path, "answer"));
    match found {
        Ok(Ok(Value::Object(members))) => {
            let empty = members.iter().filter(|(_, v)| v.as_array().is_some_and(Vec::is_empty));
            let names: Vec<&str> = empty.map(|(name, _)| name.as_str()).collect();
            if names.is_empty() {
                return Outcome::Holds;
            }
            fails("no member is an empty array", names.join(", "))
        }
        Ok(Ok(other)) => fails("a JSON object", outline(&other)),
        Ok(Err(why)) => fails("a JSON object", why),
        Err(outcome) => outcome,
    }
}

/// Members are the same as in another document, where both have them.
pub fn agrees(a: &Agreement, record: &Record, variables: &Variables) -> Outcome {
    let (other, own) = match (evaluate(&a.with, variables), document(record)) {
        (Ok(other), Ok(own)) => (other, own),
        (Err(why), _) => return Outcome::Unknown(why),
        (_, Err(outcome)) => return outcome,
    };
    let differs = |name: &&String| match (other.get(*name), own.get(*name)) {
        (Some(one), Some(another)) => one != another,
        _ => false,
    };
    match a.on.iter().find(differs) {
        Some(name) => fails(
            format!("`{name}` is {}, as in the other document", shown(&other[name])),
            shown(&own[name]),
        ),
        None => Outcome::Holds,
    }
}
