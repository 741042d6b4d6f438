//! The call itself, and the check of what comes back.

use hookyard_capability::Draft;
use hookyard_domain::schema::view;
use hookyard_sandbox::{Component, Deadline, Finished, Invocation, Outcome, Sandbox};

use super::answer::stored_output;
use super::failure::Failure;
use super::keyed::Keyed;
use crate::action_rules::ActionRule;
use crate::invoker::Undertaking;

/// Has the plugin run an action.
pub(super) struct RunAction<'a> {
    pub(super) name: &'a str,
    pub(super) input: &'a str,
    pub(super) rule: &'a ActionRule,
    pub(super) keyed: Option<&'a Keyed>,
}

impl Undertaking for RunAction<'_> {
    type Returned = String;
    /// The output.
    type Done = String;
    type Failed = Failure;

    async fn call(&self, sandbox: &Sandbox, component: &Component, invocation: Invocation) -> Finished<String> {
        sandbox.run_action(component, invocation, self.name.to_owned(), self.input.to_owned()).await
    }

    fn conclude(&self, outcome: Outcome<String>, sent_unsafe: bool) -> Result<String, Failure> {
        Err(match outcome {
            Outcome::Returned(output) => return self.valid(output),
            Outcome::Error(error) => Failure::Plugin(error),
            Outcome::Trap { .. } => Failure::Trap,
            Outcome::Deadline(Deadline::Wall) => Failure::Deadline("the plugin did not answer in time"),
            Outcome::Deadline(Deadline::Cpu) => Failure::Deadline("the plugin used up its processor time"),
            Outcome::Unavailable(_) => Failure::Host { code: "unavailable", sent_unsafe },
            Outcome::Busy => Failure::NotCalled,
        })
    }

    fn unusable(failed: &Failure) -> bool {
        matches!(failed, Failure::InvalidOutput(_))
    }

    fn join(&self, output: &String, draft: &mut Draft) {
        draft.writes.extend(self.keyed.map(|keyed| keyed.answered(stored_output(output))));
    }
}

impl RunAction<'_> {
    fn valid(&self, output: String) -> Result<String, Failure> {
        let refused = |reason: String| Failure::InvalidOutput(format!("the plugin returned an output that {reason}"));
        let value = view::value_of(&output).map_err(|error| refused(format!("is not JSON: {error}")))?;
        let Some(schema) = &self.rule.output else { return Ok(output) };
        match schema.validate(&value) {
            Ok(()) => Ok(output),
            Err(violations) => {
                let texts: Vec<_> = violations.iter().map(|v| format!("{}: {}", v.pointer, v.detail)).collect();
                Err(refused(format!("breaks the action's schema: {}", texts.join("; "))))
            }
        }
    }
}
