//! `hookyard new`: a plugin's crate that builds, with a test and a sample webhook.

mod name;
mod sdk;
mod template;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hookyard_domain::id::PluginName;

use crate::failure::WrongUsage;
use crate::output;

/// What is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The plugin's name, and the directory that is made: a-z, 0-9 and -, starting with a letter
    name: PluginName,
    /// The language
    #[arg(long, default_value = "rust")]
    lang: String,
    /// The SDK, `plugins/sdk/rust` in a clone of Hookyard [default: that of the clone around the current directory]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

/// Makes the directory, whole or not at all, and says what to do next. What exists already is never touched.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { name, lang, sdk } = arguments;
    if lang != "rust" {
        return Err(WrongUsage(other_language(&lang)).into());
    }
    let names = name::Names::of(&name).map_err(WrongUsage)?;
    let directory = std::env::current_dir().context("cannot find the current directory")?;
    let sdk = sdk::find(sdk.as_deref(), &directory)?;
    let made = directory.join(name.as_str());
    write(&made, &template::rust(&names, &sdk.seen_from(&made), sdk.lock().as_deref()))
        .with_context(|| format!("cannot make {}", made.display()))?;
    output::line(&format!("made {name}: src/lib.rs is the plugin, src/tests.rs its tests. Next:\n"))?;
    output::line(&format!("  cd {name}\n  cargo test\n  hookyard dev .\n"))?;
    Ok(output::line(&format!("and in a second terminal, in {name}:\n\n  hookyard trigger {name} order-shipped"))?)
}

fn other_language(lang: &str) -> String {
    format!(
        "there is a template for rust only, not for {lang:?}; plugins/README.md of Hookyard says how plugins in JavaScript and \
         Python are built, and tests/guests has a whole one of each"
    )
}

/// Writes the files beside their place and moves them there, so that a half-made plugin never stands there.
fn write(directory: &Path, files: &[(&str, String)]) -> anyhow::Result<()> {
    anyhow::ensure!(!directory.exists(), "it exists already; nothing was changed");
    let parent = directory.parent().context("it has no parent directory")?;
    let half_made = tempfile::Builder::new().prefix(".hookyard-new-").tempdir_in(parent)?;
    for (file, content) in files {
        let path = half_made.path().join(file);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, content)?;
    }
    // A directory for everybody's eyes, like any that a person makes; a temporary one is not.
    let like_others = std::fs::metadata(parent)?.permissions();
    std::fs::set_permissions(half_made.path(), like_others)?;
    // Fails where somebody was quicker: a directory with anything in it is not replaced.
    std::fs::rename(half_made.path(), directory)?;
    // It is not temporary any more.
    let _moved = half_made.keep();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_appears_whole_and_is_never_touched_again() {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = parent.path().join("parcels");
        write(&directory, &[("src/lib.rs", "one".to_owned())]).expect("writable");
        let error = write(&directory, &[("src/lib.rs", "two".to_owned())]).expect_err("it is there");
        assert!(error.to_string().contains("exists already"));
        assert_eq!(std::fs::read_to_string(directory.join("src/lib.rs")).expect("readable"), "one");
        assert_eq!(std::fs::read_dir(parent.path()).expect("readable").count(), 1, "nothing is left beside it");
    }
}
