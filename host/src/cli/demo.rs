//! `sextant demo`: builds the repository's plugins, works a case with planted truths (or the real
//! lists, with `--data`), and ends by replacing a plugin while a query runs.

mod case;
mod swap;

use super::plugin::build;
use super::source::print;
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Work the real lists in this folder instead of the synthetic case.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

const PLUGINS: [&str; 4] = ["names", "delimited", "sanctions", "rule"];

const CASE_SOURCES: &str = r#"
[source.border]
plugin = "delimited"
inputs = { travellers = "case/travellers.csv" }
[source.border.config.tables.travellers]
input = "travellers"
header = true
columns = [
  { name = "id", type = "int64" }, { name = "name", type = "text" },
  { name = "birth_date", type = "date" }, { name = "document", type = "text" },
]

[source.list]
plugin = "sanctions"
inputs = { list = "case/list.xml" }
config = { lists = [{ name = "demo", input = "list", format = "un-xml" }] }

[source.register]
plugin = "delimited"
inputs = { register = "case/register.csv" }
[source.register.config.tables.companies]
input = "register"
delimiter = ";"
"#;

const REAL_SOURCES: &str = r#"
[source.list]
plugin = "sanctions"
inputs = { list = "DATA/sanctions/un_consolidated.xml" }
config = { lists = [{ name = "un", input = "list", format = "un-xml" }] }

[source.ofac]
plugin = "delimited"
inputs = { sdn = "DATA/sanctions/ofac/sdn.csv" }
[source.ofac.config.tables.sdn]
input = "sdn"
header = false
nulls = ["", "-0-"]
trim = true

[source.gdelt]
plugin = "delimited"
inputs = { events = "DATA/events/gdelt_20180101000000.export.CSV" }
[source.gdelt.config.tables.events]
input = "events"
delimiter = "\t"
quote = ""
header = false
"#;

/// Screening: names in one form, with the last part first or last, and the day of birth.
const SCREEN: &str = "CREATE VIEW hits AS
WITH people AS (SELECT id, name, birth_date, names.normalize(name) AS form FROM border.travellers),
     turned AS (SELECT *, regexp_replace(form, '^(.*) ([^ ]+)$', '\\2 \\1') AS other FROM people),
     listed AS (SELECT n.entity_id, n.name, names.normalize(n.name) AS form, b.date
                FROM list.names n JOIN list.births b USING (list, entity_id) WHERE n.kind = 'primary')
SELECT t.id, t.name AS traveller, l.entity_id, l.name AS listed,
       greatest(names.jaro_winkler(t.form, l.form), names.jaro_winkler(t.other, l.form)) AS score
FROM turned t JOIN listed l ON t.birth_date = l.date
WHERE rule.is_hit(greatest(names.jaro_winkler(t.form, l.form), names.jaro_winkler(t.other, l.form)))";

pub(super) fn run(workspace: Option<&Path>, arguments: &Arguments) -> Result<()> {
    let repository = repository()?;
    let temporary = tempfile::tempdir()?;
    let root = workspace.unwrap_or(temporary.path());
    let sources = match &arguments.data {
        None => CASE_SOURCES.to_owned(),
        Some(data) => REAL_SOURCES.replace("DATA", &real_folder(data)?),
    };
    let workspace = prepare(root, &sources)?;
    for plugin in PLUGINS {
        let (built, _) = build(
            &repository.join("plugins").join(plugin),
            &[],
            &workspace.bundles(),
        )?;
        super::note(&format!(
            "built {} {}",
            built.name,
            built.bundle.digest().short()
        ));
    }
    if arguments.data.is_none() {
        case::write(&root.join("case"))?;
    }
    let mut host = Host::open(workspace)?;
    host.watch()?;
    show(
        &host,
        "What is loaded",
        "SELECT name, version, substr(bundle_digest, 1, 12) AS digest FROM sextant.plugins ORDER BY name",
    )?;
    match arguments.data {
        None => {
            work_case(&host, root)?;
            swap::run(&host, &repository)
        }
        Some(_) => work_real(&host),
    }
}

