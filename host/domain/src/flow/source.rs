//! The text of a template, before it is compiled: what it consists of.

use std::ops::Range;

/// What templates call the event.
pub(super) const EVENT: &str = "event";
/// The same event with all numbers as they are written: what a plain path is looked up in.
pub(super) const AS_WRITTEN: &str = "event_as_written";

/// Whether a text is anything but itself.
pub(super) fn has_templates(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|start| text.contains(start))
}

/// What stands in a text that may be one `{{ … }}` as a whole, and where. It is one if it compiles as an expression: where the
/// first `}}` ends a template, it would not.
pub(super) fn single_expression(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let trimmed = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let skipped = text.len() - "}}".len() - trimmed.len();
    Some((trimmed.strip_suffix(['-', '+']).unwrap_or(trimmed), skipped))
}

/// If the expression is nothing but a path into the event, the same path into the event as it is written.
pub(super) fn plain_path(expression: &str) -> Option<String> {
    let path = expression.trim().strip_prefix(EVENT)?;
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').and_then(after_name).or_else(|| after_index(rest))?;
    }
    Some(format!("{AS_WRITTEN}{path}"))
}

/// What follows a name, or an index without brackets.
fn after_name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let name = &text[..end];
    let is_index = name.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = !name.starts_with(|c: char| c.is_ascii_digit());
    (!name.is_empty() && (is_index || is_name)).then(|| &text[end..])
}

/// What follows `[7]`, `['key']` or `["key"]`.
fn after_index(text: &str) -> Option<&str> {
    let (index, rest) = match text.strip_prefix("['") {
        Some(text) => text.split_once("']")?,
        None => match text.strip_prefix("[\"") {
            Some(text) => text.split_once("\"]")?,
            None => {
                let (index, rest) = text.strip_prefix('[')?.split_once(']')?;
                let is_index = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
                return is_index.then_some(rest);
            }
        },
    };
    (!index.contains(['\'', '"', '\\'])).then_some(rest)
}

/// The text with each `{{ … }}` that is a plain path leading into the event as it is written; `None` if there is none, or if
/// `event` may mean something else in it.
pub(super) fn with_plain_paths(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let (mut done, mut at, mut found) = (0, 0, false);
    while let Some(piece) = next_piece(text, at)? {
        at = piece.end;
        match piece.kind {
            Kind::Expression => {
                let inside = &text[piece.inside.clone()];
                let Some(path) = plain_path(inside) else { continue };
                let blanks = inside.len() - inside.trim_start().len();
                let start = piece.inside.start + blanks;
                written.push_str(&text[done..start]);
                written.push_str(&path);
                done = start + inside.trim().len();
                found = true;
            }
            Kind::Statement if may_bind_event(&text[piece.inside.clone()]) => return None,
            Kind::Statement | Kind::Other => {}
        }
    }
    written.push_str(&text[done..]);
    found.then_some(written)
}

/// Filters that neither compare nor compute.
const COMPOSING_FILTERS: [&str; 11] =
    ["default", "d", "first", "last", "join", "list", "string", "items", "reverse", "length", "count"];

/// Whether an expression surely compares nothing and computes nothing: it takes parts and puts them together. When in doubt, no.
pub(super) fn only_composes(expression: &str) -> bool {
    let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let (mut rest, mut before) = (expression, ' ');
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => match rest[1..].find([first, '\\']) {
                Some(end) if rest[1 + end..].starts_with(first) => end + 2,
                _ => return false,
            },
            _ if is_name(first) => {
                let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                let (name, is_called) = (&rest[..end], rest[end..].trim_start().starts_with('('));
                let is_filter = before == '|' && COMPOSING_FILTERS.contains(&name);
                let is_word = matches!(name, "and" | "or" | "not" | "if" | "else") && before != '.';
                let compares = matches!(name, "in" | "is") && before != '.';
                if compares || (before == '|' && !is_filter) || (is_called && !is_filter && !is_word) {
                    return false;
                }
                end
            }
            '~' | '|' | '.' | ',' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '-' => 1,
            _ if first.is_whitespace() => first.len_utf8(),
            _ => return false,
        };
        if !first.is_whitespace() {
            before = first;
        }
        rest = &rest[length..];
    }
    true
}

