//! The answer to `NEW_PASSWORD_REQUIRED`.

use super::exception::{Exception, Outcome, invalid_parameter};
use super::input::{Parameters, parameter};
use super::respond::{self, Answer, session};
use super::state::Question;
use super::user::{self, Account};
use super::{challenge, password_policy, sign_in};
use crate::provider::Provider;

/// Replaces the temporary password and signs in.
pub fn answer(provider: &mut Provider, answer: &Answer) -> Outcome {
    let password = parameter(&answer.responses, "NEW_PASSWORD")?;
    let handle = session(answer)?;
    let (challenge, ()) = challenge::take(provider, &answer.client.id, handle, |question| {
        matches!(question, Question::NewPassword).then_some(())
    })?;
    let attempt = respond::attempt(provider, answer, &challenge)?;
    let new = attempt.account.as_ref().map(|account| new_attributes(account, &answer.responses));
    if let Err(exception) = password_policy::check(provider, password)
        .and(new.as_ref().map_or(Ok(()), check_attributes))
    {
        // The user may choose another one.
        challenge::put_back(provider, handle, challenge);
        return Err(exception);
    }
    user::set_password(provider, &attempt.username, password);
    for (name, value) in new.unwrap_or_default().new {
        user::set_attribute(provider, &attempt.username, name, value);
    }
    Ok(sign_in::signed_in(provider, &attempt.client, &attempt.username))
}

/// Attributes that an answer sets.
#[derive(Default)]
struct Attributes<'a> {
    new: Vec<(&'a str, &'a str)>,
    known: Option<&'a str>,
}

fn new_attributes<'a>(account: &Account, responses: &'a Parameters) -> Attributes<'a> {
    let mut attributes = Attributes::default();
    for (name, value) in responses {
        let (Some(name), Some(value)) = (name.strip_prefix("userAttributes."), value) else {
            continue;
        };
        if user::attributes(account).iter().any(|(known, _)| *known == name) {
            attributes.known = Some(name);
        } else {
            attributes.new.push((name, value));
        }
    }
    attributes
}

fn check_attributes(attributes: &Attributes) -> Result<(), Exception> {
    let already = |name| invalid_parameter(format!("Cannot modify an already provided {name}"));
    attributes.known.map_or(Ok(()), |name| Err(already(name)))
}
