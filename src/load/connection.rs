//! A connection of the lean transport, by HTTP/1.1. Who sends a request also drives the connection
//! that carries it, so that no other task has to be woken.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Error;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};

use crate::transport::{append, head};
use crate::wire::Response;

/// What a request carries.
pub type Body = Full<Bytes>;

/// A connection that makes progress only while it is used.
#[derive(Debug)]
pub struct Connection<S: Read + Write> {
    sender: SendRequest<Body>,
    /// In a box, because it moves from the pool to its user and back.
    driver: Box<http1::Connection<S, Body>>,
    /// Whether it can carry no other request.
    pub ended: bool,
}

impl<S: Read + Write + Unpin> Connection<S> {
    /// A connection over a stream.
    ///
    /// # Errors
    /// When the stream cannot be used.
    pub async fn over(stream: S) -> Result<Self, Error> {
        let (sender, driver) = http1::handshake(stream).await?;
        Ok(Self { sender, driver: Box::new(driver), ended: false })
    }

    /// Whether it can carry a request: the other side may have closed it in the meantime.
    pub async fn is_ready(&mut self) -> bool {
        let ready = self.sender.ready();
        let ready = beside(&mut self.driver, &mut self.ended, ready).await;
        ready.is_ok() && !self.ended
    }

    /// Sends a request and reads the answer, up to the limit of bodies.
    ///
    /// # Errors
    /// When the connection breaks, or what comes is not HTTP.
    pub async fn exchange(&mut self, request: http::Request<Body>) -> Result<Response, Error> {
        let answer = self.sender.send_request(request);
        let answer = beside(&mut self.driver, &mut self.ended, answer).await?;
        let mut response = head(answer.status(), answer.headers());
        let mut body = answer.into_body();
        loop {
            let frame = beside(&mut self.driver, &mut self.ended, body.frame()).await;
            let Some(frame) = frame.transpose()? else { return Ok(response) };
            let Ok(chunk) = frame.into_data() else { continue };
            append(&mut response, &chunk);
            if response.truncated {
                // The rest is still on its way, and nobody reads it.
                self.ended = true;
                return Ok(response);
            }
        }
    }
}

/// Waits for something that a connection brings, and drives the connection meanwhile.
async fn beside<S: Read + Write + Unpin, O>(
    driver: &mut http1::Connection<S, Body>,
    ended: &mut bool,
    wanted: impl Future<Output = O>,
) -> O {
    let mut wanted = pin!(wanted);
    poll_fn(|context| {
        // What has arrived is read before anything is sent; then comes what is to be sent.
        drive(driver, ended, context);
        if let Poll::Ready(brought) = wanted.as_mut().poll(context) {
            return Poll::Ready(brought);
        }
        drive(driver, ended, context);
        wanted.as_mut().poll(context)
    })
    .await
}

fn drive<S: Read + Write + Unpin>(
    driver: &mut http1::Connection<S, Body>,
    ended: &mut bool,
    context: &mut Context<'_>,
) {
    if !*ended {
        // Why a connection ended is told to whoever waits for its answer.
        *ended = Pin::new(driver).poll(context).is_ready();
    }
}
