//! Why a component cannot be used.

use hookyard_domain::limit;

/// Why a component cannot be used, for its author: what is wrong, where, and what this host would accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Larger than any component may be.
    #[error("the file has {bytes} bytes; a component may have {max}", max = limit::COMPONENT_BYTES_MAX)]
    TooBig {
        /// Its size.
        bytes: u64,
    },
    /// Something else, or a file that was not written to its end.
    #[error(
        "not a WebAssembly component: {found}, where a component begins with \"\\x00asm\\r\\x00\\x01\\x00\"; was it copied whole?"
    )]
    NotWasm {
        /// How it begins instead.
        found: String,
    },
    /// A core module, which has no typed interfaces.
    #[error(
        "a core WebAssembly module, not a component: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`"
    )]
    CoreModule,
    /// The compiler does not accept it.
    #[error("it does not compile: {reason}")]
    Invalid {
        /// What the compiler says.
        reason: String,
    },
    /// The compiler does not survive it.
    #[error("compiling it makes the compiler crash: {reason}")]
    CompilerCrash {
        /// How, and what it says.
        reason: String,
    },
    /// It takes more time or memory to compile than it may.
    #[error("compiling it was given up: {reason}")]
    CompileBound {
        /// Which bound.
        reason: String,
    },
    /// It wants something that this host does not lend.
    #[error("it imports {import}, which this host does not offer{hint}")]
    UnknownImport {
        /// Interface and version.
        import: String,
        /// What it could be instead; empty or starting with a separator.
        hint: String,
    },
    /// It wants something that this host lends in another shape.
    #[error("its import {import} does not match this host's: {reason}")]
    ImportMismatch {
        /// Interface and version.
        import: String,
        /// The function, and where its type differs.
        reason: String,
    },
    /// It does not say what it is.
    #[error("it does not export {expected}{hint}")]
    NoDefinition {
        /// The interface that every plugin exports.
        expected: &'static str,
        /// What it could be instead; empty or starting with a separator.
        hint: String,
    },
    /// It exports an interface of the contract in a version that this host does not speak.
    #[error("it exports {found}; this host speaks {expected}")]
    ExportVersion {
        /// What it exports.
        found: String,
        /// What this host would call.
        expected: &'static str,
    },
    /// It exports an interface, but not all of it.
    #[error("its export {interface} lacks the function `{function}`")]
    ExportIncomplete {
        /// Interface and version.
        interface: &'static str,
        /// The function.
        function: &'static str,
    },
    /// It exports a function of another type.
    #[error("its function `{function}` of {interface} has another type than this host calls: {reason}")]
    ExportMismatch {
        /// Interface and version.
        interface: &'static str,
        /// The function.
        function: &'static str,
        /// Where the types differ.
        reason: String,
    },
    /// It cannot be started.
    #[error("it cannot be instantiated: {reason}")]
    Instantiate {
        /// What the engine says.
        reason: String,
    },
    /// It does not say what it is when asked.
    #[error("`describe` failed: {reason}")]
    Describe {
        /// What happened.
        reason: String,
    },
    /// It says too much.
    #[error("its manifest has {bytes} bytes; one may have {max}", max = limit::MANIFEST_BYTES_MAX)]
    ManifestTooBig {
        /// Its size.
        bytes: usize,
    },
    /// This host could not do its part. Nothing is wrong with the component: try again.
    #[error("this host failed: {reason}")]
    Host {
        /// What failed, and why.
        reason: String,
    },
}

impl Rejection {
    /// The compiler refused it, for this reason.
    pub(crate) fn invalid(mut reason: String) -> Self {
        if reason.contains("unexpected end") {
            reason.push_str("; was it copied whole?");
        }
        Self::Invalid { reason }
    }

    /// The engine refused to start it, for this reason.
    pub(crate) fn instantiate(reason: String) -> Self {
        const COUNTED: [(&str, &str, usize); 3] = [
            ("instance count too high", "core instances", limit::GUEST_CORE_INSTANCES_MAX),
            ("memory count too high", "memories", limit::GUEST_MEMORIES_MAX),
            ("table count too high", "tables", limit::GUEST_TABLES_MAX),
        ];
        let counted = COUNTED.into_iter().find(|(said, ..)| reason.contains(said));
        let reason = counted.map_or(reason, |(_, what, max)| {
            format!("it has more than {max} {what}, which is the most; link its modules into fewer")
        });
        Self::Instantiate { reason }
    }

    /// The host failed `doing` something.
    pub(crate) fn host(doing: &str, error: &dyn std::error::Error) -> Self {
        let mut reason = format!("{doing}: {error}");
        let mut source = error.source();
        while let Some(error) = source {
            reason = format!("{reason}: {error}");
            source = error.source();
        }
        Self::Host { reason }
    }
}
