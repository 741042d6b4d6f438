//! MiniJinja's filters, within bounds.
//!
//! What they work on comes out of events, which anybody may have written: a text that is put in for every letter of another one, a
//! width of a thousand million. And some of them pass over what is undefined, where a flow has to fail.

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::as_it_stands;
use crate::limit;

/// What a filter looks at in the items of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// At no attribute.
    Nowhere,
    /// At the attribute that the argument of this number or `attribute` names. It must be there.
    Into(usize),
    /// The same; it may be absent.
    MayLookInto(usize),
}

/// Bytes of texts that were made so far.
#[derive(Default)]
struct Texts(usize);

/// Counts a text that is made or written.
///
/// # Errors
/// They are too many.
pub(super) fn charge(state: &mut State<'_, '_>, bytes: usize) -> Result<(), Error> {
    let texts = state.get_or_insert_extension(Texts::default());
    texts.0 = texts.0.saturating_add(bytes);
    if texts.0 > limit::TEMPLATE_TEXTS_BYTES_MAX {
        return Err(refused(format!("it makes texts of more than {} bytes", limit::TEMPLATE_TEXTS_BYTES_MAX)));
    }
    Ok(())
}

/// Puts bounded filters in the place of those that have no bounds.
pub(super) fn bound(environment: &mut Environment<'static>) {
    for (name, filter, looks) in [
        ("batch", Value::from_function(filters::batch), Looks::Nowhere),
        ("capitalize", Value::from_function(filters::capitalize), Looks::Nowhere),
        ("chain", Value::from_function(filters::chain), Looks::Nowhere),
        ("e", Value::from_function(filters::escape), Looks::Nowhere),
        ("escape", Value::from_function(filters::escape), Looks::Nowhere),
        ("safe", Value::from_function(filters::safe), Looks::Nowhere),
        ("trim", Value::from_function(filters::trim), Looks::Nowhere),
        ("dictsort", Value::from_function(filters::dictsort), Looks::Nowhere),
        ("format", Value::from_function(filters::format), Looks::Nowhere),
        ("groupby", Value::from_function(filters::groupby), Looks::Into(1)),
        ("indent", Value::from_function(filters::indent), Looks::Nowhere),
        ("items", Value::from_function(filters::items), Looks::Nowhere),
        ("join", Value::from_function(filters::join), Looks::Into(2)),
        ("lines", Value::from_function(filters::lines), Looks::Nowhere),
        ("list", Value::from_function(filters::list), Looks::Nowhere),
        ("lower", Value::from_function(filters::lower), Looks::Nowhere),
        ("map", Value::from_function(filters::map), Looks::MayLookInto(usize::MAX)),
        ("max", Value::from_function(filters::max), Looks::Into(usize::MAX)),
        ("min", Value::from_function(filters::min), Looks::Into(usize::MAX)),
        ("reject", Value::from_function(filters::reject), Looks::Nowhere),
        ("rejectattr", Value::from_function(filters::rejectattr), Looks::MayLookInto(1)),
        ("replace", Value::from_function(filters::replace), Looks::Nowhere),
        ("reverse", Value::from_function(filters::reverse), Looks::Nowhere),
        ("select", Value::from_function(filters::select), Looks::Nowhere),
        ("selectattr", Value::from_function(filters::selectattr), Looks::MayLookInto(1)),
        ("slice", Value::from_function(filters::slice), Looks::Nowhere),
        ("sort", Value::from_function(filters::sort), Looks::Into(usize::MAX)),
        ("split", Value::from_function(filters::split), Looks::Nowhere),
        ("string", Value::from_function(filters::string), Looks::Nowhere),
        ("sum", Value::from_function(filters::sum), Looks::Into(1)),
        ("title", Value::from_function(filters::title), Looks::Nowhere),
        ("unique", Value::from_function(filters::unique), Looks::Into(usize::MAX)),
        ("upper", Value::from_function(filters::upper), Looks::Nowhere),
        ("zip", Value::from_function(filters::zip), Looks::Nowhere),
    ] {
        environment.add_filter(name, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
            let args: Vec<Value> = args.0.into_iter().map(ValueOrKwargs::into_value).collect();
            let (given, named) = split(&args);
            for value in given {
                check_list(value)?;
            }
            check_items(given, named.as_ref(), looks)?;
            charge(state, made(name, given, named.as_ref())?)?;
            let result = filter.call(state, &args)?;
            charge(state, result.as_str().map_or(0, str::len))?;
            Ok::<Value, Error>(result)
        });
    }
}

/// Arguments by their place, and those by their name.
fn split(args: &[Value]) -> (&[Value], Option<Kwargs>) {
    match args.split_last() {
        Some((last, given)) if last.is_kwargs() => (given, Kwargs::try_from(last.clone()).ok()),
        _ => (args, None),
    }
}

fn named<'a, T: minijinja::value::ArgType<'a, Output = T>>(named: Option<&'a Kwargs>, name: &'a str) -> Option<T> {
    named.filter(|named| named.has(name)).and_then(|named| named.get(name).ok())
}

