//! The parts of a message: its text, and what came with it.

use std::borrow::Cow;

use hookyard_chat::{Attachment, AttachmentKind};
use hookyard_sdk::{RawValue, json, lenient};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What a customer or an agent wrote.
#[derive(Debug)]
pub(super) struct Content<'a> {
    /// All texts, and those of e-mails, one after the other as they are.
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// All parts, unchanged.
    pub parts: &'a RawValue,
    /// How many parts could not be read.
    pub unread: usize,
    /// How many attachments were left out because they are not where they could be fetched from.
    pub without_place: usize,
}

impl<'a> Content<'a> {
    /// `None` if there is no list of parts, or none in it that can be read.
    pub(super) fn read(parts: Option<&'a RawValue>) -> Option<Self> {
        let parts = parts?;
        let list: Vec<&RawValue> = json::parse(parts.get().as_bytes()).ok()?;
        let mut content = Self { text: String::new(), attachments: Vec::new(), parts, unread: 0, without_place: 0 };
        let count = list.len();
        for part in list {
            content.add(part);
        }
        (content.unread < count).then_some(content)
    }

    fn add(&mut self, part: &RawValue) {
        let is_object = part.get().starts_with('{');
        let Some(part) = json::parse::<Part<'_>>(part.get().as_bytes()).ok().filter(|_| is_object) else {
            self.unread += 1;
            return;
        };
        let texts = [part.text, part.email].into_iter().flatten().filter_map(|text| text.content);
        let places = [
            (AttachmentKind::Image, part.image),
            (AttachmentKind::Video, part.video),
            (AttachmentKind::File, part.file),
        ];
        let others = [
            part.url_button,
            part.quick_reply_button,
            part.collection,
            part.reference,
            part.template_content,
            part.callback,
        ];
        let mut is_read = others.iter().any(Option::is_some);
        for text in texts.filter(|text| !text.is_empty()) {
            self.text.push_str(&text);
            is_read = true;
        }
        for (kind, place) in places {
            let Some((url, place)) = place.and_then(|mut place| Some((place.url.take()?, place))) else { continue };
            is_read = true;
            match Attachment::from_provider(kind, url) {
                Some(attachment) => self.attachments.push(place.describe(attachment)),
                None => self.without_place += 1,
            }
        }
        self.unread += usize::from(!is_read);
    }
}

/// One part has one of these members.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    text: Option<Words<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    email: Option<Words<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    image: Option<Place<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    video: Option<Place<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    file: Option<Place<'a>>,
    // What Freshchat documents besides is neither text nor attachment, and stands in the event with all parts.
    url_button: Option<IgnoredAny>,
    quick_reply_button: Option<IgnoredAny>,
    collection: Option<IgnoredAny>,
    reference: Option<IgnoredAny>,
    template_content: Option<IgnoredAny>,
    callback: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Words<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    content: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    url: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    name: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    content_type: Option<Cow<'a, str>>,
    /// A number, or its digits as a text.
    #[serde(default, borrow, deserialize_with = "lenient::id")]
    file_size_in_bytes: Option<Cow<'a, str>>,
}

impl Place<'_> {
    fn describe(self, attachment: Attachment) -> Attachment {
        let present = |text: Option<Cow<'_, str>>| text.filter(|text| !text.is_empty()).map(Cow::into_owned);
        Attachment {
            name: present(self.name),
            content_type: present(self.content_type),
            size_bytes: self.file_size_in_bytes.and_then(|size| size.parse().ok()),
            ..attachment
        }
    }
}
