//! What becomes of each webhook, row by row of the plugin's table.

use aftership::AfterShip;
use hookyard_sdk::Webhook;
use hookyard_sdk::log::Level;
use hookyard_sdk::testing::{Answer, Host};
use serde_json::{Value, json};

/// A whole webhook as AfterShip sends it.
const TRACKING_UPDATE: &[u8] = include_bytes!("../../../tests/vectors/a1_tracking_update.json");

fn host() -> Host<AfterShip> {
    Host::new(&json!({ "api_key": "asat_test", "webhook_secret": "whs_test" }))
}

fn host_with(more: &Value) -> Host<AfterShip> {
    let mut config = json!({ "api_key": "asat_test" });
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    Host::new(&config)
}

fn update(msg: &Value) -> Value {
    json!({ "event": "tracking_update", "event_id": "e1", "is_tracking_first_tag": true, "msg": msg, "ts": 1_772_617_272 })
}

fn with_conversation(id: &Value) -> Value {
    update(&json!({ "id": "t1", "custom_fields": { "conversation_id": id } }))
}

fn send(host: &Host<AfterShip>, body: &Value) -> Answer {
    host.webhook(&Webhook::post(body.to_string()))
}

#[test]
fn a_tracking_update_becomes_the_documented_event() {
    let answer = host().webhook(&Webhook::post(TRACKING_UPDATE));
    assert_eq!((answer.status, answer.response), (200, None));
    let [event] = answer.events.as_slice() else { panic!("one event") };
    assert_eq!(event.kind, "shipment.updated");
    assert_eq!(event.subject.as_deref(), Some("conv_01HTZQ8V3"));
    assert_eq!(event.time.as_deref(), Some("2026-03-04T09:41:12Z"));
    assert_eq!(event.dedupe_key.as_deref(), Some("3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41"));
    let body: Value = serde_json::from_slice(TRACKING_UPDATE).unwrap();
    assert_eq!(
        event.json(),
        json!({
            "conversation": { "id": "conv_01HTZQ8V3" },
            "event": "tracking_update",
            "event_id": "3c1d7f52-6f0e-4a53-9d0b-0a6d1c7e2b41",
            "first_tag": true,
            "tracking_id": "wj5k2lq8m3x7plvb0t4ea01n",
            "tracking_number": "LX4401927FR",
            "slug": "la-poste-colissimo",
            "title": "LX4401927FR",
            "tag": "InTransit",
            "subtag": "InTransit_003",
            "subtag_message": "In Transit",
            "updated_at": "2026-03-04T09:41:12+00:00",
            "checkpoint": body["msg"]["checkpoints"][0],
            "data": body,
        })
    );
}

#[test]
fn the_body_and_the_last_checkpoint_are_passed_on_to_the_letter() {
    let body = "{ \"event\" : \"tracking_update\",\n \"is_tracking_first_tag\":true, \"z\": 1.50, \"a\": 12345678901234567890123,\n\
                \"msg\": {\"custom_fields\": {\"conversation_id\": \"c\"}, \"weight\": 1.5e-3,\n\
                \"checkpoints\": [{\"n\":1}, {\"zip\": \"69007\",  \"city\": \"Lyo\\u006e\", \"n\": 2.0}]} }";
    let answer = host().webhook(&Webhook::post(format!("\n {body}\r\n")));
    let data = answer.events[0].data.get();
    assert!(data.ends_with(&format!("\"data\":{body}}}")), "{data}");
    assert!(data.contains("\"checkpoint\":{\"zip\": \"69007\",  \"city\": \"Lyo\\u006e\", \"n\": 2.0},"), "{data}");
}

