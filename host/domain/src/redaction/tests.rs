use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::hex::hex;

/// With every letter that encodings treat in their own way.
const SECRET: &str = "p\"a/s+s ü\\w=rd?>~é\n!";

fn redactor(secrets: &[&str]) -> Redactor {
    let secrets: Vec<_> = secrets.iter().map(|text| Secret::new(*text)).collect();
    Redactor::new(&secrets)
}

fn percent(text: &str, keep: impl Fn(u8) -> bool, lower: bool) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        byte if keep(byte) => char::from(byte).to_string(),
        byte if lower => format!("%{byte:02x}"),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// The text with every letter beyond ASCII as `\u....`.
fn ascii_json(text: &str) -> String {
    let json = serde_json::to_string(text).expect("JSON");
    let escaped = json.chars().map(|letter| {
        if letter.is_ascii() {
            return letter.to_string();
        }
        letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    });
    escaped.collect()
}

fn without_quotes(text: &str) -> String {
    text[1..text.len() - 1].to_owned()
}

/// The secret in many spellings.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("JSON");
    let inner = without_quotes(&json);
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex(secret.as_bytes()),
        hex(secret.as_bytes()).to_uppercase(),
        percent(secret, |byte| byte.is_ascii_alphanumeric(), false),
        percent(secret, |byte| byte.is_ascii_alphanumeric(), true),
        percent(secret, |byte| byte.is_ascii_graphic() && byte != b'%', false),
        percent(secret, |_| false, false),
        percent(
            &percent(secret, |byte| byte.is_ascii_alphanumeric(), false),
            |byte| byte.is_ascii_alphanumeric(),
            false,
        ),
        percent(&STANDARD.encode(secret), |byte| byte.is_ascii_alphanumeric(), false),
        form,
        inner.clone(),
        inner.replace('/', "\\/"),
        without_quotes(&ascii_json(secret)),
        without_quotes(&format!("{secret:?}")),
        without_quotes(&serde_json::to_string(&inner).expect("JSON")),
    ]
}

#[test]
fn a_secret_is_found_in_every_usual_spelling() {
    let redactor = redactor(&[SECRET, "of no consequence"]);
    for spelling in spellings(SECRET) {
        let text = format!("before {spelling} after {spelling}");
        let redacted = redactor.redact(&text);
        assert!(!redacted.contains(&spelling), "{spelling}: {redacted}");
        assert!(redacted.starts_with("before •••") && redacted.contains(" after •••"), "{spelling}: {redacted}");
        assert!(redactor.finds(text.as_bytes()), "{spelling}");
    }
}

#[test]
fn a_secret_is_found_within_what_was_encoded_in_base64() {
    let redactor = redactor(&["correct-horse"]);
    for before in ["", "u:", "us:", "user:", "0123456789"] {
        for after in ["", "x", "xy", "xyz"] {
            let whole = STANDARD.encode(format!("{before}correct-horse{after}"));
            let redacted = redactor.redact(&whole);
            assert!(redacted.contains(REDACTED), "{before} {after}: {redacted}");
            let left = redacted.replace(REDACTED, "");
            // What is left are the neighbours, and at each end a letter that holds bits of both.
            assert!(left.trim_end_matches('=').len() <= (before.len() + after.len()) * 8 / 6 + 4, "{redacted}");
            assert!(redactor.finds(whole.as_bytes()));
        }
    }
    assert_eq!(redactor.redact("Basic dTpjb3JyZWN0LWhvcnNl."), "Basic dTp•••.");
}

#[test]
fn what_holds_no_secret_is_left_as_it_is() {
    let redactor = redactor(&[SECRET, "hunter2"]);
    for text in ["", "hunter", "unter2", "Hunter2", "hunter%32x", "a%", "%zz", "\\u12", "\\", "•••", "hunter3"] {
        let expected = text.contains("%32");
        assert_eq!(redactor.finds(text.as_bytes()), expected, "{text}");
        assert_eq!(matches!(redactor.redact(text), Cow::Borrowed(_)), !expected, "{text}");
    }
    let empty = Redactor::new([]);
    assert_eq!(empty.redact("hunter2"), "hunter2");
    assert!(!empty.finds(b"hunter2") && !empty.finds(b""));
}

#[test]
fn secrets_that_overlap_are_all_gone() {
    let redactor = redactor(&["abcdef", "defghi", "hunter2", "hunter2-and-more"]);
    assert_eq!(redactor.redact("xabcdefghix"), "x•••x");
    assert_eq!(redactor.redact("abcdefdefghi"), "•••");
    assert_eq!(redactor.redact("hunter2-and-more"), "•••");
    assert_eq!(redactor.redact("hunter2-and"), "•••-and");
    assert_eq!(redactor.redact("h%75nter2\u{fc}hunter2"), "•••ü•••");
}

