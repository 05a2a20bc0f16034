//! A transport that shows what goes over it.

use super::say;
use crate::redact::Redactor;
use crate::report::words::visible;
use crate::transport::Transport;
use crate::wire::{Exchange, Request};

/// Shows every exchange on standard error when it is over.
pub struct Verbose<T> {
    /// What does the work.
    pub inner: T,
    /// What takes the secrets out.
    pub redactor: Redactor,
}

impl<T: Transport> Transport for Verbose<T> {
    async fn exchange(&self, request: Request) -> Exchange {
        let exchange = self.inner.exchange(request).await;
        let shown = self.redactor.evidence(&exchange);
        let lines = |mark: &str, text: &str| {
            text.lines()
                .fold(String::new(), |all, line| all + &format!("{mark} {}\n", visible(line)))
        };
        let (sent, came) = (lines(">", &shown.request), lines("<", &shown.response));
        say(&format!("{sent}{came}* {} ms\n\n", shown.elapsed_ms));
        exchange
    }
}
