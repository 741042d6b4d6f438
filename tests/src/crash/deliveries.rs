//! What endpoints got beside what the log has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::receiver::{EACH, IN_ORDER, Received, Taken};

/// What the log and the lists of a host say of deliveries.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The events of the log, in its order.
    pub(super) events: Vec<Logged>,
    /// Deliveries that were given up.
    pub(super) exhausted: Vec<Exhausted>,
    /// The events that calls of actions have emitted: for which events they ran.
    pub(super) outcomes: Vec<String>,
}

/// An event that goes out.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) subject: Option<String>,
    /// As the API shows it.
    pub(super) event: Value,
}

/// Where an event goes, beside [`EACH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To [`IN_ORDER`].
    Counted,
    /// To an action that is not idempotent.
    Fired,
    /// Nowhere.
    Other,
}

/// A delivery that was given up.
#[derive(Debug, Clone)]
pub(super) struct Exhausted {
    pub(super) subscription: String,
    pub(super) event: String,
    pub(super) code: String,
}

/// The name of the subscription whose endpoint is an action.
pub(super) const FLOW: &str = "runs";
/// Why a call is given up of which nobody knows how far it came.
const UNKNOWN: &str = "outcome-unknown";

/// How the two compare.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct DeliveryVerdict {
    /// Deliveries that had to arrive at a URL.
    pub wanted: usize,
    /// Such as were taken more than once, which a kill may bring about.
    pub repeated: usize,
    /// Attempts that the receiver refused.
    pub refused: usize,
    /// Deliveries that were never taken.
    pub missing: usize,
    /// Deliveries whose `webhook-id` is no event of the log, or not the one of their body.
    pub unknown: usize,
    /// Deliveries whose event is not the one of the log.
    pub changed: usize,
    /// Events that were taken for the first time before an earlier one of their subject was, where they have an order.
    pub out_of_order: usize,
    /// Deliveries to URLs that were given up, and calls that were for any other reason than that their outcome is not known.
    pub given_up: usize,
    /// Events that an action had to run for.
    pub calls: usize,
    /// Calls of which nobody knows how far they came, and that are listed as such.
    pub calls_unknown: usize,
    /// Events for which the action ran more than once.
    pub calls_doubled: usize,
    /// Events for which it did not run, or its effects are not there once, and that are not listed.
    pub calls_missing: usize,
    /// The first few of all these.
    pub examples: Vec<String>,
}

/// How many examples are worth reading.
const EXAMPLES_MAX: usize = 10;

impl DeliveryVerdict {
    /// Whether everything is as it was promised.
    pub fn is_clean(&self) -> bool {
        let Self { missing, unknown, changed, out_of_order, given_up, calls_doubled, calls_missing, .. } = self;
        [missing, unknown, changed, out_of_order, given_up, calls_doubled, calls_missing].into_iter().all(|n| *n == 0)
    }

    fn example(&mut self, text: impl FnOnce() -> String) -> usize {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text());
        }
        1
    }
}

impl fmt::Display for DeliveryVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "deliveries: {} wanted, {} missing; {} repeated, {} attempts refused",
            self.wanted, self.missing, self.repeated, self.refused
        )?;
        writeln!(
            f,
            "of nothing in the log: {}; changed: {}; out of order: {}; given up: {}",
            self.unknown, self.changed, self.out_of_order, self.given_up
        )?;
        writeln!(
            f,
            "calls: {} wanted, {} doubled, {} missing; {} of unknown outcome, and listed",
            self.calls, self.calls_doubled, self.calls_missing, self.calls_unknown
        )?;
        self.examples.iter().try_for_each(|example| writeln!(f, "  {example}"))
    }
}

/// Compares.
pub(super) fn judge(sent: &Sent, received: &Received) -> DeliveryVerdict {
    let mut verdict = DeliveryVerdict { refused: received.refused, ..DeliveryVerdict::default() };
    let logged: BTreeMap<&str, &Logged> = sent.events.iter().map(|event| (event.id.as_str(), event)).collect();
    for taken in &received.taken {
        judge_taken(taken, &logged, &mut verdict);
    }
    for path in [EACH, IN_ORDER] {
        judge_path(path, sent, received, &mut verdict);
    }
    for delivery in &sent.exhausted {
        if delivery.subscription != FLOW || delivery.code != UNKNOWN {
            verdict.given_up += verdict.example(|| format!("{delivery:?} was given up"));
        }
    }
    judge_calls(sent, received, &mut verdict);
    verdict
}

