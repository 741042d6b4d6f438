//! The `hookyard` command: runs a host, builds and checks plugins, and asks a running host.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

mod build;
mod call;
mod check;
mod client;
mod connections;
mod curl;
mod deliveries;
mod dev;
mod events;
mod failure;
mod inspect;
mod invocations;
mod new;
mod output;
mod plugins;
mod serve;
mod source;
mod sse;
mod subscriptions;
mod timers;
mod tokens;
mod trigger;
mod webhooks;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A self-hosted host for integrations: webhooks in, events out, each provider in a sandboxed component.
#[derive(Debug, Parser)]
#[command(name = "hookyard", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a host
    Serve(serve::Arguments),
    /// Build plugins, serve them, and build and swap what is saved
    Dev(dev::Arguments),
    /// Make a plugin that builds, with a test and a sample webhook
    New(new::Arguments),
    /// Build a plugin crate into one stripped component, and check it
    Build(build::Arguments),
    /// Say whether a component or a configuration is usable, and why not
    Check(check::Arguments),
    /// Send a test webhook to a connection of a running host
    Trigger(trigger::Arguments),
    /// Run an action of a connection of a running host
    Call(call::Arguments),
    /// Print the events of a running host
    Events(events::Arguments),
    /// List, show, replay or skip the webhooks in the inbox of a running host
    Webhooks(webhooks::Arguments),
    /// List the most recent calls of plugins of a running host
    Invocations(invocations::Arguments),
    /// List or show the plugins of a running host, or choose the version that serves
    Plugins(plugins::Arguments),
    /// List, show, change or check the connections of a running host
    Connections(connections::Arguments),
    /// List, show, make, change, pause or replay the subscriptions of a running host
    Subscriptions(subscriptions::Arguments),
    /// List or show the deliveries of a running host that did not succeed at once, or have them tried again
    Deliveries(deliveries::Arguments),
    /// List, show, cancel or fire the timers of a running host
    Timers(timers::Arguments),
    /// Make bearer tokens for the HTTP API
    Tokens(tokens::Arguments),
    /// What a host runs to compile a component.
    #[command(name = "compile-component", hide = true)]
    CompileComponent {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let command = match Cli::parse().command {
        // A child process with strict limits: no threads of ours, no output of ours.
        Command::CompileComponent { arguments } => return hookyard_sandbox::compile_child::main(arguments),
        command => command,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&anyhow::Error::new(error).context("cannot start")),
    };
    match runtime.block_on(run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::New(arguments) => new::run(arguments).await,
        Command::Build(arguments) => build::run(arguments).await,
        Command::Check(arguments) => check::run(arguments).await,
        Command::Trigger(arguments) => trigger::run(arguments).await,
        Command::Call(arguments) => call::run(arguments).await,
        Command::Events(arguments) => events::run(arguments).await,
        Command::Webhooks(arguments) => webhooks::run(arguments).await,
        Command::Invocations(arguments) => invocations::run(arguments).await,
        Command::Plugins(arguments) => plugins::run(arguments).await,
        Command::Connections(arguments) => connections::run(arguments).await,
        Command::Subscriptions(arguments) => subscriptions::run(arguments).await,
        Command::Deliveries(arguments) => deliveries::run(arguments).await,
        Command::Timers(arguments) => timers::run(arguments).await,
        Command::Tokens(arguments) => tokens::run(arguments).await,
        Command::CompileComponent { .. } => Ok(()),
    }
}

