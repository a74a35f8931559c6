//! `sextant demo`: builds the plugins of this repository, works a case with them and says how well
//! that went, measured against what was planted. It ends by replacing a plugin while a query runs.

mod case;
mod real;
mod swap;

use super::output::{Format, Writer};
use crate::error::{Context, Error, Result};
use crate::host::Host;
use crate::sql::Session;
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The first line of a configuration that the demo may write over.
const MARK: &str = "# Written by `sextant demo`, which writes it again.";

const SOURCES: &str = r#"
[source.border]
plugin = "delimited"
inputs = { travellers = "case/travellers.csv" }
[source.border.config.tables.travellers]
input = "travellers"
header = true
columns = [
  { name = "id", type = "int64", nullable = false },
  { name = "name", type = "text" },
  { name = "birth_date", type = "date" },
  { name = "document", type = "text" },
]

[source.list]
plugin = "sanctions"
inputs = { list = "case/list.xml" }
config = { lists = [{ name = "case", input = "list", format = "un-xml" }] }

[source.register]
plugin = "delimited"
inputs = { register = "case/register.csv" }
[source.register.config.tables.companies]
input = "register"
delimiter = ";"
encoding = "windows-1251"
"#;

const SCREEN: &str = "\
CREATE TABLE hits AS
WITH people AS (
  SELECT id, names.normalize(name) AS name, birth_date, date_part('year', birth_date) AS year FROM border.travellers),
listed AS (
  SELECT DISTINCT n.entity_id, names.normalize(n.name) AS name, b.date, b.year_from, b.year_to
  FROM list.names n JOIN list.births b USING (list, entity_id) WHERE n.kind IN ('primary', 'alias')),
pairs AS (
  SELECT p.id, l.entity_id, p.birth_date = l.date AS same_day, greatest(
    names.jaro_winkler(p.name, l.name),
    names.jaro_winkler(split_part(p.name, ' ', 2) || ' ' || split_part(p.name, ' ', 1), l.name)) AS similarity
  FROM people p JOIN listed l ON p.year = l.year_from)
SELECT id, entity_id, bool_or(same_day) AS same_day, max(similarity) AS similarity
FROM pairs GROUP BY id, entity_id HAVING rule.is_hit(max(similarity))";

const BEST: &str = "\
SELECT t.name AS traveller, e.name AS listed, round(h.similarity, 3) AS similarity, c.company
FROM hits h JOIN border.travellers t ON t.id = h.id
JOIN list.entities e ON e.entity_id = h.entity_id
JOIN register.companies c ON names.normalize(c.director) = names.normalize(e.name_original_script)
ORDER BY h.similarity, h.id LIMIT 10";

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Work the real lists in this folder instead of the synthetic case.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) fn run(workspace: Option<&Path>, arguments: &Arguments) -> Result<()> {
    let repository = repository()?;
    let temporary = tempfile::tempdir()?;
    let root = workspace.unwrap_or(temporary.path());
    let sources = match &arguments.data {
        Some(data) => real::sources(data)?,
        None => SOURCES.to_owned(),
    };
    let workspace = prepare(root, &sources)?;
    println!(
        "== The plugins, built into {}",
        workspace.bundles().display()
    );
    for name in ["names", "sanctions", "delimited", "rule"] {
        let folder = repository.join("plugins").join(name);
        super::plugin::build(&folder, &[], &workspace.bundles())?;
    }
    match arguments.data {
        Some(_) => {
            let host = Host::open(workspace)?;
            let session = host.session()?;
            real::QUERIES
                .iter()
                .try_for_each(|(title, sql)| show(&host, &session, title, sql))
        }
        None => work_case(workspace, &repository),
    }
}

/// The folder of this repository, from which the plugins are built.
fn repository() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    let executable = std::env::current_exe()?;
    let mut folders = here.ancestors().chain(executable.ancestors());
    let is_root = |folder: &&Path| {
        folder.join("Cargo.toml").is_file() && folder.join("plugins/names").is_dir()
    };
    folders.find(is_root).map(Path::to_owned).ok_or_else(|| {
        Error::not_found(
            "the demo builds the plugins of Sextant's repository, and that is not here",
        )
        .with_hint("run it in a clone of the repository")
    })
}

