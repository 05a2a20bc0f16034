//! `authgauge init` as the real program: the file that it writes says what was found, what is missing
//! and what to register; it loads, and replaces nothing unasked.

mod support;

use std::path::Path;

use authgauge::library::Library;
use serde_json::{Value, json};

use support::program::{authgauge, command, folder, run, text};
use support::server::{Answer, Asked, Server, closed_port, json, response};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

fn metadata(origin: &str) -> Value {
    json!({
        "issuer": format!("{origin}/"),
        "authorization_endpoint": "https://login.elsewhere.invalid/authorize",
        "token_endpoint": format!("{origin}/token"),
        "introspection_endpoint": format!("{origin}/introspect"),
        "scopes_supported": ["openid", "email"],
        "grant_types_supported": ["authorization_code"],
        "x_hostile": "a\nname: hijacked",
    })
}

fn openid_only(asked: &Asked, origin: &str) -> Answer {
    if asked.path == OPENID {
        return json("200 OK", &metadata(origin));
    }
    response("404 Not Found", &[], "")
}

/// Sets every variable that a file asks for, as its head lists them.
fn variables(file: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(file).expect("it is written");
    let names = text.lines().filter_map(|line| line.strip_prefix("#   export "));
    names
        .map(|line| line.trim_end_matches("=…").to_owned())
        .map(|name| {
            let value = if name.ends_with("DOMAIN") { "http://127.0.0.1:1" } else { "some-value" };
            (name, value.to_owned())
        })
        .collect()
}

#[test]
fn the_file_says_what_was_found_and_what_is_missing() {
    let server = Server::start(openid_only);
    let file = folder("init-found").join("provider.yaml");
    let ended = authgauge(&["init", &server.origin(), "-o", text(&file)]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stderr.contains("next: authgauge doctor --provider"), "{ended:#?}");
    let written = std::fs::read_to_string(&file).expect("it is written");
    let origin = server.origin();
    for line in [
        // The slash at the end is the metadata's.
        format!("issuer: \"{origin}/\""),
        "origins: [\"https://login.elsewhere.invalid\"]".into(),
        "scope: openid email".into(),
        format!("# Found at {origin}{OPENID}:"),
        format!("# Nothing at {origin}{OAUTH}: the answer is 404."),
        "#   device_authorization_endpoint".into(),
        "#   code_challenge_methods_supported".into(),
        "  # The metadata has no device_authorization_endpoint.".into(),
        "  # The metadata has no client_credentials in grant_types_supported.".into(),
        "#   export AUTHGAUGE_CONFIDENTIAL_SECRET=…".into(),
        "#   http://127.0.0.1:18999/callback: redirect URI of every client; nothing needs to listen there"
            .into(),
        "#   consent, client_id authgauge-consent: a public client that asks the user for consent each time"
            .into(),
    ] {
        assert!(written.lines().any(|own| own == line), "{line:?} is not in\n{written}");
    }
    assert!(written.contains("  # device: { client_id: authgauge-device"), "{written}");
    assert!(written.contains("\n  resource_server: {"), "{written}");
    assert!(!written.contains("\nname: hijacked"), "{written}");
}

#[test]
fn a_file_that_lacks_a_variable_says_which() {
    let server = Server::start(openid_only);
    let file = folder("init-variable").join("provider.yaml");
    assert_eq!(authgauge(&["init", &server.origin(), "-o", text(&file)]).code, Some(0));
    let mut variables = variables(&file);
    let last = variables.pop().expect("there are variables");
    let mut command = command(["run", "--provider", text(&file)]);
    let ended = run(command.envs(variables));
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert!(
        ended.stderr.contains(&format!("the environment variable {} is not set", last.0)),
        "{ended:#?}"
    );
    // All of them at once, when there are more.
    let ended = authgauge(&["doctor", "--provider", text(&file)]);
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    let named = [
        "AUTHGAUGE_ALICE_PASSWORD, AUTHGAUGE_BOB_PASSWORD",
        "variables are not set",
        last.0.as_str(),
    ];
    assert!(named.iter().all(|name| ended.stderr.contains(name)), "{ended:#?}");
}

