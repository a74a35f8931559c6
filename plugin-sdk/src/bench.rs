//! The calls that `sextant plugin bench` makes of a component and of its native twin. A call is made
//! of batches in files, so that both are given the same; the twin is a process of its own.

use crate::host::{Capabilities, ReadChunk};
use crate::native::{Native, OpenSource};
use crate::{
    Accumulator, Arguments, Entry, Error, Feed, Host, Progress, Request, Result, Signature,
    TableCall,
};
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The file that lists the tasks.
pub const TASKS: &str = "tasks.json";

/// How long a task is repeated, and how often at the least.
const REPEAT: (Duration, usize) = (Duration::from_secs(1), 3);

/// A call or a scan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "serde")]
pub enum Task {
    /// A scalar function on every batch.
    Scalar(Call),
    /// An aggregate function on every batch, with its results at the end.
    Aggregate(Call),
    /// A table function on its relations.
    Table(Call),
    /// A scan of all columns of a table.
    Scan(Scan),
}

/// A call of a function.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "serde")]
pub struct Call {
    /// The function.
    pub function: String,
    /// For each argument whether it is a constant.
    pub constants: Vec<bool>,
    /// How many relations there are; for other functions 1, the batches of the other arguments.
    pub relations: usize,
}

/// A scan of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "serde")]
pub struct Scan {
    /// The source's configuration, a JSON object.
    pub config: String,
    /// The entries of its inputs.
    pub entries: Vec<FileEntry>,
    /// The table.
    pub table: String,
    /// How many columns it has.
    pub columns: usize,
}

/// An entry of an input, and its file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "serde")]
pub struct FileEntry {
    /// The input.
    pub input: String,
    /// The entry's name.
    pub name: String,
    /// Its bytes.
    pub path: PathBuf,
}

/// The file of a task's constants, of one of its relations, or of its results.
pub fn file(folder: &Path, task: usize, what: &str) -> PathBuf {
    folder.join(format!("{task}-{what}.arrow"))
}

/// Writes batches.
pub fn write(path: &Path, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<()> {
    let mut writer = FileWriter::try_new(File::create(path)?, schema)?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.finish()?)
}

/// Reads batches.
pub fn read(path: &Path) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let reader = FileReader::try_new(BufReader::new(File::open(path)?), None)?;
    let schema = reader.schema();
    Ok((schema, reader.collect::<Result<_, _>>()?))
}

/// The group of a row of an aggregation.
pub fn group(row: usize, rows: usize) -> u32 {
    (row % (rows / 100).max(1)) as u32
}

/// The median time of some work in seconds, which is repeated for a second, and its first result.
pub fn time<T, E>(mut work: impl FnMut() -> Result<T, E>) -> Result<(T, f64), E> {
    time_part(|| {
        let started = Instant::now();
        Ok((work()?, started.elapsed()))
    })
}

