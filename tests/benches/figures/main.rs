//! Every figure that an issue or the README names, one row each: `name value unit bound
//! holds|falls short|measured`, and all of them in `target/figures.json`. A timing with a bound is a
//! ratio against a peer that is measured in the same run; `how` names the peer. `cargo bench -- NAME`
//! runs one, `--full` more of each.

mod accounting;
mod analyses;
mod files;
mod find;
mod names;
mod native;
mod postgres;
mod pushdown;
mod scalars;
mod screening;
mod tables;

use arrow::array::{
    Array, ArrayData, ArrayRef, Float64Array, RecordBatch, StringArray, make_array,
};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{CsvReadOptions, SessionConfig, SessionContext};
use sextant::Host;
use sextant_tests::{
    TestWorkspace, edition_text, hostile_edition, lines, rows, sextant_command, try_query,
};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A measured figure.
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    bound: Bound,
    how: String,
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing was promised: it is there to be known.
    Unbounded,
}

impl Figure {
    fn holds(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.value >= bound,
            Bound::AtMost(bound) => self.value <= bound,
            Bound::Unbounded => true,
        }
    }

    fn bound_text(&self) -> String {
        match self.bound {
            Bound::AtLeast(bound) => format!(">={bound}"),
            Bound::AtMost(bound) => format!("<={bound}"),
            Bound::Unbounded => "-".to_owned(),
        }
    }
}

type Measure = fn(bool) -> Vec<Figure>;

fn main() {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let full = arguments.iter().any(|argument| argument == "--full");
    let wanted = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"));
    let measures: [(&str, Measure); 19] = [
        ("boundary", boundary),
        ("jaro_winkler", jaro_winkler),
        ("aggregate", analyses::aggregate),
        ("pagerank", analyses::pagerank),
        ("streaming", analyses::streaming),
        ("accounting_function", accounting::function),
        ("accounting_tpch", accounting::tpch),
        ("names", names::names),
        ("scalar", scalars::scalars),
        ("table", tables::tables),
        ("screening", screening::screening),
        ("delimited", delimited),
        ("select_1", select_1),
        ("cancel", cancel),
        ("reload", reload),
        ("key_join", find::key_join),
        ("postgres", postgres::postgres),
        ("files", files::files),
        ("pushdown", pushdown::pushdown),
    ];
    let mut figures = Vec::new();
    for (name, measure) in measures {
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            for figure in measure(full) {
                print_figure(&figure);
                figures.push(figure);
            }
        }
    }
    write_json(&figures);
}

#[expect(clippy::print_stdout, reason = "a benchmark reports to whoever ran it")]
fn print_figure(figure: &Figure) {
    let verdict = match figure.bound {
        Bound::Unbounded => "measured",
        _ if figure.holds() => "holds",
        _ => "falls short",
    };
    println!(
        "{} {:.3} {} {} {verdict}",
        figure.name,
        figure.value,
        figure.unit,
        figure.bound_text()
    );
}

fn write_json(figures: &[Figure]) {
    let mut json = String::from("[\n");
    for (i, figure) in figures.iter().enumerate() {
        let comma = if i + 1 < figures.len() { "," } else { "" };
        writeln!(
            json,
            "  {{\"name\": {:?}, \"value\": {}, \"unit\": {:?}, \"bound\": {:?}, \"holds\": {}, \"how\": {:?}}}{comma}",
            figure.name,
            figure.value,
            figure.unit,
            figure.bound_text(),
            figure.holds(),
            figure.how
        )
        .expect("a String takes everything");
    }
    json.push_str("]\n");
    sextant_tests::use_own_target_folder();
    let target = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").expect("it was set"));
    std::fs::write(target.join("figures.json"), json).expect("it can be written");
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed().as_secs_f64())
}

/// The median of the times of a number of runs.
fn median(runs: usize, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<_> = (0..runs).map(|_| timed(&mut work).1).collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

/// The medians of the times of two rivals, run in turn, so that neither has the machine's better
/// moments.
fn medians(runs: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (f64, f64) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ones.push(timed(&mut one).1);
        others.push(timed(&mut other).1);
    }
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[runs / 2]
    };
    (middle(ones), middle(others))
}

