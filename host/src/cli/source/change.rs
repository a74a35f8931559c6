//! `sextant source add` and `remove`: sources are written into and taken out of `sextant.toml`.

use crate::bundle::Capability;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::workspace::{NewSource, Workspace};
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use std::ffi::OsStr;
use std::path::Path;

/// Arguments of `source add`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Add {
    /// The name of the source: a schema in SQL.
    name: String,
    /// The plugin that reads it.
    #[arg(long)]
    plugin: String,
    /// An input: a path, a glob, or members of archives. Several of one name are read together.
    #[arg(long, value_name = "NAME=PATH", value_parser = Parts(pair))]
    input: Vec<(String, String)>,
    /// A URL that it may ask, with everything below it.
    #[arg(long, value_name = "URL")]
    http: Vec<String>,
    /// A method that it may use there, such as POST; GET alone where none is named.
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,
    /// A URL below which inputs lie, where it takes a grant to reach them: in a private network, or an object
    /// store.
    #[arg(long, value_name = "URL")]
    store: Vec<String>,
    /// A place that it may connect to.
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = Parts(pair))]
    tcp: Vec<(String, String)>,
    /// Let the places be in a private network.
    #[arg(long)]
    private: bool,
    /// Whether connections have to be encrypted; they have to where nothing is said. With `optional`, the plugin
    /// decides.
    #[arg(long, value_name = "MODE", value_parser = ["require", "optional"])]
    tls: Option<String>,
    /// A PEM file of the authorities that sign the places' certificates, instead of the system's. A relative path
    /// starts at the workspace.
    #[arg(long, value_name = "FILE")]
    ca: Option<String>,
    /// A credential by where it is, such as `db=user:reader,password_env:PGPASSWORD`. Where the plugin does not ask
    /// for it by name, it goes to the web server of --http or --store: a token as `bearer`, and a user with a password
    /// as `basic`, which is for --http alone.
    #[arg(long, value_name = "NAME=KEY:VALUE,...", value_parser = Parts(secret))]
    secret: Vec<(String, Vec<(String, String)>)>,
    /// A key of the plugin's configuration, such as `tables.all.input=files`. The value is TOML, or
    /// else a text.
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = Parts(pair))]
    config: Vec<(String, String)>,
}

/// Rows of each table that are shown.
const ROWS_SHOWN: usize = 3;

pub(super) fn add(workspace: Option<&Path>, arguments: Add) -> Result<()> {
    let workspace = Workspace::find(workspace)?;
    let mut source = NewSource {
        plugin: arguments.plugin,
        inputs: arguments.input,
        http: arguments.http,
        methods: arguments.method,
        stores: arguments.store,
        tcp: arguments.tcp,
        private: arguments.private,
        tls: arguments.tls,
        ca: arguments.ca,
        secrets: arguments.secret,
        credential: None,
        config: arguments.config,
    };
    let name = arguments.name;
    workspace.check_source(&name, &source)?;
    let host = Host::open(workspace.clone())?;
    check_plugin(&host, &source.plugin)?;
    source.credential = credential(&host, &source)?;
    tell_grants(&host, &source);
    workspace.add_source(&name, &source)?;
    super::super::note(&format!(
        "wrote [source.{name}] into {}",
        workspace.config_path().display()
    ));
    // Opened again, with the source in it.
    let host = Host::open(workspace)?;
    super::check(&host, Some(&name), Some(ROWS_SHOWN)).map_err(|error| {
        error.with_hint(format!(
            "the source stays in sextant.toml: mend it there, or take it away with `sextant source remove {name}`"
        ))
    })
}

pub(super) fn remove(workspace: Option<&Path>, name: &str) -> Result<()> {
    let workspace = Workspace::find(workspace)?;
    workspace.remove_source(name)?;
    super::super::note(&format!(
        "took [source.{name}] out of {}",
        workspace.config_path().display()
    ));
    Ok(())
}

/// Refuses a plugin that is not there, or that has no tables: whoever names one has mistyped it, or goes on by
/// putting its bundle there. One whose bundle does not load is there.
fn check_plugin(host: &Host, name: &str) -> Result<()> {
    let snapshot = host.snapshot();
    let wrong = match snapshot.plugins().get(name).map(|entry| &entry.plugin) {
        Some(None) => return Ok(()),
        Some(Some(plugin)) if plugin.is_source() => return Ok(()),
        Some(Some(_)) => Error::config(format!("plugin {name:?} has functions, and no tables")),
        None => Error::not_found(format!("there is no plugin {name:?}")),
    };
    let plugins = snapshot.plugins().iter();
    let sources = plugins.filter(|(_, entry)| {
        let plugin = entry.plugin.as_ref();
        plugin.is_some_and(|plugin| plugin.is_source())
    });
    let sources: Vec<_> = sources.map(|(name, _)| name.as_str()).collect();
    Err(wrong.with_hint(match sources.is_empty() {
        true => "put a bundle with tables into bundles/ first".to_owned(),
        false => format!(
            "there are: {}; for another one, put its bundle into bundles/ first",
            sources.join(", ")
        ),
    }))
}

