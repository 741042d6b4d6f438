use hookyard_domain::limit;
use hookyard_domain::plugin::ContentHash;

use super::world::World;
use crate::PluginState;

fn content(number: usize) -> ContentHash {
    ContentHash::of(&number.to_be_bytes())
}

fn bare(name: &str) -> PluginState {
    PluginState {
        name: name.parse().expect("valid"),
        serving: content(1),
        version: "1.0.0".into(),
        paths: Vec::new(),
        previous: None,
        pinned: None,
        held_back: Vec::new(),
    }
}

fn full(name: &str) -> PluginState {
    PluginState {
        paths: vec![("aftership-1.wasm".into(), content(1)), ("ü.wasm".into(), content(2))],
        previous: Some((content(2), "0.9.0".into())),
        pinned: Some(content(3)),
        held_back: vec![content(4), content(5)],
        ..bare(name)
    }
}

async fn states(world: &World) -> Vec<PluginState> {
    world.store.plugin_states().await.expect("reads")
}

pub(super) async fn a_state_is_read_back_as_it_was_saved(world: World) {
    assert_eq!(states(&world).await, []);
    world.store.save_plugin_state(full("zendesk")).await.expect("keeps");
    world.store.save_plugin_state(bare("aftership")).await.expect("keeps");
    assert_eq!(states(&world).await, [bare("aftership"), full("zendesk")]);
}

pub(super) async fn a_state_replaces_the_one_of_its_plugin(world: World) {
    for state in [full("aftership"), full("zendesk"), bare("aftership")] {
        world.store.save_plugin_state(state).await.expect("keeps");
    }
    assert_eq!(states(&world).await, [bare("aftership"), full("zendesk")]);
}

pub(super) async fn a_state_that_is_removed_is_gone(world: World) {
    for name in ["aftership", "zendesk"] {
        world.store.save_plugin_state(full(name)).await.expect("keeps");
    }
    for _ in 0..2 {
        world.store.remove_plugin_state(&"aftership".parse().expect("valid")).await.expect("forgets");
        assert_eq!(states(&world).await, [full("zendesk")]);
    }
    world.store.save_plugin_state(bare("aftership")).await.expect("keeps");
    assert_eq!(states(&world).await, [bare("aftership"), full("zendesk")], "its files are forgotten too");
}

pub(super) async fn the_newest_contents_stay_held_back_and_files_are_in_order(world: World) {
    let all: Vec<_> = (0..limit::HELD_BACK_MAX + 3).map(content).collect();
    let paths = vec![("b.wasm".to_owned(), content(1)), ("a.wasm".to_owned(), content(2))];
    let state = PluginState { held_back: all.clone(), paths, ..bare("aftership") };
    world.store.save_plugin_state(state).await.expect("keeps");
    let read = states(&world).await.remove(0);
    assert_eq!(read.held_back, all[3..]);
    assert_eq!(read.paths, [("a.wasm".to_owned(), content(2)), ("b.wasm".to_owned(), content(1))]);
}
