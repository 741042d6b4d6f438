use hookyard_domain::commit::Write;
use hookyard_domain::invocation::{ErrorKind, LogLevel};
use hookyard_sandbox::Outcome;

use crate::guest::{Guest, MANIFEST};
use crate::host::{ROOMY, TestHost};

/// Stores a text at an address and its length beside it, for a guest's answer.
fn text(at: u32, text: &str, from: u32) -> String {
    let bytes = text
        .bytes()
        .enumerate()
        .map(|(index, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", from as usize + index));
    let bytes: String = bytes.collect();
    let length = text.len();
    format!(
        "{bytes}(i32.store (i32.const {at}) (i32.const {from}))(i32.store (i32.const {}) (i32.const {length}))",
        at + 4
    )
}

#[tokio::test]
async fn a_guest_that_returns_nothing_has_handled_the_webhook() {
    let host = TestHost::new();
    let component = host.load(&Guest::handling("")).await;
    assert_eq!(component.manifest_json(), MANIFEST);
    assert!(component.pooled());
    assert!(component.exports().webhook_handler && !component.exports().action_handler);
    let finished = host.webhook(&component, "/", ROOMY).await;
    assert!(matches!(finished.outcome, Outcome::Returned(None)), "{:?}", finished.outcome);
    assert_eq!(finished.usage.memory_bytes, 64 * 1024);
    assert!(!finished.usage.cpu.is_zero());
}

#[tokio::test]
async fn without_a_pool_everything_runs_on_demand() {
    let host = TestHost::with_pool(0);
    assert!(!host.sandbox.has_pool());
    let component = host.load(&Guest::handling("")).await;
    assert!(!component.pooled());
    assert!(matches!(host.webhook(&component, "/", ROOMY).await.outcome, Outcome::Returned(None)));
}

#[tokio::test]
async fn a_component_beyond_the_pool_runs_on_demand() {
    let host = TestHost::new();
    let world = "world guest { include imports; export definition; export webhook-handler; }";
    let component = host.load(&Guest::handling("").of_world(world, "(table 20001 funcref)")).await;
    assert!(!component.pooled());
    assert!(matches!(host.webhook(&component, "/", ROOMY).await.outcome, Outcome::Returned(None)));
}

#[tokio::test]
async fn every_call_gets_a_fresh_instance() {
    let host = TestHost::new();
    let count = "(if (i32.load (i32.const 600)) (then unreachable)) (i32.store (i32.const 600) (i32.const 1))";
    let component = host.load(&Guest::handling(count)).await;
    for _ in 0..5 {
        assert!(matches!(host.webhook(&component, "/", ROOMY).await.outcome, Outcome::Returned(None)));
    }
}

#[tokio::test]
async fn a_response_is_handed_on() {
    let host = TestHost::new();
    let respond = format!(
        "(i32.store8 (i32.const 68) (i32.const 1)) (i32.store16 (i32.const 72) (i32.const 418)) {}",
        text(84, "short and stout", 600)
    );
    let Outcome::Returned(Some(response)) = host.outcome(&Guest::handling(&respond), ROOMY).await else {
        panic!("no response");
    };
    assert_eq!((response.status, &response.body[..]), (418, &b"short and stout"[..]));
}

#[tokio::test]
async fn a_response_beyond_its_bound_is_an_error_of_the_plugin() {
    let host = TestHost::new();
    let respond = "(i32.store8 (i32.const 68) (i32.const 1)) (i32.store16 (i32.const 72) (i32.const 200))
        (drop (memory.grow (i32.const 40)))
        (i32.store (i32.const 84) (i32.const 0)) (i32.store (i32.const 88) (i32.const 1048577))";
    let outcome = host.outcome(&Guest::handling(respond), ROOMY).await;
    assert!(
        matches!(&outcome, Outcome::Error(error) if error.code == "invalid-response" && error.kind == ErrorKind::Failed),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_error_is_handed_on_with_its_details() {
    let host = TestHost::new();
    let fail = format!(
        "(i32.store8 (i32.const 64) (i32.const 1)) (i32.store8 (i32.const 68) (i32.const 2)) {} {}
         (i32.store8 (i32.const 88) (i32.const 1)) (i32.store (i32.const 92) (i32.const 1500))
         (i32.store8 (i32.const 96) (i32.const 1)) {}",
        text(72, "busy", 600),
        text(80, "come back later", 620),
        text(100, r#"{"http_status":429}"#, 700),
    );
    let Outcome::Error(error) = host.outcome(&Guest::handling(&fail), ROOMY).await else { panic!("no error") };
    assert_eq!((error.kind, &*error.code, &*error.message), (ErrorKind::Unavailable, "busy", "come back later"));
    assert_eq!(error.retry_after.map(|wait| wait.as_millis()), Some(1_500));
    assert_eq!(error.details["http_status"], 429);
}

#[tokio::test]
async fn wishes_and_log_lines_of_a_guest_come_back_with_it() {
    let host = TestHost::new();
    let guest = Guest::handling(
        "(call $write (i32.const 3) (local.get $path) (local.get $path_len))
         (call $set (local.get $path) (local.get $path_len) (local.get $body) (local.get $body_len)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512))
         (if (i32.load8_u (i32.const 512)) (then unreachable))",
    )
    .importing(
        r#"(import "hookyard:plugin/log@VERSION" "write" (func $write (param i32 i32 i32)))
           (import "hookyard:plugin/kv-store@VERSION" "set"
                (func $set (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#,
    );
    let component = host.load(&guest).await;
    let finished = host.webhook(&component, "/orders", ROOMY).await;
    assert!(matches!(finished.outcome, Outcome::Returned(None)), "{:?}", finished.outcome);
    let draft = finished.effects.into_draft();
    assert_eq!((draft.log.lines[0].level, &*draft.log.lines[0].message), (LogLevel::Error, "/orders"));
    assert!(matches!(&draft.writes[..], [Write::Set { key, value, .. }] if key == "/orders" && value == b"[1]"));
}

#[tokio::test]
async fn a_failure_of_the_host_ends_the_guest_and_is_never_an_answer() {
    let host = TestHost::new();
    let guest = Guest::handling("(call $get (local.get $path) (local.get $path_len) (i32.const 512))")
        .importing(r#"(import "hookyard:plugin/kv-store@VERSION" "get" (func $get (param i32 i32 i32)))"#);
    let component = host.load(&guest).await;
    assert!(matches!(host.webhook(&component, "/key", ROOMY).await.outcome, Outcome::Returned(None)));
    host.store.set_broken(true);
    let outcome = host.webhook(&component, "/key", ROOMY).await.outcome;
    assert!(
        matches!(&outcome, Outcome::Unavailable(failure) if failure.to_string() == "reading keys failed"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let host = TestHost::new();
    let guest = Guest::handling(
        "(call $get (i32.const 0) (i32.const 0) (i32.const 512))
         (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
         (call $write (i32.const 0) (i32.load (i32.const 516)) (i32.load (i32.const 520)))",
    )
    .importing(
        r#"(import "hookyard:plugin/kv-store@VERSION" "get" (func $get (param i32 i32 i32)))
           (import "hookyard:plugin/log@VERSION" "write" (func $write (param i32 i32 i32)))"#,
    );
    let component = host.load(&guest).await;
    let finished = host.webhook(&component, "/", ROOMY).await;
    assert!(matches!(finished.outcome, Outcome::Returned(None)), "{:?}", finished.outcome);
    assert_eq!(finished.effects.into_draft().log.lines[0].message, "invalid");
}
