//! How often a token endpoint is asked that always says no.

use hookyard_domain::clock::Timestamp;
use hookyard_domain::limit;

use crate::http_request::HttpErrorCode;
use crate::http_request::failure::Failure;

/// The refusals in a row of one way to get a token. Many a provider locks out whoever keeps on with wrong credentials, and requests
/// that need the token may come without end. A changed config begins anew, since it is another way.
#[derive(Default)]
pub(super) struct Refusals {
    count: u32,
    last: Option<(Failure, Timestamp)>,
}

impl Refusals {
    /// Counts what a fetch has come to. An endpoint that cannot be reached has refused nothing.
    pub(super) fn note<T>(&mut self, obtained: &Result<T, Failure>, now: Timestamp) {
        match obtained {
            Ok(_) => *self = Self::default(),
            Err(failure) if matches!(failure.code, HttpErrorCode::TokenRefused | HttpErrorCode::TokenInvalid) => {
                self.count = self.count.saturating_add(1);
                self.last = Some((failure.clone(), now));
            }
            Err(_) => {}
        }
    }

    /// The last one, if it is to be repeated rather than asked for again. Of a clock that was set back, nothing is concluded.
    pub(super) fn standing(&self, now: Timestamp) -> Option<Failure> {
        let (failure, at) = self.last.as_ref().filter(|_| self.count >= limit::TOKEN_REFUSALS_MAX)?;
        (*at <= now && now < at.after(limit::TOKEN_REFUSED_PAUSE)).then(|| failure.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(code: HttpErrorCode) -> Result<(), Failure> {
        Err(Failure::new(code, "no"))
    }

    #[test]
    fn many_refusals_in_a_row_stand_for_a_while_and_others_do_not() {
        let now = Timestamp::from_millis(1_000_000);
        let mut refusals = Refusals::default();
        for _ in 1..limit::TOKEN_REFUSALS_MAX {
            refusals.note(&refused(HttpErrorCode::TokenRefused), now);
        }
        refusals.note(&refused(HttpErrorCode::TokenUnavailable), now);
        assert!(refusals.standing(now).is_none(), "so many are asked for at once");
        refusals.note(&refused(HttpErrorCode::TokenInvalid), now);
        assert_eq!(refusals.standing(now).map(|failure| failure.code), Some(HttpErrorCode::TokenInvalid));
        let later = now.after(limit::TOKEN_REFUSED_PAUSE);
        let earlier = Timestamp::from_millis(now.as_millis() - 1);
        assert!(refusals.standing(later).is_none() && refusals.standing(earlier).is_none());
        refusals.note(&refused(HttpErrorCode::TokenRefused), later);
        assert!(refusals.standing(later.after(Duration::from_secs(1))).is_some(), "one more, and again it stands");
        refusals.note(&Ok(()), later);
        assert!(refusals.standing(later).is_none(), "a token ends the row");
    }
}
