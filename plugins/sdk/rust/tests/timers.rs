//! What a plugin with timers sees of the host.

use std::time::Duration;

use hookyard_sdk::manifest::{ActionKind, EventKind, Manifest};
use hookyard_sdk::testing::{Host, START};
use hookyard_sdk::{Action, Error, Event, NoConfig, Output, Plugin, Timer, invocation, kv, timers};
use serde_json::{Value, json};

/// Polls until it has been told the end, and starts and cancels what its actions say.
struct Poller;

impl Plugin for Poller {
    type Config = NoConfig;

    fn manifest() -> Manifest {
        Manifest::new("poller", "1.0.0")
            .event(EventKind::new::<Value>("poll.over"))
            .action(ActionKind::new::<Value, Value>("start"))
            .action(ActionKind::new::<Value, Value>("cancel"))
            .action(ActionKind::new::<Value, Value>("start-and-fail"))
            .action(ActionKind::new::<Value, Value>("start-many"))
    }

    fn run(_: NoConfig, action: Action) -> Result<Output, Error> {
        let input = action.input::<Value>()?;
        let text = |member: &str| input[member].as_str().unwrap_or_default().to_owned();
        let delay = Duration::from_millis(input["millis"].as_u64().unwrap_or_default());
        match action.name.as_str() {
            "cancel" => timers::cancel(&text("name"))?,
            "start-many" => {
                let many = input["many"].as_u64().unwrap_or_default();
                (0..many).try_for_each(|number| timers::start(&format!("{}{number}", text("name")), delay, &number))?;
            }
            _ => timers::start(&text("name"), delay, &input["payload"])?,
        }
        if action.name == "start-and-fail" {
            return Err(Error::failed("on-purpose", "it is"));
        }
        Output::new(&Value::Null)
    }

    fn fire(_: NoConfig, timer: Timer) -> Result<(), Error> {
        kv::set("key", invocation::idempotency_key("poll"))?;
        match timer.payload::<Value>()?.as_u64() {
            Some(0) => Ok(Event::new("poll.over").emit(&json!({ "attempt": invocation::attempt() }))?),
            Some(left) => Ok(timers::start(&timer.name, Duration::from_secs(60), &(left - 1))?),
            None if invocation::attempt() == 1 => Err(Error::unavailable("busy", "it is")),
            None => Err(Error::failed("broken", "it is")),
        }
    }
}

hookyard_sdk::export!(Poller: actions, timers);

fn host() -> Host<Poller> {
    Host::new(&json!({}))
}

fn start(host: &Host<Poller>, name: &str, millis: u64, payload: &Value) -> Result<Value, Error> {
    host.action("start", &json!({ "name": name, "millis": millis, "payload": payload }))
}

fn names(host: &Host<Poller>) -> Vec<String> {
    host.timers().into_iter().map(|timer| timer.name).collect()
}

#[test]
fn a_timer_fires_once_when_it_is_due_and_may_start_itself_again() {
    let host = host();
    start(&host, "poll", 1_500, &json!(2)).expect("started");
    assert_eq!((host.timers()[0].due_at, &host.timers()[0].payload), (START + 2, &json!(2)), "whole seconds");
    host.advance(1);
    assert_eq!(host.fire_due(), []);
    let mut keys = Vec::new();
    for _ in 0..3 {
        host.advance(60);
        assert_eq!(host.fire_due(), [("poll".to_owned(), Ok(()))]);
        keys.push(host.value("key").expect("set"));
        assert_eq!(host.fire_due(), [], "once");
    }
    assert!(host.timers().is_empty());
    assert_eq!(host.events().len(), 1);
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "each start is another cause");
}

#[test]
fn what_fails_is_fired_again_until_it_fails_for_good() {
    let host = host();
    start(&host, "poll", 0, &json!("nonsense")).expect("started");
    assert_eq!(host.fire_due()[0].1.as_ref().expect_err("busy").code, "busy");
    assert!(host.value("key").is_none(), "nothing of it is kept");
    assert_eq!(host.fire_due()[0].1.as_ref().expect_err("broken").code, "broken");
    assert_eq!(host.fire_due(), [], "it does not pass by itself");
    assert!(host.timers()[0].failed && host.timers()[0].attempts == 2);
    start(&host, "poll", 0, &json!(0)).expect("started anew");
    assert_eq!(host.fire_due(), [("poll".to_owned(), Ok(()))]);
}

#[test]
fn timers_are_set_with_the_commit_replaced_and_cancelled() {
    let host = host();
    host.action("start-and-fail", &json!({ "name": "poll", "payload": 0 })).expect_err("on purpose");
    assert!(host.timers().is_empty());
    start(&host, "poll", 1_000, &json!(1)).expect("started");
    start(&host, "poll", 9_000, &json!(0)).expect("replaced");
    host.advance(5);
    assert_eq!(host.fire_due(), [], "the first one is gone");
    host.action("cancel", &json!({ "name": "poll" })).expect("cancelled");
    host.action("cancel", &json!({ "name": "poll" })).expect("there is none");
    assert!(names(&host).is_empty());
}

#[test]
fn the_limits_are_the_hosts() {
    let host = host();
    let code =
        |name: &str, millis: u64, payload: &Value| start(&host, name, millis, payload).expect_err("refused").code;
    for name in ["", "a\nb", &"n".repeat(257)] {
        assert_eq!(code(name, 1, &json!(1)), "invalid", "{name:?}");
    }
    assert_eq!(code("a", (366 * 24 * 60 * 60 + 1) * 1_000, &json!(1)), "invalid");
    assert_eq!(code("a", 1, &json!("x".repeat(64 * 1024))), "too-large");
    let many = |name: &str, many: u64| host.action("start-many", &json!({ "name": name, "many": many }));
    assert_eq!(many("a", 101).expect_err("refused").code, "too-many");
    for hundred in 0..10 {
        many(&format!("{hundred}-"), 100).expect("started");
    }
    assert_eq!(code("more", 1, &json!(1)), "too-many");
    start(&host, "0-0", 1, &json!(1)).expect("it is there already");
}

/// Has no part `timers`.
struct Deaf;

impl Plugin for Deaf {
    type Config = NoConfig;

    fn manifest() -> Manifest {
        Manifest::new("deaf", "1.0.0").action(ActionKind::new::<Value, Value>("start"))
    }

    fn run(_: NoConfig, _: Action) -> Result<Output, Error> {
        timers::start("a", Duration::ZERO, &1)?;
        Output::new(&Value::Null)
    }
}

hookyard_sdk::export!(Deaf: actions);

#[test]
fn a_plugin_that_handles_no_timers_may_start_none() {
    let refused = Host::<Deaf>::new(&json!({})).action("start", &json!({})).expect_err("refused");
    assert_eq!(refused.code, "unsupported");
}
