//! Hooks: asking a provider's administration for something, as the provider file says how.

use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::evaluate::{document, text};
use crate::provider::Provider;
use crate::provider_file::{Hook, PostHook};
use crate::template::Template;
use crate::transport::Transport;
use crate::variables::Variables;
use crate::wire::Request;

/// How long a hook's program may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls a hook and waits until it is done.
///
/// # Errors
/// Names the hook and what it answered.
pub async fn call(
    name: &str,
    provider: &Provider,
    variables: &Variables,
    transport: &impl Transport,
) -> Result<(), String> {
    let hook = provider.hooks.get(name);
    let hook = hook.ok_or_else(|| format!("the provider file has no hook `{name}`"))?;
    let done = match hook {
        Hook::Post(post) => send(post, variables, transport).await,
        Hook::Command(words) => run(words, variables).await.map(drop),
    };
    done.map_err(|why| format!("the hook `{name}` failed: {why}"))
}

async fn send(
    post: &PostHook,
    variables: &Variables,
    transport: &impl Transport,
) -> Result<(), String> {
    let address = text(&post.url, variables)?.unwrap_or_default();
    let body = document(&post.json, variables)?;
    let request = Request {
        method: "POST".into(),
        url: address.parse().map_err(|e| format!("`{address}` is not an address: {e}"))?,
        headers: vec![("content-type".into(), "application/json".into())],
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
    };
    let response = transport.exchange(request).await.outcome.map_err(|e| e.to_string())?;
    match response.status {
        200..300 => Ok(()),
        status => Err(format!("{status} {}", response.text().trim())),
    }
}

/// Runs a program to its end; its output is what it prints.
///
/// # Errors
/// When it cannot be started, fails, or takes more than a minute.
pub async fn run(words: &[Template], variables: &Variables) -> Result<String, String> {
    let filled =
        words.iter().map(|word| Ok::<_, String>(text(word, variables)?.unwrap_or_default()));
    let words: Vec<String> = filled.collect::<Result<_, _>>()?;
    let (program, arguments) = words.split_first().ok_or("it has no program")?;
    let output = Command::new(program).args(arguments).kill_on_drop(true).output();
    let output = timeout(PATIENCE, output)
        .await
        .map_err(|_| format!("{program} did not end within {} s", PATIENCE.as_secs()))?
        .map_err(|e| format!("{program} cannot be started: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} ended with {}: {}", output.status, said.trim()))
}
