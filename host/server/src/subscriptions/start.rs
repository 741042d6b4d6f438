//! From what is stored and what the file says to the subscriptions that a host starts with.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use hookyard_domain::id::SubscriptionId;

use super::entry::Entry;
use super::kept::{Kept, Seal};
use super::{ChangeError, Desired, Parts, Subscriptions, definition, secrets};
use crate::config::SubscriptionSettings;

impl Subscriptions {
    /// Reads what is stored and writes down the subscriptions of the file that are new: each of them gets every event that is appended
    /// after this. Says what is wrong, too. Nothing is delivered before [`Subscriptions::begin`].
    ///
    /// # Errors
    /// The store cannot be read or written. A record that cannot be opened makes a subscription invalid instead.
    pub async fn open(
        parts: Parts,
        file: BTreeMap<SubscriptionId, SubscriptionSettings>,
    ) -> anyhow::Result<(Arc<Self>, Vec<String>)> {
        let records = parts.store.subscription_records().await.context("cannot read the subscriptions")?;
        let key = parts.key.as_deref();
        let kept = records.into_iter().map(|record| (record.id.clone(), Kept::open(record, key))).collect();
        let subscriptions = Self { parts, shown: ArcSwap::default(), desired: tokio::sync::Mutex::default() };
        let mut desired = Desired { file, kept };
        let entries = subscriptions.entries(&mut desired).await?;
        let problems = subscriptions.problems_of(&entries).into_iter().flatten().collect();
        let shown: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.id.clone(), Arc::new(entry))).collect();
        subscriptions.shown.store(Arc::new(shown));
        *subscriptions.desired.lock().await = desired;
        Ok((Arc::new(subscriptions), problems))
    }

    async fn entries(&self, desired: &mut Desired) -> anyhow::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (id, settings) in &desired.file {
            let entry = self.first_seen(id, settings, &mut desired.kept).await;
            entries.push(entry.context("cannot write the subscriptions of hookyard.toml")?);
        }
        let of_api = desired.kept.iter().filter(|(_, kept)| kept.is_of_api());
        entries.extend(of_api.map(|(id, kept)| self.of_api(id, kept)));
        let gone = desired.kept.iter().filter(|(id, kept)| !kept.is_of_api() && !desired.file.contains_key(*id));
        gone.for_each(|(id, _)| {
            tracing::info!(subscription = %id, "it is in the file no more; what it had is kept until it comes back");
        });
        Ok(entries)
    }

    /// Has the dispatcher deliver to all that are right, each from where it stands.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn begin(&self) -> anyhow::Result<()> {
        let positions = self.parts.store.positions().await.context("cannot read the subscriptions")?;
        let shown = self.shown.load();
        for position in positions {
            if let Some(active) = shown.get(&position.subscription).and_then(|entry| entry.active.clone()) {
                self.parts.dispatcher.put(active, position);
            }
        }
        Ok(())
    }

    /// A subscription of the file. Where there is no record of it yet, one is kept, durable on return; where its deliveries are to be
    /// signed and nobody has given a secret, it gets one.
    pub(super) async fn first_seen(
        &self,
        id: &SubscriptionId,
        settings: &SubscriptionSettings,
        kept: &mut BTreeMap<SubscriptionId, Kept>,
    ) -> Result<Entry, ChangeError> {
        let built = super::build::built_of_file(id, settings, &self.parts.private_addresses);
        let needs_secret =
            built.is_ok_and(|built| built.secrets.is_none() && definition::is_signed(&built.subscription));
        let is_without = |kept: &Kept| kept.secrets.as_ref().is_ok_and(Vec::is_empty);
        let now = self.parts.clock.now();
        let from = *self.parts.store.newest().borrow();
        let new = match (kept.get(id), &self.parts.key) {
            (Some(known), _) if !(needs_secret && is_without(known)) => None,
            (known, Ok(key)) => {
                let seal = Seal { key, entropy: &*self.parts.entropy };
                let first = if needs_secret { secrets::first(&*self.parts.entropy) } else { Vec::new() };
                Some(match known {
                    Some(known) => known.changed(None, Some(first), now, &seal),
                    None => Kept::new(id, None, first, now, &seal),
                })
            }
            // It stands in the log from now on all the same; why it cannot sign is what makes it invalid.
            (None, Err(why)) => Some(Kept::without_key(id, now, needs_secret.then(|| why.clone()))),
            (Some(_), Err(_)) => None,
        };
        if let Some(new) = new {
            self.parts.store.save_subscription(new.record(), from).await?;
            if !kept.contains_key(id) {
                tracing::info!(subscription = %id, after = %from, "new subscription of the file");
            }
            kept.insert(id.clone(), new);
        }
        let known = kept.get(id).ok_or_else(|| ChangeError::NotFound(id.clone()))?;
        Ok(self.of_file(id, settings, known))
    }
}
