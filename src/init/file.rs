//! From a template and what an issuer publishes to the text of a provider file. No I/O here.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use url::Url;

use super::document::Documents;
use super::role::{NEEDS, ROLES};
use crate::capability::ENDPOINTS;
use crate::provider_file;

/// Members of the metadata beside the endpoints that decide which checks apply.
const MEMBERS: [&str; 4] = [
    "grant_types_supported",
    "scopes_supported",
    "token_endpoint_auth_methods_supported",
    "code_challenge_methods_supported",
];

/// The text of a provider file for an issuer; `template` is the text of the file to start from.
pub fn write(template: &str, issuer: &str, documents: &Documents) -> String {
    let metadata = all(documents);
    let (head, body) = split(template);
    let body = beside(&body, &metadata);
    let body = fill(&body, issuer, documents, &metadata);
    let mut text = format!("# A provider file of authgauge for {issuer}.\n");
    text += &head;
    text += "#\n# Try it with `authgauge doctor --provider` and this file; it says what to change next.\n";
    text += "# For an editor: `authgauge schema provider > provider.schema.json`, and this as the first line:\n";
    text += "# # yaml-language-server: $schema=provider.schema.json\n#\n";
    text += &published(documents, &body);
    text += &to_register(&body);
    text += &variables(&body);
    text + &body
}

/// What both documents say; the first one wins.
fn all(documents: &Documents) -> Value {
    let contents = [&documents.oauth, &documents.openid].map(|document| &document.content);
    let members = contents.into_iter().flatten().filter_map(Value::as_object).flatten();
    let members: Map<String, Value> = members.map(|(k, v)| (k.clone(), v.clone())).collect();
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}

/// A template may say where an endpoint is by its neighbour, which the metadata names.
fn beside(body: &str, metadata: &Value) -> String {
    let origin = |name: &str| {
        let url = Url::parse(metadata.get(name)?.as_str()?).ok()?;
        Some((format!("${{url:{name}:origin}}"), url.origin().ascii_serialization()))
    };
    let known = ENDPOINTS.into_iter().filter_map(origin);
    known.fold(body.to_owned(), |body, (reference, origin)| body.replace(&reference, &origin))
}

/// The endpoints that only the second document has, because a run reads the first one.
fn only_in_second<'a>(body: &str, documents: &'a Documents) -> Vec<(&'static str, &'a str)> {
    let (Ok(first), Ok(second)) = (&documents.openid.content, &documents.oauth.content) else {
        return Vec::new();
    };
    let given = |name: &str| body.lines().any(|line| line.starts_with(&format!("  {name}:")));
    let names = ENDPOINTS.into_iter().filter(|name| first.get(name).is_none() && !given(name));
    let pairs = names.filter_map(|name| Some((name, second.get(name)?.as_str()?)));
    // A provider file would fill in what `${` begins.
    pairs.filter(|(_, address)| !address.contains("${")).collect()
}

/// The comment at the head of a template, without the line for editors, and the rest.
fn split(template: &str) -> (String, String) {
    let head = template.lines().take_while(|line| line.starts_with('#')).count();
    let (mut comment, mut rest) = (String::new(), String::new());
    for (at, line) in template.lines().enumerate() {
        let text = if at < head { &mut comment } else { &mut rest };
        if at >= head || !line.contains("yaml-language-server") {
            *text += &format!("{line}\n");
        }
    }
    (comment, rest)
}

/// The issuer as it must be written: the metadata's when only the slash at its end differs.
fn spelt<'a>(issuer: &'a str, metadata: &'a Value) -> &'a str {
    let theirs = metadata.get("issuer").and_then(Value::as_str).unwrap_or(issuer);
    let same = theirs.trim_end_matches('/') == issuer.trim_end_matches('/');
    if same { theirs } else { issuer }
}

