//! Tells of plugins what the operator should hear: in the log each time, as an event once for each content.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookyard_domain::commit::{Commit, MarkKey, Owner, Write};
use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::ContentHash;
use serde_json::{Value, json};

use super::change::RollbackReason;
use super::keeper::Keeper;
use super::report::{FileReport, FileState};
use crate::host_event::host_event;

/// What was told, so that it is not told again.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What was logged of each file.
    files: BTreeMap<String, (FileState, Option<String>)>,
    /// The rejection of each file of which there is an event.
    events: BTreeMap<String, MarkKey>,
    left_out: usize,
}

impl Told {
    /// The directory has more files than are looked at.
    pub(super) fn left_out(&mut self, files: usize) {
        if self.left_out != files {
            tracing::error!(files, "the plugin directory has too many files; the last ones by name are left out");
        }
        self.left_out = files;
    }

    /// Logs what became of a file, if that is new.
    fn log(&mut self, file: &FileReport) {
        let now = (file.state, file.reason.clone());
        if self.files.get(&file.name()) == Some(&now) {
            return;
        }
        let (path, reason) = (file.path.display(), file.reason.as_deref().unwrap_or_default());
        match file.state {
            FileState::Rejected => tracing::error!(%path, reason, "plugin rejected"),
            FileState::Superseded => tracing::info!(%path, reason, "plugin not needed"),
            FileState::Waiting | FileState::Compiling | FileState::Serving => {}
        }
        self.files.insert(file.name(), now);
    }
}

impl Keeper {
    /// Tells what is new about files. An event that the store does not take now is tried again with the next look.
    pub(super) async fn tell(&mut self) {
        let reports = Arc::clone(&self.reports.borrow());
        let names: BTreeMap<String, ()> = reports.iter().map(|file| (file.name(), ())).collect();
        self.told.files.retain(|name, _| names.contains_key(name));
        self.told.events.retain(|name, _| names.contains_key(name));
        for file in reports.iter() {
            self.told.log(file);
            if file.state == FileState::Rejected && file.is_of_the_file {
                self.tell_rejection(file).await;
            }
        }
    }

    async fn tell_rejection(&mut self, file: &FileReport) {
        let (name, reason) = (file.name(), file.reason.as_deref().unwrap_or_default());
        let sha256 = file.content.map(|content| content.to_string());
        let parts = ["plugin.rejected", &name, sha256.as_deref().unwrap_or_default(), reason];
        let mark = MarkKey(self.hash_key.hash16(&parts.map(str::as_bytes)));
        if self.told.events.get(&name) == Some(&mark) {
            return;
        }
        let serving = self.roster.entries.iter().find_map(|(plugin, entry)| {
            let is_it = entry.file == name || file.plugin.as_ref().is_some_and(|held| held.name == *plugin);
            is_it.then(|| format!("{plugin}@{}", entry.state.version))
        });
        let plugin = file.plugin.as_ref();
        let mut data = json!({ "file": name, "reason": reason });
        let more = [
            ("sha256", sha256),
            ("plugin", plugin.map(|plugin| plugin.name.to_string())),
            ("version", plugin.map(|plugin| plugin.version.clone())),
            ("serving", serving),
        ];
        more.into_iter().filter_map(|(member, value)| Some((member, value?))).for_each(|(member, value)| {
            data[member] = Value::String(value);
        });
        let subject = plugin.map_or_else(|| name.clone(), |plugin| plugin.name.to_string());
        if self.append("plugin.rejected", subject, &data, Some(mark)).await {
            self.told.events.insert(name, mark);
        }
    }

    /// Tells that a plugin went back. That it did is durable already; an event that cannot be written is in the log alone.
    pub(super) async fn tell_rollback(
        &self,
        plugin: &PluginName,
        from: (ContentHash, &str),
        to: (ContentHash, &str),
        reason: &RollbackReason,
    ) {
        let mut data = json!({
            "plugin": plugin.as_str(),
            "from": from.1,
            "to": to.1,
            "from_sha256": from.0.to_string(),
            "to_sha256": to.0.to_string(),
        });
        match reason {
            RollbackReason::Operator => data["reason"] = "operator".into(),
            RollbackReason::Failures { failures, invocations, share, share_before } => {
                data["reason"] = "failures".into();
                data["failures"] = (*failures).into();
                data["invocations"] = (*invocations).into();
                data["share"] = (*share).into();
                data["share_before"] = (*share_before).into();
            }
        }
        tracing::warn!(%plugin, from = from.1, to = to.1, ?reason, "plugin rolled back");
        self.append("plugin.rolled-back", plugin.to_string(), &data, None).await;
    }

    /// Appends an event of the host. Returns whether it is durable.
    async fn append(&self, kind: &str, subject: String, data: &Value, dedupe: Option<MarkKey>) -> bool {
        let now = self.clock.now();
        let event = host_event(kind, subject, data, now, &*self.entropy);
        let writes = vec![Write::Append { event: Box::new(event), dedupe }];
        let commit = Commit { owner: Owner::Host, at: now, guards: Vec::new(), writes };
        match self.store.commit(commit).await {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(kind, %error, "an event of the host cannot be written");
                false
            }
        }
    }
}
