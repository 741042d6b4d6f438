//! What has changed since the host was started.

use super::Settings;

impl Settings {
    /// The names of all settings that `newer` has otherwise and that only a restart applies: all but those of connections and
    /// subscriptions.
    pub fn needs_restart(&self, newer: &Self) -> Vec<&'static str> {
        // Taken apart, so that a new setting is not forgotten here.
        let Self {
            listen,
            admin_listen,
            admin_on_listen,
            public_url,
            plugins,
            data,
            pool_slots,
            log_format,
            token,
            strict,
            egress_private_addresses,
            rollback,
            inbox,
            deliveries,
            connections: _,
            subscriptions: _,
            problems: _,
            unlisted: _,
            file: _,
        } = self;
        let same = [
            ("listen", *listen == newer.listen),
            ("admin_listen", *admin_listen == newer.admin_listen),
            ("admin_on_listen", *admin_on_listen == newer.admin_on_listen),
            ("public_url", *public_url == newer.public_url),
            ("plugins", *plugins == newer.plugins),
            ("data", *data == newer.data),
            ("pool_slots", *pool_slots == newer.pool_slots),
            ("log_format", *log_format == newer.log_format),
            ("HOOKYARD_TOKEN", *token == newer.token),
            ("strict", *strict == newer.strict),
            ("egress.private_addresses", *egress_private_addresses == newer.egress_private_addresses),
            ("rollback", *rollback == newer.rollback),
            ("inbox", *inbox == newer.inbox),
            ("deliveries", *deliveries == newer.deliveries),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hookyard_domain::rollback::RollbackSettings;

    use super::super::InboxSettings;
    use super::*;

    #[test]
    fn what_only_a_restart_applies_is_named() {
        let settings = Settings::defaults(Path::new("/srv"));
        let rollback = RollbackSettings { enabled: !settings.rollback.enabled, ..settings.rollback };
        let problems = vec!["x".to_owned()];
        let inbox = InboxSettings { keep_all: true, ..settings.inbox };
        let newer = Settings { pool_slots: 7, strict: true, problems, rollback, inbox, ..settings.clone() };
        assert_eq!(settings.needs_restart(&newer), ["pool_slots", "strict", "rollback", "inbox"]);
        assert!(settings.needs_restart(&settings).is_empty());
    }
}
