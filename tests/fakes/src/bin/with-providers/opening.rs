//! The first messages, so that something moves before anybody has typed a command.

use std::sync::Arc;
use std::time::Duration;

use hookyard_fakes::rest::CPF;
use tokio::net::TcpStream;

use crate::people::People;

/// Between one look whether the host listens and the next.
const LOOK: Duration = Duration::from_millis(300);
/// Between one message and the next, so that they can be read.
const PAUSE: Duration = Duration::from_secs(2);

/// Has three people write, as soon as somebody listens where webhooks go.
pub(crate) async fn begin(webhooks: String, people: Arc<People>) {
    let address = webhooks.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
    while TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(PAUSE).await;
    people.write("eva", "Hi, is anybody there?");
    tokio::time::sleep(PAUSE).await;
    people.write("rui", &format!("O meu boleto, por favor: {CPF}"));
    tokio::time::sleep(PAUSE).await;
    people.write_in_telegram("tom", "Hello from Telegram");
}
