//! Which content of each plugin serves, and why the other files do not. Pure: everything follows from the arguments.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hookyard_domain::id::PluginName;
use hookyard_domain::plugin::{ContentHash, PluginVersion};
use semver::Version;

use super::Plugin;

/// A content that could serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) plugin: PluginVersion,
    pub(super) version: Version,
    pub(super) content: ContentHash,
}

/// A file, as far as it matters for who serves.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// It lies there; `false`: it went away and may come back.
    pub(super) there: bool,
    /// What lies there, or lay there last, if that is usable.
    pub(super) now: Option<Candidate>,
    /// What served from here last: it stands in for what is not usable.
    pub(super) standing: Option<Candidate>,
}

/// What is known of a plugin.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) serving: Option<Candidate>,
    /// The file that it serves from.
    pub(super) file: Option<String>,
    pub(super) pinned: Option<Candidate>,
    pub(super) held_back: Vec<ContentHash>,
}

/// What is to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Winner {
    pub(super) candidate: Candidate,
    /// The file that it stands for, or stands in for.
    pub(super) file: String,
}

/// What becomes of a file that holds a usable content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its content serves.
    Serving,
    /// It could serve, and something else does.
    Superseded(String),
    /// It may not serve.
    Rejected(String),
    /// This file, or the one that serves, went away: when that is gone, it shows.
    Waiting,
}

/// Who serves, and why others do not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) serving: BTreeMap<PluginName, Winner>,
    pub(super) verdicts: BTreeMap<String, Verdict>,
}

impl Candidate {
    /// A loaded plugin as a candidate. Versions that cannot be compared do not pass the manifest's check.
    pub(super) fn of(plugin: &Plugin) -> Self {
        let version = plugin.manifest.semantic_version().unwrap_or_else(|| Version::new(0, 0, 0));
        Self { plugin: plugin.manifest.plugin(), version, content: plugin.content() }
    }
}

impl Place {
    /// The plugin that this file belongs to.
    pub(super) fn plugin(&self) -> Option<&PluginName> {
        self.now.as_ref().or(self.standing.as_ref()).map(|candidate| &candidate.plugin.name)
    }
}

/// A place with what it offers to one plugin.
struct Claim<'a> {
    file: &'a str,
    place: &'a Place,
    offers: Option<&'a Candidate>,
}

/// Decides who serves. A plugin that is not in `known` is new.
pub(super) fn select(places: &BTreeMap<String, Place>, known: &BTreeMap<PluginName, Known>) -> Selection {
    let nothing = Known::default();
    let of = |name: &PluginName| known.get(name).unwrap_or(&nothing);
    let mut claims: BTreeMap<&PluginName, Vec<Claim<'_>>> = BTreeMap::new();
    for (file, place) in places {
        let Some(name) = place.plugin() else { continue };
        let offers = offered(place, &of(name).held_back);
        claims.entry(name).or_default().push(Claim { file, place, offers });
    }
    let mut selection = Selection::default();
    for (name, claims) in claims {
        let Some(winner) = winner(&claims, of(name)) else {
            let held_back = claims.iter().filter_map(|claim| Some((claim.file, &claim.place.now.as_ref()?.plugin)));
            selection.verdicts.extend(held_back.map(|(file, plugin)| {
                let reason =
                    format!("{plugin} was rolled back, and no other version is here: add one, or unpin {name}");
                (file.to_owned(), Verdict::Superseded(reason))
            }));
            continue;
        };
        for claim in &claims {
            if let Some(now) = &claim.place.now {
                let verdict = verdict(claim, now, &winner, of(name), places);
                selection.verdicts.insert(claim.file.to_owned(), verdict);
            }
        }
        selection.serving.insert(name.clone(), winner);
    }
    selection
}

/// What a file offers: what it holds, or what stands in for that. Neither, if it was rolled back.
fn offered<'a>(place: &'a Place, held_back: &[ContentHash]) -> Option<&'a Candidate> {
    let name = place.plugin()?;
    let may_serve = |candidate: &&Candidate| candidate.plugin.name == *name && !held_back.contains(&candidate.content);
    place.now.as_ref().filter(may_serve).or_else(|| place.standing.as_ref().filter(may_serve))
}

/// The pinned content; else the best that is offered; else what serves, while the plugin has any file.
fn winner(claims: &[Claim<'_>], known: &Known) -> Option<Winner> {
    let stays = |candidate: &Candidate| {
        let holds = |claim: &&Claim<'_>| claim.offers.is_some_and(|offer| offer.content == candidate.content);
        let serves = |claim: &&Claim<'_>| Some(claim.file) == known.file.as_deref();
        let claim = claims.iter().find(holds).or_else(|| claims.iter().find(serves)).or_else(|| claims.first())?;
        Some(Winner { candidate: candidate.clone(), file: claim.file.to_owned() })
    };
    if let Some(pinned) = &known.pinned {
        return stays(pinned);
    }
    let serving = known.serving.as_ref().map(|serving| serving.content);
    let rank = |(order, claim): &(usize, &Claim<'_>)| {
        let offer = claim.offers?;
        let (same_content, same_file) = (Some(offer.content) == serving, Some(claim.file) == known.file.as_deref());
        Some((offer.version.clone(), same_content, claim.place.there, same_file, Reverse(*order)))
    };
    let best = claims.iter().enumerate().filter(|(_, claim)| claim.offers.is_some()).max_by_key(rank);
    match best {
        Some((_, claim)) => claim.offers.map(|offer| Winner { candidate: offer.clone(), file: claim.file.to_owned() }),
        None => known.serving.as_ref().and_then(stays),
    }
}

fn verdict(
    claim: &Claim<'_>,
    now: &Candidate,
    winner: &Winner,
    known: &Known,
    places: &BTreeMap<String, Place>,
) -> Verdict {
    let (new, old, file) = (&now.plugin, &winner.candidate.plugin, &winner.file);
    if claim.file == *file && now.content == winner.candidate.content {
        return Verdict::Serving;
    }
    if known.pinned.is_some() {
        return Verdict::Superseded(format!("{old} is pinned and serves"));
    }
    if known.held_back.contains(&now.content) {
        return Verdict::Superseded(format!("{new} was rolled back; {old} serves"));
    }
    if now.version != winner.candidate.version {
        return Verdict::Superseded(format!("{old} of {file} is newer and serves"));
    }
    if !claim.place.there || places.get(file).is_some_and(|place| !place.there) {
        return Verdict::Waiting;
    }
    Verdict::Rejected(format!("{new}: {old} of {file} serves already"))
}

#[cfg(test)]
mod tests;
