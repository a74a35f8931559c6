//! The sole mutable state: which plugins and sources there are. It is rebuilt from what is on disk,
//! aside, and published as one immutable [`Snapshot`]. A query keeps the snapshot it began with; an
//! old one is freed when its last query ends.

mod memory;

use crate::bundle::Bundle;
use crate::error::{Context, Error, Result};
use crate::input::Inputs;
use crate::limits::Limits;
use crate::net::Network;
use crate::wasm::{Connection, Engine, Plugin, Scope, SourceSettings, TableDescription};
use crate::workspace::{Config, PluginConfig, SourceConfig, Workspace};
use arc_swap::ArcSwap;
use memory::{Memory, Tables};
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The ending of a bundle's file name.
pub const BUNDLE_EXTENSION: &str = "bundle";

/// An immutable catalog of plugins and sources.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    plugins: BTreeMap<String, PluginEntry>,
    sources: BTreeMap<String, Arc<Source>>,
}

/// A plugin of a snapshot.
#[derive(Clone, Debug)]
pub struct PluginEntry {
    /// The plugin that serves; none where no version ever loaded.
    pub plugin: Option<Arc<Plugin>>,
    /// The bundle file.
    pub file: PathBuf,
    /// Why the file as it is now does not serve.
    pub error: Option<Error>,
    /// Other files with a plugin of the name, of a lower version or older.
    pub ignored: Vec<PathBuf>,
}

/// A source of a snapshot.
pub struct Source {
    name: String,
    config: Result<SourceConfig>,
    plugin: Result<Arc<Plugin>>,
    settings: Result<SourceSettings>,
    described: tokio::sync::Mutex<Option<Described>>,
    memory: Option<Arc<Memory>>,
    /// Its tables as they were when they could last be described; none before they are looked for
    /// in its memory.
    sound: Mutex<Option<Tables>>,
    /// Why it could not be described when that was last tried.
    problem: Mutex<Option<Error>>,
}

/// What a source said of its tables, when, and of what data.
struct Described {
    tables: Arc<Vec<Arc<TableDescription>>>,
    version: String,
    at: Instant,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name)
    }
}

impl Snapshot {
    /// Its number; a newer one is larger.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Its plugins, by name.
    pub fn plugins(&self) -> &BTreeMap<String, PluginEntry> {
        &self.plugins
    }

    /// Its sources, by name.
    pub fn sources(&self) -> &BTreeMap<String, Arc<Source>> {
        &self.sources
    }
}

impl Source {
    fn new(
        name: &str,
        config: Result<SourceConfig>,
        plugins: &BTreeMap<String, PluginEntry>,
        workspace: &Workspace,
        limits: &Limits,
    ) -> Self {
        let base = workspace.root();
        let settings = config.clone().and_then(|config| {
            Ok(SourceSettings {
                name: name.to_owned(),
                network: Arc::new(Network::new(name, base, &config.network, limits)?),
                config: serde_json::Value::Object(config.config).to_string(),
                inputs: Arc::new(Inputs::new(
                    name,
                    base,
                    config.inputs,
                    &config.network,
                    limits,
                )),
            })
        });
        let plugin = config
            .clone()
            .and_then(|config| find_plugin(&config.plugin, plugins));
        let plugin = plugin.map_err(|error| error.context(format!("source {name:?}")));
        let memory = config.as_ref().ok().zip(plugin.as_ref().ok());
        let memory = memory.map(|(config, plugin)| {
            let identity = format!("{} {config:?}", plugin.digest());
            Arc::new(Memory::new(&workspace.source_memory(), name, identity))
        });
        Self {
            name: name.to_owned(),
            config,
            plugin,
            settings: settings.map_err(|error| error.context(format!("source {name:?}"))),
            described: tokio::sync::Mutex::default(),
            memory,
            sound: Mutex::default(),
            problem: Mutex::default(),
        }
    }

    /// The source's name: a schema in SQL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its plugin, where its configuration says so.
    pub fn plugin_name(&self) -> Option<&str> {
        self.config
            .as_ref()
            .ok()
            .map(|config| config.plugin.as_str())
    }

