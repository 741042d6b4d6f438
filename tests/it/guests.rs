//! Guests of other languages serve; guests that are off by one are served or refused before they could replace anything.

use hookyard_tests::guests::{self, contract};
use hookyard_tests::host::{Builder, TestHost};
use http::Request;

async fn host_with(component: &str) -> TestHost {
    Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(component)
        .plugin(guests::ECHO)
        .config("[connections.echo]\nplugin = \"echo\"\nconfig = { secret = \"sesame\" }")
        .start()
        .await
}

/// Why the host refuses the component; the other plugin serves all the same.
async fn refusal(component: &str) -> String {
    let host = host_with(component).await;
    let echo = Request::post("/webhooks/echo").header("x-echo-token", "sesame");
    assert_eq!(host.send(echo, "hello").await.status(), 200);
    let catalogue = host.running().host.plugins.catalogue();
    let rejected = catalogue.rejected();
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    rejected[0].reason.clone()
}

#[tokio::test]
async fn guests_of_the_contract_and_of_its_later_patches_serve() {
    for component in [contract::EXACT, contract::LATER_PATCH] {
        let host = host_with(component).await;
        let catalogue = host.running().host.plugins.catalogue();
        let rejected = catalogue.rejected();
        assert!(rejected.is_empty(), "{rejected:?}");
    }
}

#[tokio::test]
async fn a_guest_off_by_one_is_refused_by_name() {
    for (component, names) in [
        (contract::REQUEST_FIELD_MORE, &["webhook-handler", "`handle`", "`request` has `scheme`"][..]),
        (contract::FUNCTION_MISSING, &["lifecycle", "deactivate"]),
        (contract::OTHER_VERSION, &["0.2.0"]),
        (contract::UNKNOWN_IMPORT, &["mailer"]),
        (contract::IMPORT_FIELD_MORE, &["emit-event", "`emit`", "`event` has `"]),
        (contract::GARBAGE_MANIFEST, &["manifest"]),
        (contract::CALLING_DESCRIBE, &["describe"]),
        (contract::SPINNING_DESCRIBE, &["describe"]),
    ] {
        let reason = refusal(component).await;
        for name in names {
            assert!(reason.contains(name), "{component}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_function_more_than_the_contract_has_is_left_alone() {
    let host = host_with(contract::FUNCTION_MORE).await;
    assert!(host.running().host.plugins.catalogue().rejected().is_empty());
}

#[tokio::test]
async fn what_is_no_component_is_refused_with_the_reason() {
    const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
    for (bytes, says) in [(&b"hello"[..], "WebAssembly"), (&b""[..], "WebAssembly"), (CORE_MODULE, "component")] {
        let host = Builder::new(env!("CARGO_BIN_EXE_hookyard")).plugin_bytes("broken.wasm", bytes).start().await;
        let catalogue = host.running().host.plugins.catalogue();
        let rejected = catalogue.rejected();
        assert!(rejected.len() == 1 && rejected[0].reason.contains(says), "{rejected:?}");
        let listed = host.get("/v1/plugins").await.text();
        assert!(listed.contains("broken.wasm"), "{listed}");
    }
}

/// Handles webhooks as the test guests of every language do: counts, emits, refuses what is no JSON.
#[allow(dead_code, reason = "called by the tests of those languages whose guest was built")]
async fn speaks(component: Option<&str>, language: &str) {
    let component = component.expect("the guest was built");
    let host = Builder::new(env!("CARGO_BIN_EXE_hookyard"))
        .plugin(component)
        .config(&format!("[connections.talk]\nplugin = \"{language}\"\nconfig = {{ secret = \"sesame\" }}"))
        .start()
        .await;
    let catalogue = host.running().host.plugins.catalogue();
    let rejected = catalogue.rejected();
    assert!(rejected.is_empty(), "{rejected:?}");
    let say = |id: &str| Request::post("/webhooks/talk").header("x-token", "sesame").header("x-id", id);
    let reply = host.send(say("1"), r#"{"text": "é"}"#).await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    assert_eq!(reply.json()["language"], language);
    assert_eq!(host.send(say("1"), r#"{"text": "é"}"#).await.status(), 200, "a repeat");
    assert_eq!(host.send(say("2"), r#"{"text": "b"}"#).await.json()["count"], 2);
    assert_eq!(host.send(say("3"), "no JSON").await.status(), 400);
    let texts: Vec<_> = host.events().await.iter().map(|event| event["data"]["text"].clone()).collect();
    assert_eq!(texts, ["é", "b"]);
}

hookyard_tests::with_javascript_guest! {
    #[tokio::test]
    async fn a_guest_in_javascript_serves() {
        speaks(guests::JAVASCRIPT, "javascript").await;
    }
}

hookyard_tests::with_python_guest! {
    #[tokio::test]
    async fn a_guest_in_python_serves() {
        speaks(guests::PYTHON, "python").await;
    }
}
