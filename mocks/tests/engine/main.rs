//! The stub from outside: requests in, responses out.

mod accounts;
mod api_faults;
mod auth0;
mod browser;
mod code_flow;
mod cognito;
mod control;
mod device_sample;
mod devices;
mod django;
mod faults;
mod glances;
mod hostile;
mod idp;
mod idp_errors;
mod idp_hostile;
mod idp_srp;
mod looks;
mod metadata;
mod probes;
mod served;
mod signature;
mod signing;
mod software_token;
mod tokens;
