//! What a provider file may say about the provider's pages.
//!
//! The form driver reads pages by itself; a rule is for the page that it reads wrongly. A **field**
//! is named by its `name` or `id`. A **button** is named, in this order of precedence, by
//! `name=value`, by its `name`, by its `id`, or by the text that a person reads on it (in any
//! case); of several that fit, the first one is meant. A button that approves or denies may also be
//! a link, named by its `id` or its text.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::form::FormSelector;

/// How the pages of a provider differ from what the form driver finds by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PageRules {
    /// The pages on which a user logs in.
    pub login: LoginRules,
    /// The pages on which a user approves or denies what a client asks for.
    pub consent: ConsentRules,
    /// The pages of RFC 8628 §3.3, on which a user connects a device.
    pub device: DeviceRules,
}

/// Rules for login pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoginRules {
    /// A CSS selector for the form, or for something in it. It need not fit every login page.
    pub form: Option<FormSelector>,
    /// The field for the user's name.
    pub username: Option<String>,
    /// The field for the password.
    pub password: Option<String>,
    /// The button that logs in.
    pub submit: Option<String>,
}

/// Rules for consent pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentRules {
    /// A CSS selector for the form, or for something in it.
    pub form: Option<FormSelector>,
    /// The button or link that approves.
    pub approve: Option<String>,
    /// The button or link that denies.
    pub deny: Option<String>,
    /// The boxes to tick when approving, instead of those that the driver takes for scopes.
    pub tick: Vec<String>,
}

/// Rules for device verification pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceRules {
    /// A CSS selector for the form that asks for the code, or for something in it.
    pub form: Option<FormSelector>,
    /// The field for the user code.
    pub user_code: Option<String>,
    /// The button that sends the user code.
    pub submit: Option<String>,
    /// The button or link that approves; without it, the one of the consent pages.
    pub approve: Option<String>,
    /// The button or link that denies; without it, the one of the consent pages.
    pub deny: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::PageRules;

    fn read(json: &str) -> Result<PageRules, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn everything_is_optional_and_nothing_is_misspelled() {
        assert_eq!(read("{}"), Ok(PageRules::default()));
        let rules = read(r#"{"login": {"form": "form.l"}, "consent": {"tick": ["scope"]}}"#)
            .expect("these are rules");
        assert_eq!(rules.login.form.map(|f| f.to_string()).as_deref(), Some("form.l"));
        assert_eq!(rules.consent.tick, ["scope"]);
        for (json, message) in [
            (r#"{"logon": {}}"#, "unknown field `logon`"),
            (r#"{"device": {"code": "x"}}"#, "unknown field `code`"),
            (r#"{"login": {"form": "form[["}}"#, "expected a CSS selector for a form"),
            (r#"{"login": {"form": ""}}"#, "expected a CSS selector for a form"),
        ] {
            let error = read(json).expect_err(json);
            assert!(error.contains(message), "{json}: {error}");
        }
    }
}