/// The process's environment. Values that are not Unicode count as not set.
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn right_usage_is_understood() {
        for line in [
            "hookyard serve",
            "hookyard serve --config x.toml --plugins p --data d --listen [::1]:0 --log-format json --strict",
            "hookyard build",
            "hookyard build plugins/aftership --out x.wasm",
            "hookyard check x.wasm",
            "hookyard check --config hookyard.toml",
            "hookyard trigger demo",
            "hookyard trigger demo delivered --json --data d",
            "hookyard trigger demo --file body.json --print-curl",
            "hookyard events --follow --after 12 --type aftership.* --type x --connection demo --json",
            "hookyard call demo track-shipment",
            "hookyard call demo track-shipment {} --idempotency-key k --json --data d",
            "hookyard call demo track-shipment -",
            "hookyard connections check demo",
            "hookyard connections consent demo",
            "hookyard connections consent demo --version 1.2.0",
            "hookyard connections set shop --plugin aftership --config - --grants as-asked --enable api_key=@key x=",
            "hookyard connections set shop --disable --json",
            "hookyard connections delete shop",
            "hookyard plugins pin aftership 1.2.0",
            "hookyard plugins pin aftership",
            "hookyard plugins unpin aftership --data d",
            "hookyard plugins rollback aftership",
            "hookyard dev",
            "hookyard dev plugins ../other --config x.toml --data d --listen 127.0.0.1:0",
            "hookyard new parcel-post",
            "hookyard new parcel-post --lang rust --sdk ../hookyard/plugins/sdk/rust",
            "hookyard plugins",
            "hookyard plugins show aftership --json",
            "hookyard webhooks",
            "hookyard webhooks --state failed --state pending --connection demo --since 2026-03-04T09:00:00Z --limit 5",
            "hookyard webhooks list --until 2026-03-04T09:00:00Z --json --data d",
            "hookyard webhooks --limit 5000 --before 1882548882872729600",
            "hookyard webhooks show whk_01h2xcejqtf2nbrexx3vqjhp41",
            "hookyard webhooks replay whk_01h2xcejqtf2nbrexx3vqjhp41 whk_01h2xcejqtf2nbrexx3vqjhp42 --dry-run",
            "hookyard webhooks replay --all-failed demo --since 2026-03-04T09:00:00Z",
            "hookyard webhooks replay --connection demo --state handled --until 2026-03-04T09:00:00Z --dry-run --json",
            "hookyard webhooks skip whk_01h2xcejqtf2nbrexx3vqjhp41",
            "hookyard invocations --connection demo --state trap --limit 3 --log",
            "hookyard connections show demo --config x.toml",
            "hookyard timers",
            "hookyard timers --state failed --connection demo --json",
            "hookyard timers list --state pending",
            "hookyard timers show demo poll",
            "hookyard timers cancel demo poll --data d",
            "hookyard timers fire demo poll",
            "hookyard tokens create --name ci",
            "hookyard compile-component --memory 5 x",
        ] {
            assert!(parse(line).is_ok(), "{line}: {}", parse(line).expect_err("refused"));
        }
    }

    #[test]
    fn right_usage_of_subscriptions_and_deliveries_is_understood() {
        for line in [
            "hookyard subscriptions",
            "hookyard subscriptions list --json --data d",
            "hookyard subscriptions show parcel-to-crm",
            "hookyard subscriptions create --type aftership.* --type x --url https://crm.example.com/hooks --header a=b",
            "hookyard subscriptions create --type x --connection crm --action note --input {} --ordered true --from shop",
            "hookyard subscriptions create --document @subscription.json",
            "hookyard subscriptions set sub_01h2xcejqtf2nbrexx3vqjhp41 --disable --when event.data.x",
            "hookyard subscriptions delete crm",
            "hookyard subscriptions pause crm",
            "hookyard subscriptions resume crm --json",
            "hookyard subscriptions rotate-secret crm --overlap 0",
            "hookyard subscriptions replay crm --after 17",
            "hookyard subscriptions replay crm --since 2026-03-04T09:00:00Z",
            "hookyard deliveries",
            "hookyard deliveries --state exhausted --state pending --subscription crm --limit 5 --before 77",
            "hookyard deliveries list --since 2026-03-04T09:00:00Z --json",
            "hookyard deliveries show dlv_01h2xcejqtf2nbrexx3vqjhp41",
            "hookyard deliveries retry dlv_01h2xcejqtf2nbrexx3vqjhp41 dlv_01h2xcejqtf2nbrexx3vqjhp42",
            "hookyard deliveries retry --all --since 2026-03-04T09:00:00Z --dry-run",
            "hookyard deliveries retry --subscription crm --state pending",
        ] {
            assert!(parse(line).is_ok(), "{line}: {}", parse(line).expect_err("refused"));
        }
    }

    #[test]
    fn wrong_usage_is_refused_with_code_2() {
        for line in [
            "hookyard launch",
            "hookyard serve --listen 8080",
            "hookyard serve --log-format xml",
            "hookyard check",
            "hookyard check x.wasm --config hookyard.toml",
            "hookyard trigger",
            "hookyard trigger demo delivered --file body.json",
            "hookyard trigger Demo!",
            "hookyard call demo",
            "hookyard tokens",
            "hookyard connections show",
            "hookyard connections set shop --enable --disable",
            "hookyard connections set shop api_key",
            "hookyard connections delete",
            "hookyard plugins pin",
            "hookyard timers --state late",
            "hookyard timers cancel demo",
            "hookyard new",
            "hookyard new Parcels",
            "hookyard new ../parcels",
            "hookyard events --connection a/b",
            "hookyard webhooks --state broken",
            "hookyard webhooks --since yesterday",
            "hookyard webhooks show",
            "hookyard webhooks show 17",
            "hookyard webhooks replay",
            "hookyard webhooks replay --connection demo",
            "hookyard webhooks replay --state failed",
            "hookyard webhooks replay --all-failed demo --state handled",
            "hookyard webhooks replay whk_01h2xcejqtf2nbrexx3vqjhp41 --all-failed demo",
            "hookyard webhooks replay whk_01h2xcejqtf2nbrexx3vqjhp41 --since 2026-03-04T09:00:00Z",
            "hookyard webhooks skip",
            "hookyard webhooks --limit 0",
            "hookyard subscriptions show",
            "hookyard subscriptions show CRM",
            "hookyard subscriptions create --url nowhere",
            "hookyard subscriptions create --url https://a.example --connection crm",
            "hookyard subscriptions set crm --enable --disable",
            "hookyard subscriptions replay crm",
            "hookyard subscriptions replay crm --after 1 --since 2026-03-04T09:00:00Z",
            "hookyard subscriptions replay crm --after x",
            "hookyard deliveries --state broken",
            "hookyard deliveries show 17",
            "hookyard deliveries retry",
            "hookyard deliveries retry --all --subscription crm",
            "hookyard deliveries retry dlv_01h2xcejqtf2nbrexx3vqjhp41 --all",
            "hookyard deliveries retry dlv_01h2xcejqtf2nbrexx3vqjhp41 --dry-run",
            "hookyard invocations --limit many",
            "hookyard invocations --limit 0",
            "hookyard invocations --limit 1001",
        ] {
            assert_eq!(parse(line).expect_err(line).exit_code(), 2, "{line}");
        }
    }
}
