//! Building requests: from a template, its changes and a client's authentication to the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Url, form_urlencoded};

use crate::action::{AuthMethod, ClientAuth, Send, Visit};
use crate::case::ParameterChanges;
use crate::evaluate::{document, text};
use crate::provider::{Client, Provider};
use crate::scenario::Bindings;
use crate::target::Target;
use crate::template::Template;
use crate::variables::Variables;
use crate::wire::Request;

type Parameters = Vec<(String, String)>;

/// The request of a `send` step.
///
/// # Errors
/// Says which name, endpoint or client is missing.
pub fn from_send(
    send: &Send,
    changes: &ParameterChanges,
    target: &Target<'_>,
    variables: &Variables,
) -> Result<Request, String> {
    let provider = target.provider;
    let mut query = parameters(&send.query, variables)?;
    let mut form = send.form.as_ref().map(|form| parameters(form, variables)).transpose()?;
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    if let Some(role) = &send.client {
        let client = client(role, provider, variables)?;
        let fields = form.get_or_insert_default();
        authenticate(client, send.auth.as_ref(), variables, fields, &mut headers)?;
        if send.auth.as_ref().and_then(|auth| auth.method) != Some(AuthMethod::Nothing) {
            add_own(client, fields);
        }
    }
    let posts = form.is_some() || send.json.is_some();
    change(form.as_mut().unwrap_or(&mut query), changes, variables)?;
    if let Some(token) = &send.bearer {
        let token = text(token, variables)?.unwrap_or_default();
        headers.push(("authorization".into(), format!("Bearer {token}")));
    }
    headers.extend(parameters(&send.headers, variables)?);
    if takes_query(&send.to, provider) {
        query.extend(form.take().unwrap_or_default());
    }
    let usual = if send.raw.is_some() || posts { "POST" } else { "GET" };
    let mut body = body(form.as_deref(), send.json.as_ref(), variables, &mut headers)?;
    if let Some(raw) = &send.raw {
        headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        body = text(raw, variables)?.unwrap_or_default().into_bytes();
    }
    let method = send.method.clone().unwrap_or_else(|| usual.into());
    Ok(Request { method, url: address(&send.to, &query, target, variables)?, headers, body })
}

/// The first request of a `visit` step.
///
/// # Errors
/// As [`from_send`].
pub fn from_visit(
    visit: &Visit,
    changes: &ParameterChanges,
    target: &Target<'_>,
    variables: &Variables,
) -> Result<Request, String> {
    let provider = target.provider;
    let mut query = parameters(&visit.query, variables)?;
    let mut form = visit.form.as_ref().map(|form| parameters(form, variables)).transpose()?;
    let fields = form.as_mut().unwrap_or(&mut query);
    if let Some(role) = &visit.client {
        let client = client(role, provider, variables)?;
        fields.insert(0, ("client_id".into(), client.client_id.clone()));
        add_own(client, fields);
    }
    change(fields, changes, variables)?;
    let mut headers = vec![
        ("accept".to_owned(), "text/html,application/xhtml+xml".to_owned()),
        // The form driver knows the words on buttons in English.
        ("accept-language".to_owned(), "en".to_owned()),
    ];
    let body = body(form.as_deref(), None, variables, &mut headers)?;
    let method = if form.is_some() { "POST" } else { "GET" };
    let url = address(&visit.to, &query, target, variables)?;
    Ok(Request { method: method.into(), url, headers, body })
}

/// Whether the provider file says that an endpoint takes its parameters in the query.
fn takes_query(to: &Template, provider: &Provider) -> bool {
    !provider.query_endpoints.is_empty() && provider.query_endpoints.contains(&to.to_string())
}

/// Adds what the client sends beside the parameters of the specifications.
fn add_own(client: &Client, fields: &mut Parameters) {
    let own = client.parameters.iter();
    let own = own.filter(|(name, _)| !fields.iter().any(|(known, _)| known == name)).cloned();
    let own: Parameters = own.collect();
    fields.extend(own);
}

/// The client in a role.
fn client<'a>(
    role: &Template,
    provider: &'a Provider,
    variables: &Variables,
) -> Result<&'a Client, String> {
    let role = text(role, variables)?.unwrap_or_default();
    let known = provider.clients.get(&role);
    known.ok_or_else(|| format!("the provider file has no client for the role `{role}`"))
}

