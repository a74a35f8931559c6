//! The contract as wasmtime's binding generator makes it, a module a version. Nothing outside
//! `wasm` sees these types.

pub(super) mod v0_1 {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        reason = "generated"
    )]
    #![allow(
        clippy::all,
        clippy::pedantic,
        clippy::clone_on_ref_ptr,
        clippy::unwrap_used,
        clippy::unused_async,
        clippy::use_self,
        clippy::uninlined_format_args,
        clippy::allow_attributes_without_reason,
        reason = "generated"
    )]

    wasmtime::component::bindgen!({
        path: "../wit/0.1.0",
        world: "plugin",
        imports: {
            "sextant:plugin/input": async | trappable,
            "sextant:plugin/http": async | trappable,
            "sextant:plugin/tcp": async | trappable,
            "sextant:plugin/secret": async | trappable,
            default: trappable,
        },
        exports: {
            "sextant:plugin/source": async,
        },
        with: {
            "sextant:plugin/arrow.sink": super::super::state::Sink,
            "sextant:plugin/input.reader": super::super::input::OpenReader,
            "sextant:plugin/tcp.connection": super::super::network::OpenConnection,
        },
        require_store_data_send: true,
    });

    /// The contract's `batch` as the host passes it: borrowed, so that nothing is copied on the way
    /// into the guest but into the guest.
    #[derive(wasmtime::component::ComponentType, wasmtime::component::Lower)]
    #[component(record)]
    pub struct BatchRef<'a> {
        pub rows: u32,
        pub nodes: &'a [arrow::Node],
        pub buffers: &'a [&'a [u8]],
    }

    pub use self::exports::sextant::plugin::{functions, source};
    pub use self::sextant::plugin::{arrow, http, input, log, report, secret, tcp, types};
}
