//! What an account holds: agents, groups, channels, users and conversations.

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard_domain::clock::Timestamp;
use serde_json::{Value, json};

use super::conversation::Conversation;
use super::{APP, BOT, CHANNEL, GROUP, HUMAN};

/// Groups without a name of interest: with the others they take three pages.
const TEAMS: usize = 40;
/// `Équipe` as it is written where accents are characters of their own.
const DECOMPOSED: &str = "E\u{301}quipe";

/// The account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) agents: Vec<Value>,
    pub(super) groups: Vec<Value>,
    pub(super) channels: Vec<Value>,
    users: BTreeMap<String, Value>,
    conversations: Vec<Conversation>,
    /// Before the path of a link to another page.
    pub(super) links_begin_with: String,
    ids: u32,
    series: u64,
    ticks: u64,
}

impl Account {
    pub(super) fn new() -> Self {
        let agent = |id: &str, name: &str| {
            json!({
                "id": id, "email": format!("{name}@example.com"), "first_name": name, "last_name": "", "groups": [],
                "role_id": "AGENT", "is_deactivated": false, "is_deleted": false, "availability_status": "AVAILABLE",
                "social_profiles": [], "locale": "es",
            })
        };
        let channel = |id: &str, name: &str| json!({ "id": id, "name": name, "enabled": true, "public": true, "tags": [], "source": "FRESHCHAT", "locale": "es" });
        let mut account = Self {
            agents: vec![agent(BOT, "bot"), agent(HUMAN, "rosa")],
            groups: Vec::new(),
            channels: vec![channel(CHANNEL, "Inbox"), channel("d1b91f22-2b5e-4f9c-b6a1-2f2f6d1e5a91", "Kitchens")],
            users: BTreeMap::new(),
            conversations: Vec::new(),
            links_begin_with: String::new(),
            ids: 0,
            series: 0x5a1e_9b3c_2d10,
            ticks: 0,
        };
        for number in 1..=TEAMS {
            account.add_group(&format!("Team {number:02}"));
        }
        for name in [DECOMPOSED, "Financeiro", "Twins", "Twins", "support", "Support", GROUP] {
            account.add_group(name);
        }
        account
    }

    /// Passes a moment; all that have passed.
    pub(super) fn tick(&mut self) -> Duration {
        self.ticks += 1;
        Duration::from_millis(self.ticks)
    }

    /// An id that nothing else has.
    pub(super) fn new_id(&mut self) -> String {
        self.ids += 1;
        format!("{:08x}-0c93-4f0e-8f6c-{:012x}", 0x0100_0000 + self.ids, self.series)
    }

    pub(super) fn begin_series(&mut self, series: u64) {
        self.series = series;
    }

    pub(super) fn add_group(&mut self, name: &str) -> String {
        let id = self.new_id();
        let group =
            json!({ "id": id, "name": name, "description": "", "routing_type": "INTELLIASSIGN", "agents": [HUMAN] });
        self.groups.push(group);
        id
    }

    pub(super) fn group(&self, name: &str) -> Option<String> {
        let group = self.groups.iter().find(|group| group["name"] == name)?;
        group["id"].as_str().map(str::to_owned)
    }

    pub(super) fn has_group(&self, id: &str) -> bool {
        self.groups.iter().any(|group| group["id"] == id)
    }

    pub(super) fn remove_group(&mut self, id: &str) {
        self.groups.retain(|group| group["id"] != id);
    }

    pub(super) fn agent(&self, id: &str) -> Option<&Value> {
        self.agents.iter().find(|agent| agent["id"] == id)
    }

    pub(super) fn change_agent(&mut self, id: &str, change: &Value) {
        let agent = self.agents.iter_mut().find(|agent| agent["id"] == id);
        let agent = agent.unwrap_or_else(|| panic!("there is no agent {id}"));
        for (name, value) in change.as_object().into_iter().flatten() {
            agent[name] = value.clone();
        }
    }

    pub(super) fn user(&self, id: &str) -> Option<&Value> {
        self.users.get(id)
    }

    pub(super) fn set_property(&mut self, user: &str, name: &str, value: &str) {
        let user = self.users.get_mut(user).unwrap_or_else(|| panic!("there is no user {user}"));
        let properties = user["properties"].as_array_mut().expect("it was made so");
        properties.push(json!({ "name": name, "value": value }));
    }

    pub(super) fn start_conversation(&mut self, channel: &str, digits: &str, now: Timestamp) -> String {
        let (user, id) = (self.new_id(), self.new_id());
        let profile = json!({
            "id": user, "created_time": now.to_string(), "updated_time": now.to_string(), "first_name": "Ana",
            "avatar": {}, "properties": [], "login_status": false,
        });
        self.users.insert(user.clone(), profile);
        let place = 812_345_678_901_000 + self.conversations.len();
        let conversation = Conversation::new(&id, &place.to_string(), &user, (channel, digits), APP, now);
        self.conversations.push(conversation);
        id
    }

    /// The conversation of this id, whatever the API knows it by.
    pub(super) fn conversation(&mut self, id: &str) -> &mut Conversation {
        let conversation = self.conversations.iter_mut().find(|conversation| conversation.id == id);
        conversation.unwrap_or_else(|| panic!("there is no conversation {id}"))
    }

    /// The conversation that the API finds by this id.
    pub(super) fn found(&mut self, id: &str) -> Option<&mut Conversation> {
        self.conversations.iter_mut().find(|conversation| conversation.is_found_by(id))
    }
}
