//! The Universal Scalability Law (Gunther): how throughput grows with concurrency. Pure.
//!
//! `X(N) = λN / (1 + σ(N−1) + κN(N−1))`: λ is the throughput of one alone, σ the share that has to
//! wait for others (contention), κ the cost of agreeing with each other (coherency).

use serde::{Deserialize, Serialize};

/// Fewer points leave nothing over to tell whether three parameters fit.
const LEAST_POINTS: usize = 5;
/// The concurrency must have changed by this factor, or nothing shows.
const LEAST_RANGE: f64 = 4.0;
/// The least share of the variance of the throughput that the fit explains.
const LEAST_EXPLAINED: f64 = 0.9;
/// How far below zero a parameter may come out by noise, in relation to what is measured.
const NOISE: f64 = 0.01;

/// A point: how many were under way, and how many were done per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The operations under way, on average.
    pub in_flight: f64,
    /// The operations done per second.
    pub per_s: f64,
}

/// What the points say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scalability {
    /// The points.
    pub points: Vec<Point>,
    /// The law that fits best; none when no fit means anything.
    pub fit: Option<Fit>,
    /// Why not.
    pub meaningless_because: Option<String>,
}

/// The law with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// λ: the throughput of one alone, per second.
    pub lambda: f64,
    /// σ: contention, a share.
    pub sigma: f64,
    /// κ: coherency.
    pub kappa: f64,
    /// The share of the variance of the throughput that it explains.
    pub explained: f64,
    /// The concurrency at which throughput is highest; none when it never falls.
    pub peak_in_flight: Option<f64>,
    /// The highest throughput by this law, per second; none when it grows without bound.
    pub most_per_s: Option<f64>,
}

/// Fits the law by least squares. `N/X = (1 + σ(N−1) + κN(N−1)) / λ` is linear in its unknowns.
pub fn fit(points: &[Point]) -> Scalability {
    let points: Vec<Point> =
        points.iter().copied().filter(|p| p.in_flight > 0.0 && p.per_s > 0.0).collect();
    let result = meaningful(&points);
    Scalability { fit: result.as_ref().ok().copied(), meaningless_because: result.err(), points }
}

fn meaningful(points: &[Point]) -> Result<Fit, String> {
    if points.len() < LEAST_POINTS {
        return Err(format!("{} steps are too few, {LEAST_POINTS} are needed", points.len()));
    }
    let concurrency = || points.iter().map(|point| point.in_flight);
    let (least, most) =
        (concurrency().fold(f64::INFINITY, f64::min), concurrency().fold(0.0, f64::max));
    if most / least < LEAST_RANGE {
        return Err(format!(
            "only {least:.1} to {most:.1} operations were under way, which is too narrow a range"
        ));
    }
    let fit = solve(points).ok_or("the steps do not differ enough to solve for three unknowns")?;
    if fit.lambda <= 0.0 {
        return Err("the throughput of one alone comes out as nothing".into());
    }
    if fit.sigma < -NOISE || fit.kappa < -NOISE {
        return Err(format!(
            "contention {:.3} or coherency {:.5} comes out negative: it became faster under load",
            fit.sigma, fit.kappa
        ));
    }
    if fit.explained < LEAST_EXPLAINED {
        return Err(format!(
            "it explains {:.0} % of the differences in throughput, and less than {:.0} % is chance",
            fit.explained.max(0.0) * 100.0,
            LEAST_EXPLAINED * 100.0
        ));
    }
    Ok(fit)
}

/// The least squares of `N/X = a + b(N−1) + cN(N−1)`, each point weighted by `1/(N/X)²`, because
/// what is measured is off by shares and not by amounts.
fn solve(points: &[Point]) -> Option<Fit> {
    let mut rows = [[0.0; 4]; 3];
    for Point { in_flight: n, per_s: x } in points.iter().copied() {
        let (y, terms) = (n / x, [1.0, n - 1.0, n * (n - 1.0)]);
        let weight = 1.0 / (y * y);
        for (row, left) in rows.iter_mut().zip(terms) {
            for (cell, right) in row.iter_mut().zip(terms.into_iter().chain([y])) {
                *cell += weight * left * right;
            }
        }
    }
    let [a, b, c] = eliminate(rows)?;
    let (lambda, sigma, kappa) = (1.0 / a, b / a, c / a);
    let predicted = |n: f64| lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0));
    let explained = explained(points, predicted);
    let peak = (kappa > 0.0 && sigma < 1.0).then(|| ((1.0 - sigma) / kappa).sqrt());
    // Without coherency, contention alone bounds it.
    let most = peak.map(predicted).or((sigma > 0.0).then(|| lambda / sigma));
    Some(Fit { lambda, sigma, kappa, explained, peak_in_flight: peak, most_per_s: most })
}

