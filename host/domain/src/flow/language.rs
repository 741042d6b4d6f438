//! MiniJinja as flows have it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Expression, Output, State, UndefinedBehavior, Value};

use super::part::Event;
use super::{checks, depth, filters, output, source};
use crate::limit;

/// What expressions are compiled and evaluated with: the same for all flows.
static EXPRESSIONS: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// The texts of one flow.
pub(super) struct Language {
    texts: Environment<'static>,
    /// Names of those that compare nothing.
    composing: BTreeSet<String>,
}

/// An expression.
pub(super) struct Compiled {
    expression: Expression<'static, 'static>,
    /// Whether it compares nothing.
    only_composes: bool,
}

/// Why a text cannot be compiled, or nothing can be made of an event, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake(pub(super) String);

impl Mistake {
    pub(super) fn undefined() -> Self {
        Self("the result is undefined".to_owned())
    }

    /// Says in which text.
    pub(super) fn at(self, pointer: &str) -> Self {
        Self(format!("{pointer}: {}", self.0))
    }

    /// What MiniJinja says, without the name that a plain path has inside.
    fn of(error: &Error, place: Option<String>) -> Self {
        let what = match error.kind() {
            ErrorKind::OutOfFuel => format!("it takes more than {} steps", limit::TEMPLATE_FUEL),
            kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
        };
        let place = place.or_else(|| error.line().filter(|line| *line > 1).map(|line| format!("line {line}")));
        let text = place.map_or_else(|| what.clone(), |place| format!("{place}: {what}"));
        Self(text.replace(source::AS_WRITTEN, source::EVENT))
    }

    /// The same for a text that cannot be compiled, with its line and column.
    fn in_text(error: &Error, text: &str, skipped: usize) -> Self {
        let place = error.range().map(|range| {
            let before = &text[..text.floor_char_boundary(range.start + skipped)];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}")
        });
        Self::of(error, place)
    }
}

impl Language {
    pub(super) fn new() -> Self {
        Self { texts: EXPRESSIONS.clone(), composing: BTreeSet::new() }
    }

    /// Compiles a text with templates in it and keeps it under this name.
    pub(super) fn add_text(&mut self, name: &str, text: &str) -> Result<(), Mistake> {
        bounded(text)?;
        depth::check_text(text)?;
        // First as it stands, so that what is wrong is found where the operator has written it.
        let compiled = self.texts.add_template_owned(name.to_owned(), text.to_owned());
        compiled.map_err(|error| Mistake::in_text(&error, text, 0))?;
        if source::text_only_composes(text) {
            self.composing.insert(name.to_owned());
        }
        let Some(written) = source::with_plain_paths(text) else { return Ok(()) };
        self.texts.add_template_owned(name.to_owned(), written).map_err(|error| Mistake::of(&error, None))
    }

    /// What becomes of a text that was kept: up to `room` bytes.
    pub(super) fn render(&self, name: &str, event: &Event, room: usize) -> Result<String, Mistake> {
        let template = self.texts.get_template(name).map_err(|error| Mistake::of(&error, None))?;
        let mut written = Bounded { bytes: Vec::new(), room };
        let rendered =
            template.render_captured_to(event.context(self.composing.contains(name)), &mut written).map(drop);
        match rendered {
            Err(error) if error.kind() != ErrorKind::WriteFailure => Err(Mistake::of(&error, None)),
            Err(_) => Err(Mistake(output::TOO_LARGE.clone())),
            // MiniJinja writes nothing but texts.
            Ok(()) => Ok(String::from_utf8_lossy(&written.bytes).into_owned()),
        }
    }
}

/// Compiles an expression.
pub(super) fn expression(text: &str) -> Result<Compiled, Mistake> {
    expression_in(text, text, 0)
}

/// Compiles an expression that stands within a text, after so many bytes.
pub(super) fn expression_in(expression: &str, text: &str, skipped: usize) -> Result<Compiled, Mistake> {
    bounded(text)?;
    depth::check_expression(expression)?;
    let mistake = |error: Error| Mistake::in_text(&error, text, skipped);
    let compiled = EXPRESSIONS.compile_expression_owned(expression.to_owned()).map_err(mistake)?;
    let expression_as_written = match source::plain_path(expression) {
        Some(written) => EXPRESSIONS.compile_expression_owned(written).map_err(mistake)?,
        None => compiled,
    };
    Ok(Compiled { expression: expression_as_written, only_composes: source::only_composes(expression) })
}

/// What comes of an expression; it may be undefined.
pub(super) fn evaluate(compiled: &Compiled, event: &Event) -> Result<Value, Mistake> {
    let context = event.context(compiled.only_composes);
    compiled.expression.eval(context).map_err(|error| Mistake::of(&error, None))
}

fn bounded(text: &str) -> Result<(), Mistake> {
    if text.len() <= limit::TEMPLATE_BYTES_MAX {
        return Ok(());
    }
    Err(Mistake(format!("it has {} bytes; at most {} are taken", text.len(), limit::TEMPLATE_BYTES_MAX)))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // Names the value that is undefined in what is said about it.
    environment.set_debug(true);
    environment.set_fuel(Some(limit::TEMPLATE_FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(write);
    // The usual delimiters are always usable.
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap_or_default();
    environment.set_syntax(syntax);
    // It shows what there is inside, and promises no form.
    environment.remove_global("debug");
    environment.remove_filter("pprint");
    // What a loop adds up in one has no bound.
    environment.remove_global("namespace");
    filters::bound(&mut environment);
    checks::make_strict(&mut environment);
    environment
}

/// How a value stands in a text: a string as it is, anything else as JSON.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if let Some(text) = value.as_str() {
        filters::charge(state, text.len())?;
        return Ok(out.write_str(text)?);
    }
    let json = output::json(value, limit::FLOW_RESULT_BYTES_MAX)
        .map_err(|Mistake(why)| Error::new(ErrorKind::InvalidOperation, why))?;
    filters::charge(state, json.len())?;
    Ok(out.write_str(&json)?)
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
