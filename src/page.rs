//! Reads one page and decides what its user does next.
//!
//! It knows no product: it goes by the fields and words on the page. Where that is not enough, a
//! provider file names form, fields and buttons, see [`crate::pages`].

use std::fmt;

use url::Url;

use crate::form::{self, Button, Form, Method};
use crate::pages::PageRules;

mod button;
mod decision;
mod login;
mod memory;

use button::mentions;
pub use memory::{Memory, Refusal};

/// A page that a browser shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its address.
    pub url: &'a Url,
    /// The status with which it came.
    pub status: u16,
    /// Its text.
    pub html: &'a str,
}

/// What the user answers when asked.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// The client's redirect URIs.
    pub callbacks: &'a [Url],
    /// Who logs in; nobody when there is none.
    pub user: Option<Credentials<'a>>,
    /// What is answered on a consent page.
    pub decision: Decision,
    /// The code to type in on a device verification page.
    pub user_code: Option<&'a str>,
    /// What the provider file says about the pages.
    pub rules: &'a PageRules,
}

/// A user's name and password.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// What is typed in as the name.
    pub username: &'a str,
    /// What is typed in as the password.
    pub password: &'a str,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// What the user answers on a consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Approves.
    Approve,
    /// Denies.
    Deny,
}

/// What the user does with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sends a form.
    Submit(Submission),
    /// Goes to another address.
    Follow(Url),
    /// Nothing: the page asks for nothing.
    Rest,
    /// Nothing, although the page asks for something; the text says what.
    Stop(String),
}

/// A form, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What it is sent for.
    pub purpose: Purpose,
    /// How it is sent.
    pub method: Method,
    /// Where it is sent.
    pub target: Url,
    /// The fields and the button, in the order of the page.
    pub pairs: Vec<(String, String)>,
    /// The names of the fields that the user sees.
    pub asked: Vec<String>,
    /// What the button says, or its name; empty when the form is sent without one.
    pub button: String,
    /// By which a real browser finds the button again.
    pub button_mark: String,
    /// By which a real browser finds the form again.
    pub form_mark: String,
}

/// What a form is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To log in, or one step of it.
    LogIn,
    /// To tell the code that a device shows.
    UserCode,
    /// To approve, deny or confirm.
    Decide,
    /// To go on, as a script on the page would.
    GoOn,
}

/// What the user does with a page.
pub fn decide(page: &Page<'_>, answers: &Answers<'_>) -> Action {
    let is_error = page.status >= 400;
    if let Some(why) = form::unreadable(page.html) {
        return if is_error { Action::Rest } else { stop(format!("the page is not read: {why}")) };
    }
    let forms = form::forms(page.html, page.url);
    let early = answer_by_form(answers, &forms).or_else(|| login::answer(page, answers, &forms));
    match early {
        Some(action) => action,
        // RFC 6749 §4.1.2.1: an error is shown to the user; what else that page offers is no part
        // of the flow.
        None if is_error => Action::Rest,
        None => form::refresh_target(page.html, page.url)
            .map(Action::Follow)
            .or_else(|| self_submitting(page, &forms))
            .or_else(|| decision::answer(page, answers, &forms))
            .or_else(|| unanswered(page, answers, &forms))
            .unwrap_or(Action::Rest),
    }
}

/// Whether an address is one of the redirect URIs, whatever its query and fragment.
pub fn is_callback(url: &Url, callbacks: &[Url]) -> bool {
    callbacks.iter().any(|callback| {
        let place = |url| Url::port_or_known_default(url);
        (callback.scheme(), callback.host_str(), place(callback), callback.path())
            == (url.scheme(), url.host_str(), place(url), url.path())
    })
}

