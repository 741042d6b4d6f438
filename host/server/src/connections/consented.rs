//! What a connection's plugin may have.

use hookyard_domain::config::Config;
use hookyard_domain::grant::{Ask, Grant};
use hookyard_domain::host_pattern::HostPattern;

use crate::plugins::Plugin;

/// What a plugin asks and what of it was consented to.
#[derive(Debug, Clone, Default)]
pub struct Consented {
    /// What it asks and may have.
    pub held: Ask,
    /// What it asks beyond.
    pub beyond: Ask,
}

impl Consented {
    /// `consented`: what the plugin asked when the connection was first activated; `None` where that is now. Without a config
    /// that can be used, nothing is known of what it makes of the ask.
    pub(super) fn of(plugin: &Plugin, consented: Option<&Ask>, config: Option<&Config>, grant: &Grant) -> Self {
        let asked = Ask::of(&plugin.manifest);
        let Some(consented) = consented else { return Self { held: asked, beyond: Ask::default() } };
        let new = asked.beyond(consented);
        let held = asked.within(consented);
        // What the operator sets himself needs no consent to what would stand there otherwise; and of secrets only those count
        // that are set.
        let sets = |pointer: &str| config.is_some_and(|config| config.value().pointer(pointer).is_some());
        let defaults = new.defaults.into_iter().filter(|(pointer, _)| !sets(pointer)).collect();
        let secrets = config.map_or(new.secrets, |config| config.kept_secrets().map(str::to_owned).collect());
        let granted = |host: &String| {
            host.parse::<HostPattern>().is_ok_and(|host| grant.hosts.iter().any(|granted| granted.covers(&host)))
        };
        let hosts = new.hosts.into_iter().filter(|host| !granted(host)).collect();
        Self { held, beyond: Ask { hosts, credentials: new.credentials, defaults, secrets } }
    }
}
