//! The action `assign-to-group`, and the assignment itself.

use hookyard_chat::{ConversationId, invalid_input};
use hookyard_sdk::{Error, Output};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Item, Problem};
use crate::config::Config;
use crate::conversation::{Conversation, unknown};
use crate::group;

/// What a conversation that is assigned to a group and to nobody in it has to be: as `assigned` it would wait for an agent whom
/// nobody chose.
const QUEUED: &str = "new";

/// Which conversation goes to which group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignToGroup {
    /// The conversation.
    pub(crate) conversation_id: ConversationId,
    /// The group's name; the config's `group_name` if it is left out.
    #[schemars(regex(pattern = r"\S"))]
    pub(crate) group: Option<String>,
}

/// What holds now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Assigned<'a> {
    /// The conversation.
    pub(crate) conversation_id: &'a ConversationId,
    /// Freshchat's id of the group.
    pub(crate) group_id: String,
    /// The group's name, as Freshchat writes it.
    pub(crate) group_name: String,
    /// `new`: it waits in the group's queue.
    pub(crate) status: &'static str,
}

/// Assigns the conversation. `invalid` `group-missing` if neither the input nor the config names a group.
pub(crate) fn run(config: &Config, input: &AssignToGroup) -> Result<Output, Error> {
    let Some(name) = group_of(config, input.group.as_deref()) else {
        return Err(invalid_input(
            "group-missing",
            "/group",
            "name a group, or set group_name in the connection's config",
        ));
    };
    let api = Api::new(config);
    let mut conversation = Conversation::of(&api, input.conversation_id.as_str())?;
    let group = assign(&mut conversation, name)?;
    Output::new(&Assigned {
        conversation_id: &input.conversation_id,
        group_id: group.id,
        group_name: group.name,
        status: QUEUED,
    })
}

/// The group that is meant: the input's, or that of the config.
pub(super) fn group_of<'a>(config: &'a Config, input: Option<&'a str>) -> Option<&'a str> {
    input.or(config.group_name.as_deref()).filter(|name| !name.trim().is_empty())
}

/// Puts the conversation into the queue of the group of this name. A group whose id was kept may be gone meanwhile: if Freshchat
/// refuses, the name is looked up once more.
pub(super) fn assign(conversation: &mut Conversation<'_>, name: &str) -> Result<Item, Error> {
    let Some(kept) = group::kept(name)? else {
        let group = group::look_up(conversation.api(), name)?;
        return match put(conversation, &group) {
            Ok(()) => Ok(group),
            Err(problem) => Err(refused(problem, &group)),
        };
    };
    let problem = match put(conversation, &kept) {
        Ok(()) => return Ok(kept),
        Err(problem) if problem.may_be_outdated() => problem,
        Err(problem) => return Err(problem.into()),
    };
    let group = group::look_up(conversation.api(), name)?;
    if group.id == kept.id {
        return Err(refused(problem, &group));
    }
    match put(conversation, &group) {
        Ok(()) => Ok(group),
        Err(problem) => Err(refused(problem, &group)),
    }
}

#[derive(Serialize)]
struct Assignment<'a> {
    status: &'static str,
    assigned_group_id: &'a str,
}

fn put(conversation: &mut Conversation<'_>, group: &Item) -> Result<(), Problem> {
    let assignment = Assignment { status: QUEUED, assigned_group_id: &group.id };
    conversation.ask(|api: &Api, id| api.update_conversation(id, &assignment)).map(|_| ())
}

fn refused(problem: Problem, group: &Item) -> Error {
    if problem.names_group() && problem.may_be_outdated() {
        let name = hookyard_sdk::http::excerpt(&group.name);
        return problem
            .meaning("group-unknown", format!("Freshchat lists the group \"{name}\" and does not accept it"));
    }
    unknown(problem)
}