#[test]
fn what_only_the_second_document_has_is_written_down() {
    let server = Server::start(|asked, origin| match asked.path.as_str() {
        OPENID => json("200 OK", &metadata(origin)),
        OAUTH => json(
            "200 OK",
            &json!({
                "issuer": origin,
                "token_endpoint": "https://not-this-one.invalid/token",
                "revocation_endpoint": format!("{origin}/revoke"),
                // A provider file would fill this in.
                "device_authorization_endpoint": format!("{origin}/${{env:HOME}}"),
            }),
        ),
        _ => response("404 Not Found", &[], ""),
    });
    let ended = authgauge(&["init", &server.origin()]);
    let line = format!(
        "\nendpoints:\n  # Only the document of RFC 8414 has these.\n  revocation_endpoint: \"{}/revoke\"\nredirect_uri:",
        server.origin()
    );
    assert!(ended.stdout.contains(&line), "{line}\nis not in\n{}", ended.stdout);
    assert!(!ended.stdout.contains("#   revocation_endpoint\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("  token_endpoint: \""), "{}", ended.stdout);
    // The endpoints of a template stay, and one that stands beside another is found.
    let ended = authgauge(&["init", &server.origin(), "--template", "cognito"]);
    let line =
        "\nendpoints:\n  revocation_endpoint: \"https://login.elsewhere.invalid/oauth2/revoke\"\n";
    assert!(ended.stdout.contains(line), "{line}\nis not in\n{}", ended.stdout);
}

/// What a measured product deviates in is one list, wherever it is written.
#[test]
fn a_template_knows_what_the_provider_file_knows() {
    let library = Library::bundled().expect("the bundled files are well-formed");
    for (template, provider) in [
        ("django-oauth-toolkit", "django-oauth-toolkit"),
        ("oidc-provider", "oidc-provider"),
        ("cognito", "stub-cognito"),
        ("auth0", "stub-auth0"),
    ] {
        let known = |text: &str| text.split_once("\nknown:\n").map(|(_, known)| known.to_owned());
        let (ours, theirs) =
            (known(&library.templates[template].text), known(&library.providers[provider].text));
        assert!(ours.is_some());
        assert_eq!(ours, theirs, "scenarios/templates/{template}.yaml");
    }
}

#[test]
fn a_document_of_rfc_8414_alone_will_do() {
    let server = Server::start(|asked, origin| {
        if asked.path == format!("{OAUTH}/tenant") {
            return json("200 OK", &json!({ "issuer": format!("{origin}/tenant") }));
        }
        response("404 Not Found", &[], "")
    });
    let ended = authgauge(&["init", &format!("{}/tenant", server.origin())]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let line = format!("discovery: \"{}{OAUTH}/tenant\"", server.origin());
    assert!(ended.stdout.lines().any(|own| own == line), "{}", ended.stdout);
}

#[test]
fn nothing_is_replaced_unasked() {
    let server = Server::start(openid_only);
    let file = folder("init-force").join("provider.yaml");
    std::fs::write(&file, "mine").expect("the folder can be written");
    let ended = authgauge(&["init", &server.origin(), "-o", text(&file)]);
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert!(
        ended.stderr.contains("is there already") && ended.stderr.contains("--force"),
        "{ended:#?}"
    );
    assert_eq!(std::fs::read_to_string(&file).ok().as_deref(), Some("mine"));
    let ended = authgauge(&["init", &server.origin(), "-o", text(&file), "--force"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(std::fs::read_to_string(&file).is_ok_and(|text| text.contains("\nissuer: ")));
}

#[test]
fn wrong_arguments_write_nothing() {
    let file = folder("init-wrong").join("provider.yaml");
    let nobody = format!("http://{}", closed_port());
    for (issuer, template, code, words) in [
        (nobody.as_str(), "generic", 3, "could not connect to 127.0.0.1"),
        ("not an address", "generic", 2, "`not an address` is not an address"),
        ("ftp://p.test", "generic", 2, "neither an https nor an http address"),
        ("https://p.test/?a=b", "generic", 2, "it has a query or a fragment"),
        ("https://p.test", "nope", 2, "unknown template `nope`, expected one of auth0, cognito"),
    ] {
        let ended = authgauge(&["init", issuer, "-o", text(&file), "--template", template]);
        assert_eq!(ended.code, Some(code), "{issuer}: {ended:#?}");
        assert!(ended.stderr.contains(words), "{words:?} is not in {}", ended.stderr);
        assert!(!file.exists(), "{issuer}");
    }
}

/// What each template leads to is a provider file, down to its known deviations.
#[test]
fn every_template_loads() {
    let library = Library::bundled().expect("the bundled files are well-formed");
    assert!(library.templates.len() >= 8, "{:?}", library.templates.keys());
    let server = Server::start(openid_only);
    for name in library.templates.keys() {
        let file = folder(&format!("init-template-{name}")).join("provider.yaml");
        let ended = authgauge(&["init", &server.origin(), "-o", text(&file), "--template", name]);
        assert_eq!(ended.code, Some(0), "{name}: {ended:#?}");
        let mut command = command(["run", "no/such/case", "--provider", text(&file)]);
        let ended = run(command.envs(variables(&file)));
        // The file is read first: a mistake in it would be told instead.
        assert!(ended.stderr.contains("nothing is selected"), "{name}: {ended:#?}");
    }
}
