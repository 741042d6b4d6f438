//! What leaves the host: how many deliveries it makes beside what its client alone could, how fast it catches up, what
//! subscriptions cost that match nothing, what others feel of a dead endpoint, and what followers take.

mod backlog;
mod catch_up;
mod followers;
mod idle;
mod neighbours;
pub(crate) mod taker;

use hookyard_tests::guests;
use tempfile::TempDir;

use super::process::Server;
use super::webhooks::SECRET;

/// Events of an hour at a hundred a second: the backlog, where nothing else is said.
const AN_HOUR: u32 = 360_000;

/// Prints all tables. `many`: events of the long backlog.
pub(crate) async fn measure(many: Option<u32>) -> anyhow::Result<()> {
    catch_up::measure(many.unwrap_or(AN_HOUR).max(1)).await?;
    idle::measure().await?;
    neighbours::measure().await?;
    followers::measure().await
}

/// A host with the connection `shop` and these subscriptions.
async fn host(directory: &TempDir, subscriptions: &str) -> anyhow::Result<Server> {
    let config = format!(
        "{EGRESS}[connections.shop]\nplugin = \"aftership\"\n\
         config = {{ api_key = \"k\", webhook_secret = \"{SECRET}\", api_base = \"https://127.0.0.1:9\" }}\n{subscriptions}"
    );
    Server::hookyard(directory.path(), guests::AFTERSHIP, &config).await
}

/// Receivers are on this machine.
const EGRESS: &str = "[egress]\nprivate_addresses = [\"127.0.0.1/32\"]\n";

/// Median, least and most.
fn range(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (median, min, max) = (values[values.len() / 2], values[0], values[values.len() - 1]);
    format!("{median:.digits$} ({min:.digits$}-{max:.digits$})")
}
