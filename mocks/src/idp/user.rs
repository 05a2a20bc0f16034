//! The users of the pool.

use serde_json::{Map, Value};

use crate::dialect::{self, User};
use crate::provider::Provider;
use crate::user_pool::UserStatus;

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
    let by_email = |user: &&User| pool.email_alias && user.email.eq_ignore_ascii_case(name);
    let user = dialect::user(&provider.dialect, name);
    let user = user.or_else(|| provider.dialect.users.iter().find(by_email))?;
    let status = pool.users.get(&user.username).copied().unwrap_or_default();
    let status = if user.disabled { UserStatus::Disabled } else { status };
    Some(Account { user: user.clone(), status })
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
    let others = user.attributes.iter();
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
        pool.users.insert(username.to_owned(), UserStatus::Confirmed);
    }
}

/// Gives a user an attribute.
pub fn set_attribute(provider: &mut Provider, username: &str, name: &str, value: &str) {
    let mut users = provider.dialect.users.iter_mut();
    if let Some(user) = users.find(|user| user.username == username) {
        user.attributes.insert(name.to_owned(), value.to_owned());
    }
}
