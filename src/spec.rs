//! Requirements: the normative sentences of the specifications, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::yaml::Located;

/// A file `scenarios/specs/<document>/requirements.yaml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// The name by which people cite it, such as `RFC 7636`.
    pub document: String,
    /// Its title.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// Its normative sentences.
    pub requirements: Vec<RequirementRow>,
}

/// A row of the file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementRow {
    /// `<section>/<slug>`.
    pub id: Located<String>,
    /// The id in the catalogue of checks.
    #[serde(default)]
    pub catalogue: Option<String>,
    /// How strongly the specification says it.
    pub level: Level,
    /// A lighter severity than the level's, where breaking the sentence harms nobody.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The fragment of the link, when it is not `section-<section>`.
    #[serde(default)]
    pub anchor: Option<String>,
    /// The sentence, in our words.
    pub text: String,
    /// The scenarios that check it.
    #[serde(default)]
    pub check: Vec<Located<String>>,
    /// Why nothing will check it.
    #[serde(default)]
    pub excluded: Option<String>,
    /// Why nothing checks it yet.
    #[serde(default)]
    pub open: Option<String>,
}

/// One normative sentence, with everything a report says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `<document>/<section>/<slug>`, for example `rfc7636/4.6/wrong-verifier`.
    pub id: String,
    /// The id in the catalogue of checks, for example `PKCE-02`.
    pub catalogue: Option<String>,
    /// How strongly the specification says it.
    pub level: Level,
    /// What breaking it counts as.
    pub severity: Severity,
    /// The sentence, in our words.
    pub text: String,
    /// Where it stands.
    pub spec: SpecReference,
    /// Why nothing will check it.
    pub excluded: Option<String>,
    /// Why nothing checks it yet; when this and `excluded` are `None`, scenarios do.
    pub open: Option<String>,
}

/// Where a normative sentence stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecReference {
    /// The document, such as `RFC 7636`.
    pub document: String,
    /// The section, such as `4.6`.
    pub section: String,
    /// A link to the section.
    pub url: String,
}

/// The requirement levels of RFC 2119, and INFO for what is only recorded for comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Level {
    /// An absolute requirement.
    #[serde(rename = "MUST")]
    Must,
    /// An absolute prohibition.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// A recommendation.
    #[serde(rename = "SHOULD")]
    Should,
    /// A recommendation against.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// An option.
    #[serde(rename = "MAY")]
    May,
    /// Recorded, not judged.
    #[serde(rename = "INFO")]
    Info,
}

/// What breaking a requirement counts as.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Recorded for the comparison of providers.
    Info,
    /// Shown; fails the run only under `--strict`.
    Warning,
    /// Fails the run.
    Failure,
}

impl Level {
    /// The severity that follows from the keyword.
    pub fn severity(self) -> Severity {
        match self {
            Self::Must | Self::MustNot => Severity::Failure,
            Self::Should | Self::ShouldNot => Severity::Warning,
            Self::May | Self::Info => Severity::Info,
        }
    }
}

impl Requirement {
    /// Whether scenarios check it.
    pub fn is_checked(&self) -> bool {
        self.excluded.is_none() && self.open.is_none()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
            Self::Info => "INFO",
        })
    }
}

impl Specification {
    /// The requirement of a row; `folder` is the name of the specification's folder.
    pub fn requirement(&self, folder: &str, row: &RequirementRow) -> Requirement {
        let section = row.id.value.split('/').next().unwrap_or_default().to_owned();
        let anchor = row.anchor.clone().unwrap_or_else(|| format!("section-{section}"));
        Requirement {
            id: format!("{folder}/{}", row.id.value),
            catalogue: row.catalogue.clone(),
            level: row.level,
            severity: row.severity.unwrap_or_else(|| row.level.severity()),
            text: row.text.clone(),
            spec: SpecReference {
                document: self.document.clone(),
                section,
                url: format!("{}#{anchor}", self.url),
            },
            excluded: row.excluded.clone(),
            open: row.open.clone(),
        }
    }
}
