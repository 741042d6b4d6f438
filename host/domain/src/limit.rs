//! Every bound of the host, with its unit in its name. A limit that an operator or a manifest may set has its default and
//! its ceiling here.

mod calling_out;
mod delivery;
mod store;

use std::time::Duration;

pub use calling_out::*;
pub use delivery::*;
pub use store::*;

// Names

/// Longest connection id.
pub const CONNECTION_ID_BYTES_MAX: usize = 64;
/// Longest plugin name.
pub const PLUGIN_NAME_BYTES_MAX: usize = 64;
/// Longest name of an action.
pub const ACTION_NAME_BYTES_MAX: usize = 64;
/// Longest kind of an event, without the plugin's name.
pub const EVENT_KIND_BYTES_MAX: usize = 128;

// Manifests

/// Largest manifest.
pub const MANIFEST_BYTES_MAX: usize = 1024 * 1024;
/// Beginning of a manifest that is shown where it is no JSON.
pub const MANIFEST_SHOWN_CHARS_MAX: usize = 40;
/// Beginning of a part of a schema that is shown where it cannot be used.
pub const SCHEMA_SHOWN_CHARS_MAX: usize = 100;
/// Largest JSON schema within a manifest.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// Subschemas of a JSON schema with its `$ref`s written out.
pub const SCHEMA_BRANCHES_MAX: u64 = 20_000;
/// Memory of one compiled regular expression of a schema.
pub const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Violations of a schema, or problems of a manifest, that are reported together.
pub const VIOLATIONS_MAX: usize = 100;
/// Actions, event kinds, samples or credentials of one manifest, each.
pub const MANIFEST_ENTRIES_MAX: usize = 500;
/// Steps of validating one value: the branches of the schema times the values within the value.
pub const SCHEMA_STEPS_MAX: u64 = 20_000_000;
/// Deepest nesting of a JSON document that the host reads.
pub const JSON_DEPTH_MAX: usize = 64;

// Configs

/// Largest config of a connection.
pub const CONFIG_BYTES_MAX: usize = 256 * 1024;
/// Names of all the places at which a config schema has secrets, as they are written down with a consent.
pub const SECRET_PLACES_BYTES_MAX: usize = 256 * 1024;

// Webhooks

/// Entries of `verify`, `dedupe`, `order`, `handshake` or `methods`, each.
pub const RULES_MAX: usize = 16;
/// How far the time of a Standard Webhook may be away when its rule sets no tolerance.
pub const WEBHOOK_TOLERANCE_SECONDS_DEFAULT: u64 = 300;
/// Parameters of a form-encoded query or body that are looked at; one with more has none.
pub const FORM_PARAMETERS_MAX: usize = 1_000;

/// Body of a webhook when the manifest sets no bound.
pub const WEBHOOK_BODY_BYTES_DEFAULT: u64 = 1024 * 1024;
/// Most that a manifest may ask for.
pub const WEBHOOK_BODY_BYTES_MAX: u64 = 1024 * 1024;
/// Signatures of one webhook that are compared before it is refused.
pub const SIGNATURES_TRIED_MAX: usize = 8;
/// Secrets of one rotating list.
pub const SECRETS_MAX: usize = 5;
/// Longest answer of a handshake.
pub const HANDSHAKE_BYTES_MAX: usize = 1024;
/// Longest dedupe or order key; longer ones count by their hash.
pub const KEY_BYTES_MAX: usize = 1024;

// Invocations

