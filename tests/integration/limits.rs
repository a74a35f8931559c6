//! What an instance may take: declared by the bundle, granted in `sextant.toml`, and no more.

use sextant::Host;
use sextant::bundle::{Bundle, Content, pack};
use sextant::limits::Limits;
use sextant_tests::{TestWorkspace, bundle, failure, rows};

/// The attacker in a bundle that declares limits.
fn declaring(limits: &str) -> Vec<u8> {
    let bundle = Bundle::from_bytes(&bundle("hostile"), &Limits::default()).expect("it is one");
    let manifest = format!(
        "[plugin]\nname = \"hostile\"\nversion = \"0.1.0\"\n[capabilities]\nimports = [\"input\"]\n[limits]\n{limits}\n"
    );
    let content = Content {
        manifest,
        component: bundle.component().to_vec(),
        ..Content::default()
    };
    pack(&content, &Limits::default()).expect("it packs").0
}

/// Low defaults, so that what is granted beyond them shows.
const DEFAULTS: &str = "
[source.h]
plugin = \"hostile\"
[limits]
guest_memory_bytes_max = 20000000
call_ms_max = 500
output_bytes_max = 1000000
";

fn workspace(declared: &str, granted: &str) -> TestWorkspace {
    let granted = match granted {
        "" => String::new(),
        granted => format!("[plugin.hostile.limits]\n{granted}\n"),
    };
    let workspace = TestWorkspace::new().config(DEFAULTS).config(&granted);
    workspace.put("hostile", &declaring(declared));
    workspace
}

/// The limit that a guest which takes all memory runs into, and what the hint says.
fn memory_limit(host: &Host) -> (String, String) {
    let error = failure(host, "SELECT hostile.attack('allocate')");
    assert!(error.is_limit(), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("plugin \"hostile\""), "{text}");
    let limit = text
        .rsplit("the limit is ")
        .next()
        .expect("a part")
        .to_owned();
    (limit, error.hint().expect("it has one").to_owned())
}

#[test]
fn more_than_the_default_is_declared_and_granted() {
    let cases = [
        ("", "", "20000000"),
        // Either alone gives nothing more, and can give less.
        ("guest_memory_bytes_max = 60000000", "", "20000000"),
        ("", "guest_memory_bytes_max = 60000000", "20000000"),
        ("guest_memory_bytes_max = 10000000", "", "10000000"),
        ("", "guest_memory_bytes_max = 10000000", "10000000"),
        // Both give the smaller.
        (
            "guest_memory_bytes_max = 60000000",
            "guest_memory_bytes_max = 50000000",
            "50000000",
        ),
        (
            "guest_memory_bytes_max = 50000000",
            "guest_memory_bytes_max = 60000000",
            "50000000",
        ),
    ];
    for (declared, granted, limit) in cases {
        let workspace = workspace(declared, granted);
        let host = workspace.host();
        assert_eq!(memory_limit(&host).0, limit, "{declared:?}, {granted:?}");
    }
}

#[test]
fn hints_say_who_can_mend_it() {
    let declares = workspace("guest_memory_bytes_max = 60000000", "");
    let hint = memory_limit(&declares.host()).1;
    assert_eq!(
        hint,
        "the bundle declares that it may need 60000000; grant it in sextant.toml: [plugin.hostile.limits] guest_memory_bytes_max = 60000000"
    );
    let declares_nothing = workspace("", "");
    let hint = memory_limit(&declares_nothing.host()).1;
    assert!(
        hint.contains("for a bundle of \"hostile\" that declares more"),
        "{hint}"
    );
}

