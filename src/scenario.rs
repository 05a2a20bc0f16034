//! The scenario language: what a YAML file may say.
//!
//! Everything is typed and closed. There are no loops, conditions or expressions: `${…}` fills in
//! values, `cases:` gives rows, and [`crate::expectation`] has the vocabulary of predicates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::action::{Jwt, Race, Repeat, Send, Visit, Wait};
use crate::diagnostic::Place;
use crate::expectation::{Expectation, Locator, Predicate};
use crate::template::Template;
use crate::yaml::Located;

/// A file under `scenarios/specs/`: the scenarios of one section of a specification.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// The scenarios, in the order in which they are listed.
    pub scenarios: Vec<Scenario>,
}

/// Steps, what to keep of their answers, and what the answers must be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A slug, unique in its section; the full id has the specification and section before it.
    pub id: Located<String>,
    /// One sentence: what the provider does when it conforms.
    pub title: String,
    /// Capabilities without which the scenario does not apply.
    #[serde(default)]
    pub needs: Vec<Located<String>>,
    /// What it may do to a provider that others use; a race need not be said.
    #[serde(default)]
    pub hazard: Option<Hazard>,
    /// The scenario that sends the same thing correctly; it must pass for this one to mean anything.
    #[serde(default)]
    pub twin: Option<Located<String>>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// What a scenario may do to a provider that others use. It is run against this machine only, unless
/// the user allows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    /// It sends many requests at the same moment.
    Race,
    /// It fails so often that a user or client may be locked out.
    LockOut,
}

/// A file under `scenarios/flows/`: steps that other scenarios use by name.
///
/// A flow ends with the request it is named after: changes, `keep`, `assume` and `expect` of the
/// step that calls it apply to its last step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// One sentence: what the flow obtains.
    pub title: String,
    /// Names that must be bound before the flow is called.
    #[serde(default)]
    pub takes: Vec<String>,
    /// Names the flow binds before its first step; a caller's `with:` may give other values.
    #[serde(default, rename = "let")]
    pub bindings: Bindings,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "Located<RawStep>")]
#[schemars(with = "RawStep")]
pub struct Step {
    /// A name by which `or_refused_at` refers to the step.
    pub name: Option<String>,
    /// What the step does.
    pub action: Action,
    /// What it does differently from the action as written.
    pub changes: Changes,
    /// One case for each row; none means one case.
    pub cases: Vec<Row>,
    /// What to bind from the answer.
    pub keep: Vec<(String, Locator)>,
    /// What must hold for the case to mean anything; otherwise its findings are inconclusive.
    pub assume: Vec<Predicate>,
    /// What the provider must do.
    pub expect: Vec<Expectation>,
    /// Where the step stands in its file.
    pub place: Place,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends one request; follows no redirect.
    Send(Send),
    /// Opens an address as a browser does: follows redirects, logs in, consents.
    Visit(Visit),
    /// Does the steps of a flow.
    Flow(Located<String>),
    /// Binds names.
    Let(Bindings),
    /// Builds a JWT, correct or broken on purpose, and binds it to a name.
    Jwt(Jwt),
    /// Lets time pass.
    Wait(Wait),
    /// Asks the provider's administration for something, as the provider file says.
    Hook(Located<String>),
    /// Does branches at once, behind a barrier.
    Race(Race),
    /// Does steps again and again.
    Repeat(Repeat),
}

/// What a step does differently from the action as written: a negative case changes one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Other values for names that the step or flow uses.
    pub with: Bindings,
    /// Parameters to give another value, or to send in addition.
    pub set: Bindings,
    /// Parameters to leave out.
    pub omit: Vec<Located<String>>,
    /// Parameters to send once more.
    pub add: Bindings,
}

/// One row of `cases:`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// A slug, unique among the rows.
    pub id: Located<String>,
    /// Capabilities without which the row does not apply, beside those of the scenario.
    #[serde(default)]
    pub needs: Vec<Located<String>>,
    /// Other values for names that the step or flow uses.
    #[serde(default)]
    pub with: Bindings,
    /// Parameters to give another value, or to send in addition.
    #[serde(default)]
    pub set: Bindings,
    /// Parameters to leave out.
    #[serde(default)]
    pub omit: Vec<Located<String>>,
    /// Parameters to send once more.
    #[serde(default)]
    pub add: Bindings,
}

/// Names and templates in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings(pub Vec<(String, Template)>);

impl<'de> Deserialize<'de> for Bindings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Ordered(PhantomData)).map(Self)
    }
}

impl JsonSchema for Bindings {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bindings".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Template>::json_schema(generator)
    }
}

/// Reads a mapping into pairs, because their order matters and a map type would lose it.
struct Ordered<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Ordered<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping from names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// The keys of a step of which it has exactly one.
const ACTIONS: [&str; 9] =
    ["send", "visit", "flow", "let", "jwt", "wait", "hook", "race", "repeat"];

/// For a schema: an object has one of these keys, in the sense of the keyword that has the list.
pub(crate) fn one_of(keys: &[&str]) -> serde_json::Value {
    keys.iter().map(|key| serde_json::json!({ "required": [key] })).collect()
}

/// A step as it is written, before it is known to have exactly one action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = one_of(&ACTIONS)))]
struct RawStep {
    name: Option<String>,
    send: Option<Send>,
    visit: Option<Visit>,
    flow: Option<Located<String>>,
    #[serde(rename = "let")]
    bindings: Option<Bindings>,
    jwt: Option<Jwt>,
    wait: Option<Wait>,
    hook: Option<Located<String>>,
    race: Option<Race>,
    repeat: Option<Repeat>,
    #[serde(default)]
    with: Bindings,
    #[serde(default)]
    set: Bindings,
    #[serde(default)]
    omit: Vec<Located<String>>,
    #[serde(default)]
    add: Bindings,
    #[serde(default)]
    cases: Vec<Row>,
    #[serde(default)]
    keep: Kept,
    #[serde(default)]
    assume: Vec<Predicate>,
    #[serde(default)]
    expect: Vec<Expectation>,
}

/// `keep:` as written, in order.
#[derive(Default)]
struct Kept(Vec<(String, Locator)>);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Ordered(PhantomData)).map(Self)
    }
}

impl JsonSchema for Kept {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Kept".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Locator>::json_schema(generator)
    }
}

impl TryFrom<Located<RawStep>> for Step {
    type Error = String;

    fn try_from(located: Located<RawStep>) -> Result<Self, String> {
        let Located { value: raw, place } = located;
        let actions = [
            raw.send.map(Action::Send),
            raw.visit.map(Action::Visit),
            raw.flow.map(Action::Flow),
            raw.bindings.map(Action::Let),
            raw.jwt.map(Action::Jwt),
            raw.wait.map(Action::Wait),
            raw.hook.map(Action::Hook),
            raw.race.map(Action::Race),
            raw.repeat.map(Action::Repeat),
        ];
        let mut given = actions.into_iter().flatten();
        let (Some(action), None) = (given.next(), given.next()) else {
            return Err(format!("a step needs exactly one of {}", ACTIONS.join(", ")));
        };
        let changes = Changes { with: raw.with, set: raw.set, omit: raw.omit, add: raw.add };
        if !matches!(action, Action::Send(_) | Action::Visit(_) | Action::Flow(_))
            && changes != Changes::default()
        {
            return Err("with, set, omit and add belong to send, visit and flow".into());
        }
        Ok(Self {
            name: raw.name,
            action,
            changes,
            cases: raw.cases,
            keep: raw.keep.0,
            assume: raw.assume,
            expect: raw.expect,
            place,
        })
    }
}
