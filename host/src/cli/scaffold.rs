//! The crate of a new plugin: a template, and the SDK and contract of this very binary beside it,
//! so that it builds wherever it is made.

use crate::error::{Error, Result};
use include_dir::{Dir, include_dir};
use std::path::Path;

static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugin-sdk");
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../wit");
const WORKSPACE: &str = include_str!("../../../Cargo.toml");
const LICENSE: &str = include_str!("../../../LICENSE");

const CARGO_TOML: &str = include_str!("scaffold/Cargo.toml.template");
const README: &str = include_str!("scaffold/README.md.template");
const SOURCE: &str = include_str!("scaffold/source.rs.template");
const EXAMPLE: &str = include_str!("scaffold/sextant.toml.template");
const FUNCTION: &str = include_str!("scaffold/function.rs.template");

/// Writes the crate into a folder that is not there yet.
pub(super) fn write(root: &Path, name: &str, function: bool) -> Result<()> {
    let vendor = root.join("vendor").join("sextant");
    std::fs::create_dir_all(root.join("src"))?;
    extract(&SDK, &vendor.join("plugin-sdk"))?;
    extract(&WIT, &vendor.join("wit"))?;
    std::fs::write(vendor.join("Cargo.toml"), vendored_workspace()?)?;
    std::fs::write(vendor.join("LICENSE"), LICENSE)?;

    let (kind, imports, library) = match function {
        true => ("functions", "", FUNCTION),
        false => ("tables", "\"input\"", SOURCE),
    };
    let fill = |template: &str| {
        template
            .replace("__name__", name)
            .replace("__crate__", &name.replace('_', "-"))
            .replace("__kind__", kind)
            .replace("__imports__", imports)
    };
    std::fs::write(root.join("Cargo.toml"), fill(CARGO_TOML))?;
    std::fs::write(root.join("README.md"), fill(README))?;
    std::fs::write(root.join("src").join("lib.rs"), fill(library))?;
    if !function {
        let examples = root.join("examples");
        std::fs::create_dir_all(&examples)?;
        std::fs::write(examples.join("sextant.toml"), fill(EXAMPLE))?;
        std::fs::write(examples.join("lines.txt"), "one\ntwo\n\nfour\n")?;
    }
    std::fs::write(root.join(".gitignore"), "/target\n*.bundle\n")?;
    Ok(())
}

fn extract(folder: &Dir<'_>, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    folder.extract(to).map_err(Error::from)
}

/// The workspace in which the SDK stands, with nothing but the SDK.
fn vendored_workspace() -> Result<String> {
    let broken =
        |error: toml::de::Error| Error::internal(format!("the embedded Cargo.toml: {error}"));
    let mut manifest: toml::Table = toml::from_str(WORKSPACE).map_err(broken)?;
    manifest.remove("profile");
    let workspace = manifest
        .get_mut("workspace")
        .and_then(toml::Value::as_table_mut);
    let workspace =
        workspace.ok_or_else(|| Error::internal("the embedded Cargo.toml is not a workspace"))?;
    workspace.insert(
        "members".to_owned(),
        toml::Value::Array(vec!["plugin-sdk".into()]),
    );
    workspace.remove("default-members");
    if let Some(dependencies) = workspace
        .get_mut("dependencies")
        .and_then(toml::Value::as_table_mut)
    {
        dependencies.retain(|_, dependency| dependency.get("path").is_none());
    }
    Ok(manifest.to_string())
}
