//! The crash test in `cargo test`: `cargo crash-test` kills longer.

use std::path::{Path, PathBuf};

use hookyard_tests::crash::{self, DiskKind, Plan, Report};

const PROGRAM: &str = env!("CARGO_BIN_EXE_crash-test");
const KILLS: usize = 200;
const SEED: u64 = 20_260_304;

fn plan(disk: DiskKind) -> Plan {
    Plan { hookyard: None, program: PROGRAM.into(), at_random: 0, at_each_point: 0, seed: SEED, disk }
}

/// Cargo has built it for the other tests; of this package it can only be asked for what belongs to it.
fn hookyard() -> PathBuf {
    let hookyard = Path::new(PROGRAM).with_file_name("hookyard");
    assert!(hookyard.exists(), "{} is not built: test the workspace, or -p hookyard as well", hookyard.display());
    hookyard
}

#[expect(clippy::print_stdout, reason = "the figures are what the guarantees rest on")]
async fn killed(plan: Plan) -> Report {
    let report = crash::run(&plan).await.expect("the test comes to its end");
    println!("{report}");
    report
}

fn assert_enough(report: &Report) {
    assert!(report.kills() >= KILLS && report.in_flight_min() >= 8 && report.hits_min() >= 5, "{report}");
    assert!(report.verdict.is_clean(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_that_was_acknowledged_and_double_nothing() {
    let plan = Plan { hookyard: Some(hookyard()), ..plan(DiskKind::Usual) };
    assert_enough(&killed(plan.kills(KILLS)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_do_they_on_a_disk_that_forgets_what_was_not_synced() {
    assert_enough(&killed(plan(DiskKind::Forgetful).kills(KILLS)).await);
}

/// A test of the test.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_sync_is_found_out() {
    let plan = Plan { at_random: 3, ..plan(DiskKind::ForgetfulWithoutSyncs) };
    let verdict = killed(plan).await.verdict;
    assert!(verdict.lost > 0 && !verdict.is_clean(), "{verdict}");
}
