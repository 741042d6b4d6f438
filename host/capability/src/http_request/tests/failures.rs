use super::provider::{Provider, raw};
use super::world::World;
use super::*;

async fn outcome(requests: &Requests, url: String) -> Result<HttpResponse, HttpError> {
    requests.send(get(url)).await
}

#[tokio::test]
async fn each_way_to_fail_has_its_code() {
    let world = World::new();
    world.names.set("none.test", &[&[]]);
    let effects = world.calls(&["api.test", "nowhere.test", "none.test"]);
    let requests = effects.requests();
    for name in ["nowhere.test", "none.test"] {
        refused(outcome(&requests, format!("https://{name}/")).await, HttpErrorCode::Dns);
    }
    for scheme in ["http", "https"] {
        refused(outcome(&requests, format!("{scheme}://api.test:1/")).await, HttpErrorCode::Connect);
    }
    let garbled: [&[u8]; 4] = [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ];
    for says in garbled {
        let address = raw(says, false).await;
        let message =
            refused(outcome(&requests, format!("http://api.test:{}/", address.port())).await, HttpErrorCode::Protocol);
        assert!(!message.contains("SSH-2.0"), "{message}");
    }
    let short: [&[u8]; 4] = [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ];
    for says in short {
        let address = raw(says, false).await;
        refused(outcome(&requests, format!("http://api.test:{}/", address.port())).await, HttpErrorCode::Closed);
    }
    assert_eq!(effects.into_draft().log.lines, [], "only refusals are logged by the host");
}

#[tokio::test]
async fn one_deadline_is_over_the_whole_exchange() {
    let requests = World::new().calls(&["api.test"]).requests();
    let slow: [&[u8]; 3] = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"];
    for says in slow {
        let address = raw(says, true).await;
        let url = format!("http://api.test:{}/", address.port());
        let request = HttpRequest { timeout: Some(Duration::from_millis(50)), ..get(url) };
        let message = refused(requests.send(request).await, HttpErrorCode::Timeout);
        assert!(message.contains("within 0.05 s"), "{message}");
    }
}

#[tokio::test]
async fn servers_must_prove_who_they_are() {
    let (secure, certificate) = Provider::tls("api.test").await;
    let url = format!("https://api.test:{}/", secure.address.port());
    let trusting = World::trusting(vec![certificate]);
    let answer = outcome(&trusting.calls(&["api.test"]).requests(), url.clone()).await.expect("an answer");
    assert_eq!(answer.body.as_ref(), b"secure");
    let message = refused(outcome(&World::new().calls(&["api.test"]).requests(), url).await, HttpErrorCode::Tls);
    assert!(message.contains("the server could not be trusted"), "{message}");
    let other = format!("https://other.test:{}/", secure.address.port());
    refused(outcome(&trusting.calls(&["other.test"]).requests(), other).await, HttpErrorCode::Tls);
    let plain = Provider::at("127.0.0.1").await;
    let url = format!("https://api.test:{}/", plain.address.port());
    refused(outcome(&trusting.calls(&["api.test"]).requests(), url).await, HttpErrorCode::Tls);
}

#[tokio::test]
async fn a_root_that_cannot_be_read_is_an_error() {
    let resolver = Arc::new(crate::test_host::NoNames);
    let settings = crate::egress::EgressSettings { resolver, extra_roots: vec![vec![1, 2, 3].into()] };
    assert!(matches!(crate::egress::Egress::new(settings), Err(crate::egress::EgressError::Tls(_))));
}

#[tokio::test]
async fn a_protocol_that_nobody_asked_for_is_not_followed() {
    let address = raw(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", false).await;
    let requests = World::new().calls(&["api.test"]).requests();
    refused(outcome(&requests, format!("http://api.test:{}/", address.port())).await, HttpErrorCode::Protocol);
}

#[tokio::test]
async fn headers_of_the_connection_do_not_reach_the_guest() {
    let says = b"HTTP/1.1 200 OK\r\nconnection: close\r\nkeep-alive: timeout=5\r\nupgrade: h2c\r\nx: y\r\ncontent-length: 0\r\n\r\n";
    let address = raw(says, false).await;
    let requests = World::new().calls(&["api.test"]).requests();
    let answer = outcome(&requests, format!("http://api.test:{}/", address.port())).await.expect("an answer");
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x", "content-length"]);
}
