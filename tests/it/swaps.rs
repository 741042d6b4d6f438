//! A version of a plugin takes over from another one without one failed request.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::join_all;
use hookyard_tests::guests::{self, swap_of, swap_version};
use hookyard_tests::host::{Builder, SECRET, TestHost, post};
use hookyard_tests::sign::hmac_sha256_base64;
use tokio::sync::watch;

const BODY: &str = "{}";
const CLIENTS: usize = 4;

/// Clients that send one signed webhook after the other, and what they heard.
struct Clients<'a> {
    host: &'a TestHost,
    ended: AtomicBool,
    sent: AtomicU64,
    /// The versions that have answered.
    heard: watch::Sender<BTreeSet<String>>,
}

impl Clients<'_> {
    async fn send_until_the_end(&self) {
        let signature = hmac_sha256_base64(SECRET, BODY.as_bytes());
        while !self.ended.load(Ordering::Relaxed) {
            let id = self.sent.fetch_add(1, Ordering::Relaxed).to_string();
            let request = post("swap").header("x-swap-signature", &signature).header("x-swap-id", id);
            let reply = self.host.send(request, BODY).await;
            assert_eq!(reply.status(), 200, "{}", reply.text());
            let version = reply.json()["version"].as_str().expect("a version").to_owned();
            self.heard.send_if_modified(|heard| heard.insert(version));
        }
    }

    /// Waits until this version has answered.
    async fn hear(&self, version: &str) {
        let mut heard = self.heard.subscribe();
        heard.wait_for(|heard| heard.contains(version)).await.expect("the clients go on");
    }
}

/// Replaces the file by each of these, one after the other, under load; every one must be heard, and every answer be right.
async fn swaps(versions: Vec<(String, Vec<u8>)>) {
    let secret = format!("[connections.swap]\nplugin = \"swap-guest-0000\"\nconfig = {{ secret = \"{SECRET}\" }}");
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin(guests::SWAP).config(&secret).start().await;
    let file = host.directory().join("plugins").join(PathBuf::from(guests::SWAP).file_name().expect("a file"));
    let clients = Clients {
        host: &host,
        ended: AtomicBool::new(false),
        sent: AtomicU64::new(0),
        heard: watch::Sender::new(BTreeSet::new()),
    };
    let swaps = async {
        clients.hear(&swap_version(1_000)).await;
        for (number, (version, wasm)) in versions.iter().enumerate() {
            if number % 2 == 0 {
                fs::write(&file, wasm).expect("writable");
            } else {
                let beside = file.with_extension("new");
                fs::write(&beside, wasm).expect("writable");
                fs::rename(&beside, &file).expect("renamed");
            }
            clients.hear(version).await;
        }
        clients.ended.store(true, Ordering::Relaxed);
    };
    tokio::join!(swaps, join_all((0..CLIENTS).map(|_| clients.send_until_the_end())));
    assert_eq!(clients.heard.borrow().len(), versions.len() + 1, "{:?}", clients.heard.borrow());
    let sent = clients.sent.load(Ordering::Relaxed);
    assert_eq!(host.events().await.len() as u64, sent, "each webhook has its event");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_take_turns_under_load_and_no_request_fails() {
    let rust = fs::read(guests::SWAP).expect("it was built");
    swaps((1_001..1_008).map(|version| (swap_version(version), swap_of(&rust, 0, version))).collect()).await;
}

hookyard_tests::with_python_guest! {
    #[tokio::test(flavor = "multi_thread")]
    async fn a_version_in_python_takes_over_from_one_in_rust_and_the_other_way_round() {
        let rust = fs::read(guests::SWAP).expect("it was built");
        let python = fs::read(guests::SWAP_PYTHON.expect("it was built")).expect("readable");
        let versions = vec![
            (guests::SWAP_PYTHON_VERSION.to_owned(), python),
            (swap_version(1_001), swap_of(&rust, 0, 1_001)),
        ];
        swaps(versions).await;
    }
}
