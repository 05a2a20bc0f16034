//! Coverage: which normative sentences of each specification are checked, and why the others are not.

use crate::library::Library;
use crate::spec::Requirement;

/// How a document is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage<'a> {
    /// The name of the document.
    pub document: &'a str,
    /// Where it can be read.
    pub url: &'a str,
    /// Its sentences, in the order of their file.
    pub sentences: Vec<Sentence<'a>>,
}

/// A sentence and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence<'a> {
    /// The sentence.
    pub requirement: &'a Requirement,
    /// What is done about it.
    pub state: State<'a>,
}

/// What is done about a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State<'a> {
    /// These scenarios check it.
    Checked(Vec<&'a str>),
    /// Nothing will check it, for this reason.
    Excluded(&'a str),
    /// Nothing checks it yet, for this reason.
    Open(&'a str),
}

/// How each document is covered.
pub fn coverage(library: &Library) -> Vec<Coverage<'_>> {
    let mut documents: Vec<Coverage<'_>> = Vec::new();
    for requirement in &library.requirements {
        let sentence = Sentence { requirement, state: state(library, requirement) };
        let document = requirement.spec.document.as_str();
        if let Some(known) = documents.iter_mut().find(|known| known.document == document) {
            known.sentences.push(sentence);
        } else {
            let url = requirement.spec.url.split('#').next().unwrap_or_default();
            documents.push(Coverage { document, url, sentences: vec![sentence] });
        }
    }
    documents
}

fn state<'a>(library: &'a Library, requirement: &'a Requirement) -> State<'a> {
    match (&requirement.excluded, &requirement.open) {
        (Some(reason), _) => State::Excluded(reason),
        (None, Some(reason)) => State::Open(reason),
        (None, None) => {
            let checks = library.checks.get(&requirement.id).into_iter();
            let scenarios = checks.flat_map(|checks| &checks.scenarios);
            State::Checked(scenarios.map(|scenario| scenario.value.as_str()).collect())
        }
    }
}

/// How many sentences are checked, excluded and open.
pub fn counts(sentences: &[Sentence<'_>]) -> [usize; 3] {
    let count = |of: fn(&State<'_>) -> bool| sentences.iter().filter(|s| of(&s.state)).count();
    [
        count(|state| matches!(state, State::Checked(_))),
        count(|state| matches!(state, State::Excluded(_))),
        count(|state| matches!(state, State::Open(_))),
    ]
}

/// One line for each document, and one for all of them.
pub fn table(documents: &[Coverage<'_>]) -> String {
    let line = |name: &str, [checked, excluded, open]: [usize; 3]| {
        format!("{name:36}  {checked:7}  {excluded:8}  {open:4}\n")
    };
    let head = format!("{:36}  {:>7}  {:>8}  {:>4}\n", "", "checked", "excluded", "open");
    let rows = documents.iter().map(|d| line(d.document, counts(&d.sentences)));
    head + &rows.collect::<String>() + &line("all", total(documents))
}

fn total(documents: &[Coverage<'_>]) -> [usize; 3] {
    documents.iter().fold([0; 3], |sum, document| {
        let own = counts(&document.sentences);
        [sum[0] + own[0], sum[1] + own[1], sum[2] + own[2]]
    })
}

/// The page `docs/coverage.md`.
pub fn markdown(documents: &[Coverage<'_>]) -> String {
    let mut page = String::from(
        "# Coverage\n\n\
         Each normative sentence of the specifications that concerns an authorization server, and what \
         checks it. *Excluded* sentences cannot be checked from outside, or repeat another one; *open* \
         ones have no check yet.\n\
         `authgauge list --coverage --markdown` writes this page from `scenarios/specs/`, and a test \
         compares it.\n\n\
         | document | checked | excluded | open |\n|---|--:|--:|--:|\n",
    );
    for document in documents {
        let [checked, excluded, open] = counts(&document.sentences);
        let Coverage { document, url, .. } = document;
        page += &format!("| [{document}]({url}) | {checked} | {excluded} | {open} |\n");
    }
    let [checked, excluded, open] = total(documents);
    page += &format!("| **all** | {checked} | {excluded} | {open} |\n");
    page.extend(documents.iter().map(section));
    page
}

fn section(document: &Coverage<'_>) -> String {
    let head = "\n| section | level | id | sentence | |\n|---|---|---|---|---|\n";
    let rows = document.sentences.iter().map(row);
    format!("\n## {}\n{head}{}", document.document, rows.collect::<String>())
}

fn row(sentence: &Sentence<'_>) -> String {
    let Requirement { level, spec, catalogue, text, .. } = sentence.requirement;
    let done = match &sentence.state {
        State::Checked(scenarios) => {
            let named = scenarios.iter().map(|scenario| format!("`{scenario}`"));
            format!("checked by {}", named.collect::<Vec<_>>().join(", "))
        }
        State::Excluded(reason) => format!("excluded: {reason}"),
        State::Open(reason) => format!("**open**: {reason}"),
    };
    let cells = [text.as_str(), done.as_str()].map(|cell| cell.replace('|', "\\|"));
    let id = catalogue.as_deref().unwrap_or_default();
    format!(
        "| [§{}]({}) | {level} | {id} | {} | {} |\n",
        spec.section, spec.url, cells[0], cells[1]
    )
}
