//! The one place that prints. Results go to stdout, everything said about them to stderr.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// Prints a line on stdout and flushes it, so that a reader of a pipe sees it at once.
///
/// # Errors
/// Nobody reads stdout any more, or it cannot be written.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// Prints a JSON value over several lines.
///
/// # Errors
/// As [`line`].
pub(crate) fn json(value: &Value) -> io::Result<()> {
    line(&format!("{value:#}"))
}

/// Prints a remark on stderr. A remark that cannot be printed is no reason to stop.
pub(crate) fn note(text: &str) {
    writeln!(io::stderr().lock(), "{text}").unwrap_or_default();
}

/// Prints a remark about progress, where somebody watches.
pub(crate) fn progress(text: &str) {
    if io::stderr().is_terminal() {
        note(text);
    }
}

/// Prints rows in columns as wide as their widest cell, under a head.
///
/// # Errors
/// As [`line`].
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    columns(head, rows).iter().try_for_each(|row| line(row))
}

/// Prints what is known about one thing, a line each, without what is empty.
///
/// # Errors
/// As [`line`].
pub(crate) fn facts(facts: &[(&str, String)]) -> io::Result<()> {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let known = facts.iter().filter(|(_, value)| !value.is_empty());
    // Lines to be copied from a message stay lines.
    let indent = format!("\n{:width$}  ", "");
    known
        .map(|(name, value)| format!("{name:width$}  {}", clean_lines(value).replace('\n', &indent)))
        .try_for_each(|fact| line(&fact))
}

fn columns(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let head: Vec<String> = head.iter().map(|cell| cell.to_uppercase()).collect();
    let rows: Vec<Vec<String>> =
        std::iter::once(&head).chain(rows).map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// The text without control characters, with which a provider could write over a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// As [`clean`], line by line.
pub(crate) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// The first `chars` characters, with a mark where something is missing.
pub(crate) fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A member of a JSON object as text for a table: strings as they are, nothing for `null`, anything else as JSON.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["shop".to_owned(), "healthy".to_owned()], vec!["a-long-name".to_owned(), String::new()]];
        assert_eq!(columns(&["id", "health"], &rows), ["ID           HEALTH", "shop         healthy", "a-long-name"]);
    }

    #[test]
    fn a_provider_cannot_write_over_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\u{9b}c\nd"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}
