//! A provider that takes the credentials when it is activated and refuses them in calls is not asked over and over.

use std::time::Duration;

use hookyard_domain::clock::Clock as _;
use hookyard_domain::inbox::{Next, WebhookState};
use hookyard_tests::host::TestHost;
use hookyard_tests::provider::Provider;
use serde_json::json;

use super::{asking, check, host, send};

/// More than may run at a time.
const MANY: usize = 20;

/// Waits until the host sleeps before an activation, and says how long that is.
async fn pause(host: &TestHost) -> Duration {
    loop {
        if let Some(until) = host.sleeping_until().first() {
            let left = until.as_millis() - host.clock.now().as_millis();
            return Duration::from_millis(u64::try_from(left).expect("in the future"));
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_waits_between_activations_grow_while_calls_are_refused_and_nothing_is_lost() {
    let provider = Provider::start().await;
    provider.answer("/x", 401, "who?");
    let host = host(&provider).await;
    let activations = provider.times_asked("/activate");
    assert_eq!(send(&host, &asking(&provider, "a")).await.status(), 202);
    let id = host.kept().await.webhook.id;
    for (run, seconds) in [5, 30, 120, 600, 600].into_iter().enumerate() {
        assert_eq!(pause(&host).await.as_secs(), seconds);
        host.advance(Duration::from_secs(seconds));
        let attempts = u32::try_from(run + 2).expect("small");
        let entry = host.until_attempts(id, attempts).await;
        assert_eq!(entry.standing.next, Some(Next::Activation));
        assert_eq!(provider.times_asked("/activate"), activations + run + 1);
        assert_eq!(provider.times_asked("/x"), run + 2, "once an activation");
    }
    provider.answer("/x", 200, "");
    host.advance(pause(&host).await);
    host.until_state(id, WebhookState::Handled).await;
    assert_eq!(host.events().await.len(), 1);

    host.advance(Duration::from_secs(60 * 60));
    provider.answer("/x", 401, "who?");
    assert_eq!(send(&host, &asking(&provider, "b")).await.status(), 202);
    assert_eq!(pause(&host).await.as_secs(), 5, "after a while it is a new trouble");
}

#[tokio::test]
async fn of_many_that_wait_only_a_few_are_run_when_the_credentials_are_refused_again() {
    let provider = Provider::start().await;
    provider.answer("/x", 401, "who?");
    let host = host(&provider).await;
    provider.answer("/activate", 401, "who?");
    for number in 0..MANY {
        assert_eq!(send(&host, &asking(&provider, &number.to_string())).await.status(), 202);
    }
    check(&host).await;
    provider.answer("/activate", 200, "");
    check(&host).await;
    let runs = async || host.inbox().await.iter().map(|entry| entry.standing.attempts as usize).sum::<usize>();
    while runs().await <= MANY {
        tokio::task::yield_now().await;
    }
    // The connection is known to be refused again. Those after the next activation succeed.
    let pause = pause(&host).await;
    provider.answer("/x", 200, "");
    host.advance(pause);
    host.until_all(WebhookState::Handled).await;
    // The pool of a test host leaves room for three at a time.
    assert!(provider.times_asked("/x") <= MANY + 3 + MANY, "{}", provider.times_asked("/x"));
    assert_eq!(host.events().await.len(), MANY);
}

#[tokio::test]
async fn a_health_that_changes_with_every_call_is_not_told_every_time() {
    let provider = Provider::start().await;
    provider.answer("/x", 401, "who?");
    provider.answer("/y", 200, "");
    let host = host(&provider).await;
    provider.answer("/activate", 401, "who?");
    let accepted = json!({ "do": [{ "ask": { "url": format!("{}/y", provider.base()) } }] });
    let told = async || {
        let unhealthy = host.host_events("hookyard.connection.unhealthy").await.len();
        (unhealthy, host.host_events("hookyard.connection.recovered").await.len())
    };
    for number in 0..20 {
        assert_eq!(send(&host, &asking(&provider, &number.to_string())).await.status(), 202);
        assert_eq!(send(&host, &accepted).await.status(), 200);
    }
    assert_eq!(told().await, (3, 3));
    assert_eq!(send(&host, &asking(&provider, "last")).await.status(), 202);
    assert_eq!(told().await, (3, 3), "enough for now");
    host.advance(Duration::from_secs(10 * 60));
    while told().await != (4, 3) {
        // It is told with what happens next: here the activation that looks into it.
        tokio::task::yield_now().await;
    }
}
