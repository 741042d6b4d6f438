//! Where the components are that the tests load; the build script has made them.

/// The AfterShip plugin.
pub const AFTERSHIP: &str = env!("GUEST_AFTERSHIP");
/// The example of `plugins/README.md`.
pub const DOORBELL: &str = env!("GUEST_DOORBELL");
/// The Feedbot plugin.
pub const FEEDBOT: &str = env!("GUEST_FEEDBOT");
/// The Freshchat plugin.
pub const FRESHCHAT: &str = env!("GUEST_FRESHCHAT");
/// The plugin for requests that an operator defines.
pub const GENERIC_HTTP: &str = env!("GUEST_GENERIC_HTTP");
/// The Selarti plugin.
pub const SELARTI: &str = env!("GUEST_SELARTI");
/// Does what a webhook's body tells it to, and says what it saw; `guests/echo` has the steps.
pub const ECHO: &str = env!("GUEST_ECHO");
/// Does what a host must survive; the webhook's path says what, `guests/misbehaving` has the table.
pub const MISBEHAVING: &str = env!("GUEST_MISBEHAVING");
/// Counts what it is told; its plugin is `tally-handled`, see `guests/tally`.
pub const TALLY: &str = env!("GUEST_TALLY");
/// Tries every way out that WASI has, as its action `try` is told; `guests/wasi` has the list.
pub const WASI: &str = env!("GUEST_WASI");
/// The guest in JavaScript, where its tool was there; tests that need it stand in [`with_javascript_guest!`](crate::with_javascript_guest).
pub const JAVASCRIPT: Option<&str> = option_env!("GUEST_JAVASCRIPT");
/// The guest whose actions are the `fetch` of a JavaScript runtime, where its tool was there; tests that need it stand in
/// [`with_fetch_guest!`](crate::with_fetch_guest).
pub const FETCH: Option<&str> = option_env!("GUEST_FETCH");
/// The guest in Python, where its tool was there; tests that need it stand in [`with_python_guest!`](crate::with_python_guest).
pub const PYTHON: Option<&str> = option_env!("GUEST_PYTHON");

/// Says which version it is; whoever needs several patches them with [`swap_of`].
pub const SWAP: &str = env!("GUEST_SWAP");
/// Another version of it in Python, where its tool was there; tests that need it stand in
/// [`with_python_guest!`](crate::with_python_guest).
pub const SWAP_PYTHON: Option<&str> = option_env!("GUEST_SWAP_PYTHON");
/// The version of [`SWAP_PYTHON`].
pub const SWAP_PYTHON_VERSION: &str = "1.0.2000-swap.guest";

/// The plugin `swap-guest-NNNN` at the version `1.0.NNNN-swap.guest`: [`SWAP`] with other digits in both.
///
/// # Panics
/// A number has more than four digits, or the component does not name itself in one piece.
pub fn swap_of(component: &[u8], plugin: u16, version: u16) -> Vec<u8> {
    let mut patched = component.to_vec();
    let texts = [
        ("swap-guest-0000".to_owned(), format!("swap-guest-{plugin:04}")),
        ("1.0.1000-swap.guest".to_owned(), swap_version(version)),
    ];
    for (from, to) in texts {
        assert_eq!(from.len(), to.len(), "{to} has another length than {from}");
        let at: Vec<_> = patched.windows(from.len()).enumerate().filter(|(_, at)| *at == from.as_bytes()).collect();
        let at: Vec<_> = at.into_iter().map(|(at, _)| at).collect();
        assert!(!at.is_empty(), "{from} does not stand in the component");
        at.into_iter().for_each(|at| patched[at..at + to.len()].copy_from_slice(to.as_bytes()));
    }
    patched
}

/// How a version of [`SWAP`] is written. The number has four digits and does not begin with 0.
pub fn swap_version(version: u16) -> String {
    format!("1.0.{version:04}-swap.guest")
}

/// Guests against the contract, against contracts that are off by one, and against released ones.
pub mod contract {
    /// For each release of `wit/released`, its guest: all exports, and a call of every imported function.
    pub const RELEASED: [(&str, &str); 1] = [("0.1.0", env!("GUEST_RELEASED_0_1_0"))];
    /// As it is, without the SDK.
    pub const EXACT: &str = env!("GUEST_EXACT");
    /// The request of a webhook has a field more.
    pub const REQUEST_FIELD_MORE: &str = env!("GUEST_REQUEST_FIELD_MORE");
    /// The webhook handler exports a function more.
    pub const FUNCTION_MORE: &str = env!("GUEST_FUNCTION_MORE");
    /// The lifecycle is exported without `deactivate`.
    pub const FUNCTION_MISSING: &str = env!("GUEST_FUNCTION_MISSING");
    /// The package has the version 0.2.0.
    pub const OTHER_VERSION: &str = env!("GUEST_OTHER_VERSION");
    /// The package has the version 0.1.1.
    pub const LATER_PATCH: &str = env!("GUEST_LATER_PATCH");
    /// Imports an interface that the host does not have: `mailer`.
    pub const UNKNOWN_IMPORT: &str = env!("GUEST_UNKNOWN_IMPORT");
    /// The event of `emit-event` has a field more.
    pub const IMPORT_FIELD_MORE: &str = env!("GUEST_IMPORT_FIELD_MORE");
    /// The manifest is no JSON.
    pub const GARBAGE_MANIFEST: &str = env!("GUEST_GARBAGE_MANIFEST");
    /// Calls `kv-store` within `describe`, and goes on when it is refused.
    pub const CALLING_DESCRIBE: &str = env!("GUEST_CALLING_DESCRIBE");
    /// `describe` never comes back.
    pub const SPINNING_DESCRIBE: &str = env!("GUEST_SPINNING_DESCRIBE");
}

/// Keeps its items where the guest in JavaScript was built. The cfg that says so reaches this crate only.
#[cfg(javascript_guest)]
#[macro_export]
macro_rules! with_javascript_guest {
    ($($item:item)*) => { $($item)* };
}

/// Drops its items: the guest in JavaScript was not built, as the build script's warning says.
#[cfg(not(javascript_guest))]
#[macro_export]
macro_rules! with_javascript_guest {
    ($($item:item)*) => {};
}

/// Keeps its items where the guest `fetch` was built. The cfg that says so reaches this crate only.
#[cfg(fetch_guest)]
#[macro_export]
macro_rules! with_fetch_guest {
    ($($item:item)*) => { $($item)* };
}

/// Drops its items: the guest `fetch` was not built, as the build script's warning says.
#[cfg(not(fetch_guest))]
#[macro_export]
macro_rules! with_fetch_guest {
    ($($item:item)*) => {};
}

/// Keeps its items where the guest in Python was built. The cfg that says so reaches this crate only.
#[cfg(python_guest)]
#[macro_export]
macro_rules! with_python_guest {
    ($($item:item)*) => { $($item)* };
}

/// Drops its items: the guest in Python was not built, as the build script's warning says.
#[cfg(not(python_guest))]
#[macro_export]
macro_rules! with_python_guest {
    ($($item:item)*) => {};
}
