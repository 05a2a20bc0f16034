//! YAML: the embedded files, and the one that a user gives. The only module that names the YAML crate.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Parses a file that is compiled into the crate.
///
/// # Panics
/// When the file is invalid: a unit test parses each of them, so that a build that passes never does.
pub fn parse<T: DeserializeOwned>(embedded: &str) -> T {
    serde_yaml::from_str(embedded).expect("the tests have parsed every embedded file")
}

/// A line and a column, from 1.
pub type Place = (u64, u64);

/// A document and where its parts stand, by paths such as `clients[0].id`.
#[derive(Debug)]
pub struct Located {
    /// The document.
    pub value: Value,
    /// The places.
    pub places: BTreeMap<String, Place>,
}

/// Parses a file that a user wrote.
///
/// # Errors
/// Says where it is no YAML, and why.
pub fn parse_located(text: &str) -> Result<Located, (Place, String)> {
    let options = serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_nodes: 20_000, max_depth: 64 },
    };
    let node: Node = serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let message = error.without_snippet().to_string();
        // The place has its own column in the caller's message.
        let message = message.split(" at line ").next().unwrap_or_default();
        (place, message.to_owned())
    })?;
    let mut places = BTreeMap::new();
    let value = flatten(node, "", &mut places);
    Ok(Located { value, places })
}

#[derive(Deserialize)]
struct Node(serde_yaml::Spanned<Tree>);

enum Tree {
    Scalar(Value),
    Sequence(Vec<Node>),
    Mapping(Vec<(serde_yaml::Spanned<String>, Node)>),
}

fn flatten(node: Node, path: &str, places: &mut BTreeMap<String, Place>) -> Value {
    let at = node.0.defined;
    places.entry(path.to_owned()).or_insert((at.line(), at.column()));
    match node.0.value {
        Tree::Scalar(value) => value,
        Tree::Sequence(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| flatten(item, &format!("{path}[{index}]"), places)).collect()
        }
        Tree::Mapping(members) => {
            let members = members.into_iter().map(|(key, value)| {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", key.value);
                places.insert(path.clone(), (key.defined.line(), key.defined.column()));
                (key.value, flatten(value, &path, places))
            });
            Value::Object(members.collect())
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut sequence = Vec::new();
        while let Some(item) = items.next_element()? {
            sequence.push(item);
        }
        Ok(Tree::Sequence(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut mapping = Vec::new();
        while let Some(member) = members.next_entry()? {
            mapping.push(member);
        }
        Ok(Tree::Mapping(mapping))
    }
}