#[test]
fn a_short_secret_is_looked_for_as_it_is_only() {
    let redactor = redactor(&["abc", "wxyz", "abcd5"]);
    assert_eq!(redactor.redact("abc wxyz abcd5 a%62cd5"), "abc ••• ••• •••");
    assert!(!redactor.finds(hex(b"wxyz").as_bytes()) && !redactor.finds(STANDARD.encode("abcd5").as_bytes()));
}

#[test]
fn the_lines_of_a_long_secret_are_secrets_too() {
    let redactor = redactor(&["-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nshort\n-----END KEY-----\n"]);
    assert_eq!(redactor.redact("line MIIEvQIBADANBgkqhkiG9w0"), "line •••");
    assert!(!redactor.finds(b"short"));
}

#[test]
fn bytes_that_are_no_text_are_searched_as_well() {
    let redactor = redactor(&["hunter2"]);
    assert!(redactor.finds(b"\xff\xfe\0hunter2\x80"));
    assert!(redactor.finds(b"\xff%68unter2"));
    assert!(!redactor.finds(b"\xff\xfe\0hunter\x80"));
}

#[test]
fn a_secret_that_begins_before_the_end_is_not_shown_by_its_beginning() {
    let redactor = redactor(&["correct-horse"]);
    for spelled in ["correct-horse".to_owned(), percent("correct-horse", |_| false, true), hex(b"correct-horse")] {
        let text = format!("{}{spelled}{spelled}", "x".repeat(97));
        let beginning = redactor.redact_beginning(&text, 100);
        assert_eq!(beginning, format!("{}•", "x".repeat(97)), "{spelled}");
        assert_eq!(redactor.redact_beginning(&text, 97), "x".repeat(97));
        assert_eq!(redactor.redact_beginning("short", 100), "short");
    }
    // What shrinks must not bring to light what was cut behind it.
    let bound = "correct-horse".len() * 10;
    let text = "correct-horse".repeat((bound + limit::REDACTION_SLACK_BYTES) / 13 + 100);
    assert_eq!(redactor.redact_beginning(&text, bound), "•••");
    let text = format!("{} correct-horse", "correct-horse ".repeat(10));
    assert_eq!(redactor.redact_beginning(&text, text.len() - 5), format!("{} •••", "••• ".repeat(10)));
}

#[test]
fn no_more_is_looked_at_than_is_shown() {
    let redactor = redactor(&["hunter2"]);
    let long = format!("{}hunter2", "\\%41".repeat(limit::SEARCHED_TEXT_BYTES_MAX / 4));
    assert_eq!(redactor.redact(&long).len(), limit::SEARCHED_TEXT_BYTES_MAX);
    assert!(!redactor.finds(long.as_bytes()));
    assert!(redactor.finds(format!("{}hunter2", "\\%41".repeat(1_000)).as_bytes()));
}

#[test]
fn it_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", redactor(&["hunter2"])), "Redactor(•••)");
}

proptest! {
    #[test]
    fn nothing_is_left_of_a_secret_wherever_it_stands(
        secret in "\\PC{6,24}",
        before in "[ -~é]{0,12}",
        after in "[ -~é]{0,12}",
        spelling in 0..17_usize,
    ) {
        let redactor = redactor(&[&secret]);
        let spelled = spellings(&secret).swap_remove(spelling);
        // Letters around it must not make another escape of it.
        let text = format!("{before} {spelled} {after}");
        let apart = !before.contains(['%', '\\']) && !secret.contains(['%', '\\']);
        if apart {
            prop_assert!(redactor.finds(text.as_bytes()));
            prop_assert!(!redactor.redact(&text).contains(&spelled));
        }
    }

    #[test]
    fn any_text_can_be_redacted(text in "\\PC{0,60}", escapes in "(%[0-9a-fA-F]{2}|\\\\u[0-9a-f]{4}|\\\\[a-z]|%|\\\\|é){0,20}") {
        let redactor = redactor(&[&text, &escapes, "é€é€é"]);
        for text in [&text, &escapes] {
            let redacted = redactor.redact(text);
            prop_assert!(text.len() < limit::REDACTED_TEXT_BYTES_MIN || redacted != *text || text.chars().all(|c| c == '•'));
        }
    }
}
