//! The provider under test, as its provider file describes it.

use std::collections::BTreeMap;

use url::Url;

use crate::action::AuthMethod;
use crate::capability::ENDPOINTS;
use crate::diagnostic::Diagnostic;
use crate::evaluate::environment;
use crate::login::{self, Login};
use crate::pages::PageRules;
use crate::provider_file::{
    Basis, ClientEntry, Hook, KnownDeviation, Offline, Pace, ProviderFile, UserEntry, variables,
};
use crate::secret::{Secret, SecretSource};
use crate::target;
use crate::template::{Function, Reference, Segment, Template, texts};
use crate::yaml::{self, Located};

/// A provider, ready for use: no name is left to be resolved.
#[derive(Debug, Clone)]
pub struct Provider {
    /// A short name for reports.
    pub name: String,
    /// The file it was read from, as the user named it.
    pub file: String,
    /// The issuer identifier, exactly as configured.
    pub issuer: String,
    /// Where the metadata is.
    pub discovery: Url,
    /// What its answers are evidence of.
    pub evidence: Basis,
    /// The profile that the file asks for.
    pub profile: Option<Located<String>>,
    /// The `iss` that tokens carry.
    pub expected_iss: String,
    /// Endpoints that are given in the file.
    pub endpoints: BTreeMap<String, String>,
    /// Whether there is a metadata document.
    pub publishes_metadata: bool,
    /// Endpoints that take their parameters in the query instead of a form.
    pub query_endpoints: Vec<String>,
    /// Further origins that may be contacted.
    pub origins: Vec<Url>,
    /// The redirect URI of the clients.
    pub redirect_uri: Url,
    /// An https redirect URI that the client `two_uris` has as well.
    pub https_redirect_uri: Option<Url>,
    /// Where the browser is sent after a logout.
    pub post_logout_redirect_uri: Option<Url>,
    /// A redirect URI that no client has.
    pub stranger_uri: String,
    /// The scope to ask for.
    pub scope: Option<String>,
    /// What it takes to get a refresh token.
    pub offline: Offline,
    /// The clients by role.
    pub clients: BTreeMap<String, Client>,
    /// The role that signs users in.
    pub client: String,
    /// The role that introspects tokens.
    pub introspect_as: String,
    /// The users by name.
    pub users: BTreeMap<String, User>,
    /// The user who signs in.
    pub user: String,
    /// Capabilities that the file decides.
    pub offers: BTreeMap<String, bool>,
    /// How users log in.
    pub login: Login,
    /// How its pages are driven.
    pub pages: PageRules,
    /// The hooks it has.
    pub hooks: BTreeMap<String, Hook>,
    /// What hooks and the login take from the environment: most of it is there because it is secret.
    pub hook_secrets: Vec<Secret>,
    /// How to treat it.
    pub pace: Pace,
    /// The known deviations.
    pub known: Vec<KnownDeviation>,
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub client_id: String,
    /// How it authenticates.
    pub auth: AuthMethod,
    /// Its secret.
    pub secret: Option<Secret>,
    /// Its private key, as PKCS#8 in PEM.
    pub key: Option<Secret>,
    /// The scope it may ask for by itself.
    pub scope: Option<String>,
    /// What each of its requests has beside the parameters of the specifications.
    pub parameters: Vec<(String, String)>,
}

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    /// The name to log in with.
    pub username: String,
    /// The password.
    pub password: Secret,
}

impl Provider {
    /// Reads a provider file; `issuer` replaces the one in the file.
    ///
    /// # Errors
    /// Points at the mistake, or names the environment variable or secret file that is missing.
    pub fn parse(file: &str, source: &str, issuer: Option<&str>) -> Result<Self, Diagnostic> {
        let written: ProviderFile = yaml::parse(file, source).map_err(guarded)?;
        let issuer_text = match issuer {
            Some(issuer) => issuer.to_owned(),
            None => Filler { file, source, issuer: "" }
                .text(&written.issuer)
                .map_err(|mistake| with_all_unset(mistake, source))?,
        };
        let filler = Filler { file, source, issuer: &issuer_text };
        if !issuer_text.starts_with("https://") && !issuer_text.starts_with("http://") {
            let message = format!("`{issuer_text}` is neither an https nor an http address");
            return Err(filler.error(&written.issuer, message));
        }
        filler.provider(written).map_err(|mistake| with_all_unset(mistake, source))
    }

    /// Every secret of the file, for redaction.
    pub fn secrets(&self) -> Vec<Secret> {
        let clients = self.clients.values().flat_map(|client| [&client.secret, &client.key]);
        let clients = clients.flatten().chain(&self.hook_secrets).cloned();
        clients.chain(self.users.values().map(|user| user.password.clone())).collect()
    }
}

