//! Where the texts of a declaration get their values from.

/// What a text becomes a part of. Secrets do not go everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextPlace {
    /// The URL.
    Url,
    /// The value of a header.
    Header,
    /// A text within the JSON body.
    Json,
    /// The value of a field of the form.
    Form,
    /// The name of a member or a field, or a JSON pointer: no secret.
    Name,
}

/// Fills in the texts of a declaration: from a config, or for one invocation.
pub trait Texts {
    /// The text that `template` at the member `at` (a JSON pointer into the declaration) stands for. In a URL its secrets are
    /// percent-encoded. `None` where something that it names is not set, or cannot be used, which is noted.
    fn text(&mut self, at: &str, template: &str, place: TextPlace) -> Option<String>;

    /// Notes what is wrong at a member: a sentence without any value.
    fn wrong(&mut self, at: &str, why: &str);
}
