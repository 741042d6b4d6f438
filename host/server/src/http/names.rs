//! Which names the API answers to: a page that makes a browser resolve its own name to this host (DNS rebinding) is refused,
//! and so is a page of another origin.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::StatusCode;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use url::Url;

use super::connection::Peers;
use super::listeners::Addresses;
use super::problem::Problem;

/// The names of a host, besides its loopback addresses.
pub(crate) struct Names {
    public_url: Option<Url>,
    addresses: Vec<SocketAddr>,
}

impl Names {
    pub(crate) fn new(public_url: Option<Url>, addresses: &Addresses) -> Self {
        Self { public_url, addresses: addresses.admin.into_iter().chain([addresses.public]).collect() }
    }

    /// Refuses a request whose `Host`, or whose `Origin` if there is one, is not of this host.
    ///
    /// # Errors
    /// 403 that says which header it was.
    pub(crate) fn check(&self, request: &Parts) -> Result<(), Problem> {
        let reached = request.extensions.get::<Peers>().map(|peers| peers.local);
        let refused = |code: &'static str, header: &str| {
            let detail = format!("{header} must name public_url, the address of the API, or a loopback address");
            Problem::new(StatusCode::FORBIDDEN, code).detail(detail)
        };
        if !host_of(request).is_some_and(|host| self.is_ours(&host, reached)) {
            return Err(refused("host-not-allowed", "Host"));
        }
        let mut origins = request.headers.get_all(ORIGIN).iter();
        if !origins.all(|origin| origin_of(origin.as_bytes()).is_some_and(|host| self.is_ours(&host, reached))) {
            return Err(refused("origin-not-allowed", "Origin"));
        }
        Ok(())
    }

    /// `reached` is the address that the client has connected to: one that it may name.
    fn is_ours(&self, host: &HostPort, reached: Option<SocketAddr>) -> bool {
        match &host.name {
            Name::Ip(ip) if ip.is_loopback() => true,
            Name::Ip(ip) => {
                let port = host.port.unwrap_or(80);
                let ours = self.addresses.iter().copied().chain(reached);
                ours.into_iter().any(|address| address.ip() == *ip && address.port() == port) || self.is_public(host)
            }
            Name::Domain(name) if name == "localhost" => true,
            Name::Domain(_) => self.is_public(host),
        }
    }

    fn is_public(&self, host: &HostPort) -> bool {
        let Some(url) = &self.public_url else { return false };
        let name = match url.host() {
            Some(url::Host::Domain(name)) => Name::Domain(name.to_ascii_lowercase()),
            Some(url::Host::Ipv4(ip)) => Name::Ip(ip.into()),
            Some(url::Host::Ipv6(ip)) => Name::Ip(ip.into()),
            None => return false,
        };
        name == host.name && host.port.is_none_or(|port| Some(port) == url.port_or_known_default())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct HostPort {
    name: Name,
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Name {
    Domain(String),
    Ip(IpAddr),
}

/// HTTP/2 has the name in the request's target, HTTP/1.1 in the one `Host` header.
fn host_of(request: &Parts) -> Option<HostPort> {
    let mut hosts = request.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next(), request.uri.authority()) {
        (Some(host), None, None) => host_port(host.to_str().ok()?),
        (Some(host), None, Some(authority)) => {
            let (host, target) = (host_port(host.to_str().ok()?)?, host_port(authority.as_str())?);
            (host == target).then_some(host)
        }
        (None, None, Some(authority)) => host_port(authority.as_str()),
        _ => None,
    }
}

fn origin_of(origin: &[u8]) -> Option<HostPort> {
    let origin = std::str::from_utf8(origin).ok()?;
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))?;
    host_port(authority)
}

fn host_port(text: &str) -> Option<HostPort> {
    let authority: Authority = text.parse().ok().filter(|_| !text.contains('@'))?;
    let name = authority.host();
    let name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(ip) => Name::Ip(ip.parse::<Ipv6Addr>().ok()?.into()),
        None => match name.parse::<Ipv4Addr>() {
            Ok(ip) => Name::Ip(ip.into()),
            Err(_) => Name::Domain(name.to_ascii_lowercase()),
        },
    };
    Some(HostPort { name, port: authority.port_u16() })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn names() -> Names {
        let addresses = Addresses {
            public: "0.0.0.0:8080".parse().unwrap(),
            admin: Some("10.0.0.5:8081".parse().unwrap()),
            socket: "data/hookyard.sock".into(),
        };
        Names::new(Some("https://hooks.example.com".parse().unwrap()), &addresses)
    }

    fn code(host: Option<&str>, origin: Option<&str>) -> Option<String> {
        let mut request = Request::builder().uri("/v1/events");
        request = host.map_or(request, |host| Request::builder().uri("/v1/events").header(HOST, host));
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let (mut request, ()) = request.body(()).unwrap().into_parts();
        let peers = Peers { remote: "10.0.0.9:50000".parse().unwrap(), local: "10.0.0.7:8080".parse().unwrap() };
        request.extensions.insert(peers);
        let problem = names().check(&request).err()?;
        assert_eq!(problem.status(), StatusCode::FORBIDDEN);
        Some(problem.document()["code"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_api_answers_to_its_own_names_only() {
        for good in [
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1:9",
            "[::1]:8080",
            "hooks.example.com",
            "Hooks.Example.com:443",
            "10.0.0.5:8081",
            "10.0.0.7:8080",
        ] {
            assert_eq!(code(Some(good), None), None, "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "hooks.example.com:8443",
            "hooks.example.com.",
            "user@localhost",
            "10.0.0.5",
            "10.0.0.6:8081",
            "169.254.169.254",
            "",
        ] {
            assert_eq!(code(Some(bad), None).as_deref(), Some("host-not-allowed"), "{bad}");
        }
        assert_eq!(code(None, None).as_deref(), Some("host-not-allowed"));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        for good in ["http://localhost:3000", "https://hooks.example.com", "http://10.0.0.5:8081"] {
            assert_eq!(code(Some("localhost"), Some(good)), None, "{good}");
        }
        for bad in ["null", "https://evil.example", "http://hooks.example.com.evil", "chrome-extension://abc", ""] {
            assert_eq!(code(Some("localhost"), Some(bad)).as_deref(), Some("origin-not-allowed"), "{bad}");
        }
    }
}