/// A mistake about a variable that is not set, with all others that are not, to set in one go.
fn with_all_unset(mistake: Diagnostic, source: &str) -> Diagnostic {
    let mut unset: Vec<String> = variables(source).into_iter().collect();
    unset.retain(|name| std::env::var(name).is_err());
    if unset.len() < 2 || !mistake.message.ends_with("is not set") {
        return mistake;
    }
    mistake.hint(format!("{} variables are not set: {}", unset.len(), unset.join(", ")))
}

/// A mistake without its line, where that may hold a secret which does not belong there.
fn guarded(mut mistake: Diagnostic) -> Diagnostic {
    let line = mistake.line().to_lowercase();
    if mistake.message.ends_with("expected one of env, file, published") {
        let wanted = "expected where the secret is kept, { env: NAME } or { file: PATH }";
        mistake.message = String::from(wanted);
    } else if !["secret", "password", "key:"].iter().any(|word| line.contains(word)) {
        return mistake;
    }
    mistake.message += "; the line is not shown, because it may hold the secret";
    mistake.without_line()
}

/// Fills in the environment and the issuer.
struct Filler<'a> {
    file: &'a str,
    source: &'a str,
    issuer: &'a str,
}

impl Filler<'_> {
    fn error(&self, template: &Template, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.file, self.source, template.place, message)
    }

    fn text(&self, template: &Template) -> Result<String, Diagnostic> {
        environment(template, self.issuer).map_err(|message| self.error(template, message))
    }

    fn url(&self, template: &Template) -> Result<Url, Diagnostic> {
        let text = self.text(template)?;
        Url::parse(&text)
            .map_err(|e| self.error(template, format!("`{text}` is not an address: {e}")))
    }

    fn https_url(&self, template: &Template) -> Result<Url, Diagnostic> {
        let url = self.url(template)?;
        if url.scheme() == "https" && url.port().is_none() {
            return Ok(url);
        }
        let message = format!("`{url}` is no https address without a port");
        Err(self.error(template, message))
    }

    fn secret(&self, what: &str, secret: &SecretSource) -> Result<Secret, Diagnostic> {
        secret.read().map_err(|message| {
            let message = format!("{what}: {message}");
            Diagnostic::new(self.file, self.source, secret.place(), message)
                .hint("the file names the environment variable or file; set or create it")
        })
    }

    fn provider(&self, file: ProviderFile) -> Result<Provider, Diagnostic> {
        let well_known =
            format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery = file.discovery.unwrap_or_else(|| Template {
            place: file.issuer.place,
            ..Template::literal(well_known)
        });
        let clients = self.clients(&file.clients)?;
        let roles: Vec<&str> = clients.keys().map(String::as_str).collect();
        let client =
            self.chosen(file.client.as_ref(), &["public", "confidential"], &roles, "client role")?;
        let introspect_as = self.chosen(
            file.introspect_as.as_ref(),
            &["resource_server", "confidential"],
            &roles,
            "client role",
        )?;
        let users = self.users(&file.users)?;
        let names: Vec<&str> = users.keys().map(String::as_str).collect();
        let user = self.chosen(file.user.as_ref(), &["alice"], &names, "user")?;
        let expected_iss = file.expected_iss.as_ref().map(|iss| self.text(iss)).transpose()?;
        let origins =
            file.origins.iter().map(|origin| self.url(origin)).collect::<Result<_, _>>()?;
        let https = file.https_redirect_uri.as_ref();
        let logged_out = file.post_logout_redirect_uri.as_ref();
        Ok(Provider {
            name: file.name,
            file: self.file.to_owned(),
            issuer: self.issuer.to_owned(),
            evidence: file.evidence,
            profile: file.profile,
            discovery: self.url(&discovery)?,
            expected_iss: expected_iss.unwrap_or_else(|| self.issuer.to_owned()),
            endpoints: self.endpoints(&file.endpoints)?,
            publishes_metadata: file.publishes_metadata,
            query_endpoints: file.query_endpoints,
            origins,
            redirect_uri: self.url(&file.redirect_uri)?,
            https_redirect_uri: https.map(|uri| self.https_url(uri)).transpose()?,
            post_logout_redirect_uri: logged_out.map(|uri| self.url(uri)).transpose()?,
            stranger_uri: self.stranger_uri(file.stranger_uri.as_ref())?,
            scope: file.scope,
            offline: file.offline,
            client,
            introspect_as,
            clients,
            users,
            user,
            offers: file.offers,
            pages: file.pages,
            hook_secrets: environment_secrets(&file.hooks, &file.login),
            login: self.login(file.login)?,
            hooks: self.hooks(file.hooks)?,
            pace: file.pace,
            known: file.known,
        })
    }

    /// The login, when it uses only names that have a value by then.
    fn login(&self, written: Login) -> Result<Login, Diagnostic> {
        let known: Vec<&str> =
            login::NAMES.into_iter().chain(target::NAMES).chain(ENDPOINTS).collect();
        match login::unbound(&written, &known) {
            None => Ok(written),
            Some((template, name)) => {
                let message = format!("`${{{name}}}` has no value here");
                let hint = format!(
                    "a name comes from an earlier `keep`, or is one of {}",
                    login::NAMES.join(", ")
                );
                Err(self.error(&template, message).hint(hint))
            }
        }
    }

    fn stranger_uri(&self, written: Option<&Template>) -> Result<String, Diagnostic> {
        // RFC 2606 §2 keeps this name free, so nobody can have registered it.
        written.map_or_else(|| Ok("https://stranger.invalid/callback".into()), |uri| self.text(uri))
    }

    fn chosen(
        &self,
        written: Option<&Located<String>>,
        usual: &[&str],
        known: &[&str],
        what: &str,
    ) -> Result<String, Diagnostic> {
        let Some(name) = written else {
            let found = usual.iter().find(|name| known.contains(name));
            return Ok(found.or(known.first().as_ref().map(|n| *n)).map_or("", |n| n).to_owned());
        };
        if known.contains(&name.value.as_str()) {
            return Ok(name.value.clone());
        }
        let message =
            format!("unknown {what} `{}`, expected one of {}", name.value, known.join(", "));
        Err(Diagnostic::new(self.file, self.source, name.place, message))
    }

    fn endpoints(
        &self,
        written: &BTreeMap<String, Template>,
    ) -> Result<BTreeMap<String, String>, Diagnostic> {
        let pairs = written.iter();
        pairs.map(|(name, at)| Ok((name.clone(), self.url(at)?.to_string()))).collect()
    }

    fn clients(
        &self,
        written: &BTreeMap<String, ClientEntry>,
    ) -> Result<BTreeMap<String, Client>, Diagnostic> {
        let client = |(role, entry): (&String, &ClientEntry)| {
            let read = |source: &Option<SecretSource>| {
                let source = source.as_ref();
                source.map(|s| self.secret(&format!("client `{role}`"), s)).transpose()
            };
            let client = Client {
                client_id: self.text(&entry.client_id)?,
                auth: entry.auth,
                secret: read(&entry.secret)?,
                key: read(&entry.key)?,
                scope: entry.scope.clone(),
                parameters: self.texts(&entry.parameters)?,
            };
            Ok((role.clone(), client))
        };
        written.iter().map(client).collect()
    }

    fn texts(
        &self,
        written: &BTreeMap<String, Template>,
    ) -> Result<Vec<(String, String)>, Diagnostic> {
        let pairs = written.iter();
        pairs.map(|(name, value)| Ok((name.clone(), self.text(value)?))).collect()
    }

    fn users(
        &self,
        written: &BTreeMap<String, UserEntry>,
    ) -> Result<BTreeMap<String, User>, Diagnostic> {
        let user = |(name, entry): (&String, &UserEntry)| {
            let password = self.secret(&format!("user `{name}`"), &entry.password)?;
            Ok((name.clone(), User { username: self.text(&entry.username)?, password }))
        };
        written.iter().map(user).collect()
    }

    /// The hooks that are there: a command whose program is empty means that there is none.
    fn hooks(&self, written: BTreeMap<String, Hook>) -> Result<BTreeMap<String, Hook>, Diagnostic> {
        let mut hooks = BTreeMap::new();
        for (name, hook) in written {
            let absent = match &hook {
                Hook::Command(words) => match words.first() {
                    Some(program) => self.text(program)?.is_empty(),
                    None => true,
                },
                Hook::Post(_) => false,
            };
            if !absent {
                hooks.insert(name, hook);
            }
        }
        Ok(hooks)
    }
}

/// What hooks and the login take from the environment.
fn environment_secrets(hooks: &BTreeMap<String, Hook>, login: &Login) -> Vec<Secret> {
    let of_login = environment_values(login::templates(login));
    hooks.values().flat_map(environment_of).chain(of_login).collect()
}

/// The values that a hook takes from the environment.
fn environment_of(hook: &Hook) -> Vec<Secret> {
    let mut templates = Vec::new();
    match hook {
        Hook::Post(post) => {
            templates.push(post.url.clone());
            texts(&post.json, &mut templates);
        }
        Hook::Command(words) => templates.extend(words.iter().cloned()),
    }
    environment_values(templates)
}

/// The values that templates take from the environment.
fn environment_values(templates: Vec<Template>) -> Vec<Secret> {
    let segments = templates.into_iter().flat_map(|template| template.segments);
    let names = segments.filter_map(|segment| match segment {
        Segment::Reference(Reference::Call(Function::Env, arguments)) => {
            arguments.into_iter().next()
        }
        _ => None,
    });
    // An empty value hides nothing, and would be found everywhere.
    let values =
        names.filter_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty());
    values.map(Secret::new).collect()
}
