//! The two servers, each a process of its own, so that its CPU time and memory can be told apart from the client's.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use hookyard_tests::hookyard;
use hookyard_tests::http::send;
use http::Request;
use http_body_util::Full;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub(crate) const TOKEN: &str = "bench-token-0123456789";

/// A server under load; ends when it is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first answer.
    pub(crate) started_ms: f64,
    native: bool,
}

impl Server {
    /// This program, as one of the native servers.
    pub(crate) async fn bench(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        Self::start(command, true).await
    }

    /// A host with one plugin; see [`Server::hookyard_in`].
    pub(crate) async fn hookyard(directory: &Path, component: &str, config: &str) -> anyhow::Result<Self> {
        let plugins = directory.join("plugins");
        fs::create_dir_all(&plugins)?;
        fs::copy(component, plugins.join("plugin.wasm"))?;
        Self::hookyard_in(directory, config).await
    }

    /// A host in a directory that has its plugins: the binary that `HOOKYARD_BENCH_BINARY` names, else the one beside this
    /// program, once it is built.
    pub(crate) async fn hookyard_in(directory: &Path, config: &str) -> anyhow::Result<Self> {
        fs::write(directory.join("hookyard.toml"), format!("listen = \"127.0.0.1:0\"\n{config}"))?;
        let mut command = Command::new(binary()?);
        command.arg("serve").arg("--config").arg(directory.join("hookyard.toml")).env("HOOKYARD_TOKEN", TOKEN);
        command.env("RUST_LOG", "error");
        Self::start(command, false).await
    }

    async fn start(mut command: Command, native: bool) -> anyhow::Result<Self> {
        let begin = now();
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("stdout is piped")?).lines();
        let address = loop {
            let line = lines.next_line().await?.context("the server ended before it listened")?;
            if let Some(address) = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()) {
                break address;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let request = Request::get("/healthz").header("host", format!("{address}")).body(Full::default())?;
        send(address, request).await?;
        let started_ms = begin.elapsed().as_secs_f64() * 1e3;
        Ok(Self { process, address, started_ms, native })
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        let id = self.process.id().context("the server has ended")?;
        Ok(fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }

    /// User and system time so far: fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = self.proc("stat")?;
        let after_name = stat.rsplit_once(')').context("stat has a name")?.1;
        let ticks: Vec<f64> =
            after_name.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() / 100.0)
    }

    /// Resident memory.
    pub(crate) fn resident_mib(&self) -> anyhow::Result<f64> {
        self.status_mib("VmRSS:")
    }

    /// Resident memory that is no file's: what the host itself takes.
    pub(crate) fn anonymous_mib(&self) -> anyhow::Result<f64> {
        self.status_mib("RssAnon:")
    }

    /// Ends the server and waits until it is gone.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }

    /// From now until the host says that it is ready.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        let reply = self.get("/readyz").await?;
        anyhow::ensure!(reply.status() == 200, "not ready: {}", reply.text());
        Ok(())
    }

    /// How many webhooks of a connection are pending, as its metrics say.
    pub(crate) async fn pending(&self, connection: &str) -> anyhow::Result<u64> {
        let metrics = self.get("/metrics").await?.text();
        anyhow::ensure!(metrics.contains("hookyard_store_readable 1\n"), "the inbox could not be read");
        let name = format!("hookyard_inbox_webhooks{{connection=\"{connection}\",state=\"pending\"}} ");
        // What has none is left out.
        metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(Ok(0), |count| Ok(count.parse()?))
    }

    /// How many plugins serve.
    pub(crate) async fn serving(&self) -> anyhow::Result<usize> {
        let listed = self.get("/v1/plugins").await?.json();
        let plugins = listed["plugins"].as_array().context("plugins is a list")?;
        Ok(plugins.iter().filter(|plugin| plugin["state"] == "serving").count())
    }

    /// The most resident memory that there was since [`Server::forget_peak`].
    pub(crate) fn peak_mib(&self) -> anyhow::Result<f64> {
        self.status_mib("VmHWM:")
    }

    /// Lets the peak begin anew: "5" to clear_refs, proc(5).
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        let id = self.process.id().context("the server has ended")?;
        Ok(fs::write(format!("/proc/{id}/clear_refs"), "5")?)
    }

    fn status_mib(&self, name: &str) -> anyhow::Result<f64> {
        let status = self.proc("status")?;
        let line = status.lines().find(|line| line.starts_with(name)).with_context(|| format!("status has {name}"))?;
        let kib: f64 = line.split_whitespace().nth(1).with_context(|| format!("{name} has a value"))?.parse()?;
        Ok(kib / 1024.0)
    }

    /// How many events connections have emitted; those of the host itself do not count.
    pub(crate) async fn events(&self) -> anyhow::Result<u64> {
        if self.native {
            let reply = self.get("/count").await?;
            return Ok(reply.text().parse()?);
        }
        let (mut count, mut after) = (0, String::new());
        loop {
            let page = self.get(&format!("/v1/events?limit=1000{after}")).await?.json();
            let events = page["events"].as_array().context("events is a list")?;
            if events.is_empty() {
                return Ok(count);
            }
            count += events.iter().filter(|event| event.get("connection").is_some()).count() as u64;
            after = format!("&after={}", page["next"].as_str().context("next is a string")?);
        }
    }

    /// `POST` without a body to the API, which has to agree.
    pub(crate) async fn post(&self, path: &str) -> anyhow::Result<()> {
        let request = Request::post(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Full::new(Bytes::new()))?;
        let reply = send(self.address, request).await?;
        anyhow::ensure!(reply.status() == 200, "{path}: {}", reply.text());
        Ok(())
    }

    /// `GET` with the token.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<hookyard_tests::http::Reply> {
        let request = Request::get(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Full::new(Bytes::new()))?;
        send(self.address, request).await
    }
}

/// Benchmarks are what measures time.
fn now() -> Instant {
    Instant::now()
}

/// The host to measure.
fn binary() -> anyhow::Result<PathBuf> {
    match std::env::var_os("HOOKYARD_BENCH_BINARY") {
        Some(binary) => Ok(binary.into()),
        None => hookyard::beside_this_program(),
    }
}
