//! Hot reload by its invariants. Nothing here sleeps for the watcher: it waits for what must come.

use sextant::{Host, Session};
use sextant_tests::{
    TestWorkspace, edition_text, failure, hostile_edition, lines, rows, try_query,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CONFIG: &str = "[source.h]\nplugin = \"hostile\"\n";
const EDITIONS: &str = "SELECT DISTINCT edition FROM h.editions UNION SELECT hostile.edition()";

fn workspace() -> TestWorkspace {
    TestWorkspace::new().plugin("hostile").config(CONFIG)
}

fn wait_for(host: &Host, what: &str, is_there: impl Fn(&Host) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_there(host) {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::yield_now();
    }
}

#[test]
fn the_next_query_sees_what_was_put_into_the_folder() {
    let workspace = workspace();
    let mut host = workspace.host();
    host.watch().expect("it can be watched");
    assert_eq!(rows(&host, EDITIONS), [edition_text(0)]);
    workspace.put("hostile", &hostile_edition(1));
    wait_for(&host, "the new edition", |host| {
        rows(host, EDITIONS) == [edition_text(1)]
    });
    std::fs::remove_file(workspace.path("bundles/hostile.bundle")).expect("it is there");
    wait_for(&host, "the removal", |host| {
        host.snapshot().plugins().is_empty()
    });
    assert!(failure(&host, "SELECT * FROM h.editions").is_not_found());
    workspace.put("hostile", &hostile_edition(2));
    wait_for(&host, "another edition", |host| {
        host.snapshot().plugins().len() == 1
    });
    assert_eq!(rows(&host, EDITIONS), [edition_text(2)]);
}

#[test]
fn a_running_query_ends_on_the_version_it_began_with() {
    let workspace = workspace();
    let host = workspace.host();
    let session = host.session().expect("a session");
    let running = host.block_on(async {
        let mut answer = session
            .query("SELECT edition, hostile.edition() FROM h.editions")
            .await
            .expect("it plans");
        let first = answer.next().await.expect("it runs").expect("a batch");
        workspace.put("hostile", &hostile_edition(7));
        host.rescan().expect("it can be read");
        assert_eq!(try_editions(&session).await, [edition_text(7)]);
        std::fs::remove_file(workspace.path("bundles/hostile.bundle")).expect("it is there");
        host.rescan().expect("it can be read");
        let mut batches = vec![first];
        while let Some(batch) = answer.next().await.expect("it goes on") {
            batches.push(batch);
        }
        lines(&batches)
    });
    assert_eq!(running.len(), 50);
    let old = edition_text(0);
    assert!(
        running.iter().all(|row| *row == format!("{old}\t{old}")),
        "{running:?}"
    );
}

async fn try_editions(session: &Session) -> Vec<String> {
    let answer = session.query(EDITIONS).await.expect("it plans");
    lines(&answer.collect().await.expect("it runs"))
}

#[test]
fn a_bundle_that_does_not_load_leaves_the_last_good_one_serving() {
    let workspace = workspace();
    let host = workspace.host();
    let generation = host.snapshot().generation();
    workspace.put("hostile", b"not a bundle");
    host.rescan().expect("the folder can be read");
    assert_eq!(rows(&host, EDITIONS), [edition_text(0)]);
    let shown = rows(
        &host,
        "SELECT status, error LIKE '%not a tar archive%' FROM sextant.plugins",
    );
    assert_eq!(shown, ["degraded\ttrue"]);
    assert_eq!(host.snapshot().generation(), generation + 1);
    workspace.put("hostile", &hostile_edition(3));
    host.rescan().expect("the folder can be read");
    assert_eq!(rows(&host, EDITIONS), [edition_text(3)]);
    assert_eq!(
        rows(&host, "SELECT status, error FROM sextant.plugins"),
        ["active\tNULL"]
    );
}

#[test]
fn a_bundle_that_never_loaded_is_listed_with_its_error() {
    let workspace = workspace();
    workspace.put("other", b"not a bundle");
    let host = workspace.host();
    let shown = rows(
        &host,
        "SELECT name, status, file FROM sextant.plugins WHERE error IS NOT NULL",
    );
    assert_eq!(shown, ["other\tfailed\tother.bundle"]);
    assert_eq!(rows(&host, EDITIONS), [edition_text(0)]);
}

#[test]
fn the_configuration_is_read_again() {
    let workspace = workspace();
    let host = workspace.host();
    assert!(failure(&host, "SELECT * FROM second.editions").is_sql());
    let workspace = workspace.config("[source.second]\nplugin = \"hostile\"\n");
    host.rescan().expect("it can be read");
    assert_eq!(
        rows(&host, "SELECT DISTINCT edition FROM second.editions"),
        [edition_text(0)]
    );
    let good = std::fs::read_to_string(workspace.path("sextant.toml")).expect("it is there");
    std::fs::write(workspace.path("sextant.toml"), "[source.").expect("it can be written");
    let error = host.rescan().expect_err("it is broken");
    assert!(
        error.is_config() && error.to_string().contains("sextant.toml"),
        "{error:?}"
    );
    assert_eq!(
        rows(&host, "SELECT DISTINCT edition FROM second.editions"),
        [edition_text(0)]
    );
    std::fs::write(
        workspace.path("sextant.toml"),
        good + "[source.Third]\nplugin = \"hostile\"\n[source.fourth]\nplugin = 4\n",
    )
    .expect("it can be written");
    host.rescan()
        .expect("one bad source does not stop the others");
    let degraded = rows(
        &host,
        "SELECT name FROM sextant.sources WHERE status = 'degraded' ORDER BY name",
    );
    assert_eq!(degraded, ["Third", "fourth"]);
}

#[test]
fn queries_never_mix_versions_and_never_fail() {
    let workspace = workspace();
    let mut host = workspace.host();
    host.watch().expect("it can be watched");
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let session = host.session().expect("a session");
                while !stop.load(Ordering::Relaxed) {
                    let batches = try_query(&host, &session, EDITIONS)
                        .unwrap_or_else(|error| panic!("{error}"));
                    let editions = lines(&batches);
                    assert_eq!(editions.len(), 1, "{editions:?}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for edition in 1..=10 {
            workspace.put("hostile", &hostile_edition(edition));
            wait_for(&host, "the edition", |host| {
                rows(host, EDITIONS) == [edition_text(edition)]
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(answered.load(Ordering::Relaxed) > 10);
}

#[test]
fn half_a_bundle_is_not_loaded_and_the_whole_is() {
    let workspace = workspace();
    let mut host = workspace.host();
    host.watch().expect("it can be watched");
    let bytes = hostile_edition(5);
    let path = workspace.path("bundles/hostile.bundle");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("it can be written");
    host.rescan().expect("it can be read");
    assert_eq!(rows(&host, EDITIONS), [edition_text(0)]);
    std::fs::write(&path, &bytes).expect("it can be written");
    wait_for(&host, "the whole bundle", |host| {
        rows(host, EDITIONS) == [edition_text(5)]
    });
}

/// A file that changes while it is being loaded: what serves is always one that was whole.
#[test]
fn a_file_that_never_rests_gives_good_versions_only() {
    let workspace = workspace();
    let host = workspace.host();
    let good: Vec<_> = (0..3).map(hostile_edition).collect();
    let known: Vec<_> = (0..3).map(edition_text).collect();
    let stop = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let path = workspace.path("bundles/hostile.bundle");
            for turn in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                let bytes = &good[turn % good.len()];
                match turn % 5 {
                    // In place, under the eyes of whoever reads it.
                    0 => std::fs::write(&path, bytes).expect("it can be written"),
                    1 => {
                        std::fs::write(&path, &bytes[..bytes.len() / 3]).expect("it can be written")
                    }
                    2 => workspace.put("hostile", b"rubbish"),
                    3 => workspace.put("hostile", bytes),
                    _ => std::fs::remove_file(&path).expect("it is there"),
                }
            }
        });
        let mut served = 0;
        for _ in 0..200 {
            host.rescan().expect("the folder can be read");
            if host
                .snapshot()
                .plugins()
                .get("hostile")
                .is_some_and(|entry| entry.plugin.is_some())
            {
                let editions = rows(&host, EDITIONS);
                assert_eq!(editions.len(), 1, "{editions:?}");
                assert!(known.contains(&editions[0]), "{editions:?}");
                served += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(served > 0);
    });
}

/// More renames than anybody can follow: events are lost, and what is on disk in the end serves.
#[test]
fn a_storm_of_renames_ends_in_what_is_on_disk() {
    let workspace = workspace();
    let mut host = workspace.host();
    host.watch().expect("it can be watched");
    let editions: Vec<_> = (0..4).map(hostile_edition).collect();
    for i in 0..4_000 {
        let (name, bytes) = (format!("storm{}", i % 50), &editions[i % editions.len()]);
        let path = workspace.path(&format!("bundles/{name}.bundle"));
        match i % 4 {
            0 => workspace.put(&name, &bytes[..100]),
            1 => workspace.put("hostile", bytes),
            2 => std::fs::rename(workspace.path("bundles/hostile.bundle"), path)
                .expect("it is there"),
            _ => std::fs::write(path, b"").expect("it can be written"),
        }
    }
    for i in 0..50 {
        let _ = std::fs::remove_file(workspace.path(&format!("bundles/storm{i}.bundle")));
    }
    workspace.put("hostile", &hostile_edition(9));
    wait_for(&host, "the last edition", |host| {
        let plugins = host.snapshot().plugins().len();
        plugins == 1 && rows(host, EDITIONS) == [edition_text(9)]
    });
}

/// Two files with a plugin of one name: the one that serves says which does not.
#[test]
fn a_bundle_that_another_one_outranks_is_named() {
    let workspace = workspace();
    workspace.put("zz", &hostile_edition(1));
    // A file on its way, as copying tools name it.
    workspace.put(".hostile.bundle.tmp", &hostile_edition(2));
    let host = workspace.host();
    let serving = rows(
        &host,
        "SELECT file, ignored_files, error FROM sextant.plugins",
    );
    assert_eq!(serving, ["zz.bundle\thostile.bundle\tNULL"]);
    assert_eq!(rows(&host, EDITIONS), [edition_text(1)]);
    std::fs::remove_file(workspace.path("bundles/zz.bundle")).expect("it is there");
    host.rescan().expect("it can be read");
    assert_eq!(rows(&host, EDITIONS), [edition_text(0)]);
}
