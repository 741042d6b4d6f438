use futures_util::FutureExt;
use hookyard_domain::invocation::PluginError;
use hookyard_sandbox::Deadline;

use super::*;

const OLD: ContentHash = ContentHash([1; 32]);
const NEW: ContentHash = ContentHash([2; 32]);

fn plugin() -> PluginName {
    "echo".parse().expect("a name")
}

fn trials() -> Trials {
    Trials::new(RollbackSettings::default())
}

/// The version's next invocations: `!` failed, anything else did not.
fn run(trials: &Trials, content: ContentHash, outcomes: &str) {
    outcomes.chars().for_each(|outcome| trials.record(&plugin(), content, outcome == '!'));
}

fn verdict(trials: &Trials) -> Option<Verdict> {
    trials.next_verdict().now_or_never()
}

#[test]
fn a_version_that_only_fails_goes_back_once_with_its_numbers() {
    let trials = trials();
    run(&trials, OLD, "..........!.........");
    trials.begin(&plugin(), OLD, NEW);
    run(&trials, NEW, "!!!!");
    assert_eq!(verdict(&trials), None, "four failures may be chance");
    run(&trials, NEW, "!");
    let expected =
        Verdict { plugin: plugin(), from: NEW, to: OLD, failures: 5, invocations: 5, share: 1.0, share_before: 0.05 };
    assert_eq!(verdict(&trials), Some(expected));
    run(&trials, NEW, "!!!!!!!!!!");
    assert_eq!(verdict(&trials), None, "one trial has one verdict");
}

#[test]
fn nothing_goes_back_without_a_swap() {
    let trials = trials();
    run(&trials, OLD, &"!".repeat(300));
    assert_eq!(verdict(&trials), None);
}

#[test]
fn versions_that_fail_alike_do_not_go_back() {
    let trials = trials();
    run(&trials, OLD, &"!.".repeat(50));
    trials.begin(&plugin(), OLD, NEW);
    run(&trials, NEW, &".!".repeat(25));
    assert_eq!(verdict(&trials), None);
    run(&trials, NEW, &"!".repeat(300));
    assert_eq!(verdict(&trials), None, "its trial is over");
}

#[test]
fn what_the_old_version_does_meanwhile_counts_for_it() {
    let trials = trials();
    run(&trials, OLD, &".".repeat(20));
    trials.begin(&plugin(), OLD, NEW);
    run(&trials, OLD, &"!".repeat(200));
    run(&trials, NEW, &"!".repeat(50));
    assert_eq!(verdict(&trials), None, "everything fails now, whatever the version");
}

#[test]
fn other_plugins_and_versions_are_not_on_trial() {
    let trials = trials();
    trials.begin(&plugin(), OLD, NEW);
    let other: PluginName = "other".parse().expect("a name");
    for _ in 0..20 {
        trials.record(&other, NEW, true);
    }
    run(&trials, ContentHash([3; 32]), &"!".repeat(20));
    assert_eq!(verdict(&trials), None);
}

#[test]
fn a_new_swap_an_end_and_a_removal_each_end_the_trial() {
    let ends: [fn(&Trials); 3] = [
        |trials| trials.begin(&plugin(), NEW, ContentHash([3; 32])),
        |trials| trials.end(&plugin()),
        |trials| trials.forget(&plugin()),
    ];
    for end in ends {
        let trials = trials();
        trials.begin(&plugin(), OLD, NEW);
        run(&trials, NEW, "!!!!!");
        end(&trials);
        assert_eq!(verdict(&trials), None, "a verdict that nobody has taken yet is void");
        run(&trials, NEW, "!!!!!");
        assert_eq!(verdict(&trials), None);
    }
}

#[test]
fn nothing_is_counted_when_it_is_switched_off() {
    let trials = Trials::new(RollbackSettings { enabled: false, ..RollbackSettings::default() });
    trials.begin(&plugin(), OLD, NEW);
    run(&trials, NEW, "!!!!!!!!!!");
    assert_eq!(verdict(&trials), None);
}

#[test]
fn many_versions_are_bounded_and_the_compared_one_is_not_forgotten() {
    let trials = trials();
    run(&trials, OLD, &"!".repeat(20));
    trials.begin(&plugin(), OLD, NEW);
    for number in 10..100 {
        run(&trials, ContentHash([number; 32]), ".");
    }
    assert_eq!(trials.plugins()[&plugin()].versions.len(), limit::ROLLBACK_VERSIONS_MAX);
    run(&trials, NEW, &"!".repeat(50));
    assert_eq!(verdict(&trials), None, "the old one's failures are still known");
}

#[tokio::test]
async fn whoever_waits_is_told() {
    let trials = trials();
    trials.begin(&plugin(), OLD, NEW);
    let (verdict, ()) = tokio::join!(trials.next_verdict(), async { run(&trials, NEW, "!!!!!") });
    assert_eq!(verdict.from, NEW);
}

#[test]
fn the_provider_and_the_host_do_not_count_against_a_version() {
    let error = |kind| Outcome::Error::<()>(PluginError::new(kind, "code", "message"));
    let trap = Outcome::Trap::<()> { message: String::new(), backtrace: String::new() };
    for (outcome, expected) in [
        (Outcome::Returned(()), Some(false)),
        (trap, Some(true)),
        (Outcome::Deadline(Deadline::Cpu), Some(true)),
        (Outcome::Deadline(Deadline::Wall), Some(true)),
        (error(ErrorKind::Failed), Some(true)),
        (error(ErrorKind::Invalid), Some(false)),
        (error(ErrorKind::Unauthorized), None),
        (error(ErrorKind::Unavailable), None),
        (Outcome::Busy, None),
    ] {
        assert_eq!(told(&outcome), expected, "{outcome:?}");
    }
}
