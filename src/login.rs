//! How users log in, as a provider file says it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::evaluate::environment;
use crate::scenario::{Bindings, Ordered};
use crate::template::{Reference, Segment, Template, texts};

/// How users log in: the key `login:` of a provider file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Login {
    /// By the forms on the provider's pages.
    #[default]
    Forms,
    /// In a real browser, for pages that only scripts build.
    Browser,
    /// By requests that are written down, one list for each page.
    Steps(Vec<Script>),
    /// By cookies that a command prints.
    Cookie(Given),
    /// By a header field whose value a command prints.
    Header(GivenHeader),
    /// By an API that hands out tokens, without any page.
    Api(ApiLogin),
    /// Not at all.
    None,
}

/// A page and the requests that answer it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// A part of the path of the page.
    pub at: String,
    /// What the page asks for.
    #[serde(default, rename = "for")]
    pub question: Question,
    /// What to take from the page.
    #[serde(default)]
    pub keep: Captures,
    /// What is done, in order.
    #[serde(rename = "do")]
    pub moves: Vec<Move>,
    /// Where the browser goes on; without it, with the last answer.
    #[serde(default)]
    pub open: Option<Template>,
}

/// What a page asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Who the user is.
    #[default]
    Login,
    /// Whether to approve, of a user who does.
    Approve,
    /// Whether to approve, of a user who does not.
    Deny,
    /// The code that a device shows (RFC 8628 §3.3).
    Device,
}

/// One thing to do.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Move {
    /// Sends a request; an answer of 400 or above means that the login is refused.
    Send(Box<Call>),
    /// Computes a proof of the password by Secure Remote Password, bound to `${srp_signature}` for
    /// the time in `${srp_timestamp}`. The public number for it is in `${srp_a}` from the start.
    Srp(Box<SrpProof>),
}

/// A request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The address, which may be relative to the page.
    pub to: Template,
    /// The method; without it POST when there is a body and GET otherwise.
    #[serde(default)]
    pub method: Option<String>,
    /// Header fields.
    #[serde(default)]
    pub headers: Bindings,
    /// A form body.
    #[serde(default)]
    pub form: Option<Bindings>,
    /// A JSON body.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// What to take from the answer.
    #[serde(default)]
    pub keep: Captures,
}

/// What a proof by Secure Remote Password is made of.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SrpProof {
    /// The name of the pool, as it goes into the hashes.
    pub pool: Template,
    /// The name of the user, as it goes into the hashes.
    pub user: Template,
    /// The salt, in hexadecimal digits.
    pub salt: Template,
    /// The public number of the server, in hexadecimal digits.
    pub b: Template,
    /// What the server wants back with the proof, in base64.
    pub secret_block: Template,
}

/// A place in an answer or page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Capture {
    /// The text between two others, as it stands in the body.
    Between(String, String),
    /// A member of the JSON body, by its pointer (RFC 6901).
    Json(String),
    /// The value of the HTML input of that name.
    Input(String),
    /// A header field.
    Header(String),
    /// A parameter in the query of the address.
    Query(String),
}

/// Names with the places that their values come from, in order.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(transparent)]
pub struct Captures(#[schemars(with = "BTreeMap<String, Capture>")] pub Vec<(String, Capture)>);

impl<'de> Deserialize<'de> for Captures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Ordered::default()).map(Self)
    }
}

/// A command that prints what logs a user in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The program and its arguments.
    pub command: Vec<Template>,
}

/// A header field whose value a command prints.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenHeader {
    /// The name of the field.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<Template>,
}

/// An API that hands out tokens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiLogin {
    /// What is done, in order.
    #[serde(rename = "do")]
    pub moves: Vec<Move>,
    /// What the tokens are, by the names of a token response (RFC 6749 §5.1).
    pub tokens: Bindings,
}

/// The names that a script can use beside those of every case.
pub const NAMES: [&str; 7] =
    ["page", "username", "password", "user_code", "srp_a", "srp_signature", "srp_timestamp"];

/// The header field that carries a login, for redaction.
pub fn secret_header(login: &Login) -> Option<&str> {
    match login {
        Login::Header(header) => Some(&header.name),
        _ => None,
    }
}

