//! The settings that flags, variables and the file all may give, each of them optional.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hookyard_domain::secret::Secret;
use url::Url;

use crate::telemetry::LogFormat;

/// What the command line gives.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--plugins`.
    pub plugins: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
    /// `--strict`.
    pub strict: bool,
}

impl Flags {
    /// The flags as a layer; relative paths start at `directory`.
    pub(super) fn layer(&self, directory: &Path) -> Layer {
        Layer {
            listen: self.listen,
            plugins: self.plugins.as_ref().map(|path| directory.join(path)),
            data: self.data.as_ref().map(|path| directory.join(path)),
            log_format: self.log_format,
            strict: self.strict.then_some(true),
            ..Layer::default()
        }
    }
}

/// One source of settings. Paths are complete already.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) listen: Option<SocketAddr>,
    pub(super) admin_listen: Option<SocketAddr>,
    pub(super) admin_on_listen: Option<bool>,
    pub(super) public_url: Option<Url>,
    pub(super) plugins: Option<PathBuf>,
    pub(super) data: Option<PathBuf>,
    pub(super) pool_slots: Option<u32>,
    pub(super) log_format: Option<LogFormat>,
    pub(super) token: Option<Secret>,
    pub(super) strict: Option<bool>,
}

impl Layer {
    /// This layer, and `below` where it says nothing.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            admin_listen: self.admin_listen.or(below.admin_listen),
            admin_on_listen: self.admin_on_listen.or(below.admin_on_listen),
            public_url: self.public_url.or(below.public_url),
            plugins: self.plugins.or(below.plugins),
            data: self.data.or(below.data),
            pool_slots: self.pool_slots.or(below.pool_slots),
            log_format: self.log_format.or(below.log_format),
            token: self.token.or(below.token),
            strict: self.strict.or(below.strict),
        }
    }
}

/// What a listening address is, for messages.
pub(super) const ADDRESS: &str = "an address with a port, such as 127.0.0.1:8080 or [::]:8080";
/// What a public URL is, for messages.
pub(super) const PUBLIC_URL: &str =
    "an http or https URL without user, query and fragment, such as https://hooks.example.com";
/// What a log format is, for messages.
pub(super) const LOG_FORMAT: &str = "a log format; use \"text\" or \"json\"";

/// Parses what providers call.
pub(super) fn public_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}
