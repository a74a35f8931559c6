//! The attacker. Every way to break the contract, the sandbox or the host that a guest has, each
//! under a name: functions in [`functions`], batches in `batches`, descriptions in `source`.
//! Tests ask for them one by one, and the host must go on serving.
//!
//! It also has an edition, a text in its data that a test can change without compiling: two
//! bundles that differ in it give different answers.

pub mod functions;

mod aggregate;
mod pair;
mod table;

#[cfg(target_arch = "wasm32")]
mod batches;
#[cfg(target_arch = "wasm32")]
mod source;

/// The text that tests change.
static EDITION: [u8; 16] = *b"EDITION-00000000";

/// The edition of this component.
pub fn edition() -> String {
    // Without this the compiler would copy the text into the code, in pieces.
    let edition = std::hint::black_box(&EDITION);
    String::from_utf8_lossy(edition).into_owned()
}

sextant_plugin_sdk::export!(functions: functions::functions);

#[cfg(target_arch = "wasm32")]
const _: () = {
    use source::Attacker;
    sextant_plugin_sdk::bindings::source::export_source!(Attacker with_types_in sextant_plugin_sdk::bindings::source);
};
