mod properties;

use serde_json::{Value, json};

use super::*;

const EVENT: &str = r#"{"id": "evt_1", "type": "aftership.shipment.updated", "subject": "c1", "time": "2026-03-04T09:41:12Z",
    "data": {"b": 10.50, "a": [1e2, {"z": -0, "y": 12345678901234567890.1234567890}], "text": "Grüße <b>", "empty": "",
    "none": null, "yes": true, "big": 170141183460469231731687303715884105727, "list": [], "digits": 1.0e400, "odd-name": 7,
    "rows": [{"n": 1.0e400}, {"n": 7}], "row": {"list": [1.0e400]}, "same": {"list": [1.0e400]}, "mixed": [{"n": 3}, {"m": 4}]}}"#;

fn input(input: &Value) -> Result<String, Reason> {
    Flow::compile(None, Some(input)).expect("it compiles").input(EVENT)
}

/// What becomes of one string.
fn text(template: &str) -> String {
    input(&json!(template)).unwrap_or_else(|reason| panic!("{template}: {}", reason.message))
}

fn wants(when: &str) -> Result<bool, Reason> {
    Flow::compile(Some(when), None).expect("it compiles").wants(EVENT)
}

fn problems(when: Option<&str>, input: Option<&Value>) -> Vec<FlowProblem> {
    Flow::compile(when, input).err().expect("it does not compile")
}

