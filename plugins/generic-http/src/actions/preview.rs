//! The action `preview`: what would be sent, and what would be made of an answer.

use hookyard_sdk::{Error, Output, RawValue, json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::build;
use crate::config::Config;
use crate::decode;
use crate::definition::Asked;
use crate::differences::{self, Difference, Different};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::judge::{Branch, Judge, Message};
use crate::nullable::Nullable;
use crate::problem::{Problems, request_invalid};
use crate::record::RequestPreview;

/// A request to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The request, or the name of one in the config.
    request: Asked,
    /// Values of fields.
    #[serde(default)]
    fields: Fields,
    /// The JSON of the target's documentation, as text.
    compare_with: Option<String>,
    /// An answer to try the reply with.
    sample_response: Option<Sample>,
}

/// An answer that might come.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// Its status.
    #[serde(default = "ok")]
    #[schemars(range(min = 100, max = 599))]
    status_code: u16,
    /// Its headers. Only `location` makes a difference, to a redirect.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Its body.
    body: String,
}

/// What would be sent, to the letter. Secrets are `•••`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Preview {
    /// The request.
    #[serde(flatten)]
    request: RequestPreview,
    /// What is odd.
    warnings: Vec<&'static str>,
    /// With `compare_with`: whether there is no difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<bool>,
    /// With `compare_with`: where the body differs in its members or types.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<Difference>>,
    /// With `sample_response`: which way a flow would go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<Branch>,
    /// With `sample_response`: the message; `null` where there is no template for the branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Nullable<Message>>,
    /// With `sample_response`: why it could not be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

pub(super) fn run(config: &Config, input: &Input) -> Result<Output, Error> {
    let request = super::asked(config, &input.request)?;
    let mut of_request = Problems::default();
    let judge = Judge::of(request, &mut of_request);
    let built = build::build(request, config, Some(&input.fields), &mut of_request);
    let mut problems = of_request.below(super::REQUEST);
    let target = input.compare_with.as_deref().map(|text| json::parse::<&RawValue>(text.as_bytes())).transpose();
    if let Err(error) = &target {
        let mut of_target = Problems::default();
        of_target.at("/compare_with", "bad_json", error.message.as_str());
        problems.extend(of_target.below(""));
    }
    let (Some(built), Ok(target), true) = (built, target, problems.is_empty()) else {
        return Err(request_invalid(&problems));
    };
    let differences = target.map(|target| differing(built.body.as_deref(), target)).transpose()?;
    let verdict = input.sample_response.as_ref().map(|sample| {
        let leads_on = sample.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("location"));
        judge.answered(sample.status_code, leads_on, decode::as_json(&sample.body))
    });
    let (branch, message, error) = match verdict {
        Some(verdict) => (Some(verdict.branch), Some(Nullable(verdict.message)), verdict.failure),
        None => (None, None, None),
    };
    Output::new(&Preview {
        request: RequestPreview::of(&built, config),
        warnings: built.warnings.clone(),
        matches: differences.as_ref().map(Vec::is_empty),
        differences,
        branch,
        message,
        error,
    })
}

/// A body that is no JSON differs as a whole.
fn differing(body: Option<&str>, target: &RawValue) -> Result<Vec<Difference>, Error> {
    let whole = |problem| Ok(vec![Difference { pointer: String::new(), problem }]);
    match body.map(decode::as_json) {
        None => whole(Different::Missing),
        Some(None) => whole(Different::Type),
        Some(Some(built)) => differences::between(built, target),
    }
}

fn ok() -> u16 {
    200
}
