//! The capabilities that say what a list in the metadata has, or leaves out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Facts, Lack};

/// Those that are there where a list leaves a value out: their names, the lists and the values. A
/// list that is not there leaves nothing out.
const UNLISTED: [(&str, &str, &str); 4] = [
    ("response_type_token_unlisted", RESPONSE_TYPES, "token"),
    ("response_type_id_token_unlisted", RESPONSE_TYPES, "id_token"),
    ("response_mode_fragment_unlisted", "response_modes_supported", "fragment"),
    ("grant_type_password_unlisted", "grant_types_supported", "password"),
];

/// Those that are there where a response type is listed. Every provider has `code`.
const LISTED: [(&str, &str); 7] = [
    ("response_type_none_listed", "none"),
    ("response_type_token_listed", "token"),
    ("response_type_id_token_listed", "id_token"),
    ("response_type_id_token_token_listed", "id_token token"),
    ("response_type_code_token_listed", "code token"),
    ("response_type_code_id_token_listed", "code id_token"),
    ("response_type_code_id_token_token_listed", "code id_token token"),
];

const RESPONSE_TYPES: &str = "response_types_supported";

impl Facts<'_> {
    /// What the metadata decides of a capability of this kind; `None` of any other.
    pub(super) fn advertised(&self, capability: &str) -> Option<Result<(), Lack>> {
        let unlisted = UNLISTED.iter().find(|(name, ..)| *name == capability);
        if let Some((_, member, value)) = unlisted {
            return Some(self.unlisted(member, value));
        }
        let listed = LISTED.iter().find(|(name, _)| *name == capability);
        listed.map(|(_, value)| self.response_type(value))
    }

    fn unlisted(&self, member: &str, value: &str) -> Result<(), Lack> {
        self.present(member)?;
        match self.listed(member, value) {
            Ok(()) => Err(Lack::Absent(format!("the metadata's {member} lists {value}"))),
            Err(_) => Ok(()),
        }
    }

    /// The order of the names in a response type does not matter (RFC 6749 §3.1.1).
    fn response_type(&self, wanted: &str) -> Result<(), Lack> {
        fn names(value: &str) -> BTreeSet<&str> {
            value.split(' ').collect()
        }
        self.present(RESPONSE_TYPES)?;
        let list = self.metadata[RESPONSE_TYPES].as_array().into_iter().flatten();
        let mut types = list.filter_map(Value::as_str);
        if types.any(|listed| names(listed) == names(wanted)) {
            return Ok(());
        }
        Err(Lack::Absent(format!("the metadata's {RESPONSE_TYPES} does not list {wanted}")))
    }
}
