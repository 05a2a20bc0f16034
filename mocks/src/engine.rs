//! The provider behind its routes: one request in, one response out, no HTTP library.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::conditions::Conditions;
use crate::dialect::{self, Dialect, Endpoints};
use crate::error::StubError;
use crate::fault::{self, Fault};
use crate::jwt;
use crate::latency;
use crate::overlay::{self, Configured};
use crate::provider::{self, Provider, has};
use crate::quota;
use crate::reason::Reason;
use crate::self_contained;
use crate::store;
use crate::wire::{self, Request, Response, with_header};
use crate::{
    authorize, client_logout, consent, control, device, device_sample, discovery, form, idp,
};
use crate::{
    introspection, login, logout, page, random, recovery, refusal, registration, revocation, token,
    user_pool, userinfo, verification,
};

/// Bodies may have 64 kB: every honest request is far smaller.
pub const LONGEST_BODY: usize = 64 * 1024;

/// A provider that answers requests one at a time, however many threads ask.
#[derive(Debug)]
pub struct Engine {
    routes: Vec<Route>,
    provider: Mutex<Provider>,
}

/// What an adapter is to send, and when.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The response.
    pub response: Response,
    /// How long it is held back.
    pub delay: Duration,
}

/// An endpoint.
#[derive(Debug)]
struct Route {
    path: String,
    name: &'static str,
    allow: &'static str,
    answer: fn(&mut Provider, &Request) -> Response,
}

impl Engine {
    /// A new provider at `base_url`, which has no trailing slash.
    ///
    /// # Errors
    /// When no dialect or no fault has a given name.
    pub fn new(dialect: &str, faults: &[String], base_url: &str) -> Result<Engine, StubError> {
        Engine::under(dialect::find(dialect)?, faults, base_url, Conditions::default())
    }

    /// A new provider at `base_url` with a configuration, as `authgauge stub --config` reads it,
    /// over its dialect.
    ///
    /// # Errors
    /// When there is no such dialect, or the configuration says what no dialect can.
    pub fn configured(dialect: &str, config: &str, base_url: &str) -> Result<Engine, StubError> {
        let Configured { dialect, base_url: own } =
            overlay::parse(dialect, config, "configuration")?;
        let base_url = own.as_deref().unwrap_or(base_url);
        Engine::under(dialect, &[], base_url, Conditions::default())
    }

