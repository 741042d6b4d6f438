use super::*;

fn tally(failures: u32, invocations: u32) -> Tally {
    Tally { invocations, failures }
}

fn judged(before: Tally, trial: Tally) -> Finding {
    judge(&RollbackSettings::default(), before, trial)
}

#[test]
fn a_new_version_goes_back_only_when_it_fails_far_more_than_the_old_one() {
    let (healthy, sick, unknown) = (tally(0, 200), tally(100, 200), Tally::default());
    for (what, before, trial, finding) in [
        ("it has not run", healthy, tally(0, 0), Finding::OnTrial),
        ("it has never failed", healthy, tally(0, 49), Finding::OnTrial),
        ("its trial is over", healthy, tally(0, 50), Finding::Passed),
        ("it has always failed, four times", healthy, tally(4, 4), Finding::OnTrial),
        ("it has always failed, five times", healthy, tally(5, 5), Finding::GoBack),
        ("the old one has no history", unknown, tally(5, 5), Finding::GoBack),
        ("the old one failed in one of one", tally(1, 1), tally(5, 5), Finding::GoBack),
        ("the old one failed in nine of nine", tally(9, 9), tally(5, 5), Finding::GoBack),
        ("the old one failed in ten of ten", tally(10, 10), tally(5, 5), Finding::OnTrial),
        ("both always fail", tally(200, 200), tally(50, 50), Finding::Passed),
        ("both fail in half of them", sick, tally(25, 50), Finding::Passed),
        ("it fails a little more", sick, tally(37, 50), Finding::Passed),
        ("it fails far more", sick, tally(38, 50), Finding::GoBack),
        ("it always fails where the old one failed in half", sick, tally(5, 5), Finding::GoBack),
        ("a few failures among many", healthy, tally(12, 50), Finding::Passed),
        ("the rest of the trial could still save it", healthy, tally(12, 20), Finding::OnTrial),
        ("the rest of the trial cannot save it", healthy, tally(13, 20), Finding::GoBack),
        ("it is better than the old one", sick, tally(5, 50), Finding::Passed),
    ] {
        assert_eq!(judged(before, trial), finding, "{what}");
    }
}

#[test]
fn a_share_that_lies_on_the_threshold_is_not_above_it() {
    for (threshold, before, on) in [(0.2, tally(20, 200), 15), (0.1, tally(60, 200), 20), (0.3, tally(60, 200), 30)] {
        let settings = RollbackSettings { threshold, ..RollbackSettings::default() };
        assert_eq!(judge(&settings, before, tally(on, 50)), Finding::Passed, "{threshold}");
        assert_eq!(judge(&settings, before, tally(on + 1, 50)), Finding::GoBack, "{threshold}");
    }
}

#[test]
fn a_short_trial_still_takes_five_failures() {
    let settings = RollbackSettings { invocations: 5, threshold: 0.01, ..RollbackSettings::default() };
    assert_eq!(judge(&settings, Tally::default(), tally(4, 5)), Finding::Passed);
    assert_eq!(judge(&settings, Tally::default(), tally(5, 5)), Finding::GoBack);
}

#[test]
fn only_recent_invocations_count() {
    let mut recent = Recent::default();
    assert_eq!(recent.tally(), tally(0, 0));
    for _ in 0..RECENT {
        recent.count(true);
    }
    assert_eq!(recent.tally(), tally(200, 200));
    for _ in 0..150 {
        recent.count(false);
    }
    assert_eq!(recent.tally(), tally(50, 200));
    for number in 0..RECENT {
        recent.count(number % 4 == 0);
    }
    assert_eq!(recent.tally(), tally(50, 200));
}
