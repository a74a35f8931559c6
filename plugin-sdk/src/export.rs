//! The one macro that makes a component of a crate.

use crate::{Error, Result};
use serde::de::DeserializeOwned;

/// Makes a component of a crate. For a source, name its type; for functions, the function that
/// lists them; for both, both.
///
/// One of these, once in a crate:
///
/// ```text
/// sextant_plugin_sdk::export!(source: Stations);
/// sextant_plugin_sdk::export!(functions: functions);
/// sextant_plugin_sdk::export!(source: Stations, functions: functions);
/// ```
///
/// For example:
///
/// ```
/// use sextant_plugin_sdk::Functions;
///
/// /// The functions of this plugin: none yet.
/// pub fn functions() -> Functions {
///     Functions::new()
/// }
///
/// sextant_plugin_sdk::export!(functions: functions);
///
/// fn main() {
///     assert!(sextant_native().functions.is_some());
/// }
/// ```
///
/// Natively a function remains that gives what was exported ([`Native`](crate::native::Native)), so
/// plugins can be tested, and linked together, like any crate.
#[macro_export]
macro_rules! export {
    (source: $source:ty $(,)?) => {
        $crate::export!(@component source: $source);
        $crate::export!(@native Some($crate::native::open::<$source>), None);
    };
    (functions: $functions:path $(,)?) => {
        $crate::export!(@component functions: $functions);
        $crate::export!(@native None, Some($functions));
    };
    (source: $source:ty, functions: $functions:path $(,)?) => {
        $crate::export!(@component source: $source);
        $crate::export!(@component functions: $functions);
        $crate::export!(@native Some($crate::native::open::<$source>), Some($functions));
    };
    (@native $source:expr, $functions:expr) => {
        #[cfg(not(target_arch = "wasm32"))]
        #[doc(hidden)]
        pub fn sextant_native() -> $crate::native::Native {
            $crate::native::Native {
                source: $source,
                functions: $functions,
            }
        }
    };
    (@component source: $source:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type SourceExport = $crate::wasm::source::SourceExport<$source>;
            $crate::bindings::source::export_source!(
                SourceExport with_types_in $crate::bindings::source
            );
        };
    };
    (@component functions: $functions:path) => {
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
