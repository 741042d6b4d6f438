//! People who write, in Freshchat or in Telegram, what somebody posts for them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use hookyard_fakes::demo::Providers;
use tokio::net::TcpListener;

use crate::conversations::say;

/// The id of the first chat in Telegram.
const FIRST_CHAT: i64 = 501;

/// Everybody so far, each with one conversation in a messenger.
pub(crate) struct People {
    pub(crate) providers: Arc<Providers>,
    conversations: Mutex<BTreeMap<String, String>>,
    chats: Mutex<BTreeMap<String, i64>>,
}

impl People {
    /// Nobody yet.
    pub(crate) fn of(providers: Arc<Providers>) -> Arc<Self> {
        Arc::new(Self { providers, conversations: Mutex::default(), chats: Mutex::default() })
    }

    /// Who writes in Freshchat, each with the id of the conversation.
    pub(crate) fn conversations(&self) -> BTreeMap<String, String> {
        locked(&self.conversations).clone()
    }

    /// Who writes in Telegram, each with the id of the chat.
    pub(crate) fn chats(&self) -> BTreeMap<String, i64> {
        locked(&self.chats).clone()
    }

    /// Somebody writes in Freshchat; the id of the conversation.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let freshchat = &self.providers.freshchat;
        let mut conversations = locked(&self.conversations);
        let conversation =
            conversations.entry(name.to_owned()).or_insert_with(|| freshchat.start_conversation()).clone();
        drop(conversations);
        say(&format!("  {name}: {text}"));
        freshchat.customer_says(&conversation, text);
        conversation
    }

    /// Somebody writes in Telegram; the id of the chat.
    pub(crate) fn write_in_telegram(&self, name: &str, text: &str) -> i64 {
        let mut chats = locked(&self.chats);
        let next = (FIRST_CHAT..).nth(chats.len()).unwrap_or(FIRST_CHAT);
        let chat = *chats.entry(name.to_owned()).or_insert(next);
        drop(chats);
        say(&format!("  {name} in Telegram: {text}"));
        self.providers.telegram.person_says(chat, text);
        chat
    }
}

/// Has people say what is posted to `/NAME` and to `/telegram/NAME`, from now on.
pub(crate) async fn listen(address: &str, people: Arc<People>) -> io::Result<impl Future<Output = ()> + use<>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("the demo's people are to be found at {address}: {error}"))
    })?;
    let router = Router::new().route("/{name}", post(writes)).route("/telegram/{name}", post(writes_in_telegram));
    let router = router.with_state(people);
    Ok(async move {
        if let Err(error) = axum::serve(listener, router).await {
            say(&format!("  the people are gone: {error}"));
        }
    })
}

async fn writes(State(people): State<Arc<People>>, Path(name): Path<String>, text: String) -> (StatusCode, String) {
    if text.trim().is_empty() {
        return silent();
    }
    (StatusCode::OK, format!("{name} wrote it in conversation {}\n", people.write(&name, &text)))
}

async fn writes_in_telegram(
    State(people): State<Arc<People>>,
    Path(name): Path<String>,
    text: String,
) -> (StatusCode, String) {
    if text.trim().is_empty() {
        return silent();
    }
    (StatusCode::OK, format!("{name} wrote it in chat {}\n", people.write_in_telegram(&name, &text)))
}

fn silent() -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, "say something: curl -d 'Hello' …\n".to_owned())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
