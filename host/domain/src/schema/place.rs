//! What a schema says about one place of a value.

use std::collections::BTreeSet;

use serde_json::Value;

use super::escape;

/// All the schemas that speak of one place: those in force and those of every branch, since which branch holds is not
/// known before validation.
#[derive(Clone)]
pub(crate) struct Place<'s> {
    root: &'s Value,
    schemas: Vec<&'s Value>,
}

impl<'s> Place<'s> {
    /// The value as a whole. `root` has passed the bounds of [`crate::schema`], so that following it ends.
    pub(super) fn whole(root: &'s Value) -> Self {
        Self::of(root, [root])
    }

    /// The member of this name.
    pub(crate) fn member(&self, name: &str) -> Self {
        let below =
            self.schemas.iter().flat_map(|schema| match schema.get("properties").and_then(|all| all.get(name)) {
                Some(named) => vec![named],
                None => {
                    let patterns = schema.get("patternProperties").and_then(Value::as_object);
                    let patterns = patterns.into_iter().flat_map(|by_pattern| by_pattern.values());
                    let rest = ["additionalProperties", "unevaluatedProperties"].map(|keyword| schema.get(keyword));
                    patterns.chain(rest.into_iter().flatten()).collect()
                }
            });
        Self::of(self.root, below)
    }

    /// The items of a list, all of them together.
    pub(crate) fn items(&self) -> Self {
        let below = self.schemas.iter().flat_map(|schema| {
            let listed = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
            let rest = ["items", "contains", "unevaluatedItems"].map(|keyword| schema.get(keyword));
            listed.chain(rest.into_iter().flatten())
        });
        Self::of(self.root, below)
    }

    /// The place that a JSON pointer's tokens lead to.
    pub(crate) fn below(&self, tokens: &[String]) -> Self {
        tokens.iter().fold(self.clone(), |place, token| {
            let mut next = place.member(token);
            if token.bytes().all(|byte| byte.is_ascii_digit()) {
                next.schemas.extend(place.items().schemas);
            }
            next
        })
    }

    /// Every default that may come to stand where these tokens lead to: of that place, or within one of a place around it.
    pub(crate) fn defaults_below(&self, tokens: &[String]) -> impl Iterator<Item = &'s Value> {
        (0..=tokens.len()).flat_map(move |length| {
            let rest: String = tokens[length..].iter().map(|token| format!("/{}", escape(token))).collect();
            let schemas = self.below(&tokens[..length]).schemas;
            schemas.into_iter().filter_map(move |schema| schema.get("default")?.pointer(&rest))
        })
    }

    /// The member of this name, or of which this is another name.
    pub(crate) fn named(&self, name: &str) -> Self {
        let has_alias = |schema: &Value| {
            let aliases = schema.get("x-aliases").and_then(Value::as_array);
            aliases.is_some_and(|aliases| aliases.iter().any(|alias| alias == name))
        };
        let own = self.properties().any(|(own, _)| own == name);
        match self.properties().find(|(_, schema)| !own && has_alias(schema)) {
            Some((own, _)) => self.member(own),
            None => self.member(name),
        }
    }

    /// The types that any schema of this place names.
    pub(crate) fn types(&self) -> BTreeSet<&'s str> {
        let named = self.schemas.iter().filter_map(|schema| schema.get("type"));
        let names = named.flat_map(|types| types.as_array().map_or(std::slice::from_ref(types), Vec::as_slice));
        names.filter_map(Value::as_str).collect()
    }

    /// Whether a secret stands here.
    pub(crate) fn is_secret(&self) -> bool {
        self.schemas.iter().any(|schema| schema.get("writeOnly") == Some(&Value::Bool(true)))
    }

    /// The properties that can be named here: their own name and their schema.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&'s str, &'s Value)> {
        let all = self.schemas.iter().filter_map(|schema| schema.get("properties")?.as_object());
        all.flatten().map(|(name, schema)| (name.as_str(), schema))
    }

    fn of(root: &'s Value, schemas: impl IntoIterator<Item = &'s Value>) -> Self {
        let mut place = Self { root, schemas: Vec::new() };
        schemas.into_iter().for_each(|schema| place.add(schema));
        place
    }

    fn add(&mut self, schema: &'s Value) {
        // The same schema is often reached by several branches, and says the same each time.
        if self.schemas.iter().any(|known| std::ptr::eq(*known, schema)) {
            return;
        }
        self.schemas.push(schema);
        if let Some(Value::String(reference)) = schema.get("$ref")
            && let Some(target) = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
        {
            self.add(target);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = schema.get(keyword).and_then(Value::as_array);
            branches.into_iter().flatten().for_each(|branch| self.add(branch));
        }
        for keyword in ["if", "then", "else"] {
            schema.get(keyword).into_iter().for_each(|branch| self.add(branch));
        }
        let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
        dependent.into_iter().flat_map(|by_name| by_name.values()).for_each(|branch| self.add(branch));
    }
}
