//! Compiled code on disk, each with the manifest of its component, so that a start compiles nothing and calls no guest.
//!
//! Code is a file of its own, which is mapped: its pages are the kernel's, and go and come as they are needed. The entry beside
//! it has the manifest and the code's checksum, and a checksum over itself. Whatever does not match counts as absent and is
//! replaced. A file is written whole, renamed into place and only ever unlinked or replaced, so that a mapping of it stays good.
//!
//! The directory is private (0700): whoever can write there runs machine code in the host.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hookyard_domain::hex::unhex;
use hookyard_domain::plugin::ContentHash;
use rustix::process::{Pid, test_kill_process};
use tracing::warn;
use wasmtime::Engine;

use crate::checksum::Checksum;
use crate::compile_child::{unfinished, write_whole};

/// Starts every entry; the number changes with the layout.
const MAGIC: &[u8; 16] = b"hookyard code 2\n";
/// Starts the names of files that are being written.
const SCRATCH: &str = "scratch-";
const CODE: &str = "cwasm";
const ENTRY: &str = "entry";
/// How entries of a former layout end.
const FORMER: &str = "code";
const HASH_BYTES: usize = 32;
/// Numbers the files of this process that are not finished; two sandboxes may share one directory.
static NEXT_SCRATCH: AtomicU64 = AtomicU64::new(0);
/// Tells this process from a former one with the same id, which is the rule in a container.
static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(SCRATCH));

/// A directory of code and entries: checksum of the entry; length and checksum of the code; manifest.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    /// Tells code of this engine, its version and settings, and this machine's processor from any other.
    compatibility: u64,
}

/// What is kept of one component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// What `describe` returned.
    pub(crate) manifest_json: String,
    /// The file that the compiler wrote, unchanged since.
    pub(crate) code: PathBuf,
}

/// A path in the directory that nobody else uses, in this process or another. What lies there goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Where a file may be written.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for path in [unfinished(&self.0), self.0.clone()] {
            remove(&path);
        }
    }
}

impl Cache {
    /// Opens the directory, makes it private, and makes it if it is not there.
    pub(crate) fn open(dir: &Path, engine: &Engine) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let cache = Self { dir: dir.to_owned(), compatibility: hasher.finish() };
        cache.remove_all(|name| is_abandoned(name) || parse(name).is_some_and(|(_, _, kind)| kind == FORMER))?;
        Ok(cache)
    }

    /// The entry of this component, if there is one and it is whole, code included.
    pub(crate) fn read(&self, component: ContentHash) -> Option<Kept> {
        let (entry, code) = (self.path(component, ENTRY), self.path(component, CODE));
        let read = fs::read(&entry).and_then(|bytes| Ok((decode(&bytes), Checksum::of(File::open(&code)?)?)));
        match read {
            Ok((Some((manifest_json, checksum)), found)) if found == checksum => Some(Kept { manifest_json, code }),
            Ok(_) => {
                warn!(path = %code.display(), "compiled code is damaged and is made again");
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                warn!(path = %code.display(), %error, "compiled code cannot be read and is made again");
                None
            }
        }
    }

    /// Keeps what the compiler wrote there. A failure costs the next start some time, nothing else.
    pub(crate) fn keep(&self, component: ContentHash, manifest_json: &str, scratch: &Scratch) {
        let (entry, code) = (self.path(component, ENTRY), self.path(component, CODE));
        let kept = File::open(scratch.path()).and_then(Checksum::of).and_then(|checksum| {
            fs::rename(scratch.path(), &code)?;
            // The path is free again, and still nobody else's.
            write_whole(scratch.path(), &encode(manifest_json, checksum))?;
            fs::rename(scratch.path(), &entry)
        });
        if let Err(error) = kept {
            warn!(path = %entry.display(), %error, "compiled code cannot be kept; the next start compiles again");
        }
    }

    /// Drops everything but what is kept of these components for this engine. Code that runs goes on running.
    pub(crate) fn retain(&self, components: &BTreeSet<ContentHash>) {
        let unwanted = |name: &str| {
            parse(name).is_some_and(|(component, compatibility, _)| {
                compatibility != self.compatibility || !components.contains(&component)
            })
        };
        if let Err(error) = self.remove_all(unwanted) {
            warn!(path = %self.dir.display(), %error, "compiled code that nobody needs stays behind");
        }
    }

    /// A path for a file that is being written.
    pub(crate) fn scratch(&self) -> Scratch {
        let number = NEXT_SCRATCH.fetch_add(1, Ordering::Relaxed);
        Scratch(self.dir.join(format!("{SCRATCH}{}-{:016x}-{number}", std::process::id(), *PROCESS)))
    }

    fn path(&self, component: ContentHash, kind: &str) -> PathBuf {
        self.dir.join(format!("{component}-{:016x}.{kind}", self.compatibility))
    }

    fn remove_all(&self, unwanted: impl Fn(&str) -> bool) -> io::Result<()> {
        for file in fs::read_dir(&self.dir)? {
            let file = file?;
            if file.file_name().to_str().is_some_and(&unwanted) {
                remove(&file.path());
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            warn!(path = %path.display(), %error, "a file of compiled code stays behind");
        }
        _ => {}
    }
}

/// Component, engine and kind of a file that is kept.
fn parse(name: &str) -> Option<(ContentHash, u64, &str)> {
    let (name, kind) = name.split_once('.').filter(|(_, kind)| [CODE, ENTRY, FORMER].contains(kind))?;
    let (component, compatibility) = name.split_once('-')?;
    let component = ContentHash(unhex(component)?.try_into().ok()?);
    Some((component, u64::from_be_bytes(unhex(compatibility)?.try_into().ok()?), kind))
}