fn work_case(host: &Host, root: &Path) -> Result<()> {
    show(
        host,
        "Travellers, in either script and order",
        "SELECT * FROM border.travellers WHERE id BETWEEN 80 AND 84 ORDER BY id",
    )?;
    let with_hits = |title: &str, sql: &str| show_after(host, title, &[SCREEN], sql);
    with_hits(
        "Screening against the list",
        "SELECT * FROM hits ORDER BY score DESC, id LIMIT 10",
    )?;
    with_hits(
        "Hits who direct a company",
        "SELECT h.traveller, h.listed, r.company FROM hits h JOIN register.companies r ON r.director = h.traveller ORDER BY h.id LIMIT 10",
    )?;
    let truth = root.join("case").join("truth.csv");
    let found = format!(
        "SELECT count(*) AS planted, count(h.id) AS found, count(*) - count(h.id) AS missed,
       (SELECT count(*) FROM hits) - count(h.id) AS false_hits,
       round(count(h.id) / count(*)::double, 3) AS recall,
       round(count(h.id) / (SELECT count(*) FROM hits)::double, 3) AS precision
FROM '{}' t LEFT JOIN hits h ON h.id = t.traveller_id AND h.entity_id = t.entity_id::text",
        truth.display()
    );
    with_hits("What was found, against what was planted", &found)?;
    let missed = format!(
        "SELECT t.variant, count(*) AS planted, count(h.id) AS found
FROM '{}' t LEFT JOIN hits h ON h.id = t.traveller_id AND h.entity_id = t.entity_id::text GROUP BY 1 ORDER BY 1",
        truth.display()
    );
    with_hits("By how the name was varied", &missed)
}

fn work_real(host: &Host) -> Result<()> {
    show(
        host,
        "The UN list",
        "SELECT kind, count(*) FROM list.entities GROUP BY kind ORDER BY kind",
    )?;
    show(
        host,
        "People of the UN list whom OFAC lists under a similar name",
        "WITH un AS (SELECT entity_id, name, names.normalize(name) AS form FROM list.names WHERE kind = 'primary'),
     sdn AS (SELECT column_2 AS name, names.normalize(split_part(column_2, ',', 2) || ' ' || split_part(column_2, ',', 1)) AS form
             FROM ofac.sdn WHERE column_3 = 'individual')
SELECT un.name, sdn.name AS ofac, round(names.jaro_winkler(un.form, sdn.form), 3) AS score
FROM un JOIN sdn ON substr(un.form, 1, 2) = substr(sdn.form, 1, 2)
WHERE names.jaro_winkler(un.form, sdn.form) > 0.95 AND un.form <> sdn.form ORDER BY score DESC, 1 LIMIT 10",
    )?;
    show(
        host,
        "Events by the country of their first actor",
        "SELECT column_8 AS country, count(*) AS events, round(avg(column_35::double), 2) AS tone
FROM gdelt.events WHERE column_8 IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
    )
}

fn show(host: &Host, title: &str, sql: &str) -> Result<()> {
    show_after(host, title, &[], sql)
}

/// Shows a query and its answer, after statements that are shown when they are new.
fn show_after(host: &Host, title: &str, before: &[&str], sql: &str) -> Result<()> {
    println!("\n-- {title}\n{sql};\n");
    print(host, before, sql)
}

fn prepare(root: &Path, sources: &str) -> Result<Workspace> {
    let workspace = Workspace::init(root)?;
    let path = workspace.config_path();
    let config = std::fs::read_to_string(&path).context(|| path.display().to_string())?;
    if config.contains(sources) {
        return Ok(workspace);
    }
    if !workspace.config()?.sources.is_empty() {
        return Err(
            Error::config(format!("{} has sources of its own", path.display()))
                .with_hint("name an empty folder with --workspace DIR"),
        );
    }
    std::fs::write(&path, config + sources).context(|| path.display().to_string())?;
    Ok(workspace)
}

fn real_folder(data: &Path) -> Result<String> {
    let folder = std::path::absolute(data)?;
    for file in [
        "sanctions/un_consolidated.xml",
        "sanctions/ofac/sdn.csv",
        "events/gdelt_20180101000000.export.CSV",
    ] {
        if !folder.join(file).is_file() {
            return Err(Error::not_found(format!(
                "there is no {file} in {}",
                data.display()
            )));
        }
    }
    Ok(folder.display().to_string())
}

/// The repository, whose plugins are built: upwards from here, or from the program.
fn repository() -> Result<PathBuf> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let mut folders = starts.iter().flatten().flat_map(|start| start.ancestors());
    let found = folders.find(|folder| {
        folder.join("Cargo.toml").is_file() && folder.join("plugins/names").is_dir()
    });
    found.map(Path::to_owned).ok_or_else(|| {
        Error::not_found("the repository with the plugins is not here")
            .with_hint("run the demo from a clone of the repository: cargo run --release -- demo")
    })
}
