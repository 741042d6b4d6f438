use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use hookyard_domain::clock::{ManualClock, Timestamp};
use hookyard_domain::entropy::SeededEntropy;
use tokio::sync::Semaphore;

use super::*;
use crate::compiler::Compile;
use crate::load_bounds::LoadBounds;
use crate::sandbox::{Compiler, SandboxSettings};

/// Refuses what ends in `q` at once, and everything else only when it is let.
#[derive(Debug)]
struct Slow(Arc<Semaphore>);

#[async_trait]
impl Compile for Slow {
    async fn compile(&self, wasm: Vec<u8>, _out: &Path) -> Result<(), Rejection> {
        if wasm.last() != Some(&b'q') {
            self.0.acquire().await.expect("it stays open").forget();
        }
        Err(Rejection::invalid("refused".to_owned()))
    }
}

fn component(text: &[u8]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0", text].concat()
}

#[tokio::test(start_paused = true)]
async fn however_many_components_take_minutes_others_have_their_turn() {
    let dir = tempfile::tempdir().expect("temp dir");
    let settings = SandboxSettings {
        pool_slots: 0,
        cache_dir: dir.path().join("code"),
        compiler: Compiler::InProcess,
        bounds: LoadBounds::default(),
    };
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
    let mut sandbox = Sandbox::new(settings, clock, Arc::new(SeededEntropy::new(1))).expect("a sandbox");
    let let_go = Arc::new(Semaphore::new(0));
    sandbox.compiler = Box::new(Slow(Arc::clone(&let_go)));
    let sandbox = Arc::new(sandbox);
    let load = |text: &[u8]| {
        let (sandbox, wasm) = (Arc::clone(&sandbox), component(text));
        tokio::spawn(async move { sandbox.load(&wasm).await.map(drop) })
    };
    let slow: Vec<_> = (0..5_u8).map(|number| load(&[number])).collect();
    tokio::task::yield_now().await;
    let quick = load(b"q").await.expect("it ends");
    assert_eq!(quick, Err(Rejection::invalid("refused".to_owned())));
    assert!(slow.iter().all(|task| !task.is_finished()));
    let_go.add_permits(slow.len());
    for task in slow {
        assert!(task.await.expect("it ends").is_err(), "each has its turn in the end");
    }
}
