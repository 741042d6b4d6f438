//! `cargo crash-test`: kills a host again and again while webhooks come in, and says what got lost and what came twice.
//!
//! `--kills N` (200), `--seed S` (1), `--vfs` (on a disk that forgets what was not synced), `--without-syncs` (on that disk, with a
//! store that does not sync: losses must be found). Exits with 1 when a promise was broken.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context as _;
use hookyard_tests::crash::{self, DiskKind, Plan};
use hookyard_tests::hookyard;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "compile-component") {
        return hookyard_sandbox::compile_child::main(arguments.collect::<Vec<OsString>>());
    }
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the user's terminal is where this belongs")]
            {
                eprintln!("{error:?}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether everything is as it was promised.
fn run() -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("serve", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return runtime.block_on(crash::serve(rest)).map(|()| true);
    }
    let plan = plan(&arguments)?;
    let report = runtime.block_on(crash::run(&plan))?;
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{report}");
    }
    Ok(report.verdict.is_clean())
}

fn plan(arguments: &[String]) -> anyhow::Result<Plan> {
    let program = std::env::current_exe()?;
    let disk = DiskKind::Usual;
    let plan = Plan { hookyard: None, program, at_random: 0, at_each_point: 0, seed: 1, disk };
    let mut plan = plan.kills(200);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().with_context(|| format!("{argument} has a number"));
        match argument.as_str() {
            "--kills" => plan = plan.kills(number()?.parse()?),
            "--seed" => plan.seed = number()?.parse()?,
            "--vfs" => plan.disk = DiskKind::Forgetful,
            "--without-syncs" => plan.disk = DiskKind::ForgetfulWithoutSyncs,
            other => anyhow::bail!("{other:?} is not --kills N, --seed S, --vfs or --without-syncs"),
        }
    }
    if plan.disk == DiskKind::Usual {
        plan.hookyard = Some(hookyard::beside_this_program()?);
    }
    Ok(plan)
}
