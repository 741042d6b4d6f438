//! The host that is killed, as a program: `serve` of the crash test.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use hookyard_capability::Sleep;
use hookyard_domain::clock::{Clock, SystemClock, Timestamp};
use hookyard_faults::Disk;
use hookyard_server::compose::{self, Surroundings};
use hookyard_server::config::{self, Flags};
use hookyard_server::telemetry;
use hookyard_store::CrashPoints;
use hookyard_store::sqlite::SqliteSettings;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::orders::CrashesOnCommand;
use crate::host::TOKEN;

/// Bytes of the write-ahead log after which it is copied: little, so that kills meet the copying.
const COPY_LOG_ABOVE: u64 = 192 * 1024;

/// Serves the current directory like `hookyard serve`, until its standard input ends. Each line there is an order to crash.
///
/// Arguments: `--clock-speed N` lets N seconds pass in one; `--forgetful` puts the database on a disk that forgets what was not
/// synced; `--forgo-syncs` has the store not sync.
///
/// # Errors
/// An argument or the configuration is wrong, or the host does not start.
pub async fn serve(arguments: &[String]) -> anyhow::Result<()> {
    let mut speed = 1;
    let mut store = SqliteSettings { copy_log_above: COPY_LOG_ABOVE, ..SqliteSettings::default() };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--clock-speed" => speed = arguments.next().context("--clock-speed has a number")?.parse()?,
            "--forgetful" => store.vfs = Some(Disk::register("forgetful")?.name().to_owned()),
            "--forgo-syncs" => store.forgo_syncs = true,
            other => anyhow::bail!("{other:?} is no argument of serve"),
        }
    }
    let directory = std::env::current_dir()?;
    let environment = |name: &str| (name == "HOOKYARD_TOKEN").then(|| TOKEN.to_owned());
    let settings = config::load(&Flags::default(), &directory, &environment)?;
    let _log = telemetry::init(settings.log_format, "warn")?;

    let crashes = Arc::new(CrashesOnCommand::default());
    store.crash_points = Some(Arc::clone(&crashes) as Arc<dyn CrashPoints>);
    let surroundings = Surroundings {
        clock: Arc::new(FastClock { begin: SystemClock.now(), since: Instant::now(), speed }),
        sleep: Arc::new(FastSleep { speed }),
        store,
        ..Surroundings::of_this_machine()?
    };
    let running = compose::start_in(settings, surroundings).await?;
    writeln!(std::io::stdout(), "webhooks  http://{}/webhooks/CONNECTION", running.addresses().public)?;
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while let Some(order) = orders.next_line().await? {
        crashes.give(order.parse()?);
    }
    running.stop().await;
    Ok(())
}

/// The machine's time when it was made, and from then on time that passes faster.
#[derive(Debug)]
struct FastClock {
    begin: Timestamp,
    since: Instant,
    speed: u32,
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.begin.after(self.since.elapsed() * self.speed)
    }
}

/// Waits as long as it takes by that clock.
#[derive(Debug)]
struct FastSleep {
    speed: u32,
}

#[async_trait]
impl Sleep for FastSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.speed).await;
    }
}
