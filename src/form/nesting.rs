//! A cheap look at HTML before it is parsed: is there a danger in its shape?
//!
//! An HTML parser walks its stack of open elements for nearly every tag, and opens unclosed inline
//! elements again in every paragraph: a megabyte of `<div>` costs it minutes, a megabyte of `<b>`
//! all memory. One linear pass finds both. It knows less of HTML than a parser and errs towards
//! refusing; an honest page stays far below every bound.

/// More elements inside each other than this are refused; browsers allow 512.
const DEEPEST: usize = 256;
/// More tags than this are refused, whatever their shape.
const MOST_TAGS: usize = 20_000;
/// More inline elements left open than this are refused.
const MOST_UNCLOSED: usize = 64;
/// A closing tag closes at most this many elements that were left open inside its own.
const REACH: usize = 4;

const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];
/// Elements whose end tag may be left out; they cannot stand directly inside each other.
const IMPLIED: [&str; 19] = [
    "body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option", "p",
    "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr",
];
const INLINE: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
const RAW: [&str; 9] =
    ["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"];
/// Elements that are closed too when they were left open inside one that is closed.
const PASSABLE: [&str; 6] = ["abbr", "g", "label", "mark", "path", "span"];

/// Why the page should not be parsed, if so.
pub fn refuse(html: &str) -> Option<&'static str> {
    let mut scan = Scan::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = scan.markup(&rest[at + 1..]);
        if scan.open.len() > DEEPEST {
            return Some("its elements are nested too deeply");
        }
        if scan.tags > MOST_TAGS {
            return Some("it has too many tags");
        }
        if scan.unclosed > MOST_UNCLOSED {
            return Some("it leaves too many elements open");
        }
    }
    None
}

#[derive(Default)]
struct Scan<'a> {
    open: Vec<&'a str>,
    tags: usize,
    unclosed: usize,
}

impl<'a> Scan<'a> {
    /// Takes in the markup after a `<`, and returns what is left of the page.
    fn markup(&mut self, after: &'a str) -> &'a str {
        if let Some(comment) = after.strip_prefix("!") {
            // `<!-->` is a whole comment: the dashes that open it may close it too.
            let end = comment.starts_with("--").then(|| comment.find("-->"));
            return end.map_or(comment, |end| end.map_or("", |end| &comment[end + 3..]));
        }
        let (closing, tag) = after.strip_prefix('/').map_or((false, after), |tag| (true, tag));
        let (name, rest) = tag.split_at(name_length(tag));
        if name.is_empty() {
            return after;
        }
        self.tags += 1;
        if closing {
            self.close(name);
            return rest;
        }
        if is_one_of(name, &RAW) && !self.in_foreign() {
            return past_end_tag(rest, name);
        }
        self.begin(name, rest);
        rest
    }

    fn begin(&mut self, name: &'a str, rest: &str) {
        let closes_itself =
            self.in_foreign() && rest.split('>').next().is_some_and(|tag| tag.ends_with('/'));
        if closes_itself || is_one_of(name, &VOID) || is_one_of(name, &IMPLIED) {
            return;
        }
        self.unclosed += usize::from(is_one_of(name, &INLINE));
        self.open.push(name);
    }

    fn close(&mut self, name: &str) {
        if is_one_of(name, &INLINE) {
            self.unclosed = self.unclosed.saturating_sub(1);
        }
        for (at, open) in self.open.iter().enumerate().rev().take(REACH) {
            if open.eq_ignore_ascii_case(name) {
                self.open.truncate(at);
                return;
            }
            if !is_one_of(open, &PASSABLE) && !is_one_of(open, &INLINE) {
                return;
            }
        }
    }

    /// Whether this is inside a drawing or a formula, where other rules hold.
    fn in_foreign(&self) -> bool {
        self.open.iter().any(|open| is_one_of(open, &["svg", "math"]))
    }
}

fn name_length(tag: &str) -> usize {
    if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return 0;
    }
    tag.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(tag.len())
}

fn past_end_tag<'a>(text: &'a str, name: &str) -> &'a str {
    let ends = |at: usize| {
        text[at + 2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    text.match_indices("</").find(|(at, _)| ends(*at)).map_or("", |(at, _)| &text[at + 2..])
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::refuse;

    #[test]
    fn dangerous_shapes_are_refused_and_honest_ones_are_not() {
        let drawing = format!("<svg>{}</svg>", "<path d='m0'/>".repeat(1000));
        let script = format!("<script>{}</script>", "if(a<b)c='<div>';".repeat(1000));
        let unclosed: Vec<_> = (0..1000).map(|n| format!("<p><b id={n}>x")).collect();
        let table = [
            ("div", "<div>".repeat(100_000), true),
            ("mixed case", "<DIV><Span>".repeat(1000), true),
            ("stray end tags between", "<div></b></i>".repeat(1000), true),
            ("end tags that close nothing", "<div><table></div></table>".repeat(300), true),
            ("crossed", "<span><div></span></div>".repeat(300), true),
            ("inline elements", unclosed.concat(), true),
            ("too many", "<br>".repeat(30_000), true),
            ("paragraphs without end tags", "<p>x".repeat(5000), false),
            ("lists", "<ul><li>x<li>y</ul>".repeat(1000), false),
            ("sloppy", "<div><span>x</div>".repeat(1000), false),
            ("drawing", drawing, false),
            ("script", script, false),
            ("comments", "<!--><!-- <div> -->".repeat(1000), false),
            ("an open comment", format!("<!-- {}", "<div>".repeat(1000)), false),
            ("not markup", "1 < 2 <3 <<< </ <é".repeat(1000), false),
            ("", String::new(), false),
        ];
        for (name, html, refused) in table {
            assert_eq!(refuse(&html).is_some(), refused, "{name}: {:?}", refuse(&html));
        }
    }
}
