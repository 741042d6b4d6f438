//! Names and connections of the tests.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hookyard_domain::grant::Grant;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use crate::effects::Effects;
use crate::egress::{Egress, EgressSettings, Resolve};
use crate::test_host::{TestConnection, TestHost};

/// A resolver that answers what it was told, the last answer for ever. Other names do not exist.
#[derive(Debug, Default)]
pub(super) struct Names {
    answers: Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(super) fn set(&self, name: &str, answers: &[&[&str]]) {
        let addresses = |answer: &&[&str]| answer.iter().map(|address| address.parse().expect("an address")).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), answers.iter().map(addresses).collect());
    }

    /// How often this name was looked up.
    pub(super) fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == name).count()
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(host).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))?;
        let last = answers.len() == 1;
        Ok(if last { answers[0].clone() } else { answers.pop_front().expect("an answer") })
    }
}

/// One host with its way out.
pub(super) struct World {
    pub(super) names: Arc<Names>,
    pub(super) egress: Arc<Egress>,
    pub(super) host: TestHost,
}

impl World {
    /// `api.test` and `other.test` lead to 127.0.0.1.
    pub(super) fn new() -> Self {
        Self::trusting(vec![])
    }

    pub(super) fn trusting(extra_roots: Vec<CertificateDer<'static>>) -> Self {
        let names = Arc::new(Names::default());
        names.set("api.test", &[&["127.0.0.1"]]);
        names.set("other.test", &[&["127.0.0.1"]]);
        let settings = EgressSettings { resolver: Arc::clone(&names) as Arc<dyn Resolve>, extra_roots };
        let egress = Arc::new(Egress::new(settings).expect("TLS can be set up"));
        Self { names, egress, host: TestHost::new() }
    }

    /// An invocation of a connection that may reach these hosts at 127.0.0.1.
    pub(super) fn calls(&self, hosts: &[&str]) -> Effects {
        self.invocation(&self.connection(hosts, &json!([]), json!({})))
    }

    /// A connection that may reach these hosts at 127.0.0.1, with credentials of its manifest and a config.
    pub(super) fn connection(&self, hosts: &[&str], credentials: &Value, config: Value) -> TestConnection {
        self.granted(&["127.0.0.1/32"], hosts, credentials, config)
    }

    /// The same with other private ranges.
    pub(super) fn granted(
        &self,
        ranges: &[&str],
        hosts: &[&str],
        credentials: &Value,
        config: Value,
    ) -> TestConnection {
        let private_addresses = ranges.iter().map(|range| range.parse().expect("a range")).collect();
        let grant = Grant { private_addresses, ..Grant::default() };
        TestConnection::new("shop", &json!({"hosts": hosts, "credentials": credentials}), &grant, config, &self.egress)
    }

    pub(super) fn invocation(&self, connection: &TestConnection) -> Effects {
        self.host.effects_with(connection)
    }

    pub(super) fn dry_run(&self, connection: &TestConnection) -> Effects {
        self.host.dry_run_with(connection)
    }
}
