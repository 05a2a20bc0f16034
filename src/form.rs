//! HTML forms as data: the only module that names scraper.
//!
//! It says what stands on a page and decides nothing. A page is read as by a browser that runs
//! scripts, so the content of `<noscript>` does not count; the scripts themselves are not run.

use std::fmt;

use scraper::{ElementRef, Html, Selector};
use serde::Deserialize;
use url::Url;

mod nesting;

/// The longest page that is read, in bytes; the rest of a longer one is left out.
pub const PAGE_LIMIT: usize = 1 << 20;

/// More forms than this are left out, so that no page costs more than it is worth.
const MOST_FORMS: usize = 64;

/// A form as it stands on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The `id` attribute, or else the name; empty when there is neither.
    pub id: String,
    /// How it is sent.
    pub method: Method,
    /// Where it is sent, without a fragment.
    pub action: Url,
    /// The fields that have a name and are not disabled, in the order of the page.
    pub fields: Vec<Field>,
    /// The buttons that submit it without a script, in the order of the page.
    pub buttons: Vec<Button>,
}

/// How a form is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// In the query of the address.
    Get,
    /// In the body, always as `application/x-www-form-urlencoded`.
    Post,
}

/// A field of a form: one name with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name under which it is sent; never empty.
    pub name: String,
    /// The `id` attribute; empty when there is none.
    pub id: String,
    /// What a person can do with it.
    pub kind: Kind,
    /// The value that it has, or would have if it were ticked.
    pub value: String,
    /// Whether it is sent: false for a box or a radio button that is not ticked.
    pub on: bool,
    /// Whether a person can see and change it.
    pub open: bool,
    /// Whether a browser insists on a value.
    pub required: bool,
    /// What the page says it is for: the input type and the `autocomplete` attribute.
    pub hint: String,
}

/// What a person can do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Hidden,
    /// Type a text.
    Text,
    /// Type what to search for.
    Search,
    /// Type a password.
    Password,
    /// Tick it.
    Box,
    /// Choose it among those of the same name.
    Radio,
    /// Choose a value in another way, such as from a list.
    Choice,
}

/// A button that submits a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// The name under which it is sent; empty when it is not sent.
    pub name: String,
    /// The value with which it is sent.
    pub value: String,
    /// The `id` attribute; empty when there is none.
    pub id: String,
    /// What a person reads on it.
    pub text: String,
    /// Where it sends the form instead.
    pub action: Option<Url>,
    /// How it sends the form instead.
    pub method: Option<Method>,
}

/// A link on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What a person reads on it.
    pub text: String,
    /// The `id` attribute; empty when there is none.
    pub id: String,
    /// Where it leads.
    pub target: Url,
}

/// A CSS selector for a form, parsed when it is read from a file.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FormSelector {
    written: String,
    parsed: Selector,
}

impl TryFrom<String> for FormSelector {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        match Selector::parse(&written) {
            Ok(parsed) => Ok(Self { written, parsed }),
            Err(_) => Err(format!(
                "expected a CSS selector for a form, such as `form.login`, but found `{written}`"
            )),
        }
    }
}

impl fmt::Display for FormSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for FormSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormSelector({:?})", self.written)
    }
}

/// The forms of a page, in its order. None when the page is [unreadable].
pub fn forms(html: &str, page: &Url) -> Vec<Form> {
    read_forms(html, page, |_| true)
}

/// The forms that a selector matches: the form itself, or an element inside it.
pub fn selected(html: &str, page: &Url, selector: &FormSelector) -> Vec<Form> {
    read_forms(html, page, |form| {
        form.descendent_elements()
            .any(|element| selector.parsed.matches(&element))
    })
}

/// The links of a page, in its order, without those that a person cannot see.
pub fn links(html: &str, page: &Url) -> Vec<Link> {
    let document = parse(html);
    let base = base(&document, page);
    let anchors = elements(&document).filter(|e| e.value().name() == "a" && is_visible(*e));
    let link = |anchor: ElementRef<'_>| {
        let target = base.join(anchor.attr("href")?.trim()).ok()?;
        (target.scheme() != "javascript").then(|| Link {
            text: caption(anchor),
            id: attribute(anchor, "id"),
            target,
        })
    };
    anchors.filter_map(link).collect()
}

