//! The actions of a plugin with their schemas, compiled.

use std::collections::BTreeMap;

use hookyard_domain::manifest::Manifest;
use hookyard_domain::manifest::action::ActionDeclaration;
use hookyard_domain::schema::{Schema, SchemaError};

/// The actions of one plugin, by name.
#[derive(Debug, Default)]
pub struct ActionRules(BTreeMap<String, ActionRule>);

/// One action.
#[derive(Debug)]
pub struct ActionRule {
    /// What the manifest says of it.
    pub declaration: ActionDeclaration,
    /// What its input must look like.
    pub input: Option<Schema>,
    /// What its output must look like.
    pub output: Option<Schema>,
}

impl ActionRules {
    /// Compiles the schemas of a manifest's actions.
    ///
    /// # Errors
    /// A schema cannot be used.
    pub fn compile(manifest: &Manifest) -> Result<Self, SchemaError> {
        let rules = manifest.actions.iter().map(|declaration| {
            let compile = |schema: &Option<_>| schema.as_ref().map(Schema::compile).transpose();
            let (input, output) = (compile(&declaration.input)?, compile(&declaration.output)?);
            Ok((declaration.name.clone(), ActionRule { declaration: declaration.clone(), input, output }))
        });
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// The action of this name.
    pub fn get(&self, name: &str) -> Option<&ActionRule> {
        self.0.get(name)
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
