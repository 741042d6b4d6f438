//! The host itself.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::rc::Rc;

use serde_json::Value;

use super::answer::{Answer, Emitted, commits, status_of};
use super::config::fill_in_defaults;
use super::keys::Keys;
use super::outbound::Outbound;
use super::run::{Kinds, Run, invoke};
use super::timers::{Firing, Started, Timers};
use super::vault::Vault;
use super::{CONNECTION, START};
use crate::export::{Exported, Part, describe, with_config};
use crate::log::Level;
use crate::manifest::Manifest;
use crate::{Action, Error, Output, RawValue, Setup, Timer, Webhook, http, time};

/// A host with one connection of the plugin `P`.
pub struct Host<P> {
    manifest: Manifest,
    /// As the plugin sees it: defaults filled in, secrets behind placeholders.
    config: Value,
    outbound: Rc<Outbound>,
    kinds: Kinds,
    now: Cell<u64>,
    attempt: Cell<u32>,
    runs: Cell<u64>,
    keys: RefCell<Keys>,
    timers: RefCell<Timers>,
    marks: RefCell<BTreeSet<String>>,
    events: RefCell<Vec<Emitted>>,
    log: RefCell<Vec<(Level, String)>>,
    plugin: PhantomData<P>,
}

impl<P: Exported> Host<P> {
    /// A host with an empty store and this config, as an operator would write it.
    ///
    /// # Panics
    ///
    /// If the config does not fit the schema of [`Plugin::Config`](crate::Plugin::Config), or the manifest contradicts
    /// [`export!`](crate::export!) or names a host or describes a token in a way that the real host refuses.
    pub fn new(config: &Value) -> Self {
        let document: Value = serde_json::from_str(&describe::<P>()).expect("the SDK writes JSON");
        let problems = broken(&compile(&document["config"]), config);
        assert!(problems.is_empty(), "the config does not fit: {}", problems.join("; "));
        let mut config = config.clone();
        fill_in_defaults(&mut config, &document["config"], &document["config"]);
        let vault = Vault::take(&mut config, &document["config"]);
        let outbound = Rc::new(Outbound::new(&document, &config, vault));
        let manifest = P::manifest();
        let kinds = manifest.event_kinds().iter().map(|event| (event.kind.clone(), compile(&event.data))).collect();
        Self {
            manifest,
            config,
            outbound,
            kinds: Rc::new(kinds),
            now: Cell::new(START),
            attempt: Cell::new(1),
            runs: Cell::new(0),
            keys: RefCell::default(),
            timers: RefCell::new(Timers::of_plugin(P::PARTS.contains(&Part::Timers))),
            marks: RefCell::default(),
            events: RefCell::default(),
            log: RefCell::default(),
            plugin: PhantomData,
        }
    }

    /// Answers the plugin's requests. What gets here is what the real host would send, but for the secrets: those that the host
    /// adds are missing, and those that the plugin places are placeholders.
    ///
    /// Requests for tokens get here as well, with placeholders for the secrets in them. Tokens themselves stand where the real
    /// host puts them: they are what this provider has given.
    #[must_use]
    pub fn provider(self, answer: impl FnMut(&http::Request) -> Result<http::Response, http::Error> + 'static) -> Self {
        self.outbound.answer_with(answer);
        self
    }

    /// Grants a host beyond those that the manifest asks for, as an operator does by name.
    #[must_use]
    pub fn grant(self, pattern: &str) -> Self {
        self.outbound.grant(pattern);
        self
    }

    /// What is wrong with a config, as the operator would see it; nothing, if it may be used.
    pub fn config_problems(config: &Value) -> Vec<String> {
        let document: Value = serde_json::from_str(&describe::<P>()).expect("the SDK writes JSON");
        broken(&compile(&document["config"]), config)
    }

    /// The manifest as the host gets it.
    pub fn manifest() -> Value {
        serde_json::from_str(&describe::<P>()).expect("the SDK writes JSON")
    }

    /// Handles a webhook, as if its signature had been verified.
    ///
    /// # Panics
    ///
    /// If the plugin does not export `webhook`, or panics itself.
    pub fn webhook(&self, webhook: &Webhook) -> Answer {
        assert!(P::PARTS.contains(&Part::Webhook), "`export!` does not name `webhook`: the real host answers 404");
        let dedupe_key = self.dedupe_key(webhook);
        if dedupe_key.as_ref().is_some_and(|key| self.marks.borrow().contains(key)) {
            return Answer {
                status: 200,
                duplicate: true,
                response: None,
                error: None,
                events: Vec::new(),
                log: Vec::new(),
            };
        }
        let cause = dedupe_key.clone().unwrap_or_else(|| format!("webhook {}", self.runs.get()));
        let webhook = webhook.clone();
        let logged = self.log.borrow().len();
        let (mut returned, mut run) = self.invoke(&cause, |config| P::handle(config, webhook));
        if let (true, Some(conflict)) = (commits(&returned), run.keys.conflict()) {
            returned = Err(conflict);
        }
        let log = self.log.borrow()[logged..].to_vec();
        let events = if commits(&returned) { self.commit(run, dedupe_key) } else { Vec::new() };
        let status = status_of(&returned);
        let (response, error) = match returned {
            Ok(response) => (response, None),
            Err(error) => (None, Some(error)),
        };
        Answer { status, duplicate: false, response, error, events, log }
    }

