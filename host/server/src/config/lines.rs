//! Where the members of a document stand that was read from the file.

use super::json::Lines;

/// The lines of a document's members, for messages.
#[derive(Debug, Clone, Default)]
pub struct DocumentLines {
    file: String,
    /// The dotted path of the document: `connections.shop-eu.config`.
    path: String,
    lines: Lines,
}

impl DocumentLines {
    pub(super) fn new(file: &str, path: String, lines: Lines) -> Self {
        Self { file: file.to_owned(), path, lines }
    }

    /// Where the member that `pointer` names stands, as messages begin: `hookyard.toml:12: connections.shop-eu.config.api_key`. For a
    /// member that is not there: the line of the nearest one around it; `None` where nothing is known of any line.
    pub(crate) fn line_of(&self, pointer: &str) -> Option<String> {
        let mut around = pointer;
        let line = loop {
            match (self.lines.get(around), around.rfind('/')) {
                (Some(line), _) => break *line,
                (None, Some(end)) => around = &around[..end],
                (None, None) => return None,
            }
        };
        Some(format!("{}:{line}: {}{}", self.file, self.path, dotted(pointer)))
    }
}

/// A JSON pointer as the end of a dotted path.
pub(super) fn dotted(pointer: &str) -> String {
    pointer.replace('/', ".").replace("~1", "/").replace("~0", "~")
}
