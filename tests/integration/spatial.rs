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

/// A ring as well-known binary has it, around a place and so far from it.
fn ring(points: u32, center: f64, radius: impl Fn(u32) -> f64) -> Vec<u8> {
    let corners = (0..=points).map(|corner| {
        let angle = f64::from(corner % points) / f64::from(points) * std::f64::consts::TAU;
        let radius = radius(corner % points);
        coordinates(&[center + radius * angle.cos(), radius * angle.sin()])
    });
    counted(&corners.collect::<Vec<_>>())
}

/// A polygon with such a ring.
fn circle(points: u32) -> Vec<u8> {
    geometry(3, &counted(&[ring(points, 0.0, |_| 1.0)]))
}

/// A line that crosses itself in every second pair of its pieces.
fn crossing_line(points: u32) -> Vec<u8> {
    let places = (0..points).map(|k| match k % 2 {
        0 => coordinates(&[f64::from(k), 0.0]),
        _ => coordinates(&[f64::from(points - k), 1.0]),
    });
    geometry(2, &counted(&places.collect::<Vec<_>>()))
}

/// A line of which the farthest point is always one of its first or last ones.
fn jagged_line(points: u32) -> Vec<u8> {
    let places = (0..points).map(|k| coordinates(&[f64::from(k), f64::from(k % 2)]));
    geometry(2, &counted(&places.collect::<Vec<_>>()))
}

/// A polygon like a comb with long teeth, which stand upright or lie.
fn comb(teeth: u32, is_upright: bool) -> Vec<u8> {
    let (first, last) = (-1.0, f64::from(teeth));
    let mut places = vec![[first, first]];
    for tooth in (0..teeth).map(f64::from) {
        places.extend([[tooth, 0.0], [tooth + 0.25, last], [tooth + 0.5, 0.0]]);
    }
    places.extend([[last, first], [first, first]]);
    let places = places.into_iter().map(|[x, y]| match is_upright {
        true => coordinates(&[x, y]),
        false => coordinates(&[y, x]),
    });
    geometry(3, &counted(&[counted(&places.collect::<Vec<_>>())]))
}

/// Every place where lines cross is kept while two geometries are related: they are counted before.
#[test]
fn lines_that_cross_too_often_are_refused() {
    let host = TestWorkspace::new().host();
    let line = hex(&crossing_line(10_000));
    let (upright, lying) = (comb(400, true), comb(400, false));
    let combs = hex(&geometry(6, &counted(&[upright.clone(), lying.clone()])));
    let (upright, lying) = (hex(&upright), hex(&lying));
    for sql in [
        format!("SELECT st_intersects(x'{line}', st_point(5, 0.5))"),
        // Also where its box meets no other: a constant is prepared before any row is looked at.
        format!(
            "SELECT st_intersects(g, x'{line}') FROM (SELECT st_point(value, 9) AS g FROM generate_series(1, 3))"
        ),
        format!("SELECT st_contains(x'{combs}', st_point(5, 5))"),
        format!("SELECT st_touches(x'{upright}', x'{lying}')"),
    ] {
        let error = failure(&host, &sql);
        assert!(error.is_limit(), "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains(": lines of the geometry cross, touch or end in 5"),
            "{shown}"
        );
        assert!(
            shown.ends_with("places or more, and the limit is 500000"),
            "{shown}"
        );
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("limits.geometry_nodes_max"), "{hint}");
    }
}

/// What takes the square of its points at worst is bounded by its steps.
#[test]
fn what_would_take_too_long_is_refused() {
    let limits = "[limits]\ngeometry_steps_max = 1000000\n";
    let host = TestWorkspace::new().config(limits).host();
    let circle_hex = hex(&circle(1_200));
    let points: Vec<_> = (0..2_000)
        .map(|k| geometry(1, &coordinates(&[f64::from(k) / 2_000.0, 0.0])))
        .collect();
    let points = hex(&geometry(4, &counted(&points)));
    let (jagged, crossing) = (hex(&jagged_line(5_000)), hex(&crossing_line(2_000)));
    let comb = hex(&comb(400, true));
    for (function, arguments) in [
        ("st_intersects", format!("x'{circle_hex}', x'{points}'")),
        ("st_distance", format!("x'{circle_hex}', x'{circle_hex}'")),
        ("st_isvalid", format!("x'{circle_hex}'")),
        ("st_isvalidreason", format!("x'{circle_hex}'")),
        ("st_simplify", format!("x'{jagged}', 0.01")),
        (
            "st_simplifypreservetopology",
            format!("x'{crossing}', 0.01"),
        ),
        ("st_convexhull", format!("x'{circle_hex}'")),
        ("st_orientedenvelope", format!("x'{circle_hex}'")),
        ("st_pointonsurface", format!("x'{comb}'")),
    ] {
        let error = failure(&host, &format!("SELECT {function}({arguments})"));
        assert!(error.is_limit(), "{function}: {error}");
        let shown = error.to_string();
        let begin = format!("{function}: a row would take ");
        assert!(shown.contains(&begin), "{function}: {shown}");
        assert!(
            shown.ends_with("steps, and the limit is 1000000"),
            "{shown}"
        );
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains("limits.geometry_steps_max"), "{hint}");
    }
    // Neither points nor rows are bounded, only what one row takes.
    let few = hex(&circle(200));
    let sql = format!(
        "SELECT count(*) FROM generate_series(1, 1000) WHERE st_intersects(x'{few}', st_point(value, 0))"
    );
    assert_eq!(rows(&host, &sql), ["1"]);
}

/// Sound geometry may have as many points as the coast of a country: a hundred islands in a row.
#[test]
fn sound_geometry_may_be_large() {
    let limits = "[limits]\nsql_bytes_max = 10000000\n";
    let host = TestWorkspace::new().config(limits).host();
    let islands: Vec<_> = (0..100_u32)
        .map(|island| {
            let radius = |corner: u32| 4.0 + f64::from(corner * 79 % 100) / 100.0;
            let coast = ring(1_000, f64::from(island) * 10.0, radius);
            geometry(3, &counted(&[coast]))
        })
        .collect();
    let islands = hex(&geometry(6, &counted(&islands)));
    let sql = format!(
        "SELECT st_npoints(g), st_contains(g, st_point(x, y)), st_distance(g, st_point(x, y)) = 0
         FROM (SELECT x'{islands}' AS g), (VALUES (500.0, 1.0), (5.0, 4.9)) AS p(x, y) ORDER BY x"
    );
    assert_eq!(
        rows(&host, &sql),
        ["100100\tfalse\tfalse", "100100\ttrue\ttrue"]
    );
}

/// The stack is as deep as one geometry needs it, and not all of them, whether they come as bytes or as arrays.
#[test]
fn lines_in_arrays_are_simplified() {
    let host = TestWorkspace::new().host();
    let line = hex(&jagged_line(5_000));
    let simplified = format!(
        "SELECT sum(st_npoints(st_simplify(g, 2))) FROM (SELECT st_geomfromwkb(CASE WHEN value > 0 THEN x'{line}' END) AS g FROM generate_series(1, 200))"
    );
    assert_eq!(rows(&host, &simplified), ["400"]);
}

/// What geodatafusion refuses is an error of the data, and says of which function.
#[test]
fn errors_name_their_function() {
    let host = TestWorkspace::new().host();
    let error = failure(&host, "SELECT st_geomfromtext('nonsense')");
    assert!(error.is_data(), "{error}");
    assert!(error.to_string().contains("st_geomfromtext: "), "{error}");
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
        shown.contains("st_x: it takes points; a row has a LINESTRING"),
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