/// The share of the variance of the throughput that a law explains.
fn explained(points: &[Point], predicted: impl Fn(f64) -> f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a handful of points")]
    let mean = points.iter().map(|point| point.per_s).sum::<f64>() / points.len() as f64;
    let square = |difference: f64| difference * difference;
    let all: f64 = points.iter().map(|point| square(point.per_s - mean)).sum();
    let left: f64 =
        points.iter().map(|point| square(point.per_s - predicted(point.in_flight))).sum();
    if all > 0.0 { 1.0 - left / all } else { 0.0 }
}

/// Solves three linear equations by elimination with pivots; none when they have no one solution.
fn eliminate(mut rows: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for column in 0..3 {
        let pivot =
            (column..3).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column];
        if head[column].abs() < f64::MIN_POSITIVE.sqrt() {
            return None;
        }
        for other in (0..3).filter(|other| *other != column) {
            let factor = rows[other][column] / head[column];
            for (cell, value) in rows[other].iter_mut().zip(head) {
                *cell -= factor * value;
            }
        }
    }
    let solution = [0, 1, 2].map(|row| rows[row][3] / rows[row][row]);
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a law, each off by a share that alternates.
    fn points(lambda: f64, sigma: f64, kappa: f64, off: f64) -> Vec<Point> {
        let at = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
            .into_iter()
            .zip([1.0, -1.0].into_iter().cycle());
        at.map(|(n, sign)| {
            let x = lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0));
            Point { in_flight: n, per_s: x * (1.0 + sign * off) }
        })
        .collect()
    }

    fn near(got: f64, wanted: f64, off: f64) {
        assert!((got - wanted).abs() <= off, "{got}, not {wanted}");
    }

    #[test]
    fn the_parameters_of_exact_points_are_found_again() {
        for (lambda, sigma, kappa) in [(100.0, 0.05, 0.001), (1000.0, 0.5, 0.0), (20.0, 0.0, 0.01)]
        {
            let found = fit(&points(lambda, sigma, kappa, 0.0)).fit.expect("a fit");
            near(found.lambda, lambda, lambda * 1e-6);
            near(found.sigma, sigma, 1e-6);
            near(found.kappa, kappa, 1e-6);
            near(found.explained, 1.0, 1e-9);
        }
        let found = fit(&points(100.0, 0.05, 0.001, 0.0)).fit.expect("a fit");
        near(found.peak_in_flight.expect("a peak"), (0.95_f64 / 0.001).sqrt(), 1e-3);
        near(found.most_per_s.expect("a bound"), 903.8, 0.1);
    }

    #[test]
    fn noise_moves_them_a_little() {
        let found = fit(&points(100.0, 0.1, 0.001, 0.03)).fit.expect("a fit");
        near(found.lambda, 100.0, 8.0);
        near(found.sigma, 0.1, 0.03);
        near(found.kappa, 0.001, 0.0005);
    }

    #[test]
    fn a_fit_that_means_nothing_is_not_shown() {
        let law = points(100.0, 0.1, 0.001, 0.0);
        let narrow = law.iter().map(|p| Point { in_flight: 10.0 + p.in_flight / 100.0, ..*p });
        let faster =
            [1.0, 2.0, 4.0, 8.0, 16.0, 32.0].map(|n: f64| Point { in_flight: n, per_s: n * n });
        let random = [3.0, 90.0, 5.0, 80.0, 2.0, 85.0].into_iter().zip(1_i32..);
        let random = random.map(|(x, n)| Point { in_flight: f64::from(n), per_s: x });
        let rows = [
            (law[..4].to_vec(), "too few"),
            (narrow.collect(), "too narrow"),
            (faster.to_vec(), "negative"),
            (random.collect(), ""),
            (Vec::new(), "too few"),
        ];
        for (points, why) in rows {
            let result = fit(&points);
            assert_eq!(result.fit, None, "{result:?}");
            assert!(result.meaningless_because.is_some_and(|said| said.contains(why)), "{why}");
        }
    }
}