    /// Its plugin, or why it has none.
    pub fn plugin(&self) -> Result<&Arc<Plugin>> {
        self.plugin.as_ref().map_err(Clone::clone)
    }

    /// What its plugin opens it with.
    pub fn settings(&self) -> Result<&SourceSettings> {
        self.settings.as_ref().map_err(Clone::clone)
    }

    /// Its tables. They are described on first use, and again when the data may have changed or
    /// some time has passed.
    pub async fn tables(&self, scope: &Arc<Scope>) -> Result<Arc<Vec<Arc<TableDescription>>>> {
        let tables = self.describe(scope).await;
        let found = match &tables {
            Ok(tables) => tables.iter().find_map(|table| table.problem.clone()),
            Err(error) => Some(error.clone()),
        };
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = found;
        tables
    }

    /// Why it, or one of its tables, could not be described when that was last tried.
    pub fn problem(&self) -> Option<Error> {
        let problem = self.problem.lock();
        problem.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn describe(&self, scope: &Arc<Scope>) -> Result<Arc<Vec<Arc<TableDescription>>>> {
        let plugin = self.plugin()?;
        let settings = self.settings()?;
        let mut described = self.described.lock().await;
        let inputs = Arc::clone(&settings.inputs);
        let version = tokio::task::spawn_blocking(move || inputs.version()).await;
        let version = version.map_err(|error| Error::internal(error.to_string()))?;
        let ttl = Duration::from_millis(scope.limits().describe_ttl_ms);
        if let Some(known) = described
            .as_ref()
            .filter(|known| known.version == version && known.at.elapsed() < ttl)
        {
            return Ok(Arc::clone(&known.tables));
        }
        // What it cannot say again is no more what it has: from then on it is only remembered.
        *described = None;
        let mut connection = Connection::open(plugin, scope, settings).await?;
        let tables = connection
            .tables()
            .await?
            .into_iter()
            .map(Arc::new)
            .collect();
        let tables: Arc<Vec<Arc<TableDescription>>> = Arc::new(tables);
        *described = Some(Described {
            tables: Arc::clone(&tables),
            version,
            at: Instant::now(),
        });
        drop(described);
        self.remember(&tables).await?;
        Ok(tables)
    }

    /// A table as it was when it could last be described, by this process or by one before it.
    pub fn last_described(&self, name: &str) -> Option<Arc<TableDescription>> {
        self.with_sound(|sound| sound.get(name).cloned())
    }

    /// The names of its tables as they were when they could last be described.
    pub fn last_described_names(&self) -> Vec<String> {
        self.with_sound(|sound| sound.keys().cloned().collect())
    }

    /// Remembers tables that were described. One that has a problem stays as it was before.
    async fn remember(&self, tables: &[Arc<TableDescription>]) -> Result<()> {
        let sound = self.with_sound(|sound| {
            let now = tables.iter().filter_map(|table| {
                let table = match table.problem {
                    None => Arc::clone(table),
                    Some(_) => Arc::clone(sound.get(&table.name)?),
                };
                Some((table.name.clone(), table))
            });
            *sound = now.collect();
            sound.clone()
        });
        let Some(memory) = self.memory.clone() else {
            return Ok(());
        };
        let kept = tokio::task::spawn_blocking(move || memory.keep(&sound)).await;
        if let Err(error) = kept.map_err(|error| Error::internal(error.to_string()))? {
            // It is missed only where the source is down when the next process starts.
            tracing::info!("{error}");
        }
        Ok(())
    }

    fn with_sound<T>(&self, f: impl FnOnce(&mut Tables) -> T) -> T {
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        let recall = || self.memory.as_ref().map(|memory| memory.recall());
        f(sound.get_or_insert_with(|| recall().unwrap_or_default()))
    }

    /// The tables that were described last, if any were.
    pub fn known_tables(&self) -> Option<Arc<Vec<Arc<TableDescription>>>> {
        let described = self.described.try_lock().ok()?;
        described.as_ref().map(|known| Arc::clone(&known.tables))
    }
}

fn find_plugin(name: &str, plugins: &BTreeMap<String, PluginEntry>) -> Result<Arc<Plugin>> {
    let entry = plugins.get(name).ok_or_else(|| {
        let known = plugins.keys().cloned().collect::<Vec<_>>().join(", ");
        let hint = match known.is_empty() {
            true => "there are no plugins yet: put a bundle into bundles/".to_owned(),
            false => format!("there are: {known}"),
        };
        Error::not_found(format!("there is no plugin {name:?}")).with_hint(hint)
    })?;
    match (&entry.plugin, &entry.error) {
        (Some(plugin), _) if plugin.is_source() => Ok(Arc::clone(plugin)),
        (Some(_), _) => Err(Error::config(format!(
            "plugin {name:?} has functions, and no tables"
        ))),
        (None, Some(error)) => Err(error
            .clone()
            .context(format!("plugin {name:?} is not there"))),
        (None, None) => Err(Error::not_found(format!("there is no plugin {name:?}"))),
    }
}

/// Publishes snapshots of what is on disk.
pub struct Registry {
    workspace: Workspace,
    engine: Engine,
    snapshot: ArcSwap<Snapshot>,
    /// Held while a snapshot is built, so that one is built at a time. No query waits for it.
    loader: Mutex<Loader>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

/// What the files were when they were last looked at.
#[derive(Default)]
struct Loader {
    files: BTreeMap<PathBuf, FileState>,
    config: Option<(Stamp, Config)>,
}

/// Enough of a file's metadata to see that it is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: SystemTime,
    changed_ns: i64,
    inode: u64,
}

/// A bundle file.
#[derive(Clone)]
struct FileState {
    stamp: Stamp,
    /// The last version that loaded from this file.
    good: Option<Arc<Plugin>>,
    /// Why the file as it is now does not load.
    error: Option<Error>,
    /// Whether that verdict is final: a file that is bad and was changed a moment ago may be in the
    /// middle of being written.
    settled: bool,
}

impl Registry {
    /// A registry of the bundles and sources of a workspace, scanned once.
    pub fn open(workspace: Workspace, engine: Engine) -> Result<Self> {
        let empty = Snapshot {
            generation: 0,
            plugins: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        let registry = Self {
            workspace,
            engine,
            snapshot: ArcSwap::from_pointee(empty),
            loader: Mutex::default(),
        };
        registry.rescan()?;
        // Not at every rescan: an editor may leave the file empty for a moment.
        let sources = registry.snapshot();
        let sources = sources.sources().keys().map(String::as_str).collect();
        memory::forget_others(&registry.workspace.source_memory(), &sources);
        Ok(registry)
    }

    /// The current snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Looks at what is on disk, builds what changed, and publishes a new snapshot if anything did.
    /// A bundle that does not load leaves its last good version serving. Says when to look again,
    /// where a file may still be being written.
    ///
    /// # Errors
    ///
    /// When the folder or `sextant.toml` cannot be read; the last snapshot then stays.
    pub fn rescan(&self) -> Result<Option<Duration>> {
        let mut loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
        let config = self.rescan_config(&mut loader)?;
        let again = self.rescan_bundles(&mut loader, &config.plugins)?;
        let old = self.snapshot();
        let plugins = grant(compose(&loader.files), &config.plugins, &old);
        let sources = self.build_sources(&config, &plugins, &old);
        if is_same(&old, &plugins, &sources) && old.generation > 0 {
            return Ok(again);
        }
        let generation = old.generation + 1;
        tracing::debug!(
            "generation {generation}: {} plugins, {} sources",
            plugins.len(),
            sources.len()
        );
        self.snapshot.store(Arc::new(Snapshot {
            generation,
            plugins,
            sources,
        }));
        Ok(again)
    }

    fn rescan_bundles(
        &self,
        loader: &mut Loader,
        granted: &BTreeMap<String, PluginConfig>,
    ) -> Result<Option<Duration>> {
        let limits = self.engine.limits();
        let mut files = BTreeMap::new();
        let mut again = None;
        for (path, stamp) in self.bundle_files()? {
            let known = loader.files.remove(&path);
            let state = match known {
                Some(known) if known.stamp == stamp && known.settled => known,
                known => self.load(
                    &path,
                    stamp,
                    known.and_then(|known| known.good),
                    &loader.files,
                    granted,
                ),
            };
            if !state.settled {
                again = Some(Duration::from_millis(limits.settle_ms));
            }
            files.insert(path, state);
        }
        loader.files = files;
        Ok(again)
    }

    fn bundle_files(&self) -> Result<Vec<(PathBuf, Stamp)>> {
        let folder = self.workspace.bundles();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).context(|| folder.display().to_string())? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            let extension = path.extension();
            if is_hidden || extension.is_none_or(|extension| extension != BUNDLE_EXTENSION) {
                continue;
            }
            // A file that is gone by now was removed; that is no error.
            if let Ok(metadata) = std::fs::symlink_metadata(&path) {
                files.push((path, Stamp::new(&metadata)));
            }
        }
        Ok(files)
    }

