//! A long text as several messages.

use unicode_segmentation::UnicodeSegmentation as _;

/// Pieces of at most `chars_max` characters. Joined they are the text again, but for pieces that are blank: those are left out.
///
/// A piece ends behind the last paragraph that fits; where none does behind the last line, behind the last blank, or else behind
/// any grapheme. A grapheme is never cut, so that one that is longer by itself is a piece that is longer.
pub(super) fn split(text: &str, chars_max: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let pieces = std::iter::from_fn(move || {
        let end = match end_of_piece(rest, chars_max) {
            0 => return None,
            end => end,
        };
        let (piece, more) = rest.split_at(end);
        rest = more;
        Some(piece)
    });
    pieces.filter(|piece| !piece.trim().is_empty())
}

/// Bytes of the first piece; 0 for an empty text.
fn end_of_piece(text: &str, chars_max: usize) -> usize {
    let (mut chars, mut fits, mut said) = (0, 0, false);
    let (mut paragraph, mut line, mut blank) = (None, None, None);
    for (start, grapheme) in text.grapheme_indices(true) {
        chars += grapheme.chars().count();
        if chars > chars_max && fits > 0 {
            return [paragraph, line, blank].into_iter().flatten().next().unwrap_or(fits);
        }
        fits = start + grapheme.len();
        let is_blank = grapheme.trim().is_empty();
        said |= !is_blank;
        if !said || !is_blank {
            // A break before anything was said is none worth a message.
            continue;
        }
        if is_line_break(grapheme) {
            line = Some(fits);
            let before = text[..start].trim_end_matches([' ', '\t', '\r']);
            if before.ends_with('\n') {
                paragraph = Some(fits);
            }
        } else {
            blank = Some(fits);
        }
    }
    fits
}

fn is_line_break(grapheme: &str) -> bool {
    matches!(grapheme, "\n" | "\r\n" | "\u{2028}" | "\u{2029}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, chars_max: usize) -> Vec<&str> {
        split(text, chars_max).collect()
    }

    #[test]
    fn a_text_is_cut_behind_paragraphs_lines_blanks_or_graphemes_in_this_order() {
        let rows: [(&str, usize, &[&str]); 13] = [
            ("Hola", 4, &["Hola"]),
            ("Hola", 400, &["Hola"]),
            ("one two\nthree\n\nfour five", 18, &["one two\nthree\n\n", "four five"]),
            ("one two\nthree four", 14, &["one two\n", "three four"]),
            ("one two three", 9, &["one two ", "three"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("a\r\n\r\nb\r\nc", 7, &["a\r\n\r\n", "b\r\nc"]),
            ("a\n \t\nbcd", 6, &["a\n \t\n", "bcd"]),
            ("\n\nabcd", 4, &["\n\nab", "cd"]),
            ("", 4, &[]),
            (" \n\t", 1, &[]),
            ("aaaa\n\n\n\n\n\n", 4, &["aaaa"]),
            ("🇪🇸🇮🇱", 3, &["🇪🇸", "🇮🇱"]),
        ];
        for (text, chars_max, expected) in rows {
            assert_eq!(pieces(text, chars_max), expected, "{text:?} at {chars_max}");
        }
    }

    #[test]
    fn a_grapheme_is_never_cut_even_where_it_is_too_long_by_itself() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(pieces(&format!("a{family}b"), 3), ["a", family, "b"]);
        assert_eq!(pieces("e\u{301}e\u{301}", 3), ["e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn the_pieces_are_the_text_and_none_is_too_long() {
        let words = ["Hola", " ", "\n", "\n\n", "😀", "¿mi pedido llegó?", "e\u{301}", "\r\n", "שלום"];
        // Every step takes another word, in an order that does not repeat for long.
        let mut state = 7_usize;
        let text: String = (0..2_000)
            .map(|_| {
                state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
                words[(state >> 16) % words.len()]
            })
            .collect();
        for chars_max in [2, 7, 40, 1_000] {
            let pieces = pieces(&text, chars_max);
            assert!(pieces.iter().all(|piece| piece.chars().count() <= chars_max), "{chars_max}");
            let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(visible(&pieces.concat()), visible(&text), "{chars_max}");
        }
    }
}
