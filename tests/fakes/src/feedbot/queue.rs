//! The queue, and what the program on the customer's computer made of it.

use serde_json::Value;

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its id.
    pub id: String,
    /// Whom it goes to.
    pub phone: String,
    /// Its text.
    pub message: String,
    /// All that was sent of it.
    pub body: Value,
    /// 0 while it waits, 1 once it was sent, -1 if it cannot be.
    pub status: i64,
    /// Why it cannot be.
    pub reason: Option<String>,
    is_forgotten: bool,
}

/// All messages.
#[derive(Debug)]
pub(super) struct Queue {
    messages: Vec<Queued>,
    /// The first 16 characters of an id; the others are digits.
    ids_begin_with: String,
}

impl Default for Queue {
    fn default() -> Self {
        Self { messages: Vec::new(), ids_begin_with: "wwFSlUQCEB6WQ8eg".to_owned() }
    }
}

impl Queue {
    pub(super) fn all(&self) -> &[Queued] {
        &self.messages
    }

    /// Takes messages, all or, if one of them lacks something, none; their ids.
    pub(super) fn take(&mut self, messages: &[Value]) -> Option<Vec<String>> {
        let first = self.messages.len();
        let taken: Option<Vec<Queued>> =
            messages.iter().enumerate().map(|(number, body)| queued(self.id(first + number), body)).collect();
        let taken = taken.filter(|taken| !taken.is_empty())?;
        let ids = taken.iter().map(|message| message.id.clone()).collect();
        self.messages.extend(taken);
        Some(ids)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Queued> {
        self.messages.iter().find(|message| message.id == id && !message.is_forgotten)
    }

    pub(super) fn set(&mut self, id: &str, status: i64, reason: Option<&str>) {
        let message = self.message(id);
        message.status = status;
        message.reason = reason.map(str::to_owned);
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.message(id).is_forgotten = true;
    }

    pub(super) fn begin_series(&mut self, series: u64) {
        self.ids_begin_with = format!("wwFSl{series:011x}");
    }

    /// 20 letters and digits, as Feedbot's are.
    fn id(&self, number: usize) -> String {
        format!("{}{number:04}", self.ids_begin_with)
    }

    fn message(&mut self, id: &str) -> &mut Queued {
        self.messages.iter_mut().find(|message| message.id == id).unwrap_or_else(|| panic!("there is no message {id}"))
    }
}

/// The message of this id; `None` if it lacks its text or its phone number.
fn queued(id: String, body: &Value) -> Option<Queued> {
    let text = |member: &str| body[member].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Queued {
        id,
        phone: text("phone")?,
        message: text("message")?,
        body: body.clone(),
        status: 0,
        reason: None,
        is_forgotten: false,
    })
}
