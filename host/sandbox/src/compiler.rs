//! Turns a component into machine code. Compiling takes from 0.2 s to minutes and trusts nothing about the input, so the host
//! has it done by a child process; tests and tools compile in their own.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use async_trait::async_trait;
use hookyard_domain::limit;
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::compile_child::{self, INVALID_EXIT_CODE, write_whole};
use crate::engine;
use crate::load_bounds::LoadBounds;
use crate::rejection::Rejection;

/// Compiles components for the engines of this crate.
#[async_trait]
pub(crate) trait Compile: Send + Sync + fmt::Debug {
    /// Writes the machine code of a component to `out`, a path that nobody else uses. What lies there, and beside it, after a failure
    /// is for whoever calls to remove.
    async fn compile(&self, wasm: Vec<u8>, out: &Path) -> Result<(), Rejection>;
}

/// Compiles in this process, on a thread for blocking work and without bounds.
#[derive(Debug)]
pub(crate) struct InProcess;

#[async_trait]
impl Compile for InProcess {
    async fn compile(&self, wasm: Vec<u8>, out: &Path) -> Result<(), Rejection> {
        let out = out.to_owned();
        let compiled = tokio::task::spawn_blocking(move || {
            let code = engine::on_demand().and_then(|engine| engine.precompile_component(&wasm));
            let code = code.map_err(|error| Rejection::invalid(format!("{error:#}")))?;
            write_whole(&out, &code).map_err(|error| Rejection::host("writing the code", &error))
        });
        compiled.await.map_err(|error| Rejection::host("compiling", &error))?
    }
}

/// Compiles in a child process that bounds its own time and memory.
#[derive(Debug)]
pub(crate) struct ChildProcess {
    /// Runs [`compile_child::main`] as `compile-component`.
    pub(crate) program: PathBuf,
    pub(crate) bounds: LoadBounds,
}

#[async_trait]
impl Compile for ChildProcess {
    async fn compile(&self, wasm: Vec<u8>, out: &Path) -> Result<(), Rejection> {
        let bounds = &self.bounds;
        let child = Command::new(&self.program)
            .args([compile_child::SUBCOMMAND, compile_child::STDIN])
            .arg(out)
            .args([bounds.compile_cpu.as_secs().max(1), bounds.compile_address_bytes].map(|bound| bound.to_string()))
            .arg(std::process::id().to_string())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Rejection::host("starting the compiler", &error))?;
        let ended = tokio::time::timeout(bounds.compile_wall, converse(child, wasm)).await;
        let (status, message) = ended.map_err(|_| Rejection::CompileBound {
            reason: format!("it takes more than {} s", bounds.compile_wall.as_secs_f64()),
        })??;
        match status.code() {
            Some(0) => Ok(()),
            Some(code) if code == i32::from(INVALID_EXIT_CODE) => Err(Rejection::invalid(message)),
            Some(PANIC_EXIT_CODE) => Err(Rejection::CompilerCrash { reason: message }),
            Some(_) => Err(Rejection::Host { reason: format!("the compiler failed ({status}): {message}") }),
            None => Err(killed(status, &message, bounds)),
        }
    }
}

/// Feeds the child and hears what it says, at the same time, so that neither waits for the other.
async fn converse(mut child: Child, wasm: Vec<u8>) -> Result<(ExitStatus, String), Rejection> {
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

/// What a signal says that ended the child.
fn killed(status: ExitStatus, message: &str, bounds: &LoadBounds) -> Rejection {
    let bound = |reason: String| Rejection::CompileBound { reason };
    match status.signal().and_then(Signal::from_named_raw) {
        Some(Signal::XCPU) => bound(format!(
            "it takes more than {} s of processor time; build it optimised, and break its largest functions up",
            bounds.compile_cpu.as_secs()
        )),
        Some(Signal::ABORT) if message.contains("memory allocation") => bound(format!(
            "it takes more than {} MiB of memory; build it optimised, and break its largest functions up",
            bounds.compile_address_bytes / (1024 * 1024)
        )),
        Some(Signal::ABORT) if message.contains("overflowed its stack") => {
            bound("it is nested too deeply for the compiler's stack".to_owned())
        }
        Some(Signal::KILL) => {
            bound("the system ended the compiler (SIGKILL), which it mostly does for want of memory".to_owned())
        }
        // Who stops a host from a terminal, or a whole service, stops its compilers as well: that says nothing of the component.
        Some(Signal::INT | Signal::TERM | Signal::HUP | Signal::QUIT) => {
            Rejection::Host { reason: format!("the compiler was told to end ({status})") }
        }
        _ => {
            Rejection::CompilerCrash { reason: format!("{status}: {message}").trim_end_matches([':', ' ']).to_owned() }
        }
    }
}

/// How a Rust program ends that panics.
const PANIC_EXIT_CODE: i32 = 101;
