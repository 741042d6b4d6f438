//! What an endpoint does with a delivery.

/// An endpoint's answer, or what it does instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This status, with a body that says nothing.
    Status(u16),
    /// This status and `Retry-After` with this value.
    RetryAfter(u16, String),
    /// This status and `Location` with this value.
    Redirect(u16, String),
    /// 200 with a body of so many bytes.
    Bytes(usize),
    /// No answer, as long as the sender waits.
    Hang,
    /// 200, once the receiver is told to ([`release`](super::Receiver::release)).
    Late,
    /// The connection is closed without an answer.
    Close,
    /// The connection is closed in the midst of a 200: its head says a longer body than comes.
    CloseWithin,
    /// 200 whose body never ends, and of which nothing more comes after its first byte.
    Trickle,
}
