//! INTERPOL's notices through the plugin `interpol`, against a local server that behaves like the public
//! API: everything once, what is asked for and what is not, and an API that fails.

use sextant::Host;
use sextant_tests::far::{FarSide, answer};
use sextant_tests::notices_api::{Notice, NoticesApi, Options};
use sextant_tests::{TestWorkspace, failure, lines, root, rows, try_query};
use std::thread;
use std::time::Duration;

fn workspace(api: &NoticesApi, keys: &str, config: &str, further: &str) -> TestWorkspace {
    TestWorkspace::new()
        .plugin("interpol")
        .config(&api.source(keys, config, further))
}

/// So many red notices, and a few of the others.
fn api(red: usize) -> NoticesApi {
    NoticesApi::start(&Options {
        red,
        yellow: 40,
        un: 30,
        seed: 7,
        ..Options::default()
    })
}

fn ids<'a>(notices: impl IntoIterator<Item = &'a Notice>) -> Vec<String> {
    let ids = notices.into_iter().map(|notice| notice.entity_id.clone());
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids
}

/// The rows of a query in order, and the warnings.
fn ask(host: &Host, sql: &str) -> (Vec<String>, Vec<String>) {
    let session = host.session().expect("a session");
    let (batches, warnings) = host.block_on(async {
        let mut answer = session.query(sql).await.expect("it is planned");
        let mut batches = Vec::new();
        while let Some(batch) = answer.next().await.expect("it goes on") {
            batches.push(batch);
        }
        (batches, answer.scope().warnings().0)
    });
    let mut found = lines(&batches);
    found.sort();
    (found, warnings)
}

#[test]
fn the_server_gives_no_more_than_the_api() {
    let api = api(500);
    let count = |target: &str| {
        let (status, body) = api.respond(target);
        assert_eq!(status, 200, "{target}");
        body.matches("\"entity_id\"").count()
    };
    assert_eq!(count("/notices/v1/red?page=1&resultPerPage=160"), 160);
    assert_eq!(count("/notices/v1/red?page=1&resultPerPage=500"), 160);
    assert_eq!(count("/notices/v1/red"), 20);
    // Pages beyond the cap are the last one again.
    let last = api.respond("/notices/v1/red?page=8&resultPerPage=20");
    let beyond = api.respond("/notices/v1/red?page=9&resultPerPage=20");
    assert_eq!(last, beyond);
    assert!(last.1.contains("\"total\":500"), "{}", last.1);
    for target in ["/notices/v1/red?freeText=a", "/notices/v1/red/1999-1"] {
        assert_eq!(api.respond(target).0, 502, "{target}");
    }
    let first = &api.notices("red")[0];
    let id = first.entity_id.replace('/', "-");
    let (_, detail) = api.respond(&format!("/notices/v1/red/{id}"));
    assert!(detail.contains(&first.place_of_birth), "{detail}");
}

#[test]
fn a_sweep_finds_every_notice_once() {
    let api = api(3_000);
    let workspace = workspace(&api, "", "", "");
    let host = workspace.host();
    let (found, warnings) = ask(&host, "SELECT entity_id FROM interpol.red_notices");
    assert_eq!(found, ids(api.notices("red")));
    assert!(warnings.is_empty(), "{warnings:?}");
    let counts = api.counts();
    assert!(counts.lists > 20 && counts.lists < 200, "{counts:?}");
    assert_eq!((counts.details, counts.repeated, counts.failed), (0, 0, 0));
    // What rows say does not depend on what is asked for.
    let sql = "SELECT entity_id, name, coalesce(forename, '-'), date_of_birth IS NULL, birth_year, nationalities, sex
               FROM interpol.red_notices";
    let mut due: Vec<_> = api.notices("red").iter().map(as_row).collect();
    due.sort();
    assert_eq!(ask(&host, sql).0, due);
    assert_eq!(api.counts().details, 0, "a slice says the sex");
    for (table, kind) in [("yellow_notices", "yellow"), ("un_notices", "un")] {
        api.forget();
        let (found, _) = ask(&host, &format!("SELECT entity_id FROM interpol.{table}"));
        assert_eq!(found, ids(api.notices(kind)));
        assert_eq!(api.counts().lists, 1, "{table}");
    }
    let plan = rows(
        &host,
        "EXPLAIN ANALYZE SELECT entity_id FROM interpol.un_notices",
    )
    .join("\n");
    assert!(plan.contains("requests=1"), "{plan}");
}

