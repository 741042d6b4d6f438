//! Rows of figures: native, hookyard, and the ratio within each pair of windows.

use super::load::Window;

/// Prints a row's medians and the median ratio with its extremes.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) fn row(name: &str, natives: &[Window], hookyards: &[Window], figure: fn(&Window) -> f64) {
    let ratios = natives.iter().zip(hookyards).map(|(native, hookyard)| figure(hookyard) / figure(native)).collect();
    let (native, ..) = median(natives.iter().map(figure).collect());
    let (hookyard, ..) = median(hookyards.iter().map(figure).collect());
    let (ratio, min, max) = median(ratios);
    println!("{name:28} {native:>10.0} {hookyard:>10.0} {:>22}", format!("{ratio:.2} ({min:.2}-{max:.2})"));
}

/// The rows that every comparison has.
#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
pub(crate) fn print(what: &str, natives: &[Window], hookyards: &[Window]) {
    println!("{:28} {:>10} {:>10} {:>22}", "", "native", "hookyard", "ratio (min-max)");
    row(&format!("CPU us per {what}"), natives, hookyards, |window| window.cpu_us);
    row(&format!("{what}s per second"), natives, hookyards, |window| window.per_second);
    row("p50 us", natives, hookyards, |window| window.p50_us);
    row("p99 us", natives, hookyards, |window| window.p99_us);
}

/// The median with its extremes.
pub(crate) fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
