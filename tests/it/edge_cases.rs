//! Each plugin's list of edge cases names the test of every row.

use std::fs;
use std::path::{Path, PathBuf};

/// The plugins that have such a list: `plugins/{name}/edge-cases.md`.
const PLUGINS: [&str; 4] = ["feedbot", "freshchat", "generic-http", "selarti"];
/// How many rows of a list may be without a test; the plugin's README has the reasons.
const UNTESTED_MAX: usize = 5;
/// The heading in the README below which they stand, each as a list item that begins with its number: `- 7: …`.
const REASONS: &str = "## Edge cases without a test";

/// One row: its number, and the tests that it names.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    number: usize,
    tests: Vec<(String, String)>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's root exists")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of the list's table: `| 1 | case | what then | tests |`, each test as `file` and `function` in backquotes.
fn rows(list: &str) -> Vec<Row> {
    let cells = list.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    cells
        .filter_map(|line| {
            let cells: Vec<_> = line.split(" | ").collect();
            let number = cells.first()?.parse().ok()?;
            let [_, _, _, tests] = cells[..] else { panic!("row {number} does not have four cells") };
            let words: Vec<_> = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            let (pairs, odd) = words.as_chunks::<2>();
            assert!(odd.is_empty(), "row {number} names a file without a function");
            let tests = pairs.iter().map(|[file, function]| (file.clone(), function.clone())).collect();
            Some(Row { number, tests })
        })
        .collect()
}

/// Whether a source file has a test function of this name.
fn has_test(source: &str, function: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let is_attribute = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let starts = [format!("fn {function}("), format!("async fn {function}(")];
    lines.iter().enumerate().any(|(place, line)| {
        let above = lines[..place].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        starts.iter().any(|start| line.starts_with(start)) && above.into_iter().any(is_attribute)
    })
}

#[test]
fn every_edge_case_names_a_test_that_is_there() {
    for plugin in PLUGINS {
        let rows = rows(&read(&format!("plugins/{plugin}/edge-cases.md")));
        let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        assert!(!rows.is_empty() && numbers.iter().copied().eq(1..=rows.len()), "{plugin}: rows {numbers:?}");
        for Row { number, tests } in &rows {
            for (file, function) in tests {
                assert!(has_test(&read(file), function), "{plugin}, row {number}: {file} has no test {function}");
            }
        }
    }
}

#[test]
fn what_is_without_a_test_is_rare_and_has_its_reason_in_the_readme() {
    for plugin in PLUGINS {
        let rows = rows(&read(&format!("plugins/{plugin}/edge-cases.md")));
        let untested: Vec<_> = rows.iter().filter(|row| row.tests.is_empty()).map(|row| row.number).collect();
        assert!(untested.len() <= UNTESTED_MAX, "{plugin}: rows {untested:?} have no test");
        let readme = read(&format!("plugins/{plugin}/README.md"));
        let reasons = readme.split_once(REASONS).map(|(_, below)| below.split("\n## ").next().unwrap_or_default());
        for number in untested {
            let reason =
                reasons.is_some_and(|reasons| reasons.lines().any(|line| line.starts_with(&format!("- {number}: "))));
            assert!(reason, "{plugin}: row {number} has no test, and the README no reason");
        }
    }
}

#[test]
fn a_list_is_read_as_it_is_written() {
    let list = "| # | case | what then | test |\n|---|---|---|---|\n| 1 | a | b | `x.rs` `one`, `y.rs` `two` |\n| 2 | a | b | none |\n";
    let named = |file: &str, function: &str| (file.to_owned(), function.to_owned());
    let first = Row { number: 1, tests: vec![named("x.rs", "one"), named("y.rs", "two")] };
    assert_eq!(rows(list), [first, Row { number: 2, tests: Vec::new() }]);
    let source = "#[test]\nfn one() {}\n\nfn two() {}\n\n// Why.\n#[tokio::test]\n#[cfg(unix)]\nasync fn three() {}\n";
    let found: Vec<_> = ["one", "two", "three", "on"].into_iter().filter(|name| has_test(source, name)).collect();
    assert_eq!(found, ["one", "three"]);
}