/// OAuth 2.0 Form Post Response Mode §2: the answer to the client is a form that a script sends.
fn answer_by_form(answers: &Answers<'_>, forms: &[Form]) -> Option<Action> {
    // A denial may be a form of its own that leads straight to the client.
    let denies = |form: &Form| form.buttons.iter().any(|button| decision::denies(form, button));
    let form = forms.iter().find(|form| {
        let is_closed = form.fields.iter().all(|field| !field.open);
        is_callback(&form.action, answers.callbacks) && is_closed && !denies(form)
    })?;
    Some(Action::Submit(submission(form, None, Purpose::GoOn)))
}

/// A form that a script sends as soon as the page is there.
fn self_submitting(page: &Page<'_>, forms: &[Form]) -> Option<Action> {
    let [form] = forms else { return None };
    let silent = form.method == Method::Post
        && form.fields.iter().all(|field| !field.open)
        && !button::mentions_logout([form.id.as_str(), form.action.path()]);
    let sends_itself = match form.buttons.as_slice() {
        [] => page.html.contains("submit") || form::is_built_by_script(page.html),
        [button] => page.html.contains("submit()") && decision::is_plain(form, button),
        _ => false,
    };
    (silent && sends_itself).then(|| Action::Submit(submission(form, None, Purpose::GoOn)))
}

/// Says what the page wants when it wants something that nobody can give.
fn unanswered(page: &Page<'_>, answers: &Answers<'_>, forms: &[Form]) -> Option<Action> {
    let posts = forms.iter().filter(|form| form.method == Method::Post);
    let wanted = posts.flat_map(|form| &form.fields).find(|field| {
        let one_time = mentions([&*field.name, &*field.id, &*field.hint], "otp totp mfa code");
        login::is_empty_text(field) && (field.required || one_time)
    });
    if let Some(field) = wanted {
        return Some(stop(format!(
            "the page asks for `{}`, which the form driver does not know: {}",
            field.name,
            quote(page)
        )));
    }
    let expects_more = answers.user.is_some() || answers.user_code.is_some();
    (expects_more && forms.is_empty() && form::is_built_by_script(page.html)).then(|| {
        stop(
            "the page is built by a script, which the form driver does not run; set `login: \
             browser` in the provider file, or write the requests down under `login: {steps: …}`"
                .to_owned(),
        )
    })
}

fn stop(why: String) -> Action {
    Action::Stop(why)
}

fn submission(form: &Form, button: Option<&Button>, purpose: Purpose) -> Submission {
    let sent = form.fields.iter().filter(|field| field.on);
    let mut pairs: Vec<_> = sent.map(|f| (f.name.clone(), f.value.clone())).collect();
    let pressed = button.filter(|button| !button.name.is_empty());
    pairs.extend(pressed.map(|button| (button.name.clone(), button.value.clone())));
    let mut asked: Vec<_> =
        form.fields.iter().filter(|field| field.open).map(|field| field.name.clone()).collect();
    asked.dedup();
    Submission {
        purpose,
        method: button.and_then(|button| button.method).unwrap_or(form.method),
        target: button.and_then(|button| button.action.clone()).unwrap_or(form.action.clone()),
        pairs,
        asked,
        button: button.map(label).unwrap_or_default(),
        button_mark: button.map(|button| button.mark.clone()).unwrap_or_default(),
        form_mark: form.mark.clone(),
    }
}

/// The button that a rule names, as [`crate::pages`] describes.
fn named<'a>(buttons: &[&'a Button], rule: &str) -> Option<&'a Button> {
    let first = |fits: &dyn Fn(&Button) -> bool| buttons.iter().copied().find(|b| fits(b));
    first(&|button| format!("{}={}", button.name, button.value) == rule)
        .or_else(|| first(&|button| button.name == rule))
        .or_else(|| first(&|button| button.id == rule))
        .or_else(|| first(&|button| button.text.to_lowercase() == rule.to_lowercase()))
}

/// Says that a rule does not fit the page that it is for.
fn no_such_button(rule: &str, key: &str, forms: &[&Form]) -> Action {
    let buttons: Vec<_> = forms.iter().flat_map(|form| &form.buttons).map(label).collect();
    let there = if buttons.is_empty() { "no button".to_owned() } else { buttons.join(", ") };
    stop(format!("the provider file names the button `{rule}` (pages.{key}), but there is {there}"))
}