/// The same of a text with templates in it.
pub(super) fn text_only_composes(text: &str) -> bool {
    let mut at = 0;
    loop {
        let Some(next) = next_piece(text, at) else { return false };
        let Some(piece) = next else { return true };
        at = piece.end;
        let inside = text[piece.inside.clone()].trim();
        let composes = match piece.kind {
            Kind::Expression => only_composes(inside),
            Kind::Statement => statement_only_composes(inside),
            Kind::Other => true,
        };
        if !composes {
            return false;
        }
    }
}

fn statement_only_composes(statement: &str) -> bool {
    let (word, rest) = statement.split_once(char::is_whitespace).unwrap_or((statement, ""));
    match word {
        "if" | "elif" => only_composes(rest),
        "for" => rest.split_once(" in ").is_some_and(|(_, items)| only_composes(items)),
        "set" => rest.split_once('=').is_some_and(|(_, value)| only_composes(value)),
        "else" | "endif" | "endfor" => true,
        _ => false,
    }
}

/// Whether a statement may give `event` another meaning: its name stands there without anything behind it that is looked up.
fn may_bind_event(statement: &str) -> bool {
    let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
    statement.match_indices(EVENT).any(|(start, name)| {
        let (before, after) = (&statement[..start], &statement[start + name.len()..]);
        !before.ends_with(is_name) && !after.starts_with(is_name) && !after.starts_with(['.', '['])
    })
}

/// What a piece of a template is.
pub(super) enum Kind {
    /// `{{ … }}`
    Expression,
    /// `{% … %}`
    Statement,
    /// A comment, or what stands between `raw` and `endraw`.
    Other,
}

/// A piece of a template, and where it stands in the text.
pub(super) struct Piece {
    pub(super) kind: Kind,
    /// Without delimiters and signs that trim blanks.
    pub(super) inside: Range<usize>,
    pub(super) end: usize,
}

/// The next piece of a template from `from` on, by the rules of MiniJinja's lexer: `Some(None)` where only text follows, `None`
/// where a piece does not end.
#[expect(clippy::option_option, reason = "the end of the text and a piece without end are two things")]
pub(super) fn next_piece(text: &str, from: usize) -> Option<Option<Piece>> {
    let starts = text[from..].match_indices('{').map(|(at, _)| from + at);
    let start =
        starts.map(|at| (at, text.as_bytes().get(at + 1))).find(|(_, next)| matches!(next, Some(b'{' | b'%' | b'#')));
    let Some((start, Some(next))) = start else { return Some(None) };
    let inside = start + 2;
    if *next == b'#' {
        let end = inside + text[inside..].find("#}")?;
        return Some(Some(Piece { kind: Kind::Other, inside: inside..end, end: end + 2 }));
    }
    let (kind, delimiter) = if *next == b'{' { (Kind::Expression, "}}") } else { (Kind::Statement, "%}") };
    let inside = inside + usize::from(text[inside..].starts_with(['-', '+']));
    let end = inside + end_of(&text[inside..], delimiter)?;
    let stripped = text[inside..end].strip_suffix(['-', '+']).map_or(end, |inside_text| inside + inside_text.len());
    let piece = Piece { kind, inside: inside..stripped, end: end + delimiter.len() };
    if matches!(piece.kind, Kind::Statement) && text[piece.inside.clone()].trim() == "raw" {
        let end = after_raw(text, piece.end)?;
        return Some(Some(Piece { kind: Kind::Other, inside: piece.end..end, end }));
    }
    Some(Some(piece))
}

/// Where the delimiter stands that ends a piece: not within strings, nor within brackets.
fn end_of(text: &str, delimiter: &str) -> Option<usize> {
    let (mut quote, mut escaped, mut open) = (None, false, 0_i32);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(end), _) if end == byte => quote = None,
            (Some(_), _) => {}
            (None, _) if open == 0 && text.as_bytes()[at..].starts_with(delimiter.as_bytes()) => return Some(at),
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => open += 1,
            (None, b')' | b']' | b'}') => open -= 1,
            (None, _) => {}
        }
    }
    None
}

/// Where a text goes on after the `endraw` that follows `from`.
fn after_raw(text: &str, from: usize) -> Option<usize> {
    let mut starts = text[from..].match_indices("{%").map(|(at, _)| from + at + 2);
    starts.find_map(|inside| {
        let end = inside + text[inside..].find("%}")?;
        let name = text[inside..end].trim_start_matches(['-', '+']).trim_end_matches(['-', '+']).trim();
        (name == "endraw").then_some(end + 2)
    })
}
