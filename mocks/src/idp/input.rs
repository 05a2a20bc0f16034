//! Reading the input of an operation.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exception::{Exception, invalid_member, invalid_parameter, protocol};

/// A map of texts, whose values clients may send as null.
pub type Parameters = BTreeMap<String, Option<String>>;

/// The input as its model has it; members that the model lacks are ignored.
pub fn parse<T: DeserializeOwned>(input: Value) -> Result<T, Exception> {
    serde_json::from_value(input).map_err(|_| protocol("SerializationException"))
}

/// A member that must be there.
pub fn required<'a>(value: Option<&'a String>, member: &str) -> Result<&'a str, Exception> {
    value.map(String::as_str).ok_or_else(|| invalid_member(member, "Member must not be null"))
}

/// A token, which must be there and look like one.
pub fn token<'a>(value: Option<&'a String>, member: &str) -> Result<&'a str, Exception> {
    let token = required(value, member)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=.".contains(&byte);
    if token.is_empty() || !token.bytes().all(allowed) {
        let constraint = "Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+";
        return Err(invalid_member(member, constraint));
    }
    Ok(token)
}

/// The value of a parameter, if it has one.
pub fn optional<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.get(name)?.as_deref().filter(|value| !value.is_empty())
}

/// The value of a parameter that must have one.
pub fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Result<&'a str, Exception> {
    let missing = || invalid_parameter(format!("Missing required parameter {name}"));
    optional(parameters, name).ok_or_else(missing)
}
