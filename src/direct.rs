//! The stub as a function call: a transport to an engine inside this process, which saves the time
//! that connections take.

use std::time::{Instant, SystemTime};

use authgauge_mocks::{Engine, Request as StubRequest, StubError};

use crate::transport::{BODY_LIMIT, Transport};
use crate::wire::{Exchange, Request, Response};

/// Where the engine believes itself to be. Nothing is ever sent there.
const BASE_URL: &str = "http://127.0.0.1:8080";

/// A transport to an engine, whatever address a request has.
#[derive(Debug)]
pub struct DirectTransport {
    engine: Engine,
}

impl DirectTransport {
    /// A transport to a new stub.
    ///
    /// # Errors
    /// When no dialect or no fault has a given name.
    pub fn new(dialect: &str, faults: &[String]) -> Result<Self, StubError> {
        Ok(Self { engine: Engine::new(dialect, faults, BASE_URL)? })
    }

    /// The issuer identifier of the stub.
    pub fn issuer(&self) -> String {
        self.engine.issuer()
    }
}

impl Transport for DirectTransport {
    async fn exchange(&self, request: Request) -> Exchange {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let response = read(self.engine.answer(&written(&request)));
        Exchange { request, outcome: Ok(response), started, repeats: 0, elapsed: clock.elapsed() }
    }
}

fn written(request: &Request) -> StubRequest {
    StubRequest {
        method: request.method.clone(),
        path: request.url.path().into(),
        query: request.url.query().unwrap_or_default().into(),
        headers: request.headers.clone(),
        body: request.body.clone(),
    }
}

/// The response as it comes out of a connection: names in lower case, a long body cut.
fn read(answer: authgauge_mocks::Response) -> Response {
    let truncated = answer.body.len() > BODY_LIMIT;
    let mut body = answer.body;
    body.truncate(BODY_LIMIT);
    let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    let headers = answer.headers.into_iter().map(lower).collect();
    Response { status: answer.status, headers, body, truncated, ..Response::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::faults::{Reach, report};
    use crate::finding::Verdict;
    use crate::harness::STRICT;
    use crate::library::Library;

    #[tokio::test]
    async fn calls_and_connections_bring_the_same_verdicts() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let library = Library::from_folder(&folder).expect("the scenarios are sound");
        let verdicts = async |dialect: &str, reach: Reach| {
            let report = report(&library, dialect, &[], reach).await.expect("the stub answers");
            let rows = report.findings.into_iter().map(|f| ((f.case, f.requirement), f.verdict));
            rows.collect::<BTreeMap<(String, String), Verdict>>()
        };
        for dialect in [STRICT, authgauge_mocks::BEST_KNOWN] {
            let direct = verdicts(dialect, Reach::Direct).await;
            assert!(direct.len() > 100, "{dialect}: {}", direct.len());
            assert_eq!(direct, verdicts(dialect, Reach::Http).await, "{dialect}");
        }
    }
}
