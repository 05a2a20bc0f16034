//! The text form of an exchange, taken apart again: a line, header fields, an empty line, a body.

/// A message as the evidence shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The first line: method and address, or the status code.
    pub head: &'a str,
    /// Header fields in order.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body; empty when there is none.
    pub body: &'a str,
}

/// Takes a message apart. Whatever the text is, something comes of it.
pub fn message(text: &str) -> Message<'_> {
    // A note on how often a request was sent before stands in brackets above the response.
    let text =
        text.strip_prefix('(').and_then(|note| note.split_once(")\n")).map_or(text, |(_, m)| m);
    let (top, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (head, fields) = top.split_once('\n').unwrap_or((top, ""));
    let headers = fields.split('\n').filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name, value.trim_start())).collect();
    Message { head, headers, body }
}

/// The method and the address of a request.
pub fn method_and_url(head: &str) -> (&str, &str) {
    head.split_once(' ').unwrap_or(("GET", head))
}

/// The status code of a response; `None` when none came, and the text says why.
pub fn status(response: &str) -> Option<u16> {
    message(response).head.parse().ok()
}

impl Message<'_> {
    /// The first value of a header field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_taken_apart() {
        let whole = message("POST https://op.test/token\na: b: c\nd:\n\nx=1\n\ny");
        assert_eq!(method_and_url(whole.head), ("POST", "https://op.test/token"));
        assert_eq!(whole.headers, [("a", "b: c"), ("d", "")]);
        assert_eq!((whole.body, whole.header("A")), ("x=1\n\ny", Some("b: c")));
        for (text, code) in
            [("200\nx: y", Some(200)), ("(a)\n429", Some(429)), ("no answer", None), ("", None)]
        {
            assert_eq!(status(text), code, "{text}");
        }
    }
}
