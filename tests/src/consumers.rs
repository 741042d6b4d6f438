//! Programs that take deliveries, as host/README.md shows them, each a process with the packages that it would use in earnest.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The receiver in Python.
pub const PYTHON: &str = include_str!("../consumers/receiver.py");
/// The receiver in JavaScript.
pub const JAVASCRIPT: &str = include_str!("../consumers/receiver.mjs");
/// The loop over pages of events, for a shell with curl.
pub const SHELL: &str = include_str!("../consumers/poll.sh");

/// A consumer that runs; it ends when this is dropped.
pub struct Consumer {
    _process: Child,
    directory: TempDir,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Consumer {
    /// The receiver in Python, and its URL. `python` has the packages `standardwebhooks` and `cloudevents`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn python(python: &str, secret: &str) -> (Self, String) {
        let directory = directory_with("receiver.py", PYTHON);
        Self::receiver(Command::new(python), directory, "receiver.py", secret).await
    }

    /// The receiver in JavaScript, and its URL. The folder `node_modules` holds the packages `standardwebhooks` and `cloudevents`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn javascript(node_modules: &str, secret: &str) -> (Self, String) {
        let directory = directory_with("receiver.mjs", JAVASCRIPT);
        std::os::unix::fs::symlink(node_modules, directory.path().join("node_modules")).expect("a link can be made");
        Self::receiver(Command::new("node"), directory, "receiver.mjs", secret).await
    }

    /// The loop in a shell, against this host.
    ///
    /// # Panics
    /// It does not start.
    pub fn shell(url: &str, token: &str) -> Self {
        let directory = directory_with("poll.sh", SHELL);
        let mut command = Command::new("sh");
        command.arg("poll.sh").env("HOOKYARD_URL", url).env("HOOKYARD_TOKEN", token);
        Self::start(command, directory)
    }

    async fn receiver(mut command: Command, directory: TempDir, file: &str, secret: &str) -> (Self, String) {
        command.arg(file).arg("0").env("WEBHOOK_SECRET", secret);
        let mut consumer = Self::start(command, directory);
        let line = consumer.line().await;
        let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("it says {line:?}"));
        let url = url.to_owned();
        (consumer, url)
    }

    fn start(mut command: Command, directory: TempDir) -> Self {
        command.current_dir(directory.path()).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        Self { _process: process, directory, lines }
    }

    /// The next line that it prints.
    ///
    /// # Panics
    /// It has ended.
    pub async fn line(&mut self) -> String {
        self.lines.next_line().await.expect("its output can be read").expect("it goes on")
    }

    /// The directory that it runs in.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

fn directory_with(file: &str, text: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path: PathBuf = directory.path().join(file);
    std::fs::write(path, text).expect("a file can be written");
    directory
}

/// Python with the packages of the consumer, where the build script was told of it; tests that need it stand in
/// [`with_python_consumer!`](crate::with_python_consumer).
pub const PYTHON_WITH_PACKAGES: Option<&str> = option_env!("CONSUMER_PYTHON");
/// The packages of the consumer in JavaScript, where the build script was told of them; tests that need it stand in
/// [`with_javascript_consumer!`](crate::with_javascript_consumer).
pub const NODE_MODULES: Option<&str> = option_env!("CONSUMER_JAVASCRIPT");

/// Keeps its items: the consumer in Python has what it needs.
#[cfg(python_consumer)]
#[macro_export]
macro_rules! with_python_consumer {
    ($($item:item)*) => { $($item)* };
}

/// Drops its items: the consumer in Python has not what it needs, as the build script's warning says.
#[cfg(not(python_consumer))]
#[macro_export]
macro_rules! with_python_consumer {
    ($($item:item)*) => {};
}

/// Keeps its items: the consumer in JavaScript has what it needs.
#[cfg(javascript_consumer)]
#[macro_export]
macro_rules! with_javascript_consumer {
    ($($item:item)*) => { $($item)* };
}

/// Drops its items: the consumer in JavaScript has not what it needs, as the build script's warning says.
#[cfg(not(javascript_consumer))]
#[macro_export]
macro_rules! with_javascript_consumer {
    ($($item:item)*) => {};
}

/// Keeps its items: there is a curl for the consumer in a shell.
#[cfg(shell_consumer)]
#[macro_export]
macro_rules! with_shell_consumer {
    ($($item:item)*) => { $($item)* };
}

/// Drops its items: there is no curl for the consumer in a shell, as the build script's warning says.
#[cfg(not(shell_consumer))]
#[macro_export]
macro_rules! with_shell_consumer {
    ($($item:item)*) => {};
}
