//! What became of each file of the plugin directory, for the operator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hookyard_domain::clock::Timestamp;
use hookyard_domain::plugin::{ContentHash, PluginVersion};

use super::files::{File, Files, Phase};
use super::select::{Selection, Verdict};

/// A file of the plugin directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Where it lies.
    pub path: PathBuf,
    /// How far it has come.
    pub state: FileState,
    /// Why it does not serve, and the way out.
    pub reason: Option<String>,
    /// The plugin that it holds, as far as that is known.
    pub plugin: Option<PluginVersion>,
    /// Its content, once it was read.
    pub content: Option<ContentHash>,
    /// Since when that is so.
    pub since: Timestamp,
    /// The reason lies in the file, not in the host, which would try again.
    pub(super) is_of_the_file: bool,
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// It was not read since it changed last, or waits for its turn to be compiled.
    Waiting,
    /// It is being compiled.
    Compiling,
    /// Its content serves.
    Serving,
    /// It could serve, and another content does.
    Superseded,
    /// It cannot serve.
    Rejected,
}

/// Reports on all files. `troubles` are files that could serve if the host could write.
pub(super) fn report(
    directory: &Path,
    files: &Files,
    selection: &Selection,
    troubles: &BTreeMap<String, String>,
    before: &[FileReport],
    now: Timestamp,
) -> Vec<FileReport> {
    let there = files.iter().filter(|(_, file)| file.is_there());
    let one = |(name, file): (&str, &File)| {
        let path = directory.join(name);
        let (state, reason, is_of_the_file) = state_of(name, file, selection, troubles);
        let (plugin, content) = match &file.phase {
            Phase::Usable(plugin) => (Some(plugin.manifest.plugin()), Some(plugin.content())),
            Phase::Unusable(fault) => (fault.plugin.clone(), fault.content),
            Phase::Waiting | Phase::Reading { .. } => (None, None),
        };
        let fresh = FileReport { path, state, reason, plugin, content, since: now, is_of_the_file };
        // Reports are in the order of names, as the files are.
        let known = before.binary_search_by(|known| known.path.cmp(&fresh.path)).ok().map(|at| &before[at]);
        match known {
            Some(known) if fresh.same_but_for_time(known) => known.clone(),
            _ => fresh,
        }
    };
    there.map(one).collect()
}

impl FileReport {
    fn same_but_for_time(&self, other: &Self) -> bool {
        Self { since: other.since, ..self.clone() } == *other
    }

    /// The file's name.
    pub(super) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

fn state_of(
    name: &str,
    file: &File,
    selection: &Selection,
    troubles: &BTreeMap<String, String>,
) -> (FileState, Option<String>, bool) {
    if let Some(trouble) = troubles.get(name) {
        return (FileState::Rejected, Some(trouble.clone()), false);
    }
    match &file.phase {
        Phase::Waiting | Phase::Reading { compiling: false, .. } => (FileState::Waiting, None, false),
        Phase::Reading { compiling: true, .. } => (FileState::Compiling, None, false),
        Phase::Unusable(fault) => (FileState::Rejected, Some(fault.reason.clone()), fault.is_of_the_file()),
        Phase::Usable(_) => match selection.verdicts.get(name) {
            Some(Verdict::Serving) => (FileState::Serving, None, false),
            Some(Verdict::Superseded(reason)) => (FileState::Superseded, Some(reason.clone()), false),
            Some(Verdict::Rejected(reason)) => (FileState::Rejected, Some(reason.clone()), true),
            Some(Verdict::Waiting) | None => (FileState::Waiting, None, false),
        },
    }
}
