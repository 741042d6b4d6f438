//! Is the config right, and what is left to do by hand?

use hookyard_sdk::http::excerpt;
use hookyard_sdk::{Error, Setup, connection, lenient};
use serde::Deserialize;

use crate::api::Api;
use crate::config::Config;
use crate::group;

/// Looks the agent and the group up; the errors carry the same steps as a success.
pub(crate) fn activate(config: &Config) -> Result<Setup, Error> {
    let setup = setup(config);
    match check(config) {
        Ok(()) => Ok(setup),
        Err(error) => Err(error.with_setup(&setup)),
    }
}

fn check(config: &Config) -> Result<(), Error> {
    let api = Api::for_a_check(config);
    check_agent(&api, &config.actor_id)?;
    if let Some(name) = &config.group_name {
        group::look_up(&api, name)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Agent {
    #[serde(default, deserialize_with = "lenient::flag")]
    is_deactivated: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_deleted: Option<bool>,
}

/// `invalid` `actor-unknown` if there is no such agent, `actor-disabled` if it may not speak.
fn check_agent(api: &Api, id: &str) -> Result<(), Error> {
    let shown = excerpt(id);
    let unknown = format!(
        "Freshchat knows no agent {shown}: check actor_id (the action list-agents names all), and api_base if your account has an \
         address of its own"
    );
    if matches!(id, "" | "." | "..") {
        return Err(Error::invalid("actor-unknown", unknown));
    }
    let response = match api.agent(id) {
        // 400 is what an id may get that is none at all.
        Err(problem) if problem.may_be_outdated() => return Err(problem.meaning("actor-unknown", unknown)),
        answer => answer?,
    };
    let agent: Agent = response.object()?;
    let state = match (agent.is_deleted, agent.is_deactivated) {
        (Some(true), _) => "deleted",
        (_, Some(true)) => "deactivated",
        _ => return Ok(()),
    };
    let message =
        format!("the agent {shown} is {state} in Freshchat: activate it there, or name another one in actor_id");
    Err(Error::invalid("actor-disabled", message))
}

/// Freshchat has no API to register webhooks: the steps on its pages.
fn setup(config: &Config) -> Setup {
    let paste = format!(
        "In Freshchat, open Admin Settings → Marketplace and Integrations → Conversation Webhooks (older accounts: Settings → \
         Webhooks), switch webhooks on and paste the URL {}.",
        connection::webhook_url()
    );
    let key =
        "Copy the public key that the same page shows under Authentication into this connection's webhook_public_key";
    let key = match config.webhook_public_key {
        Some(_) => format!("{key}."),
        None => format!("{key}; until then webhooks are answered 503."),
    };
    Setup::default()
        .step("This needs an admin or account-admin profile in Freshchat, and a plan with API access.")
        .step(paste)
        .step(key)
}
