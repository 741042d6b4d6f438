//! What happens in a conversation, and the webhook that tells of it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::sender::parcel;
use super::{APP, Shared};
use crate::locked;

impl Shared {
    /// A message comes into being in Freshchat.
    pub(super) fn write(&self, conversation: &str, message: &Value) -> Bytes {
        let body = self.keep(conversation, false, message);
        self.deliver(conversation, &body);
        body
    }

    /// A message came through the API; the message as the API shows it.
    pub(super) fn post(&self, conversation: &str, message: &Value) -> Value {
        let body = self.keep(conversation, true, message);
        self.echo(conversation, &body);
        locked(&self.account).conversation(conversation).posted().pop().expect("it was kept just now")
    }

    /// Remembers a message; the body of the webhook that tells of it.
    fn keep(&self, conversation: &str, through_the_api: bool, message: &Value) -> Bytes {
        let now = self.now().to_string();
        let mut account = locked(&self.account);
        let id = account.new_id();
        let of = account.conversation(conversation);
        let mut whole = json!({
            "app_id": APP, "id": id, "channel_id": of.channel, "conversation_id": of.id, "user_id": of.user,
            "interaction_id": of.interaction(), "message_type": "normal", "created_time": now,
            "restrictResponse": false, "botsPrivateNote": false,
            "freshchat_conversation_id": of.digits, "freshchat_channel_id": of.channel_digits,
        });
        for (name, value) in message.as_object().into_iter().flatten() {
            whole[name] = value.clone();
        }
        of.add(through_the_api, whole.clone());
        drop(account);
        self.changed();
        let actor = json!({ "actor_type": whole["actor_type"], "actor_id": whole["actor_id"] });
        envelope(&actor, "message_create", &now, &json!({ "message": whole }))
    }

    pub(super) fn assign(&self, id: &str, by: (&str, &str), agent: Option<&str>, group: Option<&str>) -> Bytes {
        let now = self.now().to_string();
        let mut account = locked(&self.account);
        let of = account.conversation(id);
        let (from_agent, from_group) = (of.agent.clone(), of.group.clone());
        agent.unwrap_or_default().clone_into(&mut of.agent);
        group.unwrap_or_default().clone_into(&mut of.group);
        of.status = if agent.is_some() { "assigned" } else { "new" }.to_owned();
        let data = json!({ "assignment": {
            "assignor": by.0, "assignor_id": by.1, "to_agent_id": of.agent, "to_group_id": of.group,
            "from_agent_id": from_agent, "from_group_id": from_group, "conversation": of.in_webhook(),
            "interaction_id": of.interaction(),
        }});
        drop(account);
        self.told(id, by, "conversation_assignment", &now, &data)
    }

    pub(super) fn resolve(&self, id: &str, by: (&str, &str)) -> Bytes {
        let now = self.now().to_string();
        let mut account = locked(&self.account);
        let of = account.conversation(id);
        "resolved".clone_into(&mut of.status);
        let (conversation, interaction, user) = (of.in_webhook(), of.interaction(), of.user.clone());
        let user = account.user(&user).cloned();
        drop(account);
        let data = json!({ "resolve": {
            "resolver": by.0, "resolver_id": by.1, "conversation": conversation, "interaction_id": interaction, "user": user,
        }});
        self.told(id, by, "conversation_resolution", &now, &data)
    }

    pub(super) fn reopen(&self, id: &str, by: (&str, &str)) -> Bytes {
        let now = self.now().to_string();
        let mut account = locked(&self.account);
        let of = account.conversation(id);
        "reopened".clone_into(&mut of.status);
        let data = json!({ "reopen": {
            "reopener": by.0, "reopener_id": by.1, "conversation": of.in_webhook(), "interaction_id": of.interaction(),
        }});
        drop(account);
        self.told(id, by, "conversation_reopen", &now, &data)
    }

    /// `system` is what comes through the API: that is an echo.
    fn told(&self, id: &str, by: (&str, &str), action: &str, now: &str, data: &Value) -> Bytes {
        self.changed();
        let body = envelope(&json!({ "actor_type": by.0, "actor_id": by.1 }), action, now, data);
        if by.0 == "system" {
            self.echo(id, &body);
        } else {
            self.deliver(id, &body);
        }
        body
    }

    fn echo(&self, conversation: &str, body: &Bytes) {
        if locked(&self.webhooks).echo {
            self.deliver(conversation, body);
        }
    }

    fn deliver(&self, conversation: &str, body: &Bytes) {
        let copies = locked(&self.webhooks).copies;
        for _ in 0..copies {
            self.courier.send(conversation, parcel(&self.key, body));
        }
    }
}

fn envelope(actor: &Value, action: &str, now: &str, data: &Value) -> Bytes {
    json!({ "actor": actor, "action": action, "action_time": now, "data": data }).to_string().into()
}
