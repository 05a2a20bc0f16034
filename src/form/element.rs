//! Questions to one element of a parsed page.

use scraper::{ElementRef, Html};

pub fn elements(document: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    let root = document.root_element();
    root.descendent_elements()
        .filter(|e| !around(*e).any(|e| e.value().name() == "template"))
}

/// The element itself and those around it, from the inside out.
pub fn around(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap))
}

pub fn is_disabled(control: ElementRef<'_>) -> bool {
    has(control, "disabled")
        || around(control).any(|e| e.value().name() == "fieldset" && has(e, "disabled"))
}

pub fn is_visible(element: ElementRef<'_>) -> bool {
    let hides = |style: &str| {
        let style: String = style[..style.floor_char_boundary(1000)]
            .to_ascii_lowercase()
            .split_whitespace()
            .collect();
        style.contains("display:none") || style.contains("visibility:hidden")
    };
    !around(element).any(|e| has(e, "hidden") || e.attr("style").is_some_and(hides))
}

pub fn has(element: ElementRef<'_>, name: &str) -> bool {
    element.attr(name).is_some()
}

pub fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.attr(name).unwrap_or_default().to_owned()
}
