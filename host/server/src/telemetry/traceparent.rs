//! W3C Trace Context, level 1: the `traceparent` header (<https://www.w3.org/TR/trace-context/#traceparent-header>).

use hookyard_domain::entropy::Entropy;
use hookyard_domain::hex::hex;

/// The trace context of a request: the caller's trace continued by a span of this host, or a trace that begins here.
///
/// A header that occurs twice, or that is not as the standard wants it, counts as absent.
pub fn of(headers: &[(String, Vec<u8>)], entropy: &dyn Entropy) -> String {
    let mut given = headers.iter().filter(|(name, _)| name == "traceparent").map(|(_, value)| value.as_slice());
    let parent = match (given.next(), given.next()) {
        (Some(value), None) => std::str::from_utf8(value).ok().and_then(parse),
        _ => None,
    };
    let span = hex(&random::<8>(entropy));
    match parent {
        Some(Parent { trace_id, flags }) => format!("00-{trace_id}-{span}-{flags}"),
        None => format!("00-{}-{span}-01", hex(&random::<16>(entropy))),
    }
}

/// The 32 digits that name the trace.
pub fn trace_id(traceparent: &str) -> &str {
    traceparent.get(3..35).unwrap_or_default()
}

struct Parent<'a> {
    trace_id: &'a str,
    flags: &'a str,
}

/// Versions after 00 may have further fields behind the four that are read here; ff is not a version.
fn parse(header: &str) -> Option<Parent<'_>> {
    let header = header.trim_matches([' ', '\t']);
    let mut fields = header.split('-');
    let (version, trace_id, span, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let known = is_hex(version, 2) && version != "ff" && (version != "00" || fields.next().is_none());
    let valid = is_hex(trace_id, 32) && is_hex(span, 16) && is_hex(flags, 2) && !is_zero(trace_id) && !is_zero(span);
    (known && valid).then_some(Parent { trace_id, flags })
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

/// Random bytes that are not all zero, which the standard forbids for ids.
fn random<const BYTES: usize>(entropy: &dyn Entropy) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    entropy.fill(&mut bytes);
    if bytes.iter().all(|byte| *byte == 0) {
        bytes[BYTES - 1] = 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use hookyard_domain::entropy::SeededEntropy;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn traced(values: &[&str]) -> String {
        let headers: Vec<_> =
            values.iter().map(|value| ("traceparent".to_owned(), value.as_bytes().to_vec())).collect();
        of(&headers, &SeededEntropy::new(1))
    }

    #[test]
    fn a_callers_trace_goes_on_under_a_span_of_the_host() {
        let ours = traced(&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"]);
        assert_eq!(trace_id(&ours), TRACE);
        assert!(ours.ends_with("-00"), "the caller's flags stay: {ours}");
        assert!(!ours.contains("00f067aa0ba902b7"), "the span is a new one: {ours}");
        assert!(parse(&ours).is_some(), "{ours}");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let ours = traced(&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-is-to-come"]);
        assert_eq!(trace_id(&ours), TRACE);
        assert!(ours.starts_with("00-"));
    }

    #[test]
    fn what_is_not_a_traceparent_begins_a_new_trace() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        ] {
            let ours = traced(&[bad]);
            assert!(parse(&ours).is_some(), "{ours}");
            assert_ne!(trace_id(&ours), TRACE, "{bad}");
        }
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_ne!(trace_id(&traced(&[good, good])), TRACE, "two of them");
        assert!(parse(&traced(&[])).is_some(), "none");
    }
}
