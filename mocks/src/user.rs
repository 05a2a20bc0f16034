//! What tokens and the userinfo endpoint may tell of a user.

use serde_json::Value;

use crate::dialect::{Dialect, User};
use crate::scope;
use crate::template::Facts;

/// The facts about a user; OIDC Core §5.4 says which scope asks for which claims.
pub fn facts(dialect: &Dialect, user: &User, scope: &[String]) -> Facts {
    let everything = dialect.tokens.openid_alone_shows_all && *scope == ["openid"];
    let asked = |name: &str| everything || scope::contains(scope, name);
    let when = |asked: bool, value: Value| if asked { value } else { Value::Null };
    let groups = if user.groups.is_empty() { Value::Null } else { user.groups.clone().into() };
    let email = asked("email") && !user.email.is_empty();
    let profile = asked("profile");
    let mut facts = Facts::from([
        ("sub", user.sub.clone().into()),
        ("username", user.username.clone().into()),
        ("groups", groups),
        ("name", when(profile && !user.name.is_empty(), user.name.clone().into())),
        ("preferred_username", when(profile, user.username.clone().into())),
        ("email", when(email, user.email.clone().into())),
        ("email_verified", when(email, true.into())),
    ]);
    // Some products send these as text.
    facts.insert("email_verified_text", when(email, "true".into()));
    facts
}
