//! Several scans of a table as one list, newest place first. No index finds rows in one of several states in the order of their
//! places, but one for each state does.

use rusqlite::{Row, Rows};

/// What a scan reads of a row to decide whether it is wanted.
pub(super) trait Candidate: Copy {
    /// The columns of the scan's statement.
    fn of(row: &Row<'_>) -> rusqlite::Result<Self>;

    /// Where it stands in the list.
    fn place(&self) -> i64;
}

/// A scan that has begun, and what it has found last. Its statement reads places in falling order.
pub(super) struct Begun<'a, C> {
    rows: Rows<'a>,
    head: Option<C>,
}

impl<'a, C: Candidate> Begun<'a, C> {
    /// Reads the first row.
    pub(super) fn new(rows: Rows<'a>) -> rusqlite::Result<Self> {
        let mut begun = Self { rows, head: None };
        begun.advance()?;
        Ok(begun)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.head = self.rows.next()?.map(C::of).transpose()?;
        Ok(())
    }
}

/// Takes the newest of what the scans have found.
pub(super) fn newest<C: Candidate>(scans: &mut [Begun<'_, C>]) -> rusqlite::Result<Option<C>> {
    let newest = scans.iter_mut().max_by_key(|scan| scan.head.map(|head| head.place()));
    let Some(scan) = newest else { return Ok(None) };
    let head = scan.head;
    if head.is_some() {
        scan.advance()?;
    }
    Ok(head)
}
