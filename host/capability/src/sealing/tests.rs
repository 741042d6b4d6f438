use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use hookyard_domain::entropy::SeededEntropy;
use tempfile::TempDir;

use super::*;

const CONTEXT: &str = "connection-config/shop";
const PLAIN: &[u8] = br#"{"api_key":"as-4711"}"#;

fn key(byte: u8) -> MasterKey {
    MasterKey::new(&[byte; MasterKey::BYTES])
}

fn sealed() -> Vec<u8> {
    key(1).seal(CONTEXT, PLAIN, &SeededEntropy::new(1))
}

/// A directory, and the path of a key file that is not there yet.
fn nowhere() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let path = directory.path().join("master.key");
    (directory, path)
}

fn open(path: &Path, may_create: bool) -> Result<MasterKey, MasterKeyError> {
    MasterKey::open_or_create(path, &SeededEntropy::new(7), may_create)
}

/// A key file with this content and mode.
fn file(content: impl AsRef<[u8]>, mode: u32) -> (TempDir, PathBuf) {
    let (directory, path) = nowhere();
    fs::write(&path, content).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the mode can be set");
    (directory, path)
}

#[test]
fn what_was_sealed_opens_and_does_not_show() {
    let sealed = sealed();
    assert_eq!(key(1).open(CONTEXT, &sealed).as_deref(), Ok(PLAIN));
    assert!(!sealed.windows(7).any(|bytes| bytes == b"as-4711"), "{sealed:?}");
    let empty = key(1).seal(CONTEXT, b"", &SeededEntropy::new(1));
    assert_eq!(key(1).open(CONTEXT, &empty).as_deref(), Ok(b"".as_slice()));
}

#[test]
fn sealing_the_same_twice_gives_two_texts() {
    let entropy = SeededEntropy::new(1);
    assert_ne!(key(1).seal(CONTEXT, PLAIN, &entropy), key(1).seal(CONTEXT, PLAIN, &entropy));
}

#[test]
fn another_key_does_not_open_it_and_is_named() {
    let error = key(2).open(CONTEXT, &sealed()).expect_err("is another key");
    let OpenError::OtherKey { sealed_with, present } = &error else { panic!("{error:?}") };
    assert_eq!(format!("{:?}", key(1)), format!("MasterKey({sealed_with})"));
    assert_eq!(format!("{:?}", key(2)), format!("MasterKey({present})"));
    assert!(error.to_string().contains("master.key"), "{error}");
}

#[test]
fn another_context_does_not_open_it() {
    for other in ["connection-config/shop2", "connection-config", "", "token/shop"] {
        assert_eq!(key(1).open(other, &sealed()), Err(OpenError::Altered), "{other}");
    }
}

#[test]
fn a_change_at_any_place_is_noticed() {
    let sealed = sealed();
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            let error = key(1).open(CONTEXT, &changed).expect_err("is changed");
            let expected = match place {
                0 => matches!(error, OpenError::UnknownFormat { known: 1, .. }),
                1..=8 => matches!(error, OpenError::OtherKey { .. }),
                _ => error == OpenError::Altered,
            };
            assert!(expected, "byte {place}: {error:?}");
        }
    }
}

#[test]
fn a_text_of_another_length_does_not_open() {
    let sealed = sealed();
    for length in 0..sealed.len() {
        assert_eq!(key(1).open(CONTEXT, &sealed[..length]), Err(OpenError::Altered), "{length} bytes");
    }
    let longer = [&sealed[..], b"x"].concat();
    assert_eq!(key(1).open(CONTEXT, &longer), Err(OpenError::Altered));
}

#[test]
fn a_key_is_made_once_and_is_for_its_user_only() {
    let (directory, path) = nowhere();
    let made = open(&path, true).expect("is made");
    assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
    let content = fs::read_to_string(&path).expect("reads");
    assert!(content.len() == 65 && content.ends_with('\n'), "{content:?}");
    let again = MasterKey::open_or_create(&path, &SeededEntropy::new(8), true).expect("is there");
    assert_eq!(format!("{again:?}"), format!("{made:?}"), "other randomness makes no other key");
    assert_eq!(again.open(CONTEXT, &made.seal(CONTEXT, PLAIN, &SeededEntropy::new(1))).as_deref(), Ok(PLAIN));
    open(&path, false).expect("is there");
    assert_eq!(fs::read_to_string(&path).expect("reads"), content);
    assert_eq!(fs::read_dir(directory.path()).expect("reads").count(), 1, "nothing else is left");
}

#[test]
fn a_key_that_is_missing_is_not_replaced() {
    let (_directory, path) = nowhere();
    let error = open(&path, false).expect_err("is missing");
    assert!(matches!(error, MasterKeyError::Missing { .. }), "{error:?}");
    assert!(error.to_string().contains("master.key") && error.to_string().contains("backup"), "{error}");
    assert!(!path.exists());
    symlink("/nowhere/master.key", &path).expect("links");
    let error = open(&path, true).expect_err("leads nowhere");
    assert!(matches!(error, MasterKeyError::File { .. }), "{error:?}");
    assert!(path.is_symlink());
}

#[test]
fn a_crash_while_a_key_was_made_is_made_good() {
    let (directory, path) = nowhere();
    fs::write(directory.path().join("master.key.new"), "half").expect("writes");
    open(&path, true).expect("is made");
    assert_eq!(fs::read_dir(directory.path()).expect("reads").count(), 1);
}

#[test]
fn a_key_that_others_may_use_is_refused() {
    let digits = format!("{}\n", "ab".repeat(MasterKey::BYTES));
    for mode in [0o640, 0o604, 0o620, 0o601] {
        let (_directory, path) = file(&digits, mode);
        let error = open(&path, true).expect_err("is exposed");
        assert!(matches!(error, MasterKeyError::Exposed { .. }), "{mode:o}: {error:?}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    for mode in [0o600, 0o400] {
        let (_directory, path) = file(&digits, mode);
        assert_eq!(format!("{:?}", open(&path, false).expect("is private")), format!("{:?}", key(0xab)));
    }
}

#[test]
fn a_file_that_holds_no_key_is_refused_and_left_as_it_is() {
    let digits = "ab".repeat(MasterKey::BYTES);
    let contents =
        [String::new(), digits[1..].to_owned(), format!("{digits}ab"), format!("{digits}\n\n"), "xy".repeat(32)];
    for content in contents.iter().map(String::as_bytes).chain([[0xff; 64].as_slice()]) {
        let (_directory, path) = file(content, 0o600);
        let error = open(&path, true).expect_err("is no key");
        assert!(matches!(error, MasterKeyError::Malformed { .. }), "{content:?}: {error:?}");
        assert_eq!(fs::read(&path).expect("reads"), content);
    }
}

#[test]
fn the_key_does_not_show_in_debug() {
    let (_directory, path) = nowhere();
    let made = open(&path, true).expect("is made");
    let digits = fs::read_to_string(&path).expect("reads");
    let shown = format!("{made:?}");
    assert_eq!(shown.len(), "MasterKey()".len() + 16, "{shown}");
    for start in 0..digits.len() - 16 {
        assert!(!shown.contains(&digits[start..start + 16]), "{shown}");
    }
}
