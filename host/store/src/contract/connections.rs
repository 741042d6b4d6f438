use std::time::Duration;

use super::world::{World, held, noon, record};
use crate::ConnectionRecord;

pub(super) async fn a_connection_is_read_back_as_it_was_saved(world: World) {
    assert_eq!(world.store.connection_records().await.expect("reads"), []);
    let disabled = ConnectionRecord { enabled: false, config: Vec::new(), ..record("shop2") };
    world.store.save_connection(disabled.clone()).await.expect("keeps");
    world.store.save_connection(record("shop")).await.expect("keeps");
    assert_eq!(world.store.connection_records().await.expect("reads"), [record("shop"), disabled]);
}

pub(super) async fn a_connection_replaces_the_one_with_its_id(world: World) {
    world.save("shop").await;
    world.save("shop2").await;
    let changed = ConnectionRecord {
        plugin: "zendesk".parse().expect("valid"),
        config: vec![2; 10_000],
        grant: "{}".to_owned(),
        enabled: false,
        updated_at: noon().after(Duration::from_secs(1)),
        ..record("shop")
    };
    world.store.save_connection(changed.clone()).await.expect("keeps");
    assert_eq!(world.store.connection_records().await.expect("reads"), [changed, record("shop2")]);
}

pub(super) async fn held_contents_replace_those_of_their_connections_and_no_others(world: World) {
    assert_eq!(world.store.held_versions().await.expect("reads"), []);
    world.store.hold_versions(vec![held("shop2", 2), held("shop", 1)]).await.expect("keeps");
    assert_eq!(world.store.held_versions().await.expect("reads"), [held("shop", 1), held("shop2", 2)]);
    world.store.hold_versions(vec![held("shop", 3), held("shop3", 3)]).await.expect("keeps");
    let all = [held("shop", 3), held("shop2", 2), held("shop3", 3)];
    assert_eq!(world.store.held_versions().await.expect("reads"), all);
    world.store.hold_versions(Vec::new()).await.expect("keeps nothing more");
    assert_eq!(world.store.held_versions().await.expect("reads"), all);
}