/// Makes the workspace, unless it is somebody's own.
fn prepare(root: &Path, sources: &str) -> Result<Workspace> {
    let config = root.join(crate::workspace::CONFIG_FILE);
    if config.exists() {
        let text = std::fs::read_to_string(&config).context(|| config.display().to_string())?;
        if !text.starts_with(MARK) {
            return Err(
                Error::config(format!("{} is not the demo's", config.display()))
                    .with_hint("name a folder that is not there yet with --workspace DIR"),
            );
        }
    }
    super::plugin::put_file(&config, format!("{MARK}\n{sources}").as_bytes())?;
    Workspace::init(root)
}

fn work_case(workspace: Workspace, repository: &Path) -> Result<()> {
    let folder = workspace.root().join("case");
    let counts = case::write(&folder)?;
    println!(
        "\n== The case, made up: {} travellers, {} listed people; {} travellers are listed under \
         another spelling, {} only look like it",
        counts.travellers, counts.listed, counts.planted, counts.decoys
    );
    let rule = repository.join("plugins").join("rule");
    let editions = workspace.root().join("editions");
    let (_, second) = super::plugin::build(&rule, &["second-edition"], &editions)?;

    let mut host = Host::open(workspace)?;
    host.watch()?;
    let session = host.session()?;
    let show = |title: &str, sql: &str| show(&host, &session, title, sql);
    show(
        "What serves",
        "SELECT name, version, status FROM sextant.plugins ORDER BY name",
    )?;
    show(
        "Everybody against the list: similar names, same year of birth",
        SCREEN,
    )?;
    show(
        "Who of them directs a company: the least similar first",
        BEST,
    )?;
    let truth = folder
        .join("truth.csv")
        .display()
        .to_string()
        .replace('\'', "''");
    show("Found, against what was planted", &compare(&truth))?;
    show(
        "What was missed, by the way in which it was hidden",
        &missed(&truth),
    )?;

    println!("\n== A plugin is replaced while a query runs");
    swap::run(&host, &second)
}

/// Compares the hits with the truth: as they are, and those born on the very day.
fn compare(truth: &str) -> String {
    format!(
        "\
WITH truth AS (SELECT traveller_id AS id, CAST(entity_id AS VARCHAR) AS entity_id FROM '{truth}'),
judged AS (
  SELECT 'same year' AS born, h.id AS found, t.id AS planted
  FROM hits h FULL JOIN truth t ON t.id = h.id AND t.entity_id = h.entity_id
  UNION ALL SELECT 'same day', h.id, t.id
  FROM (SELECT * FROM hits WHERE same_day) h FULL JOIN truth t ON t.id = h.id AND t.entity_id = h.entity_id),
counted AS (
  SELECT born, count(planted) AS planted, count(*) FILTER (WHERE found IS NOT NULL AND planted IS NOT NULL) AS found,
    count(*) FILTER (WHERE found IS NULL) AS missed, count(*) FILTER (WHERE planted IS NULL) AS false_hits
  FROM judged GROUP BY born)
SELECT *, round(found / CAST(planted AS DOUBLE), 3) AS recall,
  round(found / CAST(nullif(found + false_hits, 0) AS DOUBLE), 3) AS precision
FROM counted ORDER BY born DESC"
    )
}

fn missed(truth: &str) -> String {
    format!(
        "\
SELECT t.variant, count(*) AS planted, count(h.id) AS found, count(*) - count(h.id) AS missed
FROM '{truth}' t LEFT JOIN hits h ON h.id = t.traveller_id AND h.entity_id = CAST(t.entity_id AS VARCHAR)
GROUP BY t.variant ORDER BY t.variant"
    )
}

/// Shows a query and its answer.
fn show(host: &Host, session: &Session, title: &str, sql: &str) -> Result<()> {
    println!("\n== {title}\n{sql};\n");
    let start = Instant::now();
    host.block_on(async {
        let answer = session.query(sql).await?;
        let schema = Arc::clone(answer.schema());
        let batches = answer.collect().await?;
        if !schema.fields().is_empty() {
            let mut out = std::io::stdout();
            let mut writer = Writer::new(Format::Table, &schema, &mut out, false)?;
            for batch in &batches {
                writer.write(batch)?;
            }
            writer.finish()?;
        }
        println!("{} ms", start.elapsed().as_millis());
        Ok(())
    })
}
