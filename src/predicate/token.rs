//! The predicates about keys, signatures and hashes.

use super::body::document;
use super::{Outcome, fails};
use crate::comparison::shown;
use crate::evaluate::{evaluate, spell};
use crate::expectation::{KeySetRule, LeftHash, Verification};
use crate::history::Record;
use crate::template::Template;
use crate::variables::Variables;
use crate::{jose, key_set as rules};

pub(super) fn verifies(v: &Verification, variables: &Variables) -> Outcome {
    let filled = |template| evaluate(template, variables);
    let sets = v.keys.iter().map(filled).collect::<Result<Vec<_>, _>>();
    let (jwt, sets) = match filled(&v.jwt).and_then(|jwt| Ok((spell(&jwt), sets?))) {
        Ok(filled) => filled,
        Err(why) => return Outcome::Unknown(why),
    };
    let mut verdicts = sets.iter().map(|keys| jose::verify(&jwt, keys));
    match verdicts.find(Result::is_ok).or_else(|| Some(jose::verify(&jwt, sets.last()?))) {
        Some(Ok(())) => Outcome::Holds,
        Some(Err(why)) => {
            fails("the signature verifies with the published key that `kid` names", why)
        }
        None => Outcome::Unknown("no key set is named".into()),
    }
}

pub(super) fn fits_key(v: &Verification, variables: &Variables) -> Outcome {
    let filled = |template| evaluate(template, variables);
    let (jwt, sets) =
        match (filled(&v.jwt), v.keys.iter().map(filled).collect::<Result<Vec<_>, _>>()) {
            (Ok(jwt), Ok(sets)) => (spell(&jwt), sets),
            (Err(why), _) | (_, Err(why)) => return Outcome::Unknown(why),
        };
    let mut verdicts = sets.iter().map(|set| rules::fits(&jwt, set));
    match verdicts.find(Result::is_ok).or_else(|| Some(rules::fits(&jwt, sets.last()?))) {
        Some(Err(why)) => fails("the alg is one that the named key is for", why),
        Some(Ok(())) => Outcome::Holds,
        None => Outcome::Unknown("no key set is named".into()),
    }
}

pub(super) fn key_set(rule: KeySetRule, record: &Record) -> Outcome {
    let set = match document(record) {
        Ok(set) => set,
        Err(outcome) => return outcome,
    };
    let (expected, judged) = match rule {
        KeySetRule::PublicOnly => ("only public members in the keys", rules::public_only(set)),
        KeySetRule::Strong => ("keys as strong as their algorithms ask", rules::strong(set)),
        KeySetRule::StatesUse => ("a `use` in every key", rules::states_use(set)),
    };
    judged.map_or_else(|why| fails(expected, why), |()| Outcome::Holds)
}

pub(super) fn keeps_kids(earlier: &Template, record: &Record, variables: &Variables) -> Outcome {
    match (evaluate(earlier, variables), document(record)) {
        (Ok(earlier), Ok(later)) => rules::keeps_kids(&earlier, later).map_or_else(
            |why| fails("a kid goes on naming the same key", why),
            |()| Outcome::Holds,
        ),
        (Err(why), _) => Outcome::Unknown(why),
        (_, Err(outcome)) => outcome,
    }
}

pub(super) fn left_hash(l: &LeftHash, variables: &Variables) -> Outcome {
    let (jwt, text) = match (evaluate(&l.jwt, variables), evaluate(&l.of, variables)) {
        (Ok(jwt), Ok(text)) => (spell(&jwt), spell(&text)),
        (Err(why), _) | (_, Err(why)) => return Outcome::Unknown(why),
    };
    let claims = match jose::claims(&jwt) {
        Ok(claims) => claims,
        Err(why) => return fails("a JWT", why),
    };
    match (claims.get(&l.at), jose::left_hash(&jwt, &text)) {
        (None, _) => Outcome::Holds,
        (_, Err(why)) => Outcome::Unknown(why),
        (Some(actual), Ok(hash)) if *actual == hash => Outcome::Holds,
        (Some(actual), Ok(hash)) => fails(format!("`{}` is \"{hash}\"", l.at), shown(actual)),
    }
}
