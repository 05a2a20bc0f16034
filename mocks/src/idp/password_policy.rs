//! What a password must have.

use super::exception::{Exception, exception};
use crate::fault::Fault;
use crate::provider::{Provider, has};

/// Checks a new password.
pub fn check(provider: &Provider, password: &str) -> Result<(), Exception> {
    let broken = broken(password).filter(|_| !has(provider, Fault::ApiPasswordPolicyUnchecked));
    let refused = |why| {
        let message = format!("Password does not conform to policy: {why}");
        Err(exception("InvalidPasswordException", message))
    };
    broken.map_or(Ok(()), refused)
}

/// The first rule of the product's default policy that a password breaks.
fn broken(password: &str) -> Option<&'static str> {
    let rules: [(bool, &str); 5] = [
        (password.chars().count() >= 8, "Password not long enough"),
        (password.chars().any(char::is_lowercase), "Password must have lowercase characters"),
        (password.chars().any(char::is_uppercase), "Password must have uppercase characters"),
        (password.chars().any(char::is_numeric), "Password must have numeric characters"),
        (
            password.chars().any(|c| c.is_ascii_punctuation()),
            "Password must have symbol characters",
        ),
    ];
    rules.iter().find(|(kept, _)| !kept).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_wants_length_and_four_kinds_of_characters() {
        let rows = [
            ("Abcdef1!", ""),
            ("Abcde1!", "not long enough"),
            ("ABCDEF1!", "lowercase"),
            ("abcdef1!", "uppercase"),
            ("Abcdefg!", "numeric"),
            ("Abcdefg1", "symbol"),
        ];
        for (password, why) in rows {
            let said = broken(password);
            assert_eq!(said.is_none(), why.is_empty(), "{password}");
            assert!(said.unwrap_or_default().contains(why), "{password}");
        }
    }
}
