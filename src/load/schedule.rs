//! The schedule: when each arrival is due, as a pure function of the profile. No clock.

use std::f64::consts::LN_2;
use std::time::Duration;

/// A stretch of time in which the rate is constant or changes evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Arrivals per second at its beginning.
    pub from: f64,
    /// Arrivals per second at its end.
    pub to: f64,
    /// How long it lasts, in seconds.
    pub seconds: f64,
}

/// How arrivals follow each other at a given rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// At equal distances.
    Regular,
    /// At random, independent of each other, as users do; the same seed gives the same arrivals.
    Poisson {
        /// The seed.
        seed: u64,
    },
}

/// When arrivals are due.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The rate over time.
    pub segments: Vec<Segment>,
    /// How arrivals follow each other.
    pub process: Process,
}

/// The same rate for so many seconds.
pub fn steady(rate: f64, seconds: f64, process: Process) -> Schedule {
    Schedule { segments: vec![Segment { from: rate, to: rate, seconds }], process }
}

/// How long the schedule lasts.
pub fn duration(schedule: &Schedule) -> Duration {
    Duration::from_secs_f64(schedule.segments.iter().map(|segment| segment.seconds).sum())
}

/// How many arrivals are expected; of regular ones exactly so many come, up to rounding.
pub fn expected(schedule: &Schedule) -> f64 {
    schedule.segments.iter().map(arrivals_in).sum()
}

/// The highest rate, in arrivals per second.
pub fn peak(schedule: &Schedule) -> f64 {
    schedule.segments.iter().map(|segment| segment.from.max(segment.to)).fold(0.0, f64::max)
}

/// The instants of all arrivals, counted from the start, in order.
pub fn instants(schedule: &Schedule) -> impl Iterator<Item = Duration> + use<> {
    let segments = schedule.segments.clone();
    let mut generator = match schedule.process {
        Process::Regular => None,
        Process::Poisson { seed } => Some(fastrand::Rng::with_seed(seed)),
    };
    // In the time that passes at one arrival a second, regular arrivals are 1 apart and random ones
    // exponentially distributed with mean 1. The rate bends that time into seconds.
    let mut level = match &mut generator {
        None => 0.0,
        Some(generator) => exponential(generator),
    };
    std::iter::from_fn(move || {
        let instant = when(&segments, level)?;
        level += generator.as_mut().map_or(1.0, exponential);
        Some(Duration::from_secs_f64(instant))
    })
}

/// An exponentially distributed variate with mean 1.
fn exponential(generator: &mut fastrand::Rng) -> f64 {
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    -(1.0 - generator.f64()).log2() * LN_2
}

fn arrivals_in(segment: &Segment) -> f64 {
    f64::midpoint(segment.from, segment.to) * segment.seconds
}

/// The second at which so many arrivals have been due; none when the schedule ends before.
fn when(segments: &[Segment], level: f64) -> Option<f64> {
    let (mut left, mut begun) = (level, 0.0);
    for segment in segments {
        let here = arrivals_in(segment);
        // An arrival at the very end belongs to what follows, or is too late. A rounding error in
        // the sums of rates must not add one.
        if left < here - 1e-9 {
            return Some(begun + within(segment, left));
        }
        (left, begun) = ((left - here).max(0.0), begun + segment.seconds);
    }
    None
}

/// The second within a segment at which so many of its arrivals have been due: the root of
/// `from·t + (to − from)·t²/(2·seconds) = level`, in the form that is exact for equal rates too.
fn within(segment: &Segment, level: f64) -> f64 {
    if level <= 0.0 {
        return 0.0;
    }
    let slope = (segment.to - segment.from) / segment.seconds;
    let root = (segment.from * segment.from + 2.0 * slope * level).max(0.0).sqrt();
    2.0 * level / (segment.from + root)
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "counts of a few thousand")]
mod tests {
    use super::*;

    fn schedule(segments: &[(f64, f64, f64)], process: Process) -> Schedule {
        let segments = segments.iter();
        let segments = segments.map(|&(from, to, seconds)| Segment { from, to, seconds }).collect();
        Schedule { segments, process }
    }

    fn seconds(schedule: &Schedule) -> Vec<f64> {
        instants(schedule).map(|at| at.as_secs_f64()).collect()
    }

    #[test]
    fn a_constant_rate_is_evenly_spaced_and_exact_in_number() {
        for rate in [1.0, 3.0, 50.0, 333.0, 2000.0] {
            let all = seconds(&schedule(&[(rate, rate, 3.0)], Process::Regular));
            assert!((all.len() as f64 - rate * 3.0).abs() < 0.5);
            for (k, at) in all.iter().enumerate() {
                assert!((at - k as f64 / rate).abs() < 1e-6, "arrival {k} of {rate}/s at {at}");
            }
        }
    }

    #[test]
    fn every_schedule_is_ordered_ends_in_time_and_has_the_number_it_expects() {
        let shapes: [&[(f64, f64, f64)]; 5] = [
            &[(0.0, 100.0, 4.0)],
            &[(100.0, 0.0, 4.0)],
            &[(10.0, 10.0, 1.0), (50.0, 50.0, 2.0), (20.0, 20.0, 1.0)],
            &[(10.0, 10.0, 1.0), (500.0, 500.0, 0.2), (10.0, 10.0, 1.0)],
            &[(0.0, 0.0, 1.0), (5.0, 5.0, 1.0)],
        ];
        for shape in shapes {
            for process in [Process::Regular, Process::Poisson { seed: 3 }] {
                let schedule = schedule(shape, process);
                let (all, expected) = (seconds(&schedule), expected(&schedule));
                assert!(all.windows(2).all(|pair| pair[0] <= pair[1]), "{shape:?}");
                assert!(all.iter().all(|at| *at <= duration(&schedule).as_secs_f64()));
                let spread = if process == Process::Regular { 1.0 } else { 5.0 * expected.sqrt() };
                assert!((all.len() as f64 - expected).abs() <= spread, "{shape:?}: {}", all.len());
            }
        }
    }

    #[test]
    fn a_ramp_has_a_quarter_of_its_arrivals_in_its_first_half() {
        let all = seconds(&schedule(&[(0.0, 1000.0, 2.0)], Process::Regular));
        let early = all.iter().filter(|at| **at < 1.0).count();
        assert_eq!((all.len(), early), (1000, 250));
    }

    #[test]
    fn random_arrivals_depend_on_the_seed_only_and_have_exponential_gaps() {
        let with = |seed| seconds(&schedule(&[(1000.0, 1000.0, 20.0)], Process::Poisson { seed }));
        let all = with(7);
        assert!(all == with(7) && all != with(8));
        let gaps: Vec<f64> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let longer = gaps.iter().filter(|gap| **gap > mean).count() as f64 / gaps.len() as f64;
        // Of exponential gaps 1/e = 36.8 % are longer than their mean; of regular ones none.
        assert!((longer - 0.368).abs() < 0.02, "{longer}");
    }
}