#[test]
fn a_plain_path_takes_the_json_as_it_stands() {
    for (template, json) in [
        ("{{ event.data.b }}", "10.50"),
        ("{{event.data.a}}", r#"[1e2, {"z": -0, "y": 12345678901234567890.1234567890}]"#),
        ("{{ event.data.a[0] }}", "1e2"),
        ("{{ event.data['a'][1].z }}", "-0"),
        ("{{ event.data.a.1[\"y\"] }}", "12345678901234567890.1234567890"),
        ("{{- event.data.digits -}}", "1.0e400"),
        ("{{ event.data['odd-name'] }}", "7"),
        ("{{ event.data.none }}", "null"),
        ("{{ event.data.yes }}", "true"),
        ("{{ event.subject }}", "\"c1\""),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
    assert_eq!(text("{{ event }}"), EVENT);
}

#[test]
fn a_plain_path_keeps_its_digits_inside_a_text() {
    for (template, json) in [
        ("Total: {{ event.data.b }} EUR", "\"Total: 10.50 EUR\""),
        ("{{ event.data.b }}{{ event.data.a[0] }}", "\"10.501e2\""),
        ("{% if event.data.yes %}{{ event.data.b }}{% endif %}", "\"10.50\""),
        ("{% for part in event.data.a %}{{ event.data.b }} {% endfor %}", "\"10.50 10.50 \""),
        ("a{{ event.data.a[1] }}", r#""a{\"z\": -0, \"y\": 12345678901234567890.1234567890}""#),
        ("a {{- event.data.b -}} b", "\"a10.50b\""),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
}

#[test]
fn what_only_looks_like_a_path_is_left_alone() {
    for (template, json) in [
        ("x{% raw %}{{ event.data.b }}{% endraw %}{# {{ event.data.b }} #}", "\"x{{ event.data.b }}\""),
        ("x{{ '{{ event.data.b }}' }}", "\"x{{ event.data.b }}\""),
        ("{{ '}} and {{' }}", "\"}} and {{\""),
        ("x{{ {'a': {'b': 1}} }}", r#""x{\"a\":{\"b\":1}}""#),
        ("{{ {'a': {}} }}", r#"{"a":{}}"#),
        ("{% set event = {'data': {'b': 1}} %}{{ event.data.b }}", "\"1\""),
        ("{% for event in [7] %}{{ event }}{% endfor %}", "\"7\""),
        ("no template } } % here", "\"no template } } % here\""),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
}

#[test]
fn a_string_that_is_one_expression_keeps_the_type_and_any_other_is_text() {
    for (template, json) in [
        ("{{ event.data.yes and 1 }}", "1"),
        ("{{ event.data.b + 1 }}", "11.5"),
        ("{{ [event.data.b, none, 'x'] }}", r#"[10.5,null,"x"]"#),
        ("{{ event.data.a | first }}", "100.0"),
        ("{{ event.data.a | last }}", r#"{"z": -0, "y": 12345678901234567890.1234567890}"#),
        ("{{ event.data.a[-1] }}", r#"{"z": -0, "y": 12345678901234567890.1234567890}"#),
        ("{{ -event.data.b }}", "-10.5"),
        (" {{ event.data.yes }}", "\" true\""),
        ("{{ event.data.yes }}\n", "\"true\\n\""),
        ("{{ 'a' }}{{ 'b' }}", "\"ab\""),
        ("{{ event.data.text }}", "\"Grüße <b>\""),
        ("<{{ event.data.text }}>{{ none }}{{ 1 == 1 }}", "\"<Grüße <b>>nulltrue\""),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
}

#[test]
fn integers_are_exact_and_other_numbers_never_silently_rounded() {
    for (template, json) in [
        ("{{ event.data.big - 1 }}", "170141183460469231731687303715884105726"),
        ("{{ event.data.a[1].y ~ ' EUR' }}", "\"12345678901234567890.1234567890 EUR\""),
        ("{{ [event.data.a[1].y] }}", "[12345678901234567890.1234567890]"),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
    for template in ["{{ event.data.a[1].y + 1 }}", "{{ event.data.big + 1 }}", "{{ event.data.digits * 2 }}"] {
        assert_eq!(input(&json!(template)).expect_err(template).code, "mapping-failed");
    }
}

#[test]
fn a_number_that_only_prints_is_never_compared() {
    for template in [
        "{{ event.data.a[1].y == 12345678901234567890 }}",
        "{{ event.data.digits > 5 }}",
        "{{ 5 < event.data.digits }}",
        "{{ event.data.digits in [1] }}",
        "{{ 1 in [event.data.digits] }}",
        "{{ event.data.digits is gt(5) }}",
        "{{ event.data.digits is number }}",
        "{{ [event.data.digits, 1] | max }}",
        "{{ [event.data.digits, 1] | sort }}",
        "{{ event.data.rows | sort(attribute='n') | length }}",
        "{{ event.data.rows | map(attribute='n') | max }}",
        "{{ event.data.rows | max(attribute='n') }}",
        "{{ event.data.rows | selectattr('n', 'gt', 5) | list | length }}",
        "{{ event.data.rows | groupby('n') | length }}",
        "{{ event.data.rows | unique(attribute='n') | list | length }}",
        "{{ event.data.rows | sum(attribute='n') }}",
        "{{ {'n': 1} == {'n': event.data.digits} }}",
        "{{ event.data | dictsort(by='value') | length }}",
        "{% if event.data.digits > 5 %}x{% endif %}",
        "{% for k, n in event.data.rows[0] | items %}{% if n > 5 %}x{% endif %}{% endfor %}",
        "{% for n, m in event.data.row.list | zip([1]) %}{{ n > m }}{% endfor %}",
        "{% for row in event.data.rows %}{% if row.n > 5 %}x{% endif %}{% endfor %}",
        "{% for n in event.data.row.list if n > 5 %}x{% endfor %}",
        "{% set n = event.data.digits %}{{ n > 5 }}",
    ] {
        assert_eq!(input(&json!(template)).expect_err(template).code, "mapping-failed", "{template}");
    }
    for when in ["event.data.digits > 5", "event.data.digits == 5", "not (event.data.digits < 5)"] {
        assert!(wants(when).is_err(), "{when}");
    }
    for (template, json) in [
        ("{{ event.data.row == event.data.same }}", "true"),
        ("{% for k, n in event.data.rows[0] | items %}{{ k }}: {{ n }}{% endfor %}", "\"n: 1.0e400\""),
        ("{% for row in event.data.rows %}{{ row.n }} {% endfor %}", "\"1.0e400 7 \""),
        ("{{ event.data.digits ~ ' in EUR' if event.data.yes else 'is' }}", "\"1.0e400 in EUR\""),
        ("{{ event.data.rows[0].n | default('x') }}", "1.0e400"),
        ("{{ event.data.row.list | join(' ') }}", "\"1.0e400\""),
        ("{{ event.data.big > 170141183460469231731687303715884105726 }}", "true"),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
}

#[test]
fn what_is_undefined_is_not_passed_over_by_filters() {
    for template in [
        "{{ event.data.rows | map(attribute='gone') | join(', ') }}",
        "{{ event.data.rows | join(', ', attribute='gone') }}",
        "{{ event.data.rows | sum(attribute='gone') }}",
        "{{ event.data.mixed | sum(attribute='n') }}",
        "{{ event.data.mixed | sort(attribute='n') | length }}",
        "{{ event.data.mixed | max(attribute='n') }}",
        "{{ event.data.mixed | groupby('n') | length }}",
        "{{ event.data.mixed | map(attribute='n') | list }}",
        "{{ event.data.list | last }}",
        "{{ event.data.list | max }}",
        "{{ event.data.list | first ~ 'x' }}",
        "{{ event.data.missing in ['a'] }}",
        "{{ 'a' in event.data.missing }}",
        "{{ event.data.missing is eq('a') }}",
        "{{ 1 is in(event.data.missing) }}",
        "{{ event.data.missing is string }}",
        "{{ event.data.missing is none }}",
        "{{ event.data.mixed | selectattr('n', 'gt', 5) | list | length }}",
        "{{ event.data.missing | length }}",
        "{{ event.data.missing | replace('a', 'b') }}",
        "{% set x = event.data.missing %}{{ x }}",
        "{% for row in event.data.mixed %}{{ row.n }}{% endfor %}",
    ] {
        assert_eq!(input(&json!(template)).expect_err(template).code, "mapping-failed", "{template}");
    }
    for (template, json) in [
        ("{{ event.data.mixed | map(attribute='n', default=0) | sum }}", "3"),
        ("{{ event.data.mixed | selectattr('n') | list | length }}", "1"),
        ("{{ event.data.mixed | groupby('n', default=0) | length }}", "2"),
        ("{{ event.data.list | first | default('none') }}", "\"none\""),
        ("{{ [3, 1, 2] | sort | join('-') }}", "\"1-2-3\""),
        ("{{ '%.2f' | format(event.data.b) }}", "\"10.50\""),
        ("{{ [1, 2, 3] | batch(2, 0) | list }}", "[[1,2],[3,0]]"),
    ] {
        assert_eq!(text(template), json, "{template}");
    }
}

#[test]
fn what_an_event_says_bounds_no_memory() {
    let many = vec!["x"; 20_000];
    let event =
        json!({"data": {"text": "a".repeat(500_000), "n": 2_000_000_000, "many": many, "wide": "%2000000000d"}});
    for template in [
        "{{ event.data.many | join(event.data.text) | length }}",
        "{{ event.data.many | join(d=event.data.text) | length }}",
        "{{ event.data.text | replace('a', event.data.text) | length }}",
        "{{ event.data.text | replace('', event.data.text) | length }}",
        "{{ event.data.many | map('replace', 'x', event.data.text) | length }}",
        "{{ ([event.data.text] * 1000) | map('e') | list | length }}",
        "{{ ([event.data.text] * 1000) | map('upper') | list | length }}",
        "{{ 'a\nb' | indent(event.data.n) | length }}",
        "{{ 'a\nb' | indent(width=event.data.n) | length }}",
        "{{ event.data.wide | format(1) | length }}",
        "{{ '%*d' | format(event.data.n, 1) | length }}",
        "{{ event.data.many | batch(event.data.n, 0) | length }}",
        "{{ event.data.many | slice(event.data.n) | length }}",
        "{{ ([1] * 90000000) | list | length }}",
        "{{ range(event.data.n) | list | length }}",
        "{{ 'x' * event.data.n }}",
        "{% set all %}{% for x in event.data.many %}{{ event.data.text }}{% endfor %}{% endset %}x",
        "{% filter upper %}{% for x in event.data.many %}{{ event.data.text }}{% endfor %}{% endfilter %}",
        "{% set ns = namespace(s='') %}{% for x in event.data.many %}{% set ns.s = ns.s ~ event.data.text %}{% endfor %}",
    ] {
        let flow = Flow::compile(None, Some(&json!(template))).expect(template);
        assert_eq!(flow.input(&event.to_string()).expect_err(template).code, "mapping-failed", "{template}");
    }
}

#[test]
fn what_is_undefined_fails_the_mapping_wherever_it_is_used() {
    for template in [
        "{{ event.data.missing }}",
        "{{ event.data.missing.more }}",
        "{{ event.data.b.missing }}",
        "{{ missing }}",
        "x {{ event.data.missing }}",
        "x {{ event.data.a[7] }}",
        "{{ [event.data.missing] }}",
        "{{ {'a': event.data.missing} }}",
        "{{ 'x' if event.data.none }}",
        "x {{ 'x' if event.data.none }}",
        "{{ event.data.missing ~ 'x' }}",
        "{{ event.data.missing | upper }}",
        "{% for x in event.data.missing %}{% endfor %}",
        "{% if event.data.missing %}{% endif %}",
        "{{ not event.data.missing }}",
        "{{ event.data.list | first }}",
    ] {
        let reason = input(&json!({"a": [template]})).expect_err(template);
        assert_eq!(reason.code, "mapping-failed", "{template}");
        assert!(reason.message.starts_with("/endpoint/input/a/0: "), "{template}: {}", reason.message);
    }
    let reason = input(&json!("{{ event.data.missing }}")).expect_err("undefined");
    assert_eq!(reason.message, "/endpoint/input: the result is undefined");
    let reason = input(&json!("x {{ event.data.missing }}")).expect_err("undefined");
    assert_eq!(reason.message, "/endpoint/input: undefined value: `event.data.missing` is undefined");
}

#[test]
fn what_may_be_absent_is_asked_for() {
    assert_eq!(text("{{ event.data.missing | default('x') }}"), "\"x\"");
    assert_eq!(text("{{ event.data.missing is defined }}"), "false");
    assert_eq!(wants("event.data.missing is defined and event.data.missing.more"), Ok(false));
    assert_eq!(wants("event.data.missing | default(false)"), Ok(false));
    assert!(wants("event.data.missing").is_err() && wants("event.data.missing == 1").is_err());
    assert!(wants("not event.data.missing").is_err() && wants("'x' if event.data.none").is_err());
}

#[test]
fn a_condition_holds_or_does_not() {
    for (when, holds) in [
        ("event.type == 'aftership.shipment.updated' and event.subject", true),
        ("'grüße' in event.data.text | lower", true),
        ("event.data.text", true),
        ("event.data.empty", false),
        ("event.data.none", false),
        ("event.data.list", false),
        ("event.data.a", true),
        ("event.data.a[1].z", false),
        ("event.data.digits", true),
        ("event.data.b > 10 and event.data.b < 11", true),
        ("event.data.a | length == 2", true),
    ] {
        assert_eq!(wants(when), Ok(holds), "{when}");
    }
    assert_eq!(Flow::compile(None, None).expect("nothing").wants(EVENT), Ok(true));
}

#[test]
fn an_input_keeps_its_shape_and_what_has_no_template_in_it() {
    let shape = json!({
        "fixed": {"n": 1.5, "deep": [null, "}} {"]}, "list": [1, "{{ event.subject }}", {"x": "-{{ event.data.yes }}-"}],
        "{{ event.subject }}": true,
    });
    let rendered = input(&shape).expect("it maps");
    let value: Value = serde_json::from_str(&rendered).expect("JSON");
    assert_eq!(
        value,
        json!({
            "fixed": {"n": 1.5, "deep": [null, "}} {"]}, "list": [1, "c1", {"x": "-true-"}], "{{ event.subject }}": true,
        })
    );
    assert_eq!(Flow::compile(None, None).expect("nothing").input(EVENT).as_deref(), Ok("{}"));
}

#[test]
fn every_text_that_does_not_compile_is_told_with_its_place() {
    let input =
        json!({"a/b": ["{{ event. }}"], "c": "line 1\n  {% if %}x", "d": "{{ event.data.b | nothing }}", "e": "{{ x"});
    let problems = problems(Some("event.data."), Some(&input));
    let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/when", "/endpoint/input/a~1b/0", "/endpoint/input/c", "/endpoint/input/e"], "{problems:?}");
    assert!(problems[1].detail.starts_with("line 1, column "), "{problems:?}");
    assert!(problems[2].detail.starts_with("line 2, column "), "{problems:?}");
}

#[test]
fn templates_load_and_define_nothing() {
    for template in [
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
        "{% macro x() %}{% endmacro %}",
    ] {
        assert_eq!(problems(None, Some(&json!(template))).len(), 1, "{template}");
    }
    assert!(input(&json!("{{ debug() }}")).is_err());
}

#[test]
fn what_takes_too_long_or_becomes_too_large_is_ended() {
    let endless = "{% for a in range(1000) %}{% for b in range(1000) %}{{ b }}{% endfor %}{% endfor %}";
    assert!(input(&json!(endless)).expect_err("too long").message.contains("100000 steps"));
    for large in ["{{ 'x' * 2000000 }}", "x{{ 'x' * 2000000 }}", "{{ ['x' * 600000, 'x' * 600000] }}"] {
        assert!(input(&json!(large)).expect_err("too large").message.contains("1048576 bytes"), "{large}");
    }
    assert!(input(&json!(["{{ 'x' * 600000 }}", "{{ 'x' * 600000 }}"])).is_err());
    let long = format!("{{{{ event.subject }}}}{}", "x".repeat(limit::TEMPLATE_BYTES_MAX));
    assert_eq!(problems(Some(&"x".repeat(limit::TEMPLATE_BYTES_MAX + 1)), Some(&json!(long))).len(), 2);
    assert_eq!(problems(None, Some(&json!("x".repeat(limit::FLOW_INPUT_BYTES_MAX)))).len(), 1);
    let expression = format!("{{{{ event.subject {}}}}}", " ".repeat(10_000));
    let all = Value::from(vec![expression; 7]);
    assert_eq!(problems(None, Some(&all)).len(), 1);
    let many = Value::from(vec!["{{ event.id }}"; limit::FLOW_TEMPLATES_MAX + 1]);
    assert_eq!(problems(None, Some(&json!({"a": many})))[0].pointer, "/endpoint/input");
    assert!(Flow::compile(None, Some(&Value::from(vec!["{{ event.id }}"; limit::FLOW_TEMPLATES_MAX]))).is_ok());
}

/// Whether it is compiled, and evaluated, without the end of the process.
#[test]
fn a_text_however_deep_is_compiled_or_refused() {
    let chains = [
        ("1", "~1", "", true),
        ("1", "+1", "", true),
        ("1", "<1", "", true),
        ("1", " or 1", "", true),
        ("", "not ", "1", false),
        ("", "-", "1", false),
        ("", "(", "", false),
        ("", "[", "", false),
        ("", "{1:", "", false),
        ("event", ".a", "", true),
        ("event", "[0]", "", true),
        ("event", "|d", "", true),
        ("event", " is d", "", false),
        ("event", "()", "", true),
        ("", "1 if 1 else ", "1", false),
    ];
    for (start, again, end, fits) in chains {
        let chain = |times: usize| format!("{start}{}{end}", again.repeat(times));
        let most = chain(limit::EXPRESSION_OPERATORS_MAX / 2);
        let both = |text: &str| Flow::compile(Some(text), Some(&json!(format!("x{{{{ {text} }}}}"))));
        let compiled = both(&most);
        assert!(compiled.is_ok() || !fits, "{start}{again}");
        if let Ok(flow) = compiled {
            let _whatever = (flow.wants(EVENT), flow.input(EVENT));
        }
        let long = chain((limit::TEMPLATE_BYTES_MAX - 50) / again.len());
        assert_eq!(both(&long).err().map(|problems| problems.len()), Some(2), "{start}{again}");
        assert_eq!(problems(None, Some(&json!(format!("x{{{{ {long}")))).len(), 1, "{start}{again} without an end");
    }
    for (start, again, end) in [
        ("", "{% if 1 %}", ""),
        ("{% if 1 %}", "{% elif 1 %}", "{% endif %}"),
        ("", "{% for a in b %}", ""),
        ("", "{% with %}", ""),
        ("", "{% set a %}", ""),
        ("", "{% filter d %}", ""),
    ] {
        let text = |times: usize| json!(format!("{start}{}{end}", again.repeat(times)));
        let _either = Flow::compile(None, Some(&text(limit::TEMPLATE_STATEMENTS_MAX - 2))).map(drop);
        assert_eq!(problems(None, Some(&text(limit::TEMPLATE_BYTES_MAX / 20))).len(), 1, "{again}");
    }
}

#[test]
fn a_result_that_is_no_json_is_refused() {
    for template in ["{{ 1e308 * 10 }}", "{{ range }}", "{{ {1: 2} }}"] {
        assert_eq!(input(&json!(template)).expect_err(template).code, "mapping-failed");
    }
}
