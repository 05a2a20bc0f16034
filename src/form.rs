//! HTML forms as data: the only module that names scraper.
//!
//! It says what stands on a page and decides nothing. A page is read as by a browser that runs
//! scripts, so the content of `<noscript>` does not count; the scripts themselves are not run.

use std::fmt;

use scraper::{ElementRef, Html, Selector};
use serde::Deserialize;
use url::Url;

mod control;
mod element;
mod nesting;
mod text;

use control::{Place, fields};
use element::{around, attribute, elements, is_disabled, is_visible};
use text::caption;
pub use text::{is_built_by_script, message};

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
#[derive(Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
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
        form.descendent_elements().any(|element| selector.parsed.matches(&element))
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
    // Most pages have none; then they need not be parsed for it.
    if !html.contains("efresh") && !html.contains("EFRESH") {
        return None;
    }
    let document = parse(html);
    let refreshes = |e: &ElementRef<'_>| {
        e.value().name() == "meta"
            && e.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh"))
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
    base(&document, page).join(target.trim_matches(['"', '\''])).ok()
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
    element::start(html, PAGE_LIMIT)
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
    forms.into_iter().filter(|(element, _)| wanted(*element)).filter_map(|(_, form)| form).collect()
}

/// The form that a control belongs to, by position.
fn owner(control: ElementRef<'_>, forms: &[(ElementRef<'_>, Option<Form>)]) -> Option<usize> {
    if !matches!(control.value().name(), "input" | "button" | "select" | "textarea") {
        return None;
    }
    if let Some(id) = control.attr("form") {
        return forms.iter().position(|(form, _)| form.attr("id") == Some(id));
    }
    let around = control.ancestors().find_map(|a| forms.iter().position(|(f, _)| f.id() == a.id()));
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
            matches!(p.value().name(), "table" | "tbody" | "thead" | "tfoot" | "tr")
        })
}

