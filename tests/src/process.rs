//! The real binary, as a process that can be killed.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::host::{SECRET, TOKEN};
use crate::http::{Reply, send};
use crate::{compiled, guests, sign};

/// A host in a directory of its own. What it says on stdout and stderr stands there in `stdout.log` and `stderr.log`.
pub struct HostProcess {
    binary: PathBuf,
    directory: TempDir,
    process: Child,
    address: SocketAddr,
    log: &'static str,
}

impl HostProcess {
    /// Starts `binary serve` with one connection `shop`. It has nothing but the component: it compiles it itself.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(binary: &str) -> Self {
        // Nobody is there: what these hosts are for are webhooks.
        let config = format!(
            "[connections.shop]\nplugin = \"aftership\"\n\
             config = {{ api_key = \"k\", webhook_secret = \"{SECRET}\", api_base = \"https://127.0.0.1:9\" }}"
        );
        Self::start_in(laid_out(&[guests::AFTERSHIP], &config), binary, "warn").await
    }

    /// Starts `binary serve` with one plugin, these lines in hookyard.toml, and this as `RUST_LOG`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start_with(binary: &str, component: &str, config: &str, log: &'static str) -> Self {
        Self::start_with_all(binary, &[component], config, log).await
    }

    /// The same with several plugins. Tests share their compiled code.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start_with_all(binary: &str, components: &[&str], config: &str, log: &'static str) -> Self {
        let directory = laid_out(components, config);
        compiled::give(binary.as_ref(), components, &directory.path().join("data")).await;
        Self::start_in(directory, binary, log).await
    }

    async fn start_in(directory: TempDir, binary: &str, log: &'static str) -> Self {
        let (process, address) = serve(binary.as_ref(), directory.path(), log).await;
        Self { binary: binary.into(), directory, process, address, log }
    }

    /// SIGKILL: the process gets no chance to finish anything.
    ///
    /// # Panics
    /// It cannot be killed.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the process can be killed");
    }

    /// SIGHUP: the host reads its configuration again, at some time from now on.
    ///
    /// # Panics
    /// The signal cannot be sent.
    pub async fn hang_up(&self) {
        let id = self.process.id().expect("the process runs").to_string();
        let status = Command::new("kill").args(["-HUP", &id]).status().await.expect("kill runs");
        assert!(status.success(), "the signal cannot be sent");
    }

    /// Starts again on the same directory.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start_again(&mut self) {
        (self.process, self.address) = serve(&self.binary, self.directory.path(), self.log).await;
    }

    /// The directory with hookyard.toml and data.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends any request, with the token.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> anyhow::Result<Reply> {
        let request = request
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Full::new(body.into()))?;
        send(self.address, request).await
    }

    /// Has a connection run an action, under a name of the client's for this call.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn call_as(&self, key: &str, connection: &str, action: &str, input: &Value) -> anyhow::Result<Reply> {
        let request = Request::post(format!("/v1/connections/{connection}/actions/{action}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.send(request, input.to_string()).await
    }

    /// A signed webhook.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn webhook(&self, body: Bytes) -> anyhow::Result<Reply> {
        let request = Request::post("/webhooks/shop")
            .header("host", self.address.to_string())
            .header("aftership-hmac-sha256", sign::hmac_sha256_base64(SECRET, &body))
            .body(Full::new(body))?;
        send(self.address, request).await
    }

    /// The first thousand events, without the host's own.
    ///
    /// # Panics
    /// The API does not answer as documented.
    pub async fn events(&self) -> Vec<Value> {
        let request = Request::get("/v1/events?limit=1000")
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Full::default())
            .expect("the request is well-formed");
        let page = send(self.address, request).await.expect("the host answers").json();
        let events = page["events"].as_array().expect("events is a list");
        events.iter().filter(|event| event["source"] != "/host").cloned().collect()
    }
}

/// A directory with these plugins, and these lines in hookyard.toml.
fn laid_out(components: &[&str], config: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let plugins = directory.path().join("plugins");
    fs::create_dir(&plugins).expect("a directory can be made");
    for component in components {
        let name = Path::new(component).file_name().expect("a component has a file name");
        fs::copy(component, plugins.join(name)).expect("a component can be copied");
    }
    let config = format!("listen = \"127.0.0.1:0\"\npool_slots = 8\n{config}\n");
    fs::write(directory.path().join("hookyard.toml"), config).expect("a file can be written");
    directory
}

/// Starts the process and waits until it says where it listens.
async fn serve(binary: &Path, directory: &Path, log: &str) -> (Child, SocketAddr) {
    let mut process = Command::new(binary)
        .args(["serve", "--config", "hookyard.toml"])
        .current_dir(directory)
        .env("HOOKYARD_TOKEN", TOKEN)
        .env("RUST_LOG", log)
        .stdout(Stdio::piped())
        .stderr(appended(&directory.join("stderr.log")))
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    loop {
        let line = lines.next_line().await.expect("stdout can be read").expect("the host says where it listens");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        if let Some(address) = address {
            let address = address.parse().expect("an address with a port");
            let mut file = appended(&directory.join("stdout.log"));
            writeln!(file, "{line}").expect("a file can be written");
            let mut rest = tokio::fs::File::from_std(file);
            tokio::spawn(async move { tokio::io::copy(&mut lines.into_inner(), &mut rest).await });
            return (process, address);
        }
    }
}

fn appended(file: &Path) -> fs::File {
    fs::File::options().create(true).append(true).open(file).expect("a file can be written")
}