fn as_row(notice: &Notice) -> String {
    let (year, day) = notice.birth.expect("it is complete");
    let forename = notice.forename.as_deref().unwrap_or("-");
    let (id, name, nationalities) = (
        &notice.entity_id,
        &notice.name,
        notice.nationalities.join("; "),
    );
    let sex = notice.sex.expect("it is complete");
    let has_no_day = day.is_none();
    format!("{id}\t{name}\t{forename}\t{has_no_day}\t{year}\t{nationalities}\t{sex}")
}

#[test]
fn predicates_narrow_what_is_asked_for() {
    let api = api(2_000);
    let workspace = workspace(&api, "", "", "");
    let host = workspace.host();
    let people = api.notices("red");
    ask(&host, "SELECT entity_id FROM interpol.red_notices");
    let all = api.counts().lists;
    let name = people[0].name.clone();
    let year = people[0].birth.expect("it is complete").0;
    type Test<'a> = Box<dyn Fn(&Notice) -> bool + 'a>;
    let born = |notice: &Notice| notice.birth.map_or(0, |(year, _)| year);
    let cases: [(String, Test<'_>); 7] = [
        (
            "nationalities = 'UA'".to_owned(),
            Box::new(|notice: &Notice| notice.nationalities == ["UA"]),
        ),
        (
            "nationalities LIKE '%UA%'".to_owned(),
            Box::new(|notice: &Notice| notice.nationalities.contains(&"UA")),
        ),
        (
            "nationalities IN ('PL', 'DE')".to_owned(),
            Box::new(|notice: &Notice| matches!(notice.nationalities[..], ["PL" | "DE"])),
        ),
        (
            "sex = 'F'".to_owned(),
            Box::new(|notice: &Notice| notice.sex == Some('F')),
        ),
        (
            format!("name = '{name}'"),
            Box::new(|notice: &Notice| notice.name == name),
        ),
        (
            format!("birth_year = {year}"),
            Box::new(move |notice: &Notice| born(notice) == year),
        ),
        (
            format!("birth_year BETWEEN {} AND {year} AND sex = 'M'", year - 2),
            Box::new(move |notice: &Notice| {
                (year - 2..=year).contains(&born(notice)) && notice.sex == Some('M')
            }),
        ),
    ];
    for (filter, is_due) in &cases {
        api.forget();
        let sql = format!("SELECT entity_id FROM interpol.red_notices WHERE {filter}");
        let due = ids(people.iter().filter(|notice| is_due(notice)));
        assert!(!due.is_empty(), "{filter}");
        assert_eq!(ask(&host, &sql).0, due, "{filter}");
        let counts = api.counts();
        assert!(counts.lists < all, "{filter}: {} of {all}", counts.lists);
        assert_eq!(counts.details, 0, "{filter}");
    }
}

#[test]
fn details_are_asked_for_only_where_they_are_wanted() {
    let api = api(150);
    let workspace = workspace(&api, "", "", "");
    let host = workspace.host();
    let ukrainians: Vec<_> = api
        .notices("red")
        .iter()
        .filter(|notice| notice.nationalities == ["UA"])
        .collect();
    let sql =
        "SELECT entity_id, place_of_birth FROM interpol.red_notices WHERE nationalities = 'UA'";
    let mut due: Vec<_> = ukrainians
        .iter()
        .map(|notice| format!("{}\t{}", notice.entity_id, notice.place_of_birth))
        .collect();
    due.sort();
    assert_eq!(ask(&host, sql).0, due);
    let counts = api.counts();
    assert_eq!((counts.lists, counts.details), (1, due.len() as u64));
    api.forget();
    let sql = "SELECT entity_id FROM interpol.red_notices WHERE place_of_birth = 'PLACE 3'";
    assert_eq!(ask(&host, sql).0, [api.notices("red")[3].entity_id.clone()]);
    assert_eq!(api.counts().details, 150);
    api.forget();
    let issued = api
        .notices("red")
        .iter()
        .flat_map(|notice| notice.warrants.iter().map(move |warrant| (notice, warrant)))
        .filter(|(_, (_, country))| *country == "PL");
    let mut due: Vec<_> = issued
        .map(|(notice, (charge, _))| format!("{}\t{charge}", notice.entity_id))
        .collect();
    due.sort();
    let sql = "SELECT entity_id, charge FROM interpol.warrants WHERE issuing_country = 'PL'";
    assert_eq!(ask(&host, sql).0, due);
    assert!(
        api.counts().details < 150,
        "the API knows whose warrants they are"
    );
}

#[test]
fn who_has_no_sex_or_age_is_found_by_something_else() {
    let options = Options {
        red: 1_000,
        un: 400,
        organisations: 60,
        ageless: 60,
        seed: 11,
        ..Options::default()
    };
    let api = NoticesApi::start(&options);
    let workspace = workspace(&api, "", "", "");
    let host = workspace.host();
    for (table, kind) in [("red_notices", "red"), ("un_notices", "un")] {
        let (found, warnings) = ask(&host, &format!("SELECT entity_id FROM interpol.{table}"));
        assert_eq!(found, ids(api.notices(kind)), "{table}");
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    let counts = api.counts();
    assert!(counts.lists < 2_000, "{counts:?}");
}

#[test]
fn what_no_part_of_the_query_has_is_an_error_or_told() {
    let api = NoticesApi::start(&Options {
        red: 1_000,
        incomplete: 3,
        seed: 11,
        ..Options::default()
    });
    let sql = "SELECT entity_id FROM interpol.red_notices";
    let error = failure(&workspace(&api, "", "", "").host(), sql).to_string();
    let expected = "expected 1000 notices in the slice all, found 997";
    assert!(error.contains(expected), "{error}");
    let warning = workspace(&api, "", "", "on_overflow = \"warn\"");
    let (found, warnings) = ask(&warning.host(), sql);
    assert_eq!(found, ids(&api.notices("red")[..997]));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(expected), "{warnings:?}");
}

#[test]
fn a_passing_failure_is_tried_again() {
    let options = Options {
        red: 600,
        seed: 3,
        throttle_every: Some(23),
        fail_every: Some(4),
        ..Options::default()
    };
    let api = NoticesApi::start(&options);
    let again = "requests = { retries = 5, backoff_ms = 1, concurrency = 1 }";
    let host = workspace(&api, again, "", "").host();
    let (found, _) = ask(&host, "SELECT entity_id FROM interpol.red_notices");
    assert_eq!(found, ids(api.notices("red")));
    let counts = api.counts();
    assert!(counts.failed > 2, "{counts:?}");
    assert_eq!(counts.repeated, 0, "what failed was not answered");
    // Who does not try again hears of it.
    for (throttle_every, fail_every, status) in [(None, Some(1), 502), (Some(1), None, 429)] {
        let api = NoticesApi::start(&Options {
            throttle_every,
            fail_every,
            ..options.clone()
        });
        let host = workspace(&api, "requests = { retries = 0 }", "", "").host();
        let error = failure(&host, "SELECT entity_id FROM interpol.red_notices");
        let expected =
            format!("notices/v1/red: expected a successful answer, found the HTTP status {status}");
        assert!(
            error.is_unavailable() && error.to_string().contains(&expected),
            "{error}"
        );
        assert_eq!(api.counts().failed, 1);
    }
}

#[test]
fn a_detail_that_is_not_there_is_a_bad_record() {
    let unknown = api(20).notices("red")[4].entity_id.clone();
    let api = NoticesApi::start(&Options {
        red: 20,
        yellow: 40,
        un: 30,
        seed: 7,
        unknown: vec![unknown.clone()],
        ..Options::default()
    });
    let once = "requests = { retries = 0 }";
    let sql = "SELECT entity_id, place_of_birth FROM interpol.red_notices";
    let error = failure(&workspace(&api, once, "", "").host(), sql).to_string();
    let expected = format!(
        "red/{}: expected a successful answer, found the HTTP status 502",
        unknown.replace('/', "-")
    );
    assert!(error.contains(&expected), "{error}");
    let skipping = workspace(&api, once, "on_error = \"skip\"", "");
    let host = skipping.host();
    let session = host.session().expect("a session");
    let (count, skipped) = host.block_on(async {
        let mut answer = session.query(sql).await.expect("it is planned");
        let mut count = 0;
        while let Some(batch) = answer.next().await.expect("it goes on") {
            count += batch.num_rows();
        }
        (count, answer.scope().skipped())
    });
    assert_eq!(count, 19);
    assert_eq!(skipped.iter().map(|skipped| skipped.count).sum::<u64>(), 1);
    assert!(skipped[0].first.contains(&expected), "{skipped:?}");
}

/// Each of these ends one query with what went wrong and where, and nothing else.
#[test]
fn servers_that_answer_something_else() {
    let example = root().join("plugins/interpol/examples");
    let saved = format!(
        "[source.saved]\nplugin = \"interpol\"\ninputs = {{ red = {:?} }}\nconfig = {{ notices = {{ red = {{ input = \"red\" }} }} }}\n",
        example.join("red_details.ndjson").display().to_string()
    );
    for (body, expected) in [
        (
            "<html>Request blocked</html>",
            "notices/v1/red: this is no page of notices",
        ),
        (
            "{\"total\":3}",
            "expected a page of 3 of 3 notices, found 0",
        ),
        (
            "{\"total\":1,\"_embedded\":{\"notices\":[7]}}",
            "expected an object",
        ),
        ("", "this is no page of notices"),
    ] {
        let far = FarSide::new(move |_, _| answer(200, "", body));
        let workspace = TestWorkspace::new().plugin("interpol").config(&format!(
            "[source.interpol]\nplugin = \"interpol\"\nhttp = [{{ url = {:?}, private = true }}]\n\
             [source.interpol.config.api]\nurl = {:?}\nnotices = [\"red\"]\n{saved}",
            far.url("/"),
            far.url("")
        ));
        let host = workspace.host();
        let error = failure(&host, "SELECT entity_id FROM interpol.red_notices").to_string();
        assert!(
            error.starts_with("source \"interpol\": plugin \"interpol\": "),
            "{error}"
        );
        assert!(error.contains(expected), "{body}: {error}");
        let others = rows(&host, "SELECT count(*) > 0 FROM saved.red_notices");
        assert_eq!(others, ["true"]);
    }
}

/// So does each of these.
#[test]
fn servers_that_refuse_or_say_nothing() {
    let example = root().join("plugins/interpol/examples/red_details.ndjson");
    let saved = format!(
        "[source.saved]\nplugin = \"interpol\"\ninputs = {{ red = {:?} }}\nconfig = {{ notices = {{ red = {{ input = \"red\" }} }} }}\n",
        example.display().to_string()
    );
    for (status, expected) in [
        (
            Some(403),
            "notices/v1/red: expected a successful answer, found the HTTP status 403",
        ),
        (
            Some(404),
            "notices/v1/red: expected a successful answer, found the HTTP status 404",
        ),
        (None, "there was no whole answer in time"),
    ] {
        let far = FarSide::new(move |_, _| match status {
            Some(status) => answer(status, "", ""),
            None => {
                thread::sleep(Duration::from_secs(60));
                Vec::new()
            }
        });
        let workspace = TestWorkspace::new().plugin("interpol").config(&format!(
            "[source.interpol]\nplugin = \"interpol\"\nhttp = [{{ url = {:?}, private = true }}]\n\
             requests = {{ retries = 0 }}\n\
             [source.interpol.config.api]\nurl = {:?}\nnotices = [\"red\"]\n{saved}\
             [limits]\nnetwork_wait_ms_max = 700\n",
            far.url("/"),
            far.url("")
        ));
        let host = workspace.host();
        let error = failure(&host, "SELECT entity_id FROM interpol.red_notices").to_string();
        assert!(
            error.contains("source \"interpol\"") && error.contains(expected),
            "{status:?}: {error}"
        );
        let others = rows(&host, "SELECT count(*) > 0 FROM saved.red_notices");
        assert_eq!(others, ["true"], "{status:?}");
    }
}

#[test]
fn what_others_have_is_there_without_the_api() {
    let example = root().join("plugins/interpol/examples/red_details.ndjson");
    let api = NoticesApi::start(&Options {
        red: 10,
        garbage: true,
        ..Options::default()
    });
    let workspace = workspace(&api, "requests = { retries = 0 }", "", "").config(&format!(
        "[source.saved]\nplugin = \"interpol\"\ninputs = {{ red = {:?} }}\nconfig = {{ notices = {{ red = {{ input = \"red\" }} }} }}\n",
        example.display().to_string()
    ));
    let host = workspace.host();
    let both = "SELECT entity_id FROM saved.red_notices UNION ALL SELECT entity_id FROM interpol.red_notices";
    failure(&host, both);
    let session = host.session().expect("a session");
    try_query(&host, &session, "SET sextant.on_source_error = 'warn'").expect("it is a setting");
    let (found, warnings) = host.block_on(async {
        let mut answer = session.query(both).await.expect("it is planned");
        let mut found = 0;
        while let Some(batch) = answer.next().await.expect("it goes on") {
            found += batch.num_rows();
        }
        (found, answer.scope().warnings().0)
    });
    assert!(found > 0);
    let is_told =
        |warning: &String| warning.starts_with("interpol: rows are missing, since it failed: ");
    assert!(warnings.iter().any(is_told), "{warnings:?}");
}

#[test]
fn what_was_not_granted_is_not_asked_for() {
    let api = api(5);
    let url = api.url();
    let workspace = TestWorkspace::new().plugin("interpol").config(&format!(
        "[source.interpol]\nplugin = \"interpol\"\n[source.interpol.config.api]\nurl = {url:?}\nnotices = [\"red\"]\n"
    ));
    let error = failure(&workspace.host(), "SELECT * FROM interpol.red_notices");
    assert!(
        error.is_denied() && error.to_string().contains("is not granted"),
        "{error}"
    );
    assert_eq!(api.counts().lists, 0);
}
