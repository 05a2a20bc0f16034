//! Sharding: which part of a load one of several machines makes. Together they make the whole:
//! every arrival and every user of it belongs to exactly one.

use std::str::FromStr;
use std::time::Duration;

use crate::load::operation::next_in_mix;
use crate::load::plan::Operation;
use crate::load::schedule::{self, Schedule};

/// The most machines that share a load.
const MOST: usize = 1000;

/// One machine of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, counted from 0.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

/// The only machine.
impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || {
            format!(
                "expected I/N with I from 0 to N-1 and N at most {MOST}, such as 0/4, but found `{text}`"
            )
        };
        let (index, of) = text.split_once('/').ok_or_else(malformed)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| malformed());
        let shard = Self { index: number(index)?, of: number(of)? };
        if shard.index < shard.of && shard.of <= MOST { Ok(shard) } else { Err(malformed()) }
    }
}

/// How many of so many users are this machine's.
pub fn users(all: usize, shard: Shard) -> usize {
    (all + shard.of - 1 - shard.index) / shard.of
}

/// The number that a user of this machine has among all.
pub fn user(own: usize, shard: Shard) -> usize {
    own * shard.of + shard.index
}

/// The arrivals of this machine: when each is due, counted from the start, and what is to be done.
///
/// Every machine follows the whole schedule and leaves out what is another one's, so that random
/// arrivals are shared out, too. The operations of one kind go around, beginning with another
/// machine for each kind, so that no machine has only one kind.
pub fn arrivals(
    schedule: &Schedule,
    operations: &[Operation],
    shard: Shard,
) -> impl Iterator<Item = (Duration, usize)> + use<> {
    let shares: Vec<f64> = operations.iter().map(|operation| operation.share).collect();
    let mut mix = vec![0.0; shares.len()];
    let mut turns: Vec<usize> = (0..shares.len()).collect();
    schedule::instants(schedule).filter_map(move |instant| {
        let operation = next_in_mix(&mut mix, &shares);
        let turn = turns[operation] % shard.of;
        turns[operation] = turn + 1;
        (turn == shard.index).then_some((instant, operation))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::schedule::{Process, Segment};

    fn operation(share: f64) -> Operation {
        Operation {
            name: "a".into(),
            share,
            prepare: Vec::new(),
            steps: Vec::new(),
            case: None,
            measured: Vec::new(),
            carry: Vec::new(),
            verify: None,
            later: None,
        }
    }

    #[test]
    fn the_parts_are_the_whole() {
        let operations = [operation(0.5), operation(0.3), operation(0.2)];
        let segments = vec![
            Segment { from: 10.0, to: 200.0, seconds: 3.0 },
            Segment { from: 50.0, to: 50.0, seconds: 2.0 },
        ];
        for process in [Process::Regular, Process::Poisson { seed: 9 }] {
            let schedule = Schedule { segments: segments.clone(), process };
            let part = |index, of| arrivals(&schedule, &operations, Shard { index, of });
            let whole: Vec<(Duration, usize)> = part(0, 1).collect();
            for of in [2, 3, 4, 7] {
                let mut sum: Vec<_> = (0..of).flat_map(|index| part(index, of)).collect();
                sum.sort_unstable();
                assert_eq!(sum, whole, "{process:?}");
                for kind in 0..operations.len() {
                    let all = whole.iter().filter(|(_, other)| *other == kind).count();
                    for index in 0..of {
                        let own = part(index, of).filter(|(_, other)| *other == kind).count();
                        assert!(own == all / of || own == all / of + 1, "{kind}: {own} of {all}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_user_is_somebodys() {
        for (all, of) in [(64, 4), (10, 3), (7, 7), (5, 1)] {
            let of_shard = |index| {
                let shard = Shard { index, of };
                (0..users(all, shard)).map(move |own| user(own, shard))
            };
            let mut numbers: Vec<usize> = (0..of).flat_map(of_shard).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..all).collect::<Vec<_>>());
        }
    }

    #[test]
    fn shards_are_written_as_a_fraction_that_begins_with_nothing() {
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, of: 4 }));
        for text in ["", "4/4", "1", "a/b", "-1/4", "0/0", "0/100000", "1/2/3"] {
            let refusal = text.parse::<Shard>().expect_err(text);
            assert!(refusal.contains("expected I/N"), "{refusal}");
        }
    }
}