#[test]
fn time_and_output_are_limited_too() {
    let declared = "call_ms_max = 900\noutput_bytes_max = 2000000";
    let tight = workspace(declared, "");
    let host = tight.host();
    let slow = failure(&host, "SELECT hostile.attack('loop')");
    assert!(
        slow.to_string().contains("took longer than 500 ms"),
        "{slow}"
    );
    assert!(
        slow.hint()
            .is_some_and(|hint| hint.contains("call_ms_max = 900")),
        "{slow:?}"
    );
    let much = failure(
        &host,
        "SELECT count(a), count(b), count(c), count(d) FROM h.throughput",
    );
    assert!(much.is_limit(), "{much:?}");
    assert!(
        much.to_string().contains("bytes emitted by the instance"),
        "{much}"
    );
    assert!(much.to_string().ends_with("the limit is 1000000"), "{much}");

    let granted = workspace(declared, declared);
    let host = granted.host();
    let slow = failure(&host, "SELECT hostile.attack('loop')");
    assert!(
        slow.to_string().contains("took longer than 900 ms"),
        "{slow}"
    );
    let much = failure(
        &host,
        "SELECT count(a), count(b), count(c), count(d) FROM h.throughput",
    );
    assert!(much.to_string().ends_with("the limit is 2000000"), "{much}");
    let shown = "SELECT limits, declared_limits FROM sextant.plugins";
    assert_eq!(
        rows(&host, shown),
        [
            "guest_memory_bytes_max = 20000000, call_ms_max = 900, output_bytes_max = 2000000\tcall_ms_max = 900, output_bytes_max = 2000000"
        ]
    );
}

/// A grant takes effect when it is written, and a query that runs keeps what it had.
#[test]
fn grants_change_while_the_host_runs() {
    let workspace = workspace("guest_memory_bytes_max = 60000000", "");
    let host = workspace.host();
    assert_eq!(memory_limit(&host).0, "20000000");
    let before = host.snapshot().generation();
    let workspace =
        workspace.config("[plugin.hostile.limits]\nguest_memory_bytes_max = 40000000\n");
    host.rescan().expect("it can be read");
    assert_eq!(host.snapshot().generation(), before + 1);
    assert_eq!(memory_limit(&host).0, "40000000");
    host.rescan().expect("it can be read");
    assert_eq!(host.snapshot().generation(), before + 1);
    drop(workspace);
}

#[test]
fn a_misspelt_grant_is_refused() {
    let workspace = workspace("", "guest_memory = 1");
    let error = Host::open(workspace.workspace().clone()).expect_err("it is refused");
    assert!(error.is_config(), "{error:?}");
    assert!(
        error.to_string().contains("unknown field `guest_memory`"),
        "{error}"
    );
}

/// Without accounts nothing is counted, and everything else is as it was.
#[test]
fn accounting_can_be_switched_off() {
    let workspace = TestWorkspace::new()
        .plugin("names")
        .config("[queries]\naccounting = false\n");
    let host = workspace.host();
    assert_eq!(rows(&host, "SELECT names.normalize('Олена')"), ["olena"]);
    let counted = "SELECT sum(guest_calls), sum(guest_ns) FROM sextant.queries";
    assert_eq!(rows(&host, counted), ["0\t0"]);
    let explained = rows(&host, "EXPLAIN ANALYZE SELECT names.normalize('a')").join("\n");
    assert!(explained.contains("accounting is off"), "{explained}");
}

/// Bytes that plugins are granted where they are given more than fits: their own code and tables take
/// less than two million of these.
const MEMORY_BYTES: usize = 8_388_608;

/// The plugins whose table functions keep what they are given.
const KEEPING: [&str; 5] = ["article3", "graph", "hotspots", "screening", "threat"];

