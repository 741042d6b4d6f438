//! The directory that outlives the hosts of a crash test, and those hosts.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use bytes::Bytes;
use hookyard_domain::limit;
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::deliveries::FLOW;
use super::orders::CrashOrder;
use super::receiver::{EACH, IN_ORDER, RUNS, Receiver};
use super::webhook::{HANDLED, RECEIPT};
use super::{DiskKind, Plan};
use crate::another_version::AnotherVersion;
use crate::guests;
use crate::host::{SECRET, TOKEN};
use crate::http::{Reply, send};

/// What hosts say.
const LOG: &str = "stderr.log";
/// SIGKILL.
const KILLED: i32 = 9;

/// The directory.
#[derive(Debug)]
pub(super) struct Grounds {
    directory: TempDir,
    pub(super) receiver: Receiver,
}

impl Grounds {
    /// With the plugins in it, and the receiver that the hosts deliver to.
    pub(super) async fn prepare() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let plugins = directory.path().join("plugins");
        fs::create_dir(&plugins)?;
        fs::copy(guests::TALLY, plugins.join("handled.wasm"))?;
        let receipt = AnotherVersion::of(guests::TALLY).text("tally-handled", "tally-receipt");
        fs::write(plugins.join("receipt.wasm"), receipt.bytes())?;
        fs::copy(guests::ECHO, plugins.join("echo.wasm"))?;
        let grounds = Self { directory, receiver: Receiver::start().await? };
        grounds.configure(false)?;
        Ok(grounds)
    }

    /// Lets the directory stay, and says where it is and what the hosts have said last, the newest first.
    pub(super) fn keep(&mut self) -> String {
        self.directory.disable_cleanup(true);
        let said = fs::read_to_string(self.directory.path().join(LOG)).unwrap_or_default();
        let last: Vec<_> = said.lines().rev().take(20).collect();
        format!("{} is kept; the hosts said:\n{}", self.directory.path().display(), last.join("\n"))
    }

    /// From the next host on, webhooks and timers fail as they say, or not at all.
    pub(super) fn configure(&self, steady: bool) -> anyhow::Result<()> {
        let connection = |id: &str, plugin: &str| {
            format!(
                "[connections.{id}]\nplugin = \"{plugin}\"\nconfig = {{ secret = \"{SECRET}\", steady = {steady} }}\n"
            )
        };
        let (handled, receipt) = (connection(HANDLED, "tally-handled"), connection(RECEIPT, "tally-receipt"));
        // Plugins that fail on command are no reason to go back to an earlier version.
        let head = "listen = \"127.0.0.1:0\"\npool_slots = 32\n[rollback]\nenabled = false\n";
        let ways_out = self.ways_out();
        Ok(fs::write(self.directory.path().join("hookyard.toml"), format!("{head}{handled}{receipt}{ways_out}"))?)
    }

    /// Every event goes to one URL, those of keys with an order to another, in that order, and what timers say to an action that is
    /// not idempotent: it tells the receiver for which event it runs, and emits one itself.
    fn ways_out(&self) -> String {
        let base = self.receiver.base();
        format!(
            r#"
[egress]
private_addresses = ["127.0.0.1/32"]
[connections.ledger]
plugin = "echo"
config = {{ base = "{base}" }}
grants = {{ private_addresses = ["127.0.0.1/32"] }}
[subscriptions.each]
types = ["tally-handled.*", "tally-receipt.*"]
endpoint = {{ url = "{base}{EACH}" }}
[subscriptions.in-order]
types = ["tally-handled.entry.counted", "tally-receipt.entry.counted"]
ordered = true
endpoint = {{ url = "{base}{IN_ORDER}" }}
[subscriptions.{FLOW}]
types = ["tally-handled.entry.fired", "tally-receipt.entry.fired"]
[subscriptions.{FLOW}.endpoint]
connection = "ledger"
action = "do"
max_per_minute_and_subject = {max}
[[subscriptions.{FLOW}.endpoint.input.do]]
fetch = {{ url = "{base}{RUNS}{{{{ event.id }}}}", method = "POST" }}
[[subscriptions.{FLOW}.endpoint.input.do]]
emit = {{ data = "{{{{ event.id }}}}" }}
"#,
            max = limit::FLOW_PER_MINUTE_AND_SUBJECT_MAX
        )
    }

    /// `hookyard serve` of this binary.
    pub(super) async fn real(&self, hookyard: &Path) -> anyhow::Result<Target> {
        let mut command = Command::new(hookyard);
        command.args(["serve", "--config", "hookyard.toml"]).env("HOOKYARD_TOKEN", TOKEN).env("RUST_LOG", "warn");
        Target::start(command, self.directory.path()).await
    }

    /// The host of the crash test, with a clock of this speed.
    pub(super) async fn faulty(&self, plan: &Plan, clock_speed: u32) -> anyhow::Result<Target> {
        let mut command = Command::new(&plan.program);
        command.args(["serve", "--clock-speed", &clock_speed.to_string()]);
        match plan.disk {
            DiskKind::Usual => {}
            DiskKind::Forgetful => drop(command.arg("--forgetful")),
            DiskKind::ForgetfulWithoutSyncs => drop(command.args(["--forgetful", "--forgo-syncs"])),
        }
        Target::start(command, self.directory.path()).await
    }
}

/// A host that runs, and is killed at the latest when this is dropped.
#[derive(Debug)]
pub(super) struct Target {
    process: Child,
    orders: ChildStdin,
    pub(super) address: SocketAddr,
}

impl Target {
    async fn start(mut command: Command, directory: &Path) -> anyhow::Result<Self> {
        let log = directory.join(LOG);
        let mut process = command
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::options().create(true).append(true).open(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        let orders = process.stdin.take().context("stdin is piped")?;
        let mut lines = BufReader::new(process.stdout.take().context("stdout is piped")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(address) = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()) {
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { process, orders, address });
            }
        }
        anyhow::bail!("a host did not start")
    }

    /// Has it kill itself at a crash point.
    pub(super) async fn order(&mut self, order: CrashOrder) -> anyhow::Result<()> {
        self.orders.write_all(order.line().as_bytes()).await?;
        Ok(self.orders.flush().await?)
    }

    /// SIGKILL, now.
    pub(super) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Waits until it has killed itself.
    pub(super) async fn killed_itself(&mut self) -> anyhow::Result<()> {
        let status = self.process.wait().await?;
        anyhow::ensure!(status.signal() == Some(KILLED), "a host ended by itself: {status}");
        Ok(())
    }

    /// Ends it in peace.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        let Self { mut process, orders, .. } = self;
        drop(orders);
        let status = process.wait().await?;
        anyhow::ensure!(status.success(), "a host did not end in peace: {status}");
        Ok(())
    }

    /// GET of an API path.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.api(Request::get(path), Bytes::new()).await
    }

    /// POST of JSON to an API path.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.api(Request::post(path).header("content-type", "application/json"), body.to_string().into()).await
    }

    async fn api(&self, request: http::request::Builder, body: Bytes) -> anyhow::Result<Value> {
        let request =
            request.header("host", self.address.to_string()).header("authorization", format!("Bearer {TOKEN}"));
        let reply: Reply = send(self.address, request.body(Full::new(body))?).await?;
        anyhow::ensure!((200..300).contains(&reply.status()), "{}: {}", reply.status(), reply.text());
        Ok(reply.json())
    }
}
