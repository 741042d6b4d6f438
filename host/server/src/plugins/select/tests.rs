use super::*;

/// A content by its version and one letter: `1.0.0a` and `1.0.0b` are two builds of one version. The plugin is `p` or what stands
/// before a colon.
fn content(text: &str) -> Candidate {
    let (name, rest) = text.split_once(':').unwrap_or(("p", text));
    let version = rest.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    Candidate {
        plugin: PluginVersion { name: name.parse().expect("a name"), version: version.to_owned() },
        version: version.parse().expect("a version"),
        content: ContentHash::of(text.as_bytes()),
    }
}

fn place(now: &str, standing: &str) -> Place {
    let some = |text: &str| (text != "-").then(|| content(text));
    Place { there: !now.starts_with("away"), now: some(now.trim_start_matches("away ")), standing: some(standing) }
}

struct Case {
    /// What must hold, in words.
    promise: &'static str,
    /// File, what is usable there, what stands for it.
    places: &'static [(&'static str, &'static str, &'static str)],
    /// What serves, and from which file.
    serving: Option<(&'static str, &'static str)>,
    pinned: Option<&'static str>,
    held_back: &'static [&'static str],
    /// What is to serve then.
    expected: Option<(&'static str, &'static str)>,
    /// The verdicts, shortened: `+` serving, `-` superseded, `!` rejected, `?` waiting.
    verdicts: &'static [(&'static str, char)],
}

const CASE: Case =
    Case { promise: "", places: &[], serving: None, pinned: None, held_back: &[], expected: None, verdicts: &[] };

