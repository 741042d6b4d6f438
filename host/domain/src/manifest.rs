//! What a plugin says of itself. A guest returns it as JSON from `describe`; it is untrusted.
//!
//! Which members may be unknown is said at [`Manifest`]; [`document`] warns of them.

pub mod action;
mod check;
pub mod credential;
pub mod document;
pub(crate) mod host;
pub mod limits;
pub(crate) mod problem;
pub(crate) mod rules;
pub mod sample;
pub mod webhook;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::id::PluginName;
use crate::limit;
use crate::plugin::PluginVersion;

use action::{ActionDeclaration, EventDeclaration};
use credential::Credential;
use limits::Limits;
pub use problem::ManifestProblem;
use problem::Problems;
use sample::Sample;
use webhook::WebhookDeclaration;

/// A plugin's description of itself.
///
/// Unknown members of this object, and of those in `actions`, `events` and `samples`, are ignored with a warning, so that a
/// newer manifest works on an older host; any name may get a meaning later. Within `webhook`, `credentials` and `limits`,
/// where a name that is misspelt would weaken a check, unknown members are refused.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The format of this document; 1 when absent.
    #[serde(default = "format_one")]
    #[schemars(extend("const" = 1))]
    pub manifest: u32,
    /// The plugin's name: 1 to 64 of a-z, 0-9 and -, starting with a letter.
    #[schemars(with = "String", extend("pattern" = "^[a-z][a-z0-9-]{0,63}$"))]
    pub name: PluginName,
    /// Semantic version of the plugin.
    pub version: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<String>,
    /// What it connects, in a sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// Where its documentation stands.
    #[serde(default)]
    pub homepage: Option<String>,
    /// JSON Schema 2020-12 of the config. `"writeOnly": true` marks a secret; `"x-aliases"` other names of a property.
    #[serde(default = "any_object")]
    pub config: Value,
    /// How webhooks come in. Without it, the connection has no webhook URL.
    #[serde(default)]
    pub webhook: Option<WebhookDeclaration>,
    /// Requests that clients may make.
    #[serde(default)]
    pub actions: Vec<ActionDeclaration>,
    /// Events that the plugin may emit.
    #[serde(default)]
    pub events: Vec<EventDeclaration>,
    /// Host patterns that the plugin wants to reach: `api.example.com`, `*.example.com`, `{config:/api_base}`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The only places that a secret may go to.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// Bounds of one invocation.
    #[serde(default)]
    pub limits: Limits,
    /// Webhooks to try the plugin with.
    #[serde(default)]
    pub samples: Vec<Sample>,
}

/// A manifest that can be used, and what its author should know.
#[derive(Debug, Clone)]
pub struct ParsedManifest {
    /// The manifest.
    pub manifest: Manifest,
    /// Sentences about what is ignored or weak.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// Reads what `describe` returned. Everything that is wrong is reported together.
    pub fn parse(json: &str) -> Result<ParsedManifest, Vec<ManifestProblem>> {
        let whole = |message: String| vec![ManifestProblem { pointer: String::new(), message }];
        if json.len() > limit::MANIFEST_BYTES_MAX {
            let (bytes, max) = (json.len(), limit::MANIFEST_BYTES_MAX);
            return Err(whole(format!("the manifest has {bytes} bytes; at most {max} are allowed")));
        }
        let document = document::read(json)?;
        let manifest: Self = serde_json::from_str(json).map_err(|error| whole(error.to_string()))?;
        let mut problems = Problems::default();
        let mut warnings = document::unknown_members(&document);
        check::check(&manifest, &mut problems, &mut warnings);
        problems.into_result(ParsedManifest { manifest, warnings })
    }

    /// Name and version.
    pub fn plugin(&self) -> PluginVersion {
        PluginVersion { name: self.name.clone(), version: self.version.clone() }
    }

    /// The version for comparing; `None` where it is not one of semver.org 2.0.0, which [`Manifest::parse`] refuses.
    pub fn semantic_version(&self) -> Option<semver::Version> {
        semver::Version::parse(&self.version).ok()
    }

    /// The declaration of this event kind, if there is one.
    pub fn event(&self, kind: &str) -> Option<&EventDeclaration> {
        self.events.iter().find(|event| event.kind == kind)
    }

    /// The declaration of this action, if there is one.
    pub fn action(&self, name: &str) -> Option<&ActionDeclaration> {
        self.actions.iter().find(|action| action.name == name)
    }
}

fn format_one() -> u32 {
    1
}

fn any_object() -> Value {
    serde_json::json!({ "type": "object" })
}
