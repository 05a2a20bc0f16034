//! A real browser: finds the program, starts it when it is first needed, and ends it.
//!
//! It shows pages and runs their scripts, and never speaks to anybody itself: every request that it
//! wants to make goes through our own transport (see [`crate::tab`]), and its own way out is barred.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::browser::{Trail, Visit};
use crate::devtools::Devtools;
use crate::tab;
use crate::transport::Transport;

/// The environment variable with the program to use.
pub const VARIABLE: &str = "AUTHGAUGE_BROWSER";

/// The programs that are looked for in `PATH`.
const PROGRAMS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long the program may take to start.
const START: Duration = Duration::from_secs(60);

/// How it is started: without a window, without what speaks to its makers, and with a way out that
/// leads nowhere, for loopback addresses too. Frames of other sites stay in the tab's own process, or
/// their requests would not be seen.
const SETTINGS: [&str; 18] = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,OptimizationHints,MediaRouter,Translate",
    "--password-store=basic",
    "--proxy-server=127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
];

/// The browser of a run; it is started by the first visit.
#[derive(Debug)]
pub struct Chromium {
    running: OnceCell<Result<Running, String>>,
    /// How long one exchange may take.
    patience: Duration,
}

/// A part of the browser that shares nothing with the others: one user's cookies.
#[derive(Debug)]
pub struct Context(pub String);

#[derive(Debug)]
struct Running {
    devtools: Devtools,
    /// Dropping it ends the program.
    _program: Program,
}

#[derive(Debug)]
struct Program {
    child: Child,
    profile: PathBuf,
}

impl Chromium {
    /// A browser that is not started yet.
    pub fn new(patience: Duration) -> Self {
        Self { running: OnceCell::new(), patience }
    }

    /// Makes a visit in a context, which is made when there is none.
    ///
    /// # Errors
    /// When the browser cannot be used; what the provider does is in the trail.
    pub async fn visit<T: Transport>(
        &self,
        transport: &T,
        context: &mut Option<Context>,
        visit: &Visit<'_>,
    ) -> Result<Trail, String> {
        let running = self.running.get_or_init(start).await;
        let devtools = &running.as_ref().map_err(Clone::clone)?.devtools;
        if context.is_none() {
            let made = devtools.call("", "Target.createBrowserContext", json!({})).await?;
            let id = made["browserContextId"].as_str().unwrap_or_default().to_owned();
            *context = Some(Context(id));
        }
        let id = context.as_ref().map_or("", |context| context.0.as_str());
        tab::visit(devtools, id, transport, visit, self.patience).await
    }

    /// Ends a context.
    pub async fn close(&self, context: Context) {
        if let Some(Ok(running)) = self.running.get() {
            let which = json!({ "browserContextId": context.0 });
            // A browser that has ended has no contexts either.
            drop(running.devtools.call("", "Target.disposeBrowserContext", which).await);
        }
    }
}

/// The program: what the environment says, else the first one in `PATH`.
///
/// # Errors
/// Says what to install or set.
pub fn find() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let candidates = PROGRAMS.iter().flat_map(|name| folders.iter().map(move |at| at.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file()).ok_or_else(|| {
        format!(
            "`login: browser` needs Chromium, and there is no {} in PATH; install one, or name it \
             in {VARIABLE}",
            PROGRAMS.join(", ")
        )
    })
}

async fn start() -> Result<Running, String> {
    let name = find()?;
    let profile = profile().map_err(|e| format!("no folder for the browser's profile: {e}"))?;
    let mut command = Command::new(&name);
    command.args(SETTINGS).arg(format!("--user-data-dir={}", profile.display()));
    // Chromium refuses to run as root with its sandbox, and containers usually run as root.
    if is_root() {
        command.arg("--no-sandbox");
    }
    command.arg("about:blank").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.kill_on_drop(true).spawn();
    let cannot = |why: &dyn std::fmt::Display| {
        format!("the browser {} cannot be started: {why}", name.display())
    };
    let mut program = Program { child: child.map_err(|e| cannot(&e))?, profile };
    let address = timeout(START, address(&mut program.child))
        .await
        .map_err(|_| cannot(&format!("it was not ready within {} s", START.as_secs())))?
        .map_err(|why| cannot(&why))?;
    let devtools = Devtools::connect(&address).await.map_err(|why| cannot(&why))?;
    Ok(Running { devtools, _program: program })
}

/// Where it listens, as it prints it when it is ready.
async fn address(child: &mut Child) -> Result<String, String> {
    let output = child.stderr.take().ok_or("its output cannot be read")?;
    let (mut lines, mut last) = (BufReader::new(output).lines(), String::new());
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, address)) = line.split_once("DevTools listening on ") {
            let address = address.trim().to_owned();
            // It goes on talking, and must not block on a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
        if !line.trim().is_empty() {
            last = line;
        }
    }
    Err(format!("it ended at once and said: {last}"))
}

fn profile() -> std::io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("authgauge-browser-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.start_kill());
        remove(&self.profile);
    }
}

/// Removes the profile. The browser's other processes may write to it for a moment after its end.
fn remove(profile: &Path) {
    for _ in 0..20 {
        if std::fs::remove_dir_all(profile).is_ok() || !profile.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}
