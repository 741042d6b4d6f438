use proptest::prelude::*;
use url::Url;

use super::{HostMatch, HostPattern, InvalidHostPattern, Origin, OriginError};

fn pattern(text: &str) -> HostPattern {
    text.parse().unwrap_or_else(|error| panic!("{text} {error}"))
}

fn origin(url: &str) -> Origin {
    Origin::of(&Url::parse(url).expect(url)).expect(url)
}

#[test]
fn a_pattern_is_a_name_with_an_optional_scheme_and_port() {
    for good in [
        "api.example.com",
        "*.example.com",
        "*.example.com:8443",
        "http://crm:8080",
        "http://*.example.com",
        "10.0.0.5",
        "[::1]:8443",
        "http://[fd00::1]",
        "localhost",
        "a_b.example",
        "1a.example",
        "xn--bcher-kva.example",
    ] {
        assert_eq!(pattern(good).to_string(), good);
        let json = serde_json::to_string(&pattern(good)).expect("JSON");
        assert_eq!(json, format!("{good:?}"));
        assert_eq!(serde_json::from_str::<HostPattern>(&json).expect("read back"), pattern(good));
    }
    assert_eq!(pattern("[0:0:0::1]:08443").to_string(), "[::1]:8443");
}

#[test]
fn anything_else_is_refused_and_told_apart() {
    for bad in [
        "",
        "*",
        "*.",
        "*:443",
        "a.*.b",
        "**.b",
        "*.*.b",
        "*example.com",
        "*.10.0.0.1",
        "*.0.0.1",
        "api.example.com:0",
        "api.example.com:x",
        "api.example.com:65536",
        "api.example.com:+80",
        "a..b",
        "a.b.",
        ".a",
        "http://",
        "http:a",
        "ftp:a",
        "user@host",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "2130706433",
        "0x7f.1",
        "a.0x7f",
        "a.1",
        "::1",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[10.0.0.1]",
        "[fe80::1%lo]",
        "a b",
        "a?b",
        "a#b",
        "a%2e",
        "ü.example",
        "-a.b",
        "a-.b",
        "host:",
        "a:1:2",
        &"a".repeat(64),
        &"a.".repeat(127).replace("a.a", "aa.aa"),
    ] {
        assert_eq!(bad.parse::<HostPattern>(), Err(InvalidHostPattern::Shape), "{bad}");
    }
    for (bad, error) in [
        ("https://api.example.com", InvalidHostPattern::Https),
        ("API.example.com", InvalidHostPattern::UpperCase),
        ("api.example.com/", InvalidHostPattern::Path),
        ("http://api.example.com/v1", InvalidHostPattern::Path),
    ] {
        assert_eq!(bad.parse::<HostPattern>(), Err(error), "{bad}");
    }
    let refused = serde_json::from_str::<HostPattern>("\"a/b\"").expect_err("refused").to_string();
    assert!(refused.starts_with("\"a/b\" has a path"), "{refused}");
}

/// The tables that the test host of the plugin SDK is held to as well.
fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/host_patterns.json")).expect("JSON")
}

fn texts<'v>(vectors: &'v serde_json::Value, table: &str) -> Vec<&'v str> {
    vectors[table].as_array().expect(table).iter().map(|text| text.as_str().expect("a text")).collect()
}

#[test]
fn only_what_was_meant_is_granted() {
    let vectors = vectors();
    let rows = vectors["matches"].as_array().expect("a table");
    assert!(rows.len() > 40);
    for row in rows {
        let text = |member: &str| row[member].as_str().expect("a text");
        let expected = match text("matches") {
            "yes" => HostMatch::Yes,
            "to-private" => HostMatch::PlainToPrivate,
            "no" => HostMatch::No,
            other => panic!("{other}"),
        };
        assert_eq!(pattern(text("pattern")).matches(&origin(text("url"))), expected, "{row}");
    }
}

#[test]
fn patterns_and_urls_are_told_from_what_is_none() {
    let vectors = vectors();
    for good in texts(&vectors, "patterns") {
        assert_eq!(pattern(good).to_string(), good);
    }
    for bad in texts(&vectors, "not_patterns") {
        assert!(bad.parse::<HostPattern>().is_err(), "{bad:?}");
    }
    for bad in texts(&vectors, "not_origins") {
        let origin = Url::parse(bad).ok().map(|url| Origin::of(&url));
        assert!(!matches!(origin, Some(Ok(_))), "{bad:?}");
    }
}

