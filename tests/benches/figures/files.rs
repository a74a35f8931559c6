//! The plugins that read files, each on one core, against a plain reader of the same format in native
//! Rust that fills the same Arrow columns. The records are made up by [`sextant_tests::generate`].

mod csv;
mod json;
mod shape;
mod sink;
mod xml;

use crate::{Bound, Figure, medians, query_peak_mb};
use arrow::datatypes::SchemaRef;
use sextant::{Host, Session};
use sextant_tests::{TestWorkspace, lines, rows, try_query};
use sink::Sink;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes so many made-up records into the files of a case.
type Generate = fn(&mut [&mut dyn Write], usize) -> io::Result<()>;

/// A table of a plugin, and what it is measured against.
struct Case {
    /// The figure.
    name: &'static str,
    plugin: &'static str,
    /// The source and the table, in SQL.
    table: [&'static str; 2],
    /// The input that has the files, and the rest of the source's configuration.
    input: &'static str,
    config: &'static str,
    /// What the files are called.
    files: &'static [&'static str],
    generate: Generate,
    /// How many records there may be; as many as make up the size of a file, within these bounds.
    records: RangeInclusive<usize>,
    /// The native reader, and what it is.
    read: fn(&[PathBuf], &mut Sink),
    native: &'static str,
    /// Columns that must have as many values on both sides.
    same: &'static [&'static str],
}

const SEED: u64 = 42;
/// Bytes of the files of a case.
const BYTES: u64 = 100_000_000;
/// How many records are looked at to find how large they are.
const SAMPLE_RECORDS: usize = 2_000;
/// As many as the ministry's file has, which is of 714 MB.
const WEAPONS: usize = 1_100_000;
/// A list of sanctions may have a million records, and OFAC's alt.csv has more than one for each entry.
const LIST_RECORDS_MAX: usize = 600_000;

/// Files of 100 MB, five times as large with `--full`; that of the weapons is always whole.
pub(crate) fn files(full: bool) -> Vec<Figure> {
    let bytes = if full { 5 * BYTES } else { BYTES };
    let cases = json::CASES.into_iter().chain(xml::CASES);
    let cases = cases.chain(csv::CASES).chain([shape::CASE]);
    let mut figures: Vec<_> = cases.map(|case| measure(&case, bytes)).collect();
    figures.push(weapons_peak_memory());
    figures
}

/// A workspace with the case's source, and its files.
fn workspace(case: &Case, bytes: u64) -> (TestWorkspace, Vec<PathBuf>) {
    let folder = folder(case, bytes);
    let (source, plugin, input) = (case.table[0], case.plugin, case.input);
    let config = format!(
        "[source.{source}]\nplugin = \"{plugin}\"\ninputs = {{ {input} = \"{}/*\" }}\n\
         [source.{source}.config]\n{}\n",
        folder.display(),
        case.config
    );
    let files = case.files.iter().map(|file| folder.join(file));
    let workspace = TestWorkspace::new().plugin(plugin).config(&config);
    (workspace, files.collect())
}

fn measure(case: &Case, bytes: u64) -> Figure {
    let (workspace, files) = workspace(case, bytes);
    let host = workspace.host();
    let session = host.session().expect("a session");
    run(
        &host,
        &session,
        "SET datafusion.execution.target_partitions = 1",
    );
    let schema = schema(&host, &session, case.table);
    let sql = counts_sql(case.table, &schema);
    let in_guest = || run(&host, &session, &sql);
    let in_host = || {
        let mut sink = Sink::new(&schema);
        (case.read)(&files, &mut sink);
        sink.finish()
    };
    assert_counts(case, &schema, &in_guest(), &in_host());
    let (guest, native) = medians(3, || drop(in_guest()), || drop(in_host()));
    let size = files
        .iter()
        .map(|file| file.metadata().expect("it is there").len());
    let megabytes = size.sum::<u64>() as f64 / 1e6;
    Figure {
        name: case.name,
        value: native / guest,
        unit: "x speed",
        bound: Bound::AtLeast(0.5),
        how: format!(
            "all columns of {}, {megabytes:.0} MB, counted by SQL through the plugin {} with one partition, {:.1} MB/s, against {} in native Rust that fills the same Arrow columns on one core, {:.1} MB/s; median of 3",
            case.table.join("."),
            case.plugin,
            megabytes / guest,
            case.native,
            megabytes / native,
        ),
    }
}

