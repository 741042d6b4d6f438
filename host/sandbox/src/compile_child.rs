//! The child process that compiles one component: `PROGRAM compile-component (FILE | -) OUT [CPU_SECONDS ADDRESS_BYTES PARENT]`.
//!
//! It bounds itself before it looks at the component: lowest sensible priority, one thread that compiles, processor time, and on Linux
//! address space. Out of processor time it ends by SIGXCPU, out of memory by SIGABRT. It ends as well when PARENT, a process id, is
//! not its parent any more: whoever was killed wants no code.
//!
//! Exit code 0: OUT is there, whole. 65: the component is invalid, stderr says why. 64: wrong usage. 70: anything else.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

use hookyard_domain::limit;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use crate::engine;

/// The subcommand of the host's program that is this child.
pub const SUBCOMMAND: &str = "compile-component";
/// In place of a file: the component comes on stdin.
pub(crate) const STDIN: &str = "-";
/// The component is invalid. These are codes of sysexits.h, which no crash and no shell returns by accident.
pub(crate) const INVALID_EXIT_CODE: u8 = 65;
const USAGE_EXIT_CODE: u8 = 64;
const FAILED_EXIT_CODE: u8 = 70;
const PRIORITY: i32 = 10;
/// How often the child looks whether its parent is still there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Room for the look and nothing else.
const LOOK_STACK_BYTES: usize = 64 * 1024;

/// Compiles one component; `args` are those after `compile-component`.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (code, message) = match run(args) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Invalid(error)) => (INVALID_EXIT_CODE, format!("{error:#}")),
        Err(Failure::Usage) => {
            (USAGE_EXIT_CODE, format!("usage: {SUBCOMMAND} (FILE | {STDIN}) OUT [CPU_SECONDS ADDRESS_BYTES PARENT]"))
        }
        Err(Failure::Io(doing, error)) => (FAILED_EXIT_CODE, format!("{doing}: {error}")),
        Err(Failure::Engine(error)) => (FAILED_EXIT_CODE, format!("starting the engine: {error:#}")),
    };
    // Whoever reads stderr may be gone; the exit code says the rest.
    drop(writeln!(io::stderr(), "{message}"));
    ExitCode::from(code)
}

enum Failure {
    Usage,
    Io(&'static str, io::Error),
    Engine(wasmtime::Error),
    Invalid(wasmtime::Error),
}

fn run(args: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let default = [limit::COMPILE_CPU_MAX.as_secs(), limit::COMPILE_ADDRESS_BYTES_MAX];
    let (input, output, bounds, parent) = match &args[..] {
        [input, output] => (input, output, default, None),
        [input, output, cpu, address, parent] => {
            (input, output, [number(cpu)?, number(address)?], Some(number(parent)?))
        }
        _ => return Err(Failure::Usage),
    };
    if let Some(parent) = parent {
        end_with(parent).map_err(|error| Failure::Io("watching the parent", error))?;
    }
    bound_oneself(bounds).map_err(|error| Failure::Io("bounding time and memory", error))?;
    let wasm = read(input).map_err(|error| Failure::Io("reading the component", error))?;
    let engine = engine::compiling().map_err(Failure::Engine)?;
    let code = engine.precompile_component(&wasm).map_err(Failure::Invalid)?;
    write_whole(&PathBuf::from(output), &code).map_err(|error| Failure::Io("writing the code", error))
}

/// Ends this process once its parent is another than this one, which is the case when the parent has ended in whatever way. A signal
/// (`PR_SET_PDEATHSIG`) would come when the *thread* ends that started this process, and threads of a runtime come and go.
fn end_with(parent: u64) -> io::Result<()> {
    let watch = move || {
        while u64::from(parent_id()) == parent {
            thread::park_timeout(LOOK_EVERY);
        }
        process::exit(FAILED_EXIT_CODE.into());
    };
    thread::Builder::new().stack_size(LOOK_STACK_BYTES).spawn(watch).map(drop)
}

fn number(text: &OsString) -> Result<u64, Failure> {
    text.to_str().and_then(|text| text.parse().ok()).ok_or(Failure::Usage)
}

fn bound_oneself([cpu_seconds, address_bytes]: [u64; 2]) -> io::Result<()> {
    nice(PRIORITY)?;
    // The kernel ends a process at the lower of the two by SIGXCPU, which says why, and at the other by SIGKILL, which says nothing.
    let cpu = lowered(getrlimit(Resource::Cpu), cpu_seconds.saturating_add(1));
    setrlimit(Resource::Cpu, Rlimit { current: cpu.maximum.map(|maximum| maximum.min(cpu_seconds)), ..cpu })?;
    // Not everywhere: macOS has the limit of resident memory under this number, and OpenBSD has none.
    #[cfg(target_os = "linux")]
    setrlimit(Resource::As, lowered(getrlimit(Resource::As), address_bytes))?;
    #[cfg(not(target_os = "linux"))]
    let _unbounded = address_bytes;
    Ok(setrlimit(Resource::Core, lowered(getrlimit(Resource::Core), 0))?)
}

/// A limit of `value`, or of the inherited maximum where that is lower already: a service manager or a shell may have set one,
/// and asking for more than it is refused (`EPERM`) to a process without privileges, so that nothing would compile.
fn lowered(inherited: Rlimit, value: u64) -> Rlimit {
    let value = inherited.maximum.map_or(value, |maximum| maximum.min(value));
    Rlimit { current: Some(value), maximum: Some(value) }
}

fn read(input: &OsString) -> io::Result<Vec<u8>> {
    let bound = limit::COMPONENT_BYTES_MAX + 1;
    let mut wasm = Vec::new();
    if input == STDIN {
        io::stdin().lock().take(bound).read_to_end(&mut wasm)?;
    } else {
        File::open(input)?.take(bound).read_to_end(&mut wasm)?;
    }
    if wasm.len() as u64 >= bound {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than a component may be"));
    }
    Ok(wasm)
}

/// Where a file lies while it is written.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    PathBuf::from(unfinished)
}

/// Writes a file that is there whole or not at all, also after a crash, readable for its owner only.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let unfinished = unfinished(path);
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inherited_maximum_is_never_raised() {
        for (inherited, value, bound) in
            [(None, 180, 180), (Some(60), 180, 60), (Some(600), 180, 180), (Some(0), 180, 0)]
        {
            let limit = lowered(Rlimit { current: Some(30), maximum: inherited }, value);
            assert_eq!((limit.current, limit.maximum), (Some(bound), Some(bound)), "{inherited:?}");
        }
    }
}
