//! `sextant plugin bench`: each function and table of a plugin against its native build, on the same
//! batches, in one run.
//!
//! The native build is a program of its own, made of the plugin's crate and the SDK; both sides are
//! timed where a call begins and ends, so neither SQL nor the making of instances is in the figures.

use super::test::Bench;
use crate::bundle::build_crate;
use crate::error::{Context, Error, Result};
use crate::input::Inputs;
use crate::limits::Limits;
use crate::net::Network;
use crate::wasm::{
    BoundGroups, BoundScalar, Connection, FunctionDescription, FunctionKind, Plugin, Progress,
    Request, Scope, SourceSettings, TableArguments, TableCall, TableDescription, TableShape,
};
use crate::workspace::Workspace;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use serde::Deserialize;
use sextant_plugin_sdk::bench::{self as twin, Call, FileEntry, Scan, Task};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Arguments of `plugin bench`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of the plugin's crate.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Rows that a function is called on where examples/bench.toml does not say otherwise.
    #[arg(long, default_value_t = 200_000, value_name = "COUNT")]
    rows: usize,
}

/// The crate's own `examples/bench.toml`: calls that cannot be guessed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnCalls {
    #[serde(default)]
    call: Vec<OwnCall>,
}

/// A call, in SQL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnCall {
    function: String,
    /// The arguments: expressions over `from`; those that must be constants, and those of a table
    /// function, over nothing.
    #[serde(default)]
    arguments: Vec<String>,
    /// The rows of a scalar or aggregate function.
    #[serde(default)]
    from: String,
    /// The relations of a table function, queries.
    #[serde(default)]
    relations: Vec<String>,
}

/// A task with what the component is given.
struct Planned {
    name: String,
    task: Task,
    fields: Vec<FieldRef>,
    constants: Vec<Option<ArrayRef>>,
    relations: Vec<(SchemaRef, Vec<RecordBatch>)>,
    source: Option<(SourceSettings, Arc<TableDescription>)>,
}

pub(super) fn run(workspace: Option<&Path>, arguments: &Arguments) -> Result<()> {
    if cfg!(debug_assertions) {
        super::note(
            "note: this is a debug build of sextant; build it with --release for figures that mean something",
        );
    }
    let built = build_crate(&arguments.folder, &[], &Limits::default())?;
    let bench = Bench::new(built.bytes)?;
    let plugin = bench.plugin()?;
    let folder = tempfile::tempdir()?;
    let mut planned = functions(&bench, &plugin, arguments)?;
    planned.extend(tables(&bench, workspace, folder.path())?);
    let tasks: Vec<_> = planned.iter().map(|planned| &planned.task).collect();
    let tasks = serde_json::to_vec(&tasks).map_err(|error| Error::internal(error.to_string()))?;
    std::fs::write(folder.path().join(twin::TASKS), tasks)?;
    for (number, planned) in planned.iter().enumerate() {
        planned.write(folder.path(), number)?;
    }
    let natives = run_natively(&arguments.folder, &built.name, folder.path())?;
    println!(
        "{:<44} {:>12} {:>12} {:>8}",
        "", "guest ms", "native ms", "ratio"
    );
    let mut differing = 0;
    for (number, (planned, native)) in planned.iter().zip(natives).enumerate() {
        let (found, guest) = planned.time(&bench, &plugin)?;
        println!(
            "{:<44} {:>12.3} {:>12.3} {:>8.2}",
            planned.name,
            guest * 1e3,
            native * 1e3,
            guest / native
        );
        let path = twin::file(folder.path(), number, "native");
        let due = if path.is_file() {
            read(&path)?.1
        } else {
            Vec::new()
        };
        if !same(&found, &due)? {
            differing += 1;
            println!("  the results differ");
        }
    }
    match differing {
        0 => Ok(()),
        count => Err(Error::plugin(format!(
            "{count} results differ between the component and its native build"
        ))),
    }
}

/// Whether two results are of the same rows, however they are cut.
fn same(found: &[RecordBatch], due: &[RecordBatch]) -> Result<bool> {
    let whole = |batches: &[RecordBatch]| {
        let Some(first) = batches.first() else {
            return Ok(None);
        };
        let all = arrow::compute::concat_batches(&first.schema(), batches);
        all.map(|all| Some(all.columns().to_vec()))
            .map_err(|error| Error::internal(error.to_string()))
    };
    Ok(whole(found)? == whole(due)?)
}

