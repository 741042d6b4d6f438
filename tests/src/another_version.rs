//! Other versions of a component, made of its bytes.

use std::fs;

/// A component in which some texts stand for others of the same length.
pub struct AnotherVersion(Vec<u8>);

impl AnotherVersion {
    /// Begins with the component as it was built.
    ///
    /// # Panics
    /// It was not built.
    pub fn of(component: &str) -> Self {
        Self(fs::read(component).expect("it was built"))
    }

    /// With this version instead of `0.1.0`, in its manifest only: interfaces, whose names end in `@0.1.0`, keep theirs.
    ///
    /// # Panics
    /// There is no such text.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.replace(b"0.1.0", version.as_bytes(), |before| before != Some(b'@'));
        self
    }

    /// With this text wherever the other one stands.
    ///
    /// # Panics
    /// There is no such text.
    #[must_use]
    pub fn text(mut self, old: &str, new: &str) -> Self {
        self.replace(old.as_bytes(), new.as_bytes(), |_| true);
        self
    }

    /// The component.
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }

    fn replace(&mut self, old: &[u8], new: &[u8], is_meant: impl Fn(Option<u8>) -> bool) {
        assert_eq!(old.len(), new.len(), "no text may move");
        let before = |at: usize| at.checked_sub(1).and_then(|at| self.0.get(at).copied());
        let places = (0..self.0.len() - old.len()).filter(|at| self.0[*at..].starts_with(old) && is_meant(before(*at)));
        let places: Vec<_> = places.collect();
        assert!(!places.is_empty(), "the text stands in the component");
        places.iter().for_each(|at| self.0[*at..*at + old.len()].copy_from_slice(new));
    }
}
