//! From a plugin's crate to its bundle: compile for wasm32-wasip2 in the one profile that all
//! plugins share, describe, pack. What `Cargo.toml` says of the crate is its manifest.

use super::{Bundle, Capability, Content, pack};
use crate::error::{Context, Error, Result};
use crate::limits::{Limits, PluginLimits};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The target of every plugin.
const TARGET: &str = "wasm32-wasip2";

/// The profile, for crates outside of this repository too.
const PROFILE: [&str; 5] = [
    "profile.plugin.inherits=\"release\"",
    "profile.plugin.opt-level=3",
    "profile.plugin.lto=\"fat\"",
    "profile.plugin.codegen-units=1",
    "profile.plugin.strip=\"debuginfo\"",
];

const RUSTFLAGS: &str = "-Ctarget-feature=+simd128";

const CRATE_PREFIX: &str = "sextant-plugin-";

/// A bundle that was built.
#[derive(Debug)]
pub struct Built {
    /// The plugin's name.
    pub name: String,
    /// The bundle's bytes.
    pub bytes: Vec<u8>,
    /// The bundle, verified.
    pub bundle: Bundle,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    root: Option<String>,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: semver::Version,
    description: Option<String>,
    license: Option<String>,
    manifest_path: PathBuf,
    #[serde(default)]
    metadata: Option<Extra>,
}

#[derive(Default, Deserialize)]
struct Extra {
    sextant: Option<Declared>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    name: Option<String>,
    #[serde(default)]
    imports: Vec<Capability>,
    #[serde(default)]
    limits: PluginLimits,
}

/// Builds the plugin whose crate is in a folder, with the features given. What cargo says goes to
/// standard error as it comes.
pub fn build_crate(folder: &Path, features: &[&str], limits: &Limits) -> Result<Built> {
    build(folder, features, limits).context(|| format!("plugin in {}", folder.display()))
}

fn build(folder: &Path, features: &[&str], limits: &Limits) -> Result<Built> {
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(Error::not_found("there is no Cargo.toml")
            .with_hint("name the folder of the plugin's crate"));
    }
    ensure_target()?;
    let metadata = metadata(&manifest)?;
    let root = metadata.resolve.root.as_ref();
    let package = metadata
        .packages
        .iter()
        .find(|package| Some(&package.id) == root);
    let package =
        package.ok_or_else(|| Error::config("Cargo.toml is a workspace, not one crate"))?;
    let component = compile(&manifest, package, features)?;
    let declared = package
        .metadata
        .as_ref()
        .and_then(|extra| extra.sextant.clone())
        .unwrap_or_default();
    let default_name = package
        .name
        .strip_prefix(CRATE_PREFIX)
        .unwrap_or(&package.name)
        .replace('-', "_");
    let name = declared.name.clone().unwrap_or(default_name);
    let mut others = BTreeMap::from([("sbom.cdx.json".to_owned(), sbom(&metadata, package))]);
    for file in ["README.md", "LICENSE"] {
        if let Ok(bytes) = std::fs::read(folder.join(file)) {
            others.insert(file.to_owned(), bytes);
        }
    }
    others.extend(examples(&folder.join("examples"))?);
    let content = Content {
        manifest: write_manifest(&name, package, &declared),
        component,
        others,
    };
    let (bytes, bundle) = pack(&content, limits)?;
    Ok(Built {
        name,
        bytes,
        bundle,
    })
}

/// The files in a crate's `examples` folder that are no programs, as entries of the bundle.
fn examples(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut entries = Vec::new();
    for file in files {
        let path = file?.path();
        let is_program = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_file() && !is_program {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let bytes = std::fs::read(&path).context(|| path.display().to_string())?;
            entries.push((format!("examples/{name}"), bytes));
        }
    }
    Ok(entries)
}

