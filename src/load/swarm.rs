//! The workers: the only module that names goose.
//!
//! Goose supplies their life; arrivals, clocks, histograms and limits are ours, behind [`Work`], so
//! that any other pool of tasks could take its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction};
use goose::{GooseAttack, trigger_killswitch};
use tokio::sync::Mutex;

/// How long a busy worker stays in one transaction: goose spends a microsecond on each.
const STAY: Duration = Duration::from_millis(50);

/// What a pool of workers does.
pub trait Work: Send + Sync + 'static {
    /// What each worker keeps from one turn to the next.
    type Worker: Send + Sync + 'static;

    /// A worker begins.
    fn begin(&self, index: usize) -> impl Future<Output = Self::Worker> + Send;

    /// A worker does one operation and says so, or waits a little when there is nothing to do.
    fn turn(&self, worker: &mut Self::Worker) -> impl Future<Output = bool> + Send;
}

/// What a worker keeps. Goose wants to be able to copy it, and never does so here.
struct Kept<W>(Arc<Mutex<W>>);

impl<W> Clone for Kept<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Runs so many workers until [`stop`] is called and each has finished its turn. Returns how many
/// operations they did, which must be as many as were recorded.
///
/// A process can run one swarm at a time.
///
/// # Errors
/// When goose refuses to start.
pub async fn run<W: Work>(users: usize, work: Arc<W>) -> Result<u64, String> {
    let done = Arc::new(AtomicU64::new(0));
    let scenario = Scenario::new("load")
        .register_transaction(begin(Arc::clone(&work)).set_on_start())
        .register_transaction(turn(work, Arc::clone(&done)));
    let attack = GooseAttack::initialize_with_config(configuration(users)?)
        .map_err(|e| e.to_string())?
        // Its client is never used, and one for each worker would cost time and memory.
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())
        .map_err(|e| e.to_string())?
        .register_scenario(scenario);
    Box::pin(attack.execute()).await.map_err(|e| e.to_string())?;
    Ok(done.load(Ordering::Relaxed))
}

/// Ends the swarm of this process; workers end after the turn they are in.
pub fn stop() {
    trigger_killswitch("the schedule is over");
}

fn configuration(users: usize) -> Result<GooseConfiguration, String> {
    let mut configuration =
        GooseConfiguration::parse_args_default::<&str>(&[]).map_err(|e| e.to_string())?;
    // Its own requests are never sent, but it wants to know where they would go.
    configuration.host = Some("http://127.0.0.1/".into());
    configuration.users = Some(users);
    // All in a tenth of a second: who begins when is ours to say.
    configuration.increase_rate = Some((users * 10).to_string());
    // The control port is open to everybody on this machine.
    configuration.no_telnet = true;
    // Its numbers know no schedule, and it would print them; ours are in the recorder.
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.quiet = 2;
    Ok(configuration)
}

fn begin<W: Work>(work: Arc<W>) -> Transaction {
    let function: TransactionFunction = Arc::new(move |user: &mut GooseUser| {
        let work = Arc::clone(&work);
        Box::pin(async move {
            let worker = work.begin(user.weighted_users_index).await;
            user.set_session_data(Kept(Arc::new(Mutex::new(worker))));
            Ok(())
        })
    });
    Transaction::new(function)
}

fn turn<W: Work>(work: Arc<W>, count: Arc<AtomicU64>) -> Transaction {
    let function: TransactionFunction = Arc::new(move |user: &mut GooseUser| {
        let (work, count) = (Arc::clone(&work), Arc::clone(&count));
        Box::pin(async move {
            let Some(kept) = user.get_session_data::<Kept<W::Worker>>().cloned() else {
                return Ok(());
            };
            let (mut worker, begun) = (kept.0.lock().await, Instant::now());
            while work.turn(&mut worker).await {
                count.fetch_add(1, Ordering::Relaxed);
                if begun.elapsed() >= STAY {
                    break;
                }
            }
            Ok(())
        })
    });
    Transaction::new(function)
}
