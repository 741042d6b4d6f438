//! Activation: nothing can be tried, and what is left to do is said.

use serde_json::json;

use crate::script::host;

#[test]
fn activation_makes_no_request_and_says_what_sends_the_messages() {
    let host = host(&json!({}), vec![]);
    let setup = host.activate().expect("nothing is wrong").setup;
    assert_eq!(host.requests().len(), 0);
    let all = setup.join("\n");
    for named in ["server mode", "מצב שרת", "nothing is ever sent", "auth_token"] {
        assert!(all.contains(named), "{named}: {all}");
    }
    assert!(!all.contains("3f0c0c5e-EXAMPLE") && !all.contains("hysec_"));
}

#[test]
fn without_polling_the_steps_say_so() {
    let steps = |config| host(&config, vec![]).activate().expect("nothing is wrong").setup;
    let (with, without) = (steps(json!({})), steps(json!({ "poll": { "enabled": false } })));
    assert_eq!(without.len(), with.len() + 1);
    assert!(without.last().expect("a step").contains("get-status"));
}