/// Adds the target where rustup can and it is missing.
fn ensure_target() -> Result<()> {
    let listed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    // Without rustup the toolchain is somebody else's business, and cargo says what is missing.
    let Ok(listed) = listed else { return Ok(()) };
    if String::from_utf8_lossy(&listed.stdout)
        .lines()
        .any(|line| line == TARGET)
    {
        return Ok(());
    }
    tracing::info!("adding the Rust target {TARGET}: rustup target add {TARGET}");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .stdout(Stdio::null())
        .status()?;
    match added.success() {
        true => Ok(()),
        false => Err(Error::config(format!(
            "the Rust target {TARGET} is missing and could not be added"
        ))
        .with_hint(format!("run: rustup target add {TARGET}"))),
    }
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn no_cargo(error: std::io::Error) -> Error {
    Error::config(format!("cargo cannot be started: {error}"))
        .with_hint("install Rust: https://rustup.rs")
}

fn metadata(manifest: &Path) -> Result<Metadata> {
    let mut command = cargo();
    command
        .args([
            "metadata",
            "--format-version",
            "1",
            "--filter-platform",
            TARGET,
            "--manifest-path",
        ])
        .arg(manifest);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(no_cargo)?;
    if !output.status.success() {
        return Err(Error::config(
            "cargo metadata failed; what it said stands above",
        ));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::config(format!("Cargo.toml: {error}")))
}

/// What a native build of a plugin is made of: the name of its package, the folder of the SDK that it
/// uses, the lock file that says of which versions, and the target folder.
pub fn native_parts(manifest: &Path) -> Result<(String, PathBuf, PathBuf, PathBuf)> {
    let metadata = metadata(manifest)?;
    let mut packages = metadata.packages.iter();
    let root = metadata.resolve.root.as_ref();
    let package = packages.find(|package| Some(&package.id) == root);
    let package =
        package.ok_or_else(|| Error::config("Cargo.toml is a workspace, not one crate"))?;
    let mut packages = metadata.packages.iter();
    let sdk = packages.find(|package| package.name == "sextant-plugin-sdk");
    let sdk = sdk.and_then(|sdk| sdk.manifest_path.parent());
    let sdk = sdk.ok_or_else(|| Error::config("it does not depend on sextant-plugin-sdk"))?;
    Ok((
        package.name.clone(),
        sdk.to_owned(),
        metadata.workspace_root.join("Cargo.lock"),
        metadata.target_directory.clone(),
    ))
}

fn compile(manifest: &Path, package: &Package, features: &[&str]) -> Result<Vec<u8>> {
    let mut command = cargo();
    command.args([
        "build",
        "--lib",
        "--target",
        TARGET,
        "--profile",
        "plugin",
        "--message-format",
        "json-render-diagnostics",
        "--manifest-path",
    ]);
    command.arg(manifest);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    if !features.is_empty() {
        command.arg("--features").arg(features.join(","));
    }
    // Flags of the host's own build are not for guests.
    command
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(no_cargo)?;
    if !output.status.success() {
        return Err(Error::config(
            "it does not compile; what cargo said stands above",
        ));
    }
    let component = artifact(&output.stdout, &package.id);
    let component = component.ok_or_else(|| {
        Error::config("it makes no component")
            .with_hint("add to Cargo.toml: [lib] crate-type = [\"cdylib\", \"rlib\"]")
    })?;
    std::fs::read(&component).context(|| component.display().to_string())
}

/// The last .wasm file of the package among cargo's messages.
fn artifact(messages: &[u8], package: &str) -> Option<PathBuf> {
    let messages = messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let own = messages.filter(|message| {
        message["reason"] == "compiler-artifact" && message["package_id"] == package
    });
    let files: Vec<PathBuf> = own
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .collect();
    files.into_iter().rfind(|file| {
        file.extension()
            .is_some_and(|extension| extension == "wasm")
    })
}

fn write_manifest(name: &str, package: &Package, declared: &Declared) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let imports = declared
        .imports
        .iter()
        .map(|capability| text(&capability.to_string()))
        .collect::<Vec<_>>()
        .join(", ");
    let limits = declared.limits.to_string().replace(", ", "\n");
    format!(
        "[plugin]\nname = {}\nversion = {}\ndescription = {}\n\n[capabilities]\nimports = [{imports}]\n\n[limits]\n{limits}\n",
        text(name),
        text(&package.version.to_string()),
        text(package.description.as_deref().unwrap_or_default()),
    )
}

/// What the component was made of, as CycloneDX 1.5.
fn sbom(metadata: &Metadata, package: &Package) -> Vec<u8> {
    let nodes: BTreeMap<_, _> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut waiting = vec![package.id.as_str()];
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(
                nodes
                    .get(id)
                    .into_iter()
                    .flat_map(|node| node.dependencies.iter().map(String::as_str)),
            );
        }
    }
    let used = metadata
        .packages
        .iter()
        .filter(|other| other.id != package.id && seen.contains(other.id.as_str()));
    let mut components: Vec<_> = used.map(component_entry).collect();
    components.sort_by_key(|component| component["purl"].to_string());
    let document = serde_json::json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component_entry(package) },
        "components": components,
    });
    serde_json::to_vec_pretty(&document).expect("JSON values can be written")
}

fn component_entry(package: &Package) -> serde_json::Value {
    serde_json::json!({
        "type": "library",
        "name": package.name,
        "version": package.version.to_string(),
        "purl": format!("pkg:cargo/{}@{}", package.name, package.version),
        "licenses": package.license.iter().map(|license| serde_json::json!({ "expression": license })).collect::<Vec<_>>(),
    })
}
