//! The real case: people whom OFAC lists, screened against the UN's list, and events of the day in
//! the countries they come from.

use super::Case;
use crate::error::{Error, Result};
use std::path::Path;

const PLUGINS: &[&str] = &["names", "delimited", "sanctions", "graph", "rule"];

const FILES: [&str; 4] = [
    "sanctions/un_consolidated.xml",
    "sanctions/ofac/sdn.csv",
    "sanctions/ofac/alt.csv",
    "events/gdelt_20180101000000.export.CSV",
];

const SOURCES: &str = r#"
[source.list]
plugin = "sanctions"
inputs = { list = "DATA/sanctions/un_consolidated.xml" }
config = { lists = [{ name = "un", input = "list", format = "un-xml" }] }

[source.ofac]
plugin = "delimited"
inputs = { sdn = "DATA/sanctions/ofac/sdn.csv", alt = "DATA/sanctions/ofac/alt.csv" }
[source.ofac.config.tables.sdn]
input = "sdn"
nulls = ["", "-0-"]
trim = true
columns = [
  { name = "ent_num", type = "int64" }, { name = "name", type = "text" }, { name = "kind", type = "text" },
  { name = "program", type = "text" }, { name = "title", type = "text" }, { name = "call_sign", type = "text" },
  { name = "vessel_type", type = "text" }, { name = "tonnage", type = "text" }, { name = "grt", type = "text" },
  { name = "flag", type = "text" }, { name = "owner", type = "text" }, { name = "remarks", type = "text" },
]
[source.ofac.config.tables.alt]
input = "alt"
nulls = ["", "-0-"]
trim = true
columns = [
  { name = "ent_num", type = "int64" }, { name = "alt_num", type = "int64" }, { name = "kind", type = "text" },
  { name = "name", type = "text" }, { name = "remarks", type = "text" },
]

[source.gdelt]
plugin = "delimited"
inputs = { events = "DATA/events/gdelt_20180101000000.export.CSV" }
[source.gdelt.config.tables.events]
input = "events"
delimiter = "\t"
quote = ""
header = false
"#;

const VIEWS: &[&str] = &[
    "CREATE VIEW ofac_people AS
WITH named AS (SELECT ent_num, name FROM ofac.sdn
               UNION ALL SELECT ent_num, name FROM ofac.alt),
     dated AS (SELECT ent_num, CAST(regexp_match(remarks, 'DOB [^;.]*([12][0-9]{3})')[1] AS INT) AS birth_year
               FROM ofac.sdn WHERE kind = 'individual')
SELECT ent_num, name, birth_year,
       array_to_string(array_sort(string_to_array(names.normalize(name), ' ')), ' ') AS form
FROM named JOIN dated USING (ent_num)",
    "CREATE VIEW listed AS
SELECT n.entity_id, n.name, n.kind, unnest(generate_series(b.year_from, b.year_to)) AS birth_year,
       array_to_string(array_sort(string_to_array(names.normalize(n.name), ' ')), ' ') AS form
FROM list.names n JOIN list.births b USING (list, entity_id)",
    "CREATE VIEW hits AS
SELECT o.ent_num, l.entity_id, max(names.jaro_winkler(o.form, l.form)) AS score
FROM ofac_people o JOIN listed l USING (birth_year)
WHERE rule.is_hit(names.jaro_winkler(o.form, l.form))
GROUP BY o.ent_num, l.entity_id",
];

const FOUND: (&str, &str) = (
    "How many people of the UN's list were found on OFAC's",
    "SELECT (SELECT count(*) FROM list.entities WHERE kind = 'person') AS un_people,
       (SELECT count(DISTINCT ent_num) FROM ofac_people) AS ofac_people,
       count(*) AS pairs, count(DISTINCT entity_id) AS un_people_found,
       count(*) FILTER (WHERE score = 1) AS pairs_of_equal_names
FROM hits",
);

const STEPS: &[(&str, &str)] = &[
    (
        "The UN's list",
        "SELECT kind, count(*) AS entities FROM list.entities GROUP BY kind ORDER BY kind",
    ),
    (
        "People of OFAC's list whose names are similar to one on the UN's, born in the same year",
        "SELECT s.name AS ofac, e.name AS un, round(h.score, 3) AS similarity
FROM hits h JOIN ofac.sdn s USING (ent_num) JOIN list.entities e USING (entity_id)
WHERE h.score < 1 ORDER BY h.score DESC, h.ent_num, h.entity_id LIMIT 10",
    ),
    FOUND,
    (
        "Events of the day in the countries of those who are on both lists",
        "WITH countries AS (SELECT n.country, names.normalize(n.country) AS form, count(DISTINCT h.entity_id) AS people
                   FROM hits h JOIN list.nationalities n USING (entity_id) GROUP BY 1, 2),
     events AS (SELECT names.normalize(trim(split_part(column_53, ',', -1))) AS form, column_35::double AS tone FROM gdelt.events)
SELECT c.country, c.people, count(*) AS events, round(avg(e.tone), 2) AS tone
FROM countries c JOIN events e USING (form) GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 10",
    ),
];

/// The case on the files of a folder.
pub(super) fn case(data: &Path) -> Result<Case> {
    let folder = std::path::absolute(data)?;
    if let Some(missing) = FILES.iter().find(|file| !folder.join(file).is_file()) {
        return Err(
            Error::not_found(format!("there is no {missing} in {}", data.display()))
                .with_hint(format!("the folder must have {}", FILES.join(", "))),
        );
    }
    Ok(Case {
        plugins: PLUGINS,
        gateway: None,
        database: None,
        sources: SOURCES.replace("DATA", &folder.display().to_string()),
        views: VIEWS,
        steps: STEPS,
        pairs: "SELECT rule.edition() AS edition, rule.is_hit(names.jaro_winkler(o.form, l.form)) AS hit
FROM ofac_people o CROSS JOIN listed l WHERE l.kind = 'primary' AND o.form LIKE 'a%'",
        last: FOUND,
    })
}
