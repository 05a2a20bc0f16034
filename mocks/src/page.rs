//! The few HTML pages that the stub shows to a browser.

use std::fmt::Write as _;

use crate::template;
use crate::wire::{Response, with_header};

/// An HTML page. The body must be escaped already.
pub fn page(status: u16, title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n",
        title = escape(title),
    );
    let response = Response { status, body: html.into_bytes(), ..Response::default() };
    PROTECTION.iter().fold(response, |response, (name, value)| with_header(response, name, value))
}

// RFC 9700 §4.16: no framing of the pages on which the user decides. §4.2.4: no referrer leaves them.
const PROTECTION: [(&str, &str); 5] = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
];

/// A page from a dialect's template, whose holes are filled with escaped facts. A template that is a
/// whole document stays one; another becomes the body of a plain page.
pub fn filled(status: u16, title: &str, template: &str, facts: &[(&str, &str)]) -> Response {
    let fact = |name: &str| {
        let known = facts.iter().find(|(known, _)| *known == name);
        Some(known.map_or_else(String::new, |(_, value)| escape(value)))
    };
    let html = template::substitute(template, fact).unwrap_or_default();
    if !html.starts_with("<!") {
        return page(status, title, &html);
    }
    let page = page(status, title, "");
    Response { body: html.into_bytes(), ..page }
}

/// A page that says what went wrong, for errors that must not reach a redirect URI.
pub fn error(status: u16, message: &str) -> Response {
    page(status, "Error", &format!("<p>{}</p>", escape(message)))
}

/// A form that posts `fields` as hidden inputs; `rest` is the form's visible part as HTML.
pub fn form(action: &str, fields: &[(&str, &str)], rest: &str) -> String {
    let mut html = format!("<form method=\"post\" action=\"{}\">\n", escape(action));
    for (name, value) in fields {
        let (name, value) = (escape(name), escape(value));
        // Writing to a String does not fail.
        let _ = writeln!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    }
    html + rest + "\n</form>"
}

/// Text made safe for HTML content and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
