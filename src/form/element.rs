//! Questions to one element of a parsed page.

use scraper::{ElementRef, Html};

/// All elements of a page, without those in templates.
pub fn elements(document: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    let root = document.root_element();
    root.descendent_elements().filter(|e| !around(*e).any(|e| e.value().name() == "template"))
}

/// The element itself and those around it, from the inside out.
pub fn around(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap))
}

/// Whether a control is disabled, by itself or by a group around it.
pub fn is_disabled(control: ElementRef<'_>) -> bool {
    has(control, "disabled")
        || around(control).any(|e| e.value().name() == "fieldset" && has(e, "disabled"))
}

/// Whether a person sees the element, as far as its attributes say.
pub fn is_visible(element: ElementRef<'_>) -> bool {
    let hides = |style: &str| {
        let style: String = start(style, 1000).to_ascii_lowercase().split_whitespace().collect();
        style.contains("display:none") || style.contains("visibility:hidden")
    };
    !around(element).any(|e| has(e, "hidden") || e.attr("style").is_some_and(hides))
}

/// Whether the element has the attribute, with whatever value.
pub fn has(element: ElementRef<'_>, name: &str) -> bool {
    element.attr(name).is_some()
}

/// The value of an attribute; empty when there is none.
pub fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.attr(name).unwrap_or_default().to_owned()
}

/// The start of a text, at most `limit` bytes and no broken character.
pub fn start(text: &str, limit: usize) -> &str {
    let fits = |end: &usize| text.is_char_boundary(*end);
    &text[..(0..=limit.min(text.len())).rev().find(fits).unwrap_or(0)]
}
