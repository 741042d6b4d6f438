//! Messages go into the queue as the documentation wants them, whatever Feedbot's answer looks like.

use hookyard_tests::feedbot::Codes;
use serde_json::json;

use super::{PHONE, Wa, refusal};

#[tokio::test]
async fn messages_arrive_as_the_documentation_wants_them() {
    let wa = Wa::start().await;
    let text = "שלום Dana,\n\"ההזמנה\" יצאה לדרך 📦";
    let reply = wa
        .send(&json!([
            { "message": text, "phone": "+972 50-000-0001", "expires_at": "2026-03-05T09:41:12Z", "image_url": "https://cdn.example/l.png" },
            { "message": "Hi", "phone": "00972500000002", "invalidationTime": "1772703672000", "imagePath": "https://cdn.example/m.png" },
            { "message": "Hi", "phone": "972500000003", "invalidationTime": 1_772_703_672_000_i64 },
            { "message": "Hi", "phone": "972500000004" },
        ]))
        .await;
    assert_eq!(reply.status(), 200, "{}", reply.text());
    let queued = wa.fake.queued();
    let bodies: Vec<_> = queued.iter().map(|message| message.body.clone()).collect();
    let ms = "1772703672000";
    let expected = [
        json!({ "message": text, "phone": PHONE, "invalidationTime": ms, "imagePath": "https://cdn.example/l.png" }),
        json!({ "message": "Hi", "phone": "972500000002", "invalidationTime": ms, "imagePath": "https://cdn.example/m.png" }),
        json!({ "message": "Hi", "phone": "972500000003", "invalidationTime": ms }),
        json!({ "message": "Hi", "phone": "972500000004" }),
    ];
    assert_eq!(bodies, expected);
    let answer = reply.json();
    let ids: Vec<_> = queued.iter().map(|message| message.id.as_str()).collect();
    assert_eq!((&answer["ids"], &answer["warnings"]), (&json!(ids), &json!([])));
    assert_eq!(answer["messages"][0], json!({ "id": ids[0], "phone": PHONE, "state": "pending" }));
    let [request] = wa.fake.requests().try_into().expect("one call for all of them");
    assert_eq!(
        (&request.headers["auth"], &request.headers["content-type"]),
        (
            &wa.fake.token().parse::<http::HeaderValue>().expect("a value"),
            &"application/json".parse().expect("a value")
        )
    );
}

#[tokio::test]
async fn every_shape_of_an_answer_is_read() {
    let wa = Wa::start().await;
    for (ids, trailing_comma) in [("ids:", true), ("ids", true), ("ids:", false), ("ids", false), (" ids :", true)] {
        wa.fake.style(|style| (style.ids, style.trailing_comma) = (ids, trailing_comma));
        let id = wa.queue(&json!({})).await;
        assert_eq!(wa.fake.queued().last().map(|message| message.id.clone()), Some(id), "{ids:?} {trailing_comma}");
    }
    wa.fake.style(|style| style.ids_missing = 1);
    let two = json!([{ "message": "a", "phone": PHONE }, { "message": "b", "phone": PHONE }]);
    let fewer = wa.send(&two).await;
    let answer = fewer.json();
    assert_eq!((fewer.status(), &answer["messages"]), (200, &json!([])), "{}", fewer.text());
    assert_eq!(
        (answer["ids"].as_array().map(Vec::len), answer["warnings"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    let none = wa.send(&json!([{ "message": "a", "phone": PHONE }])).await;
    assert_eq!(refusal(&none), (502, "provider-protocol".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_by_its_place_before_anything_is_sent() {
    let wa = Wa::start().await;
    let good = json!({ "message": "Hi", "phone": PHONE });
    let rows = [
        ("phone", json!("0586666644"), "country-code-missing"),
        ("phone", json!("12"), "phone-invalid"),
        ("message", json!(" "), "message-empty"),
        ("message", json!("x".repeat(4097)), "message-too-long"),
        ("expires_at", json!("2026-03-04T09:59:59Z"), "expired"),
        ("expires_at", json!(1_772_703_672), "time-in-seconds"),
        ("image_url", json!("/label.png"), "image-url-invalid"),
    ];
    for (member, value, code) in rows {
        let mut bad = good.clone();
        bad[member] = value;
        let reply = wa.send(&json!([good, bad])).await;
        assert_eq!(refusal(&reply), (422, code.to_owned()), "{}", reply.text());
        assert_eq!(reply.json()["errors"][0]["pointer"], format!("/messages/1/{member}"));
        assert_eq!(reply.json()["errors"][0]["code"], code);
    }
    let empty = wa.send(&json!([])).await;
    assert_eq!((empty.status(), wa.fake.requests().len()), (422, 0), "{}", empty.text());
}

#[tokio::test]
async fn the_status_of_a_message_is_asked_for_by_its_id() {
    let wa = Wa::with("poll = { enabled = false }").await;
    let (first, second) = (wa.queue(&json!({})).await, wa.queue(&json!({})).await);
    wa.fake.cannot_send(&second, "no WhatsApp");
    for is_text in [false, true] {
        wa.fake.style(|style| style.status_is_text = is_text);
        let rows = [
            (&first, json!({ "id": first, "state": "pending", "status": 0, "reason": null })),
            (&second, json!({ "id": second, "state": "failed", "status": -1, "reason": "no WhatsApp" })),
        ];
        for (id, expected) in rows {
            let reply = wa.host.call("wa", "get-status", &json!({ "id": id })).await;
            assert_eq!((reply.status(), reply.json()), (200, expected), "{}", reply.text());
        }
    }
    wa.fake.has_status(&first, 5);
    let odd = wa.host.call("wa", "get-status", &json!({ "id": first })).await.json();
    assert_eq!((&odd["state"], &odd["status"]), (&json!("unknown"), &json!(null)));
    for codes in [Codes::Numbers, Codes::Texts, Codes::Names] {
        wa.fake.style(|style| style.codes = codes);
        let unknown = wa.host.call("wa", "get-status", &json!({ "id": "a/b?c&d#e" })).await;
        assert_eq!(refusal(&unknown), (422, "missing-params".to_owned()), "{}", unknown.text());
    }
    assert_eq!(wa.fake.requests().last().expect("one").query, "id=a%2Fb%3Fc%26d%23e");
}
