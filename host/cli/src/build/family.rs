//! A process that ends together with everything that it started.

use std::io;
use std::process::Output;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// Runs a command to its end, in a process group of its own. When the future is dropped, the whole group is told to end:
/// Cargo alone would leave its compilers behind.
///
/// # Errors
/// It does not start.
pub(super) async fn output(mut command: Command) -> io::Result<Output> {
    let child = command.process_group(0).spawn()?;
    let mut family = Family(group(&child));
    let output = child.wait_with_output().await;
    // It is gone, and its number may be somebody else's.
    family.0 = None;
    output
}

/// The group of a process that runs; it leads the group, so that their numbers are the same.
fn group(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

struct Family(Option<Pid>);

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Fails where all of them are gone already.
            kill_process_group(group, Signal::TERM).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

    use super::*;

    #[tokio::test]
    async fn what_a_dropped_command_has_started_ends_too() {
        let (stdin, to_us) = io::pipe().expect("a pipe");
        let mut command = Command::new("sh");
        // A shell whose child would wait for ever, and holds the pipe.
        command.args(["-c", "sleep 1000000 & echo started; wait"]).stdin(Stdio::null()).stdout(to_us);
        let mut said = BufReader::new(tokio::fs::File::from_std(std::os::fd::OwnedFd::from(stdin).into()));
        let mut line = String::new();
        {
            let mut run = Box::pin(output(command));
            tokio::select! {
                _ = &mut run => panic!("it waits"),
                read = said.read_line(&mut line) => { read.expect("readable"); }
            }
        }
        assert_eq!(line, "started\n");
        // The end of the pipe comes when nobody is left who holds it.
        said.read_to_string(&mut line).await.expect("it ends");
    }
}
