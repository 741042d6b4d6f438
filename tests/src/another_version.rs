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

    /// With one more member in the webhook rules of a manifest that stands in the component as it was written: its blanks make room.
    ///
    /// # Panics
    /// There is no such manifest, or it has not blanks enough.
    #[must_use]
    pub fn webhook_member(mut self, member: &str) -> Self {
        let (start, end) = (b"\"webhook\": {", b"\"events\":");
        let from = find(&self.0, start).expect("the manifest has webhook rules") + start.len();
        let to = from + find(&self.0[from..], end).expect("events come after them");
        let rules: Vec<u8> = self.0[from..to].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let mut rules = [member.as_bytes(), b",", &rules].concat();
        assert!(rules.len() <= to - from, "there is room");
        rules.resize(to - from, b' ');
        self.0[from..to].copy_from_slice(&rules);
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

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|at| at == text)
}
