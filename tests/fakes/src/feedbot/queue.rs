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
#[derive(Debug, Default)]
pub(super) struct Queue(Vec<Queued>);

impl Queue {
    pub(super) fn all(&self) -> &[Queued] {
        &self.0
    }

    /// Takes messages, all or, if one of them lacks something, none; their ids.
    pub(super) fn take(&mut self, messages: &[Value]) -> Option<Vec<String>> {
        let first = self.0.len();
        let taken: Option<Vec<Queued>> =
            messages.iter().enumerate().map(|(number, body)| queued(first + number, body)).collect();
        let taken = taken.filter(|taken| !taken.is_empty())?;
        let ids = taken.iter().map(|message| message.id.clone()).collect();
        self.0.extend(taken);
        Some(ids)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Queued> {
        self.0.iter().find(|message| message.id == id && !message.is_forgotten)
    }

    pub(super) fn set(&mut self, id: &str, status: i64, reason: Option<&str>) {
        let message = self.message(id);
        message.status = status;
        message.reason = reason.map(str::to_owned);
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.message(id).is_forgotten = true;
    }

    fn message(&mut self, id: &str) -> &mut Queued {
        self.0.iter_mut().find(|message| message.id == id).unwrap_or_else(|| panic!("there is no message {id}"))
    }
}

/// The message of this number; `None` if it lacks its text or its phone number.
fn queued(number: usize, body: &Value) -> Option<Queued> {
    let text = |member: &str| body[member].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Queued {
        // 20 letters and digits, as Feedbot's are.
        id: format!("wwFSlUQCEB6WQ8eg{number:04}"),
        phone: text("phone")?,
        message: text("message")?,
        body: body.clone(),
        status: 0,
        reason: None,
        is_forgotten: false,
    })
}
