use std::io;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use hookyard_domain::clock::{ManualClock, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::egress::{EgressSettings, Resolve};
use crate::sleep::ManualSleep;

/// `here.test` is this machine, `public.test` is not, `metadata.test` is what nobody may ask, `both.test` leads here and there; there are
/// no other names.
#[derive(Debug)]
struct Names;

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses: &[&str] = match host {
            "here.test" => &["127.0.0.1"],
            "public.test" => &["93.184.216.34"],
            "metadata.test" => &["169.254.169.254"],
            "both.test" => &["93.184.216.34", "127.0.0.1"],
            _ => return Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
        };
        Ok(addresses.iter().map(|address| address.parse().expect("an address")).collect())
    }
}

struct World {
    clock: Arc<ManualClock>,
    sleep: Arc<ManualSleep>,
    client: EndpointClient,
}

impl World {
    fn new(private: &[&str]) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
        let sleep = Arc::new(ManualSleep::by(Arc::clone(&clock)));
        let egress = Egress::new(EgressSettings { resolver: Arc::new(Names), extra_roots: vec![] }).expect("TLS");
        let policy = AddressPolicy::new(private.iter().map(|range| range.parse().expect("a range")));
        let client = EndpointClient::new(&egress, &policy, Arc::clone(&sleep) as Arc<dyn Sleep>).expect("clients");
        Self { clock, sleep, client }
    }

    /// One that may dial this machine.
    fn at_home() -> Self {
        Self::new(&["127.0.0.1/32"])
    }

    async fn post(&self, url: &str) -> Result<EndpointAnswer, EndpointError> {
        self.client.post(request(url)).await
    }

    /// Lets the time of the attempt pass, once it is under way.
    async fn let_time_pass(&self) {
        while self.sleep.sleeping_until().is_empty() {
            tokio::task::yield_now().await;
        }
        self.clock.advance(limit::DELIVERY_TIMEOUT - Duration::from_millis(1));
        self.sleep.wake();
        assert_eq!(self.sleep.sleeping_until().len(), 1, "it waits for all of its time");
        self.clock.advance(Duration::from_millis(1));
        self.sleep.wake();
    }

    async fn code(&self, url: &str) -> &'static str {
        self.post(url).await.expect_err("no answer").code.as_str()
    }
}

fn request(url: &str) -> EndpointRequest {
    let headers = [(HeaderName::from_static("webhook-id"), "evt_1".parse().expect("a value"))];
    EndpointRequest {
        url: url.parse().expect("a URL"),
        headers: headers.into_iter().collect(),
        body: Bytes::from_static(b"{\"id\":\"evt_1\"}"),
    }
}

/// A receiver of one request; it says this and, unless `open`, hangs up.
async fn receiver(answer: &'static str, open: bool) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://here.test:{}/hooks?a=b", listener.local_addr().expect("an address").port());
    let seen = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("somebody calls");
        let request = read_request(&mut socket).await;
        socket.write_all(answer.as_bytes()).await.expect("it listens");
        if open {
            // Until the other side has given up.
            while socket.read_u8().await.is_ok() {}
        }
        request
    });
    (url, seen)
}

