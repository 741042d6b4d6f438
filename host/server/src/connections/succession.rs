//! One connection in the place of another with the same id.

use std::sync::Arc;

use super::{Condition, Connection, Ready};

impl Connection {
    /// This connection as the successor of `old`. What works on as it did goes on undisturbed: the invocations that it has
    /// running, its health, its activation. One that works with the same config in another way (at another version of its plugin, with
    /// other grants) keeps health and setup until its own activation has ended.
    #[must_use]
    pub(crate) fn succeed(mut self, old: &Self) -> Self {
        let (Some(before), Some(after)) = (&old.prepared, &self.prepared) else {
            self.condition = Arc::new(Condition::after(&old.condition, &self.condition, false));
            return self;
        };
        let same_account = self.incarnation == old.incarnation && before.config.value() == after.config.value();
        let same_rights = self.grant == old.grant && self.consented.held == old.consented.held;
        if same_account && same_rights && self.enabled == old.enabled && is_same_code(before, after) {
            old.condition.show(self.condition.hint());
            self.condition = Arc::clone(&old.condition);
            self.ready = old.ready.clone();
            self.prepared = old.prepared.clone();
        } else {
            let works_on = same_account && self.enabled && old.enabled;
            self.condition = Arc::new(Condition::after(&old.condition, &self.condition, works_on));
        }
        self
    }

    /// Whether it goes on with what another one has begun.
    pub(crate) fn continues(&self, old: &Self) -> bool {
        Arc::ptr_eq(&self.condition, &old.condition)
    }
}

fn is_same_code(one: &Ready, other: &Ready) -> bool {
    one.plugin.component.hash() == other.plugin.component.hash()
        && one.plugin.manifest.name == other.plugin.manifest.name
}
