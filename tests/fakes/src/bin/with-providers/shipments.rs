//! Shipments that move by themselves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hookyard_fakes::aftership::Sender;
use hookyard_fakes::demo::Providers;

/// What becomes of a shipment, and how long after what came before.
const JOURNEY: [(Duration, &str); 2] = [(Duration::from_secs(2), "InTransit"), (Duration::from_secs(4), "Delivered")];
/// How much faster than AfterShip a webhook is repeated that was not accepted: first after 3 s.
const FASTER: u32 = 10;

/// Has every shipment that is created from now on make its journey, and sends a webhook at each station.
pub(crate) async fn move_on(providers: Arc<Providers>, sender: Sender) -> Infallible {
    let mut seen = 0;
    loop {
        let id = providers.aftership.created(seen).await;
        seen += 1;
        tokio::spawn(journey(Arc::clone(&providers), sender.clone(), id));
    }
}

async fn journey(providers: Arc<Providers>, sender: Sender, id: String) {
    for (wait, tag) in JOURNEY {
        tokio::time::sleep(wait).await;
        sender.until_accepted(&providers.aftership.update(&id, tag, true), FASTER).await;
    }
}