/// Linear memory when the manifest sets no bound.
pub const MEMORY_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
/// Most that a manifest may ask for.
pub const MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Wall time of an invocation when the manifest sets no bound.
pub const DEADLINE_DEFAULT: Duration = Duration::from_secs(10);
/// Most that a manifest may ask for.
pub const DEADLINE_MAX: Duration = Duration::from_secs(300);
/// Time a guest may burn when the manifest sets no bound.
pub const CPU_DEFAULT: Duration = Duration::from_millis(500);
/// Most that a manifest may ask for.
pub const CPU_MAX: Duration = Duration::from_secs(30);
/// Log lines kept of one invocation; later ones are counted only.
pub const LOG_LINES_MAX: usize = 100;
/// Longest log line kept; the rest is cut.
pub const LOG_LINE_BYTES_MAX: usize = 4 * 1024;
/// Lines of the host itself (what it refused, and why) that are kept of one invocation beside the guest's.
pub const HOST_LOG_LINES_MAX: usize = 32;
/// Longest of them: the lines of a configuration that would permit a request repeat all that is granted already.
pub const HOST_LOG_LINE_BYTES_MAX: usize = 32 * 1024;
/// Longest wait before an invocation runs again after its first conflict; doubles with each further one.
pub const CONFLICT_WAIT_MAX: Duration = Duration::from_millis(10);
/// Times an invocation runs again after a conflict.
pub const CONFLICT_RETRIES_MAX: u32 = 5;

/// Sentences of what is left to do by hand that `activate` may return; more are dropped.
pub const SETUP_LINES_MAX: usize = 32;
/// Longest of them; the rest is cut.
pub const SETUP_LINE_BYTES_MAX: usize = 1024;

// Effects of one invocation

/// Events of one invocation.
pub const EVENTS_MAX: usize = 1_000;
/// One JSON document across the boundary.
pub const JSON_BYTES_MAX: usize = 1024 * 1024;
/// One commit.
pub const COMMIT_BYTES_MAX: usize = 1024 * 1024;
/// One key.
pub const KV_KEY_BYTES_MAX: usize = 512;
/// One value.
pub const KV_VALUE_BYTES_MAX: usize = 256 * 1024;
/// Keys touched by one invocation.
pub const KV_KEYS_MAX: usize = 1_000;
/// Keys of one `get-many`, and of one page of `list-keys`.
pub const KV_PAGE_MAX: usize = 1_000;
/// Bytes of values that one `get-many` returns.
pub const KV_READ_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest subject of an event.
pub const SUBJECT_BYTES_MAX: usize = 1024;
/// Longest name of a timer.
pub const TIMER_NAME_BYTES_MAX: usize = 256;
/// Largest payload of a timer.
pub const TIMER_PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Timers that one invocation starts or cancels.
pub const TIMERS_TOUCHED_MAX: usize = 100;
/// Longest time between the start of a timer and its firing: a year.
pub const TIMER_DELAY_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Random bytes of one call.
pub const RANDOM_BYTES_MAX: usize = 64 * 1024;

// Server

