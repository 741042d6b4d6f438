use std::time::Duration;

use super::world::{World, consent, id, noon};

pub(super) async fn a_consent_is_read_back_as_it_was_recorded(world: World) {
    assert_eq!(world.store.consent(&id("shop")).await.expect("reads"), None);
    let first = consent("shop", r#"{"hosts":["api.aftership.com"],"credentials":["{\"header\":\"ü\"}"]}"#);
    world.store.record_consent(first.clone()).await.expect("keeps");
    assert_eq!(world.store.consent(&id("shop")).await.expect("reads"), Some(first));
    assert_eq!(world.store.consent(&id("shop2")).await.expect("reads"), None);
}

pub(super) async fn a_consent_replaces_the_one_of_its_connection(world: World) {
    let theirs = consent("shop2", "{}");
    world.store.record_consent(consent("shop", "{}")).await.expect("keeps");
    world.store.record_consent(theirs.clone()).await.expect("keeps");
    let mut second = consent("shop", r#"{"hosts":["*.example.com"]}"#);
    second.plugin = "zendesk".parse().expect("valid");
    second.at = noon().after(Duration::from_secs(1));
    world.store.record_consent(second.clone()).await.expect("keeps");
    assert_eq!(world.store.consent(&id("shop")).await.expect("reads"), Some(second));
    assert_eq!(world.store.consent(&id("shop2")).await.expect("reads"), Some(theirs));
}

pub(super) async fn consents_are_listed_and_removed(world: World) {
    assert_eq!(world.store.consents().await.expect("reads"), []);
    let both = ["shop2", "shop"].map(|connection| consent(connection, "{}"));
    world.store.record_consents(both.to_vec()).await.expect("keeps");
    assert_eq!(world.store.consents().await.expect("reads"), [consent("shop", "{}"), consent("shop2", "{}")]);
    for _ in 0..2 {
        world.store.remove_consent(&id("shop")).await.expect("forgets");
        assert_eq!(world.store.consents().await.expect("reads"), [consent("shop2", "{}")]);
    }
}
