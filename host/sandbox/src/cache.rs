//! Compiled code on disk, each with the manifest of its component, so that a start compiles nothing and calls no guest.
//!
//! The directory is private (0700): whoever can write there runs machine code in the host. A checksum over the whole entry
//! finds what a disk or a crash has damaged; such an entry counts as absent and is replaced.

use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hookyard_domain::plugin::ContentHash;
use tracing::warn;
use wasmtime::Engine;

use crate::compile_child::write_whole;

/// Starts every entry; the number changes with the layout.
const MAGIC: &[u8; 16] = b"hookyard code 1\n";
/// Starts the names of files that are being written.
const SCRATCH: &str = "scratch-";
const HASH_BYTES: usize = 32;

/// A directory of entries: checksum, length of the manifest, manifest, code.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    /// Tells code of this engine, its version and settings, and this machine's processor from any other.
    compatibility: u64,
    scratch: AtomicU64,
}

/// What is kept of one component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// What `describe` returned.
    pub(crate) manifest_json: String,
    /// What the compiler returned, unchanged since.
    pub(crate) code: Vec<u8>,
}

impl Cache {
    /// Opens the directory, makes it private, and makes it if it is not there.
    pub(crate) fn open(dir: &Path, engine: &Engine) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        sweep(dir)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { dir: dir.to_owned(), compatibility: hasher.finish(), scratch: AtomicU64::new(0) })
    }

    /// The entry of this component, if there is one and it is whole.
    pub(crate) fn read(&self, component: ContentHash) -> Option<Kept> {
        let path = self.path(component);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                warn!(path = %path.display(), %error, "compiled code cannot be read and is made again");
                return None;
            }
        };
        let kept = decode(&bytes);
        if kept.is_none() {
            warn!(path = %path.display(), "compiled code is damaged and is made again");
        }
        kept
    }

    /// Keeps an entry. A failure costs the next start some time, nothing else.
    pub(crate) fn write(&self, component: ContentHash, kept: &Kept) {
        let path = self.path(component);
        let scratch = self.scratch_path();
        let written = write_whole(&scratch, &encode(kept)).and_then(|()| fs::rename(&scratch, &path));
        if let Err(error) = written {
            warn!(path = %path.display(), %error, "compiled code cannot be kept; the next start compiles again");
        }
    }

    /// Drops an entry, if there is one.
    pub(crate) fn remove(&self, component: ContentHash) {
        let path = self.path(component);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!(path = %path.display(), %error, "compiled code stays behind");
            }
            _ => {}
        }
    }

    /// A path in the directory that nobody else uses, in this process or another.
    pub(crate) fn scratch_path(&self) -> PathBuf {
        let number = self.scratch.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!("{SCRATCH}{}-{number}", std::process::id()))
    }

    fn path(&self, component: ContentHash) -> PathBuf {
        self.dir.join(format!("{component}-{:016x}.code", self.compatibility))
    }
}

/// Removes what a host that was killed had not finished.
fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn encode(kept: &Kept) -> Vec<u8> {
    let manifest = kept.manifest_json.as_bytes();
    let mut body = Vec::with_capacity(8 + manifest.len() + kept.code.len());
    body.extend_from_slice(&(manifest.len() as u64).to_le_bytes());
    body.extend_from_slice(manifest);
    body.extend_from_slice(&kept.code);
    [&MAGIC[..], &ContentHash::of(&body).0, &body].concat()
}

fn decode(bytes: &[u8]) -> Option<Kept> {
    let (checksum, body) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<HASH_BYTES>()?;
    if ContentHash::of(body).0 != *checksum {
        return None;
    }
    let (length, rest) = body.split_first_chunk::<8>()?;
    let (manifest, code) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some(Kept { manifest_json: String::from_utf8(manifest.to_vec()).ok()?, code: code.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept { manifest_json: r#"{"name":"x"}"#.into(), code: vec![7; 100] }
    }

    #[test]
    fn an_entry_survives_and_belongs_to_its_component() {
        let dir = tempfile::tempdir().expect("temp dir");
        let engine = crate::engine::on_demand().expect("engine");
        let cache = Cache::open(&dir.path().join("code"), &engine).expect("open");
        cache.write(ContentHash::of(b"a"), &kept());
        assert_eq!(cache.read(ContentHash::of(b"a")), Some(kept()));
        assert_eq!(cache.read(ContentHash::of(b"b")), None);
        let mode = fs::metadata(dir.path().join("code")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn what_was_not_finished_and_what_is_not_wanted_goes() {
        let dir = tempfile::tempdir().expect("temp dir");
        let engine = crate::engine::on_demand().expect("engine");
        fs::write(dir.path().join("scratch-1-0"), "code").expect("writable");
        fs::write(dir.path().join("scratch-1-1.part"), "co").expect("writable");
        let cache = Cache::open(dir.path(), &engine).expect("open");
        cache.write(ContentHash::of(b"a"), &kept());
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1);
        cache.remove(ContentHash::of(b"a"));
        cache.remove(ContentHash::of(b"never written"));
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 0);
    }

    #[test]
    fn any_damage_is_noticed() {
        let whole = encode(&kept());
        assert_eq!(decode(&whole), Some(kept()));
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert_eq!(decode(&damaged), None, "byte {at}");
            assert_eq!(decode(&whole[..at]), None, "cut at {at}");
        }
    }
}