const BOUNDARY_ROWS: usize = 8_192;
const BOUNDARY_BATCHES: usize = 4_000;

/// A batch of i64, f64, utf8 (16 bytes each), i64.
fn boundary_batch() -> RecordBatch {
    let numbers = arrow::array::Int64Array::from_iter_values(0..BOUNDARY_ROWS as i64);
    let floats = Float64Array::from_iter_values((0..BOUNDARY_ROWS).map(|i| i as f64));
    let texts = StringArray::from_iter_values((0..BOUNDARY_ROWS).map(|i| format!("{i:016}")));
    let columns: [(&str, ArrayRef); 4] = [
        ("a", Arc::new(numbers.clone())),
        ("b", Arc::new(floats)),
        ("c", Arc::new(texts)),
        ("d", Arc::new(numbers)),
    ];
    RecordBatch::try_from_iter(columns).expect("equal lengths")
}

/// The same copy and validation without a boundary.
fn copy_and_validate(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().map(|column| {
        let data = column.to_data();
        let buffers = data
            .buffers()
            .iter()
            .map(|buffer| Buffer::from_vec(buffer.as_slice().to_vec()));
        let copy = ArrayData::builder(data.data_type().clone())
            .len(data.len())
            .buffers(buffers.collect());
        make_array(copy.build().expect("it is valid"))
    });
    RecordBatch::try_new(batch.schema(), columns.collect()).expect("it is valid")
}

fn boundary(_: bool) -> Vec<Figure> {
    let workspace = TestWorkspace::new()
        .plugin("hostile")
        .config("[source.h]\nplugin = \"hostile\"\n");
    let host = workspace.host();
    // Counting looks at no value, and on one core rows are not handed from thread to thread.
    let session = host.session().expect("a session");
    let one_core = "SET datafusion.execution.target_partitions = 1";
    try_query(&host, &session, one_core).expect("it is a setting");
    let due = BOUNDARY_ROWS * BOUNDARY_BATCHES;
    let through_guest = || {
        let sql = "SELECT count(a), count(b), count(c), count(d) FROM h.throughput";
        let counted = try_query(&host, &session, sql).expect("it runs");
        assert_eq!(lines(&counted), [format!("{due}\t{due}\t{due}\t{due}")]);
    };
    let batch = boundary_batch();
    let natively = || {
        for _ in 0..BOUNDARY_BATCHES {
            std::hint::black_box(copy_and_validate(&batch));
        }
    };
    let (guest, native) = medians(5, through_guest, natively);
    vec![Figure {
        name: "boundary",
        value: native / guest,
        unit: "x rate",
        bound: Bound::AtLeast(0.7),
        how: format!(
            "{BOUNDARY_BATCHES} batches of {BOUNDARY_ROWS} rows of i64, f64, utf8(16), i64 from a guest, counted by SQL on one core, against copying and fully validating the same buffers natively; median of 5"
        ),
    }]
}

fn jaro_winkler(_: bool) -> Vec<Figure> {
    let workspace = TestWorkspace::new().plugin("names");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let (runtime, context) = (native_runtime(), native::context());
    let pairs = "CREATE TABLE pairs AS SELECT
        arrow_cast(substr(md5(CAST(value AS TEXT)), 1, 14), 'Utf8') AS a,
        arrow_cast(substr(md5(CAST(value / 2 AS TEXT)), 1, 14), 'Utf8') AS b
        FROM generate_series(1, 1000000)";
    try_query(&host, &session, pairs).expect("it is made");
    native_rows(&runtime, &context, pairs);
    let sql = "SELECT sum(names.jaro_winkler(a, b)) FROM pairs";
    let in_guest = || lines(&try_query(&host, &session, sql).expect("it runs"));
    let in_host = || native_rows(&runtime, &context, sql);
    assert_same(&in_guest(), &in_host());
    let (guest, native) = medians(5, || drop(in_guest()), || drop(in_host()));
    vec![Figure {
        name: "jaro_winkler",
        value: guest / native,
        unit: "x time",
        bound: Bound::AtMost(1.6),
        how: "1 million pairs of 14 characters in memory, summed, in the guest, against the same Rust code as a native DataFusion function on Utf8; median of 5".to_owned(),
    }]
}

