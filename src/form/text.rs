//! What a person reads on a page.

use scraper::{ElementRef, Html};

use super::element::{around, elements, is_visible};
use super::{parse, unreadable};

/// The longest [`message`], in characters.
const MESSAGE_LIMIT: usize = 2000;

/// What a page says: its title, then what it marks as an error, then the rest; white space folded
/// and cut, for error messages. Empty when there is nothing to see.
pub fn message(html: &str) -> String {
    if let Some(why) = unreadable(html) {
        return format!("(not read: {why})");
    }
    let document = parse(html);
    let texts = |wanted: &dyn Fn(ElementRef<'_>) -> bool| -> String {
        let texts = visible_texts(&document).filter(|(_, parent)| wanted(*parent));
        texts.flat_map(|(text, _)| [text, " "]).collect()
    };
    let title = |e: ElementRef<'_>| e.value().name() == "title";
    let all = [
        texts(&title),
        texts(&|e| !title(e) && is_alert(e)),
        texts(&|e| !title(e) && !is_alert(e)),
    ];
    cut(&fold(&all.concat()))
}

/// Whether a page shows nothing until its scripts have run.
pub fn is_built_by_script(html: &str) -> bool {
    let document = parse(html);
    elements(&document).any(|e| e.value().name() == "script")
        && visible_texts(&document)
            .all(|(text, parent)| parent.value().name() == "title" || text.trim().is_empty())
}

/// The texts that a person sees, each with the element it stands in.
pub fn visible_texts(document: &Html) -> impl Iterator<Item = (&str, ElementRef<'_>)> {
    let texts = document.root_element().descendants().filter_map(|node| {
        let text = node.value().as_text()?;
        Some((&**text, node.parent().and_then(ElementRef::wrap)?))
    });
    let silent = ["script", "style", "template", "noscript", "option", "textarea", "svg"];
    texts.filter(move |(_, parent)| {
        is_visible(*parent) && !around(*parent).any(|e| silent.contains(&e.value().name()))
    })
}

fn is_alert(element: ElementRef<'_>) -> bool {
    let marks = ["alert", "error", "invalid", "danger"];
    around(element).take_while(|e| e.value().name() != "body").any(|e| {
        e.attr("role") == Some("alert")
            || e.value().classes().any(|class| {
                let class = class.to_ascii_lowercase();
                marks.iter().any(|mark| class.contains(mark))
            })
    })
}

/// What a person reads on an element, or else what is read out.
pub fn caption(element: ElementRef<'_>) -> String {
    let text = fold(&element.text().flat_map(|text| [text, " "]).collect::<String>());
    let spoken = || ["aria-label", "title"].iter().find_map(|name| element.attr(name));
    if text.is_empty() { fold(spoken().unwrap_or_default()) } else { text }
}

/// A text with its white space folded.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
