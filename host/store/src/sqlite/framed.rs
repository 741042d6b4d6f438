//! Lists of byte strings in one column: each with its length before it, in four bytes.

use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type};

/// The column's value for a list.
pub(super) fn framed<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut blob = Vec::new();
    for part in parts {
        // No list has a part that long: all of them are within a bound of a webhook.
        blob.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        blob.extend(part);
    }
    blob
}

/// The list that a column holds.
pub(super) fn parts<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Vec<&'a [u8]>> {
    let mut rest = row.get_ref(column)?.as_blob()?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let part = rest
            .split_first_chunk()
            .and_then(|(length, behind)| behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?));
        let Some((part, behind)) = part else {
            let cut = FromSqlError::Other("a list is cut short".into());
            return Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(cut)));
        };
        parts.push(part);
        rest = behind;
    }
    Ok(parts)
}

/// Bytes that must be text.
pub(super) fn text(bytes: &[u8], column: usize) -> rusqlite::Result<String> {
    let text = std::str::from_utf8(bytes).map_err(|error| rusqlite::Error::Utf8Error(column, error))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn read(blob: &[u8]) -> rusqlite::Result<Vec<Vec<u8>>> {
        let database = Connection::open_in_memory().expect("opens");
        database.query_row("SELECT ?1", [blob], |row| {
            Ok(parts(row, 0)?.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
        })
    }

    #[test]
    fn a_list_is_read_back_as_it_was_written() {
        for list in [vec![], vec![&b""[..]], vec![b"a", b"", &[0, 0xff, b'\n'], &[7; 70_000]]] {
            assert_eq!(read(&framed(list.iter().copied())).expect("reads"), list);
        }
    }

    #[test]
    fn a_list_that_is_cut_short_is_an_error() {
        let whole = framed([&b"abc"[..], b"de"]);
        for length in [1, 3, 6, 8, whole.len() - 1] {
            read(&whole[..length]).expect_err("it is cut short");
        }
    }
}