#[test]
fn the_whole_of_a_vector_stands_in_the_event_byte_for_byte() {
    let answer = host().webhook(&Webhook::post(TRACKING_UPDATE));
    let text = std::str::from_utf8(TRACKING_UPDATE).unwrap();
    assert!(answer.events[0].data.get().ends_with(&format!("\"data\":{text}}}")));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_body() {
    let body = [b"\xEF\xBB\xBF", TRACKING_UPDATE].concat();
    let answer = host().webhook(&Webhook::post(body));
    assert_eq!((answer.status, answer.events.len()), (200, 1));
    assert!(!answer.events[0].data.get().contains('\u{FEFF}'));
}

#[test]
fn what_aftership_does_not_say_is_left_out() {
    let msg = json!({ "id": null, "slug": null, "title": 7, "tag": [], "checkpoints": [], "custom_fields": { "conversation_id": "c" } });
    let body = json!({ "event": "tracking_update", "is_tracking_first_tag": true, "msg": msg });
    let answer = send(&host(), &body);
    assert_eq!(
        answer.events[0].json(),
        json!({ "conversation": { "id": "c" }, "event": "tracking_update", "first_tag": true, "data": body })
    );
    assert_eq!((&answer.events[0].dedupe_key, &answer.events[0].time), (&None, &None));
    let mut nameless = body;
    nameless["event_id"] = json!("");
    assert_eq!(send(&host(), &nameless).events[0].dedupe_key, None);
}

#[test]
fn a_conversation_id_that_is_a_number_keeps_its_digits() {
    for (written, id) in
        [("42", "42"), ("12345678901234567890123", "12345678901234567890123"), ("-7", "-7"), ("1.50", "1.50")]
    {
        let body = format!(
            "{{\"event\":\"tracking_update\",\"is_tracking_first_tag\":true,\"msg\":{{\"custom_fields\":{{\"conversation_id\":{written}}}}}}}"
        );
        let answer = host().webhook(&Webhook::post(body));
        assert_eq!(answer.events[0].subject.as_deref(), Some(id));
        assert_eq!(answer.events[0].json()["conversation"], json!({ "id": id }));
    }
}

#[test]
fn only_the_first_update_under_a_tag_becomes_an_event_unless_all_are_asked_for() {
    for flag in [json!(false), Value::Null, json!("true"), json!(1)] {
        let mut body = with_conversation(&json!("c"));
        body["is_tracking_first_tag"] = flag.clone();
        let quiet = send(&host(), &body);
        assert_eq!((quiet.status, quiet.events.len()), (200, 0), "{flag}");
        let all = send(&host_with(&json!({ "emit": "all" })), &body);
        assert_eq!((all.status, all.events.len()), (200, 1), "{flag}");
        assert_eq!(all.events[0].json()["first_tag"], json!(false));
    }
    let mut absent = with_conversation(&json!("c"));
    absent.as_object_mut().unwrap().remove("is_tracking_first_tag");
    assert!(send(&host(), &absent).events.is_empty());
    assert_eq!(send(&host_with(&json!({ "emit": "all" })), &absent).events.len(), 1);
    assert_eq!(send(&host_with(&json!({ "emit": "all" })), &with_conversation(&json!("c"))).events.len(), 1);
}

#[test]
fn an_update_without_a_usable_conversation_is_ignored_unless_it_is_asked_for() {
    let unusable = [
        update(&json!({ "custom_fields": null })),
        update(&json!({ "custom_fields": {} })),
        update(&json!({})),
        update(&json!({ "custom_fields": "c" })),
        update(&json!({ "custom_fields": ["c"] })),
        update(&Value::Null),
        update(&json!([{ "custom_fields": { "conversation_id": "c" } }])),
        with_conversation(&Value::Null),
        with_conversation(&json!("")),
        with_conversation(&json!(true)),
        with_conversation(&json!({ "id": "c" })),
        with_conversation(&json!(["c"])),
        with_conversation(&json!("a\nb")),
        with_conversation(&json!("c".repeat(257))),
    ];
    for body in unusable {
        let ignored = send(&host(), &body);
        assert_eq!((ignored.status, ignored.events.len()), (200, 0), "{body}");
        let emitted = send(&host_with(&json!({ "without_conversation": "emit" })), &body);
        assert_eq!((emitted.status, emitted.events.len()), (200, 1), "{body}");
        assert_eq!(emitted.events[0].subject, None);
        assert_eq!(emitted.events[0].json().get("conversation"), None);
        assert_eq!(emitted.events[0].json()["data"], body);
    }
    assert_eq!(send(&host(), &with_conversation(&json!("é".repeat(256)))).events.len(), 1);
}

#[test]
fn another_event_is_answered_200_and_ignored() {
    let others = [
        json!({ "event": "edd_revise", "event_id": "e", "is_tracking_first_tag": true, "msg": {} }),
        json!({ "event": "tracking_pending_time" }),
        json!({ "event": null }),
        json!({ "event": ["tracking_update"] }),
        json!({}),
        json!([]),
        json!("tracking_update"),
        Value::Null,
    ];
    for body in others {
        let answer = send(&host_with(&json!({ "emit": "all", "without_conversation": "emit" })), &body);
        assert_eq!((answer.status, answer.events.len()), (200, 0), "{body}");
    }
}

#[test]
fn a_body_that_holds_a_member_twice_is_answered_200_and_ignored() {
    let custom_fields = r#"{"conversation_id":"c"}"#;
    let with_msg =
        |msg: &str| format!(r#"{{"event":"tracking_update","event_id":"e","is_tracking_first_tag":true,"msg":{msg}}}"#);
    let msg = format!(r#"{{"id":"t1","custom_fields":{custom_fields}}}"#);
    let twice = [
        with_msg(&msg).replacen('{', r#"{"event":"edd_revise","#, 1),
        with_msg(&msg).replacen('{', r#"{"\u0065vent_id":null,"#, 1),
        with_msg(&format!(r#"{msg},"msg":{msg}"#)),
        with_msg(&format!(r#"{{"custom_fields":{custom_fields},"custom_fields":null}}"#)),
        with_msg(r#"{"custom_fields":{"conversation_id":"c","conversation_id":"d"}}"#),
    ];
    let host = || host_with(&json!({ "emit": "all", "without_conversation": "emit" }));
    for body in twice {
        let answer = host().webhook(&Webhook::post(body.as_str()));
        assert_eq!((answer.status, answer.error, answer.events.len()), (200, None, 0), "{body}");
        assert_eq!(answer.log, [(Level::Warn, "a member occurs twice: ignored".to_owned())], "{body}");
    }
    let unread = with_msg(&msg).replacen('{', r#"{"later":1,"later":2,"#, 1);
    let answer = host().webhook(&Webhook::post(unread.as_str()));
    assert_eq!((answer.status, answer.events.len()), (200, 1), "nobody reads it");
    assert!(answer.events[0].data.get().contains(&unread));
    let broken = with_msg(&format!(r#"{msg},"msg":{msg}"#)).replace("}}}", "}}");
    assert_eq!(host().webhook(&Webhook::post(broken)).status, 400, "no JSON at all");
}

#[test]
fn a_known_event_id_is_answered_200_and_does_nothing() {
    let host = host();
    let body = with_conversation(&json!("c"));
    assert!(!send(&host, &body).duplicate);
    let again = send(&host, &body);
    assert_eq!((again.status, again.duplicate, host.events().len()), (200, true, 1));
    let mut other = body;
    other["event_id"] = json!("e2");
    assert_eq!((send(&host, &other).events.len(), host.events().len()), (1, 2));
}

#[test]
fn what_is_no_json_is_refused_with_400() {
    let truncated = &TRACKING_UPDATE[..TRACKING_UPDATE.len() - 1];
    let bomb = "[".repeat(500_000);
    let closed_bomb =
        format!("{{\"event\":\"tracking_update\",\"msg\":{}{}}}", "{\"a\":".repeat(9_000), "}".repeat(9_000));
    let latin_1 = b"{\"event\": \"tracking_update\", \"title\": \"\xE9\"}";
    let bodies: [&[u8]; 7] =
        [b"", b"event=tracking_update", b"{\"event\":}", truncated, bomb.as_bytes(), closed_bomb.as_bytes(), latin_1];
    for body in bodies {
        let answer = host().webhook(&Webhook::post(body));
        let code = answer.error.map(|error| error.code);
        assert_eq!((answer.status, code.as_deref(), answer.events.len()), (400, Some("invalid-json"), 0));
    }
}

#[test]
fn a_time_that_is_none_leaves_the_time_to_the_host() {
    for ts in [json!("1772617272"), json!(1.5), json!(-1), json!(1_772_617_272_000_i64), Value::Null, json!(i64::MAX)] {
        let mut body = with_conversation(&json!("c"));
        body["ts"] = ts.clone();
        let answer = send(&host(), &body);
        assert_eq!((answer.status, answer.events.len(), answer.events[0].time.as_deref()), (200, 1, None), "{ts}");
    }
}

#[test]
fn every_sample_does_what_its_name_says() {
    let all = host_with(&json!({ "emit": "all", "without_conversation": "emit" }));
    for (sample, events, tag) in [
        ("in-transit", 1, "InTransit"),
        ("delivered", 1, "Delivered"),
        ("not-first-tag", 0, "InTransit"),
        ("no-conversation", 0, "Exception"),
    ] {
        let answer = host().sample(sample);
        assert_eq!((answer.status, answer.events.len()), (200, events), "{sample}");
        assert_eq!(all.sample(sample).events[0].json()["tag"], json!(tag), "{sample}");
    }
}