fn read(path: &Path) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    twin::read(path).map_err(|error| Error::internal(error.to_string()))
}

/// The calls of all functions that can be made.
fn functions(bench: &Bench, plugin: &Plugin, arguments: &Arguments) -> Result<Vec<Planned>> {
    let path = arguments.folder.join("examples/bench.toml");
    let own: OwnCalls = match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| Error::config(error.to_string()).context(path.display()))?,
        Err(_) => OwnCalls::default(),
    };
    let mut planned = Vec::new();
    for function in plugin.functions() {
        let mut calls: Vec<_> = own
            .call
            .iter()
            .filter(|call| call.function == function.name)
            .collect();
        let guessed = guess(function, arguments.rows);
        calls.extend(guessed.as_ref().filter(|_| calls.is_empty()));
        if calls.is_empty() {
            super::note(&format!(
                "note: {} was not measured: say in {} how it is called",
                function.name,
                path.display()
            ));
        }
        for call in calls {
            let call = plan(bench, function, call);
            planned.push(call.context(|| format!("a call of {}", function.name))?);
        }
    }
    Ok(planned)
}

/// A call on made-up values, of a function whose arguments can be made up.
fn guess(function: &FunctionDescription, rows: usize) -> Option<OwnCall> {
    let parameters = &function.parameters;
    let is_guessable = function.kind != FunctionKind::Table && !parameters.is_empty();
    let values = parameters.iter().enumerate().map(|(i, parameter)| {
        let seed = i + 1;
        Some(match parameter.types.first()? {
            _ if parameter.constant => return None,
            text if text.is_string() => format!("substr(md5(CAST(value / {seed} AS TEXT)), 1, 14)"),
            DataType::Boolean => format!("value % {} = 0", seed + 1),
            DataType::Float64 | DataType::Float32 => format!("value * {seed} / 7.0"),
            number if number.is_integer() => format!("value * {seed} % 100"),
            _ => return None,
        })
    });
    Some(OwnCall {
        function: function.name.clone(),
        arguments: values.collect::<Option<_>>().filter(|_| is_guessable)?,
        from: format!("generate_series(1, {rows})"),
        relations: Vec::new(),
    })
}

/// A call with its arguments and relations as batches.
fn plan(bench: &Bench, function: &FunctionDescription, own: &OwnCall) -> Result<Planned> {
    let is_table = function.kind == FunctionKind::Table;
    let session = bench.session()?;
    let query = |sql: &str| {
        bench.host.block_on(async {
            let answer = session.query(sql).await?;
            let schema = Arc::clone(answer.schema());
            Ok::<_, Error>((schema, answer.collect().await?))
        })
    };
    let (mut fields, mut constants, mut varying) = (Vec::new(), Vec::new(), Vec::new());
    for (i, parameter) in function.parameters.iter().enumerate() {
        let typed = |expression: &str| match parameter.types.first() {
            Some(data_type) => format!("arrow_cast({expression}, '{data_type}') AS a{i}"),
            None => format!("{expression} AS a{i}"),
        };
        match own.arguments.get(i) {
            Some(expression) if !is_table && !parameter.constant => {
                varying.push(typed(expression));
                constants.push(None);
            }
            Some(expression) => {
                let (_, batches) = query(&format!("SELECT {}", typed(expression)))?;
                let value = batches.first().map(|batch| Arc::clone(batch.column(0)));
                constants.push(value);
            }
            None => constants.push(parameter.default.clone()),
        }
        let missing = || Error::config(format!("argument {} has no value", parameter.name));
        let data_type = match (constants.last().and_then(Option::as_ref), varying.last()) {
            (Some(value), _) => value.data_type().clone(),
            (None, Some(_)) => parameter.types.first().cloned().unwrap_or(DataType::Utf8),
            (None, None) => return Err(missing()),
        };
        fields.push(Arc::new(Field::new(&parameter.name, data_type, true)));
    }
    let relations = match is_table {
        true => own
            .relations
            .iter()
            .map(|sql| query(sql))
            .collect::<Result<_>>()?,
        false => vec![query(&format!(
            "SELECT {} FROM {}",
            varying.join(", "),
            own.from
        ))?],
    };
    let call = Call {
        function: function.name.clone(),
        constants: constants.iter().map(Option::is_some).collect(),
        relations: relations.len(),
    };
    Ok(Planned {
        name: function.name.clone(),
        task: match function.kind {
            FunctionKind::Scalar => Task::Scalar(call),
            FunctionKind::Aggregate => Task::Aggregate(call),
            FunctionKind::Table => Task::Table(call),
        },
        fields,
        constants,
        relations,
        source: None,
    })
}

