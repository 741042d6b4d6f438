//! The members of an object, in their order.

use std::borrow::Cow;
use std::fmt;

use hookyard_sdk::RawValue;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names and values as they are written; a name may occur twice.
#[derive(Debug, Default, Clone)]
pub(super) struct Members<'a>(Vec<Member<'a>>);

#[derive(Debug, Clone)]
struct Member<'a> {
    name: String,
    /// [`plain`] of the name, if that is something else. Every field is looked for among all members, so that this is made once.
    plain: Option<String>,
    value: &'a RawValue,
}

impl<'a> Members<'a> {
    /// Takes out the member of this name: the last one that is spelled the same, else the last one that is spelled alike.
    ///
    /// `name` is in lower case with `_` between its words.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let same = self.0.iter().rposition(|member| member.name == name);
        let place = same.or_else(|| self.0.iter().rposition(|member| member.plain() == name))?;
        Some(self.0.remove(place).value)
    }

    /// Whether there is a member of this name, however it is spelled.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|member| member.plain() == name)
    }

    /// These and behind them the others.
    pub(super) fn followed_by(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Those whose names are so, and the others.
    pub(super) fn parted(self, is_so: impl Fn(&str) -> bool) -> (Self, Self) {
        let (so, others) = self.0.into_iter().partition(|member| is_so(&member.name));
        (Self(so), Self(others))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|member| (member.name.as_str(), member.value))
    }
}

impl<'a> Member<'a> {
    fn new(name: String, value: &'a RawValue) -> Self {
        let plain = match plain(&name) {
            Cow::Borrowed(_) => None,
            Cow::Owned(plain) => Some(plain),
        };
        Self { name, plain, value }
    }

    fn plain(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.name)
    }
}

/// A name without its case and the blanks around it, and with `_` for those within.
pub(super) fn plain(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase())
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    members.push(Member::new(name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
