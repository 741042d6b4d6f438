//! What clients and flows can ask for.

mod preview;
mod run;
mod test;

use std::time::Duration;

use hookyard_sdk::manifest::{ActionKind, EventKind, Manifest};
use hookyard_sdk::{Action, Error, Output, RawValue};

use crate::build;
use crate::config::Config;
use crate::definition::{Asked, Request};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::judge::Judge;
use crate::problem::{Problems, request_invalid};
use crate::record::Record;
use crate::send;

/// Time for the longest request, and for the token that it needs.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Where in an action's input the request stands.
const REQUEST: &str = "/request";

/// The actions' part of the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    manifest
        .action(
            ActionKind::new::<preview::Input, preview::Preview>("preview")
                .title("Show a request")
                .description("Builds a request and sends nothing.")
                .idempotent(),
        )
        .action(
            ActionKind::new::<test::Input, Record>("test")
                .title("Try a request")
                .description("Really calls the other system, and says what it answered.")
                .timeout(TIMEOUT),
        )
        .action(
            ActionKind::new::<run::Input, Record>("run")
                .title("Run a request")
                .description("Calls the other system; what it answers becomes an event as well.")
                .timeout(TIMEOUT),
        )
        .event(EventKind::new::<run::Outcome<'_>>(run::SUCCEEDED).title("A request has succeeded"))
        .event(EventKind::new::<run::Outcome<'_>>(run::FAILED).title("A request has failed"))
}

/// Runs the action.
pub(crate) fn run(config: &Config, action: &Action) -> Result<Output, Error> {
    match action.name.as_str() {
        "preview" => preview::run(config, &action.input()?),
        "test" => test::run(config, &action.input()?),
        "run" => run::run(config, &action.input()?),
        _ => Err(action.unknown()),
    }
}

/// The request that is meant: `request-unknown` if the config has none of this name.
fn asked<'a>(config: &'a Config, asked: &'a Asked) -> Result<&'a Request, Error> {
    match asked {
        Asked::Inline(request) => Ok(request),
        Asked::Named(name) => named(config, name),
    }
}

fn named<'a>(config: &'a Config, name: &str) -> Result<&'a Request, Error> {
    config
        .requests
        .get(name)
        .ok_or_else(|| Error::invalid("request-unknown", format!("the config has no request {name:?} in `requests`")))
}

/// Sends the request. What is wrong with its definition is `request-invalid`; what is wrong with the values of fields is a record
/// like any other failure. Beside the record, the JSON of the answer.
fn perform(config: &Config, request: &Request, fields: &Fields) -> Result<(Record, Option<Box<RawValue>>), Error> {
    let mut problems = Problems::default();
    let judge = Judge::of(request, &mut problems);
    let Some(built) = build::build(request, config, Some(fields), &mut problems) else {
        let of_call = problems.are_of_call();
        let problems = problems.below(REQUEST);
        return match of_call {
            true => Ok((Record::unbuilt(&judge, Failure::build(problems)), None)),
            false => Err(request_invalid(&problems)),
        };
    };
    let exchange = send::send(request, &built, config);
    match send::later(&exchange.answer).filter(|_| request.retry_later) {
        Some(later) => Err(later),
        None => Ok(Record::of(&built, config, &judge, exchange)),
    }
}

/// Whether a definition is right, as far as that can be said without a call.
pub(crate) fn check(config: &Config, request: &Request) -> Problems {
    let mut problems = Problems::default();
    Judge::of(request, &mut problems);
    build::build(request, config, None, &mut problems);
    problems
}

/// For a sentence: `"a", "b"`.
pub(crate) fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let quoted: Vec<_> = names.map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}
