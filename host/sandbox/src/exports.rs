//! Which interfaces of the contract a component exports, and whether their functions have the types that the host calls.

use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Instance, InstancePre, Lift, Lower};

use crate::bindings::exports::hookyard::plugin::{
    action_handler, definition, lifecycle, timer_handler, webhook_handler,
};
use crate::bindings::hookyard::plugin::types::Error;
use crate::component::Exports;
use crate::guest::Guest;
use crate::rejection::Rejection;
use crate::shape;

pub(crate) const DEFINITION: &str = "hookyard:plugin/definition@0.1.0";
pub(crate) const WEBHOOK_HANDLER: &str = "hookyard:plugin/webhook-handler@0.1.0";
pub(crate) const ACTION_HANDLER: &str = "hookyard:plugin/action-handler@0.1.0";
pub(crate) const LIFECYCLE: &str = "hookyard:plugin/lifecycle@0.1.0";
pub(crate) const TIMER_HANDLER: &str = "hookyard:plugin/timer-handler@0.1.0";

/// Every interface that the host may call, with its functions.
const INTERFACES: [(&str, &[&str]); 5] = [
    (DEFINITION, &["describe"]),
    (WEBHOOK_HANDLER, &["handle"]),
    (ACTION_HANDLER, &["run"]),
    (LIFECYCLE, &["activate", "deactivate"]),
    (TIMER_HANDLER, &["fire"]),
];

/// Where the exported functions of a component are.
#[derive(Clone)]
pub(crate) struct ExportIndices {
    pub(crate) definition: definition::GuestIndices,
    pub(crate) webhook_handler: Option<webhook_handler::GuestIndices>,
    pub(crate) action_handler: Option<action_handler::GuestIndices>,
    pub(crate) lifecycle: Option<lifecycle::GuestIndices>,
    pub(crate) timer_handler: Option<timer_handler::GuestIndices>,
    present: Exports,
}

impl ExportIndices {
    /// Finds them by name. An interface that is there must be there as a whole; one that is not is not called.
    pub(crate) fn find(component: &InstancePre<Guest>) -> Result<Self, Rejection> {
        let names = exported_names(component);
        check_versions(&names)?;
        let mut present = [false; INTERFACES.len()];
        for ((interface, functions), present) in INTERFACES.into_iter().zip(&mut present) {
            let Some(index) = component.component().get_export_index(None, interface) else { continue };
            *present = true;
            for function in functions {
                if component.component().get_export_index(Some(&index), function).is_none() {
                    return Err(Rejection::ExportIncomplete { interface, function });
                }
            }
        }
        let [described, webhook_handler, action_handler, lifecycle, timer_handler] = present;
        let present = Exports { webhook_handler, action_handler, lifecycle, timer_handler };
        if !described {
            return Err(Rejection::NoDefinition { expected: DEFINITION, hint: definition_hint(&names) });
        }
        let unusable = |error: wasmtime::Error| Rejection::Invalid { reason: format!("{error:#}") };
        Ok(Self {
            definition: definition::GuestIndices::new(component).map_err(unusable)?,
            webhook_handler: (present.webhook_handler)
                .then(|| webhook_handler::GuestIndices::new(component).map_err(unusable))
                .transpose()?,
            action_handler: (present.action_handler)
                .then(|| action_handler::GuestIndices::new(component).map_err(unusable))
                .transpose()?,
            lifecycle: present
                .lifecycle
                .then(|| lifecycle::GuestIndices::new(component).map_err(unusable))
                .transpose()?,
            timer_handler: (present.timer_handler)
                .then(|| timer_handler::GuestIndices::new(component).map_err(unusable))
                .transpose()?,
            present,
        })
    }

    /// Which of the optional interfaces are there.
    pub(crate) fn present(&self) -> Exports {
        self.present
    }

