//! Pages that ask who the user is, and pages that ask for the code of a device.

use crate::form::{self, Button, Field, Form, FormSelector, Kind};

use super::button::{self, Intent, Leaning, mentions};
use super::{
    Action, Answers, Decision, Page, Purpose, named, no_such_button, quote, stop, submission,
};

/// Fragments of field names under which a user's name is asked for.
const NAME_PARTS: [&str; 8] = ["account", "ident", "login", "logon", "mail", "uid", "upn", "user"];
/// Words of forms that make or change an account.
const ACCOUNT_CHANGES: &str =
    "change create forgot new register registration reset sign_up signup subscribe newsletter";

/// A form that asks who the user is, with the positions of its fields.
struct Login {
    form: Form,
    username: Option<usize>,
    password: Option<usize>,
}

/// What to do with a page that asks for a name, a password or a user code.
pub fn answer(page: &Page<'_>, answers: &Answers<'_>, forms: &[Form]) -> Option<Action> {
    let logins = logins(page, answers, forms);
    let by_password = logins.iter().find(|login| login.password.is_some());
    if let Some(login) = by_password {
        return Some(log_in(page, answers, login));
    }
    // Only a password tells a login page from an error page that offers another try.
    if page.status >= 400 {
        return None;
    }
    user_code(page, answers, forms)
        .or_else(|| logins.first().map(|login| log_in(page, answers, login)))
        .or_else(|| new_password(page, forms))
}

/// Whether a person would have to type something there.
pub fn is_empty_text(field: &Field) -> bool {
    field.open && field.value.is_empty() && matches!(field.kind, Kind::Text | Kind::Password)
}

/// Ticks what a browser insists on: boxes, and the first of a group of radio buttons.
pub fn tick_required(form: &mut Form) {
    for at in 0..form.fields.len() {
        let field = &form.fields[at];
        let must = match field.kind {
            Kind::Box => field.required,
            Kind::Radio => {
                let mut group = form.fields.iter().filter(|other| other.name == field.name);
                field.required && !group.any(|other| other.on)
            }
            _ => false,
        };
        if must {
            form.fields[at].on = true;
        }
    }
}

/// The forms that a rule's selector fits, or all forms when it fits none on this page.
pub fn chosen(page: &Page<'_>, rule: Option<&FormSelector>, forms: &[Form]) -> Vec<Form> {
    let selected = rule.map(|rule| form::selected(page.html, page.url, rule)).unwrap_or_default();
    if selected.is_empty() { forms.to_vec() } else { selected }
}

fn logins(page: &Page<'_>, answers: &Answers<'_>, forms: &[Form]) -> Vec<Login> {
    let forms = chosen(page, answers.rules.login.form.as_ref(), forms);
    let mut logins: Vec<_> = forms.into_iter().filter_map(|form| login(answers, form)).collect();
    // A page may offer to register beside logging in; the stable sort keeps the order otherwise.
    logins.sort_by_key(|login| changes_account(&login.form));
    logins
}

fn login(answers: &Answers<'_>, form: Form) -> Option<Login> {
    let rules = &answers.rules.login;
    let by_rule = |rule: &Option<String>| rule.as_ref().and_then(|name| position(&form, name));
    let password = by_rule(&rules.password).or_else(|| password(&form));
    let username = by_rule(&rules.username).or_else(|| match password {
        Some(password) => name_before(&form, password),
        None => name_alone(&form),
    });
    (username.or(password).is_some()).then_some(Login { form, username, password })
}

/// The only password field: two of them make or change an account, and so does one for a new
/// password unless it only keeps browsers from filling it in.
fn password(form: &Form) -> Option<usize> {
    let is_password = |field: &Field| field.kind == Kind::Password && field.open;
    let at = form.fields.iter().position(is_password)?;
    let only = form.fields.iter().filter(|field| is_password(field)).count() == 1;
    let is_new = form.fields[at].hint.contains("new-password") && changes_account(form);
    (only && !is_new).then_some(at)
}

/// The field for the name on a page with a password: one that says so, or the one before it.
fn name_before(form: &Form, password: usize) -> Option<usize> {
    let texts = || (0..form.fields.len()).filter(|at| is_text(&form.fields[*at]));
    texts()
        .find(|at| is_for_name(&form.fields[*at]))
        .or_else(|| texts().rev().find(|at| *at < password))
}

/// The field for the name on a page without a password: the only text, and it says so.
fn name_alone(form: &Form) -> Option<usize> {
    let mut texts = (0..form.fields.len()).filter(|at| is_text(&form.fields[*at]));
    let at = texts.next()?;
    let goes_on = form.buttons.is_empty()
        || ways_on(form).iter().any(|(_, leaning)| *leaning > Leaning::Aside);
    let fits = is_for_name(&form.fields[at]) && goes_on && !changes_account(form);
    (texts.next().is_none() && fits).then_some(at)
}