fn judge_taken(taken: &Taken, logged: &BTreeMap<&str, &Logged>, verdict: &mut DeliveryVerdict) {
    let Taken { path, id, body } = taken;
    let event: Option<Value> = serde_json::from_slice(body).ok();
    let names_itself = event.as_ref().is_some_and(|event| event["id"] == id.as_str());
    match logged.get(id.as_str()) {
        Some(logged) if names_itself => {
            if event.as_ref() != Some(&logged.event) {
                verdict.changed += verdict.example(|| format!("{path} got {id} as {body:?}"));
            }
        }
        _ => verdict.unknown += verdict.example(|| format!("{path} got {id:?}, which is not in the log: {body:?}")),
    }
}

/// Every event that belongs there was taken, and, where there is an order, for the first time after those before it.
fn judge_path(path: &str, sent: &Sent, received: &Received, verdict: &mut DeliveryVerdict) {
    let mut first = BTreeMap::<&str, usize>::new();
    let mut again = BTreeSet::new();
    for (number, taken) in received.taken.iter().enumerate().filter(|(_, taken)| taken.path == path) {
        if *first.entry(&taken.id).or_insert(number) != number {
            again.insert(taken.id.as_str());
        }
    }
    verdict.repeated += again.len();
    let mut last = BTreeMap::<Option<&str>, usize>::new();
    for event in sent.events.iter().filter(|event| path == EACH || event.kind == Kind::Counted) {
        verdict.wanted += 1;
        let Some(number) = first.get(event.id.as_str()) else {
            verdict.missing += verdict.example(|| format!("{path} never got {}", event.id));
            continue;
        };
        let last = last.entry(event.subject.as_deref()).or_default();
        if path == IN_ORDER && *number < *last {
            verdict.out_of_order += verdict.example(|| format!("{path} got {} before an earlier one", event.id));
        }
        *last = (*last).max(*number);
    }
}

