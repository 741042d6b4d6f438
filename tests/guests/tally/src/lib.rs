//! Counts what it is told, so that nothing can get lost or come twice unnoticed: each webhook is one event, one more on the counter of
//! its key, and, where it says so, one more on a counter that is read and written by hand, and one timer that does the same later.
//!
//! A webhook says whether its first runs are to fail, and how. They fail after everything was written: nothing of that may stay.
//! Where the connection's config says `steady`, nothing fails any more.

use std::hint::black_box;
use std::time::Duration;

use hookyard_sdk::manifest::{EventKind, Manifest, Verify, WebhookRules};
use hookyard_sdk::{Error, Event, Plugin, Response, Secret, Timer, Webhook, invocation, kv, timers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

struct Tally;

/// Its end says whether webhooks are acknowledged after handling (`handled`) or on receipt (`receipt`).
const NAME: &str = "tally-handled";
/// The counter that every webhook that is `hot` reads and writes.
const HOT: &str = "hot";

/// The config of a connection.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Signs the webhooks: HMAC-SHA-256 in base64.
    #[serde(rename = "secret")]
    _secret: Secret,
    /// Nothing fails any more.
    #[serde(default)]
    steady: bool,
}

/// What a webhook tells.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Told {
    Count(Count),
    /// Asks for an event with the counters of these keys.
    Report {
        /// The host's dedupe key; nothing is done with it here.
        #[serde(rename = "id")]
        _id: String,
        report: Vec<String>,
    },
}

/// One to be counted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    id: String,
    key: String,
    /// Its number among those of its key.
    number: u64,
    /// The key's webhooks come one after the other; this is the key once more.
    order: Option<String>,
    #[serde(default)]
    hot: bool,
    trouble: Option<Trouble>,
    timer: Option<Later>,
}

/// The first runs fail.
#[derive(Serialize, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Trouble {
    /// `unavailable`, `unauthorized`, `failed`, `status` (a response of 500) or `trap`.
    kind: String,
    runs: u32,
}

/// A timer to be started.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    seconds: u64,
    trouble: Option<Trouble>,
}

/// What a timer is started with.
#[derive(Serialize, Deserialize)]
struct Payload {
    id: String,
    key: String,
    trouble: Option<Trouble>,
}

/// The data of `entry.counted` and `entry.fired`.
#[derive(Serialize, JsonSchema)]
struct Counted {
    id: String,
    key: String,
    /// The webhook's number among those of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    /// The number of the webhook of this key that was handled before it, where they have an order; 0: it is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<u64>,
}

/// The counters of a key.
#[derive(Serialize, JsonSchema)]
struct Counters {
    key: String,
    counted: u64,
    fired: u64,
}

/// The data of `counters.reported`.
#[derive(Serialize, JsonSchema)]
struct Report {
    counters: Vec<Counters>,
    hot: u64,
}

impl Plugin for Tally {
    type Config = Config;

    fn manifest() -> Manifest {
        // Behind a black box the compiler leaves it in one piece, where it can be found and patched.
        let name = black_box(NAME);
        let rules = WebhookRules::verified_by(Verify::hmac_sha256_base64("x-tally-signature", "/secret"))
            .dedupe_body("/id")
            .order_body("/order");
        let rules = if name.ends_with("receipt") { rules.on_receipt() } else { rules };
        Manifest::new(name, env!("CARGO_PKG_VERSION"))
            .webhook(rules)
            .event(EventKind::new::<Counted>("entry.counted"))
            .event(EventKind::new::<Counted>("entry.fired"))
            .event(EventKind::new::<Report>("counters.reported"))
    }

    fn handle(config: Config, webhook: Webhook) -> Result<Option<Response>, Error> {
        let count = match webhook.json::<Told>()? {
            Told::Count(count) => count,
            Told::Report { report, .. } => {
                Event::new("counters.reported").emit(&counters(report)?)?;
                return Ok(None);
            }
        };
        let Count { id, key, number, order, hot, trouble, timer } = count;
        kv::increment(&format!("counted/{key}"), 1)?;
        if hot {
            kv::set(HOT, (read(HOT)? + 1).to_string())?;
        }
        let previous = if order.is_some() { Some(follow(&key, number)?) } else { None };
        if let Some(Later { seconds, trouble }) = timer {
            let payload = Payload { id: id.clone(), key: key.clone(), trouble };
            timers::start(&id, Duration::from_secs(seconds), &payload)?;
        }
        Event::new("entry.counted").subject(key.clone()).emit(&Counted { id, key, number: Some(number), previous })?;
        match trouble.filter(|trouble| !config.steady && invocation::attempt() <= trouble.runs) {
            Some(trouble) if trouble.kind == "status" => {
                Ok(Some(Response { status: 500, headers: Vec::new(), body: Vec::new() }))
            }
            Some(trouble) => Err(trouble.error()),
            None => Ok(None),
        }
    }

    fn fire(config: Config, timer: Timer) -> Result<(), Error> {
        let Payload { id, key, trouble } = timer.payload()?;
        kv::increment(&format!("fired/{key}"), 1)?;
        Event::new("entry.fired").subject(key.clone()).emit(&Counted { id, key, number: None, previous: None })?;
        match trouble.filter(|trouble| !config.steady && invocation::attempt() <= trouble.runs) {
            Some(trouble) => Err(trouble.error()),
            None => Ok(()),
        }
    }
}

hookyard_sdk::export!(Tally: webhook, timers);

impl Trouble {
    fn error(&self) -> Error {
        let message = "the webhook wants this run to fail";
        match self.kind.as_str() {
            "unavailable" => Error::unavailable("wanted", message),
            "unauthorized" => Error::unauthorized("wanted", message),
            "trap" => panic!("{message}"),
            _ => Error::failed("wanted", message),
        }
    }
}

/// Makes this the newest number of the key, and returns the one before it.
fn follow(key: &str, number: u64) -> Result<u64, Error> {
    let last = format!("last/{key}");
    let previous = read(&last)?;
    kv::set(&last, number.to_string())?;
    Ok(previous)
}

fn read(key: &str) -> Result<u64, Error> {
    let entry = kv::get(key)?;
    Ok(entry.map(|entry| entry.json()).transpose()?.unwrap_or_default())
}

fn counters(keys: Vec<String>) -> Result<Report, Error> {
    let counters = keys.into_iter().map(|key| {
        let (counted, fired) = (read(&format!("counted/{key}"))?, read(&format!("fired/{key}"))?);
        Ok(Counters { key, counted, fired })
    });
    Ok(Report { counters: counters.collect::<Result<_, Error>>()?, hot: read(HOT)? })
}
