use super::provider::{Provider, raw, reply};
use super::world::World;
use super::*;

/// A server whose path is the length of its answer.
async fn sized() -> Provider {
    Provider::start(|seen| {
        let length = seen.target.trim_start_matches('/').parse().unwrap_or_default();
        reply(200, &[], vec![b'x'; length])
    })
    .await
}

#[tokio::test]
async fn a_body_is_cut_where_the_guest_says_and_says_so() {
    let provider = sized().await;
    let requests = World::new().calls(&["api.test"]).requests();
    let answer = |length: usize, max: Option<u32>| {
        let request = HttpRequest { max_body_bytes: max, ..get(provider.url("api.test", &format!("/{length}"))) };
        let answer = requests.send(request);
        async { answer.await.map(|answer| (answer.body.len(), answer.truncated)) }
    };
    assert_eq!(answer(10, Some(4)).await, Ok((4, true)));
    assert_eq!(answer(10, Some(10)).await, Ok((10, false)));
    assert_eq!(answer(10, Some(0)).await, Ok((0, true)));
    assert_eq!(answer(0, Some(0)).await, Ok((0, false)));
    let bound = limit::EGRESS_ANSWER_BYTES_MAX;
    let max = u32::try_from(bound).expect("small");
    assert_eq!(answer(bound, None).await, Ok((bound, false)));
    assert_eq!(answer(bound + 1, Some(max)).await, Ok((bound, true)));
    for max in [None, Some(max + 1)] {
        assert_eq!(answer(bound + 1, max).await.expect_err("too large").code, HttpErrorCode::TooLarge);
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_bounded_as_well() {
    let chunk = "1000\r\n".to_owned() + &"x".repeat(0x1000) + "\r\n";
    let says = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(1_025));
    let address = raw(says.leak().as_bytes(), false).await;
    let requests = World::new().calls(&["api.test"]).requests();
    let url = format!("http://api.test:{}/", address.port());
    refused(requests.send(get(&url)).await, HttpErrorCode::TooLarge);
    let cut = requests.send(HttpRequest { max_body_bytes: Some(100), ..get(&url) }).await.expect("an answer");
    assert_eq!((cut.body.len(), cut.truncated), (100, true));
}

#[tokio::test]
async fn headers_of_an_answer_are_bounded() {
    let large = |length: usize| Provider::start(move |_| reply(200, &[("x", &"a".repeat(length))], "ok"));
    let requests = World::new().calls(&["api.test"]).requests();
    for length in [limit::EGRESS_HEADERS_BYTES_MAX, 1024 * 1024] {
        let provider = large(length).await;
        refused(requests.send(get(provider.url("api.test", "/"))).await, HttpErrorCode::TooLarge);
    }
    let provider = large(limit::EGRESS_HEADERS_BYTES_MAX / 2).await;
    requests.send(get(provider.url("api.test", "/"))).await.expect("an answer");
    let names: Vec<_> = (0..=limit::EGRESS_HEADERS_MAX).map(|index| format!("x-{index}")).collect();
    let many = Provider::start(move |_| {
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "a")).collect();
        reply(200, &headers, "ok")
    })
    .await;
    refused(requests.send(get(many.url("api.test", "/"))).await, HttpErrorCode::TooLarge);
}

#[tokio::test]
async fn several_requests_are_answered_in_their_order_a_few_at_a_time() {
    let provider = sized().await;
    let requests = World::new().calls(&["api.test"]).requests();
    let lengths: Vec<usize> = (0..limit::SEND_ALL_REQUESTS_MAX).rev().collect();
    let mut all: Vec<_> = lengths.iter().map(|length| get(provider.url("api.test", &format!("/{length}")))).collect();
    all[1] = get("https://other.test/");
    let answers = requests.send_all(all).await;
    assert_eq!(answers[1].as_ref().expect_err("not granted").code, HttpErrorCode::Denied);
    for (index, length) in lengths.iter().enumerate().filter(|(index, _)| *index != 1) {
        assert_eq!(answers[index].as_ref().expect("an answer").body.len(), *length);
    }
    assert!(provider.connections().await <= limit::SEND_ALL_IN_FLIGHT);
    assert!(requests.send_all(vec![]).await.is_empty());
}

#[tokio::test]
async fn too_many_at_once_are_all_refused_and_none_is_sent() {
    let provider = sized().await;
    let requests = World::new().calls(&["api.test"]).requests();
    let all = vec![get(provider.url("api.test", "/1")); limit::SEND_ALL_REQUESTS_MAX + 1];
    let answers = requests.send_all(all).await;
    assert_eq!(answers.len(), limit::SEND_ALL_REQUESTS_MAX + 1);
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.code == HttpErrorCode::TooMany)));
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn all_bodies_of_one_call_are_bounded_together() {
    let provider = sized().await;
    let requests = World::new().calls(&["api.test"]).requests();
    let url = provider.url("api.test", &format!("/{}", limit::EGRESS_ANSWER_BYTES_MAX));
    let answers = requests.send_all(vec![get(url); 6]).await;
    let whole = answers.iter().filter(|answer| answer.is_ok()).count();
    let too_large = |error: &HttpError| error.code == HttpErrorCode::TooLarge;
    assert_eq!(whole, limit::SEND_ALL_BODIES_BYTES_MAX / limit::EGRESS_ANSWER_BYTES_MAX);
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(too_large));
}

#[tokio::test]
async fn an_invocation_sends_a_bounded_number_of_requests() {
    let effects = World::new().calls(&[]);
    let requests = effects.requests();
    for _ in 0..limit::REQUESTS_MAX {
        refused(requests.send(get("https://x.test/")).await, HttpErrorCode::Denied);
    }
    refused(requests.send(get("https://x.test/")).await, HttpErrorCode::TooMany);
    refused(effects.requests().send(get("https://x.test/")).await, HttpErrorCode::TooMany);
}

#[tokio::test]
async fn a_request_that_finds_no_room_in_time_was_not_sent() {
    let provider = sized().await;
    let world = World::new();
    let effects = world.calls(&["api.test"]);
    let outbound = &effects.scope().outbound;
    let request = HttpRequest { timeout: Some(Duration::from_millis(20)), ..get(provider.url("api.test", "/1")) };
    let share = u32::try_from(limit::EGRESS_IN_FLIGHT_PER_CONNECTION_MAX).expect("small");
    let all = u32::try_from(limit::EGRESS_IN_FLIGHT_MAX).expect("small");
    for (semaphore, permits) in [(&outbound.share, share), (&outbound.egress.in_flight, all)] {
        let taken = semaphore.try_acquire_many(permits).expect("all of them are free");
        let message = refused(effects.requests().send(request.clone()).await, HttpErrorCode::Connect);
        assert!(message.contains("too many requests were in flight"), "{message}");
        drop(taken);
    }
    assert!(provider.seen().is_empty());
    let request = HttpRequest { timeout: None, ..request };
    effects.requests().send(request).await.expect("an answer, now that there is room");
    assert_eq!(outbound.share.available_permits(), limit::EGRESS_IN_FLIGHT_PER_CONNECTION_MAX);
}
