//! Why a request did not succeed, told by the types of the errors that caused it, never by their texts.

use std::error::Error;
use std::fmt;
use std::io;

use hookyard_domain::address::AddressRefusal;

/// Addresses that the policy does not permit: all of one name, or one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddressesRefused(pub(crate) Vec<AddressRefusal>);

impl fmt::Display for AddressesRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<_> = self.0.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

const SHOWN_MAX: usize = 4;

impl Error for AddressesRefused {}

/// Why there is no answer, or no whole one. Texts are those of sockets, TLS and HTTP: they hold nothing of the request.
#[derive(Debug)]
pub(crate) enum SendFailure {
    /// The guard refused the addresses. Nothing was sent.
    Refused(AddressesRefused),
    /// The name leads nowhere. Nothing was sent.
    Dns(String),
    /// Nobody answered in time, or not at all. Nothing was sent.
    Connect(String),
    /// The server did not prove who it is. Nothing was sent.
    Tls(String),
    /// The answer's head is too large.
    TooLarge(String),
    /// The answer is not HTTP.
    Protocol(String),
    /// The connection ended too early.
    Closed(String),
}

impl SendFailure {
    /// Reads it out of the client's error. While connecting, causes are looked for from the most particular one.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(refused) = find::<AddressesRefused>(&error) {
            return Self::Refused(refused.clone());
        }
        if error.is_dns() {
            return Self::Dns(cause(&error));
        }
        if error.is_connect() {
            if let Some(tls) = find::<rustls::Error>(&error) {
                return Self::Tls(tls.to_string());
            }
            return if error.is_timeout() {
                Self::Connect("no answer in time".to_owned())
            } else {
                Self::Connect(cause(&error))
            };
        }
        let garbled = |io: &io::Error| matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        match find::<hyper::Error>(&error) {
            Some(http) if http.is_parse_too_large() => Self::TooLarge("the answer's head is too large".to_owned()),
            Some(http) if http.is_parse() || http.is_user() => Self::Protocol(cause(&error)),
            _ if error.is_builder() || find::<io::Error>(&error).is_some_and(garbled) => Self::Protocol(cause(&error)),
            _ => Self::Closed(cause(&error)),
        }
    }

    /// Whether the provider may have seen the request.
    pub(crate) const fn was_sent(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Dns(_) | Self::Connect(_) | Self::Tls(_) => false,
            Self::TooLarge(_) | Self::Protocol(_) | Self::Closed(_) => true,
        }
    }
}

/// The first error of this type among the error and its causes. An I/O error wraps another one without naming it as its source.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    if let Some(found) = error.downcast_ref::<E>() {
        return Some(found);
    }
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(found) = wrapped.and_then(|wrapped| find::<E>(wrapped)) {
        return Some(found);
    }
    error.source().and_then(|source| find::<E>(source))
}

/// What is at the bottom of it, in its own words.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
