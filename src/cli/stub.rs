//! `authgauge stub`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use authgauge_mocks::{Conditions, Latency, Quota, Server, ServerOptions};
use clap::Args;

use super::{Failure, print};

#[derive(Debug, Args)]
pub struct StubArgs {
    /// The dialect to speak
    #[arg(default_value = "strict")]
    dialect: String,
    /// The address to listen on. The passwords of a stub are no secrets, and whoever reaches it
    /// controls it
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Speak TLS, with a certificate of a throw-away authority
    #[arg(long)]
    tls: bool,
    /// Where the certificate of that authority goes; by default a temporary file
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_file: Option<PathBuf>,
    /// YAML over the dialect: users, clients, lifetimes, `base_url`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Be wrong on purpose; `authgauge faults` has the names
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,
    /// Hold answers back, by milliseconds of a log-normal distribution, such as 20,120
    #[arg(long, value_name = "P50,P99")]
    latency: Option<Latency>,
    /// The seed of these delays
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Answer 429 beyond so many requests per second, of all endpoints or of one: 50, token=120
    #[arg(long, value_name = "[ENDPOINT=]RATE")]
    quota: Vec<Quota>,
    /// Give a client that asks for itself the same token again within so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    reuse_tokens: u64,
    /// Cut off a client that takes longer to send a request
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    read_timeout: u64,
}

/// Serves the stub until it is interrupted or told to end.
pub async fn serve(args: &StubArgs) -> Result<u8, Failure> {
    let server = Server::bind(&options(args)).await.map_err(Failure::usage)?;
    let mut stop: Pin<Box<dyn Future<Output = ()>>> = Box::pin(stopped()?);
    // Listens from now on: whoever reads the address may interrupt at once.
    let early = futures_util::poll!(stop.as_mut());
    print(&greeting(&server));
    if early.is_pending() {
        server.serve(stop).await;
    }
    Ok(0)
}

fn options(args: &StubArgs) -> ServerOptions {
    let conditions = Conditions {
        latency: args.latency,
        generator: args.seed,
        quotas: args.quota.clone(),
        reuse_tokens: args.reuse_tokens,
        ..Conditions::default()
    };
    ServerOptions {
        dialect: args.dialect.clone(),
        config: args.config.clone(),
        faults: args.fault.clone(),
        host: args.host,
        port: args.port,
        tls: args.tls,
        ca_file: args.ca_file.clone(),
        conditions,
        patience: Duration::from_secs(args.read_timeout),
    }
}

fn greeting(server: &Server) -> String {
    let ca_file = server.ca_file().map(|path| format!("trust          {}\n", path.display()));
    format!(
        "issuer         {}\nlistens at     {base}\n{}control plane  {base}/_stub/\nstop it with Ctrl-C\n",
        server.issuer(),
        ca_file.unwrap_or_default(),
        base = server.base_url(),
    )
}

/// Returns once the user, or whoever runs the program, wants it to end.
#[cfg(unix)]
fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Failure::environment)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(Failure::environment)?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Returns once the user wants the program to end.
#[cfg(not(unix))]
fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        // Without the signal, the program ends as any other does.
        drop(tokio::signal::ctrl_c().await);
    })
}
