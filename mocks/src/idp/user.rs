//! The users of the pool.

use serde_json::{Map, Value};

use crate::dialect::{self, User};
use crate::provider::Provider;
use crate::user_pool::{UserSettings, UserStatus};

/// A user as the pool knows them.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name, password and the usual attributes.
    pub user: User,
    /// Status, groups and other attributes.
    pub settings: UserSettings,
}

/// The user that logs in with this name.
pub fn find(provider: &Provider, name: &str) -> Option<Account> {
    let pool = provider.dialect.user_pool.as_ref()?;
    let by_email = |user: &&User| pool.email_alias && user.email.eq_ignore_ascii_case(name);
    let user = dialect::user(&provider.dialect, name);
    let user = user.or_else(|| provider.dialect.users.iter().find(by_email))?;
    let settings = pool.users.get(&user.username).cloned().unwrap_or_default();
    Some(Account { user: user.clone(), settings })
}

/// The user's attributes, all of them text; `sub` first.
pub fn attributes(account: &Account) -> Vec<(&str, &str)> {
    let user = &account.user;
    let own = [
        ("sub", &*user.sub),
        ("email_verified", "true"),
        ("name", &user.name),
        ("email", &user.email),
    ];
    let others = account.settings.attributes.iter();
    own.into_iter().chain(others.map(|(name, value)| (&**name, &**value))).collect()
}

/// The attributes as JSON, without `sub`.
pub fn attributes_without_sub(account: &Account) -> Map<String, Value> {
    let others = attributes(account).into_iter().filter(|(name, _)| *name != "sub");
    others.map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// Gives a user a password of their own.
pub fn set_password(provider: &mut Provider, username: &str, password: &str) {
    let mut users = provider.dialect.users.iter_mut();
    if let Some(user) = users.find(|user| user.username == username) {
        password.clone_into(&mut user.password);
    }
    if let Some(pool) = &mut provider.dialect.user_pool {
        pool.users.entry(username.to_owned()).or_default().status = UserStatus::Confirmed;
    }
}

/// Gives a user an attribute.
pub fn set_attribute(provider: &mut Provider, username: &str, name: &str, value: &str) {
    if let Some(pool) = &mut provider.dialect.user_pool {
        let settings = pool.users.entry(username.to_owned()).or_default();
        settings.attributes.insert(name.to_owned(), value.to_owned());
    }
}
