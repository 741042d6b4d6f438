use http::Request;
use http_body_util::Full;

use super::*;
use crate::http::send;

async fn post(receiver: &Receiver, path: &str) -> Result<u16, String> {
    let request = Request::post(path).header("host", "x").body(Full::new(Bytes::from_static(b"{\"a\":1}"))).unwrap();
    send(receiver.address, request).await.map(|reply| reply.status()).map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn each_path_answers_as_it_was_told_and_the_others_take_it() {
    let receiver = Receiver::start().await;
    receiver.answer("/busy", Answer::RetryAfter(429, "7".to_owned()));
    receiver.answer("/gone", Answer::Status(410));
    receiver.answer("/away", Answer::Redirect(308, "http://127.0.0.1:1/".to_owned()));
    for (path, status) in [("/", 200), ("/busy", 429), ("/gone", 410), ("/away", 308)] {
        assert_eq!(post(&receiver, path).await, Ok(status), "{path}");
    }
    assert_eq!((receiver.count(), receiver.delivered_to("/gone")[0].event()["a"].as_i64()), (4, Some(1)));
}

#[tokio::test]
async fn a_connection_that_is_closed_is_no_answer() {
    let receiver = Receiver::start().await;
    receiver.answer("/close", Answer::Close);
    receiver.answer("/within", Answer::CloseWithin);
    for path in ["/close", "/within"] {
        assert!(post(&receiver, path).await.is_err(), "{path}");
        assert_eq!(receiver.delivered_to(path).len(), 1, "{path}: it has arrived");
    }
}

#[tokio::test]
async fn a_late_answer_comes_when_it_is_released() {
    let receiver = Receiver::start().await;
    receiver.answer("/late", Answer::Late);
    let (answer, ()) = tokio::join!(post(&receiver, "/late"), async {
        receiver.until("/late", 1).await;
        receiver.release();
    });
    assert_eq!(answer, Ok(200));
}

#[tokio::test]
async fn who_gives_up_waiting_is_noticed() {
    let receiver = Receiver::start().await;
    for (path, answer) in [("/hang", Answer::Hang), ("/trickle", Answer::Trickle)] {
        receiver.answer(path, answer);
        tokio::select! {
            answer = post(&receiver, path) => panic!("{path} answered {answer:?}"),
            _ = receiver.until(path, 1) => {}
        }
        receiver.until_idle().await;
    }
}
