//! Tests that may have to be left out: as ignored, with the reason, where the ordinary ones only pass.
#![allow(unused_macros, unused_imports, reason = "each test uses a part of it")]

use libtest_mimic::{Completion, Failed, Trial};

/// Ordinary tests, by the names of their functions.
macro_rules! trials {
    ($($test:ident),* $(,)?) => {
        vec![$(libtest_mimic::Trial::test(stringify!($test), || { $test(); Ok(()) })),*]
    };
}
pub(crate) use trials;

/// A test that is left out, for the reason that `missing` gives, if it gives one.
pub fn unless(
    missing: fn() -> Option<String>,
    name: &str,
    test: impl FnOnce() + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || -> Result<Completion, Failed> {
        if let Some(why) = missing() {
            return Ok(Completion::ignored_with(why));
        }
        test();
        Ok(Completion::Completed)
    })
}

/// Why nothing is tested that has to be fetched first.
pub fn no_interop() -> Option<String> {
    let unset = std::env::var_os("AUTHGAUGE_INTEROP").is_none();
    unset.then(|| "set AUTHGAUGE_INTEROP=1 to run it".to_owned())
}