fn fill(body: &str, issuer: &str, documents: &Documents, metadata: &Value) -> String {
    let issuer = spelt(issuer, metadata);
    let mut text = String::new();
    for line in body.lines() {
        if line.starts_with("issuer:") {
            text += &format!("issuer: {}\n", quoted(issuer));
            text += &beside_issuer(body, issuer, documents, metadata);
            if !body.lines().any(|line| line == "endpoints:") {
                text += &endpoints(body, documents);
            }
        } else if line == "endpoints:" {
            let more = endpoints(body, documents);
            text += if more.is_empty() { "endpoints:\n" } else { &more };
        } else if let Some(scope) = line.strip_prefix("scope:") {
            text += &format!("scope: {}\n", offered(scope.trim(), metadata));
        } else if line == "offers:"
            && documents.oauth.content.is_ok()
            && documents.openid.content.is_ok()
        {
            text += "offers:\n  # The document of RFC 8414 is there, too.\n  authorization_server_metadata: true\n";
        } else {
            text += &kept_or_left(line, body, metadata);
        }
    }
    text
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// What belongs to the issuer: where the metadata is, and other hosts that it names.
fn beside_issuer(body: &str, issuer: &str, documents: &Documents, metadata: &Value) -> String {
    let mut text = String::new();
    if documents.openid.content.is_err() && documents.oauth.content.is_ok() {
        text += &format!("discovery: {}\n", quoted(documents.oauth.url.as_str()));
    }
    let own = Url::parse(issuer).map(|url| url.origin());
    let named = ENDPOINTS.iter().filter_map(|name| metadata.get(name)?.as_str());
    let others = named.filter_map(|address| Url::parse(address).ok());
    let others = others.map(|url| url.origin()).filter(|origin| own.as_ref() != Ok(origin));
    let others: BTreeSet<String> =
        others.map(|origin| quoted(&origin.ascii_serialization())).collect();
    if !others.is_empty() && !body.lines().any(|line| line.starts_with("origins:")) {
        let others: Vec<String> = others.into_iter().collect();
        text += "# The metadata names endpoints there; no host but these is contacted.\n";
        text += &format!("origins: [{}]\n", others.join(", "));
    }
    text
}

/// The head of the endpoints, where there are any, with those that only the second document has.
fn endpoints(body: &str, documents: &Documents) -> String {
    let more = only_in_second(body, documents);
    let mut text = String::new();
    if !more.is_empty() {
        text += "endpoints:\n  # Only the document of RFC 8414 has these.\n";
        text.extend(more.iter().map(|(name, at)| format!("  {name}: {}\n", quoted(at))));
    }
    text
}

/// The words of a scope that the metadata does not leave out.
fn offered(scope: &str, metadata: &Value) -> String {
    let Some(listed) = metadata.get("scopes_supported").and_then(Value::as_array) else {
        return scope.to_owned();
    };
    let words = scope.split(' ').filter(|word| listed.iter().any(|known| known == word));
    let words: Vec<&str> = words.collect();
    if words.is_empty() { scope.to_owned() } else { words.join(" ") }
}

/// A line of the template, as a comment when it is a client for which the metadata has no use.
fn kept_or_left(line: &str, body: &str, metadata: &Value) -> String {
    let need = client(line).and_then(|role| NEEDS.iter().find(|(needy, ..)| *needy == role));
    match need {
        Some((_, member, value)) if lacks(metadata, member, *value, body) => {
            let what = value.map(|value| format!("{value} in ")).unwrap_or_default();
            format!("  # The metadata has no {what}{member}.\n  #{}\n", &line[1..])
        }
        _ => format!("{line}\n"),
    }
}

/// The role of a line such as `  public: { client_id: … }`.
fn client(line: &str) -> Option<&str> {
    let (role, rest) = line.strip_prefix("  ")?.split_once(": {")?;
    (rest.contains("client_id:") && !role.starts_with([' ', '#'])).then_some(role)
}

/// Whether metadata that could be read has no such thing, and the template does not give it either.
fn lacks(metadata: &Value, member: &str, value: Option<&str>, body: &str) -> bool {
    let given = body.lines().any(|line| line.trim_start().starts_with(&format!("{member}:")));
    if metadata.is_null() || given {
        return false;
    }
    match (value, metadata.get(member).and_then(Value::as_array)) {
        (None, _) => metadata.get(member).is_none(),
        (Some(value), Some(list)) => !list.iter().any(|item| item == value),
        (Some(_), None) => false,
    }
}

/// What both documents say, as comments.
fn published(documents: &Documents, body: &str) -> String {
    let mut text = String::new();
    let same = documents.openid.content == documents.oauth.content;
    for document in [&documents.openid, &documents.oauth] {
        match &document.content {
            Ok(_) if same && !text.is_empty() => {
                text += &format!("# The same at {}.\n", document.url);
            }
            Ok(content) => text += &format!("# Found at {}:\n{}", document.url, members(content)),
            Err(why) => text += &format!("# Nothing at {}: {why}.\n", document.url),
        }
    }
    let metadata = all(documents);
    let is_missing =
        |name: &&str| metadata.get(name).is_none() && !body.contains(&format!("  {name}:"));
    let endpoints = ENDPOINTS.iter().skip(1).copied().filter(is_missing);
    let missing: Vec<&str> = endpoints.chain(MEMBERS.into_iter().filter(is_missing)).collect();
    if !missing.is_empty() {
        text += "# Missing in the metadata; give an endpoint under `endpoints` if there is one:\n";
        text.extend(missing.iter().map(|name| format!("#   {name}\n")));
    }
    text + "#\n"
}

fn members(content: &Value) -> String {
    let names = ["issuer"].into_iter().chain(ENDPOINTS).chain(MEMBERS);
    let lines = names.filter_map(|name| {
        let value = content.get(name)?;
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // Whatever a provider publishes stays inside its comment.
        let value = value.replace(char::is_control, " ");
        Some(format!("#   {name}: {value}\n"))
    });
    lines.collect()
}

/// What has to be registered at the provider, as comments.
fn to_register(body: &str) -> String {
    let mut text = "# Register at the provider:\n".to_owned();
    for key in ["redirect_uri", "https_redirect_uri", "post_logout_redirect_uri"] {
        let uri = body.lines().find_map(|line| line.strip_prefix(&format!("{key}: ")));
        let about = match key {
            "redirect_uri" => "redirect URI of every client; nothing needs to listen there",
            "https_redirect_uri" => "second redirect URI of the client `two_uris`",
            _ => "where to go after a logout",
        };
        text.extend(uri.map(|uri| format!("#   {uri}: {about}\n")));
    }
    for line in body.lines() {
        let Some(role) = client(line) else { continue };
        let about = ROLES.iter().find(|(known, _)| *known == role).map_or("a client", |row| row.1);
        let id = line.split_once("client_id: ").and_then(|(_, rest)| rest.split(',').next());
        // The product makes the others.
        let id = id.filter(|id| !id.contains("${")).map(|id| format!(", client_id {id}"));
        text += &format!("#   {role}{}: {about}\n", id.unwrap_or_default());
    }
    text + "#   alice, bob: two users for tests, without MFA, whose passwords need not be changed\n#\n"
}

/// The environment variables that a file needs, as comments.
fn variables(body: &str) -> String {
    let names = provider_file::variables(body);
    let mut text = "# Set in the environment, for example by a file of such lines that is never committed and `source`d; no\n# secret belongs into this file:\n".to_owned();
    text.extend(names.iter().map(|name| format!("#   export {name}=…\n")));
    text + "\n"
}
