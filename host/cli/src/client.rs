//! Asks a running host: over its local socket, or at `HOOKYARD_URL` with `HOOKYARD_TOKEN`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use hookyard_domain::limit;
use hookyard_server::config::{self, Flags};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use crate::environment;
use crate::failure::WrongUsage;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the host may say nothing; its stream of events says something every 15 s.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Which host is asked.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Host", after_help = AFTER_HELP)]
pub(crate) struct HostArguments {
    /// The host's data directory, where its socket is [env: HOOKYARD_DATA; default: what the file says, else `data`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The host's configuration, to find its data directory [env: HOOKYARD_CONFIG; default: hookyard.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

impl HostArguments {
    /// Those of a command whose own `--config` is something else.
    pub(crate) fn of_data(data: Option<PathBuf>, json: bool) -> Self {
        Self { data, config: None, json }
    }
}

const AFTER_HELP: &str = "Asks the host at HOOKYARD_URL with the token HOOKYARD_TOKEN, or without HOOKYARD_URL the one \
whose socket is in the data directory. Prints a table, whether or not to a terminal; with --json, JSON.";

/// A host that can be asked.
#[derive(Debug)]
pub(crate) struct Host {
    client: reqwest::Client,
    base: Url,
    token: Option<String>,
    /// For messages: the socket's path, or the URL.
    place: String,
}

impl Host {
    /// The host that the arguments and the environment name. Nothing is sent yet.
    ///
    /// # Errors
    /// `HOOKYARD_URL` is not a URL, or the configuration that was named cannot be read.
    pub(crate) fn find(arguments: &HostArguments) -> anyhow::Result<Self> {
        Self::find_with(arguments, SILENCE_TIMEOUT)
    }

    /// The same, for a request whose answer takes as long as an invocation may.
    ///
    /// # Errors
    /// As [`Host::find`].
    pub(crate) fn find_patient(arguments: &HostArguments) -> anyhow::Result<Self> {
        Self::find_with(arguments, limit::DEADLINE_MAX + SILENCE_TIMEOUT)
    }

    fn find_with(arguments: &HostArguments, silence: Duration) -> anyhow::Result<Self> {
        // Fails where it was done before, which serves as well.
        rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(silence)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("hookyard/", env!("CARGO_PKG_VERSION")));
        let (builder, base, token, place) = match environment("HOOKYARD_URL").filter(|url| !url.is_empty()) {
            Some(text) => {
                let base = base_url(&text)?;
                let token = environment("HOOKYARD_TOKEN").filter(|token| !token.is_empty());
                (builder, base, token, text)
            }
            None => {
                let socket = socket(arguments)?;
                let place = socket.display().to_string();
                // Over the socket the name is only a name; this one every host answers to.
                (builder.unix_socket(socket), base_url("http://localhost/")?, None, place)
            }
        };
        let client = builder.build().context("cannot make requests")?;
        Ok(Self { client, base, token, place })
    }

    /// Where the host is, for messages.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// `GET`, with query parameters.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<T> {
        self.answer(self.request(Method::GET, path, query)).await
    }

    /// `GET` of something that may not be there.
    ///
    /// # Errors
    /// There is no host, or it refuses for another reason.
    pub(crate) async fn get_if_there(&self, path: &str) -> anyhow::Result<Option<Value>> {
        match self.get(path, &[]).await {
            Err(error) if error.downcast_ref::<Refusal>().is_some_and(Refusal::is_not_found) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// `POST`, with a JSON body.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send_json(Method::POST, path, body).await
    }

    /// `POST`, with a JSON body, which is answered without one.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn order(&self, path: &str, body_sent: &Value) -> anyhow::Result<()> {
        let request = self.request(Method::POST, path, &[]).header(CONTENT_TYPE, "application/json");
        let mut response = self.send(request.body(body_sent.to_string())).await?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(refusal(status, &body(&mut response).await?)) }
    }

    /// `PUT`, with a JSON body.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send_json(Method::PUT, path, body).await
    }

    /// `PATCH`, with a JSON merge patch (RFC 7396).
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send_json(Method::PATCH, path, body).await
    }

    /// `DELETE`, which is answered without a body.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let mut response = self.send(self.request(Method::DELETE, path, &[])).await?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(refusal(status, &body(&mut response).await?)) }
    }

    async fn send_json(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.request(method, path, &[]).header(CONTENT_TYPE, "application/json");
        self.answer(request.body(body.to_string())).await
    }

    /// `POST` of a JSON text as it is, with an `Idempotency-Key` if there is one; the answer is JSON as it came.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn call(&self, path: &str, body: String, key: Option<&str>) -> anyhow::Result<Box<RawValue>> {
        let request = self.request(Method::POST, path, &[]).header(CONTENT_TYPE, "application/json").body(body);
        self.answer(key.into_iter().fold(request, |request, key| request.header("idempotency-key", key))).await
    }

    /// `GET` of a stream; its body is left to be read.
    ///
    /// # Errors
    /// There is no host, or it refuses.
    pub(crate) async fn stream(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Response> {
        let request = self.request(Method::GET, path, query).header(ACCEPT, "text/event-stream");
        let mut response = self.send(request).await?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(refusal(status, &body(&mut response).await?)),
        }
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let mut response = self.send(request).await?;
        let status = response.status();
        let bytes = body(&mut response).await?;
        if !status.is_success() {
            return Err(refusal(status, &bytes));
        }
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} did not answer JSON; is it a Hookyard host?", self.place))
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        request.send().await.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, error: reqwest::Error) -> anyhow::Error {
        let error = error.without_url();
        let kind = io_kind(&error);
        if matches!(kind, Some(ErrorKind::ConnectionRefused | ErrorKind::NotFound)) {
            anyhow::anyhow!("no host is running at {}; start one with `hookyard serve`", self.place)
        } else {
            anyhow::Error::new(error).context(format!("cannot reach the host at {}", self.place))
        }
    }
}