    /// Handles the sample of this name.
    ///
    /// # Panics
    ///
    /// If the manifest has none of this name, and as [`webhook`](Self::webhook) does.
    pub fn sample(&self, name: &str) -> Answer {
        let sample = self.manifest.samples().iter().find(|sample| sample.name == name);
        let sample = sample.unwrap_or_else(|| panic!("the manifest has no sample `{name}`"));
        let body = match serde_json::from_str(sample.body.get()) {
            Ok(Value::String(text)) => text,
            _ => sample.body.get().to_owned(),
        };
        let headers = sample.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        self.webhook(&Webhook { headers, ..Webhook::post(body) })
    }

    /// Runs an action. Its input and its output must fit their schemas.
    pub fn action(&self, name: &str, input: &Value) -> Result<Value, Error> {
        let output = self.action_text(name, &input.to_string())?;
        Ok(serde_json::from_str(output.get()).expect("an output is made by serialising"))
    }

    /// [`action`](Self::action) on the texts themselves, for what must be kept to the letter.
    pub fn action_text(&self, name: &str, input: &str) -> Result<Box<RawValue>, Error> {
        let Some(kind) = self.manifest.action_kinds().iter().find(|kind| kind.name == name) else {
            return Err(Error::invalid("unknown-action", format!("the manifest has no action `{name}`")));
        };
        let value = serde_json::from_str(input).map_err(|error| Error::invalid("invalid-json", error.to_string()))?;
        if let Some(problem) = broken(&compile(&kind.input), &value).into_iter().next() {
            return Err(Error::invalid("invalid-input", problem));
        }
        let action = Action { name: name.to_owned(), input: input.to_owned() };
        let output: Output = self.succeed(&format!("action {}", self.runs.get()), |config| P::run(config, action))?;
        let value = serde_json::from_str(&output.0).expect("an output is made by serialising");
        match broken(&compile(&kind.output), &value).into_iter().next() {
            Some(problem) => Err(Error::failed("invalid-output", problem)),
            None => Ok(RawValue::from_string(output.0).expect("it was parsed just now")),
        }
    }

    /// Activates the connection.
    pub fn activate(&self) -> Result<Setup, Error> {
        self.succeed("activate", P::activate)
    }

    /// Deactivates the connection.
    pub fn deactivate(&self) -> Result<(), Error> {
        self.succeed("deactivate", P::deactivate)
    }

    /// Fires a timer, whether or not the plugin has started one of this name.
    pub fn fire(&self, name: &str, payload: &Value) -> Result<(), Error> {
        let timer = Timer { name: name.to_owned(), payload: payload.to_string() };
        self.succeed(&format!("timer {name}"), |config| P::fire(config, timer))
    }

    /// Fires every started timer that is due (see [`advance`](Self::advance)), those first that have been due for longest, each
    /// once; says what came of each. One whose firing fails stays and is fired again with the next call, unless it failed
    /// for good: `invalid` and `failed` do not pass by themselves.
    pub fn fire_due(&self) -> Vec<(String, Result<(), Error>)> {
        let due = self.timers.borrow().due(self.now.get());
        due.into_iter().filter_map(|name| self.fire_started(&name).map(|fired| (name, fired))).collect()
    }

    /// The timers that the plugin has started and that have neither fired nor been cancelled, by name.
    pub fn timers(&self) -> Vec<Started> {
        self.timers.borrow().all()
    }

    /// `None`: an earlier one has cancelled it.
    fn fire_started(&self, name: &str) -> Option<Result<(), Error>> {
        let firing = self.timers.borrow().firing(name, self.now.get());
        let Firing { payload, generation, attempt, rest } = firing?;
        let (cause, timer) = (format!("timer {name} {generation}"), Timer { name: name.to_owned(), payload });
        let attempt = attempt.max(self.attempt.get());
        let (returned, run) = self.invoke_with(&cause, attempt, rest, |config| P::fire(config, timer));
        let fired = self.settle(returned, run);
        if let Err(error) = &fired {
            self.timers.borrow_mut().not_fired(name, error);
        }
        Some(fired)
    }

    /// Every request that reached the provider, in their order; they stay, whatever became of their invocation.
    pub fn requests(&self) -> Vec<http::Request> {
        self.outbound.requests.borrow().clone()
    }