async fn read_request(socket: &mut TcpStream) -> String {
    let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
    while !request.ends_with(b"}") {
        let read = socket.read(&mut buffer).await.expect("a request");
        assert!(read > 0, "the request ends early");
        request.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(request).expect("text")
}

#[tokio::test]
async fn an_event_arrives_as_it_was_given_and_the_answer_is_told() {
    let (url, seen) = receiver("HTTP/1.1 204 No Content\r\n\r\n", false).await;
    let answer = World::at_home().post(&url).await.expect("an answer");
    assert_eq!(answer, EndpointAnswer { status: 204, retry_after: None, location: None });
    let request = seen.await.expect("seen");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("POST /hooks?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("webhook-id: evt_1") && head.contains("user-agent: hookyard/"), "{head}");
    assert_eq!(body, "{\"id\":\"evt_1\"}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (url, _) =
        receiver("HTTP/1.1 302 Found\r\nlocation: http://here.test/x\r\nretry-after: 7\r\n\r\n", false).await;
    let answer = World::at_home().post(&url).await.expect("an answer");
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some("http://here.test/x")));
    assert_eq!(answer.retry_after.as_deref(), Some("7"));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_has_thirty_seconds() {
    let (url, _seen) = receiver("", true).await;
    let world = World::at_home();
    let (outcome, ()) = tokio::join!(world.post(&url), world.let_time_pass());
    let error = outcome.expect_err("no answer");
    assert_eq!((error.code, error.message.as_str()), (EndpointErrorCode::Timeout, "there was no answer within 30 s"));
    assert!(world.sleep.sleeping_until().is_empty());
}

#[tokio::test]
async fn what_only_informs_is_no_answer_and_neither_is_half_a_head() {
    let informing = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let then_answering: &'static str = Box::leak(format!("{informing}HTTP/1.1 202 Accepted\r\n\r\n").into_boxed_str());
    let (url, _seen) = receiver(then_answering, false).await;
    assert_eq!(World::at_home().post(&url).await.expect("an answer").status, 202);
    for begun in [informing, "HTTP/1.1 200 OK\r\nx-slow: "] {
        let (url, _seen) = receiver(begun, true).await;
        let world = World::at_home();
        let (outcome, ()) = tokio::join!(world.post(&url), world.let_time_pass());
        assert_eq!(outcome.expect_err("no answer").code, EndpointErrorCode::Timeout, "{begun:?}");
    }
}

#[tokio::test]
async fn an_answer_counts_whose_body_never_ends_but_nobody_waits_for_it_for_ever() {
    let (url, _seen) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", true).await;
    let world = World::at_home();
    let mut time = pin!(world.sleep.sleep(limit::DELIVERY_TIMEOUT));
    let response = world.client.head(request(&url), time.as_mut()).await.expect("an answer");
    assert_eq!(EndpointAnswer::of(&response).status, 200);
    tokio::join!(read_off(response, time), world.let_time_pass());
}

#[tokio::test]
async fn of_a_long_body_only_so_much_is_read() {
    let long: &'static str = Box::leak(
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n{}",
            "x".repeat(limit::DELIVERY_ANSWER_BYTES_MAX + 1)
        )
        .into_boxed_str(),
    );
    let (url, seen) = receiver(long, true).await;
    let world = World::at_home();
    assert_eq!(world.post(&url).await.expect("an answer").status, 200);
    seen.await.expect("the connection is closed, without waiting for the rest");
}

#[tokio::test]
async fn each_way_of_failing_has_its_code() {
    let world = World::at_home();
    assert_eq!(world.code("https://nowhere.test/").await, "dns");
    assert_eq!(world.code("http://127.0.0.1:1/").await, "connect");
    let (url, _seen) = receiver("", false).await;
    assert_eq!(world.code(&url).await, "closed");
    let (url, _seen) = receiver("HTTP/1.1 200 OK\r\nx: ", false).await;
    assert_eq!(world.code(&url).await, "closed");
    let (url, _seen) = receiver("220 smtp.test ESMTP\r\n\r\n", true).await;
    assert_eq!(world.code(&url).await, "protocol");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_not_trusted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://here.test:{}/", listener.local_addr().expect("an address").port());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("somebody calls");
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it listens");
        while socket.read_u8().await.is_ok() {}
    });
    assert_eq!(World::at_home().code(&url).await, "tls");
}

#[tokio::test]
async fn only_permitted_addresses_are_dialled_and_plain_http_goes_to_private_ones_alone() {
    let strict = World::new(&[]);
    for url in
        ["https://here.test/", "https://127.0.0.1/", "http://here.test/", "http://public.test/", "https://[::1]/"]
    {
        assert_eq!(strict.code(url).await, "address-refused", "{url}");
    }
    let message = strict.post("https://here.test/").await.expect_err("refused").message;
    assert!(message.contains("[egress] private_addresses = [\"127.0.0.1/32\"]"), "{message}");
    let message = strict.post("http://public.test/").await.expect_err("refused").message;
    assert!(message.ends_with("use https"), "{message}");
    for url in ["https://both.test/", "http://both.test/", "https://[::ffff:127.0.0.1]/", "https://0x7f000001/"] {
        assert_eq!(strict.code(url).await, "address-refused", "{url}");
    }
    assert_eq!(World::at_home().code("http://both.test/").await, "address-refused", "half of it is public");
    let open = World::new(&["0.0.0.0/0"]);
    let message = open.post("http://metadata.test/").await.expect_err("refused").message;
    assert!(!message.contains("private_addresses"), "no range permits it: {message}");
}
