//! The templates of the pages: the only module that names minijinja.
//!
//! They are part of the program. Whatever stands in a page is escaped, unless it is a template.

use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

const TEMPLATES: [(&str, &str); 10] = [
    ("capacity.html", include_str!("../../reports/templates/capacity.html")),
    ("chart.css", include_str!("../../reports/templates/chart.css")),
    ("chart.html", include_str!("../../reports/templates/chart.html")),
    ("load.html", include_str!("../../reports/templates/load.html")),
    ("matrix.css", include_str!("../../reports/templates/matrix.css")),
    ("matrix.html", include_str!("../../reports/templates/matrix.html")),
    ("page.html", include_str!("../../reports/templates/page.html")),
    ("parts.html", include_str!("../../reports/templates/parts.html")),
    ("run.html", include_str!("../../reports/templates/run.html")),
    ("style.css", include_str!("../../reports/templates/style.css")),
];

/// Fills in a template.
pub fn render(template: &str, context: &impl Serialize) -> String {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    let template = ENVIRONMENT.get_or_init(environment).get_template(template);
    let page = template.and_then(|template| template.render(Serde(context)));
    page.expect("the templates are part of the program, and tests render them all")
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|name| {
        let style = matches!(name, "style.css" | "matrix.css" | "chart.css");
        if style { AutoEscape::None } else { AutoEscape::Html }
    });
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("only whitespace is set"));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).expect("the templates are part of the program");
    }
    environment
}