/// A relation that is made of numbers, and how many of its rows are more than fits.
type Relation = (&'static str, usize);

/// 16 bytes a row.
const EDGES: Relation = ("value AS a, value + 1 AS b", 300_000);
const PLACES: Relation = ("value % 180 AS lon, value % 90 AS lat", 300_000);
const EVENTS: Relation = (
    "value % 180 AS lon, value % 90 AS lat, value AS day",
    300_000,
);
const POINTS: Relation = (
    "value AS id, value % 180 AS lon, value % 90 AS lat",
    300_000,
);
const MEASURED: Relation = (
    "value AS id, value % 180 AS lon, value % 90 AS lat, value % 7 AS measured",
    300_000,
);

/// 200 bytes a row.
const EVIDENCE: Relation = (
    "'Made-up Group' AS subject, 'group' AS subject_kind, 'violence' AS indicator, 'high' AS rating, 'A' AS source, 1 AS information, concat(repeat('r', 200), value) AS reference",
    50_000,
);
const REQUESTS: Relation = (
    "concat(repeat('r', 200), value) AS id, 'Country A' AS requester, 'Made-up Person' AS subject, 'fraud' AS charge, 'theft' AS text, '2024-01-10' AS requested_at",
    50_000,
);
const NAMES: Relation = (
    "value AS id, concat(repeat('Long ', 40), value) AS name",
    50_000,
);

/// A call of every table function of these plugins; `{}` stands for the relation.
const CALLS: [(&str, Relation); 26] = [
    ("article3.article3_review({})", REQUESTS),
    ("graph.betweenness({})", EDGES),
    ("graph.closeness({})", EDGES),
    ("graph.communities({})", EDGES),
    ("graph.components({})", EDGES),
    ("graph.degree({})", EDGES),
    ("graph.distances({}, 1)", EDGES),
    ("graph.ego({}, 1)", EDGES),
    ("graph.k_core({})", EDGES),
    ("graph.k_shortest_paths({}, 1, 3, 2)", EDGES),
    ("graph.label_propagation({})", EDGES),
    ("graph.local_clustering({})", EDGES),
    ("graph.pagerank({})", EDGES),
    ("graph.paths_between({}, 1, 3, 2)", EDGES),
    ("graph.shortest_path({}, 1, 3)", EDGES),
    ("graph.weighted_distances({}, 1)", EDGES),
    ("hotspots.dbscan({}, 100, 2)", POINTS),
    ("hotspots.getis_ord({}, nearest => 2)", MEASURED),
    ("hotspots.h3_bins({}, 5)", PLACES),
    ("hotspots.kde({}, 100000)", PLACES),
    ("hotspots.knox({}, 100, 2)", EVENTS),
    ("hotspots.moran_global({}, nearest => 2)", MEASURED),
    ("hotspots.moran_local({}, nearest => 2)", MEASURED),
    (
        "screening.screen((SELECT 1 AS id, 'Nobody Else' AS name), {})",
        NAMES,
    ),
    ("threat.threat_assess({})", EVIDENCE),
    ("threat.threat_explain({})", EVIDENCE),
];

/// Whatever is given to a table function that keeps it: what does not fit ends its query, and the next
/// one is answered by the same function.
#[test]
fn table_functions_end_at_the_memory_they_are_granted() {
    let workspace = KEEPING
        .iter()
        .fold(TestWorkspace::new(), |workspace, plugin| {
            workspace.plugin(plugin).config(&format!(
                "[plugin.{plugin}.limits]\nguest_memory_bytes_max = {MEMORY_BYTES}\n"
            ))
        });
    let host = workspace.host();
    let function_of = |call: &'static str| call.split('(').next().expect("a part");
    assert_eq!(
        rows(
            &host,
            "SELECT name FROM sextant.functions WHERE kind = 'table' ORDER BY name"
        ),
        CALLS.map(|(call, _)| function_of(call)),
        "each has a call here"
    );
    for (call, (columns, many)) in CALLS {
        let sql = |rows: usize| {
            let relation = format!("(SELECT {columns} FROM generate_series(1, {rows}))");
            format!("SELECT count(*) FROM {}", call.replace("{}", &relation))
        };
        let error = failure(&host, &sql(many));
        assert!(error.is_limit(), "{call}: {error:?}");
        let function = function_of(call);
        let plugin = function.split('.').next().expect("a part");
        let (text, hint) = (error.to_string(), error.hint().unwrap_or_default());
        let actual = text
            .strip_prefix(&format!(
                "function \"{function}\": plugin \"{plugin}\": bytes of memory of the instance: "
            ))
            .and_then(|text| text.strip_suffix(&format!(", and the limit is {MEMORY_BYTES}")))
            .unwrap_or_else(|| panic!("{call}: {text}"));
        let actual: usize = actual.parse().expect("a number");
        assert!(actual > MEMORY_BYTES, "{call}: {text}");
        let key = format!("[plugin.{plugin}.limits] guest_memory_bytes_max");
        assert!(hint.contains(&key), "{call}: {hint}");
        assert_eq!(rows(&host, &sql(10)).len(), 1, "{call}");
    }
}
