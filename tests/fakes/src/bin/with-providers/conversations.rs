//! Conversations as they go on, in the terminal.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use hookyard_fakes::demo::{CARE, FINANCE};
use hookyard_fakes::freshchat::Fake;

use crate::people::People;

/// What has been shown of a conversation in Freshchat.
#[derive(Default)]
struct Shown {
    answers: usize,
    group: Option<&'static str>,
}

/// Prints what the bot says in Freshchat, and when a conversation gets to a group of people.
pub(crate) async fn show_freshchat(people: Arc<People>) -> Infallible {
    let mut shown: BTreeMap<String, Shown> = BTreeMap::new();
    loop {
        let mut news = Vec::new();
        let has_news = |freshchat: &Fake| {
            for (customer, conversation) in people.conversations() {
                let shown = shown.entry(conversation.clone()).or_default();
                news.extend(shown.of(freshchat, &customer, &conversation));
            }
            !news.is_empty()
        };
        people.providers.freshchat.until(has_news).await;
        news.iter().for_each(|line| say(line));
    }
}

impl Shown {
    /// What is new in a conversation.
    fn of(&mut self, freshchat: &Fake, customer: &str, conversation: &str) -> Vec<String> {
        let answers = freshchat.texts(conversation).split_off(self.answers);
        self.answers += answers.len();
        let mut news: Vec<_> = answers.into_iter().map(|text| format!("  bot to {customer}: {text}")).collect();
        let assigned = freshchat.conversation(conversation)["assigned_group_id"].clone();
        let group = [CARE, FINANCE].into_iter().find(|group| assigned == *freshchat.group(group));
        if let Some(group) = group.filter(|_| group != self.group) {
            news.push(format!("  {customer} is now with the people of {group:?}"));
        }
        self.group = group;
        news
    }
}

/// Prints what the bot says in Telegram.
pub(crate) async fn show_telegram(people: Arc<People>) -> Infallible {
    let mut shown: BTreeMap<i64, usize> = BTreeMap::new();
    loop {
        let mut news = Vec::new();
        people
            .providers
            .telegram
            .until(|telegram| {
                for (name, chat) in people.chats() {
                    let seen = shown.entry(chat).or_default();
                    let answers = telegram.texts(chat).split_off(*seen);
                    *seen += answers.len();
                    news.extend(answers.into_iter().map(|text| format!("  bot to {name} in Telegram: {text}")));
                }
                !news.is_empty()
            })
            .await;
        news.iter().for_each(|line| say(line));
    }
}

#[expect(clippy::print_stdout, reason = "the user's terminal is where this belongs")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
