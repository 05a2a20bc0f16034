//! Which button a person would press, judged by the words on it.

use crate::form::{Button, Form};

/// What the button is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// To send a name, a password or a code.
    LogIn,
    /// To approve what a client asks for, or just to go on.
    Approve,
    /// To confirm a logout.
    LogOut,
}

/// What a button seems to do, from the least to the most wanted by one who approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaning {
    /// It denies or cancels.
    Denies,
    /// It does something else, such as logging out or choosing a language.
    Aside,
    /// Its words say nothing.
    Unclear,
    /// It approves; a higher number is a clearer word.
    Approves(u8),
}

/// Words with which a person denies.
const DENYING: &str = "abort aborted cancel canceled cancelled decline declined denied deny \
    disagree disallow dont never no refuse refused reject rejected do_not";

/// Words of buttons that lead aside.
const ASIDE: &str = "another back create delete different download edit forgot forgotten help \
    language passkey register remove resend reset restart revoke search subscribe switch theme \
    unsubscribe upload webauthn not_you sign_up signup";

/// Words of buttons that log in without the password that is typed.
const OTHER_LOGIN: &str = "code idp link magic oidc otp provider qr saml social sso with";
/// Words that take the former back: `Continue with email` is what is wanted.
const THIS_LOGIN: &str = "with_email with_password with_username with_your";

const LOGOUT: &str = "log_off log_out logoff logout sign_off sign_out signoff signout";

/// The approving words for each intent, from the clearest.
const APPROVING: [&str; 3] = [
    "accept agree allow approve authorise authorize consent grant permit",
    "confirm continue next ok okay proceed yes",
    "granted log_in login send sign_in signin submit verify",
];
const LOGGING_IN: [&str; 3] = [
    "log_in log_on login logon sign_in sign_on signin",
    "continue next password proceed",
    "accept allow approve authorize confirm enter go ok send submit verify yes",
];
const LOGGING_OUT: [&str; 3] = [LOGOUT, "confirm continue ok proceed yes", "submit"];

/// What a button of `form` seems to do.
pub fn leaning(form: &Form, button: &Button, intent: Intent) -> Leaning {
    let words = spoken(form, button);
    let leads_aside = has_any(&words, ASIDE)
        || match intent {
            Intent::LogIn => has_any(&words, OTHER_LOGIN) && !has_any(&words, THIS_LOGIN),
            Intent::Approve => has_any(&words, LOGOUT),
            Intent::LogOut => false,
        };
    if has_any(&words, "not_you") {
        return Leaning::Aside;
    }
    if has_any(&words, DENYING) {
        return Leaning::Denies;
    }
    if leads_aside {
        return Leaning::Aside;
    }
    let tiers = match intent {
        Intent::LogIn => LOGGING_IN,
        Intent::Approve => APPROVING,
        Intent::LogOut => LOGGING_OUT,
    };
    let tier = tiers.iter().zip([3, 2, 1]).find(|(tier, _)| has_any(&words, tier));
    tier.map_or(Leaning::Unclear, |(_, clearness)| Leaning::Approves(clearness))
}

/// The button to go on with. Among clear ones the first; among unclear ones the last, because
/// *Cancel* often stands first; never one that denies.
pub fn forward<B: Copy>(buttons: &[(B, Leaning)]) -> Option<(B, Leaning)> {
    let best = buttons.iter().map(|(_, leaning)| *leaning).max()?;
    let mut fitting = buttons.iter().filter(|(_, leaning)| *leaning == best);
    match best {
        Leaning::Denies => None,
        Leaning::Unclear => fitting.next_back().copied(),
        Leaning::Aside | Leaning::Approves(_) => fitting.next().copied(),
    }
}

/// The button to deny with: one that says so, or the other one of just two.
pub fn backward<B: Copy>(buttons: &[(B, Leaning)]) -> Option<B> {
    let denies = buttons.iter().find(|(_, leaning)| *leaning == Leaning::Denies);
    match (denies, buttons) {
        (Some((button, _)), _) => Some(*button),
        (None, [(first, Leaning::Unclear), (_, Leaning::Unclear | Leaning::Approves(_))]) => {
            Some(*first)
        }
        (None, [(_, Leaning::Approves(_)), (second, Leaning::Unclear)]) => Some(*second),
        _ => None,
    }
}

/// Whether a text is short and denies, as a link does that stands for a button.
pub fn denies(text: &str) -> bool {
    let words = words([text]);
    match words.split_whitespace().count() {
        1 => has_any(&words, DENYING),
        2..=4 => has_any(&words, DENYING) && !words.starts_with(" no "),
        _ => false,
    }
}

/// Whether any of the texts has one of the words; `_` in `wanted` stands between two words.
pub fn mentions<'a>(texts: impl IntoIterator<Item = &'a str>, wanted: &str) -> bool {
    has_any(&words(texts), wanted)
}

/// Whether any of the texts speaks of logging out.
pub fn mentions_logout<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    mentions(texts, LOGOUT)
}

/// The words of a button. A name that all buttons share distinguishes none of them; the address
/// of a form speaks for its button only when that is the only one.
fn spoken(form: &Form, button: &Button) -> String {
    let alone = form.buttons.len() == 1;
    let shared = !alone && form.buttons.iter().all(|other| other.name == button.name);
    let name = if shared { "" } else { button.name.as_str() };
    let target = button.action.as_ref().or(alone.then_some(&form.action));
    let end = target.and_then(|url| url.path().rsplit('/').next()).unwrap_or_default();
    let marks = [name, &button.value, &button.id, end].into_iter().filter(|mark| speaks(mark));
    words(marks.chain([button.text.as_str()]))
}