/// Longest wait that a plugin may ask for before its connection is activated again.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Calls that are refused within this time after an activation make the wait before the next one longer: the longest wait of its
/// schedule.
pub const REFUSED_AGAIN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Changes of one connection's health that are told by events [within a time](HEALTH_EVENTS_WITHIN).
pub const HEALTH_EVENTS_MAX: usize = 6;
/// The time for so many.
pub const HEALTH_EVENTS_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How often a commit is tried again that the store cannot take, after the plugin has sent what is not to be sent twice.
pub const COMMITS_AGAIN_MAX: u32 = 10;
/// Activations that run at a time.
pub const ACTIVATIONS_AT_ONCE_MAX: usize = 16;
/// Deactivations that run at a time: many connections may be deleted together, and a provider that does not answer keeps each of
/// them up to its deadline.
pub const DEACTIVATIONS_AT_ONCE_MAX: usize = 64;
/// Part of the slots that the invocations of one connection may take.
pub const CONNECTION_SLOTS_PERCENT: u32 = 75;
/// Webhooks of the inbox and timers of one connection that run at a time.
pub const INBOX_RUNS_PER_CONNECTION_MAX: usize = 8;
/// Webhooks of the inbox and timers that run at a time, over all connections.
pub const INBOX_RUNS_MAX: usize = 256;
/// Longest sleep until something is due: a machine that was suspended, or whose clock was set, makes nothing later than this.
pub const DUE_SLEEP_MAX: Duration = Duration::from_secs(60);
/// How long the answer to an `Idempotency-Key` is kept.
pub const IDEMPOTENCY_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// Webhooks that wait for one order key.
pub const ORDER_WAITING_MAX: usize = 1_000;
/// Invocations kept in memory for `/v1/invocations`.
pub const INVOCATIONS_KEPT_MAX: usize = 1_000;
/// Largest component file.
pub const COMPONENT_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Bytes of plugin log lines kept in memory, over all invocations.
pub const INVOCATIONS_LOG_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a file of the plugin directory must have stayed the same before it is read.
pub const PLUGIN_QUIET: Duration = Duration::from_millis(300);
/// How often the plugin directory is looked at when nothing is heard of it, which some file systems never do.
pub const PLUGIN_POLL: Duration = Duration::from_secs(2);
/// Shortest time between two looks at the plugin directory, however much is heard of it.
pub const PLUGIN_SCAN_PAUSE: Duration = Duration::from_millis(50);
/// How long a file must have been away before its plugin loses it: a replacement may take it away first.
pub const PLUGIN_GONE_AFTER: Duration = Duration::from_secs(2);
/// How long a start waits, in all, for components that must be compiled.
pub const PLUGIN_START_WAIT: Duration = Duration::from_secs(60);
/// Files of the plugin directory, by name; further ones are left out.
pub const PLUGIN_FILES_MAX: usize = 10_000;
/// Component files that are in memory at a time to be looked up among the compiled ones.
pub const PLUGIN_READS_AT_ONCE: usize = 8;
/// Longest time until a file is tried again for which the host (not the file) failed.
pub const PLUGIN_RETRY_MAX: Duration = Duration::from_secs(60);
/// Changes of plugins by the operator (pin, unpin, rollback) that wait.
pub const PLUGIN_CHANGES_WAITING_MAX: usize = 64;
/// Invocations of a new version that are on trial when the operator sets no number.
pub const ROLLBACK_INVOCATIONS_DEFAULT: u32 = 50;
/// Most invocations that may be on trial.
pub const ROLLBACK_INVOCATIONS_MAX: u32 = 10_000;
/// How far a new version's share of failures lies above the old one's before it goes back, when the operator says nothing.
pub const ROLLBACK_THRESHOLD_DEFAULT: f64 = 0.25;
/// Fewest failures for which a version goes back.
pub const ROLLBACK_FAILURES_MIN: u32 = 5;
/// Fewest invocations from which a version's share of failures is taken.
pub const ROLLBACK_HISTORY_MIN: u32 = 10;
/// Invocations of a version that its share of failures is taken from: the last ones.
pub const ROLLBACK_RECENT_INVOCATIONS: u32 = 200;
/// Versions of one plugin whose invocations are counted: those that were called last.
pub const ROLLBACK_VERSIONS_MAX: usize = 8;

/// Hosts, and private addresses, that one connection may be granted beyond what its plugin asks.
pub const GRANT_ENTRIES_MAX: usize = 1_000;
/// Fields of a config that one query may set.
pub const CONFIG_FIELDS_MAX: usize = 100;

// Configuration

/// Largest hookyard.toml.
pub const CONFIG_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Largest file that `${file:PATH}` may name.
pub const CONFIG_VALUE_BYTES_MAX: usize = 64 * 1024;
/// Slots of the instance pool when the operator sets no number.
pub const POOL_SLOTS_DEFAULT: u32 = 500;
/// Most slots of the instance pool: each reserves more than 4 GiB of address space.
pub const POOL_SLOTS_MAX: u32 = 10_000;
/// Shortest bearer token that an operator may choose.
pub const TOKEN_BYTES_MIN: usize = 16;

// HTTP

