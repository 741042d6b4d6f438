//! The `HOOKYARD_…` variables, which override the file.

use std::path::Path;

use hookyard_domain::limit;
use hookyard_domain::secret::Secret;

use super::Environment;
use super::layer::{self, Layer};
use super::problem::Problem;

/// Reads the variables. An empty one counts as not set. Relative paths start at `directory`.
pub(super) fn read(directory: &Path, environment: &Environment<'_>, problems: &mut Vec<Problem>) -> Layer {
    let mut variables = Variables { environment, problems };
    Layer {
        listen: variables.parsed("HOOKYARD_LISTEN", layer::ADDRESS, |text| text.parse().ok()),
        admin_listen: variables.parsed("HOOKYARD_ADMIN_LISTEN", layer::ADDRESS, |text| text.parse().ok()),
        admin_on_listen: variables.parsed("HOOKYARD_ADMIN_ON_LISTEN", "true or false", boolean),
        public_url: variables.parsed("HOOKYARD_PUBLIC_URL", layer::PUBLIC_URL, layer::public_url),
        plugins: variables.get("HOOKYARD_PLUGINS").map(|path| directory.join(path)),
        data: variables.get("HOOKYARD_DATA").map(|path| directory.join(path)),
        pool_slots: variables.parsed("HOOKYARD_POOL_SLOTS", "a number of slots within the bound", pool_slots),
        log_format: variables.parsed("HOOKYARD_LOG_FORMAT", layer::LOG_FORMAT, |text| text.parse().ok()),
        token: variables.token(),
        strict: variables.parsed("HOOKYARD_STRICT", "true or false", boolean),
    }
}

struct Variables<'a> {
    environment: &'a Environment<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// The value is not shown: an operator may well paste a secret into the wrong variable.
    fn parsed<T>(&mut self, name: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(&self.get(name)?);
        if parsed.is_none() {
            self.problems.push(Problem::of(name, format!("what it holds is not {expected}")));
        }
        parsed
    }

    fn token(&mut self) -> Option<Secret> {
        let expected = format!("a token: {} or more visible ASCII characters", limit::TOKEN_BYTES_MIN);
        self.parsed("HOOKYARD_TOKEN", &expected, |text| {
            let usable = text.len() >= limit::TOKEN_BYTES_MIN && text.bytes().all(|byte| byte.is_ascii_graphic());
            usable.then(|| Secret::new(text))
        })
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn pool_slots(text: &str) -> Option<u32> {
    text.parse().ok().filter(|slots| *slots <= limit::POOL_SLOTS_MAX)
}