    /// Loads a bundle file. The file is read once, into memory, and everything that follows works
    /// on those bytes, so it does not matter what becomes of the file.
    fn load(
        &self,
        path: &Path,
        stamp: Stamp,
        good: Option<Arc<Plugin>>,
        others: &BTreeMap<PathBuf, FileState>,
        granted: &BTreeMap<String, PluginConfig>,
    ) -> FileState {
        let loaded = Bundle::open(path, self.engine.limits()).and_then(|bundle| {
            let same = |plugin: &&Arc<Plugin>| plugin.digest() == bundle.digest();
            let renamed = others
                .values()
                .filter_map(|state| state.good.as_ref())
                .find(same);
            match good.as_ref().filter(same).or(renamed) {
                Some(plugin) => Ok(Arc::clone(plugin)),
                None => self
                    .load_new(bundle, granted)
                    .map(Arc::new)
                    .context(|| format!("bundle {}", path.display())),
            }
        });
        match loaded {
            Ok(plugin) => FileState {
                stamp,
                good: Some(plugin),
                error: None,
                settled: true,
            },
            Err(error) => {
                let rest = Duration::from_millis(self.engine.limits().settle_bad_ms);
                // A time in the future is a wrong clock, not a file in the making.
                let settled = stamp.modified.elapsed().is_ok_and(|age| age >= rest)
                    || stamp.modified > SystemTime::now();
                if settled {
                    tracing::warn!("{error}");
                }
                FileState {
                    stamp,
                    good,
                    error: Some(error),
                    settled,
                }
            }
        }
    }

