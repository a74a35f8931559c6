//! `sextant endurance`: reloads, cancels, crashes and guests that take all memory, at random by a seed,
//! under threads that query all the while, with a report of what came out wrong.

use super::demo::repository;
use super::plugin::put_file;
use super::random::Random;
use crate::bundle::{Bundle, Content, build_crate, pack};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::limits::Limits;
use crate::sql::Session;
use crate::workspace::Workspace;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Arguments of `endurance`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What happens when follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often the plugin is replaced through the host.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(100..))]
    reloads: u64,
    /// How often it is replaced through the watched folder.
    #[arg(long, default_value_t = 50)]
    watched: u64,
    /// How many threads query.
    #[arg(long, default_value_t = 8)]
    threads: u64,
}

const CONFIG: &str = "
[source.h]
plugin = \"hostile\"

[limits]
guest_memory_bytes_max = 33554432
call_ms_max = 20000
";

/// The text by which the attacker tells its editions apart.
const MARKER: &[u8] = b"EDITION-00000000";
const EDITIONS: u64 = 4;
/// The number of the reload after which memory is first looked at.
const WARM: u64 = 100;
/// No query may take longer.
const HANG: Duration = Duration::from_secs(60);

const EDITION_SQL: &str = "SELECT DISTINCT edition FROM h.editions UNION SELECT hostile.edition()";
type IsDue = fn(&Error) -> bool;

/// What must fail, and how.
const CRASHES: [(&str, IsDue); 4] = [
    ("SELECT hostile.attack('panic')", Error::is_trap),
    ("SELECT hostile.attack('allocate')", Error::is_limit),
    ("SELECT hostile.attack('recurse')", Error::is_limit),
    ("SELECT n FROM h.memory", Error::is_limit),
];
const ENDLESS: [&str; 3] = [
    "SELECT n FROM h.slow",
    "SELECT n FROM h.endless",
    "SELECT hostile.attack('loop')",
];

/// What happened.
#[derive(Default)]
struct Tally {
    answers: AtomicU64,
    crashes: AtomicU64,
    cancels: AtomicU64,
    wrong: Mutex<Vec<String>>,
    /// Milliseconds from a cancel until the guest memory was free.
    releases_ms: Mutex<Vec<f64>>,
}

impl Tally {
    fn wrong(&self, what: String) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.push(what);
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let workspace = Workspace::init(folder.path())?;
    let path = workspace.config_path();
    std::fs::write(&path, std::fs::read_to_string(&path)? + CONFIG)?;
    let editions = editions(&repository()?)?;
    let file = workspace.bundles().join("hostile.bundle");
    put_file(&file, &editions[0])?;
    let mut host = Host::open(workspace)?;
    host.watch()?;
    let (tally, stop, gate) = (Tally::default(), AtomicBool::new(false), RwLock::new(()));
    let started = Instant::now();
    let memory = std::thread::scope(|threads| {
        for thread in 0..arguments.threads {
            let random = Random::new(arguments.seed.wrapping_mul(1_000_003) + thread);
            let (host, tally, stop, gate) = (&host, &tally, &stop, &gate);
            threads.spawn(move || query(host, random, tally, stop, gate));
        }
        let reloaded = reload(&host, &file, &editions, arguments, &gate);
        stop.store(true, Ordering::Relaxed);
        reloaded
    })?;
    report(arguments, &tally, memory, started.elapsed())
}

/// The attacker in several editions, which differ in one text.
fn editions(repository: &Path) -> Result<Vec<Vec<u8>>> {
    let built = build_crate(&repository.join("plugins/hostile"), &[], &Limits::default())?;
    (0..EDITIONS)
        .map(|edition| patched(&built.bundle, edition))
        .collect()
}

fn patched(bundle: &Bundle, edition: u64) -> Result<Vec<u8>> {
    let mut component = bundle.component().to_vec();
    let places = component.windows(MARKER.len()).enumerate();
    let places: Vec<_> = places
        .filter(|(_, bytes)| *bytes == MARKER)
        .map(|(i, _)| i)
        .collect();
    for place in places {
        component[place..place + MARKER.len()].copy_from_slice(edition_text(edition).as_bytes());
    }
    let manifest = bundle.entry("manifest.toml").unwrap_or_default();
    let content = Content {
        manifest: String::from_utf8_lossy(manifest).into_owned(),
        component,
        ..Content::default()
    };
    pack(&content, &Limits::default()).map(|(bytes, _)| bytes)
}

fn edition_text(edition: u64) -> String {
    format!("EDITION-{edition:08}")
}