/// Open connections of the public listener; further ones wait in the kernel's queue.
pub const HTTP_CONNECTIONS_MAX: usize = 4_096;
/// Open connections of the admin listener, and of the local socket, so that a flood outside does not lock the operator out.
pub const HTTP_ADMIN_CONNECTIONS_MAX: usize = 2_048;
/// Files and sockets that a host may need to have open under load: its connections, the requests of plugins, the store.
pub const OPEN_FILES_MIN: u64 = 16_384;
/// Header lines of one request.
pub const HTTP_HEADERS_MAX: usize = 100;
/// Bytes of one request's head.
pub const HTTP_HEAD_BYTES_MAX: usize = 64 * 1024;
/// HTTP/2: requests of one connection at a time.
pub const HTTP_STREAMS_MAX: u32 = 100;
/// HTTP/2: bytes that may be on their way to the host, for one connection and for one request.
pub const HTTP_WINDOW_BYTES: u32 = 256 * 1024;
/// From a request's first byte (or the connection's beginning) to the end of its head.
pub const HTTP_HEAD_READ_MAX: Duration = Duration::from_secs(10);
/// A connection without a request. Longer than the 60 s of usual load balancers, so that they close first.
pub const HTTP_IDLE_MAX: Duration = Duration::from_secs(75);
/// From a request's head to the end of its body.
pub const HTTP_BODY_READ_MAX: Duration = Duration::from_secs(30);
/// A client that takes nothing of its answer.
pub const HTTP_WRITE_STALL_MAX: Duration = Duration::from_secs(30);
/// Bytes of request bodies that are in memory at a time, over all connections; further requests get 503.
pub const HTTP_BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Body of a request to the API: a largest webhook in base64, and what stands around it.
pub const API_BODY_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// What is in flight at the end of the host's life.
pub const HTTP_DRAIN_MAX: Duration = Duration::from_secs(30);
/// Pause after `accept` failed for want of file descriptors or memory.
pub const HTTP_ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// When to try again what the host could not do now and nobody said when: the first step of the retry schedule.
pub const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// When a provider should try again a connection that is invalid, disabled or without a secret.
pub const CONNECTION_RETRY_AFTER: Duration = Duration::from_secs(60);
/// Events of one answer when the client sets no bound.
pub const EVENTS_LIMIT_DEFAULT: usize = 100;
/// Kept webhooks of one answer when the client sets no bound.
pub const WEBHOOKS_LIMIT_DEFAULT: usize = 100;
/// Webhooks of one bulk request that are tried in a dry run; the others are counted.
pub const DRY_RUNS_MAX: usize = 20;
/// Webhooks that a bulk replay changes in one commit.
pub const REPLAYS_AT_ONCE: usize = 100;
/// Dry runs of one request that run at a time.
pub const DRY_RUNS_AT_ONCE: usize = 4;
/// Events read at a time for one stream.
pub const EVENTS_STREAM_PAGE: usize = 100;
/// Pages read for one answer, when a filter lets nothing pass.
pub const EVENTS_PAGES_MAX: usize = 16;
/// Longest wait for an event.
pub const EVENTS_WAIT_MAX: Duration = Duration::from_secs(60);
/// Silence of an event stream before a comment is sent.
pub const EVENTS_STREAM_SILENCE_MAX: Duration = Duration::from_secs(15);
/// Values of one repeated filter.
pub const EVENT_FILTER_VALUES_MAX: usize = 50;
/// Longest name of an API token.
pub const TOKEN_NAME_BYTES_MAX: usize = 100;
/// The store's answer to "are you there".
pub const READY_WAIT_MAX: Duration = Duration::from_secs(2);
/// The store's part of one answer to `/metrics`.
pub const METRICS_WAIT_MAX: Duration = Duration::from_secs(2);

// Sandbox