    /// What the plugin sees in place of the secret at this JSON pointer into the config.
    ///
    /// # Panics
    ///
    /// If no text stands there.
    pub fn placeholder(&self, pointer: &str) -> String {
        let text = self.config.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("the config has no text at {pointer}")).to_owned()
    }

    /// From now on invocations are runs of this number: more than 1 after a crash of the host or an error.
    pub fn set_attempt(&self, attempt: u32) {
        self.attempt.set(attempt);
    }

    /// Lets time pass, for keys that expire and timers that are due.
    pub fn advance(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    /// Every event that has become visible, in their order.
    pub fn events(&self) -> Vec<Emitted> {
        self.events.borrow().clone()
    }

    /// Every line that the plugin has logged, in their order; they stay, whatever became of their invocation.
    pub fn log(&self) -> Vec<(Level, String)> {
        self.log.borrow().clone()
    }

    /// What is committed under a key.
    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        let keys = self.keys.borrow().clone().at(self.now.get());
        keys.get(key).ok().flatten().map(|entry| entry.value)
    }

    fn invoke<T>(&self, cause: &str, call: impl FnOnce(P::Config) -> Result<T, Error>) -> (Result<T, Error>, Run) {
        let timers = self.timers.borrow().at(self.now.get());
        self.invoke_with(cause, self.attempt.get(), timers, call)
    }

    fn invoke_with<T>(
        &self,
        cause: &str,
        attempt: u32,
        timers: Timers,
        call: impl FnOnce(P::Config) -> Result<T, Error>,
    ) -> (Result<T, Error>, Run) {
        self.outbound.begin_invocation();
        let number = self.runs.get() + 1;
        self.runs.set(number);
        let received_at = i64::try_from(self.now.get()).ok().and_then(time::rfc3339).unwrap_or_default();
        let attributes = [
            ("webhook-id", format!("whk_{number:026}")),
            ("received-at", received_at),
            ("verified-by", "test".to_owned()),
            ("remote-address", "192.0.2.1".to_owned()),
        ];
        let run = Run {
            id: format!("inv_{number:026}"),
            cause: format!("{CONNECTION} {cause}"),
            attempt,
            now: self.now.get(),
            config: self.config.to_string(),
            attributes: BTreeMap::from(attributes.map(|(name, value)| (name.to_owned(), value))),
            keys: self.keys.borrow().clone().at(self.now.get()),
            timers,
            outbound: Rc::clone(&self.outbound),
            draws: 0,
            log: Vec::new(),
            events: Vec::new(),
            kinds: Rc::clone(&self.kinds),
        };
        let config = run.config.clone();
        let (returned, mut run) = invoke(run, || with_config::<P, T>(&config, call));
        self.log.borrow_mut().append(&mut run.log);
        (returned, run)
    }

    /// Invokes and, if that went well, commits.
    fn succeed<T>(&self, cause: &str, call: impl FnOnce(P::Config) -> Result<T, Error>) -> Result<T, Error> {
        let (returned, run) = self.invoke(cause, call);
        self.settle(returned, run)
    }

    /// Commits what went well.
    fn settle<T>(&self, returned: Result<T, Error>, mut run: Run) -> Result<T, Error> {
        let returned = returned?;
        if let Some(conflict) = run.keys.conflict() {
            return Err(conflict);
        }
        self.commit(run, None);
        Ok(returned)
    }

    /// Makes everything that the invocation did visible, with its mark; returns the events that were new.
    fn commit(&self, run: Run, dedupe_key: Option<String>) -> Vec<Emitted> {
        let mut marks = self.marks.borrow_mut();
        marks.extend(dedupe_key);
        let is_new = |event: &Emitted| match &event.dedupe_key {
            Some(key) => marks.insert(format!("event {} {key}", event.kind)),
            None => true,
        };
        let events: Vec<Emitted> = run.events.into_iter().filter(is_new).collect();
        self.keys.replace(run.keys);
        self.timers.replace(run.timers);
        self.events.borrow_mut().extend(events.iter().cloned());
        events
    }

    /// What the rules of the manifest, or of the config, find; the first place with a string or number counts.
    fn dedupe_key(&self, webhook: &Webhook) -> Option<String> {
        let body = webhook.json::<Value>().unwrap_or(Value::Null);
        self.manifest.dedupe_places(&self.config).iter().find_map(|place| {
            let found = match (place["body"].as_str(), place["header"].as_str()) {
                (Some(pointer), _) => match body.pointer(pointer)? {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => return None,
                },
                (None, Some(name)) => webhook.header(name)?.to_owned(),
                (None, None) => return None,
            };
            Some(format!("webhook {found}"))
        })
    }
}

fn compile(schema: &Value) -> jsonschema::Validator {
    match jsonschema::draft202012::options().should_validate_formats(true).build(schema) {
        Ok(validator) => validator,
        Err(error) => panic!("the manifest holds a schema that is none: {error}"),
    }
}

fn broken(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{error} at `{}`", error.instance_path())).collect()
}
