//! Spatial SQL on geometry of plugins and files, and on what is none. What functions give on sound geometry
//! is in `tests/slt/spatial.slt`; here is where geometry comes from, and what must not get through.

use sextant::Host;
use sextant_tests::{TestWorkspace, failure, rows, sextant_command};
use std::process::{Command, Stdio};

/// Every way in which geometry is read: by its bytes, its points, its bounds, its parts, as arrays, by the
/// algorithms of geo, and by the aggregate.
const CALLS: [&str; 9] = [
    "st_astext(g)",
    "st_npoints(g)",
    "st_x(g)",
    "st_xmin(g)",
    "st_zmax(g)",
    "st_dump(g)",
    "st_geomfromwkb(g)",
    "st_intersects(g, st_point(1, 2))",
    "st_extent(g)",
];

/// What all of them say of bytes that are no geometry.
fn assert_refused(host: &Host, geometry: &str, message: &str) {
    for call in CALLS {
        let sql = format!("SELECT {call} FROM (SELECT {geometry} AS g)");
        let error = failure(host, &sql);
        assert!(error.is_data(), "{sql}: {error}");
        assert!(error.to_string().contains(message), "{sql}: {error}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A geometry in little endian: its code, and what comes after.
fn geometry(code: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(code.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// A count and the parts.
fn counted(parts: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(parts.len()).expect("there are few");
    let mut bytes = count.to_le_bytes().to_vec();
    bytes.extend(parts.concat());
    bytes
}

fn coordinates(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// One of each kind, some with heights, and one as PostGIS writes a reference system.
fn one_of_each_kind() -> Vec<Vec<u8>> {
    let corners = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 0.0]];
    let ring = counted(&corners.map(|corner| coordinates(&corner)));
    let point = geometry(1, &coordinates(&[1.0, 2.0]));
    let high_point = geometry(1001, &coordinates(&[1.0, 2.0, 3.0]));
    let line = geometry(2, &ring);
    let polygon = geometry(3, &counted(&[ring.clone(), ring]));
    let system = [4326_u32.to_le_bytes().to_vec(), coordinates(&[1.0, 2.0])].concat();
    vec![
        geometry(4, &counted(&[point.clone(), point.clone()])),
        geometry(5, &counted(&[line.clone(), line.clone()])),
        geometry(6, &counted(&[polygon.clone(), polygon.clone()])),
        geometry(7, &counted(&[point.clone(), line.clone()])),
        geometry(0x2000_0001, &system),
        point,
        high_point,
        line,
        polygon,
    ]
}

/// Nothing that ends too early gets through, wherever it ends; the whole does.
#[test]
fn geometry_that_is_cut_off_is_an_error() {
    let host = TestWorkspace::new().host();
    for whole in one_of_each_kind() {
        let whole_hex = hex(&whole);
        let text = format!("SELECT st_astext(x'{whole_hex}')");
        assert_eq!(rows(&host, &text).len(), 1, "{whole_hex}");
        for end in 0..whole.len() {
            let cut = format!("SELECT st_astext(x'{}')", hex(&whole[..end]));
            let error = failure(&host, &cut);
            assert!(error.is_data(), "{cut}: {error}");
            let shown = error.to_string();
            assert!(shown.contains("malformed geometry: it "), "{cut}: {shown}");
        }
    }
    assert_refused(&host, "x''", "malformed geometry: it ends too early");
    assert_refused(
        &host,
        "x'0101000000'",
        "malformed geometry: it ends too early",
    );
}

/// Counts are believed as far as there are bytes for them, and codes and byte orders that nothing has are no geometry.
#[test]
fn geometry_that_lies_is_an_error() {
    let host = TestWorkspace::new().host();
    for code in [2, 3, 4, 5, 6, 7, 1002, 3006, 0xC000_0003] {
        let lie = hex(&geometry(code, &u32::MAX.to_le_bytes()));
        assert_refused(
            &host,
            &format!("x'{lie}'"),
            "malformed geometry: it counts 4294967295 parts",
        );
    }
    let in_part = hex(&geometry(
        6,
        &counted(&[geometry(3, &u32::MAX.to_le_bytes())]),
    ));
    assert_refused(
        &host,
        &format!("x'{in_part}'"),
        "malformed geometry: it counts 4294967295 parts",
    );
    // Curves, triangles, dimensions that there are not, and flags beside a code that has dimensions.
    for code in [0, 8, 17, 4001, 0x1000_0001, 0x8000_03E9, 0x2000_03E9] {
        let unknown = hex(&geometry(code, &[0; 64]));
        assert_refused(
            &host,
            &format!("x'{unknown}'"),
            &format!("malformed geometry: {code} is the code of no geometry"),
        );
    }
    assert_refused(
        &host,
        "x'0201000000'",
        "malformed geometry: 2 is no byte order",
    );
}

/// Depth costs stack in whatever walks through it. It has a bound, at which nothing is lost yet.
#[test]
fn geometry_has_a_depth() {
    let host = TestWorkspace::new().host();
    let nested = |depth: usize| {
        format!(
            "decode(concat(repeat('010700000001000000', {depth}), '0101000000000000000000f03f0000000000000040'), 'hex')"
        )
    };
    let deepest = nested(32);
    assert_eq!(
        rows(
            &host,
            &format!("SELECT st_npoints({deepest}), st_area({deepest})")
        ),
        ["1\t0.0"]
    );
    for depth in [33, 100_000] {
        assert_refused(
            &host,
            &nested(depth),
            "geometry is nested deeper than 32 collections",
        );
    }
    let text = "concat(repeat('GEOMETRYCOLLECTION(', 100000), 'POINT(1 2)', repeat(')', 100000))";
    for call in ["st_geomfromtext", "st_x", "st_area", "st_extent"] {
        let error = failure(&host, &format!("SELECT {call}({text})"));
        assert!(error.is_data(), "{call}: {error}");
        let shown = error.to_string();
        assert!(shown.contains("nested deeper than 32"), "{call}: {shown}");
    }
}

/// Lines of many points are simplified on a stack of their own. Of points that are all the same, the first and
/// the last are left.
#[test]
fn a_long_line_is_simplified() {
    let host = TestWorkspace::new().host();
    // 20,000 points, which is 0x4e20.
    let line = "decode(concat('0102000000', '204e0000', repeat('000000000000f03f0000000000000040', 20000)), 'hex')";
    assert_eq!(
        rows(
            &host,
            &format!("SELECT st_npoints({line}), st_npoints(st_simplify({line}, 1))")
        ),
        ["20000\t2"]
    );
}

/// Points of a plugin, and of the GeoParquet file that was made of them, give what they were made of.
#[test]
fn points_of_plugins_and_files() {
    let feature = |name: &str, geometry: &str| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\"}},\"geometry\":{geometry}}}\n"
        )
    };
    let point = |place: &str| format!("{{\"type\":\"Point\",\"coordinates\":{place}}}");
    let features = [
        feature("a", &point("[-126,48]")),
        feature("b", &point("[30.5,50.25]")),
        feature("c", "null"),
    ];
    let line = "{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}";
    let mixed = [feature("a", &point("[1,2]")), feature("b", line)];
    let workspace = TestWorkspace::new()
        .plugin("geo")
        .file("points.geojson", features.concat())
        .file("mixed.geojson", mixed.concat())
        .config(
            "[source.map]\nplugin = \"geo\"\ninputs = { points = \"points.geojson\", mixed = \"mixed.geojson\" }\n\
             config = { layers = { points = { input = \"points\" }, mixed = { input = \"mixed\" } } }\n",
        );
    let file = workspace.path("points.parquet").display().to_string();
    let output = Command::new(sextant_command())
        .args(["query", "-c", "SELECT name, geometry FROM map.points"])
        .args(["--format", "parquet", "-o", &file, "--workspace"])
        .arg(workspace.workspace().root())
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let host = workspace.host();
    for table in ["map.points".to_owned(), format!("'{file}'")] {
        let found = rows(
            &host,
            &format!(
                "SELECT name, st_x(geometry), st_y(geometry), st_z(geometry), st_geohash(geometry) FROM {table} ORDER BY name"
            ),
        );
        // The first is the example of PostGIS's documentation; the second is what twenty lines of Python, which
        // halve longitude and latitude in turn, make of its place.
        assert_eq!(
            found,
            [
                "a\t-126.0\t48.0\tNULL\tc0w3hf1s70w3",
                "b\t30.5\t50.25\tNULL\tu8vty59rmwbm",
                "c\tNULL\tNULL\tNULL\tNULL",
            ],
            "{table}"
        );
        let extent = rows(
            &host,
            &format!(
                "SELECT st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e) FROM (SELECT st_extent(geometry) AS e FROM {table})"
            ),
        );
        assert_eq!(extent, ["-126.0\t48.0\t30.5\t50.25"], "{table}");
    }
    let error = failure(&host, "SELECT st_x(geometry) FROM map.mixed");
    let shown = error.to_string();
    assert!(
        shown.contains("st_x takes points; a row has a LINESTRING"),
        "{shown}"
    );
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("st_centroid"), "{hint}");
    assert_eq!(
        rows(
            &host,
            "SELECT st_x(geometry) FROM map.mixed WHERE st_geometrytype(geometry) = 'ST_Point'"
        ),
        ["1.0"]
    );
}
