//! Which hosts a grant speaks of: `[http://]NAME[:PORT]`.

use std::net::{IpAddr, Ipv6Addr};

/// Says what is wrong with a host pattern, as words that follow it. `NAME` is exact, `*.NAME` or an IP literal.
///
/// # Errors
/// It is not such a pattern.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.starts_with("https://") {
        return Err("needs no https://, which is the rule; write NAME[:PORT]".to_owned());
    }
    let authority = text.strip_prefix("http://").unwrap_or(text);
    let (name, port) = split_port(authority);
    let port_is_right =
        port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0 && !port.starts_with('+')));
    if port_is_right && is_name(name) {
        Ok(())
    } else {
        Err("is not a host pattern, such as api.example.com, *.example.com:8443 or http://10.0.0.5".to_owned())
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    let end_of_literal = authority.rfind(']').unwrap_or(0);
    match authority.rfind(':') {
        Some(colon) if colon > end_of_literal => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    }
}

fn is_name(name: &str) -> bool {
    if let Some(literal) = name.strip_prefix('[') {
        return literal.strip_suffix(']').is_some_and(|literal| literal.parse::<Ipv6Addr>().is_ok());
    }
    let looks_like_address = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if looks_like_address {
        return name.parse::<IpAddr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
    };
    let name = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_with_an_optional_scheme_and_port() {
        for good in [
            "api.example.com",
            "*.example.com",
            "http://crm:8080",
            "10.0.0.5",
            "[::1]:8443",
            "http://[fd00::1]",
            "localhost",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "*",
            "a.*.b",
            "*example.com",
            "https://api.example.com",
            "api.example.com/path",
            "api.example.com:0",
            "api.example.com:x",
            "API.example.com",
            "a..b",
            "http://",
            "user@host",
            "10.0.0",
            "::1",
            "[::1",
            "a b",
            "-a.b",
            "host:",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
