//! Histograms of durations: the only module that names the HdrHistogram crate.
//!
//! Values are microseconds with three significant digits, so that no percentile is off by more
//! than 0.1 %. Histograms add without loss.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// The significant decimal digits that are kept.
const DIGITS: u8 = 3;
/// The longest duration, in microseconds: an hour. Longer ones count as this.
const LONGEST: u64 = 3_600_000_000;

/// A histogram of durations.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(Hdr<u64>);

impl Default for Histogram {
    fn default() -> Self {
        let mut hdr = Hdr::new(DIGITS).expect("three digits are allowed");
        hdr.auto(true);
        Self(hdr)
    }
}

impl Histogram {
    /// Adds a duration.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(LONGEST);
        // Not the saturating way: that keeps to the range the histogram has at the moment.
        let recorded = self.0.record(micros.clamp(1, LONGEST));
        recorded.expect("a histogram that resizes itself takes any value");
    }

    /// Adds all of another histogram.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("a histogram that resizes itself takes any other");
    }

    /// How many durations it has.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The duration that this share of all do not exceed, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        milliseconds(self.0.value_at_quantile(share))
    }

    /// The longest duration, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        milliseconds(self.0.max())
    }

    /// The shortest duration, in milliseconds.
    pub fn min_ms(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { milliseconds(self.0.min()) }
    }

    /// The mean, in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.0.mean() / 1e3
    }

    /// The standard deviation, in milliseconds.
    pub fn deviation_ms(&self) -> f64 {
        self.0.stdev() / 1e3
    }

    /// The percentile distribution: the duration in milliseconds, the share of all, how many.
    pub fn distribution(&self) -> Vec<(f64, f64, u64)> {
        let mut seen = 0;
        let steps = self.0.iter_quantiles(5).map(|step| {
            seen += step.count_since_last_iteration();
            (milliseconds(step.value_iterated_to()), step.quantile_iterated_to(), seen)
        });
        steps.collect()
    }

    /// The V2 encoding, deflated, in base64: what interval logs hold.
    ///
    /// # Errors
    /// When it cannot be encoded, which only happens for want of memory.
    pub fn encode(&self) -> Result<String, String> {
        // Of one size, so that equal durations are equal bytes, however they were added up.
        let sized = Hdr::new_with_bounds(1, LONGEST, DIGITS);
        let mut sized: Hdr<u64> = sized.map_err(|e| format!("a histogram cannot be made: {e}"))?;
        sized.add(&self.0).map_err(|e| format!("a histogram cannot be encoded: {e}"))?;
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(&sized, &mut bytes);
        written.map_err(|e| format!("a histogram cannot be encoded: {e}"))?;
        Ok(STANDARD.encode(bytes))
    }

    /// Reads what [`Histogram::encode`] or another HdrHistogram wrote.
    ///
    /// # Errors
    /// Says what is malformed.
    pub fn decode(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text).map_err(|e| format!("it is not base64: {e}"))?;
        let read = Deserializer::new().deserialize(&mut bytes.as_slice());
        let mut hdr: Hdr<u64> = read.map_err(|e| format!("it is no HdrHistogram: {e}"))?;
        hdr.auto(true);
        Ok(Self(hdr))
    }
}

#[expect(clippy::cast_precision_loss, reason = "durations of up to an hour fit")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1e3
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "counts of a few thousand")]
mod tests {
    use super::*;

    fn of(durations: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        durations.into_iter().for_each(|us| histogram.record(Duration::from_micros(us)));
        histogram
    }

    #[test]
    fn eight_parts_add_up_to_the_whole_bit_for_bit() {
        let value = |k: u64| (k * 7919) % 2_000_003 + 1;
        let whole = of((0..40_000).map(value));
        let mut sum = Histogram::default();
        for part in 0..8 {
            let part = of((0..40_000).filter(|k| k % 8 == part).map(value));
            sum.add(&Histogram::decode(&part.encode().expect("encodes")).expect("decodes"));
        }
        assert_eq!(sum, whole);
        assert_eq!(sum.encode(), whole.encode());
    }

    #[test]
    fn percentiles_are_right_to_a_thousandth() {
        let histogram = of(1..=100_000);
        for (share, wanted) in [(0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (0.999, 99.9)] {
            let got = histogram.quantile_ms(share);
            assert!((got / wanted - 1.0).abs() <= 0.001, "p{share}: {got}");
        }
        assert_eq!(histogram.count(), 100_000);
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        for text in ["", "!!", "AAAA", "HISTFAAAACZ42g=="] {
            assert!(Histogram::decode(text).is_err(), "{text}");
        }
    }
}
