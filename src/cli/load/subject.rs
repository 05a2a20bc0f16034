//! What is put under load: a provider, or the embedded stub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authgauge_mocks::{Server, ServerOptions};
use clap::Args;
use url::Url;

use super::super::Failure;
use super::super::run::provider;
use crate::capability::ENDPOINTS;
use crate::doctor::proxy;
use crate::library::{Library, SourceFile};
use crate::load::capacity::campaign::Ground;
use crate::load::health::{self, STUB_THREAD};
use crate::load::plan::{self, Overrides};
use crate::load::safety;
use crate::load::sender::{Kind, Sender};
use crate::provider::Provider;
use crate::target;

/// Descriptors that are needed beside one connection for each worker.
const SPARE_DESCRIPTORS: usize = 64;

/// Ctrl-C and its kin end the run and not the program. This must come first: goose has a handler of
/// its own, which would end the program without a report, and only one can be installed.
pub fn listen(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || stop.store(true, Ordering::Relaxed)).map_err(Failure::environment)
}

pub fn profile(name: &str, library: &Library) -> Result<SourceFile, Failure> {
    if let Some(known) = library.loads.get(name) {
        return Ok(known.clone());
    }
    let text = std::fs::read_to_string(name).map_err(|e| {
        let known: Vec<&str> = library.loads.keys().map(String::as_str).collect();
        let known = known.join(", ");
        Failure::usage(format!(
            "the load profile {name} cannot be read: {e}\nhint: give a file, or one of {known}"
        ))
    })?;
    Ok(SourceFile { path: name.to_owned(), text: text.into() })
}

/// The embedded stub, on threads of its own so that its work does not count as the generator's.
/// Dropping the runtime ends it. It stands behind hyper: the other adapter handles one request at a
/// time and keeps every one.
pub fn embedded(
    dialect: &str,
    library: &Library,
) -> Result<(Provider, Option<StubThread>), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(health::processors())
        .thread_name(STUB_THREAD)
        .enable_all()
        .build()
        .map_err(Failure::environment)?;
    let handle = runtime.handle().clone();
    // Whatever goes wrong from here on: a runtime that is dropped inside another one panics.
    let stub = StubThread(Some(runtime));
    let options = ServerOptions { dialect: dialect.to_owned(), ..ServerOptions::default() };
    let bound = std::thread::scope(|scope| {
        // A runtime cannot wait inside another one.
        scope.spawn(|| handle.block_on(Server::bind(&options))).join()
    });
    let server = bound
        .map_err(|_| Failure::environment("the embedded stub did not start"))?
        .map_err(Failure::usage)?;
    let issuer = server.issuer().to_owned();
    handle.spawn(server.serve(std::future::pending()));
    let file = [format!("stub-{dialect}"), "stub".to_owned()];
    let file = file.iter().find_map(|name| library.providers.get(name));
    let file = file.ok_or_else(|| Failure::usage("there is no provider file `stub`"))?;
    let provider =
        Provider::parse(&file.path, &file.text, Some(&issuer)).map_err(Failure::usage)?;
    Ok((provider, Some(stub)))
}

/// The runtime of the embedded stub.
pub struct StubThread(Option<tokio::runtime::Runtime>);

impl Drop for StubThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is put under load.
#[derive(Debug, Clone, Args)]
pub struct Subject {
    /// The provider: a name under scenarios/providers, or a file; without it, an embedded stub
    #[arg(long, value_name = "NAME|FILE")]
    provider: Option<String>,
    /// The issuer, instead of the one in the provider file
    #[arg(long, value_name = "URL", requires = "provider")]
    issuer: Option<String>,
    /// The dialect of the embedded stub
    #[arg(long, value_name = "DIALECT", conflicts_with = "provider", default_value = "strict")]
    stub: String,
    /// A host beyond this machine whose operator has agreed to the load
    #[arg(long, value_name = "HOST")]
    allow: Vec<String>,
    /// By what requests are sent: `lean` costs less processor time; HTTP/1.1 only, no proxies and no
    /// compression
    #[arg(long, value_enum, default_value_t)]
    pub transport: Kind,
}

