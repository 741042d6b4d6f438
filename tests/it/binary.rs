//! The real binary keeps its promises when it is killed.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use hookyard_tests::process::HostProcess;
use tokio::sync::Mutex;

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");
const TRACKING_UPDATE: &str = include_str!("../vectors/a1_tracking_update.json");

/// A webhook with an id of its own.
fn webhook(id: &str) -> Bytes {
    TRACKING_UPDATE.replace("3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41", id).into()
}

fn ids(events: &[serde_json::Value]) -> Vec<String> {
    events.iter().map(|event| event["data"]["event_id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn what_was_answered_200_survives_a_kill_and_its_repeat_adds_nothing() {
    let mut host = HostProcess::start(BINARY).await;
    assert_eq!(host.webhook(webhook("a")).await.expect("an answer").status(), 200);
    host.kill().await;
    host.start_again().await;
    assert_eq!(ids(&host.events().await), ["a"]);
    assert_eq!(host.webhook(webhook("a")).await.expect("an answer").status(), 200);
    assert_eq!(ids(&host.events().await), ["a"]);
}

/// Providers send on while the host is killed again and again; each repeats what was not answered.
#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_nothing_that_was_answered_and_double_nothing() {
    const KILLS: usize = 5;
    const SENDERS: usize = 8;
    let mut host = HostProcess::start(BINARY).await;
    let answered = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..KILLS {
        let senders = (0..SENDERS).map(|sender| send_until_killed(&host, round, sender, &answered));
        let senders = futures_util::future::join_all(senders);
        let kill = async {
            // Enough to be in the middle of it, whatever the machine's speed.
            while answered.lock().await.len() < (round + 1) * 40 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { _ = senders => {}, () = kill => {} }
        host.kill().await;
        host.start_again().await;
    }
    let answered = answered.lock().await.clone();
    for id in &answered {
        // 202 while it waits behind others of its order key.
        while host.webhook(webhook(id)).await.expect("an answer").status() == 202 {
            tokio::task::yield_now().await;
        }
        assert_eq!(host.webhook(webhook(id)).await.expect("an answer").status(), 200, "the repeat of {id}");
    }
    let events = ids(&host.events().await);
    let distinct: BTreeSet<_> = events.iter().cloned().collect();
    assert_eq!(distinct.len(), events.len(), "no event twice");
    let lost: Vec<_> = answered.difference(&distinct).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

async fn send_until_killed(host: &HostProcess, round: usize, sender: usize, answered: &Mutex<BTreeSet<String>>) {
    for number in 0.. {
        let id = format!("{round}-{sender}-{number}");
        match host.webhook(webhook(&id)).await {
            Ok(reply) if [200, 202].contains(&reply.status()) => {
                answered.lock().await.insert(id);
            }
            Ok(reply) => panic!("{}: {}", reply.status(), reply.text()),
            Err(_) => return,
        }
    }
}

#[tokio::test]
async fn a_hang_up_applies_the_file_and_one_that_is_wrong_changes_nothing() {
    let host = HostProcess::start_with(BINARY, hookyard_tests::guests::ECHO, "", "info").await;
    let (file, log) = (host.directory().join("hookyard.toml"), host.directory().join("stderr.log"));
    let before = fs::read_to_string(&file).expect("it is there");
    let status = async || {
        let request = http::Request::get("/v1/connections/bot");
        host.send(request, "").await.expect("an answer").status()
    };
    assert_eq!(status().await, 404);
    fs::write(&file, format!("{before}\npool_slots = 7\n[connections.bot]\nplugin = \"echo\"\n"))
        .expect("can be written");
    host.hang_up().await;
    let says = async |text: &str| {
        while !fs::read_to_string(&log).expect("it is there").contains(text) {
            tokio::task::yield_now().await;
        }
    };
    says("the configuration is not applied").await;
    assert_eq!(status().await, 404, "pool_slots stands there twice");
    let right = before.replace("pool_slots = 8", "pool_slots = 7");
    fs::write(&file, format!("{right}\n[connections.bot]\nplugin = \"echo\"\n")).expect("can be written");
    host.hang_up().await;
    says("configuration read again").await;
    assert_eq!(status().await, 200);
    let said = fs::read_to_string(&log).expect("it is there");
    assert!(said.contains("pool_slots") && said.contains("restart"), "what a restart would apply: {said}");
}

#[tokio::test]
async fn a_second_host_on_one_data_directory_is_refused_with_the_reason() {
    let host = HostProcess::start(BINARY).await;
    let second = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(host.directory())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("data") && said.contains("use"), "{said}");
}
