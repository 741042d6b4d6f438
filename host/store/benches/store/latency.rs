//! How long a commit takes when commits come at a constant rate, whatever becomes of those before: from the moment at which it was
//! due.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::measured::{Measured, now};
use crate::rows::Work;

/// Commits so many each second, for so long; clearing away takes turns with them. In microseconds.
pub(crate) async fn at(
    store: &Measured,
    work: Work,
    per_second: f64,
    length: Duration,
) -> anyhow::Result<Histogram<u64>> {
    store.clear_away(true);
    let latencies = Arc::new(Mutex::new(Histogram::new(3)?));
    let mut commits = JoinSet::new();
    let begin = now();
    let mut number = 0_u32;
    loop {
        let due = begin + Duration::from_secs_f64(f64::from(number) / per_second.max(1.0));
        if due - begin >= length {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let (committing, latencies) = (store.committing(), Arc::clone(&latencies));
        commits.spawn(async move {
            committing.commit(work).await?;
            let micros = u64::try_from(due.elapsed().as_micros())?;
            latencies.lock().unwrap_or_else(PoisonError::into_inner).record(micros)?;
            anyhow::Ok(())
        });
        number += 1;
        while let Some(ended) = commits.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = commits.join_next().await {
        ended??;
    }
    store.clear_away(false);
    let latencies = latencies.lock().unwrap_or_else(PoisonError::into_inner);
    anyhow::ensure!(latencies.len() == u64::from(number), "{} of {number} commits were measured", latencies.len());
    Ok(latencies.clone())
}