/// The tables of the bundle's examples, and of a workspace's sources that use the plugin.
fn tables(bench: &Bench, workspace: Option<&Path>, folder: &Path) -> Result<Vec<Planned>> {
    let mut planned = scans(bench, bench.host.workspace(), folder)?;
    if let Some(root) = workspace {
        planned.extend(scans(bench, &Workspace::open(root)?, folder)?);
    }
    if bench.plugin()?.is_source() && planned.is_empty() {
        super::note(
            "note: no table was measured: name a workspace with --workspace, or write examples/sextant.toml",
        );
    }
    Ok(planned)
}

fn scans(bench: &Bench, workspace: &Workspace, folder: &Path) -> Result<Vec<Planned>> {
    let plugin = bench.plugin()?;
    let mut planned = Vec::new();
    for (name, config) in workspace.config()?.sources {
        let config = config?;
        if config.plugin != plugin.name() {
            continue;
        }
        let inputs = Inputs::new(
            &name,
            workspace.root(),
            config.inputs,
            &config.network,
            bench.host.limits(),
        );
        let network = Network::new(
            &name,
            workspace.root(),
            &config.network,
            bench.host.limits(),
        )?;
        // Both builds are given the files that were found, and one that became another is an error.
        let settings = SourceSettings {
            config: serde_json::Value::Object(config.config).to_string(),
            inputs: Arc::new(inputs),
            network: Arc::new(network),
            name,
        }
        .pinned();
        let scope = Scope::new(bench.host.limits());
        let tables = bench.host.block_on(async {
            Connection::open(&plugin, &scope, &settings)
                .await?
                .tables()
                .await
        })?;
        let entries = copy_entries(&settings, folder)?;
        let askable = tables
            .into_iter()
            .filter(|table| table.required_keys.is_empty());
        planned.extend(askable.map(|table| Planned::scan(&settings, table, &entries)));
    }
    Ok(planned)
}

/// The bytes of a source's inputs, decompressed, as files.
fn copy_entries(settings: &SourceSettings, folder: &Path) -> Result<Vec<FileEntry>> {
    let mut entries = Vec::new();
    for input in settings.inputs.names() {
        for entry in settings.inputs.entries(input)? {
            let opened = settings.inputs.open(input, &entry.name, 0, None);
            let mut bytes = opened.context(|| format!("{input}/{}", entry.name))?.reader;
            let kept = tempfile::NamedTempFile::new_in(folder)?.keep();
            let (mut file, path) = kept.map_err(|error| Error::from(error.error))?;
            std::io::copy(&mut bytes, &mut file)?;
            entries.push(FileEntry {
                input: input.to_owned(),
                name: entry.name,
                path,
            });
        }
    }
    Ok(entries)
}

impl Planned {
    fn scan(settings: &SourceSettings, table: TableDescription, entries: &[FileEntry]) -> Self {
        let scan = Scan {
            config: settings.config.clone(),
            entries: entries.to_vec(),
            table: table.name.clone(),
            columns: table.columns.fields().len(),
        };
        Self {
            name: format!("{}.{}", settings.name, table.name),
            task: Task::Scan(scan),
            fields: Vec::new(),
            constants: Vec::new(),
            relations: Vec::new(),
            source: Some((settings.clone(), Arc::new(table))),
        }
    }

