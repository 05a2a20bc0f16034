//! The two metadata documents of an issuer. Only its own host is asked.

use serde_json::Value;
use url::{Position, Url};

use crate::transport::Transport;
use crate::wire::{Request, TransportError};

/// What an issuer publishes.
#[derive(Debug, Clone)]
pub struct Documents {
    /// OpenID Connect Discovery 1.0 §4: behind the issuer.
    pub openid: Document,
    /// RFC 8414 §3: between the issuer's host and its path.
    pub oauth: Document,
}

/// A document, or why there is none.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it is looked for.
    pub url: Url,
    /// What is there.
    pub content: Result<Value, String>,
}

impl Documents {
    /// The document that a run would read: the first one that is there.
    pub fn first(&self) -> Option<&Document> {
        [&self.openid, &self.oauth].into_iter().find(|document| document.content.is_ok())
    }
}

/// Fetches both documents.
///
/// # Errors
/// When the issuer's host does not answer at all.
pub async fn fetch(issuer: &Url, transport: &impl Transport) -> Result<Documents, TransportError> {
    let base = issuer.as_str().trim_end_matches('/');
    let path = issuer.path().trim_end_matches('/');
    let origin = &issuer[..Position::BeforePath];
    let openid = format!("{base}/.well-known/openid-configuration");
    let oauth = format!("{origin}/.well-known/oauth-authorization-server{path}");
    Ok(Documents {
        openid: get(issuer, &openid, transport).await?,
        oauth: get(issuer, &oauth, transport).await?,
    })
}

async fn get(
    issuer: &Url,
    address: &str,
    transport: &impl Transport,
) -> Result<Document, TransportError> {
    // An address made of an issuer's parts is one; were it not, the issuer itself says as much.
    let url = Url::parse(address).unwrap_or_else(|_| issuer.clone());
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let request = Request { method: "GET".into(), url: url.clone(), headers, body: Vec::new() };
    let answer = transport.exchange(request).await.outcome?;
    let content = match (answer.status, answer.json()) {
        (200, Ok(document)) if document.is_object() => Ok(document.clone()),
        (200, Ok(_)) => Err("it is no JSON object".into()),
        (200, Err(why)) => Err(why),
        (status, _) => Err(match answer.header("location") {
            Some(target) => format!("{status}, a redirect to {target}"),
            None => format!("the answer is {status}"),
        }),
    };
    Ok(Document { url, content })
}
