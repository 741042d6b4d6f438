//! Names of things: typed, prefixed ids that sort by time, and the names that operators and authors choose.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::event::Offset;
use crate::keyed_hash::HashKey;
use crate::limit;

/// Why a text is not the name or id that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidId {
    text: String,
    expected: &'static str,
}

impl InvalidId {
    /// `text` is not `expected` (a noun phrase).
    pub fn new(text: impl Into<String>, expected: &'static str) -> Self {
        Self { text: text.into(), expected }
    }
}

macro_rules! generated_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Ulid);

        impl $name {
            /// A new id; ids of a later millisecond sort after it.
            pub fn new(at: Timestamp, entropy: &dyn Entropy) -> Self {
                let mut random = [0; 16];
                entropy.fill(&mut random);
                Self(Ulid::from_parts(at.as_millis().max(0).unsigned_abs(), u128::from_be_bytes(random)))
            }

            /// The moment that it was made for.
            pub const fn made_at(self) -> Timestamp {
                // 48 bits, which no signed number of 64 bits is too small for.
                Timestamp::from_millis(self.0.timestamp_ms().cast_signed())
            }

            /// The id without its prefix, as the 16 bytes of a ULID; they sort as ids do.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// The id of which these are the bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buffer = [0; ulid::ULID_LEN];
                let text = self.0.array_to_str(&mut buffer);
                text.make_ascii_lowercase();
                write!(f, concat!($prefix, "_{}"), text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|ulid| Ulid::from_string(ulid).ok())
                    .map(Self)
                    .ok_or_else(|| InvalidId {
                        text: text.to_owned(),
                        expected: concat!("an id of the form ", $prefix, "_ and 26 letters or digits"),
                    })
            }
        }
        text_serde!($name);
    };
}

/// Serialises through `Display` and `FromStr`, so that JSON holds what logs and URLs hold.
macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

generated_id!(
    /// `evt_…`: one event, the same in the log, in every delivery and in every attempt.
    EventId,
    "evt"
);
generated_id!(
    /// `whk_…`: one received webhook.
    WebhookId,
    "whk"
);
generated_id!(
    /// `inv_…`: one call into a guest; a repeat gets another one.
    InvocationId,
    "inv"
);
generated_id!(
    /// `tok_…`: one bearer token of the HTTP API. Not the token itself.
    TokenId,
    "tok"
);

generated_id!(
    /// `dlv_…`: the journey of one event to one subscription's endpoint, the same over all attempts.
    DeliveryId,
    "dlv"
);

impl DeliveryId {
    /// The id of the delivery of this event to this subscription: it sorts by the event's time, and is the same whenever the same
    /// event is delivered to the same subscription. `made_at` tells subscriptions apart that have one name after another.
    pub fn of(
        key: &HashKey,
        subscription: &SubscriptionId,
        made_at: Timestamp,
        offset: Offset,
        event: EventId,
    ) -> Self {
        let (made_at, offset) = (made_at.as_millis().to_be_bytes(), offset.0.to_be_bytes());
        let hash = key.hash16(&[b"delivery", subscription.as_str().as_bytes(), &made_at, &offset]);
        Self(Ulid::from_parts(event.0.timestamp_ms(), u128::from_be_bytes(hash)))
    }
}

macro_rules! chosen_name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId { text: text.to_owned(), expected: $expected })
                }
            }
        }
        text_serde!($name);
    };
}

chosen_name!(
    /// A connection's id, chosen by the operator: it stands in the webhook URL.
    ConnectionId,
    "a connection id: 1 to 64 of a-z, 0-9, - and _, starting with a letter or digit",
    |text| {
        text.len() <= limit::CONNECTION_ID_BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    }
);
chosen_name!(
    /// A subscription's name: chosen by the operator in the file, `sub_…` for one that was made through the API.
    SubscriptionId,
    "a subscription name: 1 to 64 of a-z, 0-9, - and _, starting with a letter or digit",
    |text| {
        text.len() <= limit::SUBSCRIPTION_ID_BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    }
);

impl SubscriptionId {
    /// How names of subscriptions begin that were made through the API. None in the file may.
    pub const GENERATED_PREFIX: &'static str = "sub_";

    /// A new name, `sub_…`; names of a later millisecond sort after it.
    pub fn generate(at: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let ulid = Ulid::from_parts(at.as_millis().max(0).unsigned_abs(), u128::from_be_bytes(random));
        Self(format!("{}{}", Self::GENERATED_PREFIX, ulid.to_string().to_ascii_lowercase()).into())
    }
}

chosen_name!(
    /// A plugin's name, chosen by its author: the first part of its event types.
    PluginName,
    "a plugin name: 1 to 64 of a-z, 0-9 and -, starting with a letter",
    |text| {
        text.len() <= limit::PLUGIN_NAME_BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn ids_sort_by_time_and_survive_their_text_form() {
        let entropy = SeededEntropy::new(7);
        let earlier = EventId::new(Timestamp::from_millis(1_000), &entropy);
        let later = EventId::new(Timestamp::from_millis(1_001), &entropy);
        assert!(earlier.to_string() < later.to_string());
        assert_eq!(later.made_at(), Timestamp::from_millis(1_001));
        assert_eq!(earlier.to_string().parse(), Ok(earlier));
        assert!(earlier.to_string().starts_with("evt_"));
        assert!(earlier.to_string().replace("evt_", "whk_").parse::<EventId>().is_err());
    }

    #[test]
    fn connection_ids_fit_into_a_url() {
        for good in ["shop-eu", "a", "0", "shop_1"] {
            assert!(good.parse::<ConnectionId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "Shop", "a/b", "a b", "ü", "a.b", "..", &"a".repeat(65)] {
            assert!(bad.parse::<ConnectionId>().is_err(), "{bad}");
        }
    }
}
