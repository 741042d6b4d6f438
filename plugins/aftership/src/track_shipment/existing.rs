//! AfterShip already tracks the shipment.

use hookyard_sdk::http::{self, Response};
use hookyard_sdk::{Error, Output};
use serde::Serialize;

use super::custom_fields::CustomFields;
use super::shapes::Create;
use super::{Fate, tracked};
use crate::api::Api;
use crate::config::{Config, OnExisting};
use crate::problem::Problem;
use crate::tracking::Tracking;

/// A create that was refused because the shipment is there.
pub(super) struct Existing<'a> {
    pub config: &'a Config,
    pub api: &'a Api,
    pub create: &'a Create<'a>,
    /// An earlier try whose answer got lost may have created it.
    pub may_be_ours: bool,
}

/// The body of the update.
#[derive(Serialize)]
struct Update<'a> {
    custom_fields: CustomFields<'a>,
}

impl Existing<'_> {
    /// Does as `on_existing` says. `refused` is AfterShip's refusal, the answer where that is `error`.
    pub(super) fn resolve(&self, refused: Problem) -> Result<Output, Error> {
        if self.config.on_existing == OnExisting::Error && !self.may_be_ours {
            return Err(refused.into());
        }
        let Create { tracking_number, slug, .. } = self.create;
        let listed: Response = self.api.find(tracking_number, *slug)?;
        let Some(tracking) = Tracking::of_number(&listed, tracking_number, *slug)? else {
            // Deleted this moment, or not listed yet: either way another try knows more.
            let said = "AfterShip says that it tracks the shipment, and does not list it";
            return Err(Error::unavailable(http::UNAVAILABLE, said));
        };
        if self.may_be_ours && self.is_ours(&tracking) {
            return tracked(tracking, Fate::Created);
        }
        match self.config.on_existing {
            OnExisting::Error => Err(refused.into()),
            OnExisting::Keep => tracked(tracking, Fate::Existed { updated: false }),
            OnExisting::Update => {
                let update = self.merge(&tracking)?;
                let updated = self.api.update(&tracking.id, &update)?;
                tracked(Tracking::only(&updated)?, Fate::Existed { updated: true })
            }
        }
    }

    /// What the lost try has created carries the conversation that it was given.
    fn is_ours(&self, tracking: &Tracking<'_>) -> bool {
        let given = self.create.custom_fields.conversation_id();
        given.is_none() || given == tracking.conversation_id
    }

    /// The custom fields that are there, and over them those of the call: AfterShip replaces all of them at once.
    fn merge<'t>(&'t self, tracking: &Tracking<'t>) -> Result<Update<'t>, Error> {
        let there = match tracking.custom_fields {
            Some(there) => CustomFields::of_json(there).ok_or_else(|| {
                Error::failed(http::PROTOCOL, "the custom fields of the tracking cannot be read, and so not be kept")
            })?,
            None => CustomFields::default(),
        };
        Ok(Update { custom_fields: there.merged_with(&self.create.custom_fields) })
    }
}
