//! How fast a backlog leaves, beside what the host's own client reaches when it has nothing else to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::ensure;
use bytes::Bytes;
use hookyard_capability::{Egress, EgressSettings, EndpointClient, EndpointRequest, SystemSleep};
use hookyard_domain::address::AddressPolicy;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::task::JoinSet;

use super::super::open_loop::now;
use super::super::process::Server;
use super::taker::{self, Count};
use super::{EGRESS, backlog, range};

/// Events of one window.
const EVENTS: u32 = 20_000;
/// Windows of each kind; they alternate.
const WINDOWS: usize = 3;
/// Attempts of one endpoint at a time: the default, and the most.
const IN_FLIGHT: [u32; 2] = [8, 64];
/// Longest that a backlog may take.
const WITHIN: Duration = Duration::from_secs(60 * 60);
/// How long to wait between two looks at how many have arrived.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Prints both tables; `many` is the size of the long backlog.
#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
pub(crate) async fn measure(many: u32) -> anyhow::Result<()> {
    let taker = Server::bench(&["taker"]).await?;
    println!("{EVENTS} events of 1.0 KB to one local receiver; medians of {WINDOWS} windows (min-max)");
    println!(
        "{:>10} {:>26} {:>26} {:>18} {:>20}",
        "in flight", "client alone, per s", "deliveries per s", "ratio", "CPU us a delivery"
    );
    for in_flight in IN_FLIGHT {
        let (mut alone, mut hosts, mut ratios, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..WINDOWS {
            let client = per_second(by_client(&taker, EVENTS, in_flight).await?);
            let (count, cpu_us) = by_host(&taker, EVENTS, in_flight).await?;
            let host = per_second(count);
            alone.push(client);
            hosts.push(host);
            ratios.push(host / client);
            cpu.push(cpu_us);
        }
        println!(
            "{in_flight:>10} {:>26} {:>26} {:>18} {:>20}",
            range(alone, 0),
            range(hosts, 0),
            range(ratios, 2),
            range(cpu, 0)
        );
    }
    let (count, cpu_us) = by_host(&taker, many, IN_FLIGHT[0]).await?;
    println!(
        "\ncatch-up of {many} events with {} in flight: {:.1} s, {:.0} a second, {cpu_us:.0} us CPU each; arrived {}, events {}\n",
        IN_FLIGHT[0],
        count.seconds,
        per_second(count),
        count.requests,
        count.distinct
    );
    taker.end().await
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_second(count: Count) -> f64 {
    count.requests as f64 / count.seconds.max(1e-6)
}

/// A host that finds so many events when it starts. All of them have to arrive.
async fn by_host(taker: &Server, events: u32, in_flight: u32) -> anyhow::Result<(Count, f64)> {
    taker::forget(taker).await?;
    let directory = tempfile::tempdir()?;
    std::fs::create_dir(directory.path().join("plugins"))?;
    let config = format!(
        "{EGRESS}[subscriptions.crm]\ntypes = [\"aftership.*\"]\n\
         endpoint = {{ url = \"http://{}/\", max_in_flight = {in_flight} }}\n",
        taker.address
    );
    // The subscription begins behind the newest event of the host's first start.
    Server::hookyard_in(directory.path(), &config).await?.end().await?;
    backlog::fill(directory.path(), events).await?;
    let host = Server::hookyard_in(directory.path(), &config).await?;
    let begin = now();
    let count = loop {
        let count = taker::count(taker).await?;
        if count.distinct >= u64::from(events) {
            break count;
        }
        ensure!(begin.elapsed() < WITHIN, "{} of {events} events have arrived", count.distinct);
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let cpu_us = host.cpu_seconds()? * 1e6 / f64::from(events);
    host.end().await?;
    ensure!(count.distinct == u64::from(events), "{} events have arrived, not {events}", count.distinct);
    Ok((count, cpu_us))
}

/// The client of deliveries, with as many requests and in flight as the host.
async fn by_client(taker: &Server, events: u32, in_flight: u32) -> anyhow::Result<Count> {
    taker::forget(taker).await?;
    let egress = Egress::new(EgressSettings::of_this_machine())?;
    let policy = AddressPolicy::new(["127.0.0.1/32".parse()?]);
    let client = Arc::new(EndpointClient::new(&egress, &policy, Arc::new(SystemSleep))?);
    let (url, next) = (url::Url::parse(&format!("http://{}/", taker.address))?, Arc::new(AtomicU32::new(0)));
    let body = Bytes::from(vec![b'x'; 1_000]);
    let mut senders = JoinSet::new();
    for _ in 0..in_flight {
        let (client, next, url, body) = (Arc::clone(&client), Arc::clone(&next), url.clone(), body.clone());
        senders.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= events {
                    return anyhow::Ok(());
                }
                let request = EndpointRequest { url: url.clone(), headers: headers(number)?, body: body.clone() };
                let answer = client.post(request).await?;
                ensure!(answer.status == 200, "the receiver answered {}", answer.status);
            }
        });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    let count = taker::count(taker).await?;
    ensure!(count.requests == u64::from(events), "{} requests have arrived, not {events}", count.requests);
    Ok(count)
}

fn headers(number: u32) -> anyhow::Result<HeaderMap> {
    let texts = [
        ("content-type", "application/cloudevents+json".to_owned()),
        ("webhook-id", format!("evt_{number:026}")),
        ("webhook-timestamp", "1772618400".to_owned()),
        ("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=".to_owned()),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in texts {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value)?);
    }
    Ok(headers)
}
