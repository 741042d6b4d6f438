//! `${NAME}` and `${file:PATH}` in strings; `$${` stands for a literal `${`.

use std::io::Read;

use hookyard_domain::limit;

use super::document::Document;

/// A part of a string.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Stands as it is.
    Literal(&'a str),
    /// `${NAME}`.
    Variable(&'a str),
    /// `${file:PATH}`.
    File(&'a str),
    /// What is wrong with it, as a sentence.
    Broken(String),
}

/// Takes a string apart.
pub(super) fn pieces(raw: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = raw;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            // The first of the two dollars goes, the rest stays as it is.
            pieces.push(Piece::Literal(&rest[..at - 1]));
            pieces.push(Piece::Literal("${"));
            rest = &rest[at + 2..];
            continue;
        }
        pieces.push(Piece::Literal(&rest[..at]));
        let Some(length) = rest[at..].find('}') else {
            pieces.push(Piece::Broken("a ${ has no }; write $${ for a literal ${".to_owned()));
            return pieces;
        };
        pieces.push(reference(&rest[at + 2..at + length]));
        rest = &rest[at + length + 1..];
    }
    pieces.push(Piece::Literal(rest));
    pieces.retain(|piece| *piece != Piece::Literal(""));
    pieces
}

fn reference(inside: &str) -> Piece<'_> {
    if let Some(path) = inside.strip_prefix("file:") {
        return if path.is_empty() { Piece::Broken("${file:} names no file".to_owned()) } else { Piece::File(path) };
    }
    let starts_well = inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        Piece::Variable(inside)
    } else {
        Piece::Broken("a ${…} is neither ${NAME} nor ${file:PATH}; write $${ for a literal ${".to_owned())
    }
}

/// The value of an environment variable.
///
/// # Errors
/// It is not set.
pub(super) fn variable(name: &str, document: &Document<'_>) -> Result<String, String> {
    (document.environment)(name).ok_or_else(|| format!("the variable {name} is not set in the host's environment"))
}

/// The content of a file, less one trailing newline. A relative path starts at the directory of hookyard.toml.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is larger than [`limit::CONFIG_VALUE_BYTES_MAX`].
pub(super) fn file(path: &str, document: &Document<'_>) -> Result<String, String> {
    let bytes = read_bounded(&document.directory.join(path)).map_err(|error| format!("cannot read {path}: {error}"))?;
    if bytes.len() > limit::CONFIG_VALUE_BYTES_MAX {
        return Err(format!("{path} is larger than {} bytes", limit::CONFIG_VALUE_BYTES_MAX));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8 text"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// One byte more than the bound at most, so that the caller can tell that there is more.
fn read_bounded(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit::CONFIG_VALUE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_apart_into_literals_and_references() {
        let cases: [(&str, &[Piece<'_>]); 7] = [
            ("plain", &[Piece::Literal("plain")]),
            ("", &[]),
            ("${A}", &[Piece::Variable("A")]),
            (
                "a${_B1}c${file:/run/x y}",
                &[Piece::Literal("a"), Piece::Variable("_B1"), Piece::Literal("c"), Piece::File("/run/x y")],
            ),
            ("x$${A}", &[Piece::Literal("x"), Piece::Literal("${"), Piece::Literal("A}")]),
            ("$5 and $$ and }", &[Piece::Literal("$5 and $$ and }")]),
            ("$${${A}", &[Piece::Literal("${"), Piece::Variable("A")]),
        ];
        for (raw, expected) in cases {
            assert_eq!(pieces(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_broken_reference_is_a_problem_and_not_a_literal() {
        for raw in ["${", "a ${B", "${}", "${1A}", "${A-B}", "${file:}", "${A:-default}"] {
            assert!(pieces(raw).iter().any(|piece| matches!(piece, Piece::Broken(_))), "{raw}");
        }
    }
}