    /// A new provider that answers under certain conditions.
    pub(crate) fn under(
        dialect: Dialect,
        faults: &[String],
        base_url: &str,
        conditions: Conditions,
    ) -> Result<Engine, StubError> {
        let faults = faults.iter().map(|name| fault::find(name).ok_or_else(|| unknown_fault(name)));
        let faults = faults.collect::<Result<BTreeSet<Fault>, StubError>>()?;
        let routes = routes(&dialect.endpoints);
        let mut provider = provider::new(dialect, faults, base_url, conditions);
        provider.endpoints = routes.iter().map(|route| route.name).collect();
        if provider.dialect.user_pool.is_some() {
            provider.endpoints.extend(idp::endpoints());
        }
        let own = user_pool::quotas(&provider.dialect).map_err(StubError::Quota)?;
        provider.conditions.quotas.extend(own);
        for quota in &provider.conditions.quotas {
            quota::check(quota, &provider.endpoints).map_err(StubError::UnknownEndpoint)?;
        }
        Ok(Engine { routes, provider: Mutex::new(provider) })
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> String {
        self.provider.lock().unwrap_or_else(PoisonError::into_inner).issuer.clone()
    }

    /// Answers a request, whatever is in it, and ignores how long that should take.
    pub fn answer(&self, request: &Request) -> Response {
        self.handle(request).response
    }

    /// Answers a request, whatever is in it, and says how long the answer is to be held back.
    pub(crate) fn handle(&self, request: &Request) -> Answer {
        // A panic would be a bug; the state is sound even then, since every change is one insertion.
        let mut provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
        let now = provider::now(&provider);
        store::sweep(&mut provider.store, now);
        provider.event_id.take();
        let response = self.respond(&mut provider, request);
        let controlled = request.path.starts_with(control::PREFIX);
        let delay = if controlled {
            Duration::ZERO
        } else {
            latency::delay(&mut provider.conditions, Instant::now())
        };
        let unsigned = std::mem::take(&mut provider.unsigned);
        // A signature takes longer than all the rest and needs nothing that is shared.
        drop(provider);
        Answer { response: unsigned.iter().fold(response, jwt::complete), delay }
    }

    fn respond(&self, provider: &mut Provider, request: &Request) -> Response {
        if request.body.len() > LONGEST_BODY {
            return refusal::refuse(provider, Reason::BodyTooLong);
        }
        if request.path.starts_with(control::PREFIX) {
            return control::answer(provider, request);
        }
        if request.path == idp::PATH && provider.dialect.user_pool.is_some() {
            return idp::answer(provider, request);
        }
        match self.routes.iter().find(|route| route.path == request.path) {
            Some(route) => {
                let response = follow(route, provider, request);
                dressed(provider, route.name, response)
            }
            None => elsewhere(provider, request),
        }
    }
}

/// The faults that a dialect always has, by name.
///
/// # Errors
/// When there is no such dialect.
pub fn habits(dialect: &str) -> Result<Vec<String>, StubError> {
    let dialect = dialect::find(dialect)?;
    let rows = fault::rows().into_iter().map(|row| row.name);
    let always = |name: &String| fault::find(name).is_some_and(|f| dialect.habits.contains(&f));
    Ok(rows.filter(always).collect())
}

fn unknown_fault(name: &str) -> StubError {
    StubError::UnknownFault { name: name.into(), known: fault::names().join(", ") }
}

fn follow(route: &Route, provider: &mut Provider, original: &Request) -> Response {
    *provider.counters.requests.entry(route.name).or_default() += 1;
    provider.endpoint = route.name;
    if !quota::admits(&mut provider.conditions.quotas, &[route.name], Instant::now()) {
        *provider.counters.limited.entry(route.name).or_default() += 1;
        return quota::answer(&provider.dialect.quota_exceeded);
    }
    self_contained::unpack(provider, route.name, original);
    // RFC 9110 §9.3.2: HEAD is answered as GET; the server leaves out the body.
    let method = if original.method == "HEAD" { "GET" } else { &original.method };
    if route.name == "token" && method == "GET" && has(provider, Fault::TokenRequestByGet) {
        return token::answer(provider, &token::posted(original));
    }
    let listed = |names: &[String]| names.iter().any(|name| name == route.name);
    if method == "GET" && listed(&provider.dialect.get_endpoints) {
        return (route.answer)(provider, &form::from_query(original));
    }
    let as_form = listed(&provider.dialect.json_endpoints).then(|| form::from_json(original));
    let request = as_form.flatten();
    let request = request.as_ref().unwrap_or(original);
    let allow = allowed(route, provider);
    if method == "OPTIONS" && is_open(route, provider) {
        return preflight(allow);
    }
    if allow.split(", ").any(|allowed| allowed == method) {
        return (route.answer)(provider, request);
    }
    // RFC 9110 §15.5.6: 405 says which methods are allowed.
    with_header(refusal::refuse(provider, Reason::MethodNotAllowed), "Allow", allow)
}

/// The answer at a path that no endpoint has.
fn elsewhere(provider: &mut Provider, request: &Request) -> Response {
    let Some(page) = provider.dialect.pages.get(&request.path) else {
        return discovery::elsewhere(provider, request);
    };
    let response = page::page(page.status, &page.title, &page.html);
    dressed(provider, "pages", response)
}

/// The response with the headers that the dialect gives it; they replace those of the same name.
fn dressed(provider: &Provider, endpoint: &str, mut response: Response) -> Response {
    let rows = ["*", endpoint].into_iter().filter_map(|name| provider.dialect.headers.get(name));
    for (name, value) in rows.flatten() {
        response.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            response.headers.push((name.clone(), header_value(provider, value)));
        }
    }
    // RFC 9700 §4.12 wants 303 after a form; many products still answer 302.
    if provider.dialect.authorization.found && response.status == 303 {
        response.status = 302;
    }
    response
}

