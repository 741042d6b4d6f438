//! The trackings of one account, and what the API does with them.

use std::collections::BTreeMap;

use hookyard_domain::clock::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::answer::Answer;
use super::rules::{courier, custom_fields, is_id, number, tracking_of};
use super::version::Version;

/// When everything was created that was created.
const CREATED_AT: &str = "2026-03-02T08:15:30+00:00";
/// When everything was changed that was changed.
const UPDATED_AT: &str = "2026-03-04T09:41:12+00:00";
/// Most trackings of one page.
const LIMIT_MAX: usize = 200;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Account {
    trackings: Vec<Tracking>,
    /// The ids of all that were ever created.
    created: watch::Sender<Vec<String>>,
    events: u32,
}

#[derive(Debug)]
struct Tracking {
    id: String,
    members: Map<String, Value>,
    retracked: bool,
}

impl Tracking {
    fn is(&self, member: &str, value: &str) -> bool {
        self.members.get(member).is_some_and(|present| present == value)
    }

    fn json(&self) -> Value {
        Value::Object(self.members.clone())
    }
}

/// Which tracking a path names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name<'a> {
    Id(&'a str),
    SlugAndNumber(&'a str, &'a str),
}

impl Account {
    /// `POST /trackings`.
    pub(super) fn create(&mut self, version: Version, body: &[u8]) -> Answer {
        match self.try_create(version, body) {
            Ok(tracking) => one(version, 201, &tracking),
            Err(code) => Answer::error(code),
        }
    }

    fn try_create(&mut self, version: Version, body: &[u8]) -> Result<Value, u32> {
        let mut members = tracking_of(version, body)?;
        let number = number(&members)?;
        let slug = courier(&members, &number)?;
        let custom_fields = custom_fields(version, &members)?.unwrap_or(Value::Null);
        if self.trackings.iter().any(|known| known.is("tracking_number", &number) && known.is("slug", &slug)) {
            return Err(4003);
        }
        let id = format!("trk{:021}", self.created.borrow().len() + 1);
        let title = members.get("title").filter(|title| title.is_string()).cloned().unwrap_or_else(|| json!(number));
        let own = json!({
            "id": id, "tracking_number": number, "slug": slug, "title": title, "custom_fields": custom_fields,
            "created_at": CREATED_AT, "updated_at": CREATED_AT, "active": true, "source": "api", "tag": "Pending",
            "subtag": "Pending_001", "subtag_message": "Pending", "checkpoints": [], "tracked_count": 0, "expected_delivery": null,
        });
        merge(&mut members, &own);
        self.created.send_modify(|created| created.push(id.clone()));
        let tracking = Tracking { id, members, retracked: false };
        let json = tracking.json();
        self.trackings.push(tracking);
        Ok(json)
    }

    /// `GET /trackings`.
    pub(super) fn list(&self, version: Version, query: &BTreeMap<String, String>) -> Answer {
        let count = |name: &str, default: usize| query.get(name).map_or(Some(default), |text| text.parse().ok());
        let (Some(page @ 1..), Some(limit @ 1..=LIMIT_MAX)) = (count("page", 1), count("limit", 100)) else {
            return Answer::error(4008);
        };
        let asked = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let numbers: Option<Vec<&str>> = asked("tracking_numbers").map(|numbers| numbers.split(',').collect());
        let fits = |tracking: &&Tracking| {
            numbers.as_ref().is_none_or(|numbers| numbers.iter().any(|number| tracking.is("tracking_number", number)))
                && ["slug", "tag"].into_iter().all(|name| asked(name).is_none_or(|value| tracking.is(name, value)))
        };
        let all: Vec<&Tracking> = self.trackings.iter().filter(fits).collect();
        let shown: Vec<Value> =
            all.iter().skip((page - 1) * limit).take(limit).map(|tracking| tracking.json()).collect();
        let data = if version.is_wrapped() {
            json!({
                "page": page, "limit": limit, "count": all.len(), "keyword": "", "slug": asked("slug").map_or("", String::as_str),
                "origin": [], "destination": [], "tag": asked("tag").map_or("", String::as_str), "trackings": shown,
            })
        } else {
            let pagination = json!({ "total": all.len(), "page": page, "limit": limit });
            json!({ "pagination": pagination, "trackings": shown })
        };
        Answer::success(200, &data)
    }

