//! A tracking as AfterShip returns it.

use std::borrow::Cow;

use hookyard_sdk::http::Response;
use hookyard_sdk::{Error, RawValue, json, lenient, log};
use serde::Deserialize;

use crate::conversation::CustomFields;

/// What is read of a tracking, and all of it as AfterShip wrote it.
pub(crate) struct Tracking<'a> {
    pub id: Cow<'a, str>,
    pub number: Cow<'a, str>,
    pub slug: Option<Cow<'a, str>>,
    pub tag: Option<Cow<'a, str>>,
    pub conversation_id: Option<Cow<'a, str>>,
    /// An object, or something else that means that there are none.
    pub custom_fields: Option<&'a RawValue>,
    pub json: &'a RawValue,
}

impl<'a> Tracking<'a> {
    /// The only one of an answer: `data.tracking` in older versions of the API, `data` itself in newer ones.
    pub(crate) fn only(response: &'a Response) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Data<'a> {
            #[serde(default, borrow)]
            tracking: Option<&'a RawValue>,
        }
        let data = data(response)?;
        let wrapped = parse::<Data<'_>>(response, data)?.tracking.filter(|tracking| is_object(tracking));
        Self::read(response, wrapped.unwrap_or(data))
    }

    /// The one of a list that has this number, and this courier if one is given. AfterShip may write a number in its own way, so
    /// that one which differs in case only counts where none is the same.
    ///
    /// A number that several couriers use is ambiguous without a courier: the first one counts, and the log says so.
    pub(crate) fn of_number(response: &'a Response, number: &str, slug: Option<&str>) -> Result<Option<Self>, Error> {
        let listed = Self::all(response)?.into_iter();
        let of_courier = |tracking: &Self| slug.is_none_or(|slug| tracking.slug.as_deref() == Some(slug));
        let alike = |tracking: &Self| of_courier(tracking) && tracking.number.eq_ignore_ascii_case(number);
        let mut matching: Vec<Self> = listed.filter(alike).collect();
        if matching.iter().any(|tracking| tracking.number == number) {
            matching.retain(|tracking| tracking.number == number);
        }
        if matching.len() > 1 {
            let slugs: Vec<&str> = matching.iter().filter_map(|tracking| tracking.slug.as_deref()).collect();
            log::warn(format_args!("several couriers have this number ({}): the first one is taken", slugs.join(", ")));
        }
        Ok(matching.into_iter().next())
    }

    fn all(response: &'a Response) -> Result<Vec<Self>, Error> {
        #[derive(Deserialize)]
        struct Data<'a> {
            #[serde(borrow)]
            trackings: Vec<&'a RawValue>,
        }
        let Data { trackings } = parse(response, data(response)?)?;
        trackings.into_iter().map(|tracking| Self::read(response, tracking)).collect()
    }

    fn read(response: &'a Response, json: &'a RawValue) -> Result<Self, Error> {
        let Members { id, tracking_number, slug, tag, custom_fields } = parse(response, json)?;
        let fields: Option<CustomFields<'a>> = match custom_fields {
            Some(fields) if is_object(fields) => Some(parse(response, fields)?),
            _ => None,
        };
        let present = |text: &Cow<'_, str>| !text.is_empty();
        Ok(Self {
            id: id.filter(present).ok_or_else(|| response.protocol("a tracking has no id"))?,
            number: tracking_number.filter(present).ok_or_else(|| response.protocol("a tracking has no number"))?,
            slug: slug.filter(present),
            tag: tag.filter(present),
            conversation_id: fields.and_then(CustomFields::conversation_id),
            custom_fields: custom_fields.filter(|fields| is_object(fields)),
            json,
        })
    }
}

/// AfterShip calls everything but the number optional or nullable.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    tracking_number: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    slug: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    tag: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    custom_fields: Option<&'a RawValue>,
}

fn data(response: &Response) -> Result<&RawValue, Error> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    Ok(response.json::<Envelope<'_>>()?.data)
}

fn parse<'a, T: Deserialize<'a>>(response: &Response, json: &'a RawValue) -> Result<T, Error> {
    json::parse(json.get().as_bytes())
        .map_err(|error| response.protocol(&format!("the body is not as documented: {}", error.message)))
}

fn is_object(json: &RawValue) -> bool {
    json.get().starts_with('{')
}
