//! What an authorization request still needs: a login, a consent, or nothing but its code.

use std::cell::Cell;

use crate::authorize::Authorization;
use crate::dialect::{self, Consent};
use crate::form;
use crate::issue::{self, Occasion};
use crate::manners::Carrier;
use crate::provider::{self, Provider};
use crate::random;
use crate::reason::Reason;
use crate::reply;
use crate::response_type::ResponseMode;
use crate::scope;
use crate::store::{self, Code, Goal, Grant, Login, Pending, Session};
use crate::wire::{self, Request, Response};

/// When the user has logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Before this authorization request.
    Earlier,
    /// On its behalf.
    Now,
}

enum Need {
    Login(Reason),
    Consent(Reason),
}

/// Goes on with an authorization request as far as possible without the user.
pub fn proceed(
    provider: &mut Provider,
    request: &Request,
    authorization: Authorization,
    session: Option<(String, Session)>,
    freshness: Freshness,
) -> Response {
    let need = need(provider, &authorization, session.as_ref(), freshness);
    let silent = scope::contains(&authorization.prompt, "none");
    match (need, session) {
        // OIDC Core §3.1.2.6: with prompt=none the client learns what is missing.
        (Some(Need::Login(reason) | Need::Consent(reason)), _) if silent => {
            reply::deny(provider, request, &authorization.reply_to, reason)
        }
        (Some(Need::Consent(_)), Some((cookie, _))) => {
            let page = provider.dialect.endpoints.consent.clone();
            wait(
                provider,
                request,
                &page,
                Goal::Authorization(Box::new(authorization)),
                Some(cookie),
            )
        }
        (None, Some((_, session))) => issue_code(provider, request, authorization, &session),
        (_, _) => wait_for_login(provider, request, Goal::Authorization(Box::new(authorization))),
    }
}

fn need(
    provider: &Provider,
    authorization: &Authorization,
    session: Option<&(String, Session)>,
    freshness: Freshness,
) -> Option<Need> {
    let login = Need::Login(Reason::LoginRequired);
    let Some((_, session)) = session else {
        return Some(login);
    };
    if freshness == Freshness::Earlier && is_stale(provider, authorization, session) {
        return Some(login);
    }
    needs_consent(provider, authorization, session)
        .then_some(Need::Consent(Reason::ConsentRequired))
}

/// Whether a login from before this request does not suffice.
fn is_stale(provider: &Provider, authorization: &Authorization, session: &Session) -> bool {
    // OIDC Core §3.1.2.1 (prompt, max_age) and §3.1.2.2 (another user than the hint's).
    let age = provider::now(provider).saturating_sub(session.auth_time);
    let asked = ["login", "select_account"];
    let sub = dialect::user(&provider.dialect, &session.username).map(|user| &user.sub);
    asked.iter().any(|prompt| scope::contains(&authorization.prompt, prompt))
        || authorization.max_age.is_some_and(|max_age| max_age == 0 || age > max_age)
        || authorization.expected_sub.as_ref().is_some_and(|expected| Some(expected) != sub)
}

fn needs_consent(provider: &Provider, authorization: &Authorization, session: &Session) -> bool {
    if provider.dialect.authorization.never_asks {
        return false;
    }
    let client_id = &authorization.reply_to.client_id;
    let client = dialect::client(&provider.dialect, client_id);
    let agreed = provider.store.consents.get(&(session.username.clone(), client_id.clone()));
    let agreed_to = |scope| agreed.is_some_and(|agreed| agreed.contains(scope));
    scope::contains(&authorization.prompt, "consent")
        || match client.map(|client| client.consent) {
            Some(Consent::Never) => false,
            Some(Consent::First) => !authorization.scope.iter().all(agreed_to),
            Some(Consent::Always) | None => true,
        }
}

/// Sends the browser to the login page and remembers what for.
pub fn wait_for_login(provider: &mut Provider, request: &Request, goal: Goal) -> Response {
    let page = provider.dialect.endpoints.login.clone();
    let login = &provider.dialect.login;
    match login.carries {
        Carrier::Handle => wait(provider, request, &page, goal, None),
        Carrier::Query => {
            let query = own_query(request);
            wire::redirect(request, &format!("{}{page}?{query}", provider.base_url))
        }
        Carrier::Next => {
            // The question for a login is answered by it: asked again it would never end.
            let parameters = form::parse(own_query(request).as_bytes()).unwrap_or_default();
            let rest =
                parameters.0.iter().filter(|(name, _)| name != "prompt" && name != "max_age");
            let rest: Vec<_> = rest.map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let next = format!("{}?{}", request.path, form::encode(&rest));
            let carried = form::encode(&[(login.parameter.as_str(), next.as_str())]);
            wire::redirect(request, &format!("{}{page}?{carried}", provider.base_url))
        }
    }
}

/// The parameters of a request, wherever they are.
fn own_query(request: &Request) -> String {
    let body = || String::from_utf8_lossy(&request.body).into_owned();
    if request.method == "POST" { body() } else { request.query.clone() }
}

/// Sends the browser to a page that knows by a handle what for.
pub fn wait(
    provider: &mut Provider,
    request: &Request,
    page: &str,
    goal: Goal,
    session: Option<String>,
) -> Response {
    let handle = random::secret();
    let expires_at = provider::now(provider) + provider.dialect.lifetimes.pending_authorization;
    let parameter = provider.dialect.login.parameter.clone();
    provider.store.pending.insert(handle.clone(), Pending { goal, session, expires_at });
    wire::redirect(request, &format!("{}{page}?{parameter}={handle}", provider.base_url))
}

/// Grants what was asked for and sends the code.
pub fn issue_code(
    provider: &mut Provider,
    request: &Request,
    authorization: Authorization,
    session: &Session,
) -> Response {
    let Authorization { reply_to, scope, nonce, challenge, audience, .. } = authorization;
    let grant = Grant {
        client_id: reply_to.client_id.clone(),
        login: Some(login(session)),
        scope,
        nonce,
        audience,
        revoked: false,
        last_access_token: None,
        used_at: Cell::default(),
        id: random::uuid(),
    };
    let scope = grant.scope.clone();
    let grant = store::add_grant(&mut provider.store, grant);
    if reply_to.response_mode == ResponseMode::Fragment {
        let tokens = issue::tokens(provider, grant, &scope, Occasion::Grant);
        return match tokens {
            Ok(tokens) => reply::tokens(provider, request, &reply_to, &tokens),
            Err(reason) => reply::deny(provider, request, &reply_to, reason),
        };
    }
    let expires_at = provider::now(provider) + provider.dialect.lifetimes.authorization_code;
    let code = Code {
        grant,
        redirect_uri: reply_to.redirect_uri.clone(),
        redirect_uri_sent: reply_to.redirect_uri_sent,
        challenge,
        expires_at,
        used: false,
        exchanges: 0,
    };
    let secret = random::text(provider.dialect.authorization.code);
    provider.store.codes.insert(secret.clone(), code);
    provider::count_issued(provider, "authorization_code");
    reply::grant(provider, request, &reply_to, &secret)
}

/// What a grant remembers of a session.
pub fn login(session: &Session) -> Login {
    let Session { username, auth_time, sid, .. } = session.clone();
    Login { username, auth_time, sid }
}
