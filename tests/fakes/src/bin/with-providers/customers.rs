//! Customers who write in Freshchat what somebody posts for them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use hookyard_fakes::freshchat::Fake;
use tokio::net::TcpListener;

use crate::conversations::say;

/// The customers so far, each with one conversation.
pub(crate) struct Customers {
    pub(crate) freshchat: Arc<Fake>,
    conversations: Mutex<BTreeMap<String, String>>,
}

impl Customers {
    /// Nobody yet.
    pub(crate) fn of(freshchat: Arc<Fake>) -> Arc<Self> {
        Arc::new(Self { freshchat, conversations: Mutex::default() })
    }

    /// Names, each with the id of the conversation.
    pub(crate) fn conversations(&self) -> Vec<(String, String)> {
        let conversations = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        conversations.iter().map(|(name, id)| (name.clone(), id.clone())).collect()
    }

    fn conversation(&self, name: &str) -> String {
        let mut conversations = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        conversations.entry(name.to_owned()).or_insert_with(|| self.freshchat.start_conversation()).clone()
    }
}

/// Has a customer say what is posted to `/NAME`, from now on.
pub(crate) async fn listen(address: &str, customers: Arc<Customers>) -> io::Result<impl Future<Output = ()> + use<>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("the demo's customers are to be found at {address}: {error}"))
    })?;
    let router = Router::new().route("/{name}", post(writes)).with_state(customers);
    Ok(async move {
        if let Err(error) = axum::serve(listener, router).await {
            say(&format!("  the customers are gone: {error}"));
        }
    })
}

async fn writes(
    State(customers): State<Arc<Customers>>,
    Path(name): Path<String>,
    text: String,
) -> (StatusCode, String) {
    if text.trim().is_empty() {
        return (StatusCode::BAD_REQUEST, "say something: curl -d 'Hello' …\n".to_owned());
    }
    let conversation = customers.conversation(&name);
    say(&format!("  {name}: {text}"));
    customers.freshchat.customer_says(&conversation, &text);
    (StatusCode::OK, format!("{name} wrote it in conversation {conversation}\n"))
}
