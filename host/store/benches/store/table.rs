//! The tables.

use hdrhistogram::Histogram;

use crate::measured::Window;

/// The ceilings, and the ratios within each round of windows.
#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
pub(crate) fn ceilings(raws: &[Window], quiet: &[Window], clearing: &[Window]) {
    println!("{:36} {:>26} {:>8} {:>24}", "", "commits/s (min-max)", "group", "of raw (min-max)");
    for (name, windows) in [("raw SQLite", raws), ("store", quiet), ("store, retention running", clearing)] {
        let (per_second, min, max) = median(windows.iter().map(|window| window.per_second).collect());
        let (group, ..) = median(windows.iter().map(|window| window.group).collect());
        let ratios = windows.iter().zip(raws).map(|(window, raw)| window.per_second / raw.per_second).collect();
        let (ratio, lowest, highest) = median(ratios);
        println!(
            "{name:36} {:>26} {group:>8.1} {:>24}",
            format!("{per_second:.0} ({min:.0}-{max:.0})"),
            format!("{ratio:.2} ({lowest:.2}-{highest:.2})")
        );
    }
}

/// The quantiles of an open loop.
#[expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn latencies(latencies: &Histogram<u64>, per_second: f64) {
    let millis = |quantile| latencies.value_at_quantile(quantile) as f64 / 1e3;
    println!(
        "at half of that, {per_second:.0} commits/s, open loop, retention running: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, \
         longest {:.2} ms",
        millis(0.5),
        millis(0.99),
        millis(0.999),
        latencies.max() as f64 / 1e3
    );
}

/// The median, the least and the most.
pub(crate) fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
