//! The one shape of messages that all chat plugins share, so that a flow can hand a message from any of them to any other.
//!
//! What goes out, the input of the action `send-message`, beside an object under the plugin's own name:
//!
//! ```json
//! {"conversation_id": "c1", "text": "Hola", "attachments": [{"type": "image", "url": "https://cdn.example/a.png"}]}
//! ```
//!
//! What comes in, the data of events with a message, beside such an object: [`Message`]. Its `conversation_id` is the event's
//! `subject`.

mod attachment;
mod conversation_id;
mod message;
mod outgoing;
mod sender;

pub use attachment::{Attachment, AttachmentKind};
pub use conversation_id::ConversationId;
pub use message::Message;
pub use outgoing::{MESSAGE_EMPTY, check_not_empty, invalid_input, unsupported};
pub use sender::{Sender, SenderKind};
