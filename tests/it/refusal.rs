//! A data directory that is not as a host has left it is refused with the reason, and left as it is: never a fresh start.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use hookyard_tests::process::HostProcess;

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");
const TRACKING_UPDATE: &str = include_str!("../vectors/a1_tracking_update.json");

/// A host that has acknowledged a webhook, and was killed: its newest commits stand in the log only.
async fn killed() -> HostProcess {
    let mut host = HostProcess::start(BINARY).await;
    assert_eq!(host.webhook(TRACKING_UPDATE.into()).await.expect("an answer").status(), 200);
    host.kill().await;
    host
}

fn serve(directory: &Path) -> Output {
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    Command::new(BINARY).args(serve).current_dir(directory).output().expect("the binary runs")
}

/// Does this to the database, and expects a refusal that says so.
async fn refused(change: impl FnOnce(&Path), says: &[&str]) {
    let host = killed().await;
    let database = host.directory().join("data/hookyard.db");
    change(&database);
    let before = fs::read(&database).ok();
    let output = serve(host.directory());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(says.iter().all(|text| said.contains(text)) && said.contains("hookyard.db"), "{said}");
    assert_eq!(fs::read(&database).ok(), before, "it is left as it is");
}

#[tokio::test]
async fn a_database_that_is_gone_while_its_log_is_there_is_no_fresh_start() {
    refused(
        |database| fs::remove_file(database).expect("is removed"),
        &["without its database", "put the database back"],
    )
    .await;
}

#[tokio::test]
async fn a_database_that_is_cut_short_is_refused() {
    let cut = |database: &Path| {
        fs::remove_file(database.with_extension("db-wal")).expect("is removed");
        fs::File::options().write(true).open(database).expect("opens").set_len(4_096).expect("is cut");
    };
    refused(cut, &["is damaged", "restore a backup"]).await;
}

#[tokio::test]
async fn a_file_of_something_else_in_its_place_is_refused() {
    refused(|database| fs::write(database, "something else").expect("is written"), &["not a database of Hookyard"])
        .await;
}

#[tokio::test]
async fn an_empty_file_in_its_place_is_refused() {
    refused(|database| fs::write(database, "").expect("is written"), &["not a database of Hookyard"]).await;
}
