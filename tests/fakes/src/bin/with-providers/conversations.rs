//! Conversations as they go on, in the terminal.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use hookyard_fakes::freshchat::Fake;

use crate::customers::Customers;
use crate::providers::GROUP;

/// What has been shown of a conversation.
#[derive(Default)]
struct Shown {
    answers: usize,
    handed_over: bool,
}

/// Prints what the bot says in Freshchat, and when a conversation gets to people.
pub(crate) async fn show(customers: Arc<Customers>) -> Infallible {
    let mut shown: BTreeMap<String, Shown> = BTreeMap::new();
    loop {
        let mut news = Vec::new();
        let has_news = |freshchat: &Fake| {
            for (customer, conversation) in customers.conversations() {
                let shown = shown.entry(conversation.clone()).or_default();
                news.extend(shown.of(freshchat, &customer, &conversation));
            }
            !news.is_empty()
        };
        customers.freshchat.until(has_news).await;
        news.iter().for_each(|line| say(line));
    }
}

impl Shown {
    /// What is new in a conversation.
    fn of(&mut self, freshchat: &Fake, customer: &str, conversation: &str) -> Vec<String> {
        let answers = freshchat.texts(conversation).split_off(self.answers);
        self.answers += answers.len();
        let mut news: Vec<_> = answers.into_iter().map(|text| format!("  bot to {customer}: {text}")).collect();
        let handed_over = freshchat.conversation(conversation)["assigned_group_id"] == *freshchat.group(GROUP);
        if handed_over && !self.handed_over {
            news.push(format!("  {customer} is now with the people of {GROUP:?}, and the bot is silent"));
        }
        self.handed_over = handed_over;
        news
    }
}

#[expect(clippy::print_stdout, reason = "the user's terminal is where this belongs")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
