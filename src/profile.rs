//! Profiles: how strong a requirement is where the specifications disagree.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::finding::{Finding, Verdict};
use crate::library::Library;
use crate::provider::Provider;
use crate::spec::{Level, Severity};
use crate::yaml::Located;

/// The profile that counts when neither the user nor the provider file names one. RFC 9700 updates
/// RFC 6749 and is what both OAuth 2.1 and OpenID providers are held against today.
pub const DEFAULT: &str = "bcp";

/// A file `scenarios/profiles/<name>.yaml`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name of the file.
    #[serde(skip)]
    pub name: String,
    /// Which specifications it follows, in a few words.
    pub title: String,
    /// Where it departs from the levels that the requirements' own specifications give them.
    #[serde(default)]
    pub requirements: Vec<Stance>,
}

/// What a profile makes of one requirement.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stance {
    /// The requirement.
    pub requirement: Located<String>,
    /// How strong it is here.
    #[serde(default)]
    pub level: Option<Level>,
    /// A lighter severity than the level's.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// `false` where the profile's specifications expect something else, so that there is no verdict.
    #[serde(default = "yes")]
    pub applies: bool,
    /// The section that says so, such as `RFC 7636 §4.2`.
    pub section: String,
    /// Why.
    pub reason: String,
}

fn yes() -> bool {
    true
}

impl Profile {
    /// What the profile makes of a requirement; `None` when it is as its specification has it.
    pub fn stance(&self, requirement: &str) -> Option<&Stance> {
        self.requirements.iter().find(|stance| stance.requirement.value == requirement)
    }
}

/// The profile of a run: the one the user names, else the provider file's, else [`DEFAULT`].
///
/// # Errors
/// Lists the profiles that there are.
pub fn choose(
    library: &Library,
    asked: Option<&str>,
    provider: &Provider,
) -> Result<Profile, String> {
    let own = provider.profile.as_ref().map(|name| name.value.as_str());
    let name = asked.or(own).unwrap_or(DEFAULT);
    let known = library.profiles.get(name).map(|loaded| loaded.profile.clone());
    known.ok_or_else(|| unknown(name, library))
}

/// The message about a profile that does not exist.
pub fn unknown(name: &str, library: &Library) -> String {
    let known: Vec<&str> = library.profiles.keys().map(String::as_str).collect();
    format!("unknown profile `{name}`, expected one of {}", known.join(", "))
}

/// Gives findings the strength that they have in a profile.
pub fn apply(profile: &Profile, findings: &mut [Finding]) {
    for finding in findings {
        let Some(stance) = profile.stance(&finding.requirement) else { continue };
        let Stance { section, reason, .. } = stance;
        if let Some(level) = stance.level {
            finding.level = level;
            finding.severity = stance.severity.unwrap_or_else(|| level.severity());
            if finding.verdict == Verdict::Fail {
                let why = format!("{level} in the profile {} ({section}): {reason}", profile.name);
                finding.why.get_or_insert(why);
            }
        } else {
            finding.verdict = Verdict::NotApplicable;
            finding.why =
                Some(format!("not in the profile {} ({section}): {reason}", profile.name));
            (finding.expected, finding.actual) = (None, None);
            finding.exchanges.clear();
        }
    }
}
