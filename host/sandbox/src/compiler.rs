//! Turns a component into machine code. Compiling takes from 0.2 s to minutes and trusts nothing about the input, so the host
//! has it done by a child process; tests and tools compile in their own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use hookyard_domain::limit;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::compile_child::{self, INVALID_EXIT_CODE};
use crate::engine;
use crate::rejection::Rejection;

/// Compiles components for the engines of this crate.
#[async_trait]
pub(crate) trait Compile: Send + Sync + fmt::Debug {
    /// The machine code of a component. `scratch` is a path for a file that nobody else uses; whoever calls removes it.
    async fn compile(&self, wasm: Vec<u8>, scratch: &Path) -> Result<Vec<u8>, Rejection>;
}

/// Compiles in this process, on a thread for blocking work and without bounds.
#[derive(Debug)]
pub(crate) struct InProcess;

#[async_trait]
impl Compile for InProcess {
    async fn compile(&self, wasm: Vec<u8>, _scratch: &Path) -> Result<Vec<u8>, Rejection> {
        let compiled = tokio::task::spawn_blocking(move || {
            let engine = engine::on_demand()?;
            engine.precompile_component(&wasm)
        });
        compiled
            .await
            .map_err(|error| Rejection::host("compiling", &error))?
            .map_err(|error| Rejection::Invalid { reason: format!("{error:#}") })
    }
}

/// Compiles in a child process that bounds its own time and memory.
#[derive(Debug)]
pub(crate) struct ChildProcess {
    /// Runs [`compile_child::main`] as `compile-component`.
    pub(crate) program: PathBuf,
}

#[async_trait]
impl Compile for ChildProcess {
    async fn compile(&self, wasm: Vec<u8>, scratch: &Path) -> Result<Vec<u8>, Rejection> {
        let child = Command::new(&self.program)
            .args([compile_child::SUBCOMMAND, compile_child::STDIN])
            .arg(scratch)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Rejection::host("starting the compiler", &error))?;
        let ended = tokio::time::timeout(limit::COMPILE_WALL_MAX, converse(child, wasm)).await;
        let (status, message) = ended.map_err(|_| Rejection::CompileBound {
            reason: format!("it took more than {} s", limit::COMPILE_WALL_MAX.as_secs()),
        })??;
        match status.code() {
            Some(0) => tokio::fs::read(scratch)
                .await
                .map_err(|error| Rejection::host("reading what the compiler wrote", &error)),
            Some(code) if code == i32::from(INVALID_EXIT_CODE) => Err(Rejection::Invalid { reason: message }),
            Some(_) => Err(Rejection::Host { reason: format!("the compiler failed ({status}): {message}") }),
            None => Err(Rejection::CompileBound { reason: bound_that_was_met(status, &message) }),
        }
    }
}

/// Feeds the child and hears what it says, at the same time, so that neither waits for the other.
async fn converse(mut child: Child, wasm: Vec<u8>) -> Result<(std::process::ExitStatus, String), Rejection> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A child that dies early breaks the pipe; how it ended says more than that.
            drop(stdin.write_all(&wasm).await);
        }
    };
    let (_fed, message, status) = tokio::join!(feed, hear(stderr), child.wait());
    Ok((status.map_err(|error| Rejection::host("waiting for the compiler", &error))?, message))
}

/// The beginning of what is written, which is read to its end so that the writer never waits.
async fn hear(stderr: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut message = Vec::new();
    let bound = limit::COMPILE_MESSAGE_BYTES_MAX as u64;
    let heard = (&mut stderr).take(bound).read_to_end(&mut message).await;
    let rest = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    if let Err(error) = heard.and(rest.map(|_| 0)) {
        message.extend_from_slice(format!(" (and then: {error})").as_bytes());
    }
    String::from_utf8_lossy(&message).trim().to_owned()
}

/// The child was killed by a signal: by the kernel, for time or memory.
fn bound_that_was_met(status: std::process::ExitStatus, message: &str) -> String {
    format!(
        "it takes more than {} s of processor time or {} MiB of memory ({status}) {message}",
        limit::COMPILE_CPU_MAX.as_secs(),
        limit::COMPILE_ADDRESS_BYTES_MAX / (1024 * 1024)
    )
    .trim_end()
    .to_owned()
}
