//! The real lists that lie beside the repository, with counts from outside.

use sextant_tests::{TestWorkspace, real_data, rows};

/// The UN list of 2026-02-27 has 730 individuals and 273 entities, as its publisher's copy says.
#[test]
fn the_united_nations_list() {
    let Some(list) = real_data("sanctions/un_consolidated.xml") else {
        return;
    };
    let config = format!(
        "[source.un]\nplugin = \"sanctions\"\ninputs = {{ un = \"{}\" }}\nconfig = {{ lists = [{{ name = \"un\", input = \"un\", format = \"un-xml\" }}] }}\n",
        list.display()
    );
    let workspace = TestWorkspace::new()
        .plugin("sanctions")
        .plugin("names")
        .config(&config);
    let host = workspace.host();
    let kinds = rows(
        &host,
        "SELECT kind, count(*) FROM un.entities GROUP BY kind ORDER BY kind",
    );
    assert_eq!(kinds, ["organization\t273", "person\t730"]);
    // A plain text search for the elements with content, by another program than ours: the list's
    // own text.
    let text = std::fs::read_to_string(&list).expect("it is UTF-8");
    let aliases = text.matches("<ALIAS_NAME>").filter(|_| true).count()
        - text.matches("<ALIAS_NAME></ALIAS_NAME>").count();
    let found = rows(
        &host,
        "SELECT count(*) FROM un.names WHERE kind IN ('alias', 'former')",
    );
    assert_eq!(found, [aliases.to_string()]);
    let romanised = rows(
        &host,
        "SELECT count(*) FROM un.names WHERE names.normalize(name) IS NULL",
    );
    assert_eq!(romanised, ["0"]);
}

/// 2,414 lines of 61 columns, as `wc -l` and `awk` count them.
#[test]
fn gdelt_events() {
    let Some(events) = real_data("events/gdelt_20180101000000.export.CSV") else {
        return;
    };
    let config = format!(
        "[source.gdelt]\nplugin = \"delimited\"\ninputs = {{ events = \"{}\" }}\n[source.gdelt.config.tables.events]\ninput = \"events\"\ndelimiter = \"\\t\"\nquote = \"\"\nheader = false\n",
        events.display()
    );
    let workspace = TestWorkspace::new().plugin("delimited").config(&config);
    let host = workspace.host();
    assert_eq!(rows(&host, "SELECT count(*) FROM gdelt.events"), ["2414"]);
    let columns = rows(
        &host,
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'gdelt'",
    );
    assert_eq!(columns, ["61"]);
}

/// Labelled pairs of the nomenklatura project, at one threshold for all kinds. The reference,
/// logic-v2, has 0.824 on them.
#[test]
fn labelled_pairs_of_names() {
    let Some(pairs) = real_data("names/name_pairs.csv") else {
        return;
    };
    let workspace = TestWorkspace::new().plugin("names");
    let host = workspace.host();
    let judged = format!(
        "SELECT names.name_similarity(name1, name2, lower(schema)) >= 0.7 AS found, is_match AS due FROM '{}'",
        pairs.display()
    );
    let counts = rows(
        &host,
        &format!(
            "SELECT count(*) FILTER (WHERE found AND due), count(*) FILTER (WHERE found), count(*) FILTER (WHERE due) FROM ({judged})"
        ),
    );
    let counts: Vec<f64> = counts[0]
        .split('\t')
        .map(|count| count.parse().expect("a number"))
        .collect();
    let f1 = 2.0 * counts[0] / (counts[1] + counts[2]);
    assert!(f1 >= 0.88, "F1 is {f1}: {counts:?}");
}

/// People on the UN's list are found by their names and births, among people who are not.
#[test]
fn people_on_the_list_of_the_united_nations() {
    let (Some(list), Some(positives), Some(negatives)) = (
        real_data("sanctions/un_consolidated.xml"),
        real_data("screening/positives_un.csv"),
        real_data("screening/negatives_us.csv"),
    ) else {
        return;
    };
    let config = format!(
        "[source.un]\nplugin = \"sanctions\"\ninputs = {{ un = \"{}\" }}\nconfig = {{ lists = [{{ name = \"un\", input = \"un\", format = \"un-xml\" }}] }}\n",
        list.display()
    );
    let workspace = TestWorkspace::new()
        .plugin("sanctions")
        .plugin("screening")
        .config(&config);
    let host = workspace.host();
    let found = |file: &std::path::Path, limit: usize| {
        let people = format!(
            "SELECT row_number() OVER () AS id, full_name AS name, CAST(date_of_birth AS TEXT) AS birth FROM '{}' LIMIT {limit}",
            file.display()
        );
        let list = "SELECT n.entity_id AS id, n.name, coalesce(CAST(b.date AS TEXT), concat(b.year_from, '-', b.year_to)) AS birth FROM un.names n LEFT JOIN un.births b USING (list, entity_id)";
        let list = format!("SELECT id, name, nullif(birth, '-') AS birth FROM ({list})");
        let sql = format!("SELECT count(DISTINCT id) FROM screening.screen(({people}), ({list}))");
        rows(&host, &sql)[0].parse::<usize>().expect("a number")
    };
    let hits = found(&positives, 683);
    assert!(hits >= 680, "{hits} of 683");
    let false_hits = found(&negatives, 50_000);
    assert!(false_hits <= 150, "{false_hits} of 50,000");
}

/// The samples of the GeoParquet repository, whose geometry stands beside them as text.
#[test]
fn geoparquet_is_geometry() {
    let Some(folder) = real_data("geo") else {
        return;
    };
    let host = TestWorkspace::new().host();
    for kind in [
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
    ] {
        let twin = std::fs::read_to_string(folder.join(format!("data-{kind}-wkt.csv")))
            .expect("it is there");
        // A line each: a number, and a text in quotes; nothing for a null.
        let due = twin.lines().skip(1).map(|line| {
            let (number, text) = line.split_once(',').expect("there are two columns");
            (number.to_owned(), plain(text.trim_matches('"')))
        });
        let file = folder.join(format!("data-{kind}-encoding_wkb.parquet"));
        let file = file.display();
        let found = rows(
            &host,
            &format!("SELECT col, coalesce(st_astext(geometry), '') FROM '{file}' ORDER BY col"),
        );
        let found = found.iter().map(|row| {
            let (number, text) = row.split_once('\t').expect("there are two columns");
            (number.to_owned(), plain(text))
        });
        assert_eq!(found.collect::<Vec<_>>(), due.collect::<Vec<_>>(), "{kind}");
    }
    let countries = folder.join("countries.parquet");
    let countries = countries.display();
    let found = rows(
        &host,
        &format!(
            "SELECT name, arrow_metadata(geometry, 'ARROW:extension:name') FROM '{countries}' WHERE st_contains(geometry, st_point(35, -6))"
        ),
    );
    assert_eq!(
        found,
        ["Tanzania\tgeoarrow.wkb"],
        "Dodoma lies at 6 degrees south, 35 east"
    );
    let system = rows(
        &host,
        &format!(
            "SELECT arrow_metadata(geometry, 'ARROW:extension:metadata') FROM '{countries}' LIMIT 1"
        ),
    );
    assert!(
        system[0].contains("WGS 84 (CRS84)") && system[0].contains("projjson"),
        "{system:?}"
    );
}

/// Well-known text without the spaces and brackets in which writers differ.
fn plain(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    // Each point of a multipoint may stand in brackets of its own.
    match text.strip_prefix("MULTIPOINT") {
        Some(points) => points.replace(['(', ')'], ""),
        None => text,
    }
}
