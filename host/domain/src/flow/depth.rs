//! How deep a text may nest. MiniJinja compiles by recursion, and a chain such as `1~1~1…` nests with each operator: a long one would
//! end the host, not the compilation.

use super::language::Mistake;
use super::source::{self, Kind};
use crate::limit;

/// Words that nest as operators do.
const WORDS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

/// Checks one expression.
pub(super) fn check_expression(expression: &str) -> Result<(), Mistake> {
    let most = limit::EXPRESSION_OPERATORS_MAX;
    if operators(expression) > most {
        return Err(Mistake(format!("an expression has more than {most} operators, dots and brackets")));
    }
    Ok(())
}

/// Checks a text with templates in it.
pub(super) fn check_text(text: &str) -> Result<(), Mistake> {
    let (mut at, mut statements) = (0, 0);
    loop {
        // What does not end is looked at as a whole: it is compiled before that is noticed.
        let Some(next) = source::next_piece(text, at) else { return check_expression(&text[at..]) };
        let Some(piece) = next else { return Ok(()) };
        at = piece.end;
        match piece.kind {
            Kind::Expression => check_expression(&text[piece.inside])?,
            Kind::Statement => {
                statements += 1;
                check_expression(&text[piece.inside])?;
            }
            Kind::Other => {}
        }
        if statements > limit::TEMPLATE_STATEMENTS_MAX {
            return Err(Mistake(format!("it has more than {} statements", limit::TEMPLATE_STATEMENTS_MAX)));
        }
    }
}

/// At least as many as nest.
fn operators(expression: &str) -> usize {
    let (mut count, mut quote, mut escaped) = (0, None, false);
    let mut word = String::new();
    for c in expression.chars().chain([' ']) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(end) if c == end => quote = None,
            Some(_) => {}
            None if c == '_' || c.is_alphanumeric() => word.push(c),
            None => {
                count += usize::from(WORDS.contains(&word.as_str()));
                word.clear();
                count += usize::from("~+-*/%<>=!|.[({".contains(c));
                quote = matches!(c, '\'' | '"').then_some(c);
            }
        }
    }
    count
}
