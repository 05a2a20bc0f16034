//! Reads one control of a form: its fields or its button.

use scraper::ElementRef;
use url::Url;

use super::element::{attribute, has, is_disabled, is_visible};
use super::text::{caption, fold};
use super::{Button, Field, Form, Kind, Method};

/// The attribute by which a real browser finds a form or button again.
const MARK: &str = "data-authgauge";

/// What addresses on a page are relative to.
pub struct Place<'a> {
    /// The address of the page.
    pub page: &'a Url,
    /// What `<base>` makes of it.
    pub base: &'a Url,
}

impl Place<'_> {
    /// A form without its controls.
    pub fn form(&self, element: ElementRef<'_>) -> Option<Form> {
        let id = attribute(element, "id");
        Some(Form {
            id: if id.is_empty() { attribute(element, "name") } else { id },
            method: method(element.attr("method").unwrap_or_default())?,
            action: self.action(element.attr("action").unwrap_or_default())?,
            fields: Vec::new(),
            buttons: Vec::new(),
            mark: attribute(element, MARK),
        })
    }

    /// An empty action is the page's own address with its query, whatever `<base>` says.
    fn action(&self, written: &str) -> Option<Url> {
        let mut action = match written.trim() {
            "" | "#" => self.page.clone(),
            written => self.base.join(written).ok()?,
        };
        action.set_fragment(None);
        (action.scheme() != "javascript").then_some(action)
    }

    /// The button that a control is, if it submits its form.
    pub fn button(&self, control: ElementRef<'_>) -> Option<Button> {
        let is_input = control.value().name() == "input";
        let kind = control.attr("type").map(str::to_ascii_lowercase);
        match (control.value().name(), kind.as_deref()) {
            ("input", Some("submit")) => (),
            // HTML: whatever else is written there means a submit button.
            ("button", kind) if !matches!(kind, Some("button" | "reset")) => (),
            _ => return None,
        }
        let value = attribute(control, "value");
        Some(Button {
            name: attribute(control, "name"),
            id: attribute(control, "id"),
            text: if is_input { fold(&value) } else { caption(control) },
            value,
            action: control.attr("formaction").and_then(|written| self.action(written)),
            method: control.attr("formmethod").and_then(method),
            mark: attribute(control, MARK),
        })
    }
}

/// `None` for a form that only closes a dialog.
fn method(written: &str) -> Option<Method> {
    match written.trim().to_ascii_lowercase().as_str() {
        "post" => Some(Method::Post),
        "dialog" => None,
        _ => Some(Method::Get),
    }
}

/// The fields that a control stands for: none for a button, several for a list of many choices.
pub fn fields(control: ElementRef<'_>) -> Vec<Field> {
    let name = attribute(control, "name");
    let kind = kind(control).filter(|_| !name.is_empty());
    let Some(kind) = kind else { return Vec::new() };
    let written = control.attr("type").unwrap_or_default().to_ascii_lowercase();
    let hint = format!("{written} {}", control.attr("autocomplete").unwrap_or_default());
    let field = |value: String| Field {
        name: name.clone(),
        id: attribute(control, "id"),
        kind,
        value,
        on: !matches!(kind, Kind::Box | Kind::Radio) || has(control, "checked"),
        open: kind != Kind::Hidden && !has(control, "readonly") && is_visible(control),
        required: has(control, "required"),
        hint: hint.trim().to_owned(),
    };
    values(control, kind).into_iter().map(field).collect()
}

fn kind(control: ElementRef<'_>) -> Option<Kind> {
    match control.value().name() {
        "select" => return Some(Kind::Choice),
        "textarea" => return Some(Kind::Text),
        "input" => (),
        _ => return None,
    }
    match control.attr("type").unwrap_or_default().to_ascii_lowercase().as_str() {
        "hidden" => Some(Kind::Hidden),
        "password" => Some(Kind::Password),
        "checkbox" => Some(Kind::Box),
        "radio" => Some(Kind::Radio),
        "search" => Some(Kind::Search),
        "submit" | "image" | "reset" | "button" | "file" => None,
        "color" | "date" | "datetime-local" | "month" | "range" | "time" | "week" => {
            Some(Kind::Choice)
        }
        _ => Some(Kind::Text),
    }
}

fn values(control: ElementRef<'_>, kind: Kind) -> Vec<String> {
    match (control.value().name(), kind) {
        ("select", _) => selection(control),
        ("textarea", _) => vec![control.text().collect()],
        (_, Kind::Box | Kind::Radio) => vec![control.attr("value").unwrap_or("on").to_owned()],
        _ => vec![attribute(control, "value")],
    }
}

/// The chosen options; without one, a list that is no list of many choices shows its first.
fn selection(list: ElementRef<'_>) -> Vec<String> {
    let options: Vec<_> = list
        .descendent_elements()
        .filter(|e| e.value().name() == "option" && !is_disabled(*e))
        .collect();
    let value = |option: &ElementRef<'_>| {
        option.attr("value").map_or_else(|| caption(*option), str::to_owned)
    };
    let mut chosen = options.iter().filter(|option| has(**option, "selected"));
    if has(list, "multiple") {
        return chosen.map(value).collect();
    }
    chosen.next_back().or(options.first()).map(value).into_iter().collect()
}
