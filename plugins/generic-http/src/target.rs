//! The URL of a request, as far as the operator has written it.

use std::fmt::Write as _;

/// A URL in parts. Nothing that is put into it later can change where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    is_secure: bool,
    /// Name and port, in lower case.
    authority: String,
    /// The segments of the path, encoded.
    segments: Vec<Segment>,
    /// Encoded, without the `?`.
    query: Option<String>,
}

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(String),
    /// `:name`.
    Named(String),
}

impl Target {
    /// Reads an absolute URL; blanks around it do not count, and a fragment is dropped. The error is a hint for people.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        if url.is_empty() {
            return Err("the URL is empty".to_owned());
        }
        if url.contains(|character: char| character.is_control() || character == '\\') {
            return Err("a URL can hold neither control characters nor `\\`".to_owned());
        }
        let (is_secure, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                return Err(format!("only https: and http: URLs can be called, and this is {scheme}:"));
            }
            _ if url.starts_with('/') => return Err("the URL has to be absolute: https://host/…".to_owned()),
            _ => return Err(format!("the scheme is missing: write https://{url}")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (before_query, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(encoded(query))),
            None => (rest, None),
        };
        let (authority, path) = before_query.split_once('/').unwrap_or((before_query, ""));
        let authority = checked_authority(authority)?;
        let segments = path.split('/').map(|segment| match segment.strip_prefix(':').filter(|name| !name.is_empty()) {
            Some(name) => Segment::Named(name.to_owned()),
            None => Segment::Text(encoded(segment)),
        });
        Ok(Self { is_secure, authority, segments: segments.collect(), query })
    }

    /// The names of the segments `:name`.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Named(name) => Some(name.as_str()),
            Segment::Text(_) => None,
        })
    }

    /// Whether it is an `https:` URL.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host pattern of exactly this host: `[http://]NAME[:PORT]`.
    pub(crate) fn pattern(&self) -> String {
        if self.is_secure { self.authority.clone() } else { format!("http://{}", self.authority) }
    }

    /// The URL with these (encoded) texts in place of the segments of these names, and these pairs at the end of its query. A
    /// segment without a text stays as it is written.
    pub(crate) fn url<'v>(&self, segment: impl Fn(&str) -> Option<&'v str>, query: &str) -> String {
        let mut url = format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.authority);
        for part in &self.segments {
            url.push('/');
            match part {
                Segment::Text(text) => url.push_str(text),
                Segment::Named(name) => match segment(name) {
                    Some(text) => url.push_str(text),
                    None => url.extend([":", &encoded(name)]),
                },
            }
        }
        let own = self.query.as_deref().unwrap_or_default();
        if self.query.is_some() || !query.is_empty() {
            url.push('?');
            url.push_str(own);
        }
        if !own.is_empty() && !own.ends_with('&') && !query.is_empty() {
            url.push('&');
        }
        url.push_str(query);
        url
    }
}

fn checked_authority(authority: &str) -> Result<String, String> {
    if authority.contains('@') {
        return Err("a URL with a user or a password is not called; use `auth`".to_owned());
    }
    let (name, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("the port is no number from 0 to 65535".to_owned());
    }
    let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_name = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_part =
                |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_') || !c.is_ascii() && !c.is_whitespace();
            !name.is_empty() && name.chars().all(is_part)
        }
    };
    if !is_name {
        return Err(format!("{name:?} is no name of a host"));
    }
    Ok(authority.to_lowercase())
}

/// What may stand in a path or a query stays, everything else becomes `%XX` of its UTF-8.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' | 0..=b' ' | 0x7f.. => {
                write!(encoded, "%{byte:02X}").expect("a string takes any text");
            }
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(url: &str, query: &str) -> String {
        Target::parse(url).expect(url).url(|name| (name == "id").then_some("7%2F8"), query)
    }

    #[test]
    fn a_url_is_completed_and_leads_where_it_led() {
        let rows = [
            ("https://crm.rdstation.com/api/v1/deals", "token=t", "https://crm.rdstation.com/api/v1/deals?token=t"),
            (" HTTPS://Crm.Example:8443/a?x=1#top ", "y=2", "https://crm.example:8443/a?x=1&y=2"),
            ("https://a.example?x=1&", "y=2", "https://a.example/?x=1&y=2"),
            ("https://a.example?", "", "https://a.example/?"),
            ("https://a.example", "", "https://a.example/"),
            ("http://[::1]:9/x/:id/y:id/:", "", "http://[::1]:9/x/7%2F8/y:id/:"),
            ("https://a.example/v1/:other é/:id", "", "https://a.example/v1/:other%20%C3%A9/7%2F8"),
            ("https://a.example/São Paulo?q={é}", "", "https://a.example/S%C3%A3o%20Paulo?q=%7B%C3%A9%7D"),
            ("https://Pão.example/", "", "https://pão.example/"),
            ("https://a.example/%2e?a=b?c", "", "https://a.example/%2e?a=b?c"),
        ];
        for (url, query, expected) in rows {
            assert_eq!(made(url, query), expected);
        }
        assert_eq!(Target::parse("https://A.example:1/").expect("a URL").pattern(), "a.example:1");
        assert_eq!(Target::parse("http://a.example").expect("a URL").pattern(), "http://a.example");
    }

    #[test]
    fn what_is_no_url_is_refused_with_a_hint() {
        let rows = [
            ("", "empty"),
            (" \n", "empty"),
            ("crm.rdstation.com/api", "write https://crm.rdstation.com/api"),
            ("/api/v1", "absolute"),
            ("ftp://a.example", "ftp:"),
            ("https://", "no name of a host"),
            ("https:///x", "no name of a host"),
            ("https://a b/", "no name of a host"),
            ("https://user:pass@a.example/", "auth"),
            ("https://a.example:x/", "port"),
            ("https://a.example:70000/", "port"),
            ("https://a.example:+1/", "port"),
            ("https://[::g]/", "no name of a host"),
            ("https://a.example\\@b.example/", "control characters"),
            ("https://a.example/\r\nx", "control characters"),
        ];
        for (url, hint) in rows {
            let error = Target::parse(url).expect_err(url);
            assert!(error.contains(hint), "{url:?}: {error}");
        }
    }
}