/// An endpoint by its metadata name, or an address; the query is appended to one that is there.
fn address(
    to: &Template,
    query: &Parameters,
    target: &Target<'_>,
    variables: &Variables,
) -> Result<Url, String> {
    let written = text(to, variables)?.unwrap_or_default();
    let address = match variables.get(&written).and_then(serde_json::Value::as_str) {
        Some(endpoint) => endpoint,
        None => &written,
    };
    let mut url = match target.addresses.get(address) {
        Some(known) => known.clone(),
        None => read(address, to)?,
    };
    if !query.is_empty() {
        // RFC 6749 §3.1: the endpoint's own query component is retained.
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

fn read(address: &str, to: &Template) -> Result<Url, String> {
    Url::parse(address).map_err(|e| {
        if address.is_empty() {
            format!("the address in `{to}` is empty")
        } else if address.contains(':') {
            format!("`{address}` is not an address: {e}")
        } else {
            format!("the provider has no {address}")
        }
    })
}

fn parameters(bindings: &Bindings, variables: &Variables) -> Result<Parameters, String> {
    let filled = bindings.0.iter().map(|(name, template)| Ok((name, text(template, variables)?)));
    // A name bound to nothing leaves its parameter out.
    let given = filled.filter_map(|pair| match pair {
        Ok((name, value)) => value.map(|value| Ok((name.clone(), value))),
        Err(why) => Some(Err(why)),
    });
    given.collect()
}

fn change(
    fields: &mut Parameters,
    changes: &ParameterChanges,
    variables: &Variables,
) -> Result<(), String> {
    fields.retain(|(name, _)| !changes.omit.contains(name));
    for (name, template) in &changes.set {
        let value = text(template, variables)?;
        match (value, fields.iter_mut().find(|(own, _)| own == name)) {
            (Some(value), Some(field)) => field.1 = value,
            (Some(value), None) => fields.push((name.clone(), value)),
            (None, _) => fields.retain(|(own, _)| own != name),
        }
    }
    for (name, template) in &changes.add {
        fields.push((name.clone(), text(template, variables)?.unwrap_or_default()));
    }
    Ok(())
}

fn authenticate(
    client: &Client,
    auth: Option<&ClientAuth>,
    variables: &Variables,
    form: &mut Parameters,
    headers: &mut Parameters,
) -> Result<(), String> {
    let other = auth.and_then(|auth| auth.secret.as_ref());
    let other = other.map(|secret| text(secret, variables)).transpose()?.flatten();
    let own = client.secret.as_ref().map(|secret| secret.expose().to_owned());
    let secret = other.or(own);
    let id = client.client_id.clone();
    match auth.and_then(|auth| auth.method).unwrap_or(client.auth) {
        AuthMethod::Nothing => {}
        AuthMethod::None => form.insert(0, ("client_id".into(), id)),
        AuthMethod::ClientSecretPost => {
            form.insert(0, ("client_id".into(), id));
            form.extend(secret.map(|secret| ("client_secret".into(), secret)));
        }
        AuthMethod::ClientSecretBasic => headers.push(basic(&id, &secret.unwrap_or_default())),
        AuthMethod::TwoMethods => {
            let secret = secret.unwrap_or_default();
            headers.push(basic(&id, &secret));
            form.push(("client_secret".into(), secret));
        }
    }
    Ok(())
}

fn basic(id: &str, secret: &str) -> (String, String) {
    // RFC 6749 §2.3.1: both halves are form-urlencoded before they are joined.
    let half = |text| form_urlencoded::byte_serialize(str::as_bytes(text));
    let pair: String = half(id).chain([":"]).chain(half(secret)).collect();
    let mut value = String::from("Basic ");
    STANDARD.encode_string(pair, &mut value);
    ("authorization".into(), value)
}

fn body(
    form: Option<&[(String, String)]>,
    json: Option<&serde_json::Value>,
    variables: &Variables,
    headers: &mut Parameters,
) -> Result<Vec<u8>, String> {
    let (media_type, body) = match (form, json) {
        (Some(form), _) => ("application/x-www-form-urlencoded", encode(form)),
        (None, Some(json)) => ("application/json", document(json, variables)?.to_string()),
        (None, None) => return Ok(Vec::new()),
    };
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".into(), media_type.into()));
    }
    Ok(body.into_bytes())
}

fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// The form and the names of the headers by which a client authenticates.
    fn sent(method: AuthMethod) -> (String, usize) {
        let client = Client {
            client_id: "c".into(),
            auth: method,
            secret: Some(Secret::new("s")),
            key: None,
            scope: None,
            parameters: Vec::new(),
        };
        let (mut form, mut headers) = (Vec::new(), Vec::new());
        authenticate(&client, None, &Variables::default(), &mut form, &mut headers)
            .expect("nothing is missing");
        (encode(&form), headers.len())
    }

    #[test]
    fn each_method_sends_its_credentials_where_they_belong() {
        let rows = [
            (AuthMethod::Nothing, "", 0),
            (AuthMethod::None, "client_id=c", 0),
            (AuthMethod::ClientSecretPost, "client_id=c&client_secret=s", 0),
            (AuthMethod::ClientSecretBasic, "", 1),
            (AuthMethod::TwoMethods, "client_secret=s", 1),
        ];
        for (method, form, headers) in rows {
            assert_eq!(sent(method), (form.into(), headers), "{method:?}");
        }
    }
}
