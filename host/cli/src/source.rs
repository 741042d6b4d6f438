//! What the operator hands over in a file or on stdin.

use std::io::Read;
use std::path::Path;

use anyhow::Context as _;

/// The bytes of a file, or of stdin for `-`: `most` of them at most, where `what` says what they are for.
///
/// # Errors
/// It cannot be read, or is larger.
pub(crate) fn read(file: &Path, most: u64, what: &str) -> anyhow::Result<Vec<u8>> {
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?)
    };
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", file.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= most, "{} is larger than the {most} bytes of {what}", file.display());
    Ok(bytes)
}
