//! What a component imports and exports, read from its bytes without compiling them.

use super::manifest::{Capability, Manifest};
use crate::error::{Error, Result};
use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

/// The version of the contract that this host speaks.
pub const CONTRACT_VERSION: &str = "0.1.0";

/// Interfaces that Rust's and C's standard libraries import whether or not they are used. The host
/// links inert versions of them, so that they need not be declared.
const BASELINE: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Interfaces of the contract that give nothing.
const HARMLESS: [&str; 4] = ["arrow", "types", "log", "report"];

/// What a component offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// Tables.
    pub source: bool,
    /// Functions.
    pub functions: bool,
}

/// Checks a component's form, contract version and imports.
pub(super) fn check(bytes: &[u8], manifest: &Manifest) -> Result<Exports> {
    check_magic(bytes)?;
    let (imports, exports) = names(bytes)?;
    // The version first: everything else follows from it.
    for name in imports.iter().chain(&exports) {
        check_version(name)?;
    }
    for name in &imports {
        check_import(name, manifest)?;
    }
    let has = |interface: &str| {
        exports
            .iter()
            .any(|name| name == &format!("sextant:plugin/{interface}@{CONTRACT_VERSION}"))
    };
    let exports = Exports {
        source: has("source"),
        functions: has("functions"),
    };
    if exports == Exports::default() {
        return Err(Error::contract(format!(
            "the component exports neither sextant:plugin/source@{CONTRACT_VERSION} nor sextant:plugin/functions@{CONTRACT_VERSION}"
        ))
        .with_hint("end the plugin's lib.rs with sextant_plugin_sdk::export!(..)"));
    }
    Ok(exports)
}

/// Only WebAssembly is compiled: an ELF file or a precompiled artifact would be executed as it is.
fn check_magic(bytes: &[u8]) -> Result<()> {
    if bytes.starts_with(b"\x7fELF") {
        return Err(Error::bundle(
            "plugin.wasm is a native or precompiled file (ELF), not WebAssembly",
        ));
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(Error::bundle("plugin.wasm is not WebAssembly"));
    }
    if !Parser::is_component(bytes) {
        return Err(
            Error::bundle("plugin.wasm is a core module, not a component")
                .with_hint("compile it for wasm32-wasip2, as `sextant plugin build` does"),
        );
    }
    Ok(())
}

/// The names of the outermost component's imports and exports.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let broken = |error: wasmparser::BinaryReaderError| {
        Error::bundle(format!(
            "plugin.wasm is broken at byte {}: {}",
            error.offset(),
            error.message()
        ))
    };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version {
                encoding: Encoding::Component | Encoding::Module,
                ..
            } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    let export = export.map_err(broken)?;
                    if export.kind == ComponentExternalKind::Instance {
                        exports.push(export.name.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn check_version(name: &str) -> Result<()> {
    match name
        .strip_prefix("sextant:plugin/")
        .and_then(|name| name.split_once('@'))
    {
        Some((_, version)) if version != CONTRACT_VERSION => {
            let newer = semver::Version::parse(version).is_ok_and(|theirs| {
                semver::Version::parse(CONTRACT_VERSION).is_ok_and(|ours| theirs > ours)
            });
            let hint = match newer {
                true => format!(
                    "update this host, or build the plugin with the SDK for {CONTRACT_VERSION}"
                ),
                false => format!("build the plugin again with the SDK for {CONTRACT_VERSION}"),
            };
            Err(Error::contract(format!(
                "the component speaks contract {version}, this host speaks {CONTRACT_VERSION}"
            ))
            .with_hint(hint))
        }
        _ => Ok(()),
    }
}

fn check_import(name: &str, manifest: &Manifest) -> Result<()> {
    let interface = name.split('@').next().unwrap_or_default();
    // A baseline interface of another WASI generation is not the one that is linked.
    let is_baseline = BASELINE.contains(&interface) && name[interface.len()..].starts_with("@0.2.");
    let own = interface.strip_prefix("sextant:plugin/");
    if is_baseline || own.is_some_and(|own| HARMLESS.contains(&own)) {
        return Ok(());
    }
    let capability = match own {
        Some("input") => Capability::Input,
        Some("http") => Capability::Http,
        Some("tcp") => Capability::Tcp,
        Some("secret") => Capability::Secret,
        _ => {
            return Err(Error::bundle(format!(
                "the component imports {name}, which no plugin is given"
            ))
            .with_hint(
                "reach outside through the contract's input, http and tcp, never through WASI",
            ));
        }
    };
    let declared = |capability| manifest.capabilities.contains(&capability);
    // The body of an answer is an input's reader, so http brings that interface along; it opens
    // nothing that was not granted.
    match declared(capability) || (capability == Capability::Input && declared(Capability::Http)) {
        true => Ok(()),
        false => Err(Error::bundle(format!(
            "the component imports {name}, which its manifest does not declare"
        ))
        .with_hint(format!(
            "add \"{capability}\" to capabilities.imports in manifest.toml"
        ))),
    }
}
