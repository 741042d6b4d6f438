use hookyard_sandbox::Rejection;

use crate::guest::Guest;
use crate::host::TestHost;

async fn rejection(guest: &Guest) -> Rejection {
    rejection_of(&guest.component()).await
}

async fn rejection_of(wasm: &[u8]) -> Rejection {
    TestHost::with_pool(1).sandbox.load(wasm).await.expect_err("rejected")
}

#[tokio::test]
async fn what_is_not_a_component_is_named() {
    assert_eq!(rejection_of(b"").await, Rejection::NotWasm { found: "it is empty".into() });
    let script = rejection_of(b"#!/bin/sh\n").await;
    assert_eq!(script, Rejection::NotWasm { found: r##"it begins with "#!/bin/sh\n""##.into() });
    assert_eq!(rejection_of(&wat::parse_str("(module)").expect("valid")).await, Rejection::CoreModule);
    let half = Guest::handling("").component();
    let rejection = rejection_of(&half[..half.len() / 2]).await;
    assert!(matches!(rejection, Rejection::Invalid { .. }), "{rejection}");
}

#[tokio::test]
async fn a_component_without_a_definition_is_told_what_it_exports() {
    let empty = rejection_of(&wat::parse_str("(component)").expect("valid")).await;
    assert_eq!(empty.to_string(), "it does not export hookyard:plugin/definition@0.1.0, nor anything else");
    let other = Guest::handling("").of_world("world guest { include imports; export webhook-handler; }", "");
    assert_eq!(
        rejection(&other).await.to_string(),
        "it does not export hookyard:plugin/definition@0.1.0; it exports hookyard:plugin/webhook-handler@0.1.0"
    );
}

#[tokio::test]
async fn another_version_of_the_contract_is_named() {
    let guest = Guest::handling("").of_version("0.2.0");
    assert_eq!(
        rejection(&guest).await.to_string(),
        "it exports hookyard:plugin/definition@0.2.0; this host speaks hookyard:plugin/definition@0.1.0"
    );
    let guest = Guest::handling("(call $write (i32.const 0) (i32.const 0) (i32.const 0))")
        .of_version("0.2.0")
        .importing(r#"(import "hookyard:plugin/log@VERSION" "write" (func $write (param i32 i32 i32)))"#);
    assert_eq!(
        rejection(&guest).await.to_string(),
        "it imports hookyard:plugin/log@0.2.0, which this host does not offer; it offers hookyard:plugin/log@0.1.0"
    );
}

#[tokio::test]
async fn a_later_version_of_the_same_track_is_served() {
    let host = TestHost::new();
    host.load(&Guest::handling("").of_version("0.1.7")).await;
}

#[tokio::test]
async fn one_record_field_off_is_named_by_interface_function_and_field() {
    let guest = Guest::handling("").with_contract(
        "record response { status: u16, headers: list<header>, body: list<u8> }\n\n    /// `none`",
        "record response { status: u16, headers: list<header>, content: list<u8> }\n\n    /// `none`",
    );
    let rejection = rejection(&guest).await;
    assert!(
        matches!(&rejection, Rejection::ExportMismatch { interface, function: "handle", reason }
            if *interface == "hookyard:plugin/webhook-handler@0.1.0" && reason.contains("content")),
        "{rejection}"
    );
}

#[tokio::test]
async fn one_import_field_off_is_named_by_interface_function_and_field() {
    let guest = Guest::handling("(call $get (local.get $path) (local.get $path_len) (i32.const 512))")
        .importing(r#"(import "hookyard:plugin/kv-store@VERSION" "get" (func $get (param i32 i32 i32)))"#)
        .with_contract(
            "record entry { value: list<u8>, revision: string }",
            "record entry { value: list<u8>, etag: string }",
        );
    let rejection = rejection(&guest).await;
    assert!(
        matches!(&rejection, Rejection::ImportMismatch { import, reason }
            if import == "hookyard:plugin/kv-store@0.1.0" && reason.contains("`get`") && reason.contains("etag")),
        "{rejection}"
    );
}

#[tokio::test]
async fn one_function_more_than_the_host_offers_is_named() {
    let guest = Guest::handling("(call $flush)")
        .importing(r#"(import "hookyard:plugin/log@VERSION" "flush" (func $flush))"#)
        .with_contract(
            "write: func(level: level, message: string);",
            "write: func(level: level, message: string);\nflush: func();",
        );
    let rejection = rejection(&guest).await;
    assert!(
        matches!(&rejection, Rejection::ImportMismatch { import, reason }
            if import == "hookyard:plugin/log@0.1.0" && reason.contains("`flush`")),
        "{rejection}"
    );
}

#[tokio::test]
async fn an_interface_that_lacks_a_function_is_an_error_not_an_absence() {
    let guest = Guest::handling("")
        .of_world(
            "world guest { include imports; export definition; export lifecycle; }",
            r#"(func (export "hookyard:plugin/lifecycle@0.1.0#activate") (result i32) unreachable)"#,
        )
        .with_contract("deactivate: func() -> result<_, error>;", "");
    assert_eq!(
        rejection(&guest).await.to_string(),
        "its export hookyard:plugin/lifecycle@0.1.0 lacks the function `deactivate`"
    );
}

#[tokio::test]
async fn an_import_that_nobody_offers_is_named() {
    let wasm = r#"(component (import "acme:tools/teapot@1.0.0" (instance (export "pour" (func)))))"#;
    let rejection = rejection_of(&wat::parse_str(wasm).expect("valid")).await;
    assert_eq!(rejection.to_string(), "it imports acme:tools/teapot@1.0.0, which this host does not offer");
    let wasm = r#"(component (import "wasi:keyvalue/store@0.2.0" (instance (export "open" (func)))))"#;
    let rejection = rejection_of(&wat::parse_str(wasm).expect("valid")).await;
    assert!(matches!(rejection, Rejection::UnknownImport { .. }), "{rejection}");
}

#[tokio::test]
async fn describe_may_log_and_nothing_else() {
    let host = TestHost::new();
    let imports = r#"(import "hookyard:plugin/log@VERSION" "write" (func $write (param i32 i32 i32)))
        (import "hookyard:plugin/invocation@VERSION" "attempt" (func $attempt (result i32)))"#;
    let guest = Guest::handling("").importing(imports);
    host.load(&guest.clone().describing("(call $write (i32.const 0) (i32.const 1024) (i32.const 4))")).await;
    let rejection = rejection(&guest.describing("(drop (call $attempt))")).await;
    assert!(
        matches!(&rejection, Rejection::Describe { reason } if reason.contains("called invocation.attempt")),
        "{rejection}"
    );
}

#[tokio::test]
async fn a_trap_while_describing_is_reported_with_its_place() {
    let rejection = rejection(&Guest::handling("").describing("unreachable")).await;
    assert!(matches!(&rejection, Rejection::Describe { reason } if reason.contains("hand_made!")), "{rejection}");
}
