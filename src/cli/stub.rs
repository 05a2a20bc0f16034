//! `authgauge stub`.

use authgauge_mocks::{Options, Stub};
use clap::Args;

use super::{Failure, print};

#[derive(Debug, Args)]
pub struct StubArgs {
    /// The dialect to speak
    #[arg(default_value = "strict")]
    dialect: String,
    /// The loopback port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Be wrong on purpose; `authgauge faults` has the names
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,
}

/// Serves the stub until it is interrupted.
pub async fn serve(args: &StubArgs) -> Result<u8, Failure> {
    let options =
        Options { dialect: args.dialect.clone(), faults: args.fault.clone(), port: args.port };
    let stub = Stub::start(&options).await.map_err(Failure::usage)?;
    print(&format!(
        "issuer         {}\ncontrol plane  {}/_stub/\nstop it with Ctrl-C\n",
        stub.issuer(),
        stub.base_url()
    ));
    tokio::signal::ctrl_c().await.map_err(Failure::environment)?;
    Ok(0)
}
