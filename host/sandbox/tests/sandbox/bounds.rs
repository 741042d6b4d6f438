use std::time::Duration;

use hookyard_domain::invocation::InvocationLimits;
use hookyard_domain::limit;
use hookyard_sandbox::{Deadline, Outcome};

use crate::guest::Guest;
use crate::host::{ROOMY, TestHost};

#[tokio::test]
async fn a_trap_comes_with_the_guests_own_call_stack() {
    let host = TestHost::new();
    let component = host.load(&Guest::handling("unreachable")).await;
    let Outcome::Trap { message, backtrace } = host.webhook(&component, "/", ROOMY).await.outcome else {
        panic!("no trap");
    };
    assert!(message.contains("unreachable"), "{message}");
    assert!(backtrace.contains("hand_made!handle"), "{backtrace}");
    assert_eq!(backtrace.lines().count(), 1, "{backtrace}");
}

#[tokio::test]
async fn endless_recursion_ends_in_a_short_report() {
    let host = TestHost::new();
    let recurse = "(drop (call $handle (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
        (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9)))";
    let Outcome::Trap { message, backtrace } = host.outcome(&Guest::handling(recurse), ROOMY).await else {
        panic!("no trap");
    };
    assert!(message.contains("stack"), "{message}");
    assert!(backtrace.len() <= limit::BACKTRACE_BYTES_MAX, "{}", backtrace.len());
}

#[tokio::test]
async fn a_guest_that_spins_is_stopped_when_its_processor_time_is_spent() {
    let host = TestHost::new();
    let limits = InvocationLimits { cpu: Duration::from_millis(20), ..ROOMY };
    let outcome = host.outcome(&Guest::handling("(loop (br 0))"), limits).await;
    assert!(matches!(outcome, Outcome::Deadline(Deadline::Cpu)), "{outcome:?}");
}

#[tokio::test]
async fn a_guest_that_spins_is_stopped_when_its_deadline_comes_first() {
    let host = TestHost::new();
    let limits = InvocationLimits { deadline: Duration::from_millis(20), ..ROOMY };
    let outcome = host.outcome(&Guest::handling("(loop (br 0))"), limits).await;
    assert!(matches!(outcome, Outcome::Deadline(Deadline::Wall)), "{outcome:?}");
}

#[tokio::test]
async fn a_neighbour_is_served_while_a_guest_spins_on_the_same_thread() {
    let host = TestHost::new();
    let spinning = host.load(&Guest::handling("(loop (br 0))")).await;
    let neighbour = host.load(&Guest::handling("")).await;
    let limits = InvocationLimits { cpu: Duration::from_millis(200), ..ROOMY };
    let served = async {
        for _ in 0..10 {
            let outcome = host.webhook(&neighbour, "/", ROOMY).await.outcome;
            assert!(matches!(outcome, Outcome::Returned(None)), "{outcome:?}");
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        finished = host.webhook(&spinning, "/", limits) => panic!("the neighbour waited: {:?}", finished.outcome),
        () = served => {}
    }
}

#[tokio::test]
async fn memory_beyond_the_bound_is_not_given_and_the_report_says_so() {
    let host = TestHost::new();
    let greedy = Guest::handling("(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable");
    let component = host.load(&greedy).await;
    let finished = host.webhook(&component, "/", ROOMY).await;
    let Outcome::Trap { message, .. } = finished.outcome else { panic!("no trap") };
    assert!(message.contains("16777216 bytes"), "{message}");
    assert!(finished.usage.memory_bytes <= ROOMY.memory_bytes);
}

#[tokio::test]
async fn a_guest_may_live_with_the_memory_that_it_gets() {
    let host = TestHost::new();
    let modest = Guest::handling("(drop (memory.grow (i32.const 10000)))");
    assert!(matches!(host.outcome(&modest, ROOMY).await, Outcome::Returned(None)));
}

#[tokio::test]
async fn more_than_a_host_call_takes_ends_the_guest() {
    let host = TestHost::new();
    let guest = Guest::handling(
        "(drop (memory.grow (i32.const 100))) (call $write (i32.const 0) (i32.const 0) (i32.const 4194305))",
    )
    .importing(r#"(import "hookyard:plugin/log@VERSION" "write" (func $write (param i32 i32 i32)))"#);
    let outcome = host.outcome(&guest, ROOMY).await;
    assert!(matches!(outcome, Outcome::Trap { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_flood_of_log_lines_is_counted() {
    let host = TestHost::new();
    let guest = Guest::handling(
        "(local $n i32)
         (loop
            (call $write (i32.const 1) (i32.const 1024) (i32.const 5))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const 1000))))",
    )
    .importing(r#"(import "hookyard:plugin/log@VERSION" "write" (func $write (param i32 i32 i32)))"#);
    let component = host.load(&guest).await;
    let log = host.webhook(&component, "/", ROOMY).await.effects.into_draft().log;
    assert_eq!((log.lines.len(), log.dropped), (limit::LOG_LINES_MAX, 900));
}

#[tokio::test]
async fn whoever_finds_no_free_slot_in_time_is_told_so() {
    let host = TestHost::with_pool(1);
    let spinning = host.load(&Guest::handling("(loop (br 0))")).await;
    let neighbour = host.load(&Guest::handling("")).await;
    let impatient = InvocationLimits { deadline: Duration::from_millis(10), ..ROOMY };
    tokio::select! {
        biased;
        finished = host.webhook(&spinning, "/", ROOMY) => panic!("it ended: {:?}", finished.outcome),
        finished = host.webhook(&neighbour, "/", impatient) => {
            assert!(matches!(finished.outcome, Outcome::Busy), "{:?}", finished.outcome);
        }
    }
}
