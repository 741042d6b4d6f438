//! The tables.

use hdrhistogram::Histogram;

use super::Start;
use super::drain::Round;

/// One row a backlog.
#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
pub(crate) fn starts(starts: &[(u32, Vec<Start>)]) {
    println!("start with a backlog that is due tomorrow; medians (min-max); it listens once all of it stands in line");
    println!(
        "{:>10} {:>22} {:>22} {:>18} {:>18}",
        "pending", "listening ms", "ready ms", "anonymous MiB", "resident MiB"
    );
    for (pending, shown) in starts {
        let column = |figure: fn(&Start) -> f64, digits| range(shown.iter().map(figure).collect(), digits);
        println!(
            "{pending:>10} {:>22} {:>22} {:>18} {:>18}",
            column(|start| start.listening_ms, 0),
            column(|start| start.ready_ms, 0),
            column(|start| start.anonymous_mib, 1),
            column(|start| start.resident_mib, 1)
        );
    }
}

/// Draining, and the other connection.
#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
pub(crate) fn rounds(pending: u32, rounds: &[Round]) {
    println!(
        "\n{} rounds of a backlog of {pending} that is due, beside 100 webhooks/s of another connection",
        rounds.len()
    );
    let column = |figure: &dyn Fn(&Round) -> f64, digits| range(rounds.iter().map(figure).collect(), digits);
    println!("drained per second             {:>22}", column(&|round| round.per_second, 0));
    println!("CPU us for each that drained   {:>22}", column(&|round| round.cpu_us, 0));
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let of = |which: fn(&Round) -> &Histogram<u64>| column(&|round| millis(which(round), quantile), 2);
        println!(
            "{name} ms of the other connection {:>22} meanwhile, {:>22} alone",
            of(|round| &round.beside),
            of(|round| &round.alone)
        );
    }
    println!("counted in the end: every webhook is one event");
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn millis(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1e3
}

fn range(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (median, min, max) = (values[values.len() / 2], values[0], values[values.len() - 1]);
    format!("{median:.digits$} ({min:.digits$}-{max:.digits$})")
}