    /// Writes what the native build is given.
    fn write(&self, folder: &Path, number: usize) -> Result<()> {
        let write = |what: &str, schema: &SchemaRef, batches: &[RecordBatch]| {
            twin::write(&twin::file(folder, number, what), schema, batches)
                .map_err(|error| Error::internal(error.to_string()))
        };
        let given = self.fields.iter().zip(&self.constants);
        let given = given.filter_map(|(field, value)| Some((field, value.as_ref()?)));
        let (fields, values): (Vec<FieldRef>, Vec<ArrayRef>) = given
            .map(|(field, value)| (Arc::clone(field), Arc::clone(value)))
            .unzip();
        let schema = Arc::new(Schema::new(fields));
        let batches = match values.is_empty() {
            true => Vec::new(),
            false => vec![batch(&schema, values)?],
        };
        write("constants", &schema, &batches)?;
        for (i, (schema, batches)) in self.relations.iter().enumerate() {
            write(&i.to_string(), schema, batches)?;
        }
        Ok(())
    }

    /// The result of the component, and its time in seconds.
    fn time(&self, bench: &Bench, plugin: &Arc<Plugin>) -> Result<(Vec<RecordBatch>, f64)> {
        let scope = Scope::new(bench.host.limits());
        let rows = self
            .relations
            .first()
            .map_or(&[][..], |(_, batches)| batches);
        match &self.task {
            Task::Scalar(call) => {
                let bound = BoundScalar::bind(
                    plugin,
                    &scope,
                    &call.function,
                    &self.fields,
                    &self.constants,
                );
                let mut bound = bound?;
                twin::time(|| {
                    let results = rows
                        .iter()
                        .map(|batch| result(bound.invoke(batch.columns(), batch.num_rows())?));
                    results.collect()
                })
            }
            Task::Aggregate(call) => twin::time_part(|| {
                let groups = BoundGroups::bind(
                    plugin,
                    &scope,
                    &call.function,
                    &self.fields,
                    &self.constants,
                );
                aggregate(groups?, rows)
            }),
            Task::Table(call) => twin::time_part(|| {
                bench
                    .host
                    .block_on(self.call(plugin, &scope, &call.function))
            }),
            Task::Scan(_) => twin::time_part(|| bench.host.block_on(self.read(plugin, &scope))),
        }
    }

    /// All rows of a call, and how long it took from its first batch.
    async fn call(
        &self,
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
        function: &str,
    ) -> Result<(Vec<RecordBatch>, Duration)> {
        let relations = self.relations.iter();
        let arguments = TableArguments {
            relations: relations.map(|(schema, _)| Arc::clone(schema)).collect(),
            fields: self.fields.clone(),
            constants: self.constants.iter().flatten().cloned().collect(),
        };
        let shape = TableShape::bind(plugin, scope, function, &arguments)?;
        let mut call = TableCall::start(plugin, scope, function, &arguments, &shape, None)?;
        let described = plugin.function(function);
        let described = described.ok_or_else(|| Error::internal("the function is gone"))?;
        let order = described.relations.iter().enumerate();
        let (build, stream): (Vec<_>, Vec<_>) = order.partition(|(_, relation)| relation.is_build);
        let (mut rows, started) = (Vec::new(), Instant::now());
        for (i, _) in build.into_iter().chain(stream) {
            for batch in &self.relations[i].1 {
                drain(&mut call, &mut rows).await?;
                call.push(i, batch).await?;
            }
            drain(&mut call, &mut rows).await?;
            call.finish(i).await?;
        }
        drain(&mut call, &mut rows).await?;
        Ok((rows, started.elapsed()))
    }

    /// All rows, and how long the scans took.
    async fn read(
        &self,
        plugin: &Arc<Plugin>,
        scope: &Arc<Scope>,
    ) -> Result<(Vec<RecordBatch>, Duration)> {
        let (settings, table) = self.source.as_ref().expect("a scan has a source");
        let request = Request {
            table: table.name.clone(),
            columns: (0..table.columns.fields().len()).collect(),
            predicates: Vec::new(),
            limit: None,
            batch_rows: scope.limits().batch_rows,
            partitions: 1,
            described: Arc::clone(&table.columns),
        };
        let (mut rows, mut took) = (Vec::new(), Duration::ZERO);
        let mut connection = Connection::open(plugin, scope, settings).await?;
        for token in connection.partitions(&request).await? {
            let connection = Connection::open(plugin, scope, settings).await?;
            let started = Instant::now();
            let mut scan = connection.scan(&request, &token, &table.columns).await?;
            while let Some(batch) = scan.next().await? {
                rows.push(batch);
            }
            took += started.elapsed();
        }
        Ok((rows, took))
    }
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(schema), columns)
        .map_err(|error| Error::internal(error.to_string()))
}

