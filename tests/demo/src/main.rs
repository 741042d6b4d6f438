//! `cargo demo`: from a fresh checkout to a host that serves all five plugins, by the commands that an operator would use. The
//! providers themselves are fakes.
//!
//! This program depends on nothing. What it needs is built together with the host, so that cargo compiles no dependency a second
//! time with other features.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where the host listens, as in hookyard.toml.
const WEBHOOKS: &str = "http://127.0.0.1:8080/webhooks";
/// Where people write.
const PEOPLE: &str = "127.0.0.1:8079";
const PLUGINS: [&str; 5] =
    ["plugins/aftership", "plugins/feedbot", "plugins/freshchat", "plugins/generic-http", "plugins/selarti"];

fn main() -> ExitCode {
    let error = match demo() {
        Ok(never) => match never {},
        Err(error) => error,
    };
    #[expect(clippy::print_stderr, reason = "the user's terminal is where this belongs")]
    {
        eprintln!("demo: {error}");
    }
    ExitCode::FAILURE
}

fn demo() -> io::Result<std::convert::Infallible> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let build = ["build", "--package", "hookyard", "--package", "hookyard-fakes"];
    run(Command::new(env!("CARGO")).args(build).current_dir(&root))?;
    let hookyard = binary("hookyard")?;
    for plugin in PLUGINS {
        run(Command::new(&hookyard).args(["build", plugin]).current_dir(&root))?;
    }
    say_what_to_try();
    let mut demo = Command::new(binary("with-providers")?);
    demo.args([WEBHOOKS, PEOPLE]);
    demo.arg(&hookyard).args(["serve", "--config", "tests/demo/hookyard.toml", "--plugins"]).arg(plugins()?);
    demo.current_dir(&root);
    Err(demo.exec())
}

/// Where `hookyard build` puts components: beside the directory of the profile, wherever cargo's target directory is.
fn plugins() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target =
        program.ancestors().nth(2).ok_or_else(|| io::Error::other("this program is not in a target directory"))?;
    Ok(target.join("hookyard/plugins"))
}

/// Cargo puts every binary beside this one.
fn binary(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// Runs a command as the user would, without what the outer `cargo run` said of this package: build scripts look at that, and
/// would run again at the user's own next cargo.
#[expect(clippy::disallowed_methods, reason = "what is taken away has to be known")]
fn run(command: &mut Command) -> io::Result<()> {
    let of_this_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    std::env::vars().filter(|(name, _)| of_this_package(name)).for_each(|(name, _)| {
        command.env_remove(name);
    });
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?} ended with {status}"))) }
}

#[expect(clippy::print_stdout, reason = "the user's terminal is where this belongs")]
fn say_what_to_try() {
    println!(
        "
Eva, Rui and Tom write first. In another terminal, from this directory:

  cargo hookyard events --follow          # watch events

and in a third one, say something to the bot in Freshchat, whose answers come from Selarti:

  curl -d 'Hello, is anybody there?' http://{PEOPLE}/ana
  curl -d 'I want a person' http://{PEOPLE}/ana

ask the shop for a boleto, a payment slip, by a number that it knows and by another one:

  curl -d 'boleto 00123456789' http://{PEOPLE}/rui
  curl -d 'boleto 99999999999' http://{PEOPLE}/rui

write in Telegram, which has no plugin of its own:

  curl -d 'Hello' http://{PEOPLE}/telegram/tom

or have AfterShip follow a parcel, and WhatsApp tell that it has arrived:

  cargo hookyard connections show demo
  cargo hookyard call demo track-shipment '{{\"tracking_number\": \"LX4401927FR\", \"fields\": {{\"smses\": [\"+972500000001\"]}}}}'
  cargo hookyard trigger demo delivered   # a webhook from the plugin's samples
"
    );
}