fn native_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

fn native_rows(
    runtime: &tokio::runtime::Runtime,
    context: &SessionContext,
    sql: &str,
) -> Vec<String> {
    let work = async { context.sql(sql).await?.collect().await };
    lines(&runtime.block_on(work).expect("it runs"))
}

/// The same answers, but for the order in which floating-point numbers were summed.
fn assert_same(ours: &[String], theirs: &[String]) {
    let cells = |rows: &[String]| {
        rows.join("\t")
            .split('\t')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (ours, theirs) = (cells(ours), cells(theirs));
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(&theirs) {
        match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(x), Ok(y)) => assert!((x - y).abs() <= x.abs() * 1e-9, "{a} and {b}"),
            _ => assert_eq!(a, b),
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn random(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A CSV of about so many bytes, made once and kept outside of the repository.
fn csv_file(bytes: u64) -> PathBuf {
    let folder = std::env::temp_dir().join("sextant-bench");
    std::fs::create_dir_all(&folder).expect("it can be made");
    let path = folder.join(format!("events-{bytes}.csv"));
    if path
        .metadata()
        .is_ok_and(|metadata| metadata.len() >= bytes)
    {
        return path;
    }
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).expect("it can be made"));
    writeln!(out, "i1,i2,i3,i4,f1,f2,f3,s1,s2,at").expect("it can be written");
    let (mut next, mut written) = (random(42), 0_u64);
    let mut line = String::new();
    while written < bytes {
        line.clear();
        let (a, b) = (next(), next());
        writeln!(
            line,
            "{},{},{},{},{:.3},{:.6},{},place number {},{:x},2024-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}",
            a % 1_000, a as i32, b as i64 >> 20, i64::from(b as i16), (a % 1_000_000) as f64 / 1e3, (b % 1_000_000_000) as f64 / 1e6,
            (a >> 40) as f64 / 1e2, a % 5_000, b, 1 + a % 12, 1 + b % 28, a % 24, b % 60, (a >> 8) % 60, b % 1_000_000
        )
        .expect("a String takes everything");
        out.write_all(line.as_bytes()).expect("it can be written");
        written += line.len() as u64;
    }
    out.flush().expect("it can be written");
    path
}

const CSV_COLUMNS: [(&str, &str); 10] = [
    ("i1", "int64"),
    ("i2", "int64"),
    ("i3", "int64"),
    ("i4", "int64"),
    ("f1", "float64"),
    ("f2", "float64"),
    ("f3", "float64"),
    ("s1", "text"),
    ("s2", "text"),
    ("at", "timestamp"),
];

fn delimited(_: bool) -> Vec<Figure> {
    let path = csv_file(1_000_000_000);
    let columns: String = CSV_COLUMNS
        .iter()
        .map(|(name, kind)| format!("  {{ name = \"{name}\", type = \"{kind}\" }},\n"))
        .collect();
    let config = format!(
        "[source.csv]\nplugin = \"delimited\"\ninputs = {{ file = \"{}\" }}\n[source.csv.config.tables.events]\ninput = \"file\"\nheader = true\ncolumns = [\n{columns}]\n",
        path.display()
    );
    let workspace = TestWorkspace::new().plugin("delimited").config(&config);
    let host = workspace.host();
    let sql = |table: &str| {
        format!(
            "SELECT sum(i1), sum(i2 % 1000), sum(i3 % 1000), sum(i4), sum(f1), sum(f2), sum(f3), max(s1), max(s2), max(at), count(*) FROM {table}"
        )
    };
    let runtime = native_runtime();
    let context = SessionContext::new_with_config(SessionConfig::new());
    let types = CSV_COLUMNS.map(|(name, kind)| {
        let data_type = match kind {
            "int64" => DataType::Int64,
            "float64" => DataType::Float64,
            "text" => DataType::Utf8,
            _ => DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None),
        };
        Field::new(name, data_type, true)
    });
    let schema = Schema::new(types.to_vec());
    let register = async {
        context
            .register_csv(
                "events",
                path.to_string_lossy(),
                CsvReadOptions::new().schema(&schema),
            )
            .await
    };
    runtime.block_on(register).expect("it can be read");
    let in_guest = || rows(&host, &sql("csv.events"));
    let in_host = || native_rows(&runtime, &context, &sql("events"));
    assert_same(&in_guest(), &in_host());
    let (guest, native) = medians(3, || drop(in_guest()), || drop(in_host()));
    vec![
        Figure {
            name: "delimited",
            value: guest / native,
            unit: "x time",
            bound: Bound::AtMost(2.0),
            how: "sum or max over each of 10 columns of a 1 GB CSV through the delimited plugin, all cores, against DataFusion's own CSV reader; median of 3".to_owned(),
        },
        Figure {
            name: "delimited_peak_memory",
            value: query_peak_mb(&workspace, &sql("csv.events")),
            unit: "MB",
            bound: Bound::AtMost(300.0),
            how: "VmHWM of the process `sextant query` on the same query".to_owned(),
        },
    ]
}

