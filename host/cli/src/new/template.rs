//! The files of a new plugin. They are a plugin themselves, called `my-plugin`; that name is replaced.

use super::name::Names;

/// Where the template stands in for the path of the SDK.
const SDK: &str = "../hookyard/plugins/sdk/rust";

const RUST: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml")),
    ("src/lib.rs", include_str!("../../templates/rust/src/lib.rs")),
    ("src/tests.rs", include_str!("../../templates/rust/src/tests.rs")),
    ("samples/order-shipped.json", include_str!("../../templates/rust/samples/order-shipped.json")),
    ("hookyard.toml", include_str!("../../templates/rust/hookyard.toml")),
    ("README.md", include_str!("../../templates/rust/README.md")),
    // Not under its own name, or it would hold in this repository.
    (".gitignore", include_str!("../../templates/rust/gitignore")),
];

/// The files of a crate that finds the SDK at `sdk`, with its lock file if there is one.
pub(super) fn rust(names: &Names, sdk: &str, lock: Option<&str>) -> Vec<(&'static str, String)> {
    let fill = |text: &str| {
        text.replace(SDK, &toml_text(sdk))
            .replace("my-plugin", &names.kebab)
            .replace("MyPlugin", &names.pascal)
            .replace("My Plugin", &names.title)
    };
    let files = RUST.into_iter().map(|(path, text)| (path, fill(text)));
    files.chain(lock.map(|lock| ("Cargo.lock", lock.to_owned()))).collect()
}

/// What stands between the quotes of a TOML string.
fn toml_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_placeholder_is_left() {
        let names = Names::of(&"parcel-post".parse().expect("a name")).expect("usable");
        let files = rust(&names, "../sdk \"x\"", Some("version = 4\n"));
        assert_eq!(files.len(), RUST.len() + 1);
        for (path, text) in &files {
            for left in ["my-plugin", "MyPlugin", "My Plugin", SDK] {
                assert!(!text.contains(left), "{path} has {left}");
            }
        }
        let text = |path: &str| &files.iter().find(|(file, _)| *file == path).expect("a file").1;
        let manifest: toml::Table = text("Cargo.toml").parse().expect("TOML");
        assert_eq!(manifest["package"]["name"].as_str(), Some("parcel-post"));
        assert_eq!(manifest["dependencies"]["hookyard-sdk"]["path"].as_str(), Some("../sdk \"x\""));
        let host: toml::Table = text("hookyard.toml").parse().expect("TOML");
        assert_eq!(host["connections"]["parcel-post"]["plugin"].as_str(), Some("parcel-post"));
        assert!(text("src/lib.rs").contains("export!(ParcelPost: webhook, actions)"));
    }
}