/// Replaces the plugin again and again; gives the memory of the process after the hundredth time and
/// after the last, while no query runs: what is held then is held for good.
fn reload(
    host: &Host,
    file: &Path,
    editions: &[Vec<u8>],
    arguments: &Arguments,
    gate: &RwLock<()>,
) -> Result<(f64, f64)> {
    let at_rest = || {
        let _closed = gate.write().unwrap_or_else(PoisonError::into_inner);
        memory_mb()
    };
    let mut random = Random::new(arguments.seed);
    let (mut warm, mut serving) = (0.0, 0);
    for turn in 1..=arguments.reloads {
        // Always another edition than the one that serves.
        serving = (serving + 1 + random.below(editions.len() - 1)) % editions.len();
        put_file(file, &editions[serving])?;
        host.rescan()?;
        if turn == WARM {
            warm = at_rest()?;
        }
        if turn % (arguments.reloads / 10).max(1) == 0 {
            let memory = at_rest()?;
            super::note(&format!(
                "{turn} of {} reloads, {memory:.0} MB",
                arguments.reloads
            ));
        }
    }
    for turn in 1..=arguments.watched {
        let generation = host.snapshot().generation();
        // Always another edition than the one that serves.
        let serving = host
            .snapshot()
            .plugins()
            .get("hostile")
            .and_then(|entry| entry.plugin.as_ref().map(|plugin| plugin.digest()));
        let other = editions.iter().find(|bytes| {
            Bundle::from_bytes(bytes, host.limits()).is_ok_and(|b| Some(b.digest()) != serving)
        });
        put_file(file, other.unwrap_or(&editions[0]))?;
        let deadline = Instant::now() + HANG;
        while host.snapshot().generation() == generation {
            if Instant::now() > deadline {
                return Err(Error::internal(format!(
                    "reload {turn} through the folder was not seen"
                )));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok((warm, at_rest()?))
}

fn memory_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = kilobytes.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes / 1024.0)
        .ok_or_else(|| Error::internal("/proc/self/status has no VmRSS"))
}

/// One querying thread.
fn query(host: &Host, mut random: Random, tally: &Tally, stop: &AtomicBool, gate: &RwLock<()>) {
    let session = match host.session() {
        Ok(session) => session,
        Err(error) => return tally.wrong(error.to_string()),
    };
    while !stop.load(Ordering::Relaxed) {
        let _open = gate.read().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        match random.below(20) {
            0..14 => ask_editions(host, &session, tally),
            14..17 => crash(host, &session, &mut random, tally),
            _ => cancel(host, &session, &mut random, tally),
        }
        if started.elapsed() > HANG {
            tally.wrong(format!("a query took {:?}", started.elapsed()));
        }
    }
}

fn texts(host: &Host, session: &Session, sql: &str) -> Result<BTreeSet<String>> {
    let batches = host.block_on(async { session.query(sql).await?.collect().await })?;
    let mut texts = BTreeSet::new();
    for batch in &batches {
        let shown = ArrayFormatter::try_new(batch.column(0), &FormatOptions::default());
        let shown = shown.map_err(|error| Error::internal(error.to_string()))?;
        texts.extend((0..batch.num_rows()).map(|row| shown.value(row).to_string()));
    }
    Ok(texts)
}

/// A table and a function of one plugin: both must be of the same edition.
fn ask_editions(host: &Host, session: &Session, tally: &Tally) {
    match texts(host, session, EDITION_SQL) {
        Err(error) => tally.wrong(format!("{EDITION_SQL}: {error}")),
        Ok(found) => {
            let known = |text: &String| (0..EDITIONS).any(|edition| *text == edition_text(edition));
            if found.len() != 1 || !found.iter().all(known) {
                tally.wrong(format!("an answer mixes editions: {found:?}"));
            }
            tally.answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn crash(host: &Host, session: &Session, random: &mut Random, tally: &Tally) {
    let (sql, is_due) = CRASHES[random.below(CRASHES.len())];
    match texts(host, session, sql) {
        Err(error) if is_due(&error) => {
            tally.crashes.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) => tally.wrong(format!("{sql}: {error:?}")),
        Ok(found) => tally.wrong(format!("{sql} gave {found:?}")),
    }
}

fn cancel(host: &Host, session: &Session, random: &mut Random, tally: &Tally) {
    let sql = ENDLESS[random.below(ENDLESS.len())];
    let answer = match host.block_on(session.query(sql)) {
        Ok(answer) => answer,
        Err(error) => return tally.wrong(format!("{sql}: {error}")),
    };
    std::thread::sleep(Duration::from_micros(random.below(20_000) as u64));
    let scope = Arc::clone(answer.scope());
    let cancelled = Instant::now();
    drop(answer);
    while scope.guest_bytes() > 0 {
        if cancelled.elapsed() > HANG {
            return tally.wrong(format!("{sql}: guest memory was not released"));
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    tally.cancels.fetch_add(1, Ordering::Relaxed);
    let releases = tally.releases_ms.lock();
    let mut releases = releases.unwrap_or_else(PoisonError::into_inner);
    releases.push(cancelled.elapsed().as_secs_f64() * 1e3);
}

fn report(
    arguments: &Arguments,
    tally: &Tally,
    (warm, last): (f64, f64),
    elapsed: Duration,
) -> Result<()> {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut releases = tally
        .releases_ms
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    releases.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let position = (releases.len() as f64 * share) as usize;
        releases
            .get(position.min(releases.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    println!(
        "seed {}, {} threads, {:.0} s",
        arguments.seed,
        arguments.threads,
        elapsed.as_secs_f64()
    );
    println!("reloads through the host      {}", arguments.reloads);
    println!("reloads through the folder    {}", arguments.watched);
    println!("answers of one edition        {}", count(&tally.answers));
    println!("crashes and refusals as due   {}", count(&tally.crashes));
    println!("cancels                       {}", count(&tally.cancels));
    println!(
        "release after a cancel        {:.1} ms median, {:.1} ms p99",
        at(0.5),
        at(0.99)
    );
    println!("memory after reload {WARM}       {warm:.0} MB, at rest");
    println!(
        "memory after the last         {last:.0} MB ({:.3} x)",
        last / warm
    );
    let wrong = tally.wrong.lock().unwrap_or_else(PoisonError::into_inner);
    println!("wrong                         {}", wrong.len());
    for what in wrong.iter().take(20) {
        println!("  {what}");
    }
    match wrong.len() {
        0 => Ok(()),
        count => Err(Error::internal(format!("{count} things went wrong"))),
    }
}