#[test]
fn a_pattern_covers_what_grants_no_more_than_itself() {
    for (wide, narrow) in [
        ("a.example", "a.example:443"),
        ("*.example.com", "a.example.com"),
        ("*.example.com", "a.b.example.com:1"),
        ("*.example.com", "*.b.example.com"),
        ("*.example.com", "*.example.com:8443"),
        ("http://crm", "http://crm:8080"),
        ("[::1]", "[::1]:1"),
    ] {
        assert!(pattern(wide).covers(&pattern(narrow)), "{wide} covers {narrow}");
        assert!(!pattern(narrow).covers(&pattern(wide)), "{narrow} covers {wide}");
        assert!(pattern(wide).covers(&pattern(wide)), "{wide} covers itself");
    }
    for (one, other) in [
        ("a.example", "b.example"),
        ("a.example:1", "a.example:2"),
        ("http://crm", "crm"),
        ("*.example.com", "example.com"),
        ("*.example.com", "evilexample.com"),
        ("*.example.com", "*.evilexample.com"),
    ] {
        assert!(!pattern(one).covers(&pattern(other)) && !pattern(other).covers(&pattern(one)), "{one} and {other}");
    }
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    for (url, shown) in [
        ("https://api.x.com/a?b#c", "https://api.x.com"),
        ("https://api.x.com:443", "https://api.x.com"),
        ("https://api.x.com:80", "https://api.x.com:80"),
        ("http://api.x.com:80", "http://api.x.com"),
        ("http://api.x.com:8080", "http://api.x.com:8080"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://@api.x.com", "https://api.x.com"),
        ("https:\\\\api.x.com\\@b.com", "https://api.x.com"),
    ] {
        assert_eq!(origin(url).to_string(), shown, "{url}");
    }
    let refused = |url: &str| Origin::of(&Url::parse(url).expect(url)).expect_err(url);
    for url in ["ftp://a.example", "file:///etc/passwd", "data:,x", "ws://a.example", "unix:/run/x"] {
        assert!(matches!(refused(url), OriginError::Scheme(_)), "{url}");
    }
    for url in ["https://user@a.example", "https://:pass@a.example", "https://a.example:x@b.example"] {
        assert_eq!(refused(url), OriginError::Userinfo, "{url}");
    }
    for url in [
        "https://a.example.",
        "https://a..b",
        "https://*.example.com",
        "https://a!b.example",
        "https://-a.example",
        "https://a.example:0",
    ] {
        assert!(matches!(refused(url), OriginError::Host(_)), "{url}");
    }
}

#[test]
fn a_url_grants_its_scheme_host_and_port_and_no_more() {
    for (url, expected) in [
        ("https://api.x.com/v1", "api.x.com:443"),
        ("http://api.x.com", "http://api.x.com:80"),
        ("http://10.0.0.5:8080/", "http://10.0.0.5:8080"),
        ("https://[::1]", "[::1]:443"),
    ] {
        let granted = HostPattern::of_url(&Url::parse(url).expect(url)).expect(url);
        assert_eq!(granted.to_string(), expected);
        assert_eq!(granted.matches(&origin(url)), HostMatch::Yes);
        assert_eq!(granted, pattern(expected));
    }
    assert!(HostPattern::of_url(&Url::parse("https://*.example.com").expect("a URL")).is_err());
    assert_eq!(HostPattern::granting(&origin("https://a.example")).to_string(), "a.example");
    assert_eq!(HostPattern::granting(&origin("http://a.example:443")).to_string(), "http://a.example:443");
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("example.com"),
        Just("a.example.com"),
        Just("b.a.example.com"),
        Just("evilexample.com"),
        Just("com"),
        Just("a.com")
    ]
    .prop_map(str::to_owned)
}

fn any_pattern() -> impl Strategy<Value = HostPattern> {
    let name = prop_oneof![
        any_name(),
        any_name().prop_map(|name| format!("*.{name}")),
        Just("10.0.0.1".to_owned()),
        Just("[::1]".to_owned()),
        "[a-z_][a-z0-9]{0,8}(\\.[a-z]([a-z0-9-]{0,6}[a-z])?){0,3}",
    ];
    let port = prop_oneof![Just(None), proptest::option::of(1..=u16::MAX), Just(Some(80)), Just(Some(443))];
    (any::<bool>(), name, port).prop_map(|(plain, name, port)| {
        let scheme = if plain { "http://" } else { "" };
        pattern(&format!("{scheme}{name}{}", port.map_or(String::new(), |port: u16| format!(":{port}"))))
    })
}

fn any_origin() -> impl Strategy<Value = Origin> {
    let host = prop_oneof![any_name(), Just("10.0.0.1".to_owned()), Just("[::1]".to_owned())];
    let port = prop_oneof![Just(80), Just(443), 1..=u16::MAX];
    (any::<bool>(), host, port)
        .prop_map(|(https, host, port)| origin(&format!("http{}://{host}:{port}", if https { "s" } else { "" })))
}

proptest! {
    #[test]
    fn a_pattern_survives_its_text_form(any in any_pattern()) {
        prop_assert_eq!(any.to_string().parse(), Ok(any));
    }

    #[test]
    fn any_text_is_a_pattern_or_refused_but_never_two_things(text in "\\PC{0,40}") {
        if let Ok(parsed) = text.parse::<HostPattern>() {
            prop_assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
    }

    #[test]
    fn what_covers_a_pattern_matches_all_that_it_matches(wide in any_pattern(), narrow in any_pattern(), to in any_origin()) {
        if wide.covers(&narrow) && narrow.matches(&to) != HostMatch::No {
            prop_assert_eq!(wide.matches(&to), narrow.matches(&to));
        }
    }

    #[test]
    fn the_pattern_made_for_an_origin_grants_it(to in any_origin()) {
        let granting = HostPattern::granting(&to);
        prop_assert_eq!(granting.matches(&to), HostMatch::Yes);
        prop_assert_eq!(granting.to_string().parse(), Ok(granting));
    }
}
