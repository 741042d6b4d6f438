//! The AI and its dialogues.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The six flags of a dialogue.
pub(super) const FLAGS: [&str; 6] = ["close", "get_contact", "interest", "is_bot", "operator", "success"];

/// A message that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Whose dialogue it belongs to.
    pub chat_id: String,
    /// The task.
    pub task: String,
    /// What was said.
    pub text: String,
    /// The whole body; that of a form as an object of texts.
    pub body: Value,
}

type Rule = Box<dyn Fn(&str) -> String + Send>;

/// What it knows of everybody.
pub(super) struct Ai {
    sent: Vec<Sent>,
    rule: Rule,
    hand_over: Option<String>,
    dialogues: BTreeMap<String, Dialogue>,
    messages: u64,
    series: u64,
}

/// A dialogue with one user.
#[derive(Debug, Clone, Default)]
pub(super) struct Dialogue {
    pub(super) number: u64,
    flags: BTreeMap<&'static str, bool>,
}

impl Default for Ai {
    fn default() -> Self {
        let rule = Box::new(|text: &str| format!("AI: {text}"));
        Self { sent: Vec::new(), rule, hand_over: None, dialogues: BTreeMap::new(), messages: 0, series: 0 }
    }
}

impl Ai {
    pub(super) fn sent(&self) -> &[Sent] {
        &self.sent
    }

    pub(super) fn answers(&mut self, rule: impl Fn(&str) -> String + Send + 'static) {
        self.rule = Box::new(rule);
    }

    pub(super) fn hands_over_at(&mut self, word: &str) {
        self.hand_over = Some(word.to_owned());
    }

    pub(super) fn dialogue(&mut self, chat: &str) -> &mut Dialogue {
        let number = self.series + self.dialogues.len() as u64;
        self.dialogues.entry(chat.to_owned()).or_insert(Dialogue { number, flags: BTreeMap::new() })
    }

    /// A number that no other message has.
    pub(super) fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.series + self.messages
    }

    /// Numbers count from here.
    pub(super) fn begin_series(&mut self, series: u64) {
        self.series = series;
    }

    /// Takes a message; what the AI says to it, unless the dialogue is closed or an operator has it.
    pub(super) fn take(&mut self, sent: Sent) -> Option<String> {
        let answer = (self.rule)(&sent.text);
        let asks_for_a_person = self.hand_over.as_ref().is_some_and(|word| sent.text.contains(word.as_str()));
        let dialogue = self.dialogue(&sent.chat_id);
        let is_over = dialogue.is("operator") || dialogue.is("close");
        if asks_for_a_person {
            dialogue.set("operator", true);
        }
        self.sent.push(sent);
        (!is_over).then_some(answer)
    }
}

impl Dialogue {
    pub(super) fn is(&self, flag: &str) -> bool {
        self.flags.get(flag).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, flag: &'static str, value: bool) {
        assert!(FLAGS.contains(&flag), "{flag} is none of {FLAGS:?}");
        self.flags.insert(flag, value);
    }
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ai").field("sent", &self.sent).field("dialogues", &self.dialogues).finish_non_exhaustive()
    }
}