/// The peak memory of a `sextant query` process, in MB, watched until it ends.
fn query_peak_mb(workspace: &TestWorkspace, sql: &str) -> f64 {
    let mut command = Command::new(sextant_command());
    command
        .args(["query", "-c", sql, "--format", "csv", "--workspace"])
        .arg(workspace.workspace().root());
    let mut child = command
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait().expect("it runs").is_none() {
        if let Some(now) = std::fs::read_to_string(&status)
            .ok()
            .and_then(|text| status_kb(&text, "VmHWM:"))
        {
            peak = peak.max(now / 1024.0);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

fn status_kb(text: &str, key: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn select_1(_: bool) -> Vec<Figure> {
    let workspace = TestWorkspace::new();
    let bundle =
        sextant::bundle::Bundle::from_bytes(&sextant_tests::bundle("names"), &Default::default())
            .expect("a bundle");
    for i in 0..10 {
        let manifest = format!("[plugin]\nname = \"names{i}\"\nversion = \"0.1.0\"\n");
        let component = with_custom_section(bundle.component(), i);
        let content = sextant::bundle::Content {
            manifest,
            component,
            ..Default::default()
        };
        let (bytes, _) = sextant::bundle::pack(&content, &Default::default()).expect("it packs");
        workspace.put(&format!("names{i}"), &bytes);
    }
    drop(workspace.host());
    let root = workspace.workspace().root().to_owned();
    let run = || {
        let mut command = Command::new(sextant_command());
        let output = command
            .args(["query", "-c", "select 1", "--format", "csv", "--workspace"])
            .arg(&root)
            .output()
            .expect("it starts");
        assert!(output.status.success());
    };
    run();
    vec![Figure {
        name: "select_1",
        value: median(11, run) * 1e3,
        unit: "ms",
        bound: Bound::AtMost(150.0),
        how: "the whole process `sextant query -c 'select 1'` with ten cached bundles of about 1 MB; median of 11".to_owned(),
    }]
}

/// The same component with another digest: a custom section more.
fn with_custom_section(component: &[u8], number: u8) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.extend([0, 4, 2, b'x', b'x', number]);
    bytes
}

fn cancel(_: bool) -> Vec<Figure> {
    let workspace = TestWorkspace::new()
        .plugin("hostile")
        .config("[source.h]\nplugin = \"hostile\"\n");
    let host = workspace.host();
    let session = host.session().expect("a session");
    let mut times = Vec::new();
    for sql in [
        "SELECT hostile.attack('loop') FROM h.slow",
        "SELECT * FROM h.endless",
    ] {
        for _ in 0..20 {
            let took = host.block_on(async {
                let answer = session.query(sql).await.expect("it plans");
                let scope = Arc::clone(answer.scope());
                tokio::time::sleep(Duration::from_millis(30)).await;
                let cancelled = Instant::now();
                scope.cancel();
                while scope.guest_bytes() > 0 {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
                cancelled.elapsed()
            });
            times.push(took.as_secs_f64() * 1e3);
        }
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    vec![Figure {
        name: "cancel",
        value: worst,
        unit: "ms",
        bound: Bound::AtMost(50.0),
        how: "from Scope::cancel until the looping guest's memory is freed, functions and sources; the worst of 40".to_owned(),
    }]
}

const EDITIONS: &str = "SELECT DISTINCT edition FROM h.editions UNION SELECT hostile.edition()";

/// From the rename of a bundle until a query has used it, in milliseconds, once for each edition.
fn rename_to_use(
    workspace: &TestWorkspace,
    host: &Host,
    editions: &[(String, Vec<u8>)],
) -> Vec<f64> {
    let session = host.session().expect("a session");
    let measure = |(text, bytes): &(String, Vec<u8>)| {
        let ((), took) = timed(|| {
            workspace.put("hostile", bytes);
            loop {
                let answer = try_query(host, &session, "SELECT hostile.edition()");
                match lines(&answer.expect("it answers")) {
                    now if now == [text.as_str()] => break,
                    _ => std::thread::yield_now(),
                }
            }
        });
        took * 1e3
    };
    editions.iter().map(measure).collect()
}

fn reload(full: bool) -> Vec<Figure> {
    let workspace = TestWorkspace::new()
        .plugin("hostile")
        .config("[source.h]\nplugin = \"hostile\"\n");
    let mut host = workspace.host();
    host.watch().expect("it can be watched");
    let (through_host, through_folder) = if full { (10_000, 200) } else { (1_000, 50) };
    let editions: Vec<_> = (0..4)
        .map(|edition| (edition_text(edition), hostile_edition(edition)))
        .collect();
    for (_, bytes) in &editions {
        workspace.put("hostile", bytes);
        host.rescan().expect("it can be read");
    }
    let turns: Vec<_> = (0..through_folder)
        .map(|turn| editions[turn % editions.len()].clone())
        .collect();
    let idle = rename_to_use(&workspace, &host, &turns);
    let (stop, failed, mixed, answered) = (
        AtomicBool::new(false),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let (mut loaded, mut memory) = (Vec::new(), Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let session = host.session().expect("a session");
                while !stop.load(Ordering::Relaxed) {
                    let counter = match try_query(&host, &session, EDITIONS) {
                        Err(_) => &failed,
                        Ok(batches) if lines(&batches).len() != 1 => &mixed,
                        Ok(_) => &answered,
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for i in 1..=through_host {
            workspace.put("hostile", &editions[i % editions.len()].1);
            host.rescan().expect("it can be read");
            if i == 100 || i == through_host {
                let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
                memory.push(status_kb(&status, "VmRSS:").expect("it is there"));
            }
        }
        loaded = rename_to_use(&workspace, &host, &turns);
        stop.store(true, Ordering::Relaxed);
    });
    let answered = answered.into_inner();
    let figure = |name, value, unit, bound, how: String| Figure {
        name,
        value,
        unit,
        bound: Bound::AtMost(bound),
        how,
    };
    let worst = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
    let reloads = format!(
        "during {through_host} reloads through Host and {through_folder} through the directory, under 8 querying threads, {answered} answers"
    );
    vec![
        figure(
            "reload_rename_to_use",
            worst(&idle),
            "ms",
            250.0,
            format!(
                "from the rename of an already compiled bundle until a query has used it; the worst of {through_folder}"
            ),
        ),
        figure(
            "reload_rename_to_use_loaded",
            worst(&loaded),
            "ms",
            250.0,
            format!("the same while 8 threads query; the worst of {through_folder}"),
        ),
        figure(
            "reload_failed_queries",
            failed.into_inner() as f64,
            "",
            0.0,
            format!("queries that failed {reloads}"),
        ),
        figure(
            "reload_mixed_answers",
            mixed.into_inner() as f64,
            "",
            0.0,
            format!("answers in which a table and a function showed different editions {reloads}"),
        ),
        figure(
            "reload_memory",
            memory[1] / memory[0],
            "x VmRSS",
            1.1,
            format!(
                "VmRSS after {through_host} reloads through Host against after the 100th, {:.0} MB",
                memory[0] / 1024.0
            ),
        ),
    ]
}
