//! `hookyard build`: a plugin crate becomes one stripped component.

pub(crate) mod cargo;
mod family;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::build::cargo::Course;
use crate::inspect;
use crate::output;

/// What is built.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The plugin's crate
    #[arg(default_value = ".", value_name = "DIR")]
    crate_directory: PathBuf,
    /// Where the component goes [default: target/hookyard/plugins/NAME.wasm]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Builds, checks, and only then puts the component in its place.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let package = cargo::Package::find(&arguments.crate_directory).await?;
    cargo::add_target(&package).await?;
    output::progress(&format!("building {}", package.name));
    let built = cargo::build(&package, Course::Once).await?;
    let mut plugin = inspect::load(&built).await?;
    let default = || package.target_directory.join(format!("hookyard/plugins/{}.wasm", plugin.manifest.name));
    let out = arguments.out.unwrap_or_else(default);
    put(&built, &out).with_context(|| format!("cannot write {}", out.display()))?;
    plugin.path = out;
    Ok(inspect::print(&plugin)?)
}

/// Copies the file under a name of its own and renames it, so that a host which watches the directory never sees half of it.
///
/// # Errors
/// It cannot be written there; what stood there stays.
pub(crate) fn put(built: &Path, out: &Path) -> std::io::Result<()> {
    let directory = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let mut copy = tempfile::Builder::new().prefix(".hookyard-").suffix(".part").tempfile_in(directory)?;
    std::io::copy(&mut std::fs::File::open(built)?, &mut copy)?;
    let permissions = std::fs::metadata(built)?.permissions();
    copy.as_file().set_permissions(permissions)?;
    copy.as_file().sync_all()?;
    copy.persist(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_takes_its_place_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let (built, out) = (directory.path().join("built"), directory.path().join("plugins/x.wasm"));
        for content in ["old", "new"] {
            std::fs::write(&built, content).expect("writable");
            put(&built, &out).expect("writable");
            assert_eq!(std::fs::read_to_string(&out).expect("it is there"), content);
        }
        assert_eq!(std::fs::read_dir(directory.path().join("plugins")).expect("a directory").count(), 1);
    }
}