/// The same for work that says itself how long the part of it took that counts.
pub fn time_part<T, E>(mut work: impl FnMut() -> Result<(T, Duration), E>) -> Result<(T, f64), E> {
    let (first, _) = work()?;
    let (least, count) = REPEAT;
    let (started, mut times) = (Instant::now(), Vec::new());
    while times.len() < count || started.elapsed() < least {
        let (result, took) = work()?;
        std::hint::black_box(result);
        times.push(took.as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok((first, times[times.len() / 2]))
}

/// Runs the tasks of the folder that is the program's one argument natively, writes their results
/// beside them, and prints a time for each, in seconds.
pub fn main(plugin: &Native) -> std::process::ExitCode {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let ran = folder
        .ok_or_else(|| Error::invalid_config("expected a folder with tasks"))
        .and_then(|folder| run(plugin, &folder));
    #[expect(
        clippy::print_stderr,
        clippy::print_stdout,
        reason = "the program's one purpose is to say this"
    )]
    match ran {
        Ok(times) => {
            println!("{}", serde_json::json!(times));
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the native build: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(plugin: &Native, folder: &Path) -> Result<Vec<f64>> {
    let tasks = std::fs::read(folder.join(TASKS))?;
    let tasks: Vec<Task> =
        serde_json::from_slice(&tasks).map_err(|error| Error::internal(error.to_string()))?;
    let tasks = tasks.iter().enumerate();
    tasks
        .map(|(number, task)| {
            let (result, seconds) = match task {
                Task::Scan(scan) => time_scan(plugin, scan),
                Task::Scalar(call) => time_scalar(plugin, &Given::read(folder, number, call)?),
                Task::Aggregate(call) => {
                    time_aggregate(plugin, &Given::read(folder, number, call)?)
                }
                Task::Table(call) => time_table(plugin, &Given::read(folder, number, call)?),
            }?;
            if let Some(batch) = result.first() {
                write(&file(folder, number, "native"), &batch.schema(), &result)?;
            }
            Ok(seconds)
        })
        .collect()
}

/// What a call is given.
struct Given<'a> {
    function: &'a str,
    signature: Signature,
    relations: Vec<(SchemaRef, Vec<RecordBatch>)>,
}

impl<'a> Given<'a> {
    fn read(folder: &Path, task: usize, call: &'a Call) -> Result<Self> {
        let (constant_fields, constants) = read(&file(folder, task, "constants"))?;
        let relations = (0..call.relations).map(|i| read(&file(folder, task, &i.to_string())));
        let relations: Vec<_> = relations.collect::<Result<_>>()?;
        let none = Arc::new(Schema::empty());
        let rows = relations.first().map_or(&none, |(schema, _)| schema);
        let constants = constants.first();
        let (mut constant, mut varying) = (0.., 0..);
        let arguments = call.constants.iter().map(|&is_constant| {
            let (schema, next) = match is_constant {
                true => (&constant_fields, &mut constant),
                false => (rows, &mut varying),
            };
            let position = next.next().unwrap_or_default();
            let value = constants.filter(|_| is_constant);
            let value = value.map(|batch| Arc::clone(batch.column(position)));
            (Arc::clone(&schema.fields()[position]), value)
        });
        let (fields, constants): (Vec<FieldRef>, Vec<Option<ArrayRef>>) = arguments.unzip();
        Ok(Self {
            function: &call.function,
            signature: Signature { fields, constants },
            relations,
        })
    }

    fn rows(&self) -> &[RecordBatch] {
        self.relations.first().map_or(&[], |(_, batches)| batches)
    }

    fn missing(&self) -> Error {
        Error::not_found(format!(
            "the native build has no function {:?}",
            self.function
        ))
    }
}

fn column(array: ArrayRef) -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter_with_nullable([(
        "result", array, true,
    )])?)
}

type Timed = Result<(Vec<RecordBatch>, f64)>;

fn time_scalar(plugin: &Native, given: &Given<'_>) -> Timed {
    let functions = plugin
        .functions
        .map(|functions| functions())
        .unwrap_or_default();
    let found = functions.scalars.iter();
    let mut found = found.filter(|function| function.describe().name == given.function);
    let bound = found
        .next()
        .ok_or_else(|| given.missing())?
        .bind(&given.signature)?;
    time(|| {
        let batches = given.rows().iter();
        let results = batches
            .map(|batch| column(bound.invoke(&Arguments::new(&given.signature.constants, batch))?));
        results.collect()
    })
}

fn time_aggregate(plugin: &Native, given: &Given<'_>) -> Timed {
    let functions = plugin
        .functions
        .map(|functions| functions())
        .unwrap_or_default();
    let found = functions.aggregates.iter();
    let mut found = found.filter(|function| function.describe().name == given.function);
    let bound = found
        .next()
        .ok_or_else(|| given.missing())?
        .bind(&given.signature)?;
    let rows = given.rows().iter().map(RecordBatch::num_rows).sum();
    time(|| {
        let mut accumulator = bound.accumulator();
        accumulate(&mut *accumulator, given, rows)?;
        Ok(vec![column(accumulator.finish(None)?)?])
    })
}

fn accumulate(accumulator: &mut dyn Accumulator, given: &Given<'_>, rows: usize) -> Result<()> {
    let (mut first, mut total) = (0, 0);
    for batch in given.rows() {
        let last = first + batch.num_rows();
        let groups = UInt32Array::from_iter_values((first..last).map(|row| group(row, rows)));
        total = total.max(last.min((rows / 100).max(1)));
        let arguments = Arguments::new(&given.signature.constants, batch);
        accumulator.update(&arguments, &groups, total)?;
        first = last;
    }
    Ok(())
}

