//! Crash points on command.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use hookyard_store::{CrashPoint, CrashPoints};

/// What a host is told on its standard input: to end, by SIGKILL, when it reaches this point the `hit`-th time from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CrashOrder {
    pub(super) point: CrashPoint,
    pub(super) hit: u32,
}

impl CrashOrder {
    /// The line that says so.
    pub(super) fn line(self) -> String {
        format!("{} {}\n", self.point.as_str(), self.hit)
    }
}

impl FromStr for CrashOrder {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> anyhow::Result<Self> {
        let (point, hit) = line.split_once(' ').ok_or_else(|| anyhow::anyhow!("{line:?} is no order"))?;
        let point = CrashPoint::ALL.into_iter().find(|known| known.as_str() == point);
        let point = point.ok_or_else(|| anyhow::anyhow!("{line:?} names no crash point"))?;
        Ok(Self { point, hit: hit.parse()? })
    }
}

/// Ends the process when its order says so.
#[derive(Debug, Default)]
pub(super) struct CrashesOnCommand(Mutex<Option<CrashOrder>>);

impl CrashesOnCommand {
    /// Replaces the order.
    pub(super) fn give(&self, order: CrashOrder) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
    }
}

impl CrashPoints for CrashesOnCommand {
    fn reached(&self, point: CrashPoint) {
        let mut order = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(order) = order.as_mut().filter(|order| order.point == point) else { return };
        order.hit = order.hit.saturating_sub(1);
        if order.hit == 0 {
            // Nobody gets any further: the signal ends all threads before this one returns from the system.
            let killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            killed.expect("a process may kill itself");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_understood_as_it_was_given_and_other_lines_are_refused() {
        for point in CrashPoint::ALL {
            let order = CrashOrder { point, hit: 7 };
            assert_eq!(order.line().trim_end().parse::<CrashOrder>().expect("is an order"), order);
        }
        for wrong in ["", "group-begins", "group-begins x", "group-ends 1"] {
            assert!(wrong.parse::<CrashOrder>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn other_points_and_earlier_hits_go_by() {
        let crashes = CrashesOnCommand::default();
        crashes.reached(CrashPoint::GroupBegins);
        crashes.give(CrashOrder { point: CrashPoint::GroupDurable, hit: 3 });
        crashes.reached(CrashPoint::GroupBegins);
        crashes.reached(CrashPoint::GroupDurable);
        crashes.reached(CrashPoint::GroupDurable);
    }
}
