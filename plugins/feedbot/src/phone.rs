//! Phone numbers, as people write them and as Feedbot wants them.

/// Digits of a number with its country code.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The zeros of Unicode's decimal digits (category Nd, Unicode 15), ASCII's left out; the other nine follow each of them.
const ZEROS: [u32; 67] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60,
    0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950, 0x1fbf0,
];

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is none.
    Invalid,
    /// It begins with 0, and what stands before it abroad is not known.
    CountryCodeMissing,
}

/// The digits of a number with its country code. Blanks, `-`, `(`, `)`, `.` and marks of the direction of writing count for nothing,
/// nor does a `+` or `00` before it; digits of any script are digits.
pub(crate) fn digits(written: &str, default_country_code: Option<&str>) -> Result<String, Wrong> {
    let kept: String = written.chars().filter(|c| !counts_for_nothing(*c)).map(ascii_digit).collect();
    let number = kept.strip_prefix('+').or_else(|| kept.strip_prefix("00")).unwrap_or(&kept);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::Invalid);
    }
    let number = match (number.strip_prefix('0'), default_country_code) {
        (None, _) => number.to_owned(),
        (Some(_), None) => return Err(Wrong::CountryCodeMissing),
        (Some(national), Some(_)) if national.starts_with('0') => return Err(Wrong::Invalid),
        (Some(national), Some(code)) => format!("{code}{national}"),
    };
    if DIGITS.contains(&number.len()) { Ok(number) } else { Err(Wrong::Invalid) }
}

fn counts_for_nothing(c: char) -> bool {
    let marks_direction = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_whitespace() || marks_direction || matches!(c, '-' | '(' | ')' | '.')
}

fn ascii_digit(c: char) -> char {
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_digits_however_people_write_it() {
        for written in [
            "972586666644",
            "+972586666644",
            "00972586666644",
            "+972 58-666.66(44)",
            "\u{202a}+972\u{a0}58\u{200f}-6666644\u{202c}",
            "\u{2066}972586666644\u{2069}",
            "٩٧٢٥٨٦٦٦٦٦٤٤",
            "９７２５８６６６６６４４",
            "𝟗𝟕𝟐586666644",
        ] {
            assert_eq!(digits(written, None).as_deref(), Ok("972586666644"), "{written:?}");
        }
    }

    #[test]
    fn a_leading_zero_stands_for_the_country_code() {
        for national in ["0586666644", "058-666 66 44", "٠٥٨٦٦٦٦٦٤٤"] {
            assert_eq!(digits(national, None), Err(Wrong::CountryCodeMissing), "{national}");
            assert_eq!(digits(national, Some("972")).as_deref(), Ok("972586666644"), "{national}");
        }
        assert_eq!(digits("4915112345678", Some("972")).as_deref(), Ok("4915112345678"), "it has one already");
    }

    #[test]
    fn everything_else_is_no_number() {
        for written in [
            "",
            " ",
            "+",
            "1234567",
            "1234567890123456",
            "97258666664x",
            "+972+586666644",
            "972/586666644",
            "dana",
            "97258666664½",
        ] {
            assert_eq!(digits(written, None), Err(Wrong::Invalid), "{written:?}");
            assert_eq!(digits(written, Some("972")), Err(Wrong::Invalid), "{written:?}");
        }
        assert_eq!(digits("+00586666644", Some("972")), Err(Wrong::Invalid));
        assert_eq!(digits("12345678", None).as_deref(), Ok("12345678"));
        assert_eq!(digits("123456789012345", None).as_deref(), Ok("123456789012345"));
    }

    #[test]
    fn digits_of_every_script_are_known_and_do_not_overlap() {
        assert!(ZEROS.windows(2).all(|pair| pair[0] + 10 <= pair[1]));
        for zero in ZEROS {
            let written: String = (0..10).filter_map(|value| char::from_u32(zero + value)).collect();
            assert!(written.chars().all(char::is_numeric), "{zero:x}");
            assert_eq!(written.chars().map(ascii_digit).collect::<String>(), "0123456789", "{zero:x}");
        }
    }
}