    fn load_new(&self, bundle: Bundle, granted: &BTreeMap<String, PluginConfig>) -> Result<Plugin> {
        let config = granted.get(&bundle.manifest().name).copied();
        Plugin::load(&self.engine, bundle, config.unwrap_or_default().limits)
    }

    fn rescan_config(&self, loader: &mut Loader) -> Result<Config> {
        let path = self.workspace.config_path();
        let stamp = std::fs::metadata(&path)
            .map(|metadata| Stamp::new(&metadata))
            .context(|| path.display().to_string())?;
        if let Some((_, config)) = loader.config.as_ref().filter(|(known, _)| *known == stamp) {
            return Ok(config.clone());
        }
        let config = self.workspace.config()?;
        if config.limits != **self.engine.limits() {
            tracing::warn!(
                "{}: [limits] changed; they hold from the next start",
                path.display()
            );
        }
        loader.config = Some((stamp, config.clone()));
        Ok(config)
    }

    fn build_sources(
        &self,
        config: &Config,
        plugins: &BTreeMap<String, PluginEntry>,
        old: &Snapshot,
    ) -> BTreeMap<String, Arc<Source>> {
        let sources = config.sources.iter().map(|(name, config)| {
            let limits = self.engine.limits();
            let new = Source::new(name, config.clone(), plugins, &self.workspace, limits);
            let kept = old
                .sources
                .get(name)
                .filter(|old| is_same_source(old, &new));
            (name.clone(), kept.map_or_else(|| Arc::new(new), Arc::clone))
        });
        sources.collect()
    }
}