fn header_value(provider: &Provider, template: &str) -> String {
    let now = provider::now(provider).to_string();
    template.replace("${uuid}", &random::uuid()).replace("${now}", &now)
}

/// Whether scripts of any origin may call the endpoint.
fn is_open(route: &Route, provider: &Provider) -> bool {
    let headers = provider.dialect.headers.get(route.name);
    headers.is_some_and(|headers| headers.contains_key("Access-Control-Allow-Origin"))
}

/// The answer to the question of a browser whether a script may send its request.
fn preflight(allow: &str) -> Response {
    let response = with_header(wire::empty(200), "Access-Control-Allow-Methods", allow);
    with_header(response, "Access-Control-Allow-Headers", "Authorization, Content-Type")
}

fn allowed(route: &Route, provider: &Provider) -> &'static str {
    if route.name == "authorization" && provider.dialect.authorization.refuses_post {
        return GET;
    }
    let both = has(provider, Fault::DeviceEndpointAnswersGet);
    if both && route.name == "device_authorization" { BOTH } else { route.allow }
}

fn routes(at: &Endpoints) -> Vec<Route> {
    type Answer = fn(&mut Provider, &Request) -> Response;
    let sample = !at.device_grant.is_empty();
    let verification: Answer = if sample { device_sample::page } else { verification::answer };
    let rows: [(&String, &'static str, &'static str, Answer); 22] = [
        (&at.openid_configuration, "openid_configuration", GET, discovery::openid_configuration),
        (
            &at.authorization_server_metadata,
            "authorization_server_metadata",
            GET,
            discovery::authorization_server_metadata,
        ),
        (&at.jwks, "jwks", GET, discovery::jwks),
        (&at.authorization, "authorization", BOTH, authorize::answer),
        (&at.login, "login", BOTH, login::answer),
        (&at.consent, "consent", BOTH, consent::answer),
        (&at.token, "token", POST, token::answer),
        (&at.userinfo, "userinfo", BOTH, userinfo::answer),
        (&at.revocation, "revocation", POST, revocation::answer),
        (&at.introspection, "introspection", POST, introspection::answer),
        (&at.device_authorization, "device_authorization", POST, device::answer),
        (&at.device_verification, "device_verification", BOTH, verification),
        (&at.end_session, "end_session", BOTH, logout::answer),
        (&at.client_logout, "client_logout", GET, client_logout::answer),
        (&at.sign_up, "sign_up", BOTH, registration::sign_up),
        (&at.confirm_sign_up, "confirm_sign_up", BOTH, registration::confirm),
        (&at.resend_code, "resend_code", BOTH, registration::resend),
        (&at.forgot_password, "forgot_password", BOTH, recovery::forgot),
        (&at.confirm_forgot_password, "confirm_forgot_password", BOTH, recovery::confirm),
        (&at.resume, "resume", GET, login::resume),
        (&at.device_grant, "device_grant", POST, device_sample::answer),
        (&at.device_callback, "device_callback", GET, device_sample::callback),
    ];
    let served = rows.into_iter().filter(|(path, ..)| !path.is_empty());
    let route = |(path, name, allow, answer): (&String, _, _, _)| {
        let path = path.clone();
        Route { path, name, allow, answer }
    };
    served.map(route).collect()
}

const GET: &str = "GET";
const POST: &str = "POST";
const BOTH: &str = "GET, POST";
