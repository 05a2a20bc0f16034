//! Mistakes in the files that users write: the message, the place, the line and a caret.

use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A line and a column, both counted from 1; zero when only the file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as the user named it.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    source: String,
    hidden: bool,
}

impl Diagnostic {
    /// A mistake at a place of a file whose text is `source`.
    pub fn new(file: &str, source: &str, place: Place, message: impl Into<String>) -> Self {
        let (file, source) = (file.to_owned(), source.to_owned());
        Self { file, place, message: message.into(), hint: None, source, hidden: false }
    }

    /// A mistake that concerns a file as a whole, for example that it cannot be read.
    pub fn whole_file(file: &str, message: impl Into<String>) -> Self {
        Self::new(file, "", Place::default(), message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Moves the caret to `text` where it stands in the line, at or after the place known so far.
    #[must_use]
    pub fn pointing_at(mut self, text: &str) -> Self {
        let lines = self.source.lines().enumerate().skip(self.place.line.saturating_sub(1));
        for (index, line) in lines {
            if let Some(byte) = line.find(text) {
                self.place = Place { line: index + 1, column: line[..byte].chars().count() + 1 };
                return self;
            }
        }
        self
    }

    /// Leaves the line out of the message, for one that may hold a secret.
    #[must_use]
    pub fn without_line(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// The line that the message would show.
    pub fn line(&self) -> &str {
        let number = self.place.line.checked_sub(1);
        number.and_then(|number| self.source.lines().nth(number)).unwrap_or_default()
    }

    fn render(&self) -> String {
        let span = self.span();
        let snippet = Snippet::source(&self.source)
            .path(&self.file)
            .annotation(AnnotationKind::Primary.span(span));
        let mut group = Level::ERROR.primary_title(&self.message).element(snippet);
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint));
        }
        Renderer::plain().render(&[group])
    }

    /// The bytes under the caret: the word at the place.
    fn span(&self) -> std::ops::Range<usize> {
        let start: usize =
            self.source.split_inclusive('\n').take(self.place.line - 1).map(str::len).sum();
        let line = self.source[start..].lines().next().unwrap_or_default();
        let column = self.place.column.saturating_sub(1);
        let offset = line.char_indices().nth(column).map_or(line.len(), |(i, _)| i);
        let rest = &line[offset..];
        let quoted = rest.starts_with(['"', '\'']);
        let word = match quoted.then(|| rest[1..].find(&rest[..1])).flatten() {
            Some(closing) => closing + 2,
            None => rest.find([',', ' ', ']', ':']).unwrap_or(rest.len()),
        };
        start + offset..start + offset + word.max(usize::from(!rest.is_empty()))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hidden || self.line().is_empty() {
            let Place { line, column } = self.place;
            let place = if self.hidden { format!(":{line}:{column}") } else { String::new() };
            write!(f, "error: {}{place}: {}", self.file, self.message)?;
            return self.hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"));
        }
        f.write_str(self.render().trim_end())
    }
}

impl std::error::Error for Diagnostic {}
