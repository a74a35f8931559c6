//! `sextant plugin`: makes, builds and lists plugins.

use super::scaffold;
use crate::bundle::{Built, build_crate, is_identifier};
use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use crate::registry::BUNDLE_EXTENSION;
use crate::workspace::Workspace;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Commands on plugins.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make the crate of a new plugin, which builds and is tested as it is.
    New {
        /// The plugin's name, also of its folder: lower-case letters, digits and underscores.
        name: String,
        /// A plugin that offers tables.
        #[arg(
            long,
            conflicts_with = "function",
            required_unless_present = "function"
        )]
        source: bool,
        /// A plugin that offers functions.
        #[arg(long)]
        function: bool,
        /// The folder in which to make it.
        #[arg(long, value_name = "DIR", default_value = ".")]
        path: PathBuf,
    },
    /// Compile a plugin and pack its bundle.
    Build {
        /// The folder of the plugin's crate.
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
        /// Where to put the bundle. Without it, into the workspace that --workspace names, else
        /// into the crate's folder.
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// Run a plugin's examples, and ask its functions and tables for what all of them must bear.
    Test(super::test::Arguments),
    /// Measure each function and table of a plugin against its native build.
    Bench(super::bench::Arguments),
    /// Show the plugins of the workspace.
    List,
}

pub(super) fn run(workspace: Option<&Path>, command: Command) -> Result<()> {
    match command {
        Command::New {
            name,
            function,
            path,
            ..
        } => new(&name, function, &path),
        Command::Build { folder, output } => {
            let output = match (output, workspace) {
                (Some(output), _) => output,
                (None, Some(workspace)) => Workspace::open(workspace)?.bundles(),
                (None, None) => folder.clone(),
            };
            let (built, path) = build(&folder, &[], &output)?;
            let manifest = built.bundle.manifest();
            println!(
                "{} {} {} {}",
                manifest.name,
                manifest.version,
                built.bundle.digest(),
                path.display()
            );
            if workspace.is_none() {
                super::note("hint: put it into the bundles/ folder of a workspace to load it");
            }
            Ok(())
        }
        Command::Bench(arguments) => super::bench::run(workspace, &arguments),
        Command::Test(arguments) => super::test::run(&arguments),
        Command::List => {
            let host = super::open_host(workspace)?;
            super::source::print(
                &host,
                &host.session()?,
                "SELECT name, version, status, capabilities, bundle_digest, error FROM sextant.plugins ORDER BY name",
            )
        }
    }
}

/// Builds a plugin and puts its bundle into a folder, at once.
pub(super) fn build(
    crate_folder: &Path,
    features: &[&str],
    output: &Path,
) -> Result<(Built, PathBuf)> {
    let built = build_crate(crate_folder, features, &Limits::default())?;
    let path = output.join(format!("{}.{BUNDLE_EXTENSION}", built.name));
    put_file(&path, &built.bytes)?;
    Ok((built, path))
}

/// Writes a file under another name and renames it, so that nobody sees half of it.
pub(super) fn put_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let put = || -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        let mut file = builder.permissions(permissions).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path)
            .map_err(|error| Error::from(error.error))?;
        Ok(())
    };
    put().context(|| path.display().to_string())
}

fn new(name: &str, function: bool, folder: &Path) -> Result<()> {
    if !is_identifier(name) {
        return Err(Error::config(format!("{name:?} is not a name for a plugin"))
            .with_hint("begin with a lower-case letter, then use lower-case letters, digits and underscores"));
    }
    let root = folder.join(name);
    if root.exists() {
        return Err(
            Error::config(format!("{} is there already", root.display()))
                .with_hint("choose another name, or remove it"),
        );
    }
    scaffold::write(&root, name, function).context(|| format!("making {}", root.display()))?;
    println!("{}", root.display());
    super::note(&format!(
        "hint: cd {0} && cargo test && sextant plugin build",
        root.display()
    ));
    Ok(())
}
