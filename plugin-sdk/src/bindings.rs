//! What `wit-bindgen` makes of the contract; used by [`export`](crate::export) alone.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unsafe_code,
    unreachable_pub,
    reason = "generated"
)]
#![allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    unused_qualifications,
    reason = "generated"
)]

/// Everything a plugin may import.
pub mod imports {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "imports",
        ownership: Borrowing { duplicate_if_necessary: true },
        generate_all,
    });
}

/// The exports of a source.
pub mod source {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "source-plugin",
        ownership: Borrowing { duplicate_if_necessary: true },
        pub_export_macro: true,
        export_macro_name: "export_source",
        with: {
            "sextant:plugin/arrow@0.1.0": super::imports::sextant::plugin::arrow,
            "sextant:plugin/types@0.1.0": super::imports::sextant::plugin::types,
            "sextant:plugin/log@0.1.0": super::imports::sextant::plugin::log,
            "sextant:plugin/report@0.1.0": super::imports::sextant::plugin::report,
            "sextant:plugin/input@0.1.0": super::imports::sextant::plugin::input,
            "sextant:plugin/http@0.1.0": super::imports::sextant::plugin::http,
            "sextant:plugin/tcp@0.1.0": super::imports::sextant::plugin::tcp,
            "sextant:plugin/secret@0.1.0": super::imports::sextant::plugin::secret,
        },
    });
}

/// The exports of functions.
pub mod functions {
    wit_bindgen::generate!({
        path: "../wit/0.1.0",
        world: "function-plugin",
        ownership: Borrowing { duplicate_if_necessary: true },
        pub_export_macro: true,
        export_macro_name: "export_functions",
        with: {
            "sextant:plugin/arrow@0.1.0": super::imports::sextant::plugin::arrow,
            "sextant:plugin/types@0.1.0": super::imports::sextant::plugin::types,
            "sextant:plugin/log@0.1.0": super::imports::sextant::plugin::log,
            "sextant:plugin/report@0.1.0": super::imports::sextant::plugin::report,
            "sextant:plugin/input@0.1.0": super::imports::sextant::plugin::input,
            "sextant:plugin/http@0.1.0": super::imports::sextant::plugin::http,
            "sextant:plugin/tcp@0.1.0": super::imports::sextant::plugin::tcp,
            "sextant:plugin/secret@0.1.0": super::imports::sextant::plugin::secret,
        },
    });
}