/// Whether a file of this name was being written by a process that is gone.
fn is_abandoned(name: &str) -> bool {
    let Some(writer) = name.strip_prefix(SCRATCH) else { return false };
    let mut parts = writer.split('-');
    let id = parts.next().and_then(|id| id.parse::<u32>().ok());
    if id == Some(std::process::id()) {
        return parts.next() != Some(&format!("{:016x}", *PROCESS));
    }
    let process = id.and_then(|id| Pid::from_raw(id.try_into().ok()?));
    process.is_none_or(|process| test_kill_process(process) == Err(rustix::io::Errno::SRCH))
}

fn encode(manifest_json: &str, code: Checksum) -> Vec<u8> {
    let body = [&code.bytes.to_le_bytes()[..], &code.hash.to_le_bytes(), manifest_json.as_bytes()].concat();
    [&MAGIC[..], &ContentHash::of(&body).0, &body].concat()
}

fn decode(entry: &[u8]) -> Option<(String, Checksum)> {
    let (checksum, body) = entry.strip_prefix(MAGIC)?.split_first_chunk::<HASH_BYTES>()?;
    if ContentHash::of(body).0 != *checksum {
        return None;
    }
    let (bytes, rest) = body.split_first_chunk::<8>()?;
    let (hash, manifest) = rest.split_first_chunk::<8>()?;
    let code = Checksum { bytes: u64::from_le_bytes(*bytes), hash: u64::from_le_bytes(*hash) };
    Some((String::from_utf8(manifest.to_vec()).ok()?, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{"name":"x"}"#;

    fn cache(dir: &Path) -> Cache {
        Cache::open(dir, &crate::engine::on_demand().expect("engine")).expect("open")
    }

    fn keep(cache: &Cache, component: &[u8], code: &[u8]) {
        let scratch = cache.scratch();
        fs::write(scratch.path(), code).expect("writable");
        cache.keep(ContentHash::of(component), MANIFEST, &scratch);
    }

    fn names(dir: &Path) -> BTreeSet<String> {
        let files = fs::read_dir(dir).expect("there").map(|file| file.expect("readable").file_name());
        files.map(|name| name.into_string().expect("text")).collect()
    }

    #[test]
    fn an_entry_survives_and_belongs_to_its_component() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = dir.path().join("code");
        keep(&cache(&dir), b"a", b"code");
        let kept = cache(&dir).read(ContentHash::of(b"a")).expect("kept");
        assert_eq!((&*kept.manifest_json, fs::read(&kept.code).expect("there")), (MANIFEST, b"code".to_vec()));
        assert_eq!(cache(&dir).read(ContentHash::of(b"b")), None);
        assert_eq!(fs::metadata(&dir).expect("there").permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_was_not_finished_and_what_has_a_former_layout_goes() {
        let dir = tempfile::tempdir().expect("temp dir");
        let own = std::process::id();
        let former = format!("{}-0123456789abcdef.code", ContentHash::of(b"a"));
        for gone in ["scratch-x", "scratch-4294967295-0-0.part", &format!("scratch-{own}-00000000deadbeef-0"), &former]
        {
            fs::write(dir.path().join(gone), "co").expect("writable");
        }
        fs::write(dir.path().join("notes.code"), "not ours").expect("writable");
        let other = cache(dir.path());
        let scratch = other.scratch();
        fs::write(scratch.path(), "code").expect("writable");
        let cache = cache(dir.path());
        assert!(scratch.path().exists(), "another sandbox of this process writes there");
        drop(scratch);
        keep(&cache, b"a", b"code");
        assert_eq!(names(dir.path()).len(), 3, "{:?}", names(dir.path()));
    }

    #[test]
    fn what_no_component_needs_goes() {
        let dir = tempfile::tempdir().expect("temp dir");
        let cache = cache(dir.path());
        keep(&cache, b"a", b"one");
        keep(&cache, b"b", b"two");
        let older = Cache { compatibility: cache.compatibility ^ 1, ..self::cache(dir.path()) };
        keep(&older, b"a", b"of another engine");
        fs::write(dir.path().join("notes.entry"), "not ours").expect("writable");
        cache.retain(&BTreeSet::from([ContentHash::of(b"a")]));
        assert!(cache.read(ContentHash::of(b"a")).is_some() && cache.read(ContentHash::of(b"b")).is_none());
        assert_eq!(names(dir.path()).len(), 3, "{:?}", names(dir.path()));
    }

    #[test]
    fn any_damage_of_an_entry_is_noticed() {
        let code = Checksum { bytes: 4, hash: 7 };
        let whole = encode(MANIFEST, code);
        assert_eq!(decode(&whole), Some((MANIFEST.to_owned(), code)));
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert_eq!(decode(&damaged), None, "byte {at}");
            assert_eq!(decode(&whole[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn any_damage_of_code_is_noticed() {
        let dir = tempfile::tempdir().expect("temp dir");
        let cache = cache(dir.path());
        let whole: Vec<u8> = (0..100).collect();
        let component = ContentHash::of(b"a");
        keep(&cache, b"a", &whole);
        let path = cache.path(component, CODE);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            for damaged in [&damaged[..], &whole[..at]] {
                fs::write(&path, damaged).expect("writable");
                assert_eq!(cache.read(component), None, "byte {at}, {} bytes", damaged.len());
            }
        }
        fs::remove_file(&path).expect("there");
        assert_eq!(cache.read(component), None);
        fs::write(&path, &whole).expect("writable");
        assert!(cache.read(component).is_some());
    }
}
