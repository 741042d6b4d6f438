//! The file is read again while the host runs.

use hookyard_tests::provider::Provider;
use serde_json::json;

use super::{PATH, builder, echo, webhook};

fn connection(id: &str, rest: &str) -> String {
    format!(
        "[connections.{id}]\nplugin = \"echo\"\nconfig = {{ secret = \"sesame\", {rest} }}\n\
         grants = {{ private_addresses = [\"127.0.0.1/32\"] }}\n"
    )
}

#[tokio::test]
async fn connections_are_added_changed_and_removed_and_the_others_go_on_undisturbed() {
    let provider = Provider::start().await;
    provider.answer("/activate", 200, "");
    let base = format!("base = \"{}\"", provider.base());
    let host = builder()
        .config(&connection("same", &base))
        .config(&connection("changed", "greeting = \"old\""))
        .config(&connection("removed", ""))
        .start()
        .await;
    provider.asked("/activate", 1).await;
    host.post("/v1/connections/same/check", &json!({})).await;
    host.put(PATH, &echo(&json!({ "secret": "sesame" }))).await;
    let (same, asked) = (host.get("/v1/connections/same").await.json(), provider.times_asked("/activate"));
    let in_use = host.running().host.connections.get(&"same".parse().expect("an id"));

    let newer = [
        "# One line more, so that the others stand elsewhere.\n".to_owned(),
        connection("added", "greeting = \"new\""),
        connection("changed", "greeting = \"newer\""),
        connection("same", &base),
    ];
    host.reload(&newer.concat()).await.expect("the file is right");
    assert_eq!(webhook(&host, "added", "sesame", &json!({})).await.json()["greeting"], "new");
    assert_eq!(webhook(&host, "changed", "sesame", &json!({})).await.json()["greeting"], "newer");
    assert_eq!(webhook(&host, "removed", "sesame", &json!({})).await.status(), 404);
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.status(), 200, "what the API has made stays");
    assert_eq!((host.get("/v1/connections/same").await.json(), provider.times_asked("/activate")), (same, asked));
    let still = host.running().host.connections.get(&"same".parse().expect("an id"));
    assert!(in_use.zip(still).is_some_and(|(one, other)| std::sync::Arc::ptr_eq(&one, &other)), "it is the same one");
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing() {
    let host = builder().config(&connection("bot", "greeting = \"old\"")).start().await;
    for wrong in ["[connections.bot", "colour = \"red\""] {
        host.reload(wrong).await.expect_err("wrong");
        assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "old", "{wrong}");
    }
    // What is wrong with one connection stands in nobody else's way, and does not end what works.
    let one_wrong = format!("{}{}", connection("bot", "colour = \"red\""), connection("added", ""));
    host.reload(&one_wrong).await.expect("the file can be read");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "old");
    assert_eq!(webhook(&host, "added", "sesame", &json!({})).await.status(), 200);
    let without_plugin = one_wrong.replacen("plugin =", "plugni =", 1);
    host.reload(&without_plugin).await.expect("the file can be read");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "old", "it is not taken out");
    let new_and_wrong = format!("{one_wrong}{}", connection("worse", "colour = \"red\""));
    host.reload(&new_and_wrong).await.expect("the file can be read");
    assert_eq!(host.get("/v1/connections/worse").await.json()["health"]["status"], "invalid");
}

#[tokio::test]
async fn of_an_id_in_the_file_and_in_the_api_the_file_wins_until_it_is_taken_out() {
    let host = builder().start().await;
    host.put(PATH, &echo(&json!({ "secret": "sesame", "greeting": "api" }))).await;
    host.reload(&connection("bot", "greeting = \"file\"")).await.expect("the file is right");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "file");
    assert_eq!(host.delete(PATH).await.json()["code"], "file-defined");
    host.reload("").await.expect("the file is right");
    assert_eq!(webhook(&host, "bot", "sesame", &json!({})).await.json()["greeting"], "api");
}