impl Stamp {
    fn new(metadata: &std::fs::Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            changed_ns: metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec(),
            inode: metadata.ino(),
        }
    }
}

/// For each plugin the file that serves: the highest version, and of equal ones the newest file.
/// A file that never loaded is listed under its own name.
fn compose(files: &BTreeMap<PathBuf, FileState>) -> BTreeMap<String, PluginEntry> {
    let mut plugins: BTreeMap<String, (Option<(semver::Version, SystemTime)>, PluginEntry)> =
        BTreeMap::new();
    for (path, state) in files {
        let rank = state
            .good
            .as_ref()
            .map(|plugin| (plugin.manifest().version.clone(), state.stamp.modified));
        let name = match &state.good {
            Some(plugin) => plugin.name().to_owned(),
            None => path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        let entry = PluginEntry {
            plugin: state.good.clone(),
            file: path.clone(),
            error: state.error.clone(),
            ignored: Vec::new(),
        };
        match plugins.get_mut(&name) {
            None => {
                plugins.insert(name, (rank, entry));
            }
            Some((best, serving)) => {
                let ignored = if *best >= rank {
                    entry.file
                } else {
                    *best = rank;
                    let former = std::mem::replace(serving, entry);
                    serving.ignored = former.ignored;
                    former.file
                };
                serving.ignored.push(ignored);
            }
        }
    }
    plugins
        .into_iter()
        .map(|(name, (_, entry))| (name, entry))
        .collect()
}

/// The same plugins with what is granted to each. One that serves already and was granted as much
/// stays as it is.
fn grant(
    mut plugins: BTreeMap<String, PluginEntry>,
    configs: &BTreeMap<String, PluginConfig>,
    old: &Snapshot,
) -> BTreeMap<String, PluginEntry> {
    for (name, entry) in &mut plugins {
        let granted = configs.get(name).copied().unwrap_or_default().limits;
        let serving = old.plugins.get(name).and_then(|old| old.plugin.as_ref());
        entry.plugin = entry.plugin.take().map(|plugin| {
            let same =
                |old: &&Arc<Plugin>| old.digest() == plugin.digest() && old.grant() == granted;
            match serving.filter(same) {
                Some(serving) => Arc::clone(serving),
                None => Arc::new(plugin.granted(granted)),
            }
        });
    }
    plugins
}

fn is_same(
    old: &Snapshot,
    plugins: &BTreeMap<String, PluginEntry>,
    sources: &BTreeMap<String, Arc<Source>>,
) -> bool {
    let plugin = |entry: &PluginEntry| entry.plugin.as_ref().map(Arc::as_ptr);
    let error = |entry: &PluginEntry| entry.error.as_ref().map(ToString::to_string);
    let key = |entry: &PluginEntry| {
        let (file, ignored) = (entry.file.clone(), entry.ignored.clone());
        (plugin(entry), error(entry), file, ignored)
    };
    old.plugins.len() == plugins.len()
        && old
            .plugins
            .iter()
            .zip(plugins)
            .all(|((a, old), (b, new))| a == b && key(old) == key(new))
        && old.sources.len() == sources.len()
        && old
            .sources
            .values()
            .zip(sources.values())
            .all(|(old, new)| Arc::ptr_eq(old, new))
}

fn is_same_source(old: &Source, new: &Source) -> bool {
    let same_config = match (&old.config, &new.config) {
        (Ok(old), Ok(new)) => old == new,
        (Err(old), Err(new)) => old.to_string() == new.to_string(),
        _ => false,
    };
    let same_plugin = match (&old.plugin, &new.plugin) {
        (Ok(old), Ok(new)) => Arc::ptr_eq(old, new),
        (Err(old), Err(new)) => old.to_string() == new.to_string(),
        _ => false,
    };
    same_config && same_plugin
}
