//! What a new plugin is called in its code.

use hookyard_domain::id::PluginName;

/// Words that are no name of a crate: what the language keeps for itself, what Cargo and the compiler bring along, and what the
/// new crate depends on.
const TAKEN: [&str; 66] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "hookyard_sdk",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "panic",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "schemars",
    "self",
    "serde",
    "serde_json",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];
/// Types that the template knows already.
const TYPES: [&str; 22] = [
    "Action",
    "ActionKind",
    "Config",
    "Deserialize",
    "Err",
    "Error",
    "Event",
    "EventKind",
    "GetOrder",
    "JsonSchema",
    "Manifest",
    "Option",
    "Order",
    "Output",
    "Plugin",
    "Response",
    "Result",
    "Sample",
    "Secrets",
    "Serialize",
    "Update",
    "Webhook",
];
/// The same, of traits and types that few think of.
const RARE_TYPES: [&str; 8] = ["Box", "Host", "Ok", "None", "Some", "String", "Verify", "WebhookRules"];

/// The spellings of one name.
#[derive(Debug)]
pub(super) struct Names {
    /// As the manifest, the directory and the package have it.
    pub(super) kebab: String,
    /// As its type is called.
    pub(super) pascal: String,
    /// As people write it.
    pub(super) title: String,
}

impl Names {
    /// # Errors
    /// No crate can be called so: why not.
    pub(super) fn of(name: &PluginName) -> Result<Self, String> {
        let kebab = name.as_str().to_owned();
        if TAKEN.contains(&kebab.replace('-', "_").as_str()) {
            return Err(format!("no crate can be called {kebab}: the word is taken in Rust; try {kebab}-plugin"));
        }
        let words: Vec<String> = kebab.split('-').filter(|word| !word.is_empty()).map(capitalised).collect();
        let pascal = words.concat();
        let is_known = TYPES.contains(&pascal.as_str()) || RARE_TYPES.contains(&pascal.as_str());
        let pascal = if is_known { format!("{pascal}Plugin") } else { pascal };
        Ok(Self { title: words.join(" "), kebab, pascal })
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str) -> Result<Names, String> {
        Names::of(&name.parse().expect("a plugin's name"))
    }

    #[test]
    fn a_name_is_spelled_for_each_place() {
        let Names { kebab, pascal, title } = names("parcel-post2").expect("a name");
        assert_eq!((kebab.as_str(), pascal.as_str(), title.as_str()), ("parcel-post2", "ParcelPost2", "Parcel Post2"));
        assert_eq!(names("a--b-").expect("a name").pascal, "AB");
        assert_eq!(names("webhook").expect("a name").pascal, "WebhookPlugin");
    }

    #[test]
    fn words_of_the_language_are_refused_with_a_way_out() {
        for taken in ["match", "test", "serde", "serde-json", "hookyard-sdk"] {
            assert!(names(taken).expect_err(taken).contains("try "), "{taken}");
        }
    }
}
