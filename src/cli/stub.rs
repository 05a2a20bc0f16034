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
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    // Listens from now on: whoever reads the address may interrupt at once.
    let _ = futures_util::poll!(interrupt.as_mut());
    print(&format!(
        "issuer         {}\ncontrol plane  {}/_stub/\nstop it with Ctrl-C\n",
        stub.issuer(),
        stub.base_url()
    ));
    interrupt.await.map_err(Failure::environment)?;
    Ok(0)
}
