//! What a scenario may expect: a closed vocabulary of parameterised predicates.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::Template;
use crate::yaml::Located;

mod written;

use written::{RawLocator, RawMember};

/// What a provider must do at one step, for one requirement.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The requirement; its level, text and link live in `requirements.yaml`.
    pub req: Located<String>,
    /// What must hold, all of it.
    #[serde(default)]
    pub that: Vec<Predicate>,
    /// What is recorded for the comparison of providers and not judged; only where the requirement
    /// is of the level INFO, and then instead of `that`.
    #[serde(default)]
    pub record: Option<Locator>,
    /// Also met when the named earlier step was already refused, so that this one never came.
    #[serde(default)]
    pub or_refused_at: Option<Located<String>>,
}

/// One thing that must hold for the answer to a step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    /// The status code is none of these.
    NotStatus(Vec<u16>),
    /// The answer is no crash: a status of 5xx other than 503, which undoes every other judgement.
    NoServerError,
    /// A parameter is there once, no more and no less, in the query of the callback.
    Once(String),
}

/// A named thing and what must hold for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "RawMember")]
#[schemars(with = "RawMember")]
pub struct Member {
    /// A path such as `error` or `keys.0.kid`; empty for the whole document.
    pub at: String,
    /// What must hold; never empty.
    pub tests: Vec<Test>,
    /// Whether it may be absent.
    pub optional: bool,
}

/// A member of a JWT and what must hold for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "RawMember")]
#[schemars(with = "RawMember")]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "RawMember")]
#[schemars(with = "RawMember")]
pub struct ElementMember {
    /// The path of the array.
    pub at: String,
    /// The member of an element.
    pub member: String,
    /// What must hold; never empty.
    pub tests: Vec<Test>,
}

/// The elements of an array and the member that tells them apart.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Elements {
    /// The path of the array.
    pub at: String,
    /// The member that tells them apart.
    pub by: String,
}

/// A JWT and the keys it must verify with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The JWT.
    pub jwt: Template,
    /// JWK Sets, as names bound to the whole body of `jwks_uri`; one of them must have the key.
    pub keys: Vec<Template>,
}

/// A rule for the keys of a JWK Set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The other document.
    pub with: Template,
    /// The members.
    pub on: Vec<String>,
}

/// How many different values the branches of a race may and must bring.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    /// It is this value, or an array of nothing but it: how `aud` may be written for one reader.
    Only(Template),
    /// It is an address that obeys these rules.
    Address(Vec<AddressRule>),
}

/// A rule for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressRule {
    /// It is absolute, and https, or http on a loopback host, where there is nobody to listen.
    Secure,
    /// It has neither a query nor a fragment.
    Bare,
}

/// The types of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "RawLocator")]
#[schemars(with = "RawLocator")]
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

impl Predicate {
    /// Whether the predicate speaks about a request that must not be granted.
    pub fn is_negative(&self) -> bool {
        matches!(self, Self::Refused | Self::NeverReaches(_))
    }
}
