//! Pages on which the user approves, denies or confirms.

use url::Url;

use crate::form::{self, Button, Form, Kind, Link, Method};

use super::button::{self, Intent, Leaning, mentions};
use super::login::{chosen, is_empty_text, tick_required};
use super::{
    Action, Answers, Decision, Page, Purpose, label, named, no_such_button, stop, submission,
};

/// A button with the form it stands in.
type Choice<'a> = (&'a Form, &'a Button);

/// Words of fields whose boxes say how much is approved.
const SCOPES: &str = "scope scopes permission permissions claim claims";

/// What to do with a page that has buttons and asks for no text.
pub fn answer(page: &Page<'_>, answers: &Answers<'_>, forms: &[Form]) -> Option<Action> {
    let rule = answers.rules.consent.form.as_ref();
    let forms = chosen(page, rule, forms);
    let candidates: Vec<_> = forms.iter().filter(|form| asks_to_decide(form)).collect();
    let intent = intent(page);
    if intent == Intent::LogOut {
        return approve(page, answers, &candidates, intent);
    }
    match answers.decision {
        Decision::Approve => approve(page, answers, &candidates, intent),
        Decision::Deny => deny(page, answers, &candidates),
    }
}

/// Whether pressing the button would only go on, not approve anything.
pub fn is_plain(form: &Form, button: &Button) -> bool {
    let leaning = button::leaning(form, button, Intent::Approve);
    !matches!(leaning, Leaning::Denies | Leaning::Aside | Leaning::Approves(3))
}

/// A page at a logout address asks whether to log out; elsewhere, that question leads astray.
fn intent(page: &Page<'_>) -> Intent {
    let by_query = page.url.query_pairs().any(|(name, _)| name == "post_logout_redirect_uri");
    let path = page.url.path();
    let by_path = button::mentions_logout([path])
        || mentions([path], "end_session endsession session_end sessions_end");
    if by_query || by_path { Intent::LogOut } else { Intent::Approve }
}

/// Whether pressing the button denies.
pub fn denies(form: &Form, button: &Button) -> bool {
    button::leaning(form, button, Intent::Approve) == Leaning::Denies
}

fn asks_to_decide(form: &Form) -> bool {
    let searches = form.fields.iter().any(|field| field.kind == Kind::Search);
    !form.buttons.is_empty() && !searches && !form.fields.iter().any(is_empty_text)
}

fn approve(
    page: &Page<'_>,
    answers: &Answers<'_>,
    forms: &[&Form],
    intent: Intent,
) -> Option<Action> {
    let rules = answers.rules;
    let by_device = answers.user_code.and(rules.device.approve.as_ref());
    if intent == Intent::Approve
        && let Some(rule) = by_device.or(rules.consent.approve.as_ref())
    {
        let pressed = by_rule(forms, rule).map(|(form, button)| approval(answers, form, button));
        let links = || form::links(page.html, page.url);
        if let Some(action) = pressed.or_else(|| link_by_rule(&links(), rule)) {
            return Some(action);
        }
        if rules.consent.form.is_some() && !forms.is_empty() {
            return Some(no_such_button(rule, "consent.approve", forms));
        }
    }
    let choices = choices(forms, intent);
    let ((form, button), leaning) = button::forward(&choices)?;
    let acts = match leaning {
        Leaning::Denies | Leaning::Aside => false,
        // Words say nothing here, perhaps because they are in another language: then only a page
        // that is about nothing else is taken for a question.
        Leaning::Unclear => form.method == Method::Post && posts(&choices) <= 2,
        // What is asked by GET changes nothing, as a list of languages does.
        Leaning::Approves(clearness) => {
            form.method == Method::Post || (clearness > 1 && !offers_choice(form))
        }
    };
    acts.then(|| approval(answers, form, button))
}

fn offers_choice(form: &Form) -> bool {
    form.fields.iter().any(|field| field.kind == Kind::Choice && field.open)
}