impl Subject {
    /// The embedded stub in a dialect.
    pub fn stub(dialect: &str, transport: Kind) -> Self {
        Self {
            provider: None,
            issuer: None,
            stub: dialect.to_owned(),
            allow: Vec::new(),
            transport,
        }
    }
}

/// A provider that may be put under load, and the stub that it is, if it is one.
pub struct Ready {
    /// The provider.
    pub provider: &'static Provider,
    allow: Vec<String>,
    _stub: Option<StubThread>,
}

/// Finds the provider, or starts the stub. One run is all that this process does: what lives as
/// long as it may be leaked.
pub fn ready(subject: &Subject, library: &Library) -> Result<Ready, Failure> {
    let (mut provider, stub) = match &subject.provider {
        Some(name) => (provider(name, subject.issuer.as_deref(), library)?, None),
        None => embedded(&subject.stub, library)?,
    };
    // Under load time passes by itself: nobody may move the provider's clock.
    provider.hooks.remove("advance_clock");
    let provider: &'static Provider = Box::leak(Box::new(provider));
    Ok(Ready { provider, allow: subject.allow.clone(), _stub: stub })
}

/// Makes a profile ready to run against the provider, when all of its hosts may be put under load.
pub async fn ground(
    ready: &Ready,
    library: &'static Library,
    file: &SourceFile,
    overrides: &Overrides,
) -> Result<Ground<Sender>, Failure> {
    let provider = ready.provider;
    let profile = plan::parse(file).map_err(Failure::usage)?;
    let plan = plan::bind(&profile, overrides, file, library, provider)
        .map_err(|mistakes| Failure::usage(mistakes.join("\n")))?;
    if plan.rotate_keys_every.is_some() && !provider.hooks.contains_key("rotate_keys") {
        return Err(Failure::usage(
            "rotate_keys_every needs a `rotate_keys` hook in the provider file",
        ));
    }
    safety::check_hosts([&provider.discovery], &ready.allow).map_err(Failure::usage)?;
    if plan.transport == Kind::Lean
        && let Some(proxy) = proxy::between(&provider.discovery)
    {
        let way = proxy.address;
        let why = format!("the lean transport knows no proxy, and {way} is between");
        return Err(Failure::usage(format!("{why}\nhint: use --transport standard, or NO_PROXY")));
    }
    let transport = Sender::new(plan.transport, plan.deadline).map_err(Failure::environment)?;
    let target = target::prepare(provider, &transport, Duration::ZERO).await.map_err(|e| {
        let hint = format!("is {} right, and does the provider listen there?", provider.discovery);
        Failure::environment(format!("the provider cannot be reached: {e}\nhint: {hint}"))
    })?;
    let endpoints: Vec<Url> = ENDPOINTS
        .iter()
        .filter_map(|name| Url::parse(target.variables.get(name)?.as_str()?).ok())
        .collect();
    let addresses = endpoints.iter().chain(target.origins.iter());
    safety::check_hosts(addresses, &ready.allow).map_err(Failure::usage)?;
    for operation in &plan.operations {
        let skipped = operation.case.iter().find_map(|case| {
            let needs = library.scenario(&case.scenario)?.scenario.needs.iter();
            needs.into_iter().find_map(|need| target.capabilities.missing(&need.value))
        });
        if let Some(lack) = skipped {
            let why = format!("{} does not apply to this provider: {lack:?}", operation.name);
            return Err(Failure::usage(why));
        }
    }
    Ok(Ground { plan, library, target, transport })
}

/// Each worker may have a connection, which is a file to the system.
pub fn check_descriptors(users: usize) -> Result<(), Failure> {
    let (Some(limit), Some(open)) = (health::descriptor_limit(), health::descriptors()) else {
        return Ok(());
    };
    let needed = users * 2 + open + SPARE_DESCRIPTORS;
    if needed <= limit {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{users} workers may need {needed} open files, and this process may have {limit}\n\
         hint: `ulimit -n {needed}`, or lower --users"
    )))
}

/// How many workers this process can have.
pub fn most_users() -> usize {
    let room = health::descriptor_limit().zip(health::descriptors());
    let room = room.map(|(limit, open)| limit.saturating_sub(open + SPARE_DESCRIPTORS) / 2);
    room.unwrap_or(safety::MOST_USERS).clamp(1, safety::MOST_USERS)
}
