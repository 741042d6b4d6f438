//! Where the API is.

/// The version that this plugin speaks.
const VERSION: &str = "/v2";

/// `api_base` as operators write it, without slashes at its end and with `/v2` exactly once.
pub(super) fn normalised(api_base: &str) -> String {
    // A host may be called v2.
    let host = api_base.find("://").map_or(0, |scheme| scheme + "://".len());
    let (host, path) = api_base.split_at(api_base[host..].find('/').map_or(api_base.len(), |slash| host + slash));
    let mut path = path.trim_end_matches('/');
    while let Some(shorter) = path.strip_suffix(VERSION) {
        path = shorter.trim_end_matches('/');
    }
    format!("{host}{path}{VERSION}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_the_same_with_and_without_slashes_and_versions() {
        for path in ["", "/", "//", "/v2", "/v2/", "/v2//", "/v2/v2", "/v2/v2/", "/v2//v2/"] {
            assert_eq!(normalised(&format!("https://acme-1.freshchat.com{path}")), "https://acme-1.freshchat.com/v2");
        }
        assert_eq!(normalised("http://127.0.0.1:9/gate/v2"), "http://127.0.0.1:9/gate/v2");
        assert_eq!(normalised("https://gate.example/apiv2"), "https://gate.example/apiv2/v2");
        assert_eq!(normalised("https://v2"), "https://v2/v2");
        assert_eq!(normalised("https://gate.example/v2/eu"), "https://gate.example/v2/eu/v2");
    }
}
