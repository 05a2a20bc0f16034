//! The library: everything under `scenarios/`, loaded and cross-referenced.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::reference;
use crate::scenario::{Flow, Scenario, ScenarioFile};
use crate::spec::{Requirement, Specification};
use crate::yaml::{self, Located};

/// The scenarios that come with the program.
static BUNDLED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// All requirements, scenarios and flows, by their full ids.
#[derive(Debug, Default)]
pub struct Library {
    /// The requirements, in the order of their files.
    pub requirements: Vec<Requirement>,
    /// Which scenarios a requirement names as its checks.
    pub checks: BTreeMap<String, Checks>,
    /// The scenarios, in the order of their files.
    pub scenarios: Vec<LoadedScenario>,
    /// The flows by name.
    pub flows: BTreeMap<String, LoadedFlow>,
    /// The provider files by name, unparsed: their secrets are read only when one is used.
    pub providers: BTreeMap<String, SourceFile>,
    /// Provider files to start from, by the name of the product, unparsed.
    pub templates: BTreeMap<String, SourceFile>,
    /// The load profiles by name, unparsed.
    pub loads: BTreeMap<String, SourceFile>,
    /// Quotas of products by name, unparsed.
    pub quotas: BTreeMap<String, SourceFile>,
    /// The profiles by name.
    pub profiles: BTreeMap<String, LoadedProfile>,
    /// The documents that come with the program and are not among these requirements.
    pub left_out: BTreeSet<String>,
}

/// The scenarios that a requirement names as its checks, and where it does so.
#[derive(Debug)]
pub struct Checks {
    /// The file of the requirement.
    pub file: SourceFile,
    /// The ids of the scenarios.
    pub scenarios: Vec<Located<String>>,
}

/// A file and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path, as the user would name it.
    pub path: String,
    /// The text, which all that stands in the file shares.
    pub text: Arc<str>,
}

/// A scenario and where it comes from.
#[derive(Debug)]
pub struct LoadedScenario {
    /// `<document>/<section>/<slug>`.
    pub id: String,
    /// The file it stands in, an index into the texts kept for messages.
    pub file: SourceFile,
    /// What it says.
    pub scenario: Scenario,
}

/// A profile and where it comes from.
#[derive(Debug)]
pub struct LoadedProfile {
    /// The file it stands in.
    pub file: SourceFile,
    /// What it says.
    pub profile: Profile,
}

/// A flow and where it comes from.
#[derive(Debug)]
pub struct LoadedFlow {
    /// The file it stands in.
    pub file: SourceFile,
    /// What it says.
    pub flow: Flow,
}

