//! Messages with places that a response fills: `Segue o boleto: {data[url]}`.
//!
//! ```
//! use hookyard_reply_template::Template;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let template = Template::parse("R$ {data[valor]}, {{{data[nome]}}}")?;
//! let response = serde_json::from_str(r#"{"data": {"valor": 10.50, "nome": null}}"#)?;
//! let message = template.render(Some(response), "?");
//! assert_eq!(message.text, "R$ 10.50, {?}");
//! assert_eq!(message.missing, ["data[nome]"]);
//! # Ok(())
//! # }
//! ```
//!
//! What stands between braces is a key of [`hookyard_key_path`] without `[]`; `{{` and `}}` are braces. What is put in is never
//! read again, so that a response cannot bring places of its own.

mod template;
mod value;

pub use template::{Rendered, Template, TemplateError, TemplateProblem};
pub use value::{element, member, value_at};

/// Characters of a message; what is longer is cut.
pub const TEXT_CHARS_MAX: usize = 4_096;
/// Bytes of a template.
pub const TEMPLATE_BYTES_MAX: usize = 16 * 1024;
/// Places in a template: for each of them the response is read once more, and what they share on their ways only once.
pub const PLACES_MAX: usize = 50;