/// Where a `<meta http-equiv="refresh">` leads, unless it waits so long that it is a time-out.
pub fn refresh_target(html: &str, page: &Url) -> Option<Url> {
    let document = parse(html);
    let refreshes = |e: &ElementRef<'_>| {
        e.value().name() == "meta"
            && e.attr("http-equiv")
                .is_some_and(|name| name.eq_ignore_ascii_case("refresh"))
    };
    let content = elements(&document).find(refreshes)?.attr("content")?;
    let (delay, target) = content.split_once([';', ','])?;
    if delay.trim().parse::<f32>().ok()? > LONGEST_REFRESH {
        return None;
    }
    let target = target.trim();
    let target = match target.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("url") => {
            target[3..].trim_start().strip_prefix('=')?.trim()
        }
        _ => target,
    };
    base(&document, page)
        .join(target.trim_matches(['"', '\'']))
        .ok()
}

/// Seconds after which a refresh no longer leads on but ends a session.
const LONGEST_REFRESH: f32 = 10.0;

/// Why a page is not read at all, if so: its shape would cost the parser minutes.
pub fn unreadable(html: &str) -> Option<&'static str> {
    nesting::refuse(bounded(html))
}

fn parse(html: &str) -> Html {
    match unreadable(html) {
        None => Html::parse_document(bounded(html)),
        Some(_) => Html::parse_document(""),
    }
}

fn bounded(html: &str) -> &str {
    &html[..html.floor_char_boundary(PAGE_LIMIT)]
}

fn read_forms(html: &str, page: &Url, wanted: impl Fn(ElementRef<'_>) -> bool) -> Vec<Form> {
    let document = parse(html);
    let base = base(&document, page);
    let place = Place { page, base: &base };
    let mut forms: Vec<_> = elements(&document)
        .filter(|e| e.value().name() == "form")
        .take(MOST_FORMS)
        .map(|element| (element, place.form(element)))
        .collect();
    for control in elements(&document).filter(|e| !is_disabled(*e)) {
        if let Some(owner) = owner(control, &forms)
            && let Some(form) = &mut forms[owner].1
        {
            form.fields.extend(fields(control));
            form.buttons.extend(place.button(control));
        }
    }
    forms
        .into_iter()
        .filter(|(element, _)| wanted(*element))
        .filter_map(|(_, form)| form)
        .collect()
}

/// The form that a control belongs to, by position.
fn owner(control: ElementRef<'_>, forms: &[(ElementRef<'_>, Option<Form>)]) -> Option<usize> {
    if !matches!(
        control.value().name(),
        "input" | "button" | "select" | "textarea"
    ) {
        return None;
    }
    if let Some(id) = control.attr("form") {
        return forms
            .iter()
            .position(|(form, _)| form.attr("id") == Some(id));
    }
    let around = control
        .ancestors()
        .find_map(|a| forms.iter().position(|(f, _)| f.id() == a.id()));
    around.or_else(|| owner_across_table(control, forms))
}

/// A form that begins between the rows of a table is empty in the tree, but browsers remember it.
fn owner_across_table(
    control: ElementRef<'_>,
    forms: &[(ElementRef<'_>, Option<Form>)],
) -> Option<usize> {
    forms.iter().rposition(|(form, _)| {
        let table = around(*form).find(|e| e.value().name() == "table");
        is_stray_form(*form)
            && form.id() < control.id()
            && table.is_some_and(|table| control.ancestors().any(|a| a.id() == table.id()))
    })
}

fn is_stray_form(element: ElementRef<'_>) -> bool {
    let parent = element.parent().and_then(ElementRef::wrap);
    element.value().name() == "form"
        && parent.is_some_and(|p| {
            matches!(
                p.value().name(),
                "table" | "tbody" | "thead" | "tfoot" | "tr"
            )
        })
}

fn base(document: &Html, page: &Url) -> Url {
    let base = elements(document).find_map(|e| match e.value().name() {
        "base" => e.attr("href"),
        _ => None,
    });
    base.and_then(|href| page.join(href.trim()).ok())
        .unwrap_or_else(|| page.clone())
}