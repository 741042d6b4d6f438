//! What was acknowledged beside what is there.

use std::collections::BTreeMap;
use std::fmt;

use super::deliveries::DeliveryVerdict;
use super::webhook::Count;

/// What an event says.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    /// A webhook was counted.
    Counted {
        id: String,
        /// The one of its key that was counted before it, where they have an order.
        previous: Option<u64>,
    },
    /// The timer of a webhook has fired.
    Fired { id: String },
}

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The events, in the order of the log.
    pub(super) facts: Vec<Fact>,
    /// By key: webhooks counted, timers fired.
    pub(super) counters: BTreeMap<String, (u64, u64)>,
    /// The counter that is read and written by hand.
    pub(super) hot: u64,
}

/// How the two compare.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Webhooks that were acknowledged.
    pub acknowledged: usize,
    /// Of these, such as started a timer.
    pub timers: usize,
    /// Acknowledged webhooks without an event.
    pub lost: usize,
    /// Webhooks with more than one.
    pub doubled: usize,
    /// Timers that never fired.
    pub timers_lost: usize,
    /// Timers that fired more than once in effect.
    pub timers_doubled: usize,
    /// Keys whose counters are not the number of their webhooks or timers, and the counter that is written by hand.
    pub counters_wrong: usize,
    /// Webhooks that were not counted right after the one before them.
    pub out_of_order: usize,
    /// Events of nothing that was acknowledged.
    pub unknown: usize,
    /// What came of the events.
    pub deliveries: DeliveryVerdict,
    /// The first few of all these.
    pub examples: Vec<String>,
}

/// How many examples are worth reading.
const EXAMPLES_MAX: usize = 10;

impl Verdict {
    /// Whether everything is as it was promised.
    pub fn is_clean(&self) -> bool {
        let Self { lost, doubled, timers_lost, timers_doubled, counters_wrong, out_of_order, unknown, .. } = self;
        [lost, doubled, timers_lost, timers_doubled, counters_wrong, out_of_order, unknown].into_iter().all(|n| *n == 0)
            && self.deliveries.is_clean()
    }

    fn example(&mut self, text: impl FnOnce() -> String) -> usize {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text());
        }
        1
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} lost, {} doubled", self.lost, self.doubled)?;
        writeln!(
            f,
            "timers: {} lost, {} doubled; counters wrong: {}; out of order: {}; of nothing that was sent: {}",
            self.timers_lost, self.timers_doubled, self.counters_wrong, self.out_of_order, self.unknown
        )?;
        self.examples.iter().try_for_each(|example| writeln!(f, "  {example}"))?;
        write!(f, "{}", self.deliveries)
    }
}