/// What the bundle of a plugin may ask for; none where it does not load.
fn declared(host: &Host, plugin: &str) -> Option<Vec<Capability>> {
    let snapshot = host.snapshot();
    let plugin = snapshot.plugins().get(plugin)?.plugin.as_ref()?;
    Some(plugin.manifest().capabilities.clone())
}

/// The key of a grant and the secret that it names, where the host has to put a secret into requests. A bundle that
/// declares secrets asks for them by name. With several secrets or places it would be a guess what goes where, and
/// a credential that is sent to the wrong place is lost.
fn credential(host: &Host, source: &NewSource) -> Result<Option<(String, String)>> {
    let has_http = !source.http.is_empty();
    let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    let takes_one = has_http || source.stores.iter().any(is_web);
    let declared = declared(host, &source.plugin).unwrap_or_default();
    if source.secrets.is_empty() || !takes_one || declared.contains(&Capability::Secret) {
        return Ok(None);
    }
    let places = source.http.len() + source.stores.len();
    let (1, [(name, parts)]) = (places, source.secrets.as_slice()) else {
        return Err(
            Error::config("there are several secrets or places, and nothing says which secret goes where")
                .with_hint("write the source into sextant.toml by hand, where each grant names its secret, such as http = [{ url = \"https://example.org/\", bearer = \"NAME\" }]"),
        );
    };
    let has = |what: &str| parts.iter().any(|(key, _)| key.starts_with(what));
    let key = match (has("token"), has("user") && has("password")) {
        (true, _) => "bearer",
        (false, true) if has_http => "basic",
        _ => return Ok(None),
    };
    Ok(Some((key.to_owned(), name.clone())))
}

/// Says what the bundle may ask for and is not granted, and what is granted in vain.
fn tell_grants(host: &Host, source: &NewSource) {
    let Some(declared) = declared(host, &source.plugin) else {
        return;
    };
    let grants = [
        (
            Capability::Input,
            !source.inputs.is_empty(),
            "--input NAME=PATH",
        ),
        (Capability::Http, !source.http.is_empty(), "--http URL"),
        (
            Capability::Tcp,
            !source.tcp.is_empty(),
            "--tcp NAME=HOST:PORT",
        ),
        (
            Capability::Secret,
            !source.secrets.is_empty(),
            "--secret NAME=KEY:VALUE",
        ),
    ];
    for (capability, is_granted, option) in grants {
        match (declared.contains(&capability), is_granted) {
            (true, false) => super::super::note(&format!(
                "note: {} may ask for {capability} and is granted none; {option} grants it",
                source.plugin
            )),
            // The host puts credentials into requests; the bundle never asks for those.
            (false, true) if capability != Capability::Secret => super::super::note(&format!(
                "note: the bundle of {} does not declare {capability}, so what is granted of it gives nothing",
                source.plugin
            )),
            _ => {}
        }
    }
    if !declared.contains(&Capability::Secret) {
        let named = source.credential.as_ref().map(|(_, secret)| secret);
        for (name, _) in &source.secrets {
            if Some(name) != named {
                super::super::note(&format!(
                    "note: no grant names the secret {name}, so it is never sent; name it in sextant.toml, in the grant of its place"
                ));
            }
        }
    }
}

/// Reads the parts of an option's value. A value that has not these parts is not told, as clap would: a password may
/// stand in it.
#[derive(Clone)]
struct Parts<T>(fn(&str) -> std::result::Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Parts<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        option: Option<&clap::Arg>,
        value: &OsStr,
    ) -> std::result::Result<T, clap::Error> {
        let text = value.to_str().ok_or("expected UTF-8");
        let parts = text.map_err(str::to_owned).and_then(self.0);
        parts.map_err(|problem| {
            let option = option.map(ToString::to_string).unwrap_or_default();
            let message = format!("{option}: {problem}");
            command.clone().error(ErrorKind::ValueValidation, message)
        })
    }
}

fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| "expected NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

type Secret = (String, Vec<(String, String)>);

fn secret(text: &str) -> std::result::Result<Secret, String> {
    let (name, parts) = pair(text)?;
    let parts = parts.split(',').map(|part| {
        let part = part.split_once(':').ok_or("expected NAME=KEY:VALUE,...");
        part.map(|(key, value)| (key.to_owned(), value.to_owned()))
    });
    let parts: Vec<_> = parts.collect::<std::result::Result<_, _>>()?;
    // A password on the command line ends up in the history of a shell.
    match parts
        .iter()
        .find(|(key, _)| matches!(key.as_str(), "password" | "token"))
    {
        Some((key, _)) => Err(format!(
            "name where the {key} is, with {key}_env or {key}_file"
        )),
        None => Ok((name, parts)),
    }
}
