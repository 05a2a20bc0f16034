//! The login drivers behind one interface: however a provider file says that users log in, a visit
//! is made in the same words and ends in the same facts.

use serde_json::{Map, Value};

use crate::browser::{self, Trail, Visit};
use crate::chromium::{Chromium, Context};
use crate::cookie::Jar;
use crate::evaluate::{spell, text};
use crate::history::Landing;
use crate::hook;
use crate::login::{ApiLogin, Login};
use crate::page::Credentials;
use crate::script::{self, Stage};
use crate::transport::Transport;
use crate::variables::Variables;
use crate::wire::{Exchange, Response};

/// One user's browser, which lasts from visit to visit.
#[derive(Debug, Default)]
pub struct Session {
    jar: Jar,
    /// The header fields that a command has given.
    headers: Vec<(String, String)>,
    /// Whether a command has given what it has to give.
    given: bool,
    /// Its part of the real browser.
    context: Option<Context>,
}

/// Makes a visit in a user's browser.
pub async fn visit<T: Transport>(
    login: &Login,
    chromium: &Chromium,
    transport: &T,
    session: &mut Session,
    mut visit: Visit<'_>,
) -> Trail {
    if matches!(login, Login::Browser) {
        return match chromium.visit(transport, &mut session.context, &visit).await {
            Ok(trail) => trail,
            Err(why) => stuck(&visit, why),
        };
    }
    if let (Some(user), false) = (visit.user, session.given) {
        if let Err(why) = give(login, session, user, &visit).await {
            return stuck(&visit, why);
        }
        session.given = true;
    }
    visit.headers.extend(session.headers.iter().cloned());
    browser::visit(transport, &mut session.jar, visit).await
}

/// Ends a session that nobody comes back to.
pub async fn close(chromium: &Chromium, session: Session) {
    if let Some(context) = session.context {
        chromium.close(context).await;
    }
}

/// Signs a user in by the API of a provider file, and answers as a token endpoint would. What was
/// exchanged on the way is added to `exchanges`.
///
/// # Errors
/// Says which request failed and what came back.
pub async fn sign_in<T: Transport>(
    api: &ApiLogin,
    transport: &T,
    user: Credentials<'_>,
    variables: &Variables,
    exchanges: &mut Vec<Exchange>,
) -> Result<Exchange, String> {
    let mut stage = Stage {
        transport,
        jar: &mut Jar::default(),
        base: None,
        headers: &[],
        variables: script::names(variables, Some(user), None),
        exchanges: &mut *exchanges,
    };
    stage.play(&api.moves).await?;
    let mut tokens = Map::new();
    for (name, template) in &api.tokens.0 {
        if let Some(value) = text(template, &stage.variables)? {
            tokens.insert(name.clone(), value.into());
        }
    }
    let last = exchanges.last().cloned().ok_or("`login.api.do` sends no request")?;
    // The same answer in the standard's names, so that all that follows need not know the API.
    let response = Response {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: Value::Object(tokens).to_string().into_bytes(),
        ..Response::default()
    };
    Ok(Exchange { outcome: Ok(response), ..last })
}

/// Puts what a command prints into a session.
async fn give(
    login: &Login,
    session: &mut Session,
    user: Credentials<'_>,
    visit: &Visit<'_>,
) -> Result<(), String> {
    let (key, command) = match login {
        Login::Cookie(given) => ("cookie", &given.command),
        Login::Header(header) => ("header", &header.command),
        _ => return Ok(()),
    };
    let names = script::names(visit.variables, Some(user), visit.user_code);
    let printed = hook::run(command, &names).await;
    let printed = printed.map_err(|why| format!("the command of `login.{key}` failed: {why}"))?;
    let value = printed.trim();
    if value.is_empty() || value.contains(['\r', '\n']) {
        let what = if value.is_empty() { "nothing" } else { "more than one line" };
        return Err(format!("the command of `login.{key}` printed {what}, expected its value"));
    }
    if let Login::Header(header) = login {
        session.headers.push((header.name.clone(), value.to_owned()));
        return Ok(());
    }
    let pairs = value.trim_start_matches("Cookie:").split(';');
    let cookies: Vec<_> = pairs.map(|pair| format!("{}; Path=/", pair.trim())).collect();
    session.jar.store(&visit.request.url, cookies.iter().map(String::as_str));
    Ok(())
}

fn stuck(visit: &Visit<'_>, why: String) -> Trail {
    let page = visit.request.url.clone();
    Trail { landing: Some(Landing::Stuck { page, why }), ..Trail::default() }
}

/// The user that the names of a case say, as text.
pub fn user_name(variables: &Variables) -> String {
    variables.get("user").map(spell).unwrap_or_default()
}