/// How many forms could be sent that do not lead aside.
fn posts(choices: &[(Choice<'_>, Leaning)]) -> usize {
    let acting = choices.iter().filter(|(_, leaning)| *leaning != Leaning::Aside);
    let mut forms: Vec<*const Form> =
        acting.map(|((form, _), _)| std::ptr::from_ref(*form)).collect();
    forms.dedup();
    forms.len()
}

fn approval(answers: &Answers<'_>, form: &Form, button: &Button) -> Action {
    let mut form = form.clone();
    tick_required(&mut form);
    let named = &answers.rules.consent.tick;
    for field in form.fields.iter_mut().filter(|field| field.kind == Kind::Box) {
        let wanted = if named.is_empty() {
            mentions([&*field.name, &*field.id], SCOPES)
        } else {
            named.contains(&field.name)
        };
        field.on |= wanted;
    }
    answer_radios(&mut form, Decision::Approve);
    Action::Submit(submission(&form, Some(button), Purpose::Decide))
}

/// Chooses between radio buttons that stand for the decision itself.
fn answer_radios(form: &mut Form, decision: Decision) -> bool {
    let leaning = |value: &str| match decision {
        Decision::Approve => mentions([value], "accept allow approve authorize grant yes"),
        Decision::Deny => button::denies(value),
    };
    let wanted =
        form.fields.iter().position(|field| field.kind == Kind::Radio && leaning(&field.value));
    let Some(wanted) = wanted else { return false };
    let name = form.fields[wanted].name.clone();
    for (at, field) in form.fields.iter_mut().enumerate().filter(|(_, f)| f.name == name) {
        field.on = at == wanted;
    }
    true
}

fn deny(page: &Page<'_>, answers: &Answers<'_>, forms: &[&Form]) -> Option<Action> {
    let rules = answers.rules;
    let links = form::links(page.html, page.url);
    let by_device = answers.user_code.and(rules.device.deny.as_ref());
    if let Some(rule) = by_device.or(rules.consent.deny.as_ref()) {
        let pressed = by_rule(forms, rule).map(|(form, button)| press(form, button));
        if let Some(action) = pressed.or_else(|| link_by_rule(&links, rule)) {
            return Some(action);
        }
        if rules.consent.form.is_some() && !forms.is_empty() {
            return Some(no_such_button(rule, "consent.deny", forms));
        }
    }
    let choices = choices(forms, Intent::Approve);
    // A page without any way on is no question.
    let (way_on, leaning) = button::forward(&choices).unzip();
    let says_no = choices.iter().find(|(_, leaning)| *leaning == Leaning::Denies);
    if let Some(((form, button), _)) = says_no {
        return Some(press(form, button));
    }
    let (form, button) = way_on.filter(|_| leaning > Some(Leaning::Aside))?;
    let by_link = links.iter().find(|link| button::denies(&link.text));
    by_link
        .map(|link| Action::Follow(link.target.clone()))
        .or_else(|| button::backward(&choices).map(|(form, button)| press(form, button)))
        .or_else(|| without_scopes(form, button))
        .or_else(|| Some(no_way_back(page.url, forms)))
}

/// Where denial is left to a script, it sends the form with nothing ticked.
fn without_scopes(form: &Form, button: &Button) -> Option<Action> {
    let mut form = form.clone();
    let mut found = answer_radios(&mut form, Decision::Deny);
    for field in form.fields.iter_mut().filter(|f| f.kind == Kind::Box && f.open) {
        if mentions([&*field.name, &*field.id], SCOPES) {
            field.on = false;
            found = true;
        }
    }
    found.then(|| Action::Submit(submission(&form, Some(button), Purpose::Decide)))
}

fn no_way_back(page: &Url, forms: &[&Form]) -> Action {
    let buttons: Vec<_> = forms.iter().flat_map(|form| &form.buttons).map(label).collect();
    let buttons = buttons.join(", ");
    stop(format!(
        "nothing on {} seems to deny, there is {buttons}; name a button or link in \
         pages.consent.deny",
        page.path()
    ))
}

fn press(form: &Form, button: &Button) -> Action {
    Action::Submit(submission(form, Some(button), Purpose::Decide))
}

fn by_rule<'a>(forms: &[&'a Form], rule: &str) -> Option<Choice<'a>> {
    let buttons: Vec<_> = forms.iter().flat_map(|form| &form.buttons).collect();
    let button = named(&buttons, rule)?;
    let form = forms.iter().find(|form| form.buttons.iter().any(|b| std::ptr::eq(b, button)))?;
    Some((form, button))
}

fn link_by_rule(links: &[Link], rule: &str) -> Option<Action> {
    let fits = |l: &&Link| l.id == rule || l.text.to_lowercase() == rule.to_lowercase();
    links.iter().find(fits).map(|link| Action::Follow(link.target.clone()))
}

fn choices<'a>(forms: &[&'a Form], intent: Intent) -> Vec<(Choice<'a>, Leaning)> {
    let of_form = |form: &'a Form| {
        let leaning = move |button| ((form, button), button::leaning(form, button, intent));
        form.buttons.iter().map(leaning)
    };
    forms.iter().flat_map(|form| of_form(form)).collect()
}
