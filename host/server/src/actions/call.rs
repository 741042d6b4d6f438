//! What an action is called for.

use std::time::Duration;

use bytes::Bytes;
use hookyard_domain::limit;

/// What somebody asks of a connection.
#[derive(Debug)]
pub(crate) struct ActionCall {
    /// Which action.
    pub(crate) name: String,
    /// JSON; nothing counts as `{}`.
    pub(crate) input: Bytes,
    /// Who asks.
    pub(crate) caller: Caller,
    /// W3C trace context.
    pub(crate) traceparent: String,
}

/// Who calls an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A client of the API.
    Client {
        /// Its own name for this call: 1 to 255 of visible ASCII.
        idempotency_key: Option<String>,
    },
    /// A delivery.
    Delivery {
        /// Its name for this call, the same over all attempts.
        idempotency_key: String,
        /// How many actions run by deliveries lie between the outside and what this action emits.
        hops: u8,
        /// Whether it has not been tried before.
        is_first: bool,
    },
}

impl Caller {
    pub(super) fn idempotency_key(&self) -> Option<&str> {
        match self {
            Self::Client { idempotency_key } => idempotency_key.as_deref(),
            Self::Delivery { idempotency_key, .. } => Some(idempotency_key),
        }
    }

    pub(super) const fn hops(&self) -> u8 {
        match self {
            Self::Client { .. } => 0,
            Self::Delivery { hops, .. } => *hops,
        }
    }

    /// Whether how the call ends says something about the plugin's version that was not said before.
    pub(super) const fn is_news(&self) -> bool {
        match self {
            Self::Client { .. } => true,
            Self::Delivery { is_first, .. } => *is_first,
        }
    }

    pub(super) const fn is_delivery(&self) -> bool {
        matches!(self, Self::Delivery { .. })
    }

    /// How long the key is known.
    pub(super) const fn retention(&self) -> Duration {
        match self {
            Self::Client { .. } => limit::IDEMPOTENCY_RETENTION,
            Self::Delivery { .. } => limit::DELIVERY_KEY_RETENTION,
        }
    }

    /// What the key stands for: of a client everything that it asks, since the same key with anything else is a mistake. A
    /// delivery's key stands for the delivery, whatever the operator has made of the flow's input since its first attempt.
    pub(super) fn meaning<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Client { .. } => input,
            Self::Delivery { .. } => b"delivery",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_delivery_outlives_its_schedule_and_stands_for_it_whatever_it_asks() {
        let client = Caller::Client { idempotency_key: Some("k".into()) };
        let delivery = Caller::Delivery { idempotency_key: "dlv_1".into(), hops: 3, is_first: false };
        assert_eq!((client.idempotency_key(), delivery.idempotency_key()), (Some("k"), Some("dlv_1")));
        assert_eq!((client.hops(), delivery.hops()), (0, 3));
        assert_eq!((client.is_news(), delivery.is_news()), (true, false));
        let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
        assert_eq!((client.retention(), delivery.retention()), (days(1), days(30)));
        assert_ne!(client.meaning(b"1"), client.meaning(b"2"));
        assert_eq!(delivery.meaning(b"1"), delivery.meaning(b"2"));
    }
}
