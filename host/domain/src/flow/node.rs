//! The `input` of a flow: JSON with templates for strings.

use serde_json::Value;

use super::language::{self, Compiled, Language, Mistake};
use super::part::Event;
use super::{FlowProblem, below, output, source};
use crate::limit;

/// One value of an input.
pub(super) enum Node {
    /// It has no templates in it: its JSON.
    Fixed(String),
    /// A string that is one expression, and its place.
    Expression(String, Box<Compiled>),
    /// A string with templates in it: its place, under which the language has it.
    Text(String),
    /// A list with templates in it.
    List(Vec<Self>),
    /// An object with templates in it.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// Compiles what stands at `pointer`. What cannot be compiled is told in `problems`.
    pub(super) fn compile(
        language: &mut Language,
        pointer: &str,
        value: &Value,
        problems: &mut Vec<FlowProblem>,
    ) -> Self {
        let node = match value {
            Value::String(text) => match Self::of_text(language, pointer, text) {
                Ok(node) => node,
                Err(Mistake(detail)) => {
                    problems.push(FlowProblem { pointer: pointer.to_owned(), detail });
                    None
                }
            },
            Value::Array(items) => {
                let nodes = items.iter().enumerate();
                let nodes = nodes.map(|(at, item)| Self::compile(language, &format!("{pointer}/{at}"), item, problems));
                Some(Self::List(nodes.collect())).filter(Self::has_templates)
            }
            Value::Object(members) => {
                let node = |(key, value): (&String, &Value)| {
                    (key.clone(), Self::compile(language, &below(pointer, key), value, problems))
                };
                Some(Self::Map(members.iter().map(node).collect())).filter(Self::has_templates)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        };
        node.unwrap_or_else(|| Self::Fixed(value.to_string()))
    }

    fn of_text(language: &mut Language, pointer: &str, text: &str) -> Result<Option<Self>, Mistake> {
        if !source::has_templates(text) {
            return Ok(None);
        }
        if let Some((expression, skipped)) = source::single_expression(text)
            && let Ok(compiled) = language::expression_in(expression, text, skipped)
        {
            return Ok(Some(Self::Expression(pointer.to_owned(), Box::new(compiled))));
        }
        language.add_text(pointer, text)?;
        Ok(Some(Self::Text(pointer.to_owned())))
    }

    fn has_templates(&self) -> bool {
        self.templates() > 0
    }

    /// How many strings of it have templates in them. Each has its own fuel.
    pub(super) fn templates(&self) -> usize {
        match self {
            Self::Fixed(_) => 0,
            Self::Expression(..) | Self::Text(_) => 1,
            Self::List(nodes) => nodes.iter().map(Self::templates).sum(),
            Self::Map(members) => members.iter().map(|(_, node)| node.templates()).sum(),
        }
    }

    /// What becomes of it, as JSON.
    pub(super) fn render(&self, language: &Language, event: &Event) -> Result<String, Mistake> {
        let mut json = String::new();
        self.write(language, event, &mut json)?;
        Ok(json)
    }

    fn write(&self, language: &Language, event: &Event, json: &mut String) -> Result<(), Mistake> {
        let room = limit::FLOW_RESULT_BYTES_MAX.saturating_sub(json.len());
        match self {
            Self::Fixed(fixed) => output::push(json, fixed)?,
            Self::Expression(pointer, expression) => {
                let value = language::evaluate(expression, event);
                let value =
                    value.and_then(|value| output::json(&value, room)).map_err(|mistake| mistake.at(pointer))?;
                output::push(json, &value)?;
            }
            Self::Text(pointer) => {
                let text = language.render(pointer, event, room).map_err(|mistake| mistake.at(pointer))?;
                output::push(json, &output::string(&text))?;
            }
            Self::List(nodes) => {
                for (at, node) in nodes.iter().enumerate() {
                    output::push(json, if at == 0 { "[" } else { "," })?;
                    node.write(language, event, json)?;
                }
                output::push(json, "]")?;
            }
            Self::Map(members) => {
                for (at, (key, node)) in members.iter().enumerate() {
                    output::push(json, if at == 0 { "{" } else { "," })?;
                    output::push(json, &output::string(key))?;
                    output::push(json, ":")?;
                    node.write(language, event, json)?;
                }
                output::push(json, "}")?;
            }
        }
        Ok(())
    }
}
