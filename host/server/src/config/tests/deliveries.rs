//! `[deliveries]` and `[subscriptions]`.

use super::*;

#[test]
fn what_holds_for_deliveries_has_defaults_and_can_be_changed() {
    let deliveries = |file: &str| World::new(file).load().expect("the settings are right").deliveries;
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    assert_eq!(deliveries(""), DeliverySettings { pause_after: days(5), retention: days(30) });
    let changed = deliveries("[deliveries]\npause_after_hours = 48\nretention_days = 365\n");
    assert_eq!(changed, DeliverySettings { pause_after: days(2), retention: days(365) });
}

#[test]
fn a_subscription_is_a_document_whose_members_have_lines() {
    let world = World::new(
        "\n[subscriptions.crm]\ntypes = [\"a.*\"]\nendpoint = { url = \"${URL}\", headers = { x = \"1\" } }\n[subscriptions.x]\n",
    )
    .variable("URL", "https://crm.example.com/");
    let settings = world.load().expect("the host's own settings are right");
    let crm = &settings.subscriptions[&"crm".parse().expect("a name")];
    let document =
        json!({ "types": ["a.*"], "endpoint": { "url": "https://crm.example.com/", "headers": { "x": "1" } } });
    assert_eq!(serde_json::Value::Object(crm.document.clone()), document);
    assert_eq!(crm.line_of("/endpoint/headers/x"), "hookyard.toml:4: subscriptions.crm.endpoint.headers.x");
    assert_eq!(crm.line_of("/when"), "hookyard.toml:2: subscriptions.crm.when");
    assert!(settings.subscriptions.contains_key(&"x".parse().expect("a name")), "what it lacks is said elsewhere");
    assert!(!format!("{settings:?}").contains("crm.example.com"), "a variable may hold a secret");
}

#[test]
fn a_problem_of_one_subscription_leaves_the_others_and_the_host_alone() {
    let world = World::new(
        "[subscriptions.good]\ntypes = []\n[subscriptions.bad]\nwhen = \"${MISSING}\"\n[subscriptions]\nBad = 1\n",
    );
    let settings = world.load().expect("the host starts");
    assert_eq!(settings.subscriptions.len(), 2);
    assert!(settings.subscriptions[&"bad".parse().expect("a name")].problems[0].contains("MISSING"));
    assert_eq!(settings.problems.len(), 2, "{:?}", settings.problems);
    let strict = world.flags(strict()).problems();
    assert!(strict.contains("subscriptions.bad.when") && strict.contains("subscriptions.Bad"), "{strict}");
}
