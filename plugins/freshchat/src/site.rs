//! Which of the operator's sites a conversation is on.
//!
//! No webhook of Freshchat is known to name the site, so that it is found out: from the channel, or from a property that the
//! site gives its users (`fcWidget.user.setProperties`). A site that Freshchat names one day comes before both.

use std::borrow::Cow;

use hookyard_sdk::kv::{self, Expected, Options};
use hookyard_sdk::{Error, RawValue, json, lenient, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::config::Config;

/// How long a user's site is believed, in seconds.
const USER_SITE_SECONDS: u32 = 3_600;
/// How long it is remembered who the customer of a conversation is, in seconds.
const CUSTOMER_SECONDS: u32 = 90 * 86_400;

/// A site, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) source: SiteSource,
}

/// How a site was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SiteSource {
    /// The webhook names it.
    Message,
    /// It is that of the channel, in the config's `channel_map`.
    Channel,
    /// It is a property of the user, the config's `site_property`.
    Property,
    /// Nothing names it.
    Default,
}

/// What a webhook has that may tell the site.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clues<'a> {
    /// The site itself.
    pub(crate) site_id: Option<&'a str>,
    /// The ids of the channel.
    pub(crate) channel_ids: [Option<&'a str>; 2],
    /// The conversation, by [`Ids::id`](crate::ids::Ids).
    pub(crate) conversation_id: &'a str,
    /// The customer. Without it, the one that a message of the conversation named.
    pub(crate) user_id: Option<&'a str>,
}

impl Site {
    /// The first that the clues lead to. A look-up that fails leads nowhere and is logged: a customer's message does not wait for
    /// its site.
    pub(crate) fn find(config: &Config, clues: &Clues<'_>) -> Result<Self, Error> {
        if let Some(name) = clues.site_id {
            return Ok(Self { name: name.to_owned(), source: SiteSource::Message });
        }
        let mapped = clues.channel_ids.into_iter().flatten().find_map(|id| config.channel_map.get(id));
        if let Some(name) = mapped {
            return Ok(Self { name: name.clone(), source: SiteSource::Channel });
        }
        if let Some(property) = &config.site_property
            && let Some(user_id) = customer(clues)?
            && let Some(name) = of_user(config, property, &user_id)?
        {
            return Ok(Self { name, source: SiteSource::Property });
        }
        Ok(Self { name: config.default_site.clone(), source: SiteSource::Default })
    }
}

/// The user of a conversation. Only messages name them, so that it is kept for what else happens to the conversation.
fn customer(clues: &Clues<'_>) -> Result<Option<String>, Error> {
    let key = kv::key("customer", clues.conversation_id)?;
    let known = kv::get(&key)?.and_then(|entry| String::from_utf8(entry.value).ok());
    let Some(user_id) = clues.user_id else { return Ok(known) };
    if known.as_deref() != Some(user_id) {
        let options = Options { ttl_seconds: Some(CUSTOMER_SECONDS), expected: Expected::Anything };
        kv::set_with(&key, user_id, options)?;
    }
    Ok(Some(user_id.to_owned()))
}

/// What is kept of a user.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    /// The property that was looked at: the config may name another one by now.
    property: Cow<'a, str>,
    /// Its value, if the user has it.
    site: Option<String>,
}

impl Kept<'_> {
    /// What is known of this property; `None` if another one was looked at.
    fn of(self, property: &str) -> Option<Option<String>> {
        (self.property == property).then_some(self.site)
    }
}

fn of_user(config: &Config, property: &str, user_id: &str) -> Result<Option<String>, Error> {
    let key = kv::key("user-site", user_id)?;
    if let Some(entry) = kv::get(&key)? {
        let kept: Kept<'_> = entry.json()?;
        if let Some(site) = kept.of(property) {
            return Ok(site);
        }
    }
    match look_up(config, property, user_id) {
        Ok(site) => {
            let kept = Kept { property: property.into(), site };
            let options = Options { ttl_seconds: Some(USER_SITE_SECONDS), expected: Expected::Anything };
            kv::set_with(&key, json::to_vec(&kept)?, options)?;
            Ok(kept.site)
        }
        Err(error) => {
            log::warn(format_args!(
                "the user's property {property:?} is not known, so that the site is the default: {error}"
            ));
            Ok(None)
        }
    }
}

/// The value of the property, if the user has it and it is not empty.
fn look_up(config: &Config, property: &str, user_id: &str) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct User<'a> {
        #[serde(default, borrow)]
        properties: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Property<'a> {
        #[serde(default, borrow, deserialize_with = "lenient::text")]
        name: Option<Cow<'a, str>>,
        #[serde(default, borrow, deserialize_with = "lenient::id")]
        value: Option<Cow<'a, str>>,
    }
    let response = Api::new(config).user(user_id)?;
    let user: User<'_> = response.object()?;
    // What is no list has no properties, and what is no property is none of ours.
    let properties = user.properties.and_then(|list| json::parse::<Vec<&RawValue>>(list.get().as_bytes()).ok());
    let objects = properties.into_iter().flatten().filter(|one| one.get().starts_with('{'));
    let mut properties = objects.filter_map(|one| json::parse(one.get().as_bytes()).ok());
    let named = properties.find(|one: &Property<'_>| one.name.as_deref() == Some(property));
    Ok(named.and_then(|one| one.value).filter(|value| !value.is_empty()).map(Cow::into_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_user_does_not_outlive_a_change_of_the_property() {
        let kept = |site: Option<&str>| Kept { property: "site_id".into(), site: site.map(str::to_owned) };
        assert_eq!(kept(Some("kitchen")).of("site_id"), Some(Some("kitchen".to_owned())));
        assert_eq!(kept(None).of("site_id"), Some(None), "it is known that there is none");
        assert_eq!(kept(Some("kitchen")).of("shop"), None);
    }
}
