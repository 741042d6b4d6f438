//! What the engine keeps for one instance: the state behind its imports.

use std::sync::Arc;

use hookyard_capability::{Effects, HostFailure, Requests, SharedLog};
use hookyard_domain::invocation::LogLevel;
use hookyard_domain::limit;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bounds::Bounds;
use crate::invocation::Invocation;
use crate::output::Output;
use crate::wasi::Surroundings;
use crate::wasi_http::OutgoingHttp;

/// One guest, alive for one call.
pub(crate) struct Guest {
    task: Task,
    failure: Option<HostFailure>,
    pub(crate) bounds: Bounds,
    outputs: [Output; 2],
    wasi: WasiCtx,
    http: WasiHttpCtx,
    /// Before the table, whose end is the end of unfinished bodies.
    outgoing_http: OutgoingHttp,
    table: ResourceTable,
}

/// What a guest is there for.
pub(crate) enum Task {
    /// To say what it is. It may do nothing but log.
    Describe(SharedLog),
    /// To work for a connection.
    Serve(Box<Invocation>),
}

impl Guest {
    /// A guest with this task and so much linear memory.
    pub(crate) fn new(task: Task, memory_bytes_max: usize, surroundings: &Surroundings) -> Self {
        let log = task.log();
        let stdout = Output::new(log.clone(), LogLevel::Info);
        let stderr = Output::new(log.clone(), LogLevel::Warn);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limit::GUEST_HANDLES_MAX);
        Self {
            wasi: surroundings.context(stdout.clone(), stderr.clone()),
            outputs: [stdout, stderr],
            http: WasiHttpCtx::new(),
            outgoing_http: OutgoingHttp::new(task.requests()),
            bounds: Bounds::new(memory_bytes_max),
            failure: None,
            task,
            table,
        }
    }

    /// Where its lines go.
    pub(crate) fn log(&self) -> &SharedLog {
        self.task.log()
    }

    /// The invocation behind `call`; during `describe` there is none, and the call ends it.
    pub(crate) fn invocation(&mut self, call: &'static str) -> wasmtime::Result<&mut Invocation> {
        match &mut self.task {
            Task::Serve(invocation) => Ok(invocation),
            Task::Describe(_) => {
                Err(wasmtime::format_err!("`describe` called {call}; it may call nothing but log.write"))
            }
        }
    }

    /// The effects behind `call`.
    pub(crate) fn effects(&mut self, call: &'static str) -> wasmtime::Result<&mut Effects> {
        Ok(&mut self.invocation(call)?.effects)
    }

    /// Ends the guest because the host has failed; it never learns why.
    pub(crate) fn end(&mut self, failure: HostFailure) -> wasmtime::Error {
        self.failure.get_or_insert(failure);
        wasmtime::Error::msg("the host failed")
    }

    /// What is left once the guest is gone.
    pub(crate) fn finish(self) -> (Task, Option<HostFailure>) {
        self.outputs.iter().for_each(Output::finish);
        (self.task, self.failure)
    }
}

impl Task {
    fn log(&self) -> &SharedLog {
        match self {
            Self::Describe(log) => log,
            Self::Serve(invocation) => invocation.effects.log(),
        }
    }

    fn requests(&self) -> Option<Arc<Requests>> {
        match self {
            Self::Describe(_) => None,
            Self::Serve(invocation) => Some(invocation.effects.requests()),
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outgoing_http, table: &mut self.table, ctx: &mut self.http }
    }
}
