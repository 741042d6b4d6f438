//! Questions what became of a message: how many are under way, and a door that holds them back.

use std::sync::Mutex;

use tokio::sync::watch;

use crate::locked;

/// All questions.
#[derive(Debug, Default)]
pub(super) struct Questions {
    counted: Mutex<Counted>,
    are_held: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Counted {
    under_way: usize,
    /// The highest that this ever was.
    most: usize,
}

/// A question until it is answered, or whoever asked has gone.
#[derive(Debug)]
pub(super) struct Question<'a>(&'a Questions);

impl Questions {
    /// Counts a question, and returns once questions are let in.
    pub(super) async fn enter(&self) -> Question<'_> {
        let question = {
            let mut counted = locked(&self.counted);
            counted.under_way += 1;
            counted.most = counted.most.max(counted.under_way);
            Question(self)
        };
        self.are_held.subscribe().wait_for(|are_held| !are_held).await.expect("it lives");
        question
    }

    pub(super) fn hold(&self, are_held: bool) {
        self.are_held.send_replace(are_held);
    }

    pub(super) fn most_at_once(&self) -> usize {
        locked(&self.counted).most
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        locked(&self.0.counted).under_way -= 1;
    }
}
