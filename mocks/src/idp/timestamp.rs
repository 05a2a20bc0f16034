//! The `TIMESTAMP` that a client signs.

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The time in the notation that is signed, if it is one: `EEE MMM d HH:mm:ss UTC yyyy` in English.
pub fn canonical(sent: &str) -> Option<String> {
    let [day_name, month, day, time, zone, year] = sent.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let day = number(day, 1..=2, 1..=31)?;
    let [hours, minutes, seconds] = time.split(':').collect::<Vec<_>>()[..] else {
        return None;
    };
    number(hours, 2..=2, 0..=23)?;
    number(minutes, 2..=2, 0..=59)?;
    number(seconds, 2..=2, 0..=60)?;
    number(year, 4..=4, 1970..=9999)?;
    let named = DAYS.contains(&day_name) && MONTHS.contains(&month) && zone == "UTC";
    // The day of the month has no leading zero where it is signed, whatever was sent.
    named.then(|| format!("{day_name} {month} {day} {time} {zone} {year}"))
}

fn number(
    digits: &str,
    lengths: std::ops::RangeInclusive<usize>,
    values: std::ops::RangeInclusive<u32>,
) -> Option<u32> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && lengths.contains(&digits.len());
    digits.parse().ok().filter(|value| plain && values.contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_one_notation_and_takes_leading_zeros_from_the_day() {
        let rows = [
            ("Sat Nov 21 02:18:05 UTC 2026", Some("Sat Nov 21 02:18:05 UTC 2026")),
            ("Sun Nov 1 02:18:05 UTC 2026", Some("Sun Nov 1 02:18:05 UTC 2026")),
            ("Sun Nov 01 02:18:05 UTC 2026", Some("Sun Nov 1 02:18:05 UTC 2026")),
            ("Sat Nov 21 2:18:05 UTC 2026", None),
            ("Sat Nov 21 25:18:05 UTC 2026", None),
            ("Sat Nov 21 02:18:05 +05:30 2026", None),
            ("lør. nov. 21 02:18:05 UTC 2026", None),
            ("2026-11-21T02:18:05Z", None),
            ("", None),
        ];
        for (sent, expected) in rows {
            assert_eq!(canonical(sent).as_deref(), expected, "{sent}");
        }
    }
}
