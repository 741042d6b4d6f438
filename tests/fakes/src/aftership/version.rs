//! The versions of the API, as far as they differ.

/// Those that AfterShip has published.
const MONTHS: [&str; 10] =
    ["2023-10", "2024-01", "2024-04", "2024-07", "2024-10", "2025-01", "2025-04", "2025-07", "2026-01", "2026-07"];

/// A version that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V4,
    Month(&'static str),
}

impl Version {
    /// The version that a path begins with, and the segments behind it.
    pub(super) fn of(segments: &[String]) -> Option<(Self, &[String])> {
        match segments {
            [v4, rest @ ..] if v4 == "v4" => Some((Self::V4, rest)),
            [tracking, month, rest @ ..] if tracking == "tracking" => {
                let month = MONTHS.iter().find(|known| *known == month)?;
                Some((Self::Month(month), rest))
            }
            _ => None,
        }
    }

    /// The month that names it.
    pub(super) fn month(self) -> Option<&'static str> {
        match self {
            Self::V4 => None,
            Self::Month(month) => Some(month),
        }
    }

    /// Bodies and answers have the tracking in a member `tracking`.
    pub(super) fn is_wrapped(self) -> bool {
        self.month().is_none_or(|month| month < "2024-07")
    }

    /// A member of the wrong JSON type is an error; older versions ignore it.
    pub(super) fn is_strict(self) -> bool {
        !self.is_wrapped()
    }

    /// A tracking may also be named by courier and number.
    pub(super) fn takes_slug_and_number(self) -> bool {
        self.month().is_none_or(|month| month <= "2024-07")
    }
}
