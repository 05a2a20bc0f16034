//! The user pool of a dialect: what its JSON API does and whom it knows. Data, from `mocks/dialects`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::dialect::{self, Dialect, User};
use crate::provider::Provider;
use crate::quota::{self, Quota};

/// A user pool. Clients that it does not name have the settings of the product's default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserPool {
    /// Its identifier: the region, an underscore, and the name that SRP uses.
    pub id: String,
    /// Settings of the dialect's clients, by `client_id`.
    #[serde(default)]
    pub clients: BTreeMap<String, ClientSettings>,
    /// Whether and how the dialect's users can log in, by username; others are confirmed.
    #[serde(default)]
    pub users: BTreeMap<String, UserStatus>,
    /// Whether users may log in with their e-mail address as well.
    #[serde(default)]
    pub email_alias: bool,
    /// When wrong passwords lock a user out.
    #[serde(default)]
    pub lockout: Lockout,
    /// The requests per second that each category allows; no limit where there is none.
    #[serde(default)]
    pub quotas: BTreeMap<Category, f64>,
    /// Seconds in which a challenge must be answered.
    #[serde(default = "three_minutes")]
    pub session: u64,
    /// What nobody could confirm about the product.
    #[serde(default)]
    pub switches: Switches,
}

fn three_minutes() -> u64 {
    180
}

/// Settings of an app client.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientSettings {
    /// The authentication flows it may use.
    pub explicit_auth_flows: Vec<AuthFlow>,
    /// Whether unknown users are told from wrong passwords.
    pub prevent_user_existence_errors: UserExistenceErrors,
    /// Whether a refresh token is replaced when it is used, and for how many seconds the old one still
    /// works.
    pub refresh_token_rotation: Option<Rotation>,
    /// Whether its tokens can be revoked.
    pub enable_token_revocation: bool,
}

impl Default for ClientSettings {
    fn default() -> ClientSettings {
        ClientSettings {
            explicit_auth_flows: vec![AuthFlow::RefreshToken, AuthFlow::UserSrp, AuthFlow::Custom],
            prevent_user_existence_errors: UserExistenceErrors::Legacy,
            refresh_token_rotation: None,
            enable_token_revocation: true,
        }
    }
}

/// An authentication flow as `ExplicitAuthFlows` names it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
// The names are those of the API.
pub enum AuthFlow {
    #[serde(rename = "ALLOW_ADMIN_USER_PASSWORD_AUTH")]
    AdminUserPassword,
    #[serde(rename = "ALLOW_CUSTOM_AUTH")]
    Custom,
    #[serde(rename = "ALLOW_REFRESH_TOKEN_AUTH")]
    RefreshToken,
    #[serde(rename = "ALLOW_USER_AUTH")]
    User,
    #[serde(rename = "ALLOW_USER_PASSWORD_AUTH")]
    UserPassword,
    #[serde(rename = "ALLOW_USER_SRP_AUTH")]
    UserSrp,
}

/// What is said about a user who does not exist.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum UserExistenceErrors {
    /// That there is no such user.
    Legacy,
    /// The same as about a wrong password.
    Enabled,
}

/// Refresh token rotation.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Seconds in which the old token still works, 0 to 60.
    pub retry_grace_period_seconds: u64,
}

/// Whether and how a user can log in.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    /// With the password.
    #[default]
    Confirmed,
    /// With a temporary password that must be replaced at once.
    ForceChangePassword,
    /// Not before the address is confirmed.
    Unconfirmed,
    /// Not before the password is reset.
    ResetRequired,
    /// Not at all.
    Disabled,
}

/// When wrong passwords lock a user out: at the threshold for one second, then twice as long after
/// each further one. A login, or so many seconds without an attempt, ends it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lockout {
    /// The number of wrong passwords that locks for the first time.
    pub threshold: u32,
    /// The longest lock, and the quiet time after which nothing is remembered, in seconds.
    pub longest: u64,
}

impl Default for Lockout {
    fn default() -> Lockout {
        Lockout { threshold: 5, longest: 900 }
    }
}

/// The request-rate categories that the operations of the stub belong to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "PascalCase")]
// The names are those of the product's quota page; answers to challenges have an allocation of their own.
pub enum Category {
    UserAuthentication,
    ChallengeResponse,
    UserRead,
    UserToken,
    UserUpdate,
    UserCreation,
    UserAccountRecovery,
}

