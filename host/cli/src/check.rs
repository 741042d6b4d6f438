//! `hookyard check`: whether a component or a configuration is usable.

mod asks;
mod hazards;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hookyard_domain::clock::{Clock as _, SystemClock};
use hookyard_server::compose;
use hookyard_server::config::{self, Flags, Settings};
use hookyard_server::plugins::{Catalogue, Plugins};

use crate::environment;
use crate::inspect;
use crate::output;

/// What is checked.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Arguments {
    /// A component
    #[arg(value_name = "FILE.wasm")]
    component: Option<PathBuf>,
    /// A configuration; every problem is reported
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Checks it. Fails with the exact reason if it cannot be used.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    if let Some(component) = arguments.component {
        return check_component(&component).await;
    }
    check_config(arguments.config).await
}

async fn check_component(file: &Path) -> anyhow::Result<()> {
    let (_cache, sandbox) = inspect::sandbox()?;
    let plugin = inspect::load_in(&sandbox, file).await?;
    inspect::print(&plugin)?;
    let asks = asks::sentences(&plugin.manifest);
    output::line(if asks.is_empty() { "it asks for nothing" } else { "it asks to" })?;
    asks.iter().try_for_each(|sentence| output::line(&format!("  {}", output::clean(sentence))))?;
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let machine = hazards::Machine::with(all_variables());
    for hazard in hazards::find(&sandbox, &plugin.component, &wasm, &machine).await? {
        output::note(&output::clean_lines(&format!("warning: {hazard}")));
    }
    Ok(())
}

/// The environment. Variables that are not Unicode are left out.
fn all_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

async fn check_config(config: Option<PathBuf>) -> anyhow::Result<()> {
    let directory = std::env::current_dir().context("cannot find the current directory")?;
    let flags = Flags { config, ..Flags::default() };
    let settings = config::load(&flags, &directory, &lenient).map_err(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        unusable(&problems)
    })?;
    let (_cache, sandbox) = inspect::sandbox()?;
    let plugins = Plugins::load(&settings.plugins, &sandbox)
        .await
        .with_context(|| format!("cannot read the plugin directory {}", settings.plugins.display()))?;
    let problems = compose::problems(&settings, &plugins.catalogue(), SystemClock.now())?;
    if !problems.is_empty() {
        return Err(unusable(&problems));
    }
    Ok(print(&settings, &plugins.catalogue())?)
}

/// The environment, in which no host is strict: reading the settings of a strict one ends at what is wrong within the
/// file, and here that is to be reported along with what the plugins say. A value that is neither true nor false stays,
/// and is reported.
fn lenient(name: &str) -> Option<String> {
    let value = environment(name);
    let replaced = name == "HOOKYARD_STRICT" && matches!(value.as_deref(), None | Some("" | "true" | "1"));
    if replaced { Some("false".to_owned()) } else { value }
}

fn unusable(problems: &[String]) -> anyhow::Error {
    let count = counted(problems.len(), "problem");
    anyhow::anyhow!("{count}\n{}", output::clean_lines(&problems.join("\n")))
}

fn print(settings: &Settings, plugins: &Catalogue) -> std::io::Result<()> {
    for plugin in plugins.serving() {
        for warning in &plugin.warnings {
            output::note(&output::clean_lines(&format!("warning: {}: {warning}", plugin.manifest.plugin())));
        }
    }
    let connections = settings.connections.iter();
    let rows: Vec<_> = connections
        .map(|(id, connection)| vec![id.to_string(), connection.plugin.to_string(), connection.location.clone()])
        .collect();
    if !rows.is_empty() {
        output::table(&["connection", "plugin", "defined at"], &rows)?;
    }
    let subscriptions: Vec<_> = settings
        .subscriptions
        .iter()
        .map(|(id, subscription)| vec![id.to_string(), subscription.endpoint(), subscription.location.clone()])
        .collect();
    if !subscriptions.is_empty() {
        output::table(&["subscription", "endpoint", "defined at"], &subscriptions)?;
    }
    let (loaded, subscribed) =
        (counted(plugins.serving().count(), "plugin"), counted(subscriptions.len(), "subscription"));
    output::note(&format!("{loaded}, {} and {subscribed}: nothing is wrong", counted(rows.len(), "connection")));
    Ok(())
}

/// `1 plugin`, `2 plugins`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hookyard_domain::clock::Timestamp;
    use hookyard_server::config::ConnectionSettings;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_file_and_what_the_plugins_say_is_reported_together() {
        let mut settings = Settings::defaults(Path::new("nowhere"));
        settings.problems.push("x.toml:1: connections.A: no name".to_owned());
        let mut disabled = ConnectionSettings::new("crm".parse().expect("a plugin's name"), json!({}));
        disabled.enabled = false;
        settings.connections.insert("shop".parse().expect("a connection's id"), disabled);
        let problems =
            compose::problems(&settings, &Catalogue::default(), Timestamp::from_millis(0)).expect("can be told");
        assert_eq!(
            problems,
            ["x.toml:1: connections.A: no name", "no file: no plugin crm is loaded (loaded: none)"],
            "a disabled connection is checked too"
        );
    }

    #[test]
    fn a_provider_of_plugins_cannot_write_over_the_terminal() {
        let error = unusable(&["x.wasm: \x1b[2Jbroken".to_owned()]);
        assert_eq!(error.to_string(), "1 problem\nx.wasm: \u{fffd}[2Jbroken");
    }
}