    /// `GET /trackings/{id}`.
    pub(super) fn get(&mut self, version: Version, name: Name<'_>) -> Answer {
        match self.named(name) {
            Ok(place) => one(version, 200, &self.trackings[place].json()),
            Err(code) => Answer::error(code),
        }
    }

    /// `PUT /trackings/{id}`: custom fields are replaced as a whole.
    pub(super) fn update(&mut self, version: Version, name: Name<'_>, body: &[u8]) -> Answer {
        let updated = self.named(name).and_then(|place| {
            let mut members = tracking_of(version, body)?;
            if let Some(fields) = custom_fields(version, &members)? {
                members.insert("custom_fields".to_owned(), fields);
            } else {
                members.remove("custom_fields");
            }
            for fixed in ["id", "tracking_number", "slug", "created_at", "active", "tag"] {
                members.remove(fixed);
            }
            members.insert("updated_at".to_owned(), json!(UPDATED_AT));
            merge(&mut self.trackings[place].members, &Value::Object(members));
            Ok(self.trackings[place].json())
        });
        match updated {
            Ok(tracking) => one(version, 200, &tracking),
            Err(code) => Answer::error(code),
        }
    }

    /// `DELETE /trackings/{id}`.
    pub(super) fn delete(&mut self, version: Version, name: Name<'_>) -> Answer {
        match self.named(name) {
            Ok(place) => one(version, 200, &self.trackings.remove(place).json()),
            Err(code) => Answer::error(code),
        }
    }

    /// `POST /trackings/{id}/retrack`: only what is inactive, and only once.
    pub(super) fn retrack(&mut self, version: Version, name: Name<'_>) -> Answer {
        let place = match self.named(name) {
            Ok(place) => place,
            Err(code) => return Answer::error(code),
        };
        let tracking = &mut self.trackings[place];
        if tracking.members["active"] == true {
            return Answer::error(4013);
        }
        if std::mem::replace(&mut tracking.retracked, true) {
            return Answer::error(4016);
        }
        merge(&mut tracking.members, &json!({ "active": true, "updated_at": UPDATED_AT }));
        one(version, 200, &tracking.json())
    }

    /// All, in the order of their making.
    pub(super) fn all(&self) -> Vec<Value> {
        self.trackings.iter().map(Tracking::json).collect()
    }

    /// AfterShip itself changes a tracking.
    pub(super) fn change(&mut self, id: &str, change: &Value) -> Option<Value> {
        let tracking = self.trackings.iter_mut().find(|tracking| tracking.id == id)?;
        merge(&mut tracking.members, &json!({ "updated_at": UPDATED_AT }));
        merge(&mut tracking.members, change);
        Some(tracking.json())
    }

    /// The ids of all that were ever created, as they come.
    pub(super) fn created(&self) -> watch::Receiver<Vec<String>> {
        self.created.subscribe()
    }

    /// Another one each time, in the form of a version 4 UUID. The time in it tells the events of one fake from those of another
    /// that was there before it.
    pub(super) fn next_event_id(&mut self, now: Timestamp) -> String {
        self.events += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", now.as_seconds(), self.events)
    }

    fn named(&self, name: Name<'_>) -> Result<usize, u32> {
        let found = match name {
            Name::Id(id) if !is_id(id) => return Err(4015),
            Name::Id(id) => self.trackings.iter().position(|tracking| tracking.id == id),
            Name::SlugAndNumber(slug, number) => self
                .trackings
                .iter()
                .position(|tracking| tracking.is("slug", slug) && tracking.is("tracking_number", number)),
        };
        found.ok_or(4004)
    }
}

fn one(version: Version, status: u16, tracking: &Value) -> Answer {
    if version.is_wrapped() {
        Answer::success(status, &json!({ "tracking": tracking }))
    } else {
        Answer::success(status, tracking)
    }
}

/// Sets the members of `change`, an object.
fn merge(members: &mut Map<String, Value>, change: &Value) {
    for (name, value) in change.as_object().into_iter().flatten() {
        members.insert(name.clone(), value.clone());
    }
}