fn is_text(field: &Field) -> bool {
    field.kind == Kind::Text && field.open
}

fn is_for_name(field: &Field) -> bool {
    let spoken = format!("{} {} {}", field.name, field.id, field.hint).to_ascii_lowercase();
    NAME_PARTS.iter().any(|part| spoken.contains(part)) && !is_for_code(field)
}

fn changes_account(form: &Form) -> bool {
    mentions([form.id.as_str(), form.action.path()], ACCOUNT_CHANGES)
}

fn position(form: &Form, name: &str) -> Option<usize> {
    let usable = |field: &Field| field.kind != Kind::Hidden;
    form.fields.iter().position(|f| usable(f) && (f.name == name || f.id == name))
}

fn log_in(page: &Page<'_>, answers: &Answers<'_>, login: &Login) -> Action {
    let Some(user) = answers.user else {
        return stop(format!("the page asks to log in and there is no user: {}", quote(page)));
    };
    let mut form = login.form.clone();
    for (at, value) in [(login.username, user.username), (login.password, user.password)] {
        // A name that the page has already fixed is sent as it is.
        if let Some(field) = at.and_then(|at| form.fields.get_mut(at)).filter(|f| f.open) {
            value.clone_into(&mut field.value);
        }
    }
    let rule = answers.rules.login.submit.as_deref();
    press(&mut form, rule, "login.submit", Purpose::LogIn, answers.decision)
}

/// Sends a form with the button that a rule names, or else the one that goes on.
fn press(
    form: &mut Form,
    rule: Option<&str>,
    key: &str,
    purpose: Purpose,
    decision: Decision,
) -> Action {
    tick_required(form);
    let button = match rule {
        Some(rule) => match named(&form.buttons.iter().collect::<Vec<_>>(), rule) {
            Some(button) => Some(button),
            None => return no_such_button(rule, key, &[form]),
        },
        None => denial(form, decision).or_else(|| button::forward(&ways_on(form)).map(|(b, _)| b)),
    };
    match button {
        None if !form.buttons.is_empty() => no_way_on(form, key),
        button => Action::Submit(submission(form, button, purpose)),
    }
}

fn no_way_on(form: &Form, key: &str) -> Action {
    let buttons: Vec<_> = form.buttons.iter().map(super::label).collect();
    let buttons = buttons.join(", ");
    stop(format!("no button seems to go on, there is {buttons}; name one in pages.{key}"))
}

/// On a page that asks for credentials and consent at once, the button that denies.
fn denial(form: &Form, decision: Decision) -> Option<&Button> {
    let leanings = |button| button::leaning(form, button, Intent::Approve);
    let asks_consent = form.buttons.iter().any(|b| leanings(b) == Leaning::Approves(3));
    let denying = form.buttons.iter().find(|button| leanings(button) == Leaning::Denies);
    denying.filter(|_| decision == Decision::Deny && asks_consent)
}

fn ways_on(form: &Form) -> Vec<(&Button, Leaning)> {
    let leaning = |button| (button, button::leaning(form, button, Intent::LogIn));
    form.buttons.iter().map(leaning).collect()
}

/// RFC 8628 §3.3: the page on which the user types the code that the device shows.
fn user_code(page: &Page<'_>, answers: &Answers<'_>, forms: &[Form]) -> Option<Action> {
    let code = answers.user_code?;
    let rules = &answers.rules.device;
    let wanted = |field: &Field| match &rules.user_code {
        Some(name) => field.open && (&field.name == name || &field.id == name),
        None => is_text(field) && is_for_code(field),
    };
    let forms = chosen(page, rules.form.as_ref(), forms);
    let mut form = forms.into_iter().find(|form| form.fields.iter().any(wanted))?;
    let field = form.fields.iter_mut().find(|field| wanted(field))?;
    // An empty field asks which device it is; only a filled one can ask for a decision.
    let decision = if field.value.is_empty() { Decision::Approve } else { answers.decision };
    code.clone_into(&mut field.value);
    let rule = rules.submit.as_deref();
    Some(press(&mut form, rule, "device.submit", Purpose::UserCode, decision))
}

fn is_for_code(field: &Field) -> bool {
    let spoken = format!("{} {}", field.name, field.id).to_ascii_lowercase();
    (spoken.contains("code") || field.hint.contains("one-time-code")) && !spoken.contains("post")
}

fn new_password(page: &Page<'_>, forms: &[Form]) -> Option<Action> {
    let asks = |form: &Form| form.fields.iter().any(|f| f.kind == Kind::Password && f.open);
    let [form] = forms else { return None };
    asks(form).then(|| {
        stop(format!("the page asks for more than one password or a new one: {}", quote(page)))
    })
}
