//! Flows: what an event becomes on its way to an action. `when` and the strings of an `input` are MiniJinja over `event`.
//!
//! A string that is one `{{ … }}` keeps the type of the value; any other text is text, and nothing in it is escaped. Something
//! undefined is an error, also as a result. Where an expression is a plain path into the event (`event.data.items[0].price`), it
//! stands for the JSON as the event has it, with its digits and the order of its members. In other expressions integers are exact
//! (up to 128 bits with a sign), other numbers are floats where a float has their value, and else they can only be printed: an
//! expression that compares or computes fails where it meets one.
//!
//! Events are hostile: what an event says bounds neither steps nor memory. There is fuel for each rendering, filters make texts of
//! so many bytes and lists of so many items, and nothing can be added up over the turns of a loop (no `namespace`; there is `sum`).
//!
//! Templates load nothing: there is no include, import, extends or macro.

mod checks;
mod depth;
mod filters;
mod language;
mod node;
mod number;
mod output;
mod part;
mod source;

use minijinja::Value;

use crate::delivery::reason;
use crate::inbox::Reason;
use crate::limit;
use language::{Compiled, Language, Mistake};
use node::Node;
use part::Event;

/// The expressions of a subscription, compiled.
pub struct Flow {
    when: Option<Compiled>,
    input: Option<Node>,
    language: Language,
}

/// A text that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowProblem {
    /// JSON pointer: `/when`, or below `/endpoint/input`.
    pub pointer: String,
    /// What is wrong, and where in the text.
    pub detail: String,
}

/// Where `when` stands.
const WHEN: &str = "/when";
/// Where `input` stands.
const INPUT: &str = "/endpoint/input";

impl Flow {
    /// Compiles the `when` and the `input` of a subscription; each may be absent.
    ///
    /// # Errors
    /// Every text that cannot be compiled, or is too long.
    pub fn compile(when: Option<&str>, input: Option<&serde_json::Value>) -> Result<Self, Vec<FlowProblem>> {
        let (mut language, mut problems) = (Language::new(), Vec::new());
        let when = when.and_then(|text| match language::expression(text) {
            Ok(expression) => Some(expression),
            Err(Mistake(detail)) => {
                problems.push(FlowProblem { pointer: WHEN.to_owned(), detail });
                None
            }
        });
        let bytes = input.map_or(0, |input| input.to_string().len());
        if bytes > limit::FLOW_INPUT_BYTES_MAX {
            let detail = format!("it has {bytes} bytes as JSON; at most {} are taken", limit::FLOW_INPUT_BYTES_MAX);
            problems.push(FlowProblem { pointer: INPUT.to_owned(), detail });
        }
        let input = input.map(|input| Node::compile(&mut language, INPUT, input, &mut problems));
        let templates = input.as_ref().map_or(0, Node::templates);
        if templates > limit::FLOW_TEMPLATES_MAX {
            let detail =
                format!("it has {templates} strings with templates; at most {} are taken", limit::FLOW_TEMPLATES_MAX);
            problems.push(FlowProblem { pointer: INPUT.to_owned(), detail });
        }
        if problems.is_empty() { Ok(Self { when, input, language }) } else { Err(problems) }
    }

    /// Whether `when` holds for this event (a CloudEvent as JSON); it does where there is none.
    ///
    /// # Errors
    /// The code is `mapping-failed`.
    pub fn wants(&self, event: &str) -> Result<bool, Reason> {
        let Some(when) = &self.when else { return Ok(true) };
        let event = Event::parse(event).map_err(failed)?;
        let value = language::evaluate(when, &event).map_err(|mistake| failed(mistake.at(WHEN)))?;
        if value.is_undefined() {
            return Err(failed(Mistake::undefined().at(WHEN)));
        }
        Ok(value.is_true())
    }

    /// The input for the action, as JSON: `{}` where the subscription says nothing.
    ///
    /// # Errors
    /// The code is `mapping-failed`.
    pub fn input(&self, event: &str) -> Result<String, Reason> {
        let Some(input) = &self.input else { return Ok("{}".to_owned()) };
        let event = Event::parse(event).map_err(failed)?;
        input.render(&self.language, &event).map_err(failed)
    }
}

/// How a flow says that it cannot make anything of an event.
fn failed(Mistake(message): Mistake) -> Reason {
    reason("mapping-failed", message)
}

/// A pointer to the member `key`.
fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Whether a value is one that prints its own JSON.
fn as_it_stands(value: &Value) -> Option<&str> {
    let part = value.downcast_object_ref::<part::Part>().map(part::Part::json);
    part.or_else(|| value.downcast_object_ref::<number::Digits>().map(number::Digits::json))
}

#[cfg(test)]
mod tests;