fn judge_calls(sent: &Sent, received: &Received, verdict: &mut DeliveryVerdict) {
    let listed = sent.exhausted.iter().filter(|delivery| delivery.subscription == FLOW);
    let listed: BTreeSet<&str> = listed.map(|delivery| delivery.event.as_str()).collect();
    verdict.calls_unknown = listed.len();
    let mut outcomes = BTreeMap::<&str, usize>::new();
    sent.outcomes.iter().for_each(|event| *outcomes.entry(event).or_default() += 1);
    for event in sent.events.iter().filter(|event| event.kind == Kind::Fired) {
        verdict.calls += 1;
        let id = event.id.as_str();
        let runs = received.runs.get(id).copied().unwrap_or(0);
        let outcomes = outcomes.get(id).copied().unwrap_or(0);
        if runs > 1 || outcomes > 1 {
            verdict.calls_doubled += verdict.example(|| format!("the action ran {runs} times for {id}"));
        } else if !listed.contains(id) && (runs, outcomes) != (1, 1) {
            verdict.calls_missing +=
                verdict.example(|| format!("for {id} the action ran {runs} times and left {outcomes} events"));
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    fn logged(number: usize) -> Logged {
        let (id, kind) = (format!("evt_{number}"), [Kind::Counted, Kind::Fired, Kind::Other][number % 3]);
        let event = json!({ "id": id, "data": { "number": number } });
        Logged { id, kind, subject: Some(format!("s{}", number % 2)), event }
    }

    fn taken(path: &'static str, logged: &Logged) -> Taken {
        Taken { path, id: logged.id.clone(), body: Bytes::from(logged.event.to_string()) }
    }

    fn as_promised() -> (Sent, Received) {
        let (mut sent, mut received) = (Sent::default(), Received::default());
        for event in (0..30).map(logged) {
            received.taken.push(taken(EACH, &event));
            match event.kind {
                Kind::Counted => received.taken.push(taken(IN_ORDER, &event)),
                Kind::Fired => {
                    received.runs.insert(event.id.clone(), 1);
                    sent.outcomes.push(event.id.clone());
                }
                Kind::Other => {}
            }
            sent.events.push(event);
        }
        (sent, received)
    }

    fn judged(change: impl FnOnce(&mut Sent, &mut Received)) -> DeliveryVerdict {
        let (mut sent, mut received) = as_promised();
        change(&mut sent, &mut received);
        judge(&sent, &received)
    }

    fn exhausted(subscription: &str, event: &str, code: &str) -> Exhausted {
        Exhausted { subscription: subscription.to_owned(), event: event.to_owned(), code: code.to_owned() }
    }

    #[test]
    fn what_is_as_promised_is_clean() {
        let verdict = judged(|_, _| {});
        assert!(verdict.is_clean(), "{verdict}");
        assert_eq!((verdict.wanted, verdict.calls, verdict.repeated), (40, 10, 0));
    }

    #[test]
    fn what_comes_again_is_counted_and_is_no_fault() {
        let verdict = judged(|_, received| received.taken.extend(received.taken.clone()));
        assert!(verdict.is_clean() && verdict.repeated == 40, "{verdict}");
    }

    #[test]
    fn each_broken_promise_is_noticed() {
        let verdict = judged(|_, received| drop(received.taken.remove(7)));
        assert_eq!((verdict.missing, verdict.is_clean()), (1, false), "{verdict}");
        let verdict = judged(|sent, _| drop(sent.events.remove(2)));
        assert_eq!((verdict.unknown, verdict.is_clean()), (1, false), "{verdict}");
        let verdict = judged(|_, received| received.taken[0].id = "evt_5".to_owned());
        assert_eq!((verdict.unknown, verdict.missing), (1, 1), "{verdict}");
        let verdict = judged(|_, received| received.taken[0].body = Bytes::from_static(br#"{"id":"evt_0"}"#));
        assert_eq!((verdict.changed, verdict.is_clean()), (1, false), "{verdict}");
        let verdict = judged(|sent, _| sent.exhausted.push(exhausted("each", "evt_2", "http-500")));
        assert_eq!((verdict.given_up, verdict.is_clean()), (1, false), "{verdict}");
    }

    #[test]
    fn two_of_one_subject_that_changed_places_are_out_of_order() {
        let swapped = |with: usize| {
            judged(move |_, received| {
                let places = received.taken.iter().enumerate().filter(|(_, taken)| taken.path == IN_ORDER);
                let places: Vec<_> = places.map(|(place, _)| place).collect();
                received.taken.swap(places[2], places[2 + with]);
            })
        };
        assert_eq!(swapped(1).out_of_order, 0, "neighbours are of two subjects");
        let verdict = swapped(2);
        assert!(verdict.out_of_order > 0 && verdict.missing == 0 && !verdict.is_clean(), "{verdict}");
    }

    #[test]
    fn a_call_runs_once_or_is_listed() {
        let (once, twice) = ("evt_1".to_owned(), "evt_4".to_owned());
        let verdict = judged(|_, received| received.runs.extend([(twice, 2)]));
        assert_eq!((verdict.calls_doubled, verdict.is_clean()), (1, false), "{verdict}");
        let verdict = judged(|sent, _| sent.outcomes.push(once.clone()));
        assert_eq!((verdict.calls_doubled, verdict.is_clean()), (1, false), "{verdict}");
        let forget_run: fn(&mut Sent, &mut Received) = |_, received| received.runs.retain(|event, _| event != "evt_1");
        let forget_outcome: fn(&mut Sent, &mut Received) = |sent, _| sent.outcomes.retain(|event| event != "evt_1");
        for lose in [forget_run, forget_outcome] {
            let verdict = judged(lose);
            assert_eq!((verdict.calls_missing, verdict.is_clean()), (1, false), "{verdict}");
            let verdict = judged(|sent, received| {
                lose(sent, received);
                sent.exhausted.push(exhausted(FLOW, &once, UNKNOWN));
            });
            assert!(verdict.is_clean() && verdict.calls_unknown == 1, "{verdict}");
        }
        let verdict = judged(|sent, _| sent.exhausted.push(exhausted(FLOW, &once, "mapping-failed")));
        assert_eq!((verdict.given_up, verdict.is_clean()), (1, false), "{verdict}");
    }
}
