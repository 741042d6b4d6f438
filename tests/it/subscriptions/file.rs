//! Subscriptions of hookyard.toml.

use hookyard_tests::receiver::Receiver;
use serde_json::json;

use super::{GROUND, emit, get, host, is_signed_with, subjects};

const PATH: &str = "/v1/subscriptions/crm";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn crm(receiver: &Receiver, path: &str) -> String {
    format!("[subscriptions.crm]\ntypes = [\"echo.*\"]\nendpoint = {{ url = \"{}\" }}\n", receiver.url(path))
}

#[tokio::test]
async fn one_of_the_file_is_changed_there_and_operated_through_the_api() {
    let receiver = Receiver::start().await;
    let host = host(&crm(&receiver, "/hook")).await;
    assert_eq!(get(&host, PATH).await["origin"], "file");
    for refused in [host.patch(PATH, &json!({ "enabled": false })).await, host.delete(PATH).await] {
        assert_eq!((refused.status(), refused.json()["code"].clone()), (409, json!("file-defined")));
    }
    for verb in ["pause", "resume"] {
        let done = host.post(&format!("{PATH}/{verb}"), &json!({})).await;
        assert_eq!(done.status(), 200, "{verb}: {}", done.text());
    }
    let replayed = host.post(&format!("{PATH}/replay"), &json!({ "after": "0" })).await;
    assert_eq!(replayed.status(), 202, "{}", replayed.text());
}

#[tokio::test]
async fn where_the_file_gives_no_secret_a_rotation_shows_one() {
    let receiver = Receiver::start().await;
    let host = host(&crm(&receiver, "/hook")).await;
    let rotate = format!("{PATH}/rotate-secret");
    let rotated = host.post(&rotate, &json!({ "overlap_seconds": 0 })).await.json();
    emit(&host, "a").await;
    assert!(is_signed_with(&receiver.until("/hook", 1).await[0], &rotated["secret"]));

    let given = crm(&receiver, "/hook").replace(" }\n", &format!(", secret = \"{SECRET}\" }}\n"));
    host.reload(&format!("{GROUND}{given}")).await.expect("the file is right");
    let refused = host.post(&rotate, &json!({})).await;
    assert_eq!((refused.status(), refused.json()["code"].clone()), (409, json!("file-defined")));
    emit(&host, "b").await;
    assert!(is_signed_with(&receiver.until("/hook", 2).await[1], &json!(SECRET)));
}

#[tokio::test]
async fn one_that_is_taken_out_goes_on_where_it_was_when_it_comes_back() {
    let receiver = Receiver::start().await;
    let host = host(&crm(&receiver, "/hook")).await;
    emit(&host, "a").await;
    receiver.until("/hook", 1).await;
    host.reload(GROUND).await.expect("the file is right");
    assert_eq!(host.get(PATH).await.status(), 404);
    emit(&host, "b").await;
    host.reload(&format!("{GROUND}{}", crm(&receiver, "/hook"))).await.expect("the file is right");
    emit(&host, "c").await;
    assert_eq!(subjects(&receiver.until("/hook", 3).await), ["a", "b", "c"]);
}

#[tokio::test]
async fn what_is_kept_of_one_that_was_taken_out_can_be_forgotten() {
    let receiver = Receiver::start().await;
    let host = host(&crm(&receiver, "/hook")).await;
    host.reload(GROUND).await.expect("the file is right");
    emit(&host, "a").await;
    assert_eq!(host.delete(PATH).await.status(), 204);
    assert_eq!(host.delete(PATH).await.status(), 404);
    host.reload(&format!("{GROUND}{}", crm(&receiver, "/hook"))).await.expect("the file is right");
    emit(&host, "b").await;
    assert_eq!(subjects(&receiver.until("/hook", 1).await), ["b"], "it is a new one");
}

#[tokio::test]
async fn one_that_works_works_on_when_its_new_text_is_wrong() {
    let receiver = Receiver::start().await;
    let host = host(&crm(&receiver, "/old")).await;
    let broken = crm(&receiver, "/new").replace("types = [\"echo.*\"]", "typs = []");
    host.reload(&format!("{GROUND}{broken}")).await.expect("the host itself is right");
    assert_eq!(get(&host, PATH).await["state"], "active");
    emit(&host, "a").await;
    assert_eq!(subjects(&receiver.until("/old", 1).await), ["a"]);
    host.reload(&format!("{GROUND}{}", crm(&receiver, "/new"))).await.expect("the file is right");
    emit(&host, "b").await;
    assert_eq!(subjects(&receiver.until("/new", 1).await), ["b"]);
}

#[tokio::test]
async fn a_wrong_one_is_shown_and_the_others_work() {
    let receiver = Receiver::start().await;
    let wrong = "[subscriptions.wrong]\ntypes = [\"echo.*\"]\nwhen = \"event.\"\nendpoint = { url = \"ftp://x\" }\n";
    let mut host = host(&format!("{}{wrong}", crm(&receiver, "/hook"))).await;
    let path = "/v1/subscriptions/wrong";
    let shown = get(&host, path).await;
    assert_eq!((&shown["state"], shown.get("endpoint")), (&json!("invalid"), None));
    let problem = shown["problems"][0].as_str().expect("a problem");
    assert!(problem.contains("hookyard.toml:") && problem.contains("subscriptions.wrong."), "{problem}");
    let refused = host.post(&format!("{path}/pause"), &json!({})).await;
    assert_eq!((refused.status(), refused.json()["code"].clone()), (409, json!("subscription-invalid")));
    emit(&host, "a").await;
    receiver.until("/hook", 1).await;

    // It has its place in the log although it was wrong.
    host.restart_after(|directory| {
        let file = directory.join("hookyard.toml");
        let text = std::fs::read_to_string(&file).expect("it is there");
        let right = text.replace("when = \"event.\"\n", "").replace("ftp://x", &receiver.url("/late"));
        std::fs::write(file, right).expect("can be written");
    })
    .await;
    assert_eq!(subjects(&receiver.until("/late", 1).await), ["a"]);
}
