//! Requests over `wasi:http/outgoing-handler`, with nothing between the guest and the interface that could put them right.

use serde::Deserialize;
use serde_json::{Value, json};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

/// What one call of `blocking-write-and-flush` takes.
const WRITE_BYTES_MAX: usize = 4096;
const READ_BYTES: u64 = 64 * 1024;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Headers or trailers.
type Entries = Vec<(String, String)>;

/// A request, handed over as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    #[serde(default = "get")]
    method: String,
    /// `SCHEME://AUTHORITY/PATH?QUERY`; what stands before and after is what the interface gets.
    url: String,
    #[serde(default)]
    headers: Entries,
    /// The pieces of the body, each flushed before the next is written.
    #[serde(default)]
    body: Vec<String>,
    /// So many bytes more, which need not stand in the input.
    #[serde(default)]
    more_bytes: usize,
    /// Sent after the body.
    trailers: Option<Entries>,
    /// How long the first byte of the answer may take.
    first_byte_ms: Option<u64>,
}

impl Request {
    /// The same with one more header.
    pub(crate) fn with_header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }
}

fn get() -> String {
    "GET".into()
}

/// A request that has been handed over: its answer, and the body that is still to be written.
struct Sent(FutureIncomingResponse, OutgoingBody);

/// Sends a request and reads the whole answer: `{status, headers, body, trailers}`.
pub(crate) fn exchange(request: &Request) -> Result<Value, String> {
    let Sent(answer, body) = send(request)?;
    write(request, body)?;
    read(&answer)
}

/// Each answer as `{"got": …}` or `{"refused": …}`, in the order of the requests.
pub(crate) fn exchange_all(requests: &[Request]) -> Value {
    let sent = |request| {
        let Sent(answer, body) = send(request)?;
        write(request, body).map(|()| answer)
    };
    let under_way: Vec<_> = requests.iter().map(sent).collect();
    let answers = under_way.into_iter().map(|answer| match answer.and_then(|answer| read(&answer)) {
        Ok(got) => json!({ "got": got }),
        Err(refused) => json!({ "refused": refused }),
    });
    answers.collect()
}

/// The last answer of so many.
pub(crate) fn repeat(times: u32, request: &Request) -> Result<Value, String> {
    let mut last = Ok(Value::Null);
    for _ in 0..times {
        last = exchange(request);
    }
    last
}

/// Sends a request and drops the answer before it is there.
pub(crate) fn give_up(request: &Request) -> Result<Value, String> {
    let Sent(answer, body) = send(request)?;
    write(request, body)?;
    drop(answer);
    Ok(Value::Null)
}

/// Writes the pieces of a body, and never says that it is complete.
pub(crate) fn leave_unfinished(request: &Request) -> Result<Value, String> {
    let Sent(answer, body) = send(request)?;
    write_pieces(request, &body);
    drop(body);
    read(&answer)
}

/// Writes the pieces of a body, and is gone before it could say whether that was all.
pub(crate) fn trap_within(request: &Request) -> Result<Value, String> {
    let Sent(_answer, body) = send(request)?;
    write_pieces(request, &body);
    panic!("a trap in the middle of a request");
}

fn send(request: &Request) -> Result<Sent, String> {
    let outgoing = OutgoingRequest::new(fields(&request.headers)?);
    let (scheme, rest) = request.url.split_once("://").ok_or("the url has no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, None), |slash| (&rest[..slash], Some(&rest[slash..])));
    let invalid = |what: &'static str| move |()| format!("the host takes no such {what}");
    outgoing.set_method(&method(&request.method)).map_err(invalid("method"))?;
    outgoing.set_scheme(Some(&named(scheme))).map_err(invalid("scheme"))?;
    outgoing.set_authority(Some(authority)).map_err(invalid("authority"))?;
    outgoing.set_path_with_query(path).map_err(invalid("path"))?;
    let body = outgoing.body().map_err(|()| "a request has one body")?;
    let options = RequestOptions::new();
    options
        .set_first_byte_timeout(request.first_byte_ms.map(|ms| ms * NANOS_PER_MILLI))
        .map_err(invalid("time-out"))?;
    let answer = handle(outgoing, Some(options)).map_err(said)?;
    Ok(Sent(answer, body))
}

fn write(request: &Request, body: OutgoingBody) -> Result<(), String> {
    write_pieces(request, &body);
    let trailers = request.trailers.as_deref().map(fields).transpose()?;
    // Why a body is not taken is what the answer says.
    let _refused = OutgoingBody::finish(body, trailers);
    Ok(())
}

fn write_pieces(request: &Request, body: &OutgoingBody) {
    let Ok(stream) = body.write() else { return };
    let more = vec![b'x'; request.more_bytes];
    let pieces = request.body.iter().map(String::as_bytes).chain([more.as_slice()]);
    for piece in pieces.flat_map(|piece| piece.chunks(WRITE_BYTES_MAX)) {
        if stream.blocking_write_and_flush(piece).is_err() {
            return;
        }
    }
}

fn read(answer: &FutureIncomingResponse) -> Result<Value, String> {
    answer.subscribe().block();
    let response = answer.get().ok_or("an answer that is ready is there")?.map_err(|()| "an answer is taken once")?;
    let response = response.map_err(said)?;
    let (status, headers) = (response.status(), entries(&response.headers()));
    let (body, trailers) = read_body(&response)?;
    Ok(json!({ "status": status, "headers": headers, "body": body, "trailers": trailers }))
}

fn read_body(response: &IncomingResponse) -> Result<(String, Option<Entries>), String> {
    let body = response.consume().map_err(|()| "a body is taken once")?;
    let stream = body.stream().map_err(|()| "a body has one stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(read) => bytes.extend(read),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(http_error_code(&error).map_or_else(|| error.to_debug_string(), said));
            }
        }
    }
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    let trailers =
        trailers.get().ok_or("trailers that are ready are there")?.map_err(|()| "trailers are taken once")?;
    let trailers = trailers.map_err(said)?.map(|fields| entries(&fields));
    Ok((String::from_utf8_lossy(&bytes).into_owned(), trailers))
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn named(scheme: &str) -> Scheme {
    match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    }
}

fn fields(entries: &[(String, String)]) -> Result<Fields, String> {
    let entries: Vec<_> = entries.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    Fields::from_list(&entries).map_err(|error| format!("{error:?}"))
}

fn entries(fields: &Fields) -> Entries {
    let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
    fields.entries().into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// `HttpRequestDenied` for `ErrorCode::HttpRequestDenied`.
fn said(code: ErrorCode) -> String {
    let code = format!("{code:?}");
    code.strip_prefix("ErrorCode::").unwrap_or(&code).to_owned()
}
