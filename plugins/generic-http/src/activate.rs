//! Are the requests right, and what is left to do by hand?

use hookyard_sdk::{Error, Setup, connection};

use crate::actions;
use crate::config::Config;
use crate::problem::{escaped, request_invalid};
use crate::target::Target;

/// Sends nothing: what a request does is not known. All that is wrong with the requests of the config is one error.
pub(crate) fn activate(config: &Config) -> Result<Setup, Error> {
    let setup = setup(config);
    let problems: Vec<_> = config
        .requests
        .iter()
        .flat_map(|(name, request)| actions::check(config, request).below(&format!("/requests/{}", escaped(name))))
        .collect();
    match problems.as_slice() {
        [] => Ok(setup),
        problems => Err(request_invalid(problems).with_setup(&setup)),
    }
}

fn setup(config: &Config) -> Setup {
    let mut hosts: Vec<_> = config
        .requests
        .values()
        .filter_map(|request| Target::parse(&request.url).ok())
        .map(|url| url.pattern())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    let mut setup = Setup::default();
    if !hosts.is_empty() {
        setup = setup.step(format!(
            "Grant the hosts of the requests (and those of their token URLs): grants = {{ hosts = [{}] }}.",
            actions::quoted(hosts.iter().map(String::as_str))
        ));
    }
    if config.incoming.is_some() {
        setup = setup.step(format!("Have webhooks sent to {}.", connection::webhook_url()));
    }
    setup
}