impl Library {
    /// Loads the scenarios that come with the program.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn bundled() -> Result<Self, Vec<Diagnostic>> {
        let mut files = Vec::new();
        collect_bundled(&BUNDLED, &mut files);
        Self::load(files)
    }

    /// Loads a folder with `specs`, `flows`, `profiles` and `providers` in it. Of these, what it
    /// lacks is taken from the bundled ones, but for the specs.
    ///
    /// # Errors
    /// Every mistake that was found, or that the folder cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        let mut files = Vec::new();
        collect_folder(folder, folder, &mut files).map_err(|mistake| vec![mistake])?;
        if !files.iter().any(|(place, _)| place.starts_with("specs/")) {
            let message = "no scenarios here, expected files under `specs/<document>/`";
            return Err(vec![Diagnostic::whole_file(&folder.display().to_string(), message)]);
        }
        let mut bundled = Vec::new();
        collect_bundled(&BUNDLED, &mut bundled);
        let own: Vec<String> = files.iter().map(|(place, _)| place.clone()).collect();
        let specs = |places: &[String]| places.iter().filter_map(|p| document(p)).collect();
        let places: Vec<String> = bundled.iter().map(|(place, _)| place.clone()).collect();
        let (all, ours): (BTreeSet<String>, BTreeSet<String>) = (specs(&places), specs(&own));
        bundled.retain(|(place, _)| !place.starts_with("specs/") && !own.contains(place));
        files.extend(bundled);
        Ok(Self { left_out: &all - &ours, ..Self::load(files)? })
    }

    /// Loads files given as (place below `scenarios/`, file).
    fn load(mut files: Vec<(String, SourceFile)>) -> Result<Self, Vec<Diagnostic>> {
        files.sort_by_key(|a| section_order(&a.0));
        let mut library = Self::default();
        let mut mistakes = Vec::new();
        for (place, file) in files {
            if let Err(mistake) = library.add(&place, file) {
                mistakes.push(mistake);
            }
        }
        if mistakes.is_empty() {
            mistakes = reference::check(&library);
        }
        if mistakes.is_empty() { Ok(library) } else { Err(mistakes) }
    }

    fn add(&mut self, place: &str, file: SourceFile) -> Result<(), Diagnostic> {
        let parts: Vec<&str> = place.split('/').collect();
        match parts.as_slice() {
            ["specs", folder, "requirements.yaml"] => self.add_requirements(folder, &file),
            ["specs", folder, name] => self.add_scenarios(folder, name, &file),
            ["flows", name] => {
                let flow = yaml::parse(&file.path, &file.text)?;
                self.flows.insert(stem(name), LoadedFlow { file, flow });
                Ok(())
            }
            ["profiles", name] => {
                let profile: Profile = yaml::parse(&file.path, &file.text)?;
                let profile = Profile { name: stem(name), ..profile };
                self.profiles.insert(stem(name), LoadedProfile { file, profile });
                Ok(())
            }
            ["providers", name] => {
                self.providers.insert(stem(name), file);
                Ok(())
            }
            ["templates", name] => {
                self.templates.insert(stem(name), file);
                Ok(())
            }
            ["quotas", name] => {
                self.quotas.insert(stem(name), file);
                Ok(())
            }
            ["load", name] => {
                self.loads.insert(stem(name), file);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_requirements(&mut self, folder: &str, file: &SourceFile) -> Result<(), Diagnostic> {
        let spec: Specification = yaml::parse(&file.path, &file.text)?;
        for row in &spec.requirements {
            let requirement = spec.requirement(folder, row);
            if self.requirement(&requirement.id).is_some() {
                let message = format!("requirement `{}` stands here twice", row.id.value);
                return Err(Diagnostic::new(&file.path, &file.text, row.id.place, message));
            }
            let said = [!row.check.is_empty(), row.excluded.is_some(), row.open.is_some()];
            if said.iter().filter(|said| **said).count() != 1 {
                let message =
                    "a requirement needs `check`, or `excluded` or `open` with the reason";
                return Err(Diagnostic::new(&file.path, &file.text, row.id.place, message));
            }
            let checks = Checks { file: file.clone(), scenarios: row.check.clone() };
            self.checks.insert(requirement.id.clone(), checks);
            self.requirements.push(requirement);
        }
        Ok(())
    }

    fn add_scenarios(
        &mut self,
        folder: &str,
        name: &str,
        file: &SourceFile,
    ) -> Result<(), Diagnostic> {
        let section = stem(name).split('-').next().unwrap_or_default().to_owned();
        let parsed: ScenarioFile = yaml::parse(&file.path, &file.text)?;
        for scenario in parsed.scenarios {
            let id = format!("{folder}/{section}/{}", scenario.id.value);
            if self.scenario(&id).is_some() {
                let message = format!("scenario `{id}` exists already");
                return Err(Diagnostic::new(&file.path, &file.text, scenario.id.place, message));
            }
            self.scenarios.push(LoadedScenario { id, file: file.clone(), scenario });
        }
        Ok(())
    }

    /// The requirement with this id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// The scenario with this id.
    pub fn scenario(&self, id: &str) -> Option<&LoadedScenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }
}

/// The document that a file below `specs/` belongs to.
fn document(place: &str) -> Option<String> {
    let (document, _) = place.strip_prefix("specs/")?.split_once('/')?;
    Some(document.to_owned())
}

/// Sections sort as numbers: 4.6 before 4.10.
fn section_order(place: &str) -> (String, Vec<u32>, String) {
    let (folder, name) = place.rsplit_once('/').unwrap_or(("", place));
    let section = name.split('-').next().unwrap_or_default();
    let numbers = section.split('.').map_while(|part| part.parse().ok()).collect();
    (folder.to_owned(), numbers, name.to_owned())
}

fn stem(name: &str) -> String {
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name).to_owned()
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn collect_bundled(dir: &Dir<'_>, files: &mut Vec<(String, SourceFile)>) {
    for file in dir.files().filter(|file| is_yaml(file.path())) {
        let place = file.path().to_string_lossy().replace('\\', "/");
        let text = file.contents_utf8().unwrap_or_default().into();
        files.push((place.clone(), SourceFile { path: format!("scenarios/{place}"), text }));
    }
    dir.dirs().for_each(|inner| collect_bundled(inner, files));
}

fn collect_folder(
    root: &Path,
    folder: &Path,
    files: &mut Vec<(String, SourceFile)>,
) -> Result<(), Diagnostic> {
    let unreadable = |path: &Path, e: &std::io::Error| {
        Diagnostic::whole_file(&path.display().to_string(), format!("cannot be read: {e}"))
    };
    for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
        let path = entry.map_err(|e| unreadable(folder, &e))?.path();
        if path.is_dir() {
            collect_folder(root, &path, files)?;
        } else if is_yaml(&path) {
            let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
            let below =
                path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((below, SourceFile { path: path.display().to_string(), text: text.into() }));
        }
    }
    Ok(())
}