/// Compares.
pub(super) fn judge(acknowledged: &[(&'static str, Count)], found: &Found) -> Verdict {
    let sent: BTreeMap<_, _> = acknowledged.iter().map(|(_, count)| (count.id.as_str(), count)).collect();
    let mut verdict = Verdict {
        acknowledged: sent.len(),
        timers: sent.values().filter(|count| count.has_timer()).count(),
        ..Verdict::default()
    };
    let (mut counted, mut fired) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
    let mut last = BTreeMap::<&str, u64>::new();
    for fact in &found.facts {
        let (Fact::Counted { id, .. } | Fact::Fired { id }) = fact;
        let Some(count) = sent.get(id.as_str()) else {
            verdict.unknown += verdict.example(|| format!("{id} was never acknowledged: {fact:?}"));
            continue;
        };
        match fact {
            Fact::Counted { previous, .. } => {
                *counted.entry(id).or_default() += 1;
                let last = last.entry(&count.key).or_default();
                if count.has_order() && (*previous != Some(count.number - 1) || *last + 1 != count.number) {
                    verdict.out_of_order += verdict.example(|| format!("{id} came after {previous:?} and {last}"));
                }
                *last = count.number;
            }
            Fact::Fired { .. } => *fired.entry(id).or_default() += 1,
        }
    }
    for (id, count) in &sent {
        let (counted, fired) = (counted.get(id).copied().unwrap_or(0), fired.get(id).copied().unwrap_or(0));
        let timers = usize::from(count.has_timer());
        if counted == 0 {
            verdict.lost += verdict.example(|| format!("{id} is lost"));
        }
        if counted > 1 {
            verdict.doubled += verdict.example(|| format!("{id} was counted {counted} times"));
        }
        if fired < timers {
            verdict.timers_lost += verdict.example(|| format!("the timer of {id} never fired"));
        }
        if fired > timers {
            verdict.timers_doubled += verdict.example(|| format!("the timer of {id} fired {fired} times"));
        }
    }
    judge_counters(&sent, found, &mut verdict);
    verdict
}

fn judge_counters(sent: &BTreeMap<&str, &Count>, found: &Found, verdict: &mut Verdict) {
    let mut wanted = BTreeMap::<&str, (u64, u64)>::new();
    for count in sent.values() {
        let (counted, fired) = wanted.entry(&count.key).or_default();
        *counted += 1;
        *fired += u64::from(count.has_timer());
    }
    for (key, wanted) in wanted {
        let is = found.counters.get(key);
        if is != Some(&wanted) {
            verdict.counters_wrong += verdict.example(|| format!("the counters of {key} are {is:?}, not {wanted:?}"));
        }
    }
    let hot = sent.values().filter(|count| count.hot).count() as u64;
    if found.hot != hot {
        verdict.counters_wrong += verdict.example(|| format!("the shared counter is {}, not {hot}", found.hot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::random::Random;
    use crate::crash::webhook::HANDLED;

    fn sent() -> Vec<(&'static str, Count)> {
        let random = Random::new(1, 1);
        (1..=40).map(|number| (HANDLED, Count::in_order("k", number, &random))).collect()
    }

    fn as_promised(sent: &[(&'static str, Count)]) -> Found {
        let mut found = Found::default();
        for (_, count) in sent {
            found.facts.push(Fact::Counted { id: count.id.clone(), previous: Some(count.number - 1) });
            found.facts.extend(count.has_timer().then(|| Fact::Fired { id: count.id.clone() }));
        }
        let timers = sent.iter().filter(|(_, count)| count.has_timer()).count();
        found.counters.insert("k".to_owned(), (sent.len() as u64, timers as u64));
        found
    }

    fn judged(change: impl FnOnce(&mut Found)) -> Verdict {
        let sent = sent();
        let mut found = as_promised(&sent);
        change(&mut found);
        judge(&sent, &found)
    }

    #[test]
    fn what_is_as_promised_is_clean() {
        let verdict = judged(|_| {});
        assert!(verdict.is_clean(), "{verdict}");
        assert!(verdict.acknowledged == 40 && verdict.timers > 0);
    }

    #[test]
    fn each_broken_promise_is_noticed() {
        let verdict = judged(|found| drop(found.facts.remove(0)));
        assert_eq!((verdict.lost, verdict.out_of_order), (1, 1), "{verdict}");
        let verdict = judged(|found| found.facts.push(found.facts[0].clone()));
        assert_eq!((verdict.doubled, verdict.is_clean()), (1, false));
        let verdict = judged(|found| found.facts.retain(|fact| matches!(fact, Fact::Counted { .. })));
        assert_eq!((verdict.lost, verdict.timers_lost), (0, verdict.timers));
        let verdict = judged(|found| found.facts.extend(found.facts.clone()));
        assert_eq!((verdict.doubled, verdict.timers_doubled), (40, verdict.timers));
        let verdict = judged(|found| found.facts.push(Fact::Fired { id: "k/41".into() }));
        assert_eq!(verdict.unknown, 1);
        let verdict = judged(|found| found.hot = 1);
        assert_eq!(verdict.counters_wrong, 1);
        let verdict = judged(|found| found.counters.clear());
        assert_eq!(verdict.counters_wrong, 1);
    }

    #[test]
    fn two_that_changed_places_are_out_of_order() {
        let verdict = judged(|found| {
            let places: Vec<_> =
                (0..found.facts.len()).filter(|at| matches!(found.facts[*at], Fact::Counted { .. })).collect();
            found.facts.swap(places[4], places[5]);
        });
        assert!(verdict.out_of_order > 0 && verdict.lost == 0 && verdict.doubled == 0, "{verdict}");
    }
}
