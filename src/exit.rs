//! The exit codes: a documented contract, printed by `--help` and tested.

/// The provider conforms; known deviations are listed in the report.
pub const CONFORMS: u8 = 0;
/// The provider violates a requirement, or a known deviation is stale or expired.
pub const VIOLATION: u8 = 1;
/// The command line, a scenario or a provider file is wrong, or nothing is selected.
pub const USAGE: u8 = 2;
/// Something could not be tested, or the provider cannot be reached.
pub const INCONCLUSIVE: u8 = 3;
/// A load threshold was missed.
pub const THRESHOLD: u8 = 4;
/// A load measurement is invalid because the generator was the limit.
pub const INVALID_MEASUREMENT: u8 = 5;

/// What `--help` says about them.
pub const HELP: &str = "\
Exit codes:
  0  the provider conforms (known deviations are listed)
  1  a violation, or a known deviation that is stale or expired
  2  wrong usage, a mistake in a scenario or provider file, or nothing selected
  3  something could not be tested, or the provider cannot be reached
  4  a load threshold was missed
  5  a load measurement is invalid: the generator was the limit";

/// What `doctor --help` says about them: it finds configuration, never a verdict.
pub const DOCTOR_HELP: &str = "\
Exit codes:
  0  all is well
  2  a setting has to change, or the provider file is wrong
  3  the provider cannot be reached";