/// The length from which a mark may be a random one.
const RANDOM: usize = 16;

/// Whether a mark is made of words. A random one, such as the number of an interaction in an
/// address, has a `No` or an `ok` somewhere between its capitals that nobody meant.
fn speaks(mark: &str) -> bool {
    let is_word = |word: &&str| word.len() >= 3 && word.chars().all(char::is_alphabetic);
    let spelt: usize = words([mark]).split_whitespace().filter(is_word).map(str::len).sum();
    mark.len() < RANDOM || spelt * 2 >= mark.len()
}

/// Lower-case words with a space around each, split where the case changes as in `cancelButton`.
fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut words = String::from(" ");
    for text in texts {
        let mut before = ' ';
        for character in text.chars().filter(|c| !matches!(c, '\'' | '’')) {
            if !character.is_alphanumeric() || (before.is_lowercase() && character.is_uppercase()) {
                words.push(' ');
            }
            if character.is_alphanumeric() {
                words.extend(character.to_lowercase());
            }
            before = character;
        }
        words.push(' ');
    }
    let folded: Vec<_> = words.split_whitespace().collect();
    format!(" {} ", folded.join(" "))
}

fn has_any(words: &str, wanted: &str) -> bool {
    wanted.split_whitespace().any(|word| words.contains(&format!(" {} ", word.replace('_', " "))))
}

#[cfg(test)]
mod tests {
    use super::{Intent, Leaning, denies, forward, leaning};
    use crate::form::forms;

    fn leanings(buttons: &str, intent: Intent) -> Vec<Leaning> {
        let page = url::Url::parse("http://idp.test/page").expect("an address");
        let html = format!("<form action='/x' method=post>{buttons}</form>");
        let form = &forms(&html, &page)[0];
        form.buttons.iter().map(|button| leaning(form, button, intent)).collect()
    }

    #[test]
    fn words_decide() {
        use Intent::{Approve, LogIn, LogOut};
        use Leaning::{Approves, Aside, Denies, Unclear};
        let table = [
            ("<button>Allow access</button>", Approve, Approves(3)),
            ("<button>Don't allow</button>", Approve, Denies),
            ("<button>Don’t allow</button>", Approve, Denies),
            ("<button>Do not allow</button>", Approve, Denies),
            ("<button>Disallow</button>", Approve, Denies),
            ("<button>Know more</button>", Approve, Unclear),
            ("<button name=abort value=yes>Weg</button>", Approve, Denies),
            ("<button id=cancelButton>X</button>", Approve, Denies),
            ("<button formaction='/consent/deny'>X</button>", Approve, Denies),
            ("<button name=accept id=x-login>Yes</button>", Approve, Approves(3)),
            ("<input type=submit value=Weiter>", Approve, Unclear),
            ("<button>Log out</button>", Approve, Aside),
            ("<button name=logout value=yes>Yes, sign me out</button>", LogOut, Approves(3)),
            ("<button>No, stay signed in</button>", LogOut, Denies),
            ("<button>Not you? Switch account</button>", Approve, Aside),
            ("<input type=Submit name=signInSubmitButton value='Sign in'>", LogIn, Approves(3)),
            ("<button name=provider value=acme>Sign in with Acme</button>", LogIn, Aside),
            ("<button>Continue with email</button>", LogIn, Approves(2)),
            ("<button>Forgot password</button>", LogIn, Aside),
            ("<button aria-label='Sign in'><svg></svg></button>", LogIn, Approves(3)),
        ];
        for (html, intent, expected) in table {
            assert_eq!(leanings(html, intent), [expected], "{html}");
        }
    }

    #[test]
    fn what_is_random_says_nothing() {
        let page = url::Url::parse("http://idp.test/page").expect("an address");
        let target = "/interaction/GG8I1RKoG8dPABRBUiqqPWgNoYOEBe9TJocg0HBnJ2C";
        let html = format!("<form action='{target}' method=post><button>Continue</button></form>");
        let form = &forms(&html, &page)[0];
        let approving = leaning(form, &form.buttons[0], Intent::Approve);
        assert_eq!(approving, Leaning::Approves(2));
        let html = "<button name=ctl00$MainContent$btnCancel value='OK'>X</button>";
        assert_eq!(leanings(html, Intent::Approve), [Leaning::Denies]);
    }

    #[test]
    fn a_name_that_all_share_says_nothing() {
        let html = "<button name=deny_or_allow value=1>A</button>\
                    <button name=deny_or_allow value=2>B</button>";
        assert_eq!(leanings(html, Intent::Approve), [Leaning::Unclear; 2]);
    }

    #[test]
    fn the_way_on_is_never_a_denial() {
        use Leaning::{Approves, Aside, Denies, Unclear};
        let table: [(&[Leaning], Option<usize>); 6] = [
            (&[Denies, Approves(1)], Some(1)),
            (&[Approves(1), Approves(3), Approves(3)], Some(1)),
            (&[Unclear, Unclear, Denies], Some(1)),
            (&[Aside, Denies], Some(0)),
            (&[Denies, Denies], None),
            (&[], None),
        ];
        for (leanings, expected) in table {
            let buttons: Vec<_> = leanings.iter().copied().enumerate().collect();
            assert_eq!(forward(&buttons).map(|(at, _)| at), expected, "{leanings:?}");
        }
    }

    #[test]
    fn a_link_denies_only_in_few_words() {
        for text in ["Cancel", "[ Cancel ]", "No", "Deny access", "Cancel and go back"] {
            assert!(denies(text), "{text}");
        }
        for text in ["No account? Register", "Allow", "", "How to cancel a subscription later"] {
            assert!(!denies(text), "{text}");
        }
    }
}
