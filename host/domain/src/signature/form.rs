//! `application/x-www-form-urlencoded`, on bytes: nothing is replaced because it is not UTF-8.

use crate::limit;

/// A decoded name and its decoded value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parameter {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// The parameters in order; one more than [`limit::FORM_PARAMETERS_MAX`] at most, so that too many can be told apart.
pub(crate) fn parse(text: &[u8]) -> Vec<Parameter> {
    let pieces = text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
    pieces
        .take(limit::FORM_PARAMETERS_MAX + 1)
        .map(|piece| {
            let (name, value) = halves(piece);
            Parameter { name: decode(name, true), value: decode(value, true) }
        })
        .collect()
}

/// What stands before and after the first `=`.
fn halves(piece: &[u8]) -> (&[u8], &[u8]) {
    match piece.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&piece[..equals], &piece[equals + 1..]),
        None => (piece, &[]),
    }
}

/// Resolves `%XX`; also `+` to a blank, where `plus` says so. An incomplete `%` stands for itself.
pub(crate) fn decode(text: &[u8], plus: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, beyond @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) * 16 + digit(*low));
                rest = beyond;
            }
            (b'+', _) if plus => decoded.push(b' '),
            _ => decoded.push(*first),
        }
    }
    decoded
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        b'a'..=b'f' => hex - b'a' + 10,
        _ => hex - b'A' + 10,
    }
}

/// The query with the values of the parameters of these names replaced by `***`; all else as received.
pub(crate) fn blank(query: &str, names: &[String]) -> String {
    let blanked = query.split('&').map(|piece| {
        let (raw_name, _) = halves(piece.as_bytes());
        let name = decode(raw_name, true);
        match names.iter().any(|blank| blank.as_bytes() == name) {
            true => format!("{}=***", &piece[..raw_name.len()]),
            false => piece.to_owned(),
        }
    });
    blanked.collect::<Vec<_>>().join("&")
}

/// Names and values of all parameters, sorted by name and then value, one after the other without anything between them;
/// a repeated pair counts once. This is what Twilio appends to the URL before signing (docs "Validating Signatures from
/// Twilio"; its Python and Node libraries sort and de-duplicate the values of one name).
pub(crate) fn sorted(parameters: &[Parameter]) -> Vec<u8> {
    let mut parameters: Vec<_> = parameters.iter().collect();
    parameters.sort_unstable();
    parameters.dedup();
    parameters.into_iter().flat_map(|parameter| [&*parameter.name, &*parameter.value].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_keeps_bytes_that_are_not_utf8() {
        let parameters = parse(b"a=%FF%00+%2B&&b&c=%4&=x&a=2");
        let expected: [(&[u8], &[u8]); 5] =
            [(b"a", b"\xff\0 +"), (b"b", b""), (b"c", b"%4"), (b"", b"x"), (b"a", b"2")];
        let seen: Vec<_> = parameters.iter().map(|p| (&*p.name, &*p.value)).collect();
        assert_eq!(seen, expected);
        assert_eq!(sorted(&parse(b"b=1&a=2&b=0&b=1")), b"a2b0b1");
    }

    #[test]
    fn blanking_touches_only_the_named_values() {
        let names = ["token".to_owned()];
        assert_eq!(
            blank("a=1&token=s%20x&to%6ben=2&b=%zz&tokens=3", &names),
            "a=1&token=***&to%6ben=***&b=%zz&tokens=3"
        );
        assert_eq!(blank("", &names), "");
        assert_eq!(blank("token", &names), "token=***");
    }
}
