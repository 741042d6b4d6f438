//! The two ids of a conversation.
//!
//! Webhooks carry a `conversation_id` (a GUID) and often a `freshchat_conversation_id` (digits), and for some conversations the API
//! knows only one of them. What webhooks told is kept under each of the two.

use hookyard_sdk::kv::{self, Expected, Options};
use hookyard_sdk::{Error, json};
use serde::{Deserialize, Serialize};

/// How long it is remembered, in seconds: a year. The next webhook of the conversation tells it again.
const KEPT_SECONDS: u32 = 366 * 86_400;

/// What is known of the ids of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    /// The conversation's name in events and in what is kept: the GUID where it is known.
    pub(crate) id: String,
    /// The other one, if there is one.
    pub(crate) other: Option<String>,
    /// Which of the two the API answered to, if that was seen.
    pub(crate) works: Option<String>,
}

impl Ids {
    /// What is known of the conversation that somebody calls `id`: nothing more than that at first.
    pub(crate) fn of(id: &str) -> Result<Self, Error> {
        match kv::get(&kv::key("ids", id)?)? {
            Some(entry) => entry.json(),
            None => Ok(Self { id: id.to_owned(), other: None, works: None }),
        }
    }

    /// The ids to try, in their order: the one that worked, or the GUID first.
    pub(crate) fn to_try(&self) -> impl Iterator<Item = &str> {
        let all = [self.works.as_deref(), Some(self.id.as_str()), self.other.as_deref()];
        let first = self.works.clone();
        all.into_iter()
            .enumerate()
            .filter_map(move |(place, id)| id.filter(|id| place == 0 || first.as_deref() != Some(*id)))
    }

    /// The API answered to this one.
    pub(crate) fn worked(&mut self, id: &str) -> Result<(), Error> {
        // Nothing is kept of a conversation that has one id only: there is nothing to choose.
        if self.other.is_none() || self.works.as_deref() == Some(id) {
            return Ok(());
        }
        self.works = Some(id.to_owned());
        self.keep()
    }

    /// A webhook named both.
    pub(crate) fn learn(id: &str, other: &str) -> Result<(), Error> {
        let known = Self::of(id)?;
        // The name that a conversation has in events stays, also if a webhook names the two ids the other way round.
        if id == other || known.id == other || known.other.as_deref() == Some(other) {
            return Ok(());
        }
        Self { id: id.to_owned(), other: Some(other.to_owned()), works: None }.keep()
    }

