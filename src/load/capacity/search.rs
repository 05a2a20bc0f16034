//! The search for the knee: which rate is tried next. Pure.

/// Where the knee is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The rate to begin with.
    pub from: f64,
    /// The highest rate.
    pub up_to: f64,
    /// The distance between a rate that is kept and one that is not, as a share, that is near
    /// enough.
    pub precision: f64,
}

/// How far below the first rate it is looked for, when that is too much already.
const DEEP: f64 = 64.0;

/// The next rate; none when the knee is found, or there is none within the bounds. Rates double
/// until one breaks an objective; then the middle between the two is tried.
pub fn next(tried: &[(f64, bool)], bounds: &Bounds) -> Option<f64> {
    let (kept, broken) = knee(tried);
    match (kept, broken) {
        (None, None) => Some(bounds.from.min(bounds.up_to)),
        (Some(kept), None) => (kept < bounds.up_to).then(|| (kept * 2.0).min(bounds.up_to)),
        (None, Some(broken)) => {
            let lower = round(broken / 2.0);
            (lower >= bounds.from / DEEP && lower > 0.0).then_some(lower)
        }
        (Some(kept), Some(broken)) => {
            let middle = round(f64::midpoint(kept, broken));
            let apart = broken / kept > 1.0 + bounds.precision;
            (apart && middle > kept && middle < broken).then_some(middle)
        }
    }
}

/// The highest rate that was kept below all that were not, and the lowest that was not.
pub fn knee(tried: &[(f64, bool)]) -> (Option<f64>, Option<f64>) {
    let broken = tried.iter().filter(|(_, kept)| !kept).map(|(rate, _)| *rate).reduce(f64::min);
    let below = |rate: f64| broken.is_none_or(|broken| rate < broken);
    let kept = tried.iter().filter(|(rate, kept)| *kept && below(*rate)).map(|(rate, _)| *rate);
    (kept.reduce(f64::max), broken)
}

/// A rate that people can read: to a tenth, or to three digits.
fn round(rate: f64) -> f64 {
    let unit = if rate >= 1000.0 {
        10.0
    } else if rate >= 100.0 {
        1.0
    } else {
        0.1
    };
    (rate / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches a provider that keeps its objective up to a rate.
    fn search(capacity: f64, bounds: &Bounds) -> (Option<f64>, Option<f64>, usize) {
        let mut tried = Vec::new();
        while let Some(rate) = next(&tried, bounds) {
            tried.push((rate, rate <= capacity));
            assert!(tried.len() < 60, "it does not end: {tried:?}");
        }
        let (kept, broken) = knee(&tried);
        (kept, broken, tried.len())
    }

    #[test]
    fn the_knee_is_found_in_few_steps() {
        let bounds = Bounds { from: 10.0, up_to: 50_000.0, precision: 0.05 };
        for capacity in [10.0, 11.0, 47.0, 100.0, 333.0, 999.0, 1001.0, 12_345.0, 49_999.0] {
            let (kept, broken, steps) = search(capacity, &bounds);
            let (kept, broken) = (kept.expect("a knee"), broken.expect("a break"));
            assert!(kept <= capacity && capacity < broken, "{kept} {capacity} {broken}");
            assert!(broken / kept <= 1.05 + 0.02, "{kept} {broken}");
            assert!(steps <= 19, "{capacity}: {steps} steps");
        }
    }

    #[test]
    fn what_lies_outside_is_said_to() {
        let bounds = Bounds { from: 64.0, up_to: 300.0, precision: 0.05 };
        assert_eq!(search(1e9, &bounds), (Some(300.0), None, 4));
        let (kept, broken, steps) = search(0.0, &bounds);
        assert!(kept.is_none() && broken.is_some_and(|broken| broken <= 1.0) && steps <= 8);
        let (kept, _, _) = search(20.0, &bounds);
        assert!(kept.is_some_and(|kept| (19.0..=20.0).contains(&kept)), "{kept:?}");
    }

    #[test]
    fn a_rate_above_one_that_broke_is_not_the_knee() {
        assert_eq!(knee(&[(10.0, true), (20.0, false), (40.0, true)]), (Some(10.0), Some(20.0)));
    }
}
