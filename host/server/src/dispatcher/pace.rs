//! How many attempts may begin within a time.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::limit;
use hookyard_domain::subscription::Endpoint;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// When attempts of one subscription began.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Of those within the last second, if that has a bound.
    began: VecDeque<Timestamp>,
    subjects: HashMap<String, Minute>,
    /// The same by their beginnings.
    oldest: BTreeSet<(Timestamp, String)>,
}

/// A minute that began with a call, and how many began in it.
#[derive(Debug, Clone, Copy)]
struct Minute {
    since: Timestamp,
    calls: u32,
}

impl Pace {
    /// Until when no attempt at all may begin; `None`: one may.
    pub(super) fn wait(&mut self, endpoint: &Endpoint, now: Timestamp) -> Option<Timestamp> {
        let Endpoint::Url(url) = endpoint else { return None };
        let most = usize::try_from(url.max_per_second?).unwrap_or(usize::MAX);
        while self.began.front().is_some_and(|began| is_over(*began, SECOND, now)) {
            self.began.pop_front();
        }
        let surplus = (self.began.len() + 1).checked_sub(most).filter(|surplus| *surplus > 0)?;
        self.began.get(surplus - 1).map(|began| began.after(SECOND))
    }

    /// Until when no call of this subject may begin; `None`: one may. Events without a subject have nothing in common that would
    /// say that one has led to the other, so that they are not counted.
    pub(super) fn wait_of(&self, endpoint: &Endpoint, subject: Option<&String>, now: Timestamp) -> Option<Timestamp> {
        let Endpoint::Action(action) = endpoint else { return None };
        let minute = self.subjects.get(subject?)?;
        let waits = minute.calls >= action.max_per_minute_and_subject && !is_over(minute.since, MINUTE, now);
        waits.then(|| minute.since.after(MINUTE))
    }

    /// One begins.
    pub(super) fn begin(&mut self, endpoint: &Endpoint, subject: Option<&String>, now: Timestamp) {
        match endpoint {
            Endpoint::Url(url) if url.max_per_second.is_some() => self.began.push_back(now),
            Endpoint::Url(_) => {}
            Endpoint::Action(_) => subject.into_iter().for_each(|subject| self.count(subject, now)),
        }
    }

    fn count(&mut self, subject: &str, now: Timestamp) {
        if let Some(minute) = self.subjects.get_mut(subject) {
            if !is_over(minute.since, MINUTE, now) {
                minute.calls = minute.calls.saturating_add(1);
                return;
            }
            self.oldest.remove(&(minute.since, subject.to_owned()));
        }
        if self.oldest.len() >= limit::FLOW_SUBJECTS_REMEMBERED_MAX
            && let Some((_, oldest)) = self.oldest.pop_first()
        {
            self.subjects.remove(&oldest);
        }
        self.oldest.insert((now, subject.to_owned()));
        self.subjects.insert(subject.to_owned(), Minute { since: now, calls: 1 });
    }
}

/// Also when the clock was set back: what has not begun yet holds up nothing.
fn is_over(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    now >= since.after(span) || now < since
}

#[cfg(test)]
mod tests {
    use hookyard_domain::subscription::{ActionEndpoint, UrlEndpoint};
    use serde_json::json;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn url(max_per_second: Option<u32>) -> Endpoint {
        let url = "https://receiver.example/".parse().expect("valid");
        Endpoint::Url(UrlEndpoint { url, headers: Vec::new(), max_in_flight: 8, max_per_second })
    }

    fn action(max_per_minute_and_subject: u32) -> Endpoint {
        Endpoint::Action(ActionEndpoint {
            connection: "crm".parse().expect("valid"),
            action: "say".into(),
            input: json!({}),
            max_in_flight: 8,
            max_per_minute_and_subject,
        })
    }

    #[test]
    fn no_more_than_set_begin_within_any_second() {
        let (mut pace, endpoint) = (Pace::default(), url(Some(2)));
        for now in [0, 600] {
            assert_eq!(pace.wait(&endpoint, at(now)), None);
            pace.begin(&endpoint, None, at(now));
        }
        assert_eq!(pace.wait(&endpoint, at(700)), Some(at(1_000)));
        assert_eq!(pace.wait(&endpoint, at(1_000)), None);
        pace.begin(&endpoint, None, at(1_000));
        assert_eq!(pace.wait(&endpoint, at(1_001)), Some(at(1_600)));
        assert_eq!(pace.wait(&url(None), at(1_001)), None);
        assert_eq!(
            pace.wait(&url(Some(1)), at(1_001)),
            Some(at(2_000)),
            "a lower bound counts those that began before"
        );
    }

    #[test]
    fn a_subject_that_comes_too_often_waits_and_others_do_not() {
        let (mut pace, endpoint) = (Pace::default(), action(2));
        let (one, other) = ("one".to_owned(), "other".to_owned());
        for _ in 0..2 {
            assert_eq!(pace.wait_of(&endpoint, Some(&one), at(5)), None);
            pace.begin(&endpoint, Some(&one), at(5));
        }
        assert_eq!(pace.wait_of(&endpoint, Some(&one), at(59_000)), Some(at(60_005)));
        assert_eq!(pace.wait_of(&endpoint, Some(&other), at(59_000)), None);
        assert_eq!(pace.wait_of(&endpoint, None, at(59_000)), None);
        assert_eq!(pace.wait_of(&endpoint, Some(&one), at(60_005)), None);
        assert_eq!(pace.wait_of(&endpoint, Some(&one), at(1)), None, "the clock was set back");
    }

    #[test]
    fn events_about_nothing_do_not_wait_for_each_other() {
        let (mut pace, endpoint) = (Pace::default(), action(1));
        for _ in 0..3 {
            assert_eq!(pace.wait_of(&endpoint, None, at(5)), None);
            pace.begin(&endpoint, None, at(5));
        }
    }

    #[test]
    fn of_many_subjects_the_oldest_is_forgotten() {
        let (mut pace, endpoint) = (Pace::default(), action(1));
        for number in 0..=limit::FLOW_SUBJECTS_REMEMBERED_MAX {
            pace.begin(&endpoint, Some(&number.to_string()), at(i64::try_from(number).expect("small")));
        }
        assert_eq!(pace.subjects.len(), limit::FLOW_SUBJECTS_REMEMBERED_MAX);
        assert_eq!(pace.oldest.len(), limit::FLOW_SUBJECTS_REMEMBERED_MAX);
        assert_eq!(pace.wait_of(&endpoint, Some(&"0".to_owned()), at(20_000)), None);
        assert!(pace.wait_of(&endpoint, Some(&"1".to_owned()), at(20_000)).is_some());
    }
}
