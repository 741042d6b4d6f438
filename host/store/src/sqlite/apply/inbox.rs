//! What commits do to the inbox.

use hookyard_domain::commit::MarkKey;
use hookyard_domain::id::WebhookId;
use hookyard_domain::inbox::Standing;
use hookyard_domain::webhook::KeptWebhook;

use super::{Application, Rejected};
use crate::CommitError;
use crate::sqlite::inbox_rows::{self, Kept};

impl Application<'_> {
    pub(super) fn check_not_kept(&self, mark: MarkKey) -> Result<(), Rejected> {
        if inbox_rows::is_kept(self.database, mark)? {
            return Err(Rejected::Refused(CommitError::KeptAlready));
        }
        Ok(())
    }

    pub(super) fn check_webhook(&self, id: WebhookId, version: u32) -> Result<(), Rejected> {
        match self.kept(id)? {
            Some(kept) if kept.version == version => Ok(()),
            _ => Err(Rejected::Refused(CommitError::Moved)),
        }
    }

    pub(super) fn keep(&mut self, webhook: &KeptWebhook, standing: &Standing) -> Result<(), Rejected> {
        // In this order, so that a repeated commit learns that it is one, also while there is no room.
        if !inbox_rows::insert(self.database, self.owner, webhook, standing)? {
            return Err(Rejected::Refused(CommitError::KeptAlready));
        }
        self.room.change(webhook.bytes() as u64, false, standing.is_unsettled()).map_err(Rejected::Refused)
    }

    pub(super) fn settle(&mut self, id: WebhookId, standing: &Standing) -> Result<(), Rejected> {
        let Some(kept) = self.kept(id)? else { return Ok(()) };
        let change = self.room.change(kept.bytes, kept.state.is_unsettled(), standing.is_unsettled());
        change.map_err(Rejected::Refused)?;
        Ok(inbox_rows::update(self.database, kept.place, standing)?)
    }

    /// The row of a webhook, if the owner has it.
    fn kept(&self, id: WebhookId) -> rusqlite::Result<Option<Kept>> {
        let found = inbox_rows::find(self.database, id)?;
        Ok(found.filter(|kept| kept.connection == self.owner))
    }
}
