//! Load: the same scenarios as a workload, at a rate that does not wait for the answers.
//!
//! ```text
//! profile ─ plan ─► schedule t(k) ─► pacer (thread) ─► ticket queue ─► swarm of workers
//!     ─ execute, classify ─► recorder ─ each second ─► interval log ─► gate, thresholds ─► summary
//! ```
//!
//! Three numbers for each operation: *response* from the instant it was due, *service* from its
//! first byte, *wait* between the two. Interval log lines are all that machines need to exchange.

pub mod calibration;
pub mod capacity;
pub mod classify;
pub mod connection;
pub mod gate;
pub mod health;
pub mod histogram;
pub mod interval_log;
pub mod lean;
pub mod live;
pub mod merge;
pub mod operation;
pub mod outcome;
pub mod pacer;
pub mod plan;
pub mod polling;
pub mod profile;
pub mod reckoning;
pub mod record;
pub mod recorder;
pub mod run;
pub mod safety;
pub mod schedule;
pub mod sender;
pub mod shard;
pub mod sizing;
pub mod summary;
pub mod swarm;
pub mod tally;
pub mod threshold;
pub mod ticket;
pub mod verification;
