//! How many files and sockets this process may have open.

use hookyard_domain::limit;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft bound to the hard one: the usual soft bound of 1,024 is for programs that use `select`. Warns where that is still
/// less than connections, requests and the store may need together.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, ?current, ?maximum, "the bound on open files cannot be raised");
    }
    let open = getrlimit(Resource::Nofile).current;
    if open.is_some_and(|open| open < limit::OPEN_FILES_MIN) {
        let (open, needed) = (open.unwrap_or_default(), limit::OPEN_FILES_MIN);
        tracing::warn!(open, needed, "few files may be open (ulimit -n): under load, connections will fail");
    }
}
