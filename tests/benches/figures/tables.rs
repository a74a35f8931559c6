//! The table functions of places, threats and requests: how long they take for a number of rows, and
//! how many times as long as the same Rust code natively. The functions are those that the guests
//! export: one that is called nowhere here is a panic.

use crate::{Bound, Figure, medians, native, scalars};
use sextant_tests::{TestWorkspace, lines, try_query};
use std::fmt::Write as _;

const PLUGINS: [&str; 3] = ["article3", "hotspots", "threat"];

/// A call of a function of one relation.
struct Case {
    figure: &'static str,
    function: &'static str,
    rows: usize,
    /// Over `value`, which counts rows; `{lon}`, `{lat}` and `{text}` stand for made-up ones.
    columns: &'static str,
    arguments: &'static [(&'static str, f64)],
}

/// Places in and around Kyiv, 35 by 33 km.
const LON: &str = "30.2 + value * value % 100003 / 200006.0";
const LAT: &str = "50.3 + value * value * value % 99991 / 333303.0";

const MEASURED: &str =
    "value AS id, {lon} AS lon, {lat} AS lat, value * 31 % 1009 / 10.0 AS measured";

const EVIDENCE: &str = "concat('group ', value % 1000) AS subject, 'group' AS subject_kind,
    CASE value % 3 WHEN 0 THEN 'violence' WHEN 1 THEN 'corruption' ELSE 'structure' END AS indicator,
    CASE value % 7 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' ELSE 'high' END AS rating,
    CASE value % 11 WHEN 0 THEN 'C' WHEN 1 THEN 'B' ELSE 'A' END AS source, value % 4 + 1 AS information,
    concat('report ', value) AS reference";

const REQUESTS: &str = "concat('r', value) AS id, concat('Country ', value % 50) AS requester,
    concat('Made-up Person ', value % 4000) AS subject,
    CASE value % 3 WHEN 0 THEN 'fraud' WHEN 1 THEN 'державна зрада' ELSE 'theft of a military truck' END AS charge,
    {text} AS text, concat('2024-', lpad(CAST(value % 12 + 1 AS TEXT), 2, '0'), '-10') AS requested_at,
    CASE value % 4 WHEN 0 THEN 'refused' ELSE 'granted' END AS status";

static CASES: [Case; 10] = [
    Case {
        figure: "table_h3_bins",
        function: "hotspots.h3_bins",
        rows: 300_000,
        columns: "{lon} AS lon, {lat} AS lat, value % 100 AS measured",
        arguments: &[("resolution", 9.0)],
    },
    Case {
        figure: "table_getis_ord",
        function: "hotspots.getis_ord",
        rows: 20_000,
        columns: MEASURED,
        arguments: &[("nearest", 8.0)],
    },
    Case {
        figure: "table_moran_local",
        function: "hotspots.moran_local",
        rows: 20_000,
        columns: MEASURED,
        arguments: &[("nearest", 8.0)],
    },
    Case {
        figure: "table_moran_global",
        function: "hotspots.moran_global",
        rows: 20_000,
        columns: MEASURED,
        arguments: &[("nearest", 8.0)],
    },
    Case {
        figure: "table_kde",
        function: "hotspots.kde",
        rows: 100_000,
        columns: "{lon} AS lon, {lat} AS lat",
        arguments: &[("bandwidth", 1_000.0)],
    },
    Case {
        figure: "table_dbscan",
        function: "hotspots.dbscan",
        rows: 100_000,
        columns: "value AS id, {lon} AS lon, {lat} AS lat",
        arguments: &[("epsilon", 200.0), ("minimum", 10.0)],
    },
    Case {
        figure: "table_knox",
        function: "hotspots.knox",
        rows: 20_000,
        columns: "{lon} AS lon, {lat} AS lat, value * 31 % 365 AS day",
        arguments: &[("distance", 200.0), ("days", 7.0)],
    },
    Case {
        figure: "table_threat_assess",
        function: "threat.threat_assess",
        rows: 100_000,
        columns: EVIDENCE,
        arguments: &[],
    },
    Case {
        figure: "table_threat_explain",
        function: "threat.threat_explain",
        rows: 100_000,
        columns: EVIDENCE,
        arguments: &[],
    },
    Case {
        figure: "table_article3_review",
        function: "article3.article3_review",
        rows: 10_000,
        columns: REQUESTS,
        arguments: &[],
    },
];

impl Case {
    fn of(function: &str) -> &'static Self {
        let case = CASES.iter().find(|case| case.function == function);
        case.unwrap_or_else(|| panic!("figures/tables.rs does not call {function}"))
    }

    /// Makes the relation, in memory.
    fn make(&self) -> String {
        let columns = self.columns.replace("{lon}", LON).replace("{lat}", LAT);
        let columns = columns.replace("{text}", scalars::TEXT);
        let (name, rows) = (self.figure, self.rows);
        format!("CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1, {rows})")
    }

    /// The call, with the relation as it stands in SQL.
    fn call(&self, relation: &str) -> String {
        let mut call = format!("{}(({relation})", self.function);
        for (name, value) in self.arguments {
            write!(call, ", {name} => {value}").expect("a String takes everything");
        }
        call + ")"
    }
}

pub(crate) fn tables(_: bool) -> Vec<Figure> {
    let workspace = PLUGINS
        .iter()
        .fold(TestWorkspace::new(), |workspace, name| {
            workspace.plugin(name)
        });
    let host = workspace.host();
    let session = host.session().expect("a session");
    let query = |sql: &str| try_query(&host, &session, sql).expect("it runs");
    let exported = "SELECT name FROM sextant.functions WHERE kind = 'table' ORDER BY name";
    let measure = |function: &String| {
        let case = Case::of(function);
        query(&case.make());
        let relation = format!("SELECT * FROM {}", case.figure);
        let batches = query(&relation);
        let sql = format!("SELECT count(*) FROM {}", case.call(&relation));
        let in_guest = || lines(&query(&sql));
        let natively = || native::table_row_count(function, &batches, case.arguments);
        let due = natively();
        assert_eq!(in_guest(), [due.to_string()], "{sql}");
        let (guest, native) = medians(3, || drop(in_guest()), || assert_eq!(natively(), due));
        Figure {
            name: case.figure,
            value: guest,
            unit: "s",
            bound: Bound::Unbounded,
            how: format!(
                "{} on {} rows in memory, {:.2} times as long as the same Rust code natively on the same Arrow batches; median of 3",
                case.call(".."),
                case.rows,
                guest / native
            ),
        }
    };
    lines(&query(exported)).iter().map(measure).collect()
}
