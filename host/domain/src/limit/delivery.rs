//! Bounds of subscriptions and deliveries.

use std::time::Duration;

/// Longest name of a subscription.
pub const SUBSCRIPTION_ID_BYTES_MAX: usize = 64;
/// Subscriptions that were made through the API.
pub const API_SUBSCRIPTIONS_MAX: usize = 10_000;
/// Attempts of one delivery that are remembered.
pub const ATTEMPTS_KEPT_MAX: usize = 16;
/// Longest message of an attempt's error.
pub const ATTEMPT_MESSAGE_BYTES_MAX: usize = 512;
/// Types, connections or subjects of one subscription, each.
pub const SUBSCRIPTION_FILTER_VALUES_MAX: usize = 50;
/// Longest `when`, and longest string of an `input`.
pub const TEMPLATE_BYTES_MAX: usize = 16 * 1024;
/// Largest `input` of a flow, as JSON.
pub const FLOW_INPUT_BYTES_MAX: usize = 64 * 1024;
/// Largest input that comes of it.
pub const FLOW_RESULT_BYTES_MAX: usize = 1024 * 1024;
/// Instructions of one template or expression; a plain one takes about ten.
pub const TEMPLATE_FUEL: u64 = 100_000;
/// Headers that an operator may add to deliveries.
pub const ENDPOINT_HEADERS_MAX: usize = 20;
/// Bytes of all names and values of those headers.
pub const ENDPOINT_HEADERS_BYTES_MAX: usize = 8 * 1024;
/// Longest URL of an endpoint.
pub const ENDPOINT_URL_BYTES_MAX: usize = 2 * 1024;
/// One attempt, from looking the name up to the end of the answer's headers.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read, so that its connection can be used again; of a longer one the connection is closed.
pub const DELIVERY_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Attempts of one subscription at a time when the operator says nothing.
pub const ENDPOINT_IN_FLIGHT_DEFAULT: u32 = 8;
/// Most attempts of one subscription at a time.
pub const ENDPOINT_IN_FLIGHT_MAX: u32 = 64;
/// Most attempts within a second that can be set.
pub const ENDPOINT_PER_SECOND_MAX: u32 = 10_000;
/// Calls of one subject within a minute when the operator says nothing.
pub const FLOW_PER_MINUTE_AND_SUBJECT_DEFAULT: u32 = 60;
/// Most that can be set.
pub const FLOW_PER_MINUTE_AND_SUBJECT_MAX: u32 = 6_000;
/// Subjects of one subscription of which it is known when their last calls began; the oldest is forgotten.
pub const FLOW_SUBJECTS_REMEMBERED_MAX: usize = 10_000;
/// Actions that may lie between an event and the outside; one more, and it goes nowhere.
pub const HOPS_MAX: u8 = 8;
/// Attempts in flight, over all subscriptions. Of one URL's, so that deliveries leave room for what plugins send.
pub const DELIVERIES_IN_FLIGHT_MAX: usize = 512;
/// Deliveries of one subscription that wait to be tried again; with so many, it reads no further events.
pub const DELIVERIES_PENDING_MAX: usize = 10_000;
/// Those of all subscriptions together; with so many, those that have [some](DELIVERIES_PENDING_FEW) read no further events.
pub const DELIVERIES_PENDING_IN_ALL_MAX: usize = 200_000;
/// As many deliveries of one subscription may wait to be tried again, however many those of others are.
pub const DELIVERIES_PENDING_FEW: usize = 100;
/// Most deliveries of one page.
pub const DELIVERIES_PAGE_MAX: usize = 1_000;
/// Deliveries of an answer when the client sets no bound.
pub const DELIVERIES_LIMIT_DEFAULT: usize = 100;
/// Rows that one page of deliveries looks at.
pub const DELIVERIES_SCANNED_MAX: usize = 10_000;
/// How long deliveries that were given up, or succeeded after all, are listed when the operator says nothing.
pub const DELIVERY_RETENTION_DEFAULT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Longest that an operator may have them listed, in days.
pub const DELIVERY_RETENTION_DAYS_MAX: u32 = 365;
/// After how long without any success a subscription is paused when the operator says nothing.
pub const PAUSE_AFTER_DEFAULT: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// Longest that can be set, in hours.
pub const PAUSE_AFTER_HOURS_MAX: u32 = 90 * 24;
/// How long a secret goes on signing beside the one that took its place when the operator says nothing.
pub const ROTATION_OVERLAP_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest that can be asked for, in seconds.
pub const ROTATION_OVERLAP_SECONDS_MAX: u64 = 30 * 24 * 60 * 60;
/// Secrets that sign for one endpoint at a time.
pub const ENDPOINT_SECRETS_MAX: usize = 5;
/// How long what a delivery has begun is known to the connection that it calls.
pub const DELIVERY_KEY_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Events that are kept in memory for those who follow the log.
pub const TAIL_EVENTS_MAX: usize = 4_096;
/// Bytes of their data.
pub const TAIL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Those who follow the log at a time, by stream or by waiting; further ones are answered 503.
pub const FOLLOWERS_MAX: usize = 2_000;
/// Bytes of one page of deliveries, after which it ends.
pub const DELIVERIES_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a commit may have for positions and deliveries, on top of its events: a hundred deliveries with the longest histories fit
/// (each 16 attempts with messages of 512 bytes), or ten thousand that were not tried yet.
pub const DELIVERY_WRITES_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Events of one subscription that were taken from the log and that its cursor has not passed yet: the most that a crash repeats.
pub const DELIVERY_WINDOW_MAX: usize = 4_096;
/// Events of one subscription that were taken from the log and wait for their first attempt.
pub const DELIVERY_WAITING_MAX: usize = 256;
/// New events that wait for one subscription's worker; one that falls further behind reads the log by itself.
pub const DELIVERY_FEED_MAX: usize = 256;
/// Events that a worker reads from the log at a time.
pub const DELIVERY_PAGE_EVENTS: usize = 128;
/// New events that are handed on at a time.
pub const DISPATCH_EVENTS: usize = 256;
/// Offsets that a cursor may lag behind in the store, as long as it only passes events that do not match.
pub const CURSOR_LAG_MAX: u64 = 10_000;
/// Deliveries of one commit.
pub const DELIVERIES_PER_COMMIT_MAX: usize = 100;
/// Attempts in flight of subscriptions whose last attempt failed, over all of them: what hangs takes no more of the room.
pub const FAILING_IN_FLIGHT_MAX: usize = DELIVERIES_IN_FLIGHT_MAX / 4;
/// The same of one subscription.
pub const FAILING_IN_FLIGHT_PER_SUBSCRIPTION_MAX: usize = 1;
/// Attempts that fail one after another: with so many, it is the endpoint that fails, not what it was sent.
pub const OUTAGE_FAILURES: u32 = 5;
/// What operators want of one subscription that its worker has not looked at yet.
pub const DELIVERY_ORDERS_MAX: usize = 16;
/// Fewest bytes of a secret that signs deliveries (Standard Webhooks).
pub const SIGNING_SECRET_BYTES_MIN: usize = 24;
/// Most of them.
pub const SIGNING_SECRET_BYTES_MAX: usize = 64;
/// Bytes of one that the host makes.
pub const SIGNING_SECRET_BYTES: usize = 32;
/// Where to a redirect leads: what of it is shown.
pub const REDIRECT_SHOWN_BYTES_MAX: usize = 200;
/// Bytes of all texts that filters make in one rendering, and that are written in it.
pub const TEMPLATE_TEXTS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Items of a list that a filter takes or makes.
pub const TEMPLATE_ITEMS_MAX: usize = 100_000;
/// Longest width that `format` fills up to, and most digits behind its point.
pub const TEMPLATE_FORMAT_WIDTH_MAX: usize = 1_000;
/// What of a number is shown that cannot be computed with.
pub const NUMBER_SHOWN_BYTES_MAX: usize = 60;
/// Strings of one input with templates in them: with the fuel of each, the most steps that an event takes.
pub const FLOW_TEMPLATES_MAX: usize = 256;
/// Operators, dots and brackets of one expression: each may nest it one deeper.
pub const EXPRESSION_OPERATORS_MAX: usize = 400;
/// Statements (`{% … %}`) of one text.
pub const TEMPLATE_STATEMENTS_MAX: usize = 400;
/// How long attempts of a subscription that is taken away may go on, before they are given up.
pub const DELIVERIES_END_WAIT: Duration = Duration::from_secs(5);
