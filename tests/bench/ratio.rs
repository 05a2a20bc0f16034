//! Ratios: what was measured beside what it is compared with, and what it should be.

/// Prints the median of what neighbours in time gave, and its range: the speed of a machine changes
/// from one second to the next.
pub fn tell(what: &str, mut ratios: Vec<f64>, goal: &str) {
    ratios.sort_by(f64::total_cmp);
    match ratios[..] {
        [] => println!("{what}: not installed (goal {goal})"),
        [only] => println!("{what}: {only:.2} (goal {goal})"),
        [least, .., most] => {
            let median = ratios[ratios.len() / 2];
            println!("{what}: {median:.2}, from {least:.2} to {most:.2} (goal {goal})");
        }
    }
}
