//! The names that a case has bound, with their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// The most layers that are looked through for a name.
const DEPTH: usize = 16;

/// Names with their values. A copy shares all that it has in common: every step of a case keeps one,
/// and so does every worker of a load. What is bound to a copy goes into a layer of its own.
#[derive(Debug, Clone, Default)]
pub struct Variables(Arc<Layer>);

#[derive(Debug, Clone, Default)]
struct Layer {
    /// Sorted by name, for most layers have one or two of them. A name without a value hides the
    /// one below.
    names: Vec<(String, Option<Value>)>,
    below: Option<Arc<Self>>,
    /// How many layers are below.
    depth: usize,
}

impl Variables {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let known = layers(&self.0).find_map(|layer| Some(&layer.names[place(layer, name).ok()?]));
        known?.1.as_ref()
    }

    /// Binds a name; an older value is gone.
    pub fn insert(&mut self, name: String, value: Value) {
        self.put(name, Some(value));
    }

    /// Takes the value from a name.
    pub fn remove(&mut self, name: &str) {
        self.put(name.to_owned(), None);
    }

    fn put(&mut self, name: String, value: Option<Value>) {
        if Arc::get_mut(&mut self.0).is_none() {
            self.0 = Arc::new(above(&self.0));
        }
        if let Some(layer) = Arc::get_mut(&mut self.0) {
            match place(layer, &name) {
                Ok(at) => layer.names[at].1 = value,
                Err(at) => layer.names.insert(at, (name, value)),
            }
        }
    }
}

impl FromIterator<(String, Value)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(pairs: I) -> Self {
        let names: BTreeMap<String, Value> = pairs.into_iter().collect();
        let names = names.into_iter().map(|(name, value)| (name, Some(value))).collect();
        Self(Arc::new(Layer { names, ..Layer::default() }))
    }
}

/// Where a name is in a layer, or where it would have to be.
fn place(layer: &Layer, name: &str) -> Result<usize, usize> {
    layer.names.binary_search_by(|(own, _)| own.as_str().cmp(name))
}

/// A layer and those below it, from the uppermost down.
fn layers(top: &Arc<Layer>) -> impl Iterator<Item = &Layer> {
    std::iter::successors(Some(&**top), |layer| layer.below.as_deref())
}

/// An empty layer above another; where there are too many, all of them in one.
fn above(top: &Arc<Layer>) -> Layer {
    if top.depth < DEPTH {
        let below = Some(Arc::clone(top));
        return Layer { names: Vec::new(), below, depth: top.depth + 1 };
    }
    let mut names = BTreeMap::new();
    for (name, value) in layers(top).flat_map(|layer| &layer.names) {
        names.entry(name).or_insert(value);
    }
    let bound = names.into_iter().filter(|(_, value)| value.is_some());
    let names = bound.map(|(name, value)| (name.clone(), value.clone())).collect();
    Layer { names, ..Layer::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(variables: &Variables, name: &str) -> Option<u64> {
        variables.get(name).and_then(Value::as_u64)
    }

    #[test]
    fn a_copy_keeps_what_it_had() {
        let mut own: Variables =
            [("a".to_owned(), 1.into()), ("b".to_owned(), 2.into())].into_iter().collect();
        let copy = own.clone();
        own.insert("a".into(), 3.into());
        own.remove("b");
        own.insert("c".into(), 4.into());
        assert_eq!(["a", "b", "c"].map(|name| number(&own, name)), [Some(3), None, Some(4)]);
        assert_eq!(["a", "b", "c"].map(|name| number(&copy, name)), [Some(1), Some(2), None]);
        own.insert("b".into(), 5.into());
        assert_eq!(number(&own, "b"), Some(5));
    }

    #[test]
    fn many_copies_stay_shallow_and_lose_nothing() {
        let (mut own, mut kept) = (Variables::default(), Vec::new());
        for round in 0..1000_u64 {
            kept.push(own.clone());
            own.insert(format!("n{}", round % 40), round.into());
            if round % 7 == 0 {
                own.remove("n3");
            }
            assert!(layers(&own.0).count() <= DEPTH + 1);
        }
        assert_eq!(number(&own, "n39"), Some(999));
        assert_eq!(number(&own, "n0"), Some(960));
        assert_eq!(number(&own, "n3"), None);
        assert_eq!(number(&kept[999], "n39"), Some(959));
    }
}
