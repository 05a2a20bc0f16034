//! The users of the pool.

use serde_json::{Map, Value};

use crate::dialect::User;
use crate::provider::Provider;
use crate::user_pool::{self, UserStatus};

/// A user as the pool knows them.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name, password and the usual attributes.
    pub user: User,
    /// Whether and how they can log in.
    pub status: UserStatus,
}

/// The user that logs in with this name.
pub fn find(provider: &Provider, name: &str) -> Option<Account> {
    let pool = provider.dialect.user_pool.as_ref()?;
    let user = user_pool::user(&provider.dialect, name)?;
    let status = pool.users.get(&user.username).copied().unwrap_or_default();
    let status = if user.disabled { UserStatus::Disabled } else { status };
    Some(Account { user: user.clone(), status })
}

/// The user's attributes, all of them text; `sub` first.
pub fn attributes(account: &Account) -> Vec<(&str, &str)> {
    let user = &account.user;
    let verified = if user.email.is_empty() { "" } else { "true" };
    let own = [
        ("sub", &*user.sub),
        ("email_verified", verified),
        ("name", &user.name),
        ("email", &user.email),
    ];
    // Who has signed up without a name or an address has no such attribute.
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    own.chain(user.attributes.iter().map(|(name, value)| (&**name, &**value))).collect()
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
    set_status(provider, username, UserStatus::Confirmed);
}

/// Gives a user a status.
pub fn set_status(provider: &mut Provider, username: &str, status: UserStatus) {
    if let Some(pool) = &mut provider.dialect.user_pool {
        pool.users.insert(username.to_owned(), status);
    }
}

/// Gives a user an attribute.
pub fn set_attribute(provider: &mut Provider, username: &str, name: &str, value: &str) {
    let mut users = provider.dialect.users.iter_mut();
    if let Some(user) = users.find(|user| user.username == username) {
        user.attributes.insert(name.to_owned(), value.to_owned());
    }
}