fn time_table(plugin: &Native, given: &Given<'_>) -> Timed {
    let functions = plugin
        .functions
        .map(|functions| functions())
        .unwrap_or_default();
    let found = functions.tables.iter();
    let mut found = found.filter(|function| function.describe().name == given.function);
    let function = found.next().ok_or_else(|| given.missing())?;
    let schemas: Vec<_> = given
        .relations
        .iter()
        .map(|(schema, _)| Arc::clone(schema))
        .collect();
    let feeds: Vec<_> = function
        .describe()
        .relations
        .iter()
        .map(|relation| relation.feed)
        .collect();
    let bound = function.bind(&schemas, &given.signature)?;
    time(|| {
        let mut call = bound.call(None)?;
        let mut rows = Vec::new();
        for feed in [Feed::Build, Feed::Stream] {
            let relations = given.relations.iter().enumerate();
            for (i, (_, batches)) in relations.filter(|(i, _)| feeds.get(*i) == Some(&feed)) {
                for batch in batches {
                    drain(&mut *call, &mut rows)?;
                    call.push(i, batch.clone())?;
                }
                drain(&mut *call, &mut rows)?;
                call.finish(i)?;
            }
        }
        drain(&mut *call, &mut rows)?;
        Ok(rows)
    })
}

/// Takes what is ready.
fn drain(call: &mut dyn TableCall, rows: &mut Vec<RecordBatch>) -> Result<()> {
    while let Progress::Rows(batch) = call.next()? {
        rows.push(batch);
    }
    Ok(())
}

fn time_scan(plugin: &Native, scan: &Scan) -> Timed {
    let open = plugin
        .source
        .ok_or_else(|| Error::not_found("the native build has no source"))?;
    let source = open(&scan.config, Host::new(Files(scan.entries.clone())))?;
    let request = Request {
        table: scan.table.clone(),
        columns: (0..scan.columns).collect(),
        predicates: Vec::new(),
        limit: None,
        batch_rows: 8_192,
        partitions: 1,
    };
    time_part(|| read_all(&*source, &request))
}

/// All rows, and how long the scans took.
fn read_all(source: &dyn OpenSource, request: &Request) -> Result<(Vec<RecordBatch>, Duration)> {
    let partitions = source.partitions(request)?;
    let (mut rows, started) = (Vec::new(), Instant::now());
    for partition in partitions {
        for batch in source.scan(request, &partition)? {
            rows.push(batch?);
        }
    }
    Ok((rows, started.elapsed()))
}

/// A host whose inputs are files, and that has nothing else.
struct Files(Vec<FileEntry>);

impl Files {
    fn find(&self, input: &str, name: &str) -> Result<&FileEntry> {
        let mut entries = self.0.iter();
        entries
            .find(|entry| entry.input == input && entry.name == name)
            .ok_or_else(|| Error::not_found(format!("no entry {input}/{name}")))
    }
}

impl Capabilities for Files {
    fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        let entries = self.0.iter().filter(|entry| entry.input == input);
        let entries = entries.map(|entry| {
            Ok(Entry {
                input: input.to_owned(),
                name: entry.name.clone(),
                size: Some(entry.path.metadata()?.len()),
                seekable: true,
                version: String::new(),
            })
        });
        entries.collect()
    }

    fn open(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<Box<dyn ReadChunk>> {
        let mut file = File::open(&self.find(&entry.input, &entry.name)?.path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Box::new(FileChunks(file.take(length.unwrap_or(u64::MAX)))))
    }

    fn skipped(&self, _: u64, _: &Error) {}

    fn warning(&self, _: &str) {}
}

struct FileChunks(std::io::Take<File>);

impl ReadChunk for FileChunks {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        // As much at a time as the host reads.
        let max = u64::from(max).min(256 << 10);
        let mut chunk = Vec::with_capacity(max as usize);
        (&mut self.0).take(max).read_to_end(&mut chunk)?;
        Ok(chunk)
    }
}
