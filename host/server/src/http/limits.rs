//! The limits of the sockets, so that a test can have smaller ones.

use std::time::Duration;

use hookyard_domain::limit;

/// How long clients may take and how many there may be. The default is what [`hookyard_domain::limit`] says.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Open connections of the public listener.
    pub connections_max: usize,
    /// From a request's first byte to the end of its head.
    pub head_read: Duration,
    /// A connection without a request.
    pub idle: Duration,
    /// From a request's head to the end of its body.
    pub body_read: Duration,
    /// A client that takes nothing of its answer.
    pub write_stall: Duration,
    /// Bytes of request bodies in memory at a time.
    pub bodies_bytes_max: usize,
    /// Those who follow the event log at a time.
    pub followers_max: usize,
    /// What is in flight when the host stops.
    pub drain: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections_max: limit::HTTP_CONNECTIONS_MAX,
            head_read: limit::HTTP_HEAD_READ_MAX,
            idle: limit::HTTP_IDLE_MAX,
            body_read: limit::HTTP_BODY_READ_MAX,
            write_stall: limit::HTTP_WRITE_STALL_MAX,
            bodies_bytes_max: limit::HTTP_BODIES_BYTES_MAX,
            followers_max: limit::FOLLOWERS_MAX,
            drain: limit::HTTP_DRAIN_MAX,
        }
    }
}