fn socket(arguments: &HostArguments) -> anyhow::Result<PathBuf> {
    let flags = Flags { config: arguments.config.clone(), data: arguments.data.clone(), ..Flags::default() };
    let directory = std::env::current_dir().context("cannot find the current directory")?;
    Ok(config::data_directory(&flags, &directory, &environment)?.join("hookyard.sock"))
}

fn base_url(text: &str) -> anyhow::Result<Url> {
    let usable = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    usable.ok_or_else(|| {
        WrongUsage("HOOKYARD_URL is not an http or https URL, such as http://127.0.0.1:8080".to_owned()).into()
    })
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}

async fn body(response: &mut Response) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.context("the answer broke off")? {
        anyhow::ensure!(
            bytes.len() + chunk.len() <= ANSWER_BYTES_MAX,
            "the answer is larger than {ANSWER_BYTES_MAX} bytes"
        );
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A problem document (RFC 9457) as text for people.
fn refusal(status: StatusCode, body: &[u8]) -> anyhow::Error {
    Refusal { status, text: refusal_text(status, body) }.into()
}

fn refusal_text(status: StatusCode, body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or("no code");
    let said = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("the host gives no reason");
    let mut text = format!("{said} ({} {code})", status.as_u16());
    // The host's own detail is all errors in one sentence: a single one need not be said twice, unless its place is news.
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has_place = |error: &Value| errors.len() == 1 && error["pointer"].as_str() != Some("");
    let is_new = |error: &&Value| error["detail"].as_str() != Some(said) || has_place(error);
    for error in errors.iter().filter(is_new) {
        let member = |name: &str| error[name].as_str().unwrap_or_default();
        text.push_str(&format!("\n  {}: {}", member("pointer"), member("detail")));
    }
    if status == StatusCode::UNAUTHORIZED {
        text.push_str(
            "\nset HOOKYARD_TOKEN to a token of this host; `hookyard tokens create` beside the host makes one",
        );
    }
    crate::output::clean_lines(&text)
}

/// The host answered, and did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
}

impl Refusal {
    fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_reads_as_text_with_its_code() {
        let body =
            br#"{"title":"Unprocessable Entity","status":422,"code":"invalid-input","detail":"two are wrong",
            "errors":[{"pointer":"/limit","code":"out-of-range","detail":"limit is 1 to 1000\u001b[2J"},{"pointer":"/a","detail":"two are wrong"}]}"#;
        let text = refusal(StatusCode::UNPROCESSABLE_ENTITY, body).to_string();
        assert_eq!(text, "two are wrong (422 invalid-input)\n  /limit: limit is 1 to 1000\u{fffd}[2J");
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, b"<html>").to_string(), "the host gives no reason (502 no code)");
        assert!(refusal(StatusCode::UNAUTHORIZED, b"{}").to_string().contains("HOOKYARD_TOKEN"));
    }

    #[test]
    fn a_host_is_an_http_or_https_url() {
        assert!(base_url("https://hooks.example.com/api").is_ok());
        for bad in ["127.0.0.1:8080", "ftp://x", "", "unix:/x"] {
            assert!(base_url(bad).expect_err(bad).downcast_ref::<WrongUsage>().is_some());
        }
    }
}
