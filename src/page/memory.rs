//! What was sent on a visit, to tell that a page comes back.

use url::Url;

use super::{Decision, Purpose, Submission};

/// The forms that were sent on a visit.
#[derive(Debug, Default)]
pub struct Memory {
    /// Each with what its page said.
    sent: Vec<(String, String)>,
    /// Whether the user has approved or denied.
    decided: bool,
}

/// Why a form is not sent again.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing left to do.
    Done,
    /// The page did not take the answer; the text says which page, field and message.
    Refused(String),
}

impl Memory {
    /// Remembers that a form is sent on a page that says this, unless it was already.
    ///
    /// # Errors
    /// When it was: the same answer to the same question brings nothing.
    pub fn send(&mut self, page: &Url, submission: &Submission, said: &str) -> Result<(), Refusal> {
        let key = fingerprint(page, submission);
        let earlier = self.sent.iter().filter(|(sent, _)| *sent == key).count();
        let repeats = match submission.purpose {
            Purpose::LogIn | Purpose::UserCode => earlier > 0,
            // Two questions may look alike; a third time, or with the same text, they do not.
            Purpose::Decide | Purpose::GoOn => {
                earlier > 1 || self.sent.contains(&(key.clone(), said.to_owned()))
            }
        };
        if repeats {
            return Err(self.came_back(page, submission, said));
        }
        self.sent.push((key, said.to_owned()));
        self.decided |= submission.purpose == Purpose::Decide;
        Ok(())
    }

    /// Remembers that a link was followed, which may be how the user denies.
    pub fn follow(&mut self, decision: Decision) {
        self.decided |= decision == Decision::Deny;
    }

    /// Says that a form stands there again after it was sent with the same answers.
    fn came_back(&self, page: &Url, submission: &Submission, said: &str) -> Refusal {
        let fields: Vec<_> = submission.asked.iter().map(|name| format!("`{name}`")).collect();
        let fields = fields.join(", ");
        let again = format!("came back after it was sent; it says \"{said}\"");
        let form = format!("the form on {} with {fields} {again}", page.path());
        Refusal::Refused(match submission.purpose {
            // After the decision, the page only offers to connect another device.
            Purpose::UserCode if self.decided => return Refusal::Done,
            Purpose::LogIn => format!("login refused: {form}"),
            Purpose::UserCode => format!("user code refused: {form}"),
            Purpose::Decide => format!("the form with the button {} {again}", submission.button),
            Purpose::GoOn => format!("the form that a script sends {again}"),
        })
    }
}

/// What makes two forms the same question with the same answer: purpose, address, visible fields
/// and button. Hidden values differ each time, so they count only where there is nothing else.
fn fingerprint(page: &Url, submission: &Submission) -> String {
    let Submission { purpose, target, pairs, asked, button, .. } = submission;
    let visible = |name: &String| *purpose == Purpose::GoOn || asked.contains(name);
    let answers: Vec<_> = pairs.iter().filter(|(name, _)| visible(name)).cloned().collect();
    let host = target.host_str().or(page.host_str()).unwrap_or_default();
    format!("{purpose:?} {host}{} {asked:?} {answers:?} {button}", stable_path(target))
}

/// A path with `*` for each part that looks made up for one attempt.
fn stable_path(url: &Url) -> String {
    let is_made_up = |part: &str| part.len() >= 8 && part.contains(|c: char| c.is_ascii_digit());
    let parts = url.path().split('/').map(|part| if is_made_up(part) { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
