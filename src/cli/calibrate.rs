//! `authgauge calibrate`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::load::{Subject, check_descriptors, found, ground, listen, profile, ready};
use super::{Failure, print};
use crate::exit;
use crate::library::Library;
use crate::load::calibration::{self, Calibration};
use crate::load::plan::Overrides;
use crate::load::run::Named;
use crate::load::sender::Kind;
use crate::load::shard::Shard;

/// The share of operations that must go right, or the figures are of something else.
const RIGHT: f64 = 0.99;

#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// The load profile: a name under scenarios/load, or a file
    #[arg(value_name = "NAME|FILE")]
    profile: String,
    /// The dialect of the embedded stub
    #[arg(long, value_name = "DIALECT", default_value = "strict")]
    stub: String,
    /// Operations per second, instead of the highest rate of the profile
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,
    /// How many workers, instead of the profile's
    #[arg(long, value_name = "NUMBER")]
    users: Option<usize>,
    /// By what requests are sent
    #[arg(long, value_enum, default_value_t)]
    transport: Kind,
}

/// Rehearses a load against the embedded stub, and says whether this machine can make it.
pub async fn calibrate(args: &CalibrateArgs, library: Library) -> Result<u8, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop)?;
    let library: &'static Library = Box::leak(Box::new(library));
    let file = profile(&args.profile, library)?;
    let ready = ready(&Subject::stub(&args.stub, args.transport), library)?;
    let overrides = Overrides {
        rate: args.rate,
        duration: None,
        users: args.users,
        model: None,
        transport: args.transport,
        shard: Shard::default(),
    };
    let ground = ground(&ready, library, &file, &overrides).await?;
    check_descriptors(ground.plan.users)?;
    let named = Named { name: file.path.clone(), fingerprint: String::new() };
    let calibration = found(calibration::calibrate(&ground, &named, &stop).await)?;
    drop(ready);
    check(&calibration, &args.stub)?;
    print(&calibration::terminal(&calibration));
    let enough = calibration.rehearsal.is_none_or(|rehearsal| rehearsal.summary.valid);
    Ok(if enough { exit::CONFORMS } else { exit::INVALID_MEASUREMENT })
}

/// What fails costs something else than what succeeds.
fn check(calibration: &Calibration, dialect: &str) -> Result<(), Failure> {
    let right = calibration::right(&calibration.at_full_speed);
    if right >= RIGHT {
        return Ok(());
    }
    let reasons = calibration.at_full_speed.steps.iter().flat_map(|step| &step.reasons);
    let reason = reasons.map(|reason| reason.reason.as_str()).next().unwrap_or("no answer came");
    Err(Failure::environment(format!(
        "only {:.0} % of the operations went right against the stub `{dialect}`: {reason}\n\
         hint: --stub chooses another dialect",
        right * 100.0
    )))
}
