//! Of all that WASI can ask for, nothing but `wasi:http` leads out of the sandbox: no files, no sockets, no names, no environment.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};

use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use serde_json::{Value, json};

async fn host() -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(guests::WASI)
        // The widest grant there is: it is about HTTP, and about nothing else.
        .config(
            r#"
            [connections.shut]
            plugin = "wasi"
            grants = { hosts = ["127.0.0.1", "http://127.0.0.1", "localhost"], private_addresses = ["127.0.0.0/8", "::1/128"] }
            "#,
        )
        .start()
        .await
}

/// What became of a way: `{"got": …}` or `{"refused": "…"}`.
async fn attempt(host: &TestHost, way: Value) -> Value {
    let reply = host.post("/v1/connections/shut/actions/try", &way).await;
    assert_eq!(reply.status(), 200, "{way}: {}", reply.text());
    reply.json()
}

async fn assert_refused(host: &TestHost, way: Value) {
    let answer = attempt(host, way.clone()).await;
    assert!(answer["refused"].is_string(), "{way} got through: {answer}");
}

#[tokio::test]
async fn there_are_no_files() {
    let host = host().await;
    let folder = host.directory().to_owned();
    let file = folder.join("hookyard.toml");
    let (kept, made, made_folder) = (fs::read(&file).expect("it is there"), folder.join("made"), folder.join("folder"));
    assert_eq!(attempt(&host, json!({ "way": "preopens" })).await, json!({ "got": [] }));
    assert_eq!(attempt(&host, json!({ "way": "working-folder" })).await, json!({ "got": null }));
    for path in [
        file.to_str().expect("it is UTF-8"),
        "hookyard.toml",
        "../hookyard.toml",
        "/etc/hostname",
        "/proc/self/environ",
    ] {
        assert_refused(&host, json!({ "way": "read-file", "path": path })).await;
        assert_refused(&host, json!({ "way": "write-file", "path": path })).await;
        assert_refused(&host, json!({ "way": "remove-file", "path": path })).await;
    }
    for path in [folder.to_str().expect("it is UTF-8"), ".", "..", "/", "/dev"] {
        assert_refused(&host, json!({ "way": "list-folder", "path": path })).await;
    }
    assert_refused(&host, json!({ "way": "write-file", "path": made })).await;
    assert_refused(&host, json!({ "way": "make-folder", "path": made_folder })).await;
    assert!(!made.exists() && !made_folder.exists());
    assert_eq!(fs::read(&file).expect("it is still there"), kept);
}

#[tokio::test]
async fn there_are_no_sockets() {
    let host = host().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let receiver = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("a socket can be told");
    receiver.set_nonblocking(true).expect("a socket can be told");
    let tcp = listener.local_addr().expect("it has an address");
    let udp = receiver.local_addr().expect("it has an address");
    assert_refused(&host, json!({ "way": "tcp-connect", "to": tcp })).await;
    assert_refused(&host, json!({ "way": "tcp-connect", "to": host.address() })).await;
    assert_refused(&host, json!({ "way": "udp-send", "to": udp })).await;
    for on in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0"] {
        assert_refused(&host, json!({ "way": "tcp-listen", "on": on })).await;
        assert_refused(&host, json!({ "way": "udp-bind", "on": on })).await;
    }
    assert_eq!(listener.accept().expect_err("nobody has come").kind(), ErrorKind::WouldBlock);
    assert_eq!(receiver.recv(&mut [0; 64]).expect_err("nothing has come").kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn there_are_no_names() {
    let host = host().await;
    for name in ["localhost", "localhost.", "ip6-localhost"] {
        assert_refused(&host, json!({ "way": "look-up", "name": name })).await;
    }
}

#[tokio::test]
async fn there_is_nothing_to_inherit_and_nothing_to_start() {
    assert!(std::env::vars_os().next().is_some(), "the host has an environment that could be passed on");
    let host = host().await;
    assert_eq!(attempt(&host, json!({ "way": "environment" })).await, json!({ "got": [] }));
    assert_eq!(attempt(&host, json!({ "way": "arguments" })).await, json!({ "got": [] }));
    assert_eq!(attempt(&host, json!({ "way": "stdin" })).await, json!({ "got": "" }));
    for program in ["/bin/true", "true", "sh"] {
        assert_refused(&host, json!({ "way": "spawn", "program": program })).await;
    }
}
