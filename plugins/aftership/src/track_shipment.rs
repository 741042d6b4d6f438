//! The action `track-shipment`.

mod custom_fields;
mod existing;
mod shapes;

pub(crate) use shapes::{TrackShipment, Tracked};

use hookyard_sdk::http::Response;
use hookyard_sdk::{Error, Output, invocation};

use crate::api::Api;
use crate::config::Config;
use crate::problem::Problem;
use crate::tracking::Tracking;
use existing::Existing;
use shapes::Create;

/// Has AfterShip follow a shipment, and its updates find the conversation.
///
/// A shipment that AfterShip already tracks is dealt with as `on_existing` says. Running it again does no more than running it
/// once: AfterShip tells what is there.
pub(crate) fn run(config: &Config, input: &TrackShipment) -> Result<Output, Error> {
    let create = Create::new(input)?;
    let api = Api::new(config);
    let (answer, repeated) = create_once(&api, &create);
    match answer {
        Ok(response) => tracked(Tracking::only(&response)?, Fate::Created),
        Err(problem) if problem.is_existing() => {
            // An earlier try of this very call may have created it, and its answer got lost on the way.
            let may_be_ours = repeated || invocation::attempt() > 1;
            Existing { config, api: &api, create: &create, may_be_ours }.resolve(problem)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Creates the tracking. What was not answered is tried once more, and said so.
fn create_once(api: &Api, create: &Create<'_>) -> (Result<Response, Problem>, bool) {
    match api.create(create) {
        Err(problem) if problem.leaves_open() => (api.create(create), true),
        answer => (answer, false),
    }
}

/// What became of the call.
#[derive(Clone, Copy)]
enum Fate {
    Created,
    Existed { updated: bool },
}

fn tracked(tracking: Tracking<'_>, fate: Fate) -> Result<Output, Error> {
    let (already_existed, updated) = match fate {
        Fate::Created => (false, false),
        Fate::Existed { updated } => (true, updated),
    };
    Output::new(&Tracked {
        tracking_id: tracking.id,
        tracking_number: tracking.number,
        slug: tracking.slug,
        tag: tracking.tag,
        conversation_id: tracking.conversation_id,
        already_existed,
        updated,
        tracking: tracking.json,
    })
}