fn run(host: &Host, session: &Session, sql: &str) -> Vec<String> {
    let batches = try_query(host, session, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    lines(&batches)
}

/// The columns of a table, with their types.
fn schema(host: &Host, session: &Session, [source, table]: [&str; 2]) -> SchemaRef {
    let names = format!(
        "SELECT column_name FROM information_schema.columns
         WHERE table_schema = '{source}' AND table_name = '{table}' ORDER BY ordinal_position"
    );
    let names = run(host, session, &names);
    assert!(!names.is_empty(), "{source}.{table} has columns");
    let names = names.iter().map(|name| format!("{name:?}"));
    let names = names.collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {names} FROM {source}.{table} LIMIT 0");
    let answer = host.block_on(session.query(&sql));
    Arc::clone(
        answer
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
            .schema(),
    )
}

/// Counts the rows, and the values of each column. Counting looks at whether there is a value, and at
/// nothing else of it.
fn counts_sql([source, table]: [&str; 2], schema: &SchemaRef) -> String {
    let mut sql = String::from("SELECT count(*)");
    for field in schema.fields() {
        write!(sql, ", count({:?})", field.name()).expect("a String takes everything");
    }
    write!(sql, " FROM {source}.{table}").expect("a String takes everything");
    sql
}

/// Both sides have to have read the same.
fn assert_counts(case: &Case, schema: &SchemaRef, ours: &[String], theirs: &sink::Counts) {
    let ours = ours.first().expect("a row of counts").split('\t');
    let ours: Vec<u64> = ours
        .map(|count| count.parse().expect("it is a number"))
        .collect();
    assert!(ours[0] > 0, "{}: there are rows", case.name);
    assert_eq!(ours[0], theirs.rows, "{}: rows", case.name);
    for column in case.same {
        let at = schema.index_of(column).expect("there is such a column");
        let (ours, theirs) = (ours[1 + at], theirs.values[at]);
        assert_eq!(ours, theirs, "{}: values of {column}", case.name);
    }
}

/// The folder with the files of a case, made once and kept outside of the repository. Its name has a hash
/// of the first records, so that it is made again when those are made in another way.
fn folder(case: &Case, bytes: u64) -> PathBuf {
    let mut samples = vec![Vec::new(); case.files.len()];
    write_all(&mut samples, case.generate, SAMPLE_RECORDS);
    let sample_bytes: usize = samples.iter().map(Vec::len).sum();
    let records = bytes * SAMPLE_RECORDS as u64 / sample_bytes.max(1) as u64;
    let (min, max) = (*case.records.start(), *case.records.end());
    let records = (records as usize).clamp(min, max);
    let mut hasher = DefaultHasher::new();
    samples.iter().for_each(|sample| hasher.write(sample));
    let folders = std::env::temp_dir().join("sextant-bench");
    let folder = folders.join(format!("{}-{records}-{:016x}", case.name, hasher.finish()));
    if !folder.exists() {
        make(case, records, &folder);
    }
    folder
}

/// Makes the files of a case under another name first, so that there is never half of them.
fn make(case: &Case, records: usize, folder: &Path) {
    let new = folder.with_extension("new");
    if new.exists() {
        std::fs::remove_dir_all(&new).expect("it can be removed");
    }
    std::fs::create_dir_all(&new).expect("it can be made");
    let create = |file| std::fs::File::create(new.join(file)).expect("it can be made");
    let files = case.files.iter().map(create);
    let mut files: Vec<_> = files.map(BufWriter::new).collect();
    write_all(&mut files, case.generate, records);
    for mut file in files {
        file.flush().expect("it can be written");
    }
    std::fs::rename(&new, folder).expect("it can be renamed");
}

fn write_all<W: Write>(files: &mut [W], generate: Generate, records: usize) {
    let mut files: Vec<_> = files
        .iter_mut()
        .map(|file| file as &mut dyn Write)
        .collect();
    generate(&mut files, records).expect("it can be written");
}

/// The memory of the command that counts weapons of a kind.
fn weapons_peak_memory() -> Figure {
    let (workspace, files) = workspace(&json::CASES[0], BYTES);
    let host = workspace.host();
    let kinds = rows(
        &host,
        "SELECT kind FROM police.weapons WHERE kind IS NOT NULL LIMIT 1",
    );
    let kind = kinds[0].replace('\'', "''");
    let sql = format!("SELECT count(*) FROM police.weapons WHERE kind = '{kind}'");
    assert_ne!(rows(&host, &sql), ["0"]);
    let megabytes = files[0].metadata().expect("it is there").len() as f64 / 1e6;
    Figure {
        name: "weapons_peak_memory",
        value: query_peak_mb(&workspace, &sql),
        unit: "MB",
        bound: Bound::AtMost(300.0),
        how: format!(
            "VmHWM of the process `sextant query` that counts the weapons of a kind among {WEAPONS} records of {megabytes:.0} MB of JSON"
        ),
    }
}
