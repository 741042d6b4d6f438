//! AfterShip's rate limit: so many requests in a second.

/// What a second without a limit of its own says of itself: the documented default of older versions.
const SHOWN_WITHOUT_LIMIT: u32 = 10;

/// The requests of the running second.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    per_second: Option<u32>,
    second: i64,
    taken: u32,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub limit: u32,
    pub remaining: u32,
    /// When the next second begins, since 1970.
    pub reset: i64,
    /// This request is one too many.
    pub exceeded: bool,
}

impl Bucket {
    pub(super) fn limit(&mut self, per_second: u32) {
        self.per_second = Some(per_second);
    }

    /// Counts a request.
    pub(super) fn take(&mut self, now_seconds: i64) -> Rate {
        if self.second != now_seconds {
            (self.second, self.taken) = (now_seconds, 0);
        }
        self.taken = self.taken.saturating_add(1);
        let limit = self.per_second.unwrap_or(SHOWN_WITHOUT_LIMIT);
        Rate {
            limit,
            remaining: limit.saturating_sub(self.taken),
            reset: now_seconds + 1,
            exceeded: self.per_second.is_some_and(|limit| self.taken > limit),
        }
    }
}
