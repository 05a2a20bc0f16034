//! The stub from outside: requests in, responses out.

mod browser;
mod code_flow;
mod control;
mod devices;
mod faults;
mod glances;
mod hostile;
mod looks;
mod metadata;
mod probes;
mod served;
mod signature;
mod tokens;
