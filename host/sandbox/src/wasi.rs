//! WASI with nothing behind it: no files, no sockets, no environment, no arguments. Time and chance are the host's.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hookyard_domain::clock::Clock;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::limit;
use rand_core::TryRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};

use crate::output::Output;

/// What guests see of the world.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// Behind the wall clock and the monotonic clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Behind everything random.
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Surroundings {
    /// A context for one instance.
    pub(crate) fn context(&self, stdout: Output, stderr: Output) -> WasiCtx {
        let mut seed = [0; 16];
        self.entropy.fill(&mut seed);
        WasiCtxBuilder::new()
            .stdout(stdout)
            .stderr(stderr)
            .wall_clock(GuestClock(Arc::clone(&self.clock)))
            .monotonic_clock(GuestClock(Arc::clone(&self.clock)))
            .secure_random(GuestEntropy::new(Arc::clone(&self.entropy)))
            .insecure_random(GuestEntropy::new(Arc::clone(&self.entropy)))
            .insecure_random_seed(u128::from_le_bytes(seed))
            .max_random_size(limit::RANDOM_BYTES_MAX as u64)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build()
    }
}

#[derive(Debug)]
struct GuestClock(Arc<dyn Clock>);

impl GuestClock {
    fn since_epoch(&self) -> Duration {
        Duration::from_millis(self.0.now().as_millis().max(0).unsigned_abs())
    }
}

impl HostWallClock for GuestClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.since_epoch()
    }
}

impl HostMonotonicClock for GuestClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since_epoch().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Hands out what it fetched in larger pieces, because guests ask for single bytes.
#[derive(Debug)]
struct GuestEntropy {
    source: Arc<dyn Entropy>,
    fetched: [u8; Self::PIECE],
    used: usize,
}

impl GuestEntropy {
    const PIECE: usize = 64;

    fn new(source: Arc<dyn Entropy>) -> Self {
        Self { source, fetched: [0; Self::PIECE], used: Self::PIECE }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        if self.used + N > Self::PIECE {
            self.source.fill(&mut self.fetched);
            self.used = 0;
        }
        bytes.copy_from_slice(&self.fetched[self.used..self.used + N]);
        self.used += N;
        bytes
    }
}

impl TryRng for GuestEntropy {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.source.fill(bytes);
        Ok(())
    }
}
