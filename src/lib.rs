//! authgauge: conformance and load testing for OAuth 2.0 and OpenID Connect providers.
//!
//! Read it in the order of the pipeline. Data types are below, stages above them, drivers on top;
//! `ARCHITECTURE.md` has the map and the invariants.
//!
//! ```text
//! scenarios/**.yaml ─ library ─► Library ─ plan::bind(+ Provider, Selection) ─► Vec<Case>
//!     ─ execute(&Case, &Transport) ─► History ─ judge ─► Vec<Finding> ─► Report ─► writers
//! ```

// Data: what the files say and what the wire carried.
pub mod action;
pub mod case;
pub mod diagnostic;
pub mod expectation;
pub mod finding;
pub mod history;
pub mod login;
pub mod pages;
pub mod profile;
pub mod provider;
pub mod provider_file;
pub mod scenario;
pub mod secret;
pub mod spec;
pub mod template;
pub mod variables;
pub mod wire;

// Edges: each is the only module that names its large dependency.
pub mod chromium;
pub mod cookie;
pub mod devtools;
pub mod form;
pub mod jose;
pub mod srp;
pub mod transport;
pub mod yaml;

// Stages: functions from data to data.
pub mod answer;
pub mod browser;
pub mod capability;
pub mod comparison;
pub mod coverage;
pub mod credential;
pub mod deviation;
pub mod drift;
pub mod driver;
pub mod evaluate;
pub mod execute;
pub mod hook;
pub mod judge;
pub mod key_set;
pub mod library;
pub mod locate;
pub mod matrix;
pub mod page;
pub mod plan;
pub mod polite;
pub mod predicate;
pub mod redact;
pub mod reference;
pub mod report;
pub mod request;
pub mod script;
pub mod selection;
pub mod spelling;
pub mod tab;
pub mod target;

// Drivers.
pub mod cli;
pub mod direct;
pub mod doctor;
pub mod exit;
pub mod faults;
pub mod harness;
pub mod init;
pub mod load;
pub mod run;
pub mod schema;
