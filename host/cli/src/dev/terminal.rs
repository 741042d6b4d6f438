//! The terminal that a command was started in.

use std::fs::File;

/// Whether there is one. It is gone once its window is closed, which ends nothing but by SIGHUP.
pub(super) fn is_there() -> bool {
    File::open("/dev/tty").is_ok()
}