const CASES: &[Case] = &[
    Case { promise: "nothing comes of nothing", ..CASE },
    Case {
        promise: "a new plugin serves",
        places: &[("a", "1.0.0", "-")],
        expected: Some(("1.0.0", "a")),
        verdicts: &[("a", '+')],
        ..CASE
    },
    Case {
        promise: "of two files the higher version serves",
        places: &[("a", "1.10.0", "-"), ("b", "1.9.0", "-")],
        expected: Some(("1.10.0", "a")),
        verdicts: &[("a", '+'), ("b", '-')],
        ..CASE
    },
    Case {
        promise: "a higher version in another file takes over",
        places: &[("a", "1.0.0", "1.0.0"), ("b", "1.0.1", "-")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("1.0.1", "b")),
        verdicts: &[("a", '-'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "a pre-release is lower than its release",
        places: &[("a", "1.0.0-rc.1", "-"), ("b", "1.0.0", "-")],
        expected: Some(("1.0.0", "b")),
        verdicts: &[("a", '-'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "the same version in another file is refused, whatever the file's name",
        places: &[("a", "1.0.0b", "-"), ("b", "1.0.0a", "1.0.0a")],
        serving: Some(("1.0.0a", "b")),
        expected: Some(("1.0.0a", "b")),
        verdicts: &[("a", '!'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "of two new files with the same version the first serves",
        places: &[("a", "1.0.0a", "-"), ("b", "1.0.0b", "-")],
        expected: Some(("1.0.0a", "a")),
        verdicts: &[("a", '+'), ("b", '!')],
        ..CASE
    },
    Case {
        promise: "a copy of what serves is refused",
        places: &[("a", "1.0.0", "-"), ("b", "1.0.0", "1.0.0")],
        serving: Some(("1.0.0", "b")),
        expected: Some(("1.0.0", "b")),
        verdicts: &[("a", '!'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "a new build of the same version at the same path serves",
        places: &[("a", "1.0.0b", "1.0.0a")],
        serving: Some(("1.0.0a", "a")),
        expected: Some(("1.0.0b", "a")),
        verdicts: &[("a", '+')],
        ..CASE
    },
    Case {
        promise: "of two new builds of the same version, the one at the path that served serves",
        places: &[("a", "1.0.0c", "-"), ("b", "1.0.0b", "1.0.0a")],
        serving: Some(("1.0.0a", "b")),
        expected: Some(("1.0.0b", "b")),
        verdicts: &[("a", '!'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "a lower version at the same path is the operator's will",
        places: &[("a", "0.9.0", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("0.9.0", "a")),
        verdicts: &[("a", '+')],
        ..CASE
    },
    Case {
        promise: "a lower version in a further file changes nothing",
        places: &[("a", "1.0.0", "1.0.0"), ("b", "0.9.0", "-")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("1.0.0", "a")),
        verdicts: &[("a", '+'), ("b", '-')],
        ..CASE
    },
    Case {
        promise: "a broken file replaces nothing",
        places: &[("a", "-", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("1.0.0", "a")),
        ..CASE
    },
    Case {
        promise: "what stands in for a broken file counts like the file",
        places: &[("a", "-", "1.0.0"), ("b", "0.9.0", "-")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("1.0.0", "a")),
        verdicts: &[("b", '-')],
        ..CASE
    },
    Case {
        promise: "when the higher version is taken away, the lower one serves",
        places: &[("b", "0.9.0", "-")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("0.9.0", "b")),
        verdicts: &[("b", '+')],
        ..CASE
    },
    Case {
        promise: "a file that went away serves until it is gone",
        places: &[("a", "away 1.0.0", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("1.0.0", "a")),
        verdicts: &[("a", '+')],
        ..CASE
    },
    Case {
        promise: "a file that was renamed is refused at no moment",
        places: &[("a", "away 1.0.0", "1.0.0"), ("b", "1.0.0", "-")],
        serving: Some(("1.0.0", "a")),
        expected: Some(("1.0.0", "b")),
        verdicts: &[("a", '?'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "a new build of the same version waits until the file that went away is gone",
        places: &[("a", "away 1.0.0a", "1.0.0a"), ("b", "1.0.0b", "-")],
        serving: Some(("1.0.0a", "a")),
        expected: Some(("1.0.0a", "a")),
        verdicts: &[("a", '+'), ("b", '?')],
        ..CASE
    },
    Case { promise: "a plugin without any file is removed", serving: Some(("1.0.0", "a")), ..CASE },
    Case {
        promise: "a file that becomes another plugin is lost to the former",
        places: &[("a", "q:1.0.0", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        verdicts: &[("a", '+')],
        ..CASE
    },
    Case {
        promise: "what was rolled back does not come again, and its predecessor stands in",
        places: &[("a", "1.0.1", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        held_back: &["1.0.1"],
        expected: Some(("1.0.0", "a")),
        verdicts: &[("a", '-')],
        ..CASE
    },
    Case {
        promise: "another content after a rollback serves, even of the same version",
        places: &[("a", "1.0.1b", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        held_back: &["1.0.1a"],
        expected: Some(("1.0.1b", "a")),
        verdicts: &[("a", '+')],
        ..CASE
    },
    Case {
        promise: "what serves goes on while nothing but what was rolled back is there",
        places: &[("b", "1.0.1", "-")],
        serving: Some(("1.0.0", "a")),
        held_back: &["1.0.1"],
        expected: Some(("1.0.0", "b")),
        verdicts: &[("b", '-')],
        ..CASE
    },
    Case {
        promise: "what is pinned serves whatever the files say",
        places: &[("a", "2.0.0", "1.0.0"), ("b", "1.5.0", "-")],
        serving: Some(("1.0.0", "a")),
        pinned: Some("1.0.0"),
        expected: Some(("1.0.0", "a")),
        verdicts: &[("a", '-'), ("b", '-')],
        ..CASE
    },
    Case {
        promise: "what is pinned and lies in a file serves from there",
        places: &[("a", "2.0.0", "2.0.0"), ("b", "1.5.0", "-")],
        serving: Some(("2.0.0", "a")),
        pinned: Some("1.5.0"),
        expected: Some(("1.5.0", "b")),
        verdicts: &[("a", '-'), ("b", '+')],
        ..CASE
    },
    Case {
        promise: "what is pinned serves although it was rolled back before",
        places: &[("a", "1.0.1", "1.0.0")],
        serving: Some(("1.0.0", "a")),
        pinned: Some("1.0.1"),
        held_back: &["1.0.1"],
        expected: Some(("1.0.1", "a")),
        verdicts: &[("a", '+')],
    },
    Case {
        promise: "what is pinned is removed with the last file",
        serving: Some(("1.0.0", "a")),
        pinned: Some("1.0.0"),
        ..CASE
    },
    Case {
        promise: "a broken file that never served belongs to nobody",
        places: &[("a", "-", "-"), ("b", "1.0.0", "-")],
        expected: Some(("1.0.0", "b")),
        verdicts: &[("b", '+')],
        ..CASE
    },
];

#[test]
fn the_table_holds() {
    for case in CASES {
        let places = case.places.iter().map(|(file, now, standing)| ((*file).to_owned(), place(now, standing)));
        let known = Known {
            serving: case.serving.map(|(text, _)| content(text)),
            file: case.serving.map(|(_, file)| file.to_owned()),
            pinned: case.pinned.map(content),
            held_back: case.held_back.iter().map(|text| content(text).content).collect(),
        };
        let name: PluginName = "p".parse().expect("a name");
        let selection = select(&places.collect(), &BTreeMap::from([(name.clone(), known)]));
        let serving = selection.serving.get(&name).map(|winner| (winner.candidate.clone(), winner.file.as_str()));
        let expected = case.expected.map(|(text, file)| (content(text), file));
        assert_eq!(serving, expected, "{}", case.promise);
        let short = |verdict: &Verdict| match verdict {
            Verdict::Serving => '+',
            Verdict::Superseded(_) => '-',
            Verdict::Rejected(_) => '!',
            Verdict::Waiting => '?',
        };
        let verdicts: Vec<_> =
            selection.verdicts.iter().map(|(file, verdict)| (file.as_str(), short(verdict))).collect();
        let expected: Vec<_> = case.verdicts.to_vec();
        assert_eq!(verdicts, expected, "{}", case.promise);
    }
}

#[test]
fn a_refused_file_is_told_who_serves() {
    let places = BTreeMap::from([
        ("a.wasm".to_owned(), place("1.0.0a", "1.0.0a")),
        ("b.wasm".to_owned(), place("1.0.0b", "-")),
        ("c.wasm".to_owned(), place("0.9.0", "-")),
    ]);
    let verdicts = select(&places, &BTreeMap::new()).verdicts;
    assert_eq!(verdicts["b.wasm"], Verdict::Rejected("p@1.0.0: p@1.0.0 of a.wasm serves already".into()));
    assert_eq!(verdicts["c.wasm"], Verdict::Superseded("p@1.0.0 of a.wasm is newer and serves".into()));
}

#[test]
fn the_selection_is_stable() {
    let places = BTreeMap::from([("a".to_owned(), place("1.0.0a", "-")), ("b".to_owned(), place("1.0.0b", "-"))]);
    let first = select(&places, &BTreeMap::new());
    let name: PluginName = "p".parse().expect("a name");
    let winner = first.serving[&name].clone();
    let known = Known { serving: Some(winner.candidate), file: Some(winner.file), ..Known::default() };
    assert_eq!(select(&places, &BTreeMap::from([(name, known)])), first);
}
