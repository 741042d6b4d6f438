//! Is the key good, and what is left to do by hand?

use hookyard_sdk::{Error, Setup, connection};

use crate::api::Api;
use crate::config::Config;

/// Makes one call that changes nothing; its errors are those of every call, and carry the same steps as a success.
pub(crate) fn activate(config: &Config) -> Result<Setup, Error> {
    let setup = setup(config);
    match Api::new(config).list_one() {
        Ok(_) => Ok(setup),
        Err(problem) => Err(Error::from(problem).with_setup(&setup)),
    }
}

/// AfterShip has no way to register a webhook but its own pages: the steps there.
fn setup(config: &Config) -> Setup {
    let secret = "In AfterShip, open Tracking → Notifications → Webhooks and copy the secret that the page shows into this \
                  connection's webhook_secret";
    let secret = match config.webhook_secret {
        Some(_) => format!("{secret}."),
        None => format!("{secret}; until then webhooks are answered 503."),
    };
    let add = format!(
        "On the same page (Tracking → Notifications → Webhooks → Add Webhook), leave the version at Legacy, paste the URL {} and \
         save. AfterShip calls ports 80, 443 and 8080 only.",
        connection::webhook_url()
    );
    Setup::default()
        .step("AfterShip sends tracking webhooks on the Pro plan and above.")
        .step(secret)
        .step(add)
        .step("AfterShip has no API to do this for you.")
}