/// All templates of a login, whatever they are for.
pub fn templates(login: &Login) -> Vec<Template> {
    match login {
        Login::Forms | Login::Browser | Login::None => Vec::new(),
        Login::Steps(scripts) => scripts.iter().flat_map(of_script).collect(),
        Login::Cookie(given) => given.command.clone(),
        Login::Header(header) => header.command.clone(),
        Login::Api(api) => {
            let moves = api.moves.iter().flat_map(of_move);
            moves.chain(api.tokens.0.iter().map(|(_, template)| template.clone())).collect()
        }
    }
}

/// The addresses that a login names outright, by whose origins requests are let through.
pub fn addresses(login: &Login, issuer: &str) -> Vec<String> {
    let moves: Vec<&Move> = match login {
        Login::Steps(scripts) => scripts.iter().flat_map(|script| &script.moves).collect(),
        Login::Api(api) => api.moves.iter().collect(),
        _ => Vec::new(),
    };
    let calls = moves.into_iter().filter_map(|step| match step {
        Move::Send(call) => environment(&call.to, issuer).ok(),
        Move::Srp(_) => None,
    });
    calls.collect()
}

/// The first template with a name that has no value by then, and that name.
pub fn unbound<'a>(login: &'a Login, known: &[&str]) -> Option<(Template, String)> {
    const NOTHING: &[(String, Capture)] = &[];
    type List<'a> = (&'a [(String, Capture)], &'a [Move], Vec<Template>);
    let lists: Vec<List<'a>> = match login {
        Login::Forms | Login::Browser | Login::None => return None,
        Login::Cookie(_) | Login::Header(_) => {
            return templates(login)
                .into_iter()
                .find_map(|template| strange(&template, known, &[]));
        }
        Login::Steps(scripts) => scripts
            .iter()
            .map(|script| {
                (
                    script.keep.0.as_slice(),
                    script.moves.as_slice(),
                    Vec::from_iter(script.open.clone()),
                )
            })
            .collect(),
        Login::Api(api) => {
            let tokens = api.tokens.0.iter().map(|(_, template)| template.clone());
            vec![(NOTHING, api.moves.as_slice(), tokens.collect())]
        }
    };
    lists.into_iter().find_map(|(kept, moves, end)| {
        let mut own: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        for step in moves {
            let found = of_move(step).iter().find_map(|template| strange(template, known, &own));
            if found.is_some() {
                return found;
            }
            if let Move::Send(call) = step {
                own.extend(call.keep.0.iter().map(|(name, _)| name.as_str()));
            }
        }
        end.iter().find_map(|template| strange(template, known, &own))
    })
}

fn strange(template: &Template, known: &[&str], own: &[&str]) -> Option<(Template, String)> {
    let is_known = |name: &str| known.contains(&name) || own.contains(&name);
    template.segments.iter().find_map(|segment| {
        let name = match segment {
            Segment::Reference(Reference::Name(name)) => name,
            Segment::Reference(Reference::Call(function, arguments)) if function.takes_name() => {
                arguments.first()?
            }
            _ => return None,
        };
        (!is_known(name)).then(|| (template.clone(), name.clone()))
    })
}

fn of_script(script: &Script) -> Vec<Template> {
    script.moves.iter().flat_map(of_move).chain(script.open.clone()).collect()
}

fn of_move(step: &Move) -> Vec<Template> {
    match step {
        Move::Srp(proof) => {
            let SrpProof { pool, user, salt, b, secret_block } = proof.as_ref();
            [pool, user, salt, b, secret_block].map(Clone::clone).to_vec()
        }
        Move::Send(call) => {
            let form = call.form.iter().flat_map(|form| &form.0);
            let pairs = call.headers.0.iter().chain(form).map(|(_, template)| template.clone());
            let mut all: Vec<Template> = [call.to.clone()].into_iter().chain(pairs).collect();
            let before = all.len();
            call.json.iter().for_each(|json| texts(json, &mut all));
            // A JSON document does not tell where its texts stand.
            all[before..].iter_mut().for_each(|template| template.place = call.to.place);
            all
        }
    }
}
