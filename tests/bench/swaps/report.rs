//! What the swaps of one run took, and what the webhooks during them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::super::open_loop::Sent;
use super::said;

/// After a version's first answer the last ones of the version before still come.
const SETTLES: Duration = Duration::from_millis(100);

/// One version took over from another.
pub(super) struct Swap {
    pub(super) number: u16,
    pub(super) version: String,
    pub(super) copied: Instant,
    /// Webhooks in flight when the file was written.
    pub(super) at_copy: u64,
    pub(super) first_seen: Instant,
}

impl Swap {
    /// Webhooks that were in flight when the first webhook left that the new version answered: the swap lies just before, or
    /// while it was under way.
    pub(super) fn in_flight(&self, sent: &[Sent]) -> usize {
        let after = sent.iter().filter(|sent| sent.left >= self.copied);
        let new = after.filter(|sent| said(sent).as_ref() == Some(&self.version));
        let Some(first) = new.map(|sent| sent.left).min() else { return 0 };
        sent.iter().filter(|sent| sent.left <= first && sent.ended > first).count()
    }

    /// Answers of other versions to webhooks that had left before the new version's first answer, and came after it.
    fn finished_on_the_old(&self, sent: &[Sent]) -> usize {
        let during = sent.iter().filter(|sent| sent.left <= self.first_seen && sent.ended > self.first_seen);
        during.filter(|sent| said(sent).as_ref() != Some(&self.version)).count()
    }

    fn spans(&self, sent: &Sent) -> bool {
        sent.due < self.first_seen + SETTLES && sent.ended > self.copied
    }
}

impl fmt::Display for Swap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "swap {:2} to {:20} first answer {:6.0} ms after the copy, {} in flight at the copy",
            self.number,
            self.version,
            millis(self.first_seen - self.copied),
            self.at_copy
        )
    }
}

/// Prints the run's figures.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(super) fn print(sent: &[Sent], swaps: &[Swap], per_second: u32) {
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    sent.iter().filter_map(said).for_each(|version| *versions.entry(version).or_default() += 1);
    println!("\nanswers by version:");
    versions.iter().for_each(|(version, answers)| println!("  {version:20} {answers:>6}"));
    let in_flight: Vec<_> = swaps.iter().map(|swap| swap.in_flight(sent)).collect();
    println!("in flight at each swap: {in_flight:?}, at least {}", in_flight.iter().min().unwrap_or(&0));
    let old: Vec<_> = swaps.iter().map(|swap| swap.finished_on_the_old(sent)).collect();
    println!("finished on the old version after the new one's first answer: {old:?}");
    let during = |sent: &&Sent| swaps.iter().any(|swap| swap.spans(sent));
    println!("{:10} {:>8} {:>10} {:>10} {:>10}", "", "webhooks", "p50 ms", "p99 ms", "max ms");
    row("swaps", sent.iter().filter(during));
    row("outside", sent.iter().filter(|sent| !during(sent)));
    let took: Vec<_> = swaps.iter().map(|swap| millis(swap.first_seen - swap.copied)).collect();
    println!("copy to first answer: p50 {:.0} ms, most {:.0} ms", quantile(&took, 0.5), quantile(&took, 1.0));
    if let (Some(first), Some(last)) =
        (sent.iter().map(|sent| sent.left).min(), sent.iter().map(|sent| sent.left).max())
    {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = sent.len() as f64 / (last - first).as_secs_f64();
        println!("sent {rate:.0} a second, {per_second} were due");
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn row<'s>(name: &str, sent: impl Iterator<Item = &'s Sent>) {
    let latencies: Vec<_> = sent.map(|sent| millis(sent.ended.saturating_duration_since(sent.due))).collect();
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|part| quantile(&latencies, part));
    println!("{name:10} {:>8} {p50:>10.1} {p99:>10.1} {max:>10.1}", latencies.len());
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a short list"
    )]
    let at = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}
