//! The webhooks that the plugin brings along.

use crate::given::host;

#[test]
fn every_sample_does_what_its_name_says() {
    let host = host();
    for (sample, kind, text) in [
        ("message", Some("message.received"), Some("Hola, ¿dónde está mi pedido? 📦")),
        ("picture", Some("message.received"), Some("This is the parcel")),
        ("agent-message", Some("agent.took-over"), None),
        ("next-message", Some("message.observed"), Some("Thank you!")),
        ("bot-message", None, None),
        ("private-note", None, None),
        ("assignment", Some("conversation.assigned"), None),
        ("resolution", Some("conversation.resolved"), None),
        ("reopening", Some("conversation.reopened"), None),
    ] {
        let answer = host.sample(sample);
        assert_eq!((answer.status, answer.events.len()), (200, usize::from(kind.is_some())), "{sample}");
        let event = answer.events.first();
        assert_eq!(event.map(|event| event.kind.as_str()), kind, "{sample}");
        assert_eq!(
            event.and_then(|event| event.json()["text"].as_str().map(str::to_owned)).as_deref(),
            text,
            "{sample}"
        );
    }
    assert_eq!(host.events()[1].json()["attachments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn without_a_person_the_next_message_is_the_bots() {
    assert_eq!(host().sample("next-message").events[0].kind, "message.received");
}
