//! Scales: where a value lies on an axis, and where its ticks are.

/// How an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from nought.
    Linear,
    /// By powers of ten.
    Log,
    /// Shares by their distance from one, so that 90 %, 99 % and 99.9 % are equally far apart.
    Nines,
}

/// The values that an axis spans.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    scale: Scale,
    /// The ends, on the scale.
    from: f64,
    to: f64,
}

/// The most ticks of an axis that counts evenly.
const TICKS: f64 = 6.0;
/// A distribution ends with its longest value, whose share is 1: it is drawn this near to it.
const NEAREST: f64 = 1e-6;

/// The span of values; none when there are none that can be shown.
pub fn span(scale: Scale, values: impl Iterator<Item = f64>) -> Option<Span> {
    let shown = values.filter(|value| value.is_finite()).map(|value| on(scale, value));
    let ends = shown.fold(None, |ends: Option<(f64, f64)>, value| {
        let (from, to) = ends.unwrap_or((value, value));
        Some((from.min(value), to.max(value)))
    });
    let (from, to) = ends?;
    let (from, to) = match scale {
        Scale::Linear => (from.min(0.0), to),
        Scale::Log => (from.floor(), to.ceil()),
        Scale::Nines => (0.0, to),
    };
    Some(Span { scale, from, to: if to > from { to } else { from + 1.0 } })
}

impl Span {
    /// Where a value lies, from 0 to 1.
    pub fn place(&self, value: f64) -> f64 {
        ((on(self.scale, value) - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// The values that get a tick, with their text.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => self.even(),
            Scale::Log => self.decades(),
            Scale::Nines => self.nines(),
        }
    }

    fn even(&self) -> Vec<(f64, String)> {
        let step = nice((self.to - self.from) / TICKS);
        let ticks = (0..=200).map(|at| (self.from / step).ceil() * step + f64::from(at) * step);
        ticks
            .take_while(|tick| *tick <= self.to * (1.0 + 1e-9))
            .map(|tick| (tick, text(tick)))
            .collect()
    }

    fn decades(&self) -> Vec<(f64, String)> {
        let parts: &[f64] = if self.to - self.from <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let decades = (0..=20).map(|at| self.from + f64::from(at)).take_while(|d| *d <= self.to);
        let ticks =
            decades.flat_map(|decade| parts.iter().map(move |part| part * 10_f64.powf(decade)));
        ticks.filter(|tick| tick.log10() <= self.to + 1e-9).map(|tick| (tick, text(tick))).collect()
    }

    fn nines(&self) -> Vec<(f64, String)> {
        let known = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999];
        let shown = known.into_iter().filter(|share| on(Scale::Nines, *share) <= self.to + 1e-9);
        shown.map(|share| (share, text(share * 100.0))).collect()
    }
}

fn on(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Log => value.max(1e-3).log10(),
        Scale::Nines => -(1.0 - value).max(NEAREST).log10(),
    }
}

/// The next number up of 1, 2 and 5 and their decades.
fn nice(step: f64) -> f64 {
    let decade = 10_f64.powf(step.log10().floor());
    let parts = [1.0, 2.0, 5.0].map(|part| part * decade);
    parts.into_iter().find(|part| *part >= step).unwrap_or(10.0 * decade)
}

/// A number without the noise of binary fractions.
fn text(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(scale: Scale, values: &[f64]) -> Vec<String> {
        let span = span(scale, values.iter().copied()).expect("values");
        span.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(ticks(Scale::Linear, &[0.0, 47.0]), ["0", "10", "20", "30", "40"]);
        assert_eq!(
            ticks(Scale::Linear, &[0.3]),
            ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3"]
        );
        assert_eq!(ticks(Scale::Log, &[0.4, 3000.0]), ["0.1", "1", "10", "100", "1000", "10000"]);
        assert_eq!(ticks(Scale::Log, &[12.0, 80.0]), ["10", "20", "50", "100"]);
        assert_eq!(ticks(Scale::Nines, &[0.5, 0.999]), ["0", "50", "90", "99", "99.9"]);
    }

    #[test]
    fn nines_are_equally_far_apart_and_the_last_value_has_a_place() {
        let span = span(Scale::Nines, [0.0, 1.0].into_iter()).expect("values");
        let gap = span.place(0.99) - span.place(0.9);
        assert!((span.place(0.999) - span.place(0.99) - gap).abs() < 1e-9);
        assert!((span.place(1.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn no_value_has_no_span_and_zero_has_one() {
        assert_eq!(span(Scale::Log, std::iter::empty()), None);
        assert_eq!(span(Scale::Log, [f64::NAN].into_iter()), None);
        assert!(!ticks(Scale::Linear, &[0.0]).is_empty());
        assert!(!ticks(Scale::Log, &[0.0]).is_empty());
    }
}
