//! The conflict rule: what the commit depends on when a key is written.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::kv::Revision;

use crate::refusal::Refusal;

use super::is_over;
use super::overlay::{Change, Overlay};

impl Overlay {
    /// The revision that the committed key must have when `key` is written with this `expected` revision; `None` when it
    /// does not matter, `Some(None)` when there must be no such key.
    ///
    /// Revisions of the store speak of what is committed. Own revisions, and "must not exist" after an own write, are
    /// decided here, because nobody else can change them; what can never hold is refused.
    pub(super) fn expectation(
        &self,
        key: &str,
        expected: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Option<Revision>>, Refusal> {
        let Some(touched) = self.touched(key) else { return Ok(None) };
        match expected {
            None => Ok(touched.read),
            Some("*") => Ok(None),
            Some("") => match &touched.pending {
                None => Ok(Some(None)),
                Some(Change::Delete) => Ok(None),
                Some(Change::Set { expires_at, .. }) if is_over(*expires_at, now) => Ok(None),
                Some(_) => Err(Refusal::invalid(format!(
                    "expected-revision of {key:?} says that it must not exist, but this invocation has written it"
                ))),
            },
            Some(text) => match text.strip_prefix(&self.own_prefix()) {
                Some(serial) if serial.parse() == Ok(touched.serial) => match touched.pending {
                    // The sum was made from what is committed; a value that was set was not.
                    Some(Change::Add { .. }) => Ok(touched.read),
                    _ => Ok(None),
                },
                Some(_) => Err(Refusal::invalid(format!(
                    "expected-revision of {key:?} is of an earlier write of this invocation; read the key again"
                ))),
                None => match text.parse() {
                    Ok(revision) => Ok(Some(Some(Revision(revision)))),
                    Err(_) => Err(Refusal::invalid(format!(
                        "expected-revision of {key:?} is not a revision that is still known"
                    ))),
                },
            },
        }
    }
}