/// All of them.
pub const CATEGORIES: [Category; 7] = [
    Category::UserAuthentication,
    Category::ChallengeResponse,
    Category::UserRead,
    Category::UserToken,
    Category::UserUpdate,
    Category::UserCreation,
    Category::UserAccountRecovery,
];

/// The name of a category.
pub fn category_name(category: Category) -> &'static str {
    match category {
        Category::UserAuthentication => "UserAuthentication",
        Category::ChallengeResponse => "ChallengeResponse",
        Category::UserRead => "UserRead",
        Category::UserToken => "UserToken",
        Category::UserUpdate => "UserUpdate",
        Category::UserCreation => "UserCreation",
        Category::UserAccountRecovery => "UserAccountRecovery",
    }
}

/// The quotas of a dialect's pool as conditions.
///
/// # Errors
/// When a rate is not positive.
pub fn quotas(dialect: &Dialect) -> Result<Vec<Quota>, String> {
    let pool = dialect.user_pool.iter().flat_map(|pool| &pool.quotas);
    pool.map(|(category, rate)| quota::new(category_name(*category), *rate)).collect()
}

/// What nobody could confirm about the product; the defaults are what most reports say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch in the dialect's file")]
pub struct Switches {
    /// Whether the header `x-amzn-ErrorType` ends with a colon; captures of browsers show one.
    pub error_type_with_colon: bool,
    /// Whether a missing `SECRET_HASH` is described in the older words.
    pub older_secret_hash_message: bool,
    /// Whether a disabled flow is `NotAuthorizedException` instead of `InvalidParameterException`.
    pub disabled_flow_not_authorized: bool,
    /// Whether calls for administrators are answered without the signature that they need at the
    /// product. Nobody checks signatures here, so that without it they are refused.
    pub unsigned_admin_calls: bool,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            error_type_with_colon: true,
            older_secret_hash_message: false,
            disabled_flow_not_authorized: false,
            unsigned_admin_calls: false,
        }
    }
}

/// Whether a user can log in with a password alone; everybody can where there is no pool.
pub fn may_log_in(provider: &Provider, username: &str) -> bool {
    let pool = provider.dialect.user_pool.as_ref();
    let status = pool.and_then(|pool| pool.users.get(username)).copied().unwrap_or_default();
    let locked = dialect::user(&provider.dialect, username).is_some_and(|user| user.disabled);
    status == UserStatus::Confirmed && !locked
}

/// The status as the API calls it.
pub fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Confirmed | UserStatus::Disabled => "CONFIRMED",
        UserStatus::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
        UserStatus::Unconfirmed => "UNCONFIRMED",
        UserStatus::ResetRequired => "RESET_REQUIRED",
    }
}

/// More than a test adds, and few enough that a search through them takes no time.
const MOST_USERS: usize = 10_000;

/// Adds a user in the place of the one of that name, or after all others.
///
/// # Errors
/// When there are too many.
pub fn add(dialect: &mut Dialect, user: User) -> Result<(), String> {
    let users = &mut dialect.users;
    // The first user is the one who decides by default, so that nobody changes places.
    match users.iter().position(|known| known.username == user.username) {
        Some(index) => users[index] = user,
        None if users.len() >= MOST_USERS => return Err("there are too many users".into()),
        None => users.push(user),
    }
    Ok(())
}

/// The user who logs in with that name, or with that address if the pool allows it.
pub fn user<'a>(dialect: &'a Dialect, name: &str) -> Option<&'a User> {
    let alias = dialect.user_pool.as_ref().is_some_and(|pool| pool.email_alias);
    let by_email = |user: &&User| alias && user.email.eq_ignore_ascii_case(name);
    let found = dialect::user(dialect, name);
    found.or_else(|| dialect.users.iter().find(by_email).filter(|_| !name.is_empty()))
}

/// The part of the identifier that SRP uses: what follows the underscore.
pub fn short_name(pool: &UserPool) -> &str {
    pool.id.split_once('_').map_or(&*pool.id, |(_, name)| name)
}

/// The user pool of a provider whose dialect has one.
///
/// # Panics
/// When it has none: the engine routes nothing here then.
pub fn of(provider: &Provider) -> &UserPool {
    provider.dialect.user_pool.as_ref().expect("the API is served for a user pool only")
}

/// Whether the tokens of a client can be revoked.
pub fn is_revocable(dialect: &Dialect, client_id: &str) -> bool {
    let client = dialect.user_pool.as_ref().and_then(|pool| pool.clients.get(client_id));
    client.is_none_or(|settings| settings.enable_token_revocation)
}
