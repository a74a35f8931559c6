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
