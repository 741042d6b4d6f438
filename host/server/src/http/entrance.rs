//! Which door a request came through, and what is served there.

use std::net::SocketAddr;

/// One listener's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entrance {
    /// The word that logs and metrics use.
    pub(crate) name: &'static str,
    /// Webhooks are taken here.
    pub(crate) webhooks: bool,
    /// The API, metrics and readiness are served here.
    pub(crate) api: bool,
    /// How far whoever comes in here is trusted.
    pub(crate) trust: Trust,
}

/// What a client must show before it may use the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// A token, for everything but readiness.
    Network,
    /// A token, but not for metrics.
    Loopback,
    /// Nothing: the file system lets only the operator open the socket.
    Operator,
}

impl Entrance {
    /// `listen`: webhooks; the API too while the address is a loopback one, or where the operator says so.
    pub(crate) fn public(listen: SocketAddr, admin_on_listen: bool) -> Self {
        let loopback = listen.ip().is_loopback();
        Self { name: "public", webhooks: true, api: loopback || admin_on_listen, trust: Trust::of(loopback) }
    }

    /// `admin_listen`: the API.
    pub(crate) fn admin(loopback: bool) -> Self {
        Self { name: "admin", webhooks: false, api: true, trust: Trust::of(loopback) }
    }

    /// The socket in the data directory.
    pub(crate) fn local() -> Self {
        Self { name: "local", webhooks: false, api: true, trust: Trust::Operator }
    }
}

impl Trust {
    fn of(loopback: bool) -> Self {
        if loopback { Self::Loopback } else { Self::Network }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_served_to_the_outside_only_where_the_operator_says_so() {
        let loopback = Entrance::public("127.0.0.1:80".parse().unwrap(), false);
        assert!(loopback.api && loopback.trust == Trust::Loopback);
        let outside: SocketAddr = "0.0.0.0:80".parse().unwrap();
        assert!(!Entrance::public(outside, false).api);
        let told = Entrance::public(outside, true);
        assert!(told.api && told.trust == Trust::Network);
        assert!(!Entrance::admin(false).webhooks && !Entrance::local().webhooks);
    }
}
