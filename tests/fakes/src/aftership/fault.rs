//! What goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

/// A fault. Where nothing else is said, the request has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An error of this status in AfterShip's own wrapper.
    Status(u16),
    /// 429 whose pause ends so many seconds from now.
    RateLimited {
        /// Seconds until `x-ratelimit-reset`; may lie in the past.
        reset_in: i64,
    },
    /// An HTML page of a gateway with this status.
    Page(u16),
    /// No answer, ever.
    Hang,
    /// The request is carried out; no answer, ever.
    HangAfter,
    /// The request is carried out and answered so much later.
    Slow(Duration),
    /// The request is carried out; the answer's JSON stops in the middle.
    Truncated,
    /// The request is carried out; the connection ends in the middle of the answer.
    Broken,
    /// 200, and the request's headers in the answer's headers and body.
    Echo,
}

impl Fault {
    /// As the query of `/__mock/fail` names it: `status=429&reset_in=1`, `status=500`, `status=502` (a page), or `status=` `hang`,
    /// `hang-after`, `slow` (with `ms`), `truncated`, `broken`, `echo`.
    pub(super) fn named(query: &BTreeMap<String, String>) -> Option<Self> {
        let number = |name: &str, default: i64| query.get(name).map_or(Some(default), |text| text.parse().ok());
        Some(match query.get("status")?.as_str() {
            "hang" => Self::Hang,
            "hang-after" => Self::HangAfter,
            "slow" => Self::Slow(Duration::from_millis(u64::try_from(number("ms", 1_000)?).ok()?)),
            "truncated" => Self::Truncated,
            "broken" => Self::Broken,
            "echo" => Self::Echo,
            "429" => Self::RateLimited { reset_in: number("reset_in", 1)? },
            "502" => Self::Page(502),
            status => Self::Status(status.parse().ok().filter(|status| (400..600).contains(status))?),
        })
    }
}

/// Faults that have not happened yet.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Waiting>);

#[derive(Debug)]
struct Waiting {
    method: Option<String>,
    fault: Fault,
    times: u32,
}

impl Faults {
    pub(super) fn push(&mut self, method: Option<String>, fault: Fault, times: u32) {
        self.0.push(Waiting { method, fault, times });
    }

    /// The fault that a request of this method meets.
    pub(super) fn next(&mut self, method: &str) -> Option<Fault> {
        self.0.retain(|waiting| waiting.times > 0);
        let waiting = self.0.iter_mut().find(|waiting| waiting.method.as_deref().is_none_or(|only| only == method))?;
        waiting.times -= 1;
        Some(waiting.fault)
    }
}
