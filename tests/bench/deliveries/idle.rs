//! What a webhook costs more for subscriptions that its event does not concern.

use super::super::load::drive;
use super::super::webhooks::webhooks;
use super::{host, range};

/// Subscriptions of the hosts.
const SUBSCRIPTIONS: [u32; 4] = [0, 1, 100, 1_000];
/// Windows of each host; they alternate.
const WINDOWS: usize = 7;
/// Webhooks of one window.
const WEBHOOKS: usize = 3_000;
/// Clients that send one webhook after the other.
const CLIENTS: usize = 32;

/// Prints the table.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) async fn measure() -> anyhow::Result<()> {
    let mut hosts = Vec::new();
    for count in SUBSCRIPTIONS {
        let directory = tempfile::tempdir()?;
        let host = host(&directory, &that_match_nothing(count)).await?;
        drive(&host, webhooks("warm-up", WEBHOOKS), CLIENTS).await?;
        hosts.push((count, directory, host, Vec::new(), Vec::new()));
    }
    for window in 0..WINDOWS {
        for (_, _, host, cpu, per_second) in &mut hosts {
            let window = drive(host, webhooks(&window.to_string(), WEBHOOKS), CLIENTS).await?;
            cpu.push(window.cpu_us);
            per_second.push(window.per_second);
        }
    }
    println!("subscriptions that match nothing; {WINDOWS} windows of {WEBHOOKS} webhooks, medians (min-max)");
    println!(
        "{:>14} {:>24} {:>24} {:>22} {:>14}",
        "subscriptions", "CPU us a webhook", "webhooks/s", "ratio to none", "anonymous MiB"
    );
    let none = hosts[0].3.clone();
    for (count, _, host, cpu, per_second) in hosts {
        let ratios = cpu.iter().zip(&none).map(|(with, without)| with / without).collect();
        println!(
            "{count:>14} {:>24} {:>24} {:>22} {:>14.1}",
            range(cpu, 0),
            range(per_second, 0),
            range(ratios, 2),
            host.anonymous_mib()?
        );
        host.end().await?;
    }
    println!();
    Ok(())
}

/// To an endpoint that would refuse the connection.
fn that_match_nothing(count: u32) -> String {
    let subscription = |number| {
        format!(
            "[subscriptions.nothing-{number}]\ntypes = [\"nothing.of-{number}.*\"]\n\
             endpoint = {{ url = \"http://127.0.0.1:9/\" }}\n"
        )
    };
    (0..count).map(subscription).collect()
}
