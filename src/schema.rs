//! JSON Schemas (draft-07) of the files that people write, made from the types that read them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::load;
use crate::profile::Profile;
use crate::provider_file::ProviderFile;
use crate::scenario::{Flow, ScenarioFile};
use crate::spec::Specification;

/// The schema of reports is kept by hand, because it is a contract and not a type.
const REPORT: &str = include_str!("../reports/schema/report.v1.json");

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A provider file
    Provider,
    /// Scenarios: `scenarios/specs/<document>/<section>-<title>.yaml`
    Scenario,
    /// A flow: `scenarios/flows/<name>.yaml`
    Flow,
    /// Requirements: `scenarios/specs/<document>/requirements.yaml`
    Requirements,
    /// A profile: `scenarios/profiles/<name>.yaml`
    Profile,
    /// A load profile: `scenarios/load/<name>.yaml`
    Load,
    /// Quotas of a product: `scenarios/quotas/<name>.yaml`
    Quotas,
    /// The report that `run --json` writes
    Report,
}

/// The schema of a kind of file.
///
/// # Errors
/// When the schema of reports, which is kept by hand, is no JSON.
pub fn of(kind: Kind) -> Result<Value, String> {
    match kind {
        Kind::Provider => Ok(draft_07::<ProviderFile>()),
        Kind::Scenario => Ok(draft_07::<ScenarioFile>()),
        Kind::Flow => Ok(draft_07::<Flow>()),
        Kind::Requirements => Ok(draft_07::<Specification>()),
        Kind::Profile => Ok(draft_07::<Profile>()),
        Kind::Load => Ok(draft_07::<load::profile::Profile>()),
        Kind::Quotas => Ok(draft_07::<load::sizing::quotas::Quotas>()),
        Kind::Report => serde_json::from_str(REPORT).map_err(|e| e.to_string()),
    }
}

fn draft_07<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}

/// Every key that a schema allows, as a Markdown table.
pub fn markdown(schema: &Value) -> String {
    let mut rows = Vec::new();
    walk(schema, schema, "", &mut rows);
    let lines = rows.into_iter().map(|(key, meaning)| format!("| `{key}` | {meaning} |\n"));
    format!("| key | meaning |\n|---|---|\n{}", lines.collect::<String>())
}

/// Collects keys with their paths. Types that contain themselves do not end, so a path is not
/// followed below eight keys.
fn walk(root: &Value, node: &Value, path: &str, rows: &mut Vec<(String, String)>) {
    if path.matches('.').count() > 8 {
        return;
    }
    let node = resolved(root, node);
    for (name, member) in node["properties"].as_object().into_iter().flatten() {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        rows.push((key.clone(), meaning(root, member)));
        walk(root, member, &key, rows);
    }
    if node["additionalProperties"].is_object() {
        walk(root, &node["additionalProperties"], &format!("{path}.*"), rows);
    }
    if node["items"].is_object() {
        walk(root, &node["items"], &format!("{path}[]"), rows);
    }
    for choice in ["allOf", "anyOf", "oneOf"] {
        for inner in node[choice].as_array().into_iter().flatten() {
            let first = rows.len();
            walk(root, inner, path, rows);
            // The variants of an enum are described as a whole, and not as members.
            if let Some((_, text)) = rows.get_mut(first).filter(|row| row.1.is_empty()) {
                *text = meaning(root, inner);
            }
        }
    }
}

fn resolved<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    let name = node["$ref"].as_str().and_then(|name| name.strip_prefix("#/definitions/"));
    name.map_or(node, |name| &root["definitions"][name])
}

fn meaning(root: &Value, member: &Value) -> String {
    let own = member["description"].as_str();
    let inner = || {
        let first = ["allOf", "anyOf"].iter().find_map(|choice| member[choice].get(0));
        resolved(root, first.unwrap_or(member))["description"].as_str()
    };
    let text = own.or_else(inner).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