fn result(values: ArrayRef) -> Result<RecordBatch> {
    let field = Field::new("result", values.data_type().clone(), true);
    batch(&Arc::new(Schema::new(vec![field])), vec![values])
}

/// The results of all groups, and how long they took from the first batch.
fn aggregate(
    mut groups: BoundGroups,
    rows: &[RecordBatch],
) -> Result<(Vec<RecordBatch>, Duration)> {
    let started = Instant::now();
    let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
    let (mut first, mut total) = (0, 0);
    for batch in rows {
        let last = first + batch.num_rows();
        let indexes: Vec<_> = (first..last).map(|row| twin::group(row, count)).collect();
        total = total.max(last.min((count / 100).max(1)));
        groups.update(batch.columns(), &indexes, total)?;
        first = last;
    }
    let results = vec![result(groups.take_results(total)?)?];
    Ok((results, started.elapsed()))
}

async fn drain(call: &mut TableCall, rows: &mut Vec<RecordBatch>) -> Result<()> {
    while let Progress::Rows(batch) = call.next().await? {
        rows.push(batch);
    }
    Ok(())
}

/// Builds the native twin and lets it work: seconds for each task.
fn run_natively(crate_folder: &Path, name: &str, tasks: &Path) -> Result<Vec<f64>> {
    let (program, target) = twin_crate(crate_folder, name, tasks)?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--quiet", "--release", "--manifest-path"]);
    command.arg(program.join("Cargo.toml")).arg("--").arg(tasks);
    // A build of the host's own may hold the lock of its target folder.
    command.env("CARGO_TARGET_DIR", target);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(Error::plugin(
            "the native build failed; what it said stands above",
        ));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::internal(format!("the native build printed no times: {error}")))
}

/// A crate that runs the plugin's natively, with the same versions of what both are made of.
fn twin_crate(crate_folder: &Path, name: &str, folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (package, sdk, lock, target) =
        crate::bundle::native_parts(&crate_folder.join("Cargo.toml"))?;
    let program = folder.join("twin");
    std::fs::create_dir_all(program.join("src"))?;
    let text = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let crate_folder = std::path::absolute(crate_folder)?;
    let manifest = format!(
        "[package]\nname = \"sextant-bench-{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nplugin = {{ package = \"{package}\", path = {} }}\nsextant-plugin-sdk = {{ path = {}, features = [\"bench\"] }}\n\n[profile.release]\nopt-level = 3\nlto = \"fat\"\ncodegen-units = 1\n\n[workspace]\n",
        name.replace('_', "-"),
        text(&crate_folder),
        text(&sdk),
    );
    std::fs::write(program.join("Cargo.toml"), manifest)?;
    std::fs::write(
        program.join("src/main.rs"),
        "fn main() -> std::process::ExitCode {\n    sextant_plugin_sdk::bench::main(&plugin::sextant_native())\n}\n",
    )?;
    // Without one cargo resolves anew.
    let _ = std::fs::copy(lock, program.join("Cargo.lock"));
    let target = target.join("twins");
    forget_other_builds(&target, &package, &crate_folder)?;
    Ok((program, target))
}

/// A crate that is also a `cdylib` is built under a name without a hash, where that of another checkout
/// may stand, which cargo takes for this one. Without it, cargo builds anew.
fn forget_other_builds(target: &Path, package: &str, crate_folder: &Path) -> Result<()> {
    let last = target.join(format!("{package}.folder"));
    let folder = crate_folder.display().to_string();
    if std::fs::read_to_string(&last).is_ok_and(|last| last == folder) {
        return Ok(());
    }
    let library = format!("lib{}.rlib", package.replace('-', "_"));
    // There may be none.
    let _ = std::fs::remove_file(target.join("release/deps").join(library));
    std::fs::create_dir_all(target)?;
    std::fs::write(last, folder)?;
    Ok(())
}
