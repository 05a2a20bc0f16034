//! What the doctor finds at one place.

use serde::Serialize;

use crate::redact::Redactor;

/// What was looked at, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// Which part of the configuration.
    pub area: Area,
    /// Which one of its kind: a host, a client role, a user, a grant.
    pub subject: String,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do next; only for what is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether nothing further can be looked at.
    #[serde(skip)]
    pub last: bool,
}

/// A part of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Name resolution, TCP and TLS.
    Connection,
    /// The clock of this machine against the provider's.
    Clock,
    /// The metadata document.
    Discovery,
    /// The key set.
    Keys,
    /// The clients' registrations.
    Clients,
    /// The users' logins.
    Users,
    /// The tokens of each grant.
    Grants,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Well,
    /// A setting has to change.
    Wrong,
    /// Nothing answers.
    Unreachable,
    /// Not looked at, for the reason given.
    Left,
}

/// Whether something is known to be wrong.
pub fn wrong(signs: &[Sign], area: Area, subject: &str) -> bool {
    let wrong = |sign: &Sign| sign.state == State::Wrong;
    signs.iter().any(|sign| wrong(sign) && sign.area == area && sign.subject == subject)
}

impl Area {
    /// The word for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Clock => "clock",
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Clients => "clients",
            Self::Users => "users",
            Self::Grants => "grants",
        }
    }
}

impl Sign {
    fn new(area: Area, subject: &str, state: State, found: impl Into<String>) -> Self {
        let (subject, found) = (subject.to_owned(), found.into());
        Self { area, subject, state, found, next: None, last: false }
    }

    /// All is well there.
    pub fn well(area: Area, subject: &str, found: impl Into<String>) -> Self {
        Self::new(area, subject, State::Well, found)
    }

    /// A setting has to change, as `next` says.
    pub fn wrong(
        area: Area,
        subject: &str,
        found: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { next: Some(next.into()), ..Self::new(area, subject, State::Wrong, found) }
    }

    /// Nothing answers there.
    pub fn unreachable(
        area: Area,
        subject: &str,
        found: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { next: Some(next.into()), ..Self::new(area, subject, State::Unreachable, found) }
    }

    /// It was not looked at.
    pub fn left(area: Area, subject: &str, why: impl Into<String>) -> Self {
        Self::new(area, subject, State::Left, why)
    }

    /// Nothing that depends on it needs to be looked at.
    #[must_use]
    pub fn and_stop(mut self) -> Self {
        self.last = true;
        self
    }

    /// Whether nothing further can be looked at.
    pub fn stops(&self) -> bool {
        self.last
    }

    /// The sign without the secrets of the provider file.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        let next = self.next.map(|next| redactor.text(&next));
        Self { found: redactor.text(&self.found), next, ..self }
    }
}