/// A list or an object that a filter takes is bounded, and nothing in it is a number that cannot be compared: the filter would hand it
/// on unseen.
fn check_list(value: &Value) -> Result<(), Error> {
    let kind = value.kind();
    if !matches!(kind, ValueKind::Seq | ValueKind::Iterable | ValueKind::Map) {
        return Ok(());
    }
    if value.len().is_some_and(|length| length > limit::TEMPLATE_ITEMS_MAX) {
        return Err(refused(format!("a list has more than {} items", limit::TEMPLATE_ITEMS_MAX)));
    }
    for item in value.try_iter()? {
        let item = if kind == ValueKind::Map { value.get_item(&item)? } else { item };
        if item.kind() == ValueKind::Invalid {
            return Err(refused(item.to_string()));
        }
    }
    Ok(())
}

/// No item, or what is looked at in it, may be undefined or be a number that cannot be compared.
fn check_items(given: &[Value], names: Option<&Kwargs>, looks: Looks) -> Result<(), Error> {
    let (at, may_be_absent) = match looks {
        Looks::Nowhere => return Ok(()),
        Looks::Into(at) => (at, named::<Value>(names, "default").is_some()),
        Looks::MayLookInto(at) => (at, true),
    };
    let attribute = given.get(at).and_then(|value| value.as_str().map(str::to_owned));
    let attribute = attribute.or_else(|| named::<String>(names, "attribute"));
    let Some(items) = given.first().and_then(|list| list.try_iter().ok()) else { return Ok(()) };
    let attribute = attribute.as_deref();
    // `sort` takes several.
    let paths: Vec<_> = attribute.map_or_else(|| vec![None], |all| all.split(',').map(str::trim).map(Some).collect());
    for item in items.checked() {
        let item = item?;
        for path in &paths {
            let looked_at = path.map_or_else(|| item.clone(), |path| at_path(&item, path));
            if looked_at.kind() == ValueKind::Invalid {
                return Err(refused(looked_at.to_string()));
            }
            if looked_at.is_undefined() && !may_be_absent {
                let what = path.map_or_else(|| "an item".to_owned(), |path| format!("{path:?} of an item"));
                return Err(Error::new(ErrorKind::UndefinedError, format!("{what} is undefined")));
            }
        }
    }
    Ok(())
}

/// What an item has at a path such as `price.amount` or `lines.0`; undefined where it has nothing there.
fn at_path(item: &Value, path: &str) -> Value {
    path.split('.').fold(item.clone(), |value, name| {
        let found = match name.parse::<usize>() {
            Ok(index) => value.get_item(&Value::from(index)),
            Err(_) => value.get_attr(name),
        };
        found.unwrap_or(Value::UNDEFINED)
    })
}

/// At least so many bytes come of it.
fn made(filter: &str, given: &[Value], names: Option<&Kwargs>) -> Result<usize, Error> {
    let text = |at: usize| given.get(at).and_then(Value::as_str).unwrap_or_default();
    let number = |at: usize, name: &str| {
        given.get(at).and_then(Value::as_usize).or_else(|| named::<usize>(names, name)).unwrap_or(0)
    };
    Ok(match filter {
        "join" => {
            let joiner = given.get(1).cloned().or_else(|| named::<Value>(names, "d"));
            let joiner = joiner.as_ref().and_then(Value::as_str).map_or(0, str::len);
            let items = given.first().and_then(|list| list.try_iter().ok());
            items.map_or(0, |items| {
                items.fold(0, |sum: usize, item| sum.saturating_add(printed(&item)).saturating_add(joiner))
            })
        }
        "replace" => text(0).matches(text(1)).count().saturating_mul(text(2).len()),
        "indent" => text(0).split('\n').count().saturating_mul(number(1, "width")),
        "format" => check_format(text(0))?,
        "batch" | "slice" if number(1, "count") > limit::TEMPLATE_ITEMS_MAX => {
            return Err(refused(format!("{filter} makes more than {} items", limit::TEMPLATE_ITEMS_MAX)));
        }
        _ => 0,
    })
}

/// Bytes of a value in a text, or fewer.
fn printed(value: &Value) -> usize {
    value.as_str().or_else(|| as_it_stands(value)).map_or(1, str::len)
}

/// A width may neither be large nor come out of the arguments.
fn check_format(text: &str) -> Result<usize, Error> {
    let widths = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let too_wide =
        |digits: &str| digits.parse::<usize>().map_or(true, |width| width > limit::TEMPLATE_FORMAT_WIDTH_MAX);
    let from_arguments = text.split('%').skip(1).any(|directive| {
        directive
            .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '#' | '.'))
            .starts_with('*')
    });
    if from_arguments || widths.into_iter().any(too_wide) {
        return Err(refused(format!(
            "format takes no numbers beyond {} and no widths from its arguments",
            limit::TEMPLATE_FORMAT_WIDTH_MAX
        )));
    }
    Ok(0)
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
