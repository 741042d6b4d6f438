//! `secrets`.

use crate::bindings::hookyard::plugin::secrets::Host;
use crate::guest::Guest;

use super::{Answer, refused};

impl Host for Guest {
    async fn derive(&mut self, encoding: String, text: String) -> Answer<String> {
        Ok(self.effects("secrets.derive")?.derive_secret(&encoding, &text).map_err(refused))
    }

    async fn token(&mut self, document: String) -> Answer<String> {
        Ok(self.effects("secrets.token")?.fetch_token(&document).map_err(refused))
    }
}
