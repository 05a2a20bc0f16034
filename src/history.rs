//! What happened while a case ran: facts only, no judgement.

use url::Url;

use crate::variables::Variables;
use crate::wire::Exchange;

/// All that happened in one case, in the order in which it happened.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// One record for each step that was begun.
    pub records: Vec<Record>,
    /// Why the case ended before its last step.
    pub stopped: Option<Stop>,
    /// The exchanges of a sign-in by an API that did not succeed: nobody judges them.
    pub unjudged: Vec<Exchange>,
}

/// What one step did.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The position of the step in its case, which ties the record to its expectations.
    pub step: usize,
    /// The requests and responses of the step; a visit has one for each hop, and a repetition
    /// those of its last step.
    pub exchanges: Vec<Exchange>,
    /// Where the browser ended, for a visit.
    pub landing: Option<Landing>,
    /// The branches of a race or the rounds of a repetition.
    pub branches: Vec<History>,
    /// The names bound when the step was over; shared, because most steps bind none.
    pub variables: Variables,
}

/// Where a visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// The provider sent the browser to the client's redirect URI; the address carries the answer.
    Callback(Url),
    /// The provider sent the browser to a host that is neither its own nor the client's.
    Away(Url),
    /// The browser shows a page of the provider that asks for nothing more; see the last exchange.
    Page,
    /// The driver could not get past a page.
    Stuck {
        /// The address of the page.
        page: Url,
        /// Which form or message stopped it, and what to try.
        why: String,
    },
}

impl History {
    /// Whether any answer says that the server failed (5xx), other than for want of capacity (503).
    pub fn has_server_error(&self) -> bool {
        self.records.iter().any(|record| {
            let mut answers = record.exchanges.iter().filter_map(Exchange::response);
            answers.any(|answer| answer.status >= 500 && answer.status != 503)
                || record.branches.iter().any(Self::has_server_error)
        })
    }
}

/// Why a case ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The step that could not be done.
    pub step: usize,
    /// What was missing or failed.
    pub why: String,
}
