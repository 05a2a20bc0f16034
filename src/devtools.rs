//! The `DevTools` protocol over a WebSocket: the only module that names the WebSocket crate.
//!
//! Commands and events are plain JSON, so that a browser that says more than is known here disturbs
//! nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

/// How long the browser may take to answer a command.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an error says when there is no browser any more.
pub const ENDED: &str = "the browser has ended";

/// The longest message that is read, in bytes: a page with its forms, and then some.
const LONGEST: usize = 64 << 20;

/// A connection to a browser.
#[derive(Debug)]
pub struct Devtools {
    out: mpsc::UnboundedSender<String>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
}

/// Who waits for what the browser says.
#[derive(Debug, Default)]
struct Waiting {
    answers: Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>,
    tabs: Mutex<HashMap<String, mpsc::UnboundedSender<Event>>>,
}

/// Something that happened in a tab.
#[derive(Debug)]
pub struct Event {
    /// The name, such as `Fetch.requestPaused`.
    pub method: String,
    /// What the browser says about it.
    pub params: Value,
}

impl Devtools {
    /// Connects to the address that a browser prints when it starts.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn connect(address: &str) -> Result<Self, String> {
        let url = Url::parse(address).map_err(|e| format!("`{address}` is no address: {e}"))?;
        let place = (url.host_str().unwrap_or_default(), url.port().unwrap_or_default());
        let stream = TcpStream::connect(place).await.map_err(|e| format!("{address}: {e}"))?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        let (socket, _) = client_async_with_config(address, stream, Some(limits))
            .await
            .map_err(|e| format!("{address}: {e}"))?;
        let waiting = Arc::new(Waiting::default());
        let (out, commands) = mpsc::unbounded_channel();
        tokio::spawn(serve(socket, commands, Arc::clone(&waiting)));
        Ok(Self { out, waiting, next: AtomicU64::new(1) })
    }

    /// Gives a command to the browser, or to a tab, and waits for its answer.
    ///
    /// # Errors
    /// What the browser says, or that it says nothing.
    pub async fn call(&self, tab: &str, method: &str, params: Value) -> Result<Value, String> {
        let answer = self.ask(tab, method, params, PATIENCE).await?;
        answer.ok_or_else(|| format!("{method}: no answer within {} s", PATIENCE.as_secs()))
    }

    /// As [`Self::call`], but no answer within a time is none: a page that goes away takes with it
    /// what it was asked.
    ///
    /// # Errors
    /// What the browser says.
    pub async fn ask(
        &self,
        tab: &str,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<Option<Value>, String> {
        let (sender, answer) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting.answers).insert(id, sender);
        self.say(id, tab, method, &params);
        match timeout(patience, answer).await {
            Ok(Ok(answer)) => answer.map(Some).map_err(|why| format!("{method}: {why}")),
            Ok(Err(_)) => Err(format!("{method}: {ENDED}")),
            Err(_) => {
                lock(&self.waiting.answers).remove(&id);
                Ok(None)
            }
        }
    }

    /// Gives a command to a tab whose answer does not matter.
    pub fn tell(&self, tab: &str, method: &str, params: &Value) {
        self.say(self.next.fetch_add(1, Ordering::Relaxed), tab, method, params);
    }

    /// What happens in a tab from now on, until the receiver is dropped.
    pub fn watch(&self, tab: &str) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        lock(&self.waiting.tabs).insert(tab.to_owned(), sender);
        events
    }

    fn say(&self, id: u64, tab: &str, method: &str, params: &Value) {
        let mut command = json!({ "id": id, "method": method, "params": params });
        if !tab.is_empty() {
            command["sessionId"] = tab.into();
        }
        // When the browser has ended, whoever waits for an answer is told so.
        drop(self.out.send(command.to_string()));
    }
}

/// Carries commands out and answers in, until either side ends.
async fn serve(
    socket: WebSocketStream<TcpStream>,
    mut commands: mpsc::UnboundedReceiver<String>,
    waiting: Arc<Waiting>,
) {
    let (mut out, mut incoming) = socket.split();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => {
                    if out.send(Message::text(command)).await.is_err() {
                        break;
                    }
                }
                None => break,
            },
            message = incoming.next() => match message {
                Some(Ok(message)) => {
                    if let Ok(text) = message.into_text() {
                        waiting.deliver(serde_json::from_str(&text).unwrap_or_default());
                    }
                }
                _ => break,
            },
        }
    }
    lock(&waiting.answers).clear();
    lock(&waiting.tabs).clear();
}

impl Waiting {
    fn deliver(&self, mut message: Value) {
        if let Some(id) = message["id"].as_u64() {
            let answer = match message["error"]["message"].as_str() {
                Some(why) => Err(why.to_owned()),
                None => Ok(message["result"].take()),
            };
            if let Some(sender) = lock(&self.answers).remove(&id) {
                drop(sender.send(answer));
            }
        } else if let (Some(tab), Some(method)) =
            (message["sessionId"].as_str(), message["method"].as_str())
        {
            let (tab, method) = (tab.to_owned(), method.to_owned());
            let event = Event { method, params: message["params"].take() };
            let mut tabs = lock(&self.tabs);
            if tabs.get(&tab).is_some_and(|sender| sender.send(event).is_err()) {
                tabs.remove(&tab);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it holds one of these.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
