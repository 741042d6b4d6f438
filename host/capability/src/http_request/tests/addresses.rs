use serde_json::json;

use super::provider::{Provider, Seen, reply};
use super::world::World;
use super::*;

/// Addresses that are refused without a grant, and whether a grant could permit them. Where a machine has them, they lead to
/// itself.
const REFUSED: &[(&str, bool)] = &[
    ("127.0.0.1", true),
    ("127.255.255.254", true),
    ("0.0.0.0", false),
    ("0.1.2.3", false),
    ("10.0.0.1", true),
    ("100.64.0.1", true),
    ("169.254.1.1", true),
    ("169.254.169.254", false),
    ("169.254.170.2", false),
    ("100.100.100.200", false),
    ("172.16.0.1", true),
    ("172.31.255.255", true),
    ("192.0.0.192", false),
    ("192.0.2.1", true),
    ("192.88.99.1", true),
    ("192.168.0.1", true),
    ("198.18.0.1", true),
    ("198.51.100.1", true),
    ("203.0.113.1", true),
    ("224.0.0.1", false),
    ("240.0.0.1", true),
    ("255.255.255.255", false),
    ("::", false),
    ("::1", true),
    ("::127.0.0.1", true),
    ("::ffff:127.0.0.1", true),
    ("::ffff:10.0.0.1", true),
    ("::ffff:169.254.169.254", false),
    ("64:ff9b::127.0.0.1", true),
    ("64:ff9b::a9fe:a9fe", false),
    ("64:ff9b:1::a00:1", true),
    ("100::1", true),
    ("2001:0:7f00:1:0:0:f5ff:fffe", true),
    ("2001:db8::1", true),
    ("2002:7f00:1::1", true),
    ("2002:a9fe:a9fe::1", false),
    ("3fff::1", true),
    ("fc00::1", true),
    ("fd00:ec2::254", false),
    ("fe80::1", true),
    ("fec0::1", true),
    ("ff02::1", false),
];

fn written(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

#[tokio::test]
async fn refused_addresses_are_not_dialled_whether_they_are_written_or_looked_up() {
    let world = World::new();
    let listeners = [Provider::at("127.0.0.1").await, Provider::at("::1").await];
    let port = listeners[0].address.port();
    for (index, (address, grantable)) in REFUSED.iter().enumerate() {
        let name = format!("v{index}.vectors.test");
        world.names.set(&name, &[&[address]]);
        let literal = written(address);
        let connection = world.granted(&[], &["*.vectors.test", &literal], &json!([]), json!({}));
        let requests = world.invocation(&connection).requests();
        for host in [&name, &literal] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                let message = refused(requests.send(get(&url)).await, HttpErrorCode::Denied);
                assert!(message.contains(" address"), "{url}: {message}");
                assert_eq!(message.contains("private_addresses = ["), *grantable, "{url}: {message}");
            }
        }
        let ipv6 = listeners[1].address.port();
        refused(requests.send(get(format!("http://{name}:{ipv6}/"))).await, HttpErrorCode::Denied);
        refused(requests.send(get(format!("http://{literal}:{ipv6}/"))).await, HttpErrorCode::Denied);
    }
    for listener in &listeners {
        assert_eq!(listener.connections().await, 0);
    }
}

#[tokio::test]
async fn other_spellings_of_an_address_are_that_address() {
    let world = World::new();
    let listener = Provider::at("127.0.0.1").await;
    let connection = world.granted(&[], &["127.0.0.1", "[::ffff:7f00:1]"], &json!([]), json!({}));
    let requests = world.invocation(&connection).requests();
    let spellings = [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "１２７.0.0.1",
    ];
    for spelling in spellings.into_iter().chain(["[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:0001]"]) {
        let url = format!("http://{spelling}:{}/", listener.address.port());
        let message = refused(requests.send(get(&url)).await, HttpErrorCode::Denied);
        assert!(message.contains("loopback") || message.contains("mapped"), "{url}: {message}");
    }
    assert_eq!(listener.connections().await, 0);
}

#[tokio::test]
async fn a_name_is_refused_whole_if_one_of_its_addresses_is() {
    let world = World::new();
    let (granted, refused_one) = (Provider::at("127.0.0.1").await, Provider::at("127.0.0.2").await);
    let requests = world.calls(&["mixed.test", "long.test"]).requests();
    for addresses in [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["93.184.215.14", "127.0.0.2"]] {
        world.names.set("mixed.test", &[&addresses]);
        for listener in [&granted, &refused_one] {
            let message = refused(requests.send(get(listener.url("mixed.test", "/"))).await, HttpErrorCode::Denied);
            assert!(message.contains("127.0.0.2 is a loopback address"), "{message}");
        }
    }
    world.names.set("mixed.test", &[&["127.0.0.1", "169.254.169.254", "127.0.0.3"]]);
    let message = refused(requests.send(get(granted.url("mixed.test", "/"))).await, HttpErrorCode::Denied);
    assert!(!message.contains("hookyard.toml"), "no grant can help: {message}");
    world.names.set("long.test", &[&["127.0.0.1"; limit::EGRESS_ADDRESSES_MAX + 1]]);
    refused(requests.send(get(granted.url("long.test", "/"))).await, HttpErrorCode::Dns);
    assert_eq!((granted.connections().await, refused_one.connections().await), (0, 0));
}

#[tokio::test]
async fn what_was_checked_is_what_is_dialled_when_a_name_changes() {
    let world = World::new();
    // Each closes its connections, so that every request opens one.
    let close = |_: &Seen| reply(200, &[("connection", "close")], "ok");
    let good = Provider::start(close).await;
    let requests = world.calls(&["api.test"]).requests();
    world.names.set("api.test", &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"], &["169.254.169.254"]]);
    for granted in [true, false, true, false, false] {
        let outcome = requests.send(get(good.url("api.test", "/"))).await;
        if granted {
            assert_eq!(outcome.expect("an answer").status, 200);
        } else {
            refused(outcome, HttpErrorCode::Denied);
        }
    }
    assert_eq!(world.names.asked("api.test"), 5, "one look-up for each connection, none between check and dial");
    assert_eq!(good.connections().await, 2);
}

#[tokio::test]
async fn an_open_connection_of_one_grant_serves_no_other() {
    let world = World::new();
    let provider = Provider::at("127.0.0.1").await;
    let url = provider.url("api.test", "/");
    let (granted, twin) = (world.calls(&["api.test"]).requests(), world.calls(&["api.test", "other.test"]).requests());
    granted.send(get(&url)).await.expect("an answer, and a warm pool");
    twin.send(get(&url)).await.expect("an answer");
    assert_eq!(provider.connections().await, 1, "equal policies share their connections");
    for ranges in [&[][..], &["127.0.0.2/32"], &["10.0.0.0/8"]] {
        let connection = world.granted(ranges, &["api.test", "127.0.0.1"], &json!([]), json!({}));
        let requests = world.invocation(&connection).requests();
        refused(requests.send(get(&url)).await, HttpErrorCode::Denied);
        refused(requests.send(get(provider.url("127.0.0.1", "/"))).await, HttpErrorCode::Denied);
    }
    let wider = world.granted(&["127.0.0.0/8"], &["api.test"], &json!([]), json!({}));
    world.invocation(&wider).requests().send(get(&url)).await.expect("an answer");
    assert_eq!(provider.connections().await, 2, "another policy opens connections of its own");
}