/// Invocations that may run at once outside the pool.
pub const ON_DEMAND_SLOTS: u32 = 256;
/// How long an invocation waits for a slot.
pub const SLOT_WAIT_MAX: Duration = Duration::from_secs(1);
/// How often running guests are interrupted to see whether their time is up.
pub const EPOCH_TICK: Duration = Duration::from_millis(2);
/// Bytes that a guest may hand to the host in one call, or as a result.
pub const HOSTCALL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Handles (streams, pollables, requests) that a guest may hold at once. Guests that use `wasi:http` hold some for each request that
/// they have sent, of which there may be [`REQUESTS_MAX`].
pub const GUEST_HANDLES_MAX: usize = 10_000;
/// Linear memories of one instance.
pub const GUEST_MEMORIES_MAX: usize = 4;
/// Tables of one instance.
pub const GUEST_TABLES_MAX: usize = 8;
/// Elements of all tables of one instance.
pub const GUEST_TABLE_ELEMENTS_MAX: usize = 200_000;
/// Core modules of one instance.
pub const GUEST_CORE_INSTANCES_MAX: usize = 64;
/// Longest call stack that is reported of a guest that broke.
pub const BACKTRACE_BYTES_MAX: usize = 8 * 1024;
/// Longest code of a plugin's error.
pub const ERROR_CODE_BYTES_MAX: usize = 128;
/// Longest message of a plugin's error, or of a trap.
pub const ERROR_MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// Largest details of a plugin's error.
pub const ERROR_DETAILS_BYTES_MAX: usize = 64 * 1024;
/// Largest body of a plugin's response to a webhook.
pub const RESPONSE_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Headers of a plugin's response to a webhook.
pub const RESPONSE_HEADERS_MAX: usize = 64;
/// Bytes of all names and values of those headers.
pub const RESPONSE_HEADERS_BYTES_MAX: usize = 16 * 1024;
/// Wall time for `describe`, instantiation included.
pub const DESCRIBE_DEADLINE: Duration = Duration::from_secs(20);
/// Processor time for `describe`, instantiation included.
pub const DESCRIBE_CPU: Duration = Duration::from_secs(10);
/// Wall time for compiling one component.
pub const COMPILE_WALL_MAX: Duration = Duration::from_secs(300);
/// Processor time for compiling one component.
pub const COMPILE_CPU_MAX: Duration = Duration::from_secs(180);
/// Address space of a compiler.
pub const COMPILE_ADDRESS_BYTES_MAX: u64 = 6 * 1024 * 1024 * 1024;
/// Components that are compiled at a time; others wait for their turn.
pub const COMPILES_AT_ONCE: usize = 2;
/// How long a turn to compile lasts. What takes longer goes on beside the turns, so that others get theirs.
pub const COMPILE_TURN: Duration = Duration::from_secs(10);
/// Components that are compiled at a time beside the turns, because they take longer than one.
pub const LONG_COMPILES_AT_ONCE: usize = 1;
/// Longest message of a compiler that is reported.
pub const COMPILE_MESSAGE_BYTES_MAX: usize = 4 * 1024;

// Looking for secrets in texts

/// Shortest secret that is looked for in texts; a shorter one would be found everywhere.
pub const REDACTED_TEXT_BYTES_MIN: usize = 4;
/// Shortest secret that is looked for in its encodings as well.
pub const REDACTED_SECRET_BYTES_MIN: usize = 6;
/// Shortest line of a secret of several lines that is looked for by itself.
pub const REDACTED_LINE_BYTES_MIN: usize = 16;
/// How far beyond the end of what is kept of a text secrets are looked for, so that none that begins before it is shown by its
/// beginning. An RSA key in PEM takes this much when each of its bytes is written as an escape.
pub const REDACTION_SLACK_BYTES: usize = 16 * 1024;
/// Longest text in which secrets are looked for. What lies beyond is left out of redacted texts.
pub const SEARCHED_TEXT_BYTES_MAX: usize = 256 * 1024;