    fn keep(&self) -> Result<(), Error> {
        let value = json::to_vec(self)?;
        // Whoever keeps it last keeps the same: it is not worth another run of an invocation that has sent something.
        let options = || Options { ttl_seconds: Some(KEPT_SECONDS), expected: Expected::Anything };
        for id in [Some(&self.id), self.other.as_ref()].into_iter().flatten() {
            kv::set_with(&kv::key("ids", id)?, &value, options())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use hookyard_sdk::http::{Request, Response};
    use hookyard_sdk::manifest::{Manifest, Verify, WebhookRules};
    use hookyard_sdk::testing::Host;
    use hookyard_sdk::{Action, Output, Plugin, Webhook};
    use serde_json::{Value, json};

    use super::*;
    use crate::actions;
    use crate::config::Config;

    /// The plugin's actions, and a webhook that says nothing but the two ids.
    struct Told;

    impl Plugin for Told {
        type Config = Config;

        fn manifest() -> Manifest {
            let base = "{config:/api_base}";
            let webhook = WebhookRules::verified_by(Verify::none()).methods(&["POST"]);
            actions::declare(Manifest::new("told", "1.0.0").webhook(webhook).host(base))
        }

        fn handle(_: Config, webhook: Webhook) -> Result<Option<hookyard_sdk::Response>, Error> {
            let (id, other): (String, String) = webhook.json()?;
            Ids::learn(&id, &other).map(|()| None)
        }

        fn run(config: Config, action: Action) -> Result<Output, Error> {
            actions::run(&config, &action)
        }
    }

    hookyard_sdk::export!(Told: webhook, actions);

    /// A Freshchat that knows its conversations by these ids only, and says what it was asked.
    fn host(known: &'static [&'static str]) -> Host<Told> {
        let config = json!({ "actor_id": "a", "access_token": "t", "app_id": "p", "group_name": "Support" });
        let sent = RefCell::new(0);
        Host::new(&config).provider(move |request: &Request| {
            if request.url.contains("/groups?") {
                return Ok(Response::new(200).with_json(&json!({ "groups": [{ "id": "g-1", "name": "Support" }] })));
            }
            if !known.iter().any(|id| request.url.split('/').any(|segment| segment == *id)) {
                return Ok(Response::new(404).with_json(&json!({ "code": 404, "message": "not found" })));
            }
            sent.replace_with(|sent| *sent + 1);
            Ok(Response::new(200).with_json(&json!({ "id": format!("m-{}", sent.borrow()), "status": "new" })))
        })
    }

    fn learns(host: &Host<Told>, id: &str, other: &str) {
        let answer = host.webhook(&Webhook::post(json!([id, other]).to_string()));
        assert_eq!(answer.status, 200, "{:?}", answer.error);
    }

    /// The ids that were tried, in their order.
    fn tried(host: &Host<Told>) -> Vec<String> {
        let after = |url: &str| {
            url.split("/conversations/").nth(1).map(|rest| rest.split('/').next().unwrap_or(rest).to_owned())
        };
        host.requests().iter().filter_map(|request| after(&request.url)).collect()
    }

    fn say(host: &Host<Told>, id: &str) -> Result<Value, Error> {
        host.action("send-message", &json!({ "conversation_id": id, "text": "x" }))
    }

    #[test]
    fn the_other_id_is_tried_once_and_what_worked_is_remembered() {
        let host = host(&["812"]);
        learns(&host, "guid-1", "812");
        let output = say(&host, "guid-1").expect("the other one works");
        assert_eq!((&output["conversation_id"], &output["message_ids"]), (&json!("guid-1"), &json!(["m-1"])));
        assert_eq!(tried(&host), ["guid-1", "812"]);
        for (action, extra) in [("resolve", json!({})), ("get-conversation", json!({})), ("assign-to-group", json!({}))]
        {
            let mut input = extra;
            input["conversation_id"] = json!("guid-1");
            host.action(action, &input).expect("it is known now");
        }
        say(&host, "812").expect("by its other name, too");
        assert_eq!(tried(&host), ["guid-1", "812", "812", "812", "812", "812"]);
    }

    #[test]
    fn the_guid_comes_first_whichever_of_the_two_is_given() {
        let host = host(&["guid-1"]);
        learns(&host, "guid-1", "812");
        say(&host, "812").expect("by its GUID");
        assert_eq!(tried(&host), ["guid-1"]);
    }

    #[test]
    fn two_ids_that_are_told_again_teach_nothing_new() {
        let host = host(&["guid-1"]);
        learns(&host, "guid-1", "812");
        say(&host, "guid-1").expect("known");
        // The same two ids again teach nothing new.
        learns(&host, "guid-1", "812");
        let known: Value = serde_json::from_slice(&host.value("ids/812").expect("kept under both")).expect("JSON");
        assert_eq!(known, json!({ "id": "guid-1", "other": "812", "works": "guid-1" }));
    }

    #[test]
    fn what_is_known_of_a_conversation_is_forgotten_after_a_year_and_learnt_again() {
        let host = host(&["812"]);
        learns(&host, "guid-1", "812");
        host.advance(u64::from(KEPT_SECONDS));
        assert_eq!((host.value("ids/guid-1"), host.value("ids/812")), (None, None));
        learns(&host, "guid-1", "812");
        say(&host, "guid-1").expect("known again");
    }

    #[test]
    fn a_conversation_that_neither_id_names_is_unknown_after_two_tries() {
        let host = host(&[]);
        learns(&host, "guid-1", "812");
        assert_eq!(say(&host, "guid-1").expect_err("nowhere").code, "conversation-unknown");
        assert_eq!(tried(&host), ["guid-1", "812"]);
    }

    #[test]
    fn a_conversation_is_muted_under_both_of_its_ids() {
        let host = host(&["812"]);
        learns(&host, "guid-1", "812");
        host.action("raise-issue", &json!({ "conversation_id": "812" })).expect("raised");
        for id in ["guid-1", "812"] {
            let found = host.action("get-conversation", &json!({ "conversation_id": id })).expect("found");
            assert_eq!(found["muted"], true, "{id}");
        }
        host.action("mute", &json!({ "conversation_id": "guid-1", "muted": false })).expect("given back");
        let found = host.action("get-conversation", &json!({ "conversation_id": "812" })).expect("found");
        assert_eq!(found["muted"], false);
    }

    #[test]
    fn ids_that_are_longer_than_a_key_are_kept_apart() {
        let host = host(&[]);
        let (long, longer) = ("é".repeat(200), "é".repeat(256));
        learns(&host, &long, "812");
        learns(&host, &longer, "813");
        for (id, other) in [(&long, "812"), (&longer, "813")] {
            say(&host, id).expect_err("nowhere");
            assert_eq!(tried(&host).last().map(String::as_str), Some(other));
        }
    }
}
