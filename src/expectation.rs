//! What a scenario may expect: a closed vocabulary of parameterised predicates.

use serde::Deserialize;

use crate::template::Template;
use crate::yaml::Located;

/// What a provider must do at one step, for one requirement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The requirement; its level, text and link live in `requirements.yaml`.
    pub req: Located<String>,
    /// What must hold, all of it.
    pub that: Vec<Predicate>,
    /// Also met when the named earlier step was already refused, so that this one never came.
    #[serde(default)]
    pub or_refused_at: Option<Located<String>>,
}

/// One thing that must hold for the answer to a step.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Predicate {
    /// The request was granted: a 2xx answer, or a callback without an error.
    Accepted,
    /// The request was refused, by whatever means, and nothing was granted.
    Refused,
    /// The refusal has one of these error codes. On a request that was granted this says nothing.
    Error(Vec<String>),
    /// The answer is no refusal with one of these error codes; one that grants something is none.
    NotError(Vec<String>),
    /// The status code is one of these.
    Status(Vec<u16>),
    /// The media type of the answer, parameters aside.
    MediaType(Vec<String>),
    /// A member of the JSON body.
    Json(Member),
    /// The JSON body is an object that has these members and no others.
    OnlyMembers(Vec<String>),
    /// A header field.
    Header(Member),
    /// A parameter in the query of the callback, or of a redirect's target.
    Query(Member),
    /// A parameter in the fragment of the callback, or of a redirect's target.
    Fragment(Member),
    /// A claim of a JWT.
    Claim(JwtMember),
    /// A JOSE header parameter of a JWT.
    Jose(JwtMember),
    /// Something that must be there.
    Present(Locator),
    /// Something that must not be there.
    Absent(Locator),
    /// Each element of a JSON array has a member for which this holds.
    Each(ElementMember),
    /// At least one element of a JSON array has a member for which this holds.
    Some(ElementMember),
    /// The elements of a JSON array can be told apart by a member, if there is more than one.
    Distinguishable(Elements),
    /// The signature of a JWT verifies with the key of a JWK Set that its `kid` names.
    Verifies(Verification),
    /// The `alg` of a JWT is one that the key it names in a JWK Set is for.
    FitsKey(Verification),
    /// The JWK Set in the JSON body obeys a rule.
    KeySet(KeySetRule),
    /// No key of the JWK Set in the JSON body has the `kid` of a different key in this earlier set.
    KeepsKids(Template),
    /// A claim of a JWT is the left half of the hash of a text (OIDC Core §3.1.3.6), if it is there.
    LeftHash(LeftHash),
    /// No member of the JSON object at this path is an empty array; empty for the whole body.
    NoEmptyArrays(String),
    /// Members have the same value in the JSON body as in another document, where both have them.
    Agrees(Agreement),
    /// How many different values a race brought.
    Distinct(Distinct),
    /// The answer says which scope it grants: in `scope`, or in the claim of a JWT access token.
    StatesScope,
    /// What is granted has no scope beyond these words. An answer without `scope` grants what was
    /// asked for (RFC 6749 §5.1), which is why it does not hold; a refusal grants nothing.
    ScopeWithin(Template),
    /// The browser is never sent to an address that begins with this.
    NeverReaches(Template),
}

/// A named thing and what must hold for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawMember")]
pub struct Member {
    /// A path such as `error` or `keys.0.kid`; empty for the whole document.
    pub at: String,
    /// What must hold; never empty.
    pub tests: Vec<Test>,
    /// Whether it may be absent.
    pub optional: bool,
}

/// A member of a JWT and what must hold for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawMember")]
pub struct JwtMember {
    /// The JWT.
    pub jwt: Template,
    /// A path as in [`Member`].
    pub at: String,
    /// What must hold; never empty.
    pub tests: Vec<Test>,
    /// Whether it may be absent.
    pub optional: bool,
}

/// A member of the elements of an array and what must hold for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawMember")]
pub struct ElementMember {
    /// The path of the array.
    pub at: String,
    /// The member of an element.
    pub member: String,
    /// What must hold; never empty.
    pub tests: Vec<Test>,
}

/// The elements of an array and the member that tells them apart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elements {
    /// The path of the array.
    pub at: String,
    /// The member that tells them apart.
    pub by: String,
}

/// A JWT and the keys it must verify with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The JWT.
    pub jwt: Template,
    /// JWK Sets, as names bound to the whole body of `jwks_uri`; one of them must have the key.
    pub keys: Vec<Template>,
}

/// A rule for the keys of a JWK Set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySetRule {
    /// No key has a private or symmetric member (RFC 7517 §9.2).
    PublicOnly,
    /// RSA keys have 2048 bits or more, and the curve of an EC key is the one of its `alg`
    /// (RFC 7518 §3.3 and §3.4).
    Strong,
    /// Every key states its `use` where some are for signing and some for encryption (RFC 8414 §2).
    StatesUse,
}

/// A claim that must be a left half of a hash.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftHash {
    /// The JWT; its `alg` says which hash.
    pub jwt: Template,
    /// The claim.
    pub at: String,
    /// What is hashed.
    pub of: Template,
}

/// Members that two documents must agree on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The other document.
    pub with: Template,
    /// The members.
    pub on: Vec<String>,
}

/// How many different values the branches of a race may and must bring.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distinct {
    /// What to count, in the last answer of each branch.
    pub of: Locator,
    /// The least number.
    pub at_least: usize,
    /// The greatest number.
    pub at_most: usize,
}

/// A test of one value.
#[derive(Debug, Clone)]
pub enum Test {
    /// It is this value; text is compared with a number's or boolean's JSON spelling.
    Is(Template),
    /// It is another value.
    Not(Template),
    /// It is one of these values.
    OneOf(Vec<Template>),
    /// It has this JSON type.
    Type(JsonType),
    /// It has one of these JSON types.
    TypeOneOf(Vec<JsonType>),
    /// It is a number of at least this.
    AtLeast(i32),
    /// It is text that contains this.
    Contains(Template),
    /// It is an array with this element, or this value itself: how `aud` may be written.
    Includes(Template),
    /// It is an array without this element, or text that does not contain this.
    Lacks(Template),
    /// It is an array, and each element has this JSON type.
    Items(JsonType),
    /// It is a number, such as a time, of at least this.
    NotBefore(Template),
    /// It is a number, such as a time, of at most this.
    NotAfter(Template),
    /// It is text of at most this many ASCII characters, and not empty.
    AsciiUpTo(usize),
}

/// The types of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonType {
    /// Text that is not empty.
    String,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A place in an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawLocator")]
pub struct Locator {
    /// Which part of the answer.
    pub source: Source,
    /// What stands in for it when it is absent.
    pub fallback: Option<Template>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A member of the JSON body; empty for all of it.
    Json(String),
    /// A header field.
    Header(String),
    /// A parameter in the query of the callback, or of a redirect's target.
    Query(String),
    /// A parameter in the fragment of the callback, or of a redirect's target.
    Fragment(String),
    /// A claim of the JWT bound to a name: `name.claim`.
    Claim(String, String),
    /// A JOSE header parameter of the JWT bound to a name: `name.parameter`.
    Jose(String, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLocator {
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
            _ => Err("expected exactly one of json, header, query, fragment, claim, jose".into()),
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
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMember {
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

impl Predicate {
    /// Whether the predicate speaks about a request that must not be granted.
    pub fn is_negative(&self) -> bool {
        matches!(self, Self::Refused | Self::NeverReaches(_))
    }
}
