//! A subscription that ends while an attempt is under way.

use hookyard_tests::receiver::{Answer, Receiver};
use serde_json::json;

use super::{GROUND, create, document, emit, get, host, path};

fn of_file(name: &str, url: &str) -> String {
    format!("[subscriptions.{name}]\ntypes = [\"echo.*\"]\nendpoint = {{ url = \"{url}\" }}\n")
}

#[tokio::test]
async fn one_that_is_deleted_holds_up_no_other_while_its_attempt_ends() {
    let receiver = Receiver::start().await;
    receiver.answer("/slow", Answer::Late);
    let host = host("").await;
    let path = path(&create(&host, &document(&receiver, "/slow")).await);
    emit(&host, "a").await;
    receiver.until("/slow", 1).await;
    let others = async {
        while host.post(&format!("{path}/resume"), &json!({})).await.status() == 200 {
            tokio::task::yield_now().await;
        }
        assert_eq!(host.get("/v1/subscriptions/nobody").await.status(), 404);
        create(&host, &document(&receiver, "/other")).await;
        receiver.release();
    };
    let (deleted, ()) = tokio::join!(host.delete(&path), others);
    assert_eq!(deleted.status(), 204, "{}", deleted.text());
    assert_eq!(host.get(&path).await.status(), 404);
}

#[tokio::test]
async fn all_that_are_taken_out_of_the_file_end_at_once() {
    let receiver = Receiver::start().await;
    receiver.answer("/slow", Answer::Late);
    let (slow, quick) = (of_file("a-slow", &receiver.url("/slow")), of_file("quick", &receiver.url("/quick")));
    let host = host(&(slow + &quick)).await;
    emit(&host, "a").await;
    receiver.until("/slow", 1).await;
    let others = async {
        while get(&host, "/v1/subscriptions").await["subscriptions"] != json!([]) {
            tokio::task::yield_now().await;
        }
        emit(&host, "b").await;
        receiver.release();
    };
    let (reloaded, ()) = tokio::join!(host.reload(GROUND), others);
    reloaded.expect("the file is right");
    assert_eq!(receiver.delivered_to("/quick").len(), 1, "it does not wait for the other one");
}
