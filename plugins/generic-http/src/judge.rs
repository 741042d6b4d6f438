//! Whether an answer is a success, and the message that is made of it.

use hookyard_key_path::{Path, Segment};
use hookyard_reply_template::{Rendered, Template, value_at};
use hookyard_sdk::RawValue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::definition::Request;
use crate::failure::Failure;
use crate::problem::Problems;

/// Which way a flow goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Branch {
    /// The answer is what was hoped for, and its message could be made.
    Success,
    /// Anything else.
    Error,
}

/// A message for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Message {
    /// At most 4,096 characters.
    pub(crate) text: String,
    /// The paths of the template where the answer has nothing.
    pub(crate) missing: Vec<String>,
    /// The text was longer.
    pub(crate) truncated: bool,
}

/// What a definition makes of answers.
#[derive(Debug)]
pub(crate) struct Judge<'r> {
    success_status: Option<&'r [u16]>,
    /// How many redirects are followed.
    redirects_max: u32,
    fail_if: Option<Path>,
    template: Option<Template>,
    /// What stands where the answer has nothing; `None` if that is an error.
    instead: Option<&'r str>,
    on_error: Option<Template>,
}

/// What an answer is.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) branch: Branch,
    pub(crate) failure: Option<Failure>,
    pub(crate) message: Option<Message>,
}

impl<'r> Judge<'r> {
    /// Reads the parts of the definition that speak of the answer. What is wrong with them is added to `problems`.
    pub(crate) fn of(request: &'r Request, problems: &mut Problems) -> Self {
        let reply = request.reply.as_ref();
        Self {
            success_status: request.success_status.as_deref(),
            redirects_max: request.redirects_max,
            fail_if: request.fail_if_path.as_ref().and_then(|key| path(key, problems)),
            template: template(reply.and_then(|reply| reply.template.as_deref()), "/reply/template", problems),
            instead: reply.and_then(|reply| reply.instead()),
            on_error: template(reply.and_then(|reply| reply.on_error.as_deref()), "/reply/on_error", problems),
        }
    }

    /// Of an answer, behind the redirects that are followed. `leads_on` says whether it names another URL; `json` is its body, if
    /// that is JSON.
    pub(crate) fn answered(&self, status: u16, leads_on: bool, json: Option<&RawValue>) -> Verdict {
        let is_expected = match self.success_status {
            Some(expected) => expected.contains(&status),
            None => (200..300).contains(&status),
        };
        let fails = || {
            let found = self.fail_if.as_ref().zip(json).and_then(|(path, json)| value_at(json, path));
            found.is_some_and(|value| value.get() != "null")
        };
        if !is_expected || fails() {
            let is_redirect = leads_on && !is_expected && matches!(status, 301 | 302 | 303 | 307 | 308);
            let failure = (is_redirect && self.redirects_max > 0).then(|| Failure::redirect(self.redirects_max));
            return Verdict { branch: Branch::Error, failure, message: self.message_of_error(json) };
        }
        let rendered = self.template.as_ref().map(|template| template.render(json, self.instead.unwrap_or_default()));
        match rendered {
            Some(rendered) if self.instead.is_none() && !rendered.missing.is_empty() => {
                let failure = Failure::reply_missing(&rendered.missing);
                Verdict { branch: Branch::Error, failure: Some(failure), message: self.message_of_error(json) }
            }
            rendered => Verdict { branch: Branch::Success, failure: None, message: rendered.map(Message::from) },
        }
    }

    /// Where there is no answer.
    pub(crate) fn failed(&self, failure: Failure) -> Verdict {
        Verdict { branch: Branch::Error, failure: Some(failure), message: self.message_of_error(None) }
    }

    fn message_of_error(&self, json: Option<&RawValue>) -> Option<Message> {
        self.on_error.as_ref().map(|template| template.render(json, "").into())
    }
}

impl From<Rendered> for Message {
    fn from(Rendered { text, missing, truncated }: Rendered) -> Self {
        Self { text, missing, truncated }
    }
}

fn path(key: &str, problems: &mut Problems) -> Option<Path> {
    match Path::parse(key) {
        Ok(path) if path.segments().last() == Some(&Segment::Append) => {
            problems.at("/fail_if_path", "append_not_allowed", "`[]` names no value; name the position, as in `[0]`");
            None
        }
        Ok(path) => Some(path),
        Err(error) => {
            problems.at("/fail_if_path", error.code(), error.to_string());
            None
        }
    }
}

fn template(text: Option<&str>, pointer: &str, problems: &mut Problems) -> Option<Template> {
    match Template::parse(text?) {
        Ok(template) => Some(template),
        Err(error) => {
            problems.at(pointer, error.code(), error.to_string());
            None
        }
    }
}
