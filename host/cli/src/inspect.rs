//! Loads a component as a host does, and says what it is and what it asks for.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use hookyard_domain::clock::SystemClock;
use hookyard_domain::entropy::SystemEntropy;
use hookyard_domain::manifest::credential::Credential;
use hookyard_domain::manifest::webhook::{Scheme, WebhookDeclaration, WebhookRules};
use hookyard_sandbox::{Compiler, LoadBounds, Sandbox, SandboxSettings};
use hookyard_server::plugins::Plugin;
use tempfile::TempDir;

use crate::output;

/// Loads the component in a sandbox of its own, compiled by a child process of this program.
///
/// # Errors
/// The reason why no host could use it.
pub(crate) async fn load(file: &Path) -> anyhow::Result<Plugin> {
    let (_cache, sandbox) = sandbox()?;
    let loaded = Plugin::load(file, &sandbox).await;
    loaded.map_err(|reason| anyhow::anyhow!("{}: {}", file.display(), output::clean_lines(&reason)))
}

/// A sandbox whose components are compiled by a child process of this program, behind the directory of their compiled
/// code, which is removed when it is dropped.
///
/// # Errors
/// The directory cannot be made, or this machine cannot run a sandbox.
pub(crate) fn sandbox() -> anyhow::Result<(TempDir, Sandbox)> {
    let cache = tempfile::tempdir().context("cannot make a temporary directory")?;
    let settings = SandboxSettings {
        pool_slots: 0,
        cache_dir: cache.path().to_owned(),
        compiler: Compiler::Child(std::env::current_exe().context("cannot find this program's own path")?),
        bounds: LoadBounds::default(),
    };
    let sandbox = Sandbox::new(settings, Arc::new(SystemClock), Arc::new(SystemEntropy::default()))?;
    Ok((cache, sandbox))
}

/// Prints what a plugin is and what it asks for; warnings go to stderr.
///
/// # Errors
/// Stdout cannot be written.
pub(crate) fn print(plugin: &Plugin) -> std::io::Result<()> {
    for warning in &plugin.warnings {
        output::note(&output::clean_lines(&format!("warning: {warning}")));
    }
    let manifest = &plugin.manifest;
    let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let secrets: Vec<_> = manifest.credentials.iter().map(credential).collect();
    output::facts(&[
        ("plugin", manifest.plugin().to_string()),
        ("title", manifest.title.clone().unwrap_or_default()),
        ("file", plugin.path.display().to_string()),
        ("size", format!("{} KiB", plugin.component.wasm_bytes().div_ceil(1024))),
        ("sha256", plugin.component.hash().to_string()),
        ("webhooks", webhooks(manifest.webhook.as_ref())),
        ("events", names(manifest.events.iter().map(|event| event.kind.as_str()).collect())),
        ("actions", names(manifest.actions.iter().map(|action| action.name.as_str()).collect())),
        ("samples", names(manifest.samples.iter().map(|sample| sample.name.as_str()).collect())),
        ("asks hosts", names(manifest.hosts.iter().map(String::as_str).collect())),
        ("asks secrets", names(secrets.iter().map(String::as_str).collect())),
        ("asks limits", limits(plugin)),
    ])
}

fn webhooks(declaration: Option<&WebhookDeclaration>) -> String {
    match declaration {
        None => "none".to_owned(),
        Some(WebhookDeclaration::FromConfig(from)) => format!("by the rules at {} of the config", from.config),
        Some(WebhookDeclaration::Rules(rules)) => {
            format!("{}, verified by {}", rules.methods.join(", "), schemes(rules))
        }
    }
}

fn schemes(rules: &WebhookRules) -> String {
    rules.verify.as_slice().iter().map(|rule| name(rule.scheme)).collect::<Vec<_>>().join(" or ")
}

/// As the manifest writes it.
fn name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Hmac => "hmac",
        Scheme::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
        Scheme::Ed25519 => "ed25519",
        Scheme::StandardWebhooks => "standard-webhooks",
        Scheme::Token => "token",
        Scheme::Basic => "basic",
        Scheme::None => "none",
    }
}

/// Which secret goes where, as the operator is asked to consent to it.
fn credential(credential: &Credential) -> String {
    let secret = credential.secret.as_deref().or(credential.value.as_deref()).unwrap_or("basic");
    let place = match (&credential.header, &credential.place) {
        (Some(header), _) => format!("header {header}"),
        (None, Some(places)) => places.join(", "),
        (None, None) => "header authorization".to_owned(),
    };
    format!("{secret} to {} in {place}", credential.hosts.join(", "))
}

fn limits(plugin: &Plugin) -> String {
    let limits = plugin.manifest.limits.resolve();
    format!(
        "{} MiB of memory, {} ms, of which {} ms of computing",
        limits.memory_bytes / (1024 * 1024),
        limits.deadline.as_millis(),
        limits.cpu.as_millis()
    )
}
