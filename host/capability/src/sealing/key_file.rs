//! The file of the master key: 64 hex digits and a line end, for its user only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use hookyard_domain::entropy::Entropy;
use hookyard_domain::hex::{hex, unhex};

use super::MasterKey;

/// The mode bits of anybody but the file's user.
const OTHERS: u32 = 0o077;
/// Longest file that is read: a key, a line end, and one byte more, by which one that is too long is known.
const FILE_BYTES_MAX: u64 = 2 * MasterKey::BYTES as u64 + 2;

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is none although something is sealed.
    #[error(
        "the key file {} is missing, and without it the configs that were set through the API, and the tokens that were fetched, \
         cannot be read: put it back from a backup",
        .path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Others may read it, or write to it.
    #[error("other users may use the key file {path}: take that from them (chmod 600 {path})", path = .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It does not hold a key.
    #[error("the key file {} does not hold 64 hex digits: put it back from a backup", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or made.
    #[error("the key file {} cannot be read or made", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The key in the file; `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<[u8; MasterKey::BYTES]>, MasterKeyError> {
    let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        // A link that leads nowhere stands for a key that is elsewhere: a new one must not take its place.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.mode() & OTHERS != 0 {
        return Err(MasterKeyError::Exposed { path: path.to_owned() });
    }
    let malformed = || MasterKeyError::Malformed { path: path.to_owned() };
    let mut text = String::new();
    match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(malformed()),
        read => read.map_err(failed)?,
    };
    let digits = text.strip_suffix('\n').unwrap_or(&text);
    let bytes = unhex(digits).and_then(|bytes| bytes.try_into().ok());
    bytes.map(Some).ok_or_else(malformed)
}

/// Makes a key and its file, which is whole and durable before it has its name. That there is none yet has just been seen,
/// and the data directory is used by one host at a time.
pub(super) fn create(path: &Path, entropy: &dyn Entropy) -> Result<[u8; MasterKey::BYTES], MasterKeyError> {
    let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
    let mut bytes = [0; MasterKey::BYTES];
    entropy.fill(&mut bytes);
    let unfinished = path.with_added_extension("new");
    write(&unfinished, &format!("{}\n", hex(&bytes))).map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)?;
    sync_parent(path).map_err(failed)?;
    Ok(bytes)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // What a crash has left is worth nothing: it never had the key's name.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}
