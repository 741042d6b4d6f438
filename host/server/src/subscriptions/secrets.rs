//! What signs the deliveries of a subscription, as it is made, rotated and kept.

use std::time::Duration;

use hookyard_capability::sealing::MasterKey;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::SubscriptionId;
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;
use hookyard_domain::signing::{self, SigningKey};
use serde::{Deserialize, Serialize};

use super::active::SigningSecret;

/// A secret of the operator's, if it can sign.
///
/// # Errors
/// A sentence that does not hold it.
pub(super) fn checked(secret: Secret) -> Result<Secret, String> {
    match SigningKey::parse(&secret) {
        Ok(_) => Ok(secret),
        Err(error) => Err(error.to_string()),
    }
}

/// The first secret of a subscription.
pub(super) fn first(entropy: &dyn Entropy) -> Vec<SigningSecret> {
    vec![SigningSecret { secret: signing::generate(entropy), until: None }]
}

/// The secrets after a new one was put before them: those that there are sign beside it for so long, and at most
/// [`limit::ENDPOINT_SECRETS_MAX`] in all.
pub(super) fn rotated(
    before: &[SigningSecret],
    overlap: Duration,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Vec<SigningSecret> {
    let ends = now.after(overlap);
    let mut secrets = first(entropy);
    let others = before.iter().map(|old| SigningSecret {
        secret: old.secret.clone(),
        until: Some(old.until.map_or(ends, |until| until.min(ends))),
    });
    secrets.extend(others.filter(|old| old.until.is_some_and(|until| until > now)));
    secrets.truncate(limit::ENDPOINT_SECRETS_MAX);
    secrets
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// The secrets as they are stored.
pub(super) fn seal(id: &SubscriptionId, secrets: &[SigningSecret], key: &MasterKey, entropy: &dyn Entropy) -> Vec<u8> {
    let kept = secrets.iter().map(|secret| Kept { secret: secret.secret.expose().to_owned(), until: secret.until });
    let kept: Vec<_> = kept.collect();
    let plain = serde_json::to_vec(&kept).expect("texts are written as JSON");
    key.seal(&context(id), &plain, entropy)
}

/// The secrets that were stored.
///
/// # Errors
/// They cannot be read; the text says why.
pub(super) fn open(
    id: &SubscriptionId,
    sealed: &[u8],
    key: Result<&MasterKey, &String>,
) -> Result<Vec<SigningSecret>, String> {
    let plain = key.map_err(Clone::clone)?.open(&context(id), sealed).map_err(|error| error.to_string())?;
    // The parser's own words might quote a secret.
    let kept: Vec<Kept> =
        serde_json::from_slice(&plain).map_err(|_| "it is no JSON; restore the database from a backup".to_owned())?;
    Ok(kept.into_iter().map(|kept| SigningSecret { secret: Secret::new(kept.secret), until: kept.until }).collect())
}

/// What is sealed for one subscription opens for no other.
fn context(id: &SubscriptionId) -> String {
    format!("subscription/{id}/secrets")
}

#[cfg(test)]
mod tests {
    use hookyard_domain::entropy::SeededEntropy;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn shown(secrets: &[SigningSecret]) -> Vec<(&str, Option<i64>)> {
        let shown = secrets.iter().map(|secret| (secret.secret.expose(), secret.until.map(Timestamp::as_millis)));
        shown.collect()
    }

    #[test]
    fn the_former_secret_signs_beside_the_new_one_for_the_overlap() {
        let entropy = SeededEntropy::new(3);
        let first = first(&entropy);
        let rotated = rotated(&first, Duration::from_secs(60), at(1_000), &entropy);
        assert_eq!(rotated.len(), 2);
        assert_ne!(rotated[0].secret, first[0].secret);
        assert_eq!((&rotated[1].secret, rotated[1].until), (&first[0].secret, Some(at(61_000))));
        assert_eq!(rotated[0].until, None);
    }

    #[test]
    fn without_an_overlap_the_former_secret_signs_no_more() {
        let entropy = SeededEntropy::new(3);
        let first = first(&entropy);
        assert_eq!(rotated(&first, Duration::ZERO, at(1_000), &entropy).len(), 1);
    }

    #[test]
    fn one_that_is_to_end_ends_no_later_and_there_are_never_too_many() {
        let entropy = SeededEntropy::new(3);
        let mut secrets = first(&entropy);
        for _ in 0..9 {
            secrets = rotated(&secrets, Duration::from_secs(60), at(0), &entropy);
        }
        assert_eq!(secrets.len(), limit::ENDPOINT_SECRETS_MAX);
        let later = rotated(&secrets, Duration::from_secs(3_600), at(30_000), &entropy);
        assert!(later[2..].iter().all(|old| old.until == Some(at(60_000))), "{:?}", shown(&later));
        assert_eq!(rotated(&later, Duration::from_secs(10), at(60_000), &entropy).len(), 3, "the others have ended");
    }

    #[test]
    fn what_was_sealed_for_one_subscription_opens_for_no_other() {
        let (entropy, key) = (SeededEntropy::new(3), MasterKey::new(&[1; MasterKey::BYTES]));
        let (one, other) = ("one".parse().expect("a name"), "other".parse().expect("a name"));
        let secrets = rotated(&first(&entropy), Duration::from_secs(60), at(0), &entropy);
        let sealed = seal(&one, &secrets, &key, &entropy);
        assert_eq!(shown(&open(&one, &sealed, Ok(&key)).expect("opens")), shown(&secrets));
        assert!(open(&other, &sealed, Ok(&key)).is_err());
        assert!(open(&one, &sealed, Err(&"no key".to_owned())).is_err_and(|why| why == "no key"));
    }
}
