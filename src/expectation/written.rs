//! How the parts of an expectation are written, before they are known to make sense.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AddressRule, ElementMember, JsonType, JwtMember, Locator, Member, Source, Test};
use crate::scenario::one_of;
use crate::template::Template;

/// The keys of a locator of which it has exactly one.
const SOURCES: [&str; 6] = ["json", "header", "query", "fragment", "claim", "jose"];

/// The keys of a member of which it has at least one.
const TESTS: [&str; 15] = [
    "is",
    "not",
    "one_of",
    "type",
    "type_one_of",
    "at_least",
    "contains",
    "includes",
    "lacks",
    "items",
    "not_before",
    "not_after",
    "ascii_up_to",
    "only",
    "address",
];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = one_of(&SOURCES)))]
pub(super) struct RawLocator {
    json: Option<String>,
    header: Option<String>,
    query: Option<String>,
    fragment: Option<String>,
    claim: Option<String>,
    jose: Option<String>,
    or: Option<Template>,
}

impl TryFrom<RawLocator> for Locator {
    type Error = String;

    fn try_from(raw: RawLocator) -> Result<Self, String> {
        let sources = [
            raw.json.map(Source::Json),
            raw.header.map(|name| Source::Header(name.to_ascii_lowercase())),
            raw.query.map(Source::Query),
            raw.fragment.map(Source::Fragment),
            raw.claim.map(|path| split(&path).map(|(a, b)| Source::Claim(a, b))).transpose()?,
            raw.jose.map(|path| split(&path).map(|(a, b)| Source::Jose(a, b))).transpose()?,
        ];
        let mut given = sources.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(source), None) => Ok(Self { source, fallback: raw.or }),
            _ => Err(format!("expected exactly one of {}", SOURCES.join(", "))),
        }
    }
}

fn split(path: &str) -> Result<(String, String), String> {
    let (name, member) = path
        .split_once('.')
        .ok_or_else(|| format!("expected `name.member`, but found `{path}`"))?;
    Ok((name.to_owned(), member.to_owned()))
}

/// The keys of every predicate that tests a member; which of them are allowed depends on the kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = one_of(&TESTS)))]
pub(super) struct RawMember {
    at: String,
    jwt: Option<Template>,
    member: Option<String>,
    is: Option<Template>,
    not: Option<Template>,
    one_of: Option<Vec<Template>>,
    r#type: Option<JsonType>,
    type_one_of: Option<Vec<JsonType>>,
    at_least: Option<i32>,
    contains: Option<Template>,
    includes: Option<Template>,
    lacks: Option<Template>,
    items: Option<JsonType>,
    not_before: Option<Template>,
    not_after: Option<Template>,
    ascii_up_to: Option<usize>,
    only: Option<Template>,
    address: Option<Vec<AddressRule>>,
    #[serde(default)]
    optional: bool,
}

impl RawMember {
    fn tests(&mut self) -> Result<Vec<Test>, String> {
        let given = [
            self.is.take().map(Test::Is),
            self.not.take().map(Test::Not),
            self.one_of.take().map(Test::OneOf),
            self.r#type.take().map(Test::Type),
            self.type_one_of.take().map(Test::TypeOneOf),
            self.at_least.take().map(Test::AtLeast),
            self.contains.take().map(Test::Contains),
            self.includes.take().map(Test::Includes),
            self.lacks.take().map(Test::Lacks),
            self.items.take().map(Test::Items),
            self.not_before.take().map(Test::NotBefore),
            self.not_after.take().map(Test::NotAfter),
            self.ascii_up_to.take().map(Test::AsciiUpTo),
            self.only.take().map(Test::Only),
            self.address.take().map(Test::Address),
        ];
        let tests: Vec<Test> = given.into_iter().flatten().collect();
        if tests.is_empty() {
            return Err(
                "expected at least one test, such as is, not, one_of, type, contains".into()
            );
        }
        Ok(tests)
    }
}

impl TryFrom<RawMember> for Member {
    type Error = String;

    fn try_from(mut raw: RawMember) -> Result<Self, String> {
        if raw.jwt.is_some() || raw.member.is_some() {
            return Err("`jwt` and `member` do not belong here".into());
        }
        Ok(Self { tests: raw.tests()?, at: raw.at, optional: raw.optional })
    }
}

impl TryFrom<RawMember> for JwtMember {
    type Error = String;

    fn try_from(mut raw: RawMember) -> Result<Self, String> {
        let jwt = raw.jwt.take().ok_or("missing field `jwt`: which token to look into")?;
        if raw.member.is_some() {
            return Err("`member` does not belong here".into());
        }
        Ok(Self { jwt, tests: raw.tests()?, at: raw.at, optional: raw.optional })
    }
}

impl TryFrom<RawMember> for ElementMember {
    type Error = String;

    fn try_from(mut raw: RawMember) -> Result<Self, String> {
        let member =
            raw.member.take().ok_or("missing field `member`: which one of each element")?;
        if raw.jwt.is_some() || raw.optional {
            return Err("`jwt` and `optional` do not belong here".into());
        }
        Ok(Self { member, tests: raw.tests()?, at: raw.at })
    }
}
