//! Bounds of what plugins send.

use std::time::Duration;

/// Longest label of a host name.
pub const HOST_LABEL_BYTES_MAX: usize = 63;
/// Longest host name.
pub const HOST_NAME_BYTES_MAX: usize = 253;
/// Requests of one invocation.
pub const REQUESTS_MAX: usize = 1_000;
/// Requests of one `send-all`.
pub const SEND_ALL_REQUESTS_MAX: usize = 64;
/// Requests of one `send-all` that are in flight at a time.
pub const SEND_ALL_IN_FLIGHT: usize = 8;
/// Bodies of all answers of one `send-all` together.
pub const SEND_ALL_BODIES_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Redirects that one request may follow.
pub const REDIRECTS_MAX: u32 = 10;
/// A whole exchange, redirects and waiting included, when the guest sets no bound.
pub const EGRESS_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Most that a guest may ask for.
pub const EGRESS_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// From looking a name up to the end of the TLS handshake.
pub const EGRESS_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests in flight, over all connections; further ones wait.
pub const EGRESS_IN_FLIGHT_MAX: usize = 4_096;
/// Requests in flight of one connection; further ones wait.
pub const EGRESS_IN_FLIGHT_PER_CONNECTION_MAX: usize = 1_024;
/// Clients (one an address policy) that connections share; those beyond are not shared.
pub const EGRESS_CLIENTS_MAX: usize = 1_024;
/// How long an open connection without a request is kept.
pub const EGRESS_IDLE_MAX: Duration = Duration::from_secs(60);
/// Open connections without a request, for one host and address policy.
pub const EGRESS_IDLE_PER_HOST_MAX: usize = 1_024;
/// Connections that one client opens before a new client takes its place, and what it keeps open unused is closed.
pub const EGRESS_POOL_CONNECTIONS_MAX: usize = 2_048;
/// Bytes of answers that are in memory at a time, over all connections; an answer beyond is not taken.
pub const EGRESS_ANSWERS_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The part of one connection in that.
pub const EGRESS_ANSWERS_PER_CONNECTION_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Names looked up at a time; further ones wait.
pub const EGRESS_LOOKUPS_MAX: usize = 64;
/// Addresses of one name that are looked at; a name with more is refused.
pub const EGRESS_ADDRESSES_MAX: usize = 64;
/// Longest URL of a request, also once secrets are filled in.
pub const EGRESS_URL_BYTES_MAX: usize = 16 * 1024;
/// Longest method of a request.
pub const EGRESS_METHOD_BYTES_MAX: usize = 32;
/// Headers of one request, and of one answer.
pub const EGRESS_HEADERS_MAX: usize = 100;
/// Names and values of one request's or answer's headers together, also once secrets are filled in.
pub const EGRESS_HEADERS_BYTES_MAX: usize = 64 * 1024;
/// Body of a request, also once secrets are filled in.
pub const EGRESS_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Body of an answer when the guest sets no smaller bound.
pub const EGRESS_ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Beginning of an answer's body that is searched for secrets.
pub const EGRESS_SEARCHED_BYTES: usize = 64 * 1024;
/// Method and URL of a request as messages show them.
pub const EGRESS_SHOWN_BYTES_MAX: usize = 200;
/// Secrets that one invocation derives.
pub const DERIVED_SECRETS_MAX: usize = 100;
/// Longest derived secret.
pub const DERIVED_SECRET_BYTES_MAX: usize = 64 * 1024;
/// All that one invocation derives, together: it is searched for like the secrets of a config.
pub const DERIVED_SECRETS_BYTES_MAX: usize = 256 * 1024;
/// Longest key of `crypto` with its secrets filled in.
pub const KEY_MATERIAL_BYTES_MAX: usize = 1024 * 1024;

/// Requests of one dry run that are listed; further ones are counted.
pub const DRY_RUN_REQUESTS_MAX: usize = 100;
/// Body of a listed request as it is shown.
pub const DRY_RUN_BODY_BYTES_MAX: usize = 16 * 1024;

/// From the start of fetching a token to the end of its answer, waiting for room included.
pub const TOKEN_FETCH_TIMEOUT: Duration = Duration::from_secs(30);
/// Answer of a token endpoint.
pub const TOKEN_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest fetched token, and longest refresh token.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Longest lifetime that is believed: ten years.
pub const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
/// How long before its end a token is fetched anew at most; of a short one it is a tenth.
pub const TOKEN_MARGIN_MAX: Duration = Duration::from_secs(60);
/// What a token endpoint says to be wrong as messages show it.
pub const TOKEN_ERROR_BYTES_MAX: usize = 200;
/// Refusals of one token endpoint in a row after which it is left alone for [`TOKEN_REFUSED_PAUSE`] each time.
pub const TOKEN_REFUSALS_MAX: u32 = 20;
/// How long the last of many refusals is repeated to those who need a token, before the endpoint is asked again.
pub const TOKEN_REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// Headers of an exchange.
pub const TOKEN_HEADERS_MAX: usize = 32;
/// Largest document of `secrets.token`.
pub const TOKEN_DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// Hosts that one document of `secrets.token` names.
pub const TOKEN_HOSTS_MAX: usize = 64;
/// Documents of `secrets.token` of one invocation.
pub const TOKEN_DOCUMENTS_MAX: usize = 16;
/// Fetched tokens that a connection's requests are watched for; of more, the oldest are forgotten.
pub const TOKENS_WATCHED_MAX: usize = 64;
/// All of them together.
pub const TOKENS_WATCHED_BYTES_MAX: usize = 64 * 1024;
/// Ways to get a token of one connection that are remembered at a time; of more, one that nobody uses is forgotten.
pub const TOKEN_FETCHES_MAX: usize = 64;
