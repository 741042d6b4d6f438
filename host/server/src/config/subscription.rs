//! One `[subscriptions.NAME]`.

use std::fmt;

use hookyard_domain::id::SubscriptionId;
use serde_json::{Map, Value};

use super::entry::Entry;
use super::json::{self, Lines};
use super::lines::DocumentLines;
use super::problem::Problem;

/// A subscription that the file defines, as a document of which nothing is checked but that it is a table.
#[derive(Clone)]
pub struct SubscriptionSettings {
    /// With variables filled in: may hold secrets. The same document as a client of the API sends, and secrets beside.
    pub document: Map<String, Value>,
    /// Where it stands, for messages: file and line.
    pub location: String,
    /// What is wrong with it already (missing variables, values that JSON has not), each with file and line.
    pub problems: Vec<String>,
    lines: DocumentLines,
}

impl SubscriptionSettings {
    /// A subscription that stands in no file.
    pub fn new(document: Map<String, Value>) -> Self {
        let lines = DocumentLines::default();
        Self { document, location: "no file".to_owned(), problems: Vec::new(), lines }
    }

    /// Whether both want the same, wherever it stands.
    pub fn is_same(&self, other: &Self) -> bool {
        self.document == other.document && self.problems.is_empty() && other.problems.is_empty()
    }

    /// Where events go, as far as the document says it: the URL without what may be secret in it, or the connection and the action.
    pub fn endpoint(&self) -> String {
        let member = |name: &str| self.document.get("endpoint")?.get(name)?.as_str();
        match (member("url"), member("connection"), member("action")) {
            (Some(url), _, _) => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
            (None, Some(connection), Some(action)) => format!("{connection} {action}"),
            _ => String::new(),
        }
    }

    /// Where the member that `pointer` names stands, as messages begin.
    pub(crate) fn line_of(&self, pointer: &str) -> String {
        self.lines.line_of(pointer).unwrap_or_else(|| self.location.clone())
    }
}

impl fmt::Debug for SubscriptionSettings {
    /// Without the document, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionSettings")
            .field("location", &self.location)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// What one entry of `[subscriptions]` turned out to be.
pub(super) enum Found {
    /// A subscription, with its own problems inside.
    Subscription(SubscriptionId, Box<SubscriptionSettings>, Vec<Problem>),
    /// What it is called is no name that the file may give.
    Unlisted(Vec<Problem>),
}

/// Reads `[subscriptions.NAME]`.
pub(super) fn read(entry: &Entry<'_>) -> Found {
    let mut problems = Vec::new();
    let id = entry.key.parse::<SubscriptionId>().map_err(|error| problems.push(entry.problem(error.to_string())));
    let mut lines = Lines::new();
    let document = match entry.section(&mut problems) {
        Some(_) => json::to_json(entry, &mut lines, &mut problems),
        None => Value::Null,
    };
    lines.entry(String::new()).or_insert_with(|| entry.document.line(&entry.span));
    let generated = SubscriptionId::GENERATED_PREFIX;
    let id = match id {
        Ok(id) if id.as_str().starts_with(generated) => {
            let text = format!("names that begin with {generated} are those of the API; call it something else");
            problems.push(entry.problem(text));
            return Found::Unlisted(problems);
        }
        Ok(id) => id,
        Err(()) => return Found::Unlisted(problems),
    };
    let settings = SubscriptionSettings {
        document: if let Value::Object(members) = document { members } else { Map::new() },
        location: entry.document.place(&entry.span).to_string(),
        problems: problems.iter().map(ToString::to_string).collect(),
        lines: DocumentLines::new(&entry.document.name, entry.path.clone(), lines),
    };
    Found::Subscription(id, Box::new(settings), problems)
}
