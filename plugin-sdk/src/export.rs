//! The one macro that makes a component of a crate.

use crate::{Error, Result};
use serde::de::DeserializeOwned;

/// Makes a component of a crate. For a source, name its type; for functions, the function that
/// lists them; for both, both.
///
/// ```
/// sextant_plugin_sdk::export!(source: Stations);
/// sextant_plugin_sdk::export!(functions: functions);
/// sextant_plugin_sdk::export!(source: Stations, functions: functions);
/// ```
///
/// Natively it expands to nothing, so that plugins can be tested, and linked together, like any
/// crate.
#[macro_export]
macro_rules! export {
    (source: $source:ty $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type SourceExport = $crate::wasm::source::SourceExport<$source>;
            $crate::bindings::source::export_source!(
                SourceExport with_types_in $crate::bindings::source
            );
        };
    };
    (functions: $functions:path $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[derive(Debug)]
            struct Provider;

            impl $crate::wasm::functions::ProvideFunctions for Provider {
                fn functions() -> $crate::Functions {
                    $functions()
                }
            }

            type FunctionsExport = $crate::wasm::functions::FunctionsExport<Provider>;
            $crate::bindings::functions::export_functions!(
                FunctionsExport with_types_in $crate::bindings::functions
            );
        };
    };
    (source: $source:ty, functions: $functions:path $(,)?) => {
        $crate::export!(source: $source);
        $crate::export!(functions: $functions);
    };
}

/// Reads a source's configuration, a JSON object.
pub(crate) fn parse_config<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        // The position is one in a text that the administrator has never seen.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        Error::invalid_config(message)
    })
}