    /// Compares the type of every exported function with the one that the host calls.
    pub(crate) fn check_types(
        &self,
        store: &mut Store<Guest>,
        code: &InstancePre<Guest>,
        instance: &Instance,
    ) -> Result<(), Rejection> {
        type Failing<T> = Result<T, Error>;
        let mut check = Check { store, code, instance };
        check.function::<(), (String,)>(DEFINITION, "describe")?;
        if self.present.webhook_handler {
            type Response = Option<webhook_handler::Response>;
            check.function::<(webhook_handler::Request,), (Failing<Response>,)>(WEBHOOK_HANDLER, "handle")?;
        }
        if self.present.action_handler {
            check.function::<(String, String), (Failing<String>,)>(ACTION_HANDLER, "run")?;
        }
        if self.present.lifecycle {
            check.function::<(), (Failing<String>,)>(LIFECYCLE, "activate")?;
            check.function::<(), (Failing<()>,)>(LIFECYCLE, "deactivate")?;
        }
        if self.present.timer_handler {
            check.function::<(String, String), (Failing<()>,)>(TIMER_HANDLER, "fire")?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for ExportIndices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.present.fmt(f)
    }
}

struct Check<'a> {
    store: &'a mut Store<Guest>,
    code: &'a InstancePre<Guest>,
    instance: &'a Instance,
}

impl Check<'_> {
    fn function<P, R>(&mut self, interface: &'static str, function: &'static str) -> Result<(), Rejection>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let absent = || Rejection::ExportIncomplete { interface, function };
        let index = self.instance.get_export_index(&mut *self.store, None, interface).ok_or_else(absent)?;
        let index = self.instance.get_export_index(&mut *self.store, Some(&index), function).ok_or_else(absent)?;
        match self.instance.get_typed_func::<P, R>(&mut *self.store, index) {
            Ok(_) => Ok(()),
            Err(error) => {
                let component = self.code.component();
                let members = shape::differences(component.engine(), component, interface);
                let reason = [vec![format!("{error:#}")], members].concat().join("; ");
                Err(Rejection::ExportMismatch { interface, function, reason })
            }
        }
    }
}

fn exported_names(component: &InstancePre<Guest>) -> Vec<String> {
    let component = component.component();
    component.component_type().exports(component.engine()).map(|(name, _)| name.to_owned()).collect()
}

/// Refuses an interface that the host would call if only its version were another one. Interfaces that the host does not
/// know at all are left alone: they may be for a newer host.
fn check_versions(names: &[String]) -> Result<(), Rejection> {
    for (expected, _) in INTERFACES {
        let bare = without_version(expected);
        let other = |name: &&String| without_version(name) == bare && !same_track(name, expected);
        if let Some(found) = names.iter().find(other)
            && !names.iter().any(|name| without_version(name) == bare && same_track(name, expected))
        {
            return Err(Rejection::ExportVersion { found: found.clone(), expected });
        }
    }
    Ok(())
}

fn definition_hint(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() { ", nor anything else".into() } else { format!("; it exports {}", names.join(", ")) }
}

/// `hookyard:plugin/log` of `hookyard:plugin/log@0.1.0`.
pub(crate) fn without_version(name: &str) -> &str {
    name.split_once('@').map_or(name, |(bare, _)| bare)
}

/// Whether two versions of an interface are compatible: the first number that is not zero is the same.
pub(crate) fn same_track(one: &str, other: &str) -> bool {
    fn track(name: &str) -> Option<(&str, Option<&str>)> {
        let (_, version) = name.split_once('@')?;
        let mut numbers = version.split('.');
        let major = numbers.next()?;
        Some((major, if major == "0" { numbers.next() } else { None }))
    }
    track(one) == track(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compatible_along_one_track() {
        assert!(same_track("a:b/c@0.1.0", "a:b/c@0.1.9"));
        assert!(!same_track("a:b/c@0.1.0", "a:b/c@0.2.0"));
        assert!(same_track("a:b/c@1.1.0", "a:b/c@1.2.0"));
        assert!(!same_track("a:b/c@1.1.0", "a:b/c@2.1.0"));
        assert!(!same_track("a:b/c", "a:b/c@0.1.0"));
    }
}
