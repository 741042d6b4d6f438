use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_domain::event::{Event, EventOrigin, EventTime, LoggedEvent, Offset};
use hookyard_domain::flow::Flow;
use hookyard_domain::id::EventId;
use hookyard_domain::secret::Secret;
use hookyard_domain::subscription::{Endpoint, Subscription};
use serde_json::value::RawValue;

use super::*;
use crate::subscriptions::active::SigningSecret;

const NOW: Timestamp = Timestamp::from_millis(1_772_617_272_900);

fn event(traceparent: Option<&str>) -> TailEvent {
    let event = Event {
        id: EventId::from_bytes([7; 16]),
        origin: EventOrigin::Host,
        kind: "thing.happened".to_owned(),
        subject: None,
        time: EventTime::from(NOW),
        data: RawValue::from_string(r#"{"total": 10.50}"#.to_owned()).expect("JSON"),
        webhook: None,
        traceparent: traceparent.map(str::to_owned),
        hops: 0,
    };
    TailEvent::new(LoggedEvent { offset: Offset(1), event })
}

fn secret(byte: u8) -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode([byte; 32])))
}

fn subscription(headers: &[(&str, &str)], secrets: Vec<SigningSecret>) -> (Active, UrlEndpoint) {
    let endpoint = UrlEndpoint {
        url: "https://crm.example.com/hooks".parse().expect("a URL"),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        max_in_flight: 8,
        max_per_second: None,
    };
    let definition = Subscription {
        id: "crm".parse().expect("valid"),
        filter: hookyard_domain::event::EventFilter::default(),
        when: None,
        endpoint: Endpoint::Url(endpoint.clone()),
        ordered: false,
        enabled: true,
    };
    let flow = Flow::compile(None, None).expect("nothing");
    (Active { definition, flow, secrets, made_at: NOW }, endpoint)
}

fn signed_by(byte: u8, event: &TailEvent) -> String {
    let key = SigningKey::parse(&secret(byte)).expect("a secret");
    key.sign(&event.logged.event.id.to_string(), NOW, event.json())
}

#[test]
fn an_event_is_sent_with_its_id_its_time_and_a_signature_of_each_secret_that_signs_now() {
    let event = event(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    let later = |millis| Some(Timestamp::from_millis(NOW.as_millis() + millis));
    let secrets = vec![
        SigningSecret { secret: secret(1), until: None },
        SigningSecret { secret: secret(2), until: later(1) },
        SigningSecret { secret: secret(3), until: later(0) },
    ];
    let (active, endpoint) = subscription(&[("authorization", "Bearer x"), ("x-tenant", "7")], secrets);
    let headers = headers(&active, &endpoint, &event, NOW).expect("signed");
    let text = |name: &str| headers.get(name).map(|value| value.to_str().expect("text"));
    assert_eq!(text("content-type"), Some("application/cloudevents+json"));
    assert_eq!(text("webhook-id"), Some(event.logged.event.id.to_string().as_str()));
    assert_eq!(text("webhook-timestamp"), Some("1772617272"));
    let signatures = format!("{} {}", signed_by(1, &event), signed_by(2, &event));
    assert_eq!(text("webhook-signature"), Some(signatures.as_str()));
    assert_eq!(text("traceparent"), event.logged.event.traceparent.as_deref());
    assert_eq!((text("authorization"), text("x-tenant")), (Some("Bearer x"), Some("7")));
    assert!(!format!("{headers:?}").contains("Bearer x"), "an operator's header may be secret");
}

#[test]
fn nothing_is_sent_that_is_not_signed_and_nobody_signs_for_the_host() {
    let event = event(None);
    let ended = vec![SigningSecret { secret: secret(1), until: Some(NOW) }];
    for secrets in [vec![], ended, vec![SigningSecret { secret: Secret::new("whsec_"), until: None }]] {
        let (active, endpoint) = subscription(&[], secrets);
        headers(&active, &endpoint, &event, NOW).expect_err("not signed");
    }
    let signs = || vec![SigningSecret { secret: secret(1), until: None }];
    let (active, endpoint) = subscription(&[("Webhook-Signature", "v1,x"), ("webhook-id", "evt_0")], signs());
    let all = headers(&active, &endpoint, &event, NOW).expect("signed");
    let signatures: Vec<_> = all.get_all("webhook-signature").iter().collect();
    assert_eq!(signatures, [signed_by(1, &event).as_str()]);
    assert_eq!(all["webhook-id"], event.logged.event.id.to_string().as_str());
    assert_eq!(all.get("traceparent"), None);
}

#[test]
fn only_2xx_delivers() {
    let answer = |status, retry_after: Option<&str>, location: Option<&str>| {
        let (retry_after, location) = (retry_after.map(str::to_owned), location.map(str::to_owned));
        outcome(&EndpointAnswer { status, retry_after, location }, NOW)
    };
    for status in [200, 202, 204, 299] {
        assert_eq!(answer(status, Some("5"), None), AttemptOutcome::Delivered { status });
    }
    assert!(matches!(answer(410, Some("5"), None), AttemptOutcome::Gone(reason) if reason.code == "gone"));
    let failed = |status, after, location| match answer(status, after, location) {
        AttemptOutcome::Failed { status: Some(seen), reason, retry_after } => {
            assert_eq!(seen, status);
            (reason.code, reason.message, retry_after)
        }
        other => panic!("{status}: {other:?}"),
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (status, after, code, waits) in [
        (429, Some("120"), "http-429", seconds(120)),
        (503, Some("Wed, 04 Mar 2026 09:42:12 GMT"), "http-503", Some(Duration::from_millis(59_100))),
        (500, Some("9"), "http-500", seconds(9)),
        (500, None, "http-500", None),
        (404, Some("never"), "http-404", None),
        (307, None, "redirect", None),
    ] {
        let (seen, _, retry_after) = failed(status, after, None);
        assert_eq!((seen.as_str(), retry_after), (code, waits), "{status} {after:?}");
    }
    let long = format!("https://elsewhere.example/{}", "x".repeat(1_000));
    let (_, message, _) = failed(301, None, Some(&long));
    assert!(message.contains("https://elsewhere.example/xxx") && message.len() < 400, "{message}");
    let (_, message, _) = failed(302, None, Some("https://elsewhere.example/in?ticket=s3cret"));
    assert!(message.contains("elsewhere.example/in") && !message.contains("s3cret"), "{message}");
}