fn base(document: &Html, page: &Url) -> Url {
    let base = elements(document).find_map(|e| match e.value().name() {
        "base" => e.attr("href"),
        _ => None,
    });
    base.and_then(|href| page.join(href.trim()).ok()).unwrap_or_else(|| page.clone())
}
#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use url::Url;

    use super::{
        Form, FormSelector, Kind, forms, is_built_by_script, links, message, refresh_target,
        selected, unreadable,
    };

    fn page() -> Url {
        Url::parse("http://idp.test/dir/page?q=1#part").expect("an address")
    }

    /// `METHOD path?query name=value... [button...]`; `-` marks what is not sent, `!` what is
    /// required, `_` what cannot be changed by a person.
    fn sketch(form: &Form) -> String {
        let query = form.action.query().map(|query| format!("?{query}")).unwrap_or_default();
        let host = form.action.host_str().unwrap_or_default();
        let mut text = format!("{:?} {host}{}{query}", form.method, form.action.path());
        for field in &form.fields {
            let marks = [(!field.on, "-"), (field.required, "!"), (!field.open, "_")];
            let marks: String =
                marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
            write!(text, " {marks}{}={}", field.name, field.value).expect("a String");
        }
        for button in &form.buttons {
            write!(text, " [{}={}|{}]", button.name, button.value, button.text).expect("a String");
        }
        text
    }

    fn check(html: &str, expected: &[&str]) {
        let found: Vec<_> = forms(html, &page()).iter().map(sketch).collect();
        assert_eq!(found, expected, "{html}");
    }

    #[test]
    fn actions() {
        let table = [
            ("<form>", "Get idp.test/dir/page?q=1"),
            ("<form action=''>", "Get idp.test/dir/page?q=1"),
            ("<form method=POST action='#'>", "Post idp.test/dir/page?q=1"),
            ("<form method=post action=' /x?a=1&amp;b=2#f '>", "Post idp.test/x?a=1&b=2"),
            ("<form method=post action=x>", "Post idp.test/dir/x"),
            ("<form method=post action='?r=2'>", "Post idp.test/dir/page?r=2"),
            ("<form method=post action='//other.test/x'>", "Post other.test/x"),
            ("<base href='/root/'><form action=x>", "Get idp.test/root/x"),
            ("<base href='http://cdn.test/'><form action=''>", "Get idp.test/dir/page?q=1"),
            ("<base target=_top><base href='/root/'><form action=x>", "Get idp.test/root/x"),
            ("<form method=put action=x>", "Get idp.test/dir/x"),
        ];
        for (html, expected) in table {
            check(html, &[expected]);
        }
        check("<form action='javascript:void(0)'></form><form method=dialog></form>", &[]);
        check("<form action='http://[broken'></form>", &[]);
    }

    #[test]
    fn fields_and_buttons() {
        let table = [
            ("<input name=a><input value=nameless>", "a="),
            ("<input type=hidden name=t value='a&amp;b&quot;&#39;&lt;é'>", "_t=a&b\"'<é"),
            (
                "<input type=checkbox name=a checked><input type=checkbox name=b value=2>",
                "a=on -b=2",
            ),
            ("<input type=checkbox name=a required>", "-!a=on"),
            (
                "<input type=radio name=a value=1><input type=radio name=a value=2 checked>",
                "-a=1 a=2",
            ),
            ("<select name=s><option value=1>x<option value=2 selected>y</select>", "s=2"),
            ("<select name=s><option disabled>-<option> two  words </select>", "s=two words"),
            (
                "<select name=s multiple><option selected>1<option>2<option selected>3</select>",
                "s=1 s=3",
            ),
            ("<select name=s multiple><option>1</select>", ""),
            ("<select name=s></select>", ""),
            ("<textarea name=t>\n a\n<b></textarea>", "t= a\n<b>"),
            ("<input name=a disabled><fieldset disabled><input name=b></fieldset>", ""),
            ("<input name=a readonly value=1>", "_a=1"),
            ("<input name=trap style='Display : none'><p hidden><input name=b>", "_trap= _b="),
            ("<input type=Submit name=a value='Log  in'>", "[a=Log  in|Log in]"),
            ("<button name=a value=1> Log <b>in</b></button>", "[a=1|Log in]"),
            ("<button type=weird>x</button><button type=''>y</button>", "[=|x] [=|y]"),
            ("<button type=button>a</button><button type=reset>b</button>", ""),
            ("<input type=image name=a><input type=reset><input type=button name=b>", ""),
            ("<button disabled>a</button><input type=file name=f>", ""),
            ("<template><input name=a></template><noscript><input name=b></noscript>", ""),
            ("<button aria-label='Go on'><svg></svg></button>", "[=|Go on]"),
        ];
        for (html, expected) in table {
            let expected = format!("Post idp.test/x {expected}");
            check(&format!("<form method=post action=/x>{html}</form>"), &[expected.trim_end()]);
        }
    }

    #[test]
    fn controls_find_their_form() {
        check(
            "<input name=out><input name=a form=f><form id=f><input name=b form=g><input name=c>\
             </form><form id=g></form><button form=f name=d>D</button><input name=e form=nowhere>",
            &["Get idp.test/dir/page?q=1 a= c= [d=|D]", "Get idp.test/dir/page?q=1 b="],
        );
        check(
            "<table><form action=/x><tr><td><input name=a><td><button>Go</button></form></table>\
             <input name=out>",
            &["Get idp.test/x a= [=|Go]"],
        );
        check(
            "<form action=/x><div><form action=/inner><input name=a></div>",
            &["Get idp.test/x a="],
        );
        let html = "<form><button formaction=/deny formmethod=post>No</button></form>";
        let button = &forms(html, &page())[0].buttons[0];
        assert_eq!(button.action.as_ref().map(Url::path), Some("/deny"));
        assert_eq!(button.method, Some(super::Method::Post));
        let html = "<form><input name=u type=email autocomplete='username webauthn'></form>";
        let field = &forms(html, &page())[0].fields[0];
        assert_eq!((field.kind, field.hint.as_str()), (Kind::Text, "email username webauthn"));
    }

    #[test]
    fn selectors() {
        let html = "<form id=a class=x></form><form id=b><input name=u></form>";
        for (selector, expected) in [
            ("form#b", vec!["b"]),
            (".x", vec!["a"]),
            ("form", vec!["a", "b"]),
            ("[name=u]", vec!["b"]),
            ("main form, form:nth-of-type(2)", vec!["b"]),
            ("form#none", vec![]),
        ] {
            let selector = FormSelector::try_from(selector.to_owned()).expect("a selector");
            let found = selected(html, &page(), &selector);
            let found: Vec<_> = found.iter().map(|form| form.id.as_str()).collect();
            assert_eq!(found, expected, "{selector}");
        }
        for wrong in ["", "form[", "form#", "div >", "form:unknown(", "@x"] {
            let error = FormSelector::try_from(wrong.to_owned()).expect_err(wrong);
            assert!(error.ends_with(&format!("but found `{wrong}`")), "{error}");
        }
    }

    #[test]
    fn refreshes() {
        let table = [
            ("<meta http-equiv=refresh content='0;url=/next'>", Some("http://idp.test/next")),
            (
                "<meta http-equiv=Refresh content=\"0; URL='next?a=1'\">",
                Some("http://idp.test/dir/next?a=1"),
            ),
            ("<META HTTP-EQUIV=REFRESH CONTENT='1 , /x'>", Some("http://idp.test/x")),
            ("<meta http-equiv=refresh content='300;url=/timeout'>", None),
            ("<meta http-equiv=refresh content='5'>", None),
            ("<meta http-equiv=refresh content='é;é'>", None),
            ("<meta http-equiv=refresh content='0;urlé'>", None),
            ("<noscript><meta http-equiv=refresh content='0;url=/no'></noscript>", None),
            ("<meta name=refresh content='0;url=/x'>", None),
            ("", None),
        ];
        for (html, expected) in table {
            let found = refresh_target(html, &page());
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{html}");
        }
    }

    #[test]
    fn messages() {
        let long = format!("<p>{}</p>", "wörd ".repeat(1000));
        let table = [
            ("<title>T</title><body><h1>Log  in</h1><p>now</p>", "T Log in now"),
            (
                "<p>Menu</p><div class='alert-box'>Wrong <b>password</b></div>",
                "Wrong password Menu",
            ),
            ("<p>a</p><p role=alert>b</p><script>x</script><style>y</style>", "b a"),
            ("<p hidden>a</p><noscript>b</noscript><select><option>c</select>d", "d"),
            ("", ""),
            ("plain text", "plain text"),
            ("{\"error\": \"x\"}", "{\"error\": \"x\"}"),
        ];
        for (html, expected) in table {
            assert_eq!(message(html), expected, "{html}");
        }
        assert_eq!(message(&long).chars().count(), 2000);
        assert!(message(&long).ends_with('…'));
    }

    #[test]
    fn links_and_scripts() {
        let html = "<a href='abort?x=1' id=l>[ Cancel ]</a><a href='javascript:x()'>a</a><a>b</a>\
                    <a href=/x hidden>c</a>";
        let found = links(html, &page());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].text.as_str(), found[0].id.as_str()), ("[ Cancel ]", "l"));
        assert_eq!(found[0].target.as_str(), "http://idp.test/dir/abort?x=1");
        for (html, expected) in [
            ("<title>App</title><div id=root></div><script src=/app.js></script>", true),
            ("<noscript>Switch on scripts.</noscript><script></script>", true),
            ("<p>Error</p><script></script>", false),
            ("", false),
        ] {
            assert_eq!(is_built_by_script(html), expected, "{html}");
        }
    }

    /// What is thrown at the parser must neither crash nor stall it.
    #[test]
    fn monstrous_pages_are_survived() {
        let spread = (0..6000).map(|n| format!("<form id=f{n}><input name=a form=f{n}>"));
        let pages = [
            "<div>".repeat(100_000),
            "<form><input name=a><table><tr><td>".repeat(20_000),
            "<b id=1><p>".repeat(50_000),
            "<a href=x><table>".repeat(50_000),
            "<svg><script><div>".repeat(50_000),
            "<select><option>".repeat(9_000),
            spread.collect::<Vec<_>>().concat(),
            "é".repeat(1_000_000),
            "<".repeat(50_000),
            "<!--".repeat(20_000),
            "</".repeat(50_000),
            "<script></".repeat(5_000),
            format!("<p title='{}'>", "x".repeat(2_000_000)),
            "\0\u{fffd}<form\0 action=\u{fffd}><input name=\u{fffd}>".to_owned(),
        ];
        let begin = Instant::now();
        for html in &pages {
            let _ = (forms(html, &page()), links(html, &page()), refresh_target(html, &page()));
            let _ = (message(html), is_built_by_script(html));
        }
        assert!(unreadable(&pages[0]).is_some());
        assert!(message(&pages[0]).starts_with("(not read: "));
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    }
}