/// How a message names a button.
fn label(button: &Button) -> String {
    let texts = [&button.text, &button.value, &button.name, &button.id];
    let text = texts.into_iter().find(|text| !text.is_empty());
    format!("`{}`", text.map_or("(without a text)", String::as_str))
}

/// What the page says, for a message.
fn quote(page: &Page<'_>) -> String {
    match form::message(page.html) {
        said if said.is_empty() => "it says nothing".to_owned(),
        said => format!("it says \"{said}\""),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Action, Answers, Credentials, Decision, Page, decide};
    use crate::pages::PageRules;

    /// Who sees a page, and what they want.
    struct Situation {
        user: Option<Credentials<'static>>,
        decision: Decision,
        user_code: Option<&'static str>,
        rules: PageRules,
    }

    /// What the user does with a page at `http://idp.test{path}`, as one line.
    fn act(at: &str, status: u16, html: &str, change: &dyn Fn(&mut Situation)) -> String {
        let url = Url::parse(&format!("http://idp.test{at}")).expect("an address");
        let callbacks = [Url::parse("http://client.test/cb").expect("an address")];
        let mut situation = Situation {
            user: Some(Credentials { username: "alice", password: "pw" }),
            decision: Decision::Approve,
            user_code: None,
            rules: PageRules::default(),
        };
        change(&mut situation);
        let Situation { user, decision, user_code, rules } = situation;
        let answers = Answers { callbacks: &callbacks, user, decision, user_code, rules: &rules };
        let page = Page { url: &url, status, html };
        match decide(&page, &answers) {
            Action::Submit(form) => {
                let pairs: Vec<_> = form.pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
                let target = form.target.as_str().trim_start_matches("http://idp.test");
                format!("{:?} {:?} {target} {}", form.purpose, form.method, pairs.join("&"))
            }
            Action::Follow(url) => format!("follow {}", url.path()),
            Action::Rest => "rest".to_owned(),
            Action::Stop(why) => format!("stop: {why}"),
        }
    }

    fn check(html: &str, change: &dyn Fn(&mut Situation), expected: &str) {
        let found = act("/page", 200, html, change);
        let matches = match expected.strip_suffix('…') {
            Some(start) => found.starts_with(start),
            None => found.trim_end() == expected,
        };
        assert!(matches, "{html}\n  found    {found}\n  expected {expected}");
    }

    fn deny(answers: &mut Situation) {
        answers.decision = Decision::Deny;
    }

    const NAME: &str = "<input name=username><input type=password name=password>";

    #[test]
    fn login_pages() {
        let table = [
            // A button that is named, a box that is not ticked, an action with a query.
            (
                "<form id=x-form-login method=post action='/act/authenticate?session_code=s&amp;tab=t'>
                 <input id=username name=username value='' autofocus><input id=password name=password
                 type=password><input type=checkbox name=rememberMe><input type=hidden
                 name=credentialId><input type=submit name=login id=x-login value='Sign In'></form>",
                "LogIn Post /act/authenticate?session_code=s&tab=t username=alice&password=pw&credentialId=&login=Sign In",
            ),
            // Two values of one button name; the hidden twin of a box.
            (
                "<form method=post><input type=hidden name=Input.ReturnUrl value='/connect?a=b'>
                 <input name=Input.Username><input type=password name=Input.Password
                 autocomplete=off><input type=checkbox name=Input.Remember value=true>
                 <button name=Input.Button value=login>Login</button>
                 <button name=Input.Button value=cancel>Cancel</button>
                 <input type=hidden name=Input.Remember value=false></form>",
                "LogIn Post /page Input.ReturnUrl=/connect?a=b&Input.Username=alice&Input.Password=pw&Input.Remember=false&Input.Button=login",
            ),
            // Cancel stands first, the right button has no name.
            (
                "<form method=post action=/l><input type=hidden name=csrf value=c>
                 <button name=cancel value=yes>Cancel</button>USER<button>Log in</button></form>",
                "LogIn Post /l csrf=c&username=alice&password=pw",
            ),
            // Unnamed buttons in a foreign language: the last one.
            (
                "<form method=post action=/l>USER<input type=submit value=Zurück><input type=submit
                 value=Weiter></form>",
                "LogIn Post /l username=alice&password=pw",
            ),
            // The form stands twice, for narrow and for wide screens.
            (
                "<div class=mobile><form method=POST action='/login?a=1'><input type=hidden name=_csrf
                 value=1>USER<input type=Submit name=signInSubmitButton value='Sign in'></form></div>
                 <div class=desktop><form method=POST action='/login?a=1'><input type=hidden
                 name=_csrf value=1>USER<input type=Submit name=signInSubmitButton value='Sign in'>
                 </form></div>",
                "LogIn Post /login?a=1 _csrf=1&username=alice&password=pw&signInSubmitButton=Sign in",
            ),
            // Several ways to log in are buttons of one form.
            (
                "<form method=post action='/self-service?flow=1'><input type=hidden name=csrf_token
                 value=c><button name=provider value=acme>Sign in with Acme</button><input
                 type=email name=identifier><input type=password name=password><button name=method
                 value=passkey>Sign in with passkey</button><button name=method value=password>Sign
                 in</button><button name=method value=code>Send code</button></form>",
                "LogIn Post /self-service?flow=1 csrf_token=c&identifier=alice&password=pw&method=password",
            ),
            // Name first; the field for the password is there but cannot be seen.
            (
                "<form method=post><input name=loginfmt type=email><input name=passwd type=password
                 style='display:none'><button>Next</button></form>",
                "LogIn Post /page loginfmt=alice&passwd=",
            ),
            // Password second; the name is repeated, and cannot be changed.
            (
                "<form method=post><input name=username readonly value=alice@x><input type=password
                 name=password><button name=action value=default>Continue</button></form>",
                "LogIn Post /page username=alice@x&password=pw&action=default",
            ),
            // Password only.
            ("<form method=post><input type=password name=pin><button>Go</button></form>", "LogIn Post /page pin=pw"),
            // Another name is filled in, and a box is required.
            (
                "<form method=post><input name=login value=bob><input name=password type=password>
                 <input type=checkbox name=terms required><button>Sign-in</button></form>",
                "LogIn Post /page login=alice&password=pw&terms=on",
            ),
            // The field for the name says nothing; it is the one before the password.
            (
                "<form method=post><input name=tenant value=t><input name=f1><input name=f2
                 type=password><input name=captcha><input type=submit></form>",
                "LogIn Post /page tenant=t&f1=alice&f2=pw&captcha=",
            ),
            // Registration stands first, and there are a search and a language form.
            (
                "<form action=/search><input name=q><button>Search</button></form><form method=post
                 action=/register>USER<button>Sign up</button></form><form method=post action=/l>USER
                 <button>Sign in</button></form><form method=post action=/lang><select name=l>
                 <option>en</select><button>Change language</button></form>",
                "LogIn Post /l username=alice&password=pw",
            ),
            // A script would send it: no button at all, or one outside.
            ("<form method=post action=/l>USER</form>", "LogIn Post /l username=alice&password=pw"),
            (
                "<form method=post action=/l id=f>USER</form><button form=f name=go value=1>Go on</button>",
                "LogIn Post /l username=alice&password=pw&go=1",
            ),
            // The only button names another way in, but it is the only one.
            (
                "<form method=post action=/l>USER<button>Sign in with SSO</button></form>",
                "LogIn Post /l username=alice&password=pw",
            ),
            // Only Cancel: that is no way on.
            ("<form method=post>USER<button name=cancel>Cancel</button></form>", "stop: no button seems to go on, there is `Cancel`; name one in pages.login.submit"),
            // A new password is wanted.
            (
                "<form method=post><input type=password name=a><input type=password name=b><button>Save
                 </button></form><p>Change it now.",
                "stop: the page asks for more than one password or a new one: it says \"Save Change it now.\"",
            ),
            // A second factor is wanted.
            (
                "<h1>Check</h1><form method=post><input name=otp><button>Verify</button></form>",
                "stop: the page asks for `otp`, which the form driver does not know: it says \"Check Verify\"",
            ),
        ];
        for (html, expected) in table {
            check(&html.replace("USER", NAME), &|_| (), expected);
        }
    }

    #[test]
    fn a_login_page_without_a_user_stops() {
        let html =
            "<title>Log in</title><form method=post><input name=user><input type=password name=p>";
        let expected = "stop: the page asks to log in and there is no user: it says \"Log in\"";
        check(html, &|answers| answers.user = None, expected);
    }

    #[test]
    fn consent_pages() {
        let boxes = "<form method=post action=/authorize name=consent_form><input type=hidden
            name=state value=s><input type=checkbox name=scope value=a id=a><input type=checkbox
            name=scope value=b><input type=checkbox name=scope value=c checked disabled><input
            type=checkbox name=remember><button type=submit id=submit-consent>Submit Consent</button>
            <button type=button id=cancel-consent onclick='cancelConsent()'>Cancel</button></form>
            <script>function cancelConsent(){document.consent_form.submit()}</script>";
        let table = [
            (boxes, "Decide Post /authorize state=s&scope=a&scope=b", "Decide Post /authorize state=s"),
            (
                "<form method=post action=/consent><input type=hidden name=code value=c><input
                 type=submit name=cancel id=x-cancel value=No><input type=submit name=accept
                 id=x-login value=Yes></form>",
                "Decide Post /consent code=c&accept=Yes",
                "Decide Post /consent code=c&cancel=No",
            ),
            (
                "<form method=post><input type=submit value=Cancel><input type=submit name=allow
                 value=Authorize></form>",
                "Decide Post /page allow=Authorize",
                "Decide Post /page",
            ),
            (
                "<form method=post action=/auth><input type=hidden name=approval value=approve>
                 <button>Grant Access</button></form><form method=post action=/auth><input
                 type=hidden name=approval value=rejected><button>Cancel</button></form>",
                "Decide Post /auth approval=approve",
                "Decide Post /auth approval=rejected",
            ),
            (
                "<form method=post action=/interaction/1/confirm><input type=hidden name=prompt
                 value=consent><button autofocus>Continue</button></form><a
                 href=/interaction/1/abort>[ Cancel ]</a><a href=/tos>No idea? Read this</a>",
                "Decide Post /interaction/1/confirm prompt=consent",
                "follow /interaction/1/abort",
            ),
            (
                "<form method=post><input type=checkbox name=grant_scope value=openid><input
                 type=checkbox name=remember value=1><input type=submit id=accept name=submit
                 value='Allow access'><input type=submit id=reject name=submit value='Deny access'>",
                "Decide Post /page grant_scope=openid&submit=Allow access",
                "Decide Post /page submit=Deny access",
            ),
            (
                "<form id=c method=post action=/ok></form><button form=c name=abort value=yes>Weg
                 </button><button form=c>Weiter</button>",
                "Decide Post /ok",
                "Decide Post /ok abort=yes",
            ),
            (
                "<form method=post action=/ok><button formaction=/no>Ne</button><button>Ja</button></form>",
                "Decide Post /ok",
                "Decide Post /no",
            ),
            (
                "<form method=post><button name=granted value=true>Authorize Application</button>
                 <button name=granted value=false>Do not allow</button></form>",
                "Decide Post /page granted=true",
                "Decide Post /page granted=false",
            ),
            (
                "<form method=post><input type=radio name=d value=allow><input type=radio name=d
                 value=deny checked><button>Send</button></form>",
                "Decide Post /page d=allow",
                "Decide Post /page d=deny",
            ),
            (
                "<form action=/allow><button>Allow</button></form><form action='http://client.test/cb'>
                 <input type=hidden name=error value=access_denied><button>Deny</button></form>",
                "Decide Get /allow",
                "Decide Get http://client.test/cb error=access_denied",
            ),
            (
                "<form method=post><button>Agree</button></form>",
                "Decide Post /page",
                "stop: nothing on /page seems to deny, there is `Agree`; name a button or link in pages.consent.deny",
            ),
            (
                "<form method=post><input name=user><input name=pass type=password><button name=a
                 value=deny>Deny</button><button name=a value=allow>Sign in and allow</button></form>",
                "LogIn Post /page user=alice&pass=pw&a=allow",
                "LogIn Post /page user=alice&pass=pw&a=deny",
            ),
        ];
        for (html, approved, denied) in table {
            check(html, &|_| (), approved);
            check(html, &deny, denied);
        }
    }

    #[test]
    fn pages_that_ask_for_nothing() {
        let logout = "<form method=post action=/logout><button>Log out</button></form>";
        for html in [
            "",
            "<h1>Welcome</h1>",
            "<form action=/search><input name=q><button>Go</button></form>",
            "<form><input type=search name=q><button>Continue</button></form>",
            "<form><select name=lang><option>en</select><button>OK</button></form>",
            "<form method=post action=/news><input name=email><button>Subscribe</button></form>",
            "<form method=post action=/sessions/1><button>Revoke</button></form>",
            "<form method=post action=/logout id=logoutForm></form>submit",
            "<p>Done.</p><script src=/app.js></script>",
            logout,
        ] {
            check(html, &|_| (), "rest");
        }
        let by_script = "<title>App</title><div id=root></div><script src=/app.js></script>";
        check(by_script, &|_| (), "stop: the page is built by a script…");
        check(by_script, &|answers| answers.user = None, "rest");
        check(&"<div>".repeat(9999), &|_| (), "stop: the page is not read: its elements…");
        let found = act("/session/end", 200, logout, &|_| ());
        assert_eq!(found.trim_end(), "Decide Post /logout");
        let found = act("/oauth2/logout?x=1", 200, logout, &deny);
        assert_eq!(found.trim_end(), "Decide Post /logout");
    }

    #[test]
    fn error_pages_are_left_alone_unless_they_log_in() {
        let consent = "<form method=post><button>Continue</button></form>";
        let name = "<form method=post><input name=username><button>Next</button></form>";
        let login = format!("<form method=post>{NAME}<button>Log in</button></form>");
        let refresh = "<meta http-equiv=refresh content='0;url=/home'>";
        for html in [consent, name, refresh, &"<div>".repeat(9999)] {
            assert_eq!(act("/page", 400, html, &|_| ()), "rest", "{html}");
        }
        let expected = "LogIn Post /page username=alice&password=pw";
        assert_eq!(act("/page", 401, &login, &|_| ()), expected);
    }

    #[test]
    fn forms_that_scripts_send() {
        let table = [
            (
                "<form method=post action='http://client.test/cb'><input type=hidden name=code
                 value=c><button>Continue</button></form><script>document.forms[0].submit()</script>",
                "GoOn Post http://client.test/cb code=c",
            ),
            (
                "<body onload='document.forms[0].submit()'><form method=post action='http://sp.test/acs'>
                 <input type=hidden name=SAMLResponse value=x><noscript><button>Continue</button>
                 </noscript></form>",
                "GoOn Post http://sp.test/acs SAMLResponse=x",
            ),
            (
                "<form method=post action=/next><input type=hidden name=a value=1></form>
                 <script src=/auto-submit.js></script>",
                "GoOn Post /next a=1",
            ),
            (
                "<form method=post action=/next><input type=hidden name=a value=1><input type=submit
                 name=b value=Continue></form><script>document.forms[0].submit()</script>",
                "GoOn Post /next a=1",
            ),
            ("<meta http-equiv=refresh content='0;url=/next'>", "follow /next"),
        ];
        for (html, expected) in table {
            check(html, &|_| (), expected);
            check(html, &deny, expected);
        }
    }

    #[test]
    fn device_pages() {
        let entry = "<form method=post action=/device><input name=user_code value=''><button
            name=cancel>Cancel</button><button>Continue</button></form>";
        let filled =
            "<form method=post action=/device><input name=user_code value=AB><button name=a
            value=n>Deny</button><button name=a value=y>Allow</button></form>";
        let confirm = "<form method=post action=/device><input type=hidden name=user_code value=AB>
            <button name=no>Deny</button><button name=yes>Approve</button></form>";
        let with_code = |answers: &mut Situation| answers.user_code = Some("AB-CD");
        let denied = |answers: &mut Situation| {
            answers.user_code = Some("AB-CD");
            answers.decision = Decision::Deny;
        };
        for (html, approved, refused) in [
            (
                entry,
                "UserCode Post /device user_code=AB-CD",
                "UserCode Post /device user_code=AB-CD",
            ),
            (
                filled,
                "UserCode Post /device user_code=AB-CD&a=y",
                "UserCode Post /device user_code=AB-CD&a=n",
            ),
            (
                confirm,
                "Decide Post /device user_code=AB&yes=",
                "Decide Post /device user_code=AB&no=",
            ),
        ] {
            check(html, &with_code, approved);
            check(html, &denied, refused);
        }
        check(entry, &|_| (), "stop: the page asks for `user_code`…");
    }

    #[test]
    fn rules_decide_where_they_fit() {
        let page = "<form id=one method=post action=/one><input name=a><input name=b><button
            name=x>Do it</button><button name=x value=2 id=second>Other</button></form><form id=two
            method=post action=/two><input type=checkbox name=t><input type=checkbox name=scope>
            <button name=p>Alpha</button><button name=q value=1>Beta</button><button id=g>Gamma
            </button></form><a href=/away id=leave>Leave</a>";
        let table = [
            (
                r#"{"login": {"username": "a", "password": "b"}}"#,
                "LogIn Post /one a=alice&b=pw&x=2",
                "…",
            ),
            (
                r#"{"login": {"form": "form#one", "username": "a", "submit": "x"}}"#,
                "LogIn Post /one a=alice&b=&x=",
                "…",
            ),
            (
                r#"{"login": {"username": "a", "submit": "x=2"}}"#,
                "LogIn Post /one a=alice&b=&x=2",
                "…",
            ),
            (
                r#"{"login": {"username": "a", "submit": "do it"}}"#,
                "LogIn Post /one a=alice&b=&x=",
                "…",
            ),
            (
                r#"{"login": {"username": "a", "submit": "nope"}}"#,
                "stop: the provider file names the button `nope` (pages.login.submit), but there is `Do it`, `Other`",
                "…",
            ),
            (
                r##"{"consent": {"form": "#two", "approve": "q", "deny": "g", "tick": ["t"]}}"##,
                "Decide Post /two t=on&q=1",
                "Decide Post /two",
            ),
            (
                r#"{"consent": {"approve": "Alpha", "deny": "leave"}}"#,
                "Decide Post /two scope=on&p=",
                "follow /away",
            ),
            (
                r#"{"consent": {"approve": "LEAVE", "deny": "leave"}}"#,
                "follow /away",
                "follow /away",
            ),
            (
                r#"{"consent": {"form": "form#two", "approve": "Ok", "deny": "No"}}"#,
                "stop: the provider file names the button `Ok` (pages.consent.approve), but there is…",
                "stop: the provider file names the button `No` (pages.consent.deny), but there is…",
            ),
        ];
        for (rules, approved, denied) in table {
            let rules: PageRules = serde_json::from_str(rules).expect("rules");
            for (decision, expected) in [(Decision::Approve, approved), (Decision::Deny, denied)] {
                check(
                    page,
                    &|situation| {
                        situation.rules = rules.clone();
                        situation.decision = decision;
                    },
                    expected,
                );
            }
        }
    }
}
