//! Geometry as maps take it: columns of well-known binary (OGC 06-103r4), with the GeoArrow name of
//! the extension and the coordinate reference system in the field.

use crate::metric::Metric;
use arrow_array::ArrayRef;
use arrow_array::builder::BinaryBuilder;
use arrow_schema::{DataType, Field};
use std::collections::HashMap;
use std::sync::Arc;

const LITTLE_ENDIAN: u8 = 1;
const POINT: u32 = 1;
const POLYGON: u32 = 3;

/// Bytes of a point; of a polygon of one ring without its corners; of a pair of coordinates.
const POINT_BYTES: usize = 21;
const POLYGON_BYTES: usize = 13;
const PAIR_BYTES: usize = 16;

/// The field of a geometry: `geoarrow.wkb`, in longitude and latitude (OGC:CRS84), or in a plane
/// of which nothing more is known.
pub(crate) fn field(metric: Metric, nullable: bool) -> Field {
    let extension = match metric {
        Metric::Sphere => r#"{"crs":"OGC:CRS84"}"#,
        Metric::Planar => "{}",
    };
    let metadata = [
        ("ARROW:extension:name", "geoarrow.wkb"),
        ("ARROW:extension:metadata", extension),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Field::new("geometry", DataType::Binary, nullable).with_metadata(HashMap::from(metadata))
}

/// A column of points.
pub(crate) fn points(x: &[f64], y: &[f64]) -> ArrayRef {
    let mut column = BinaryBuilder::with_capacity(x.len(), x.len() * POINT_BYTES);
    let mut wkb = Vec::with_capacity(POINT_BYTES);
    for (x, y) in x.iter().zip(y) {
        start(&mut wkb, POINT);
        put_pair(&mut wkb, [*x, *y]);
        column.append_value(&wkb);
    }
    Arc::new(column.finish())
}

/// A column of polygons without holes, each by its corners; null where there are none.
pub(crate) fn polygons<R: AsRef<[[f64; 2]]>>(rings: impl Iterator<Item = Option<R>>) -> ArrayRef {
    let mut column = BinaryBuilder::new();
    let mut wkb = Vec::new();
    for ring in rings {
        match ring {
            Some(ring) => {
                put_polygon(&mut wkb, ring.as_ref());
                column.append_value(&wkb);
            }
            None => column.append_null(),
        }
    }
    Arc::new(column.finish())
}

/// A polygon of one ring. The corners stand counterclockwise, each once; the ring is closed here.
fn put_polygon(wkb: &mut Vec<u8>, corners: &[[f64; 2]]) {
    start(wkb, POLYGON);
    let closing = corners.first();
    let pairs = corners.len() + closing.iter().len();
    wkb.reserve(POLYGON_BYTES + pairs * PAIR_BYTES);
    wkb.extend(1_u32.to_le_bytes());
    wkb.extend((pairs as u32).to_le_bytes());
    for corner in corners.iter().chain(closing) {
        put_pair(wkb, *corner);
    }
}

fn start(wkb: &mut Vec<u8>, kind: u32) {
    wkb.clear();
    wkb.push(LITTLE_ENDIAN);
    wkb.extend(kind.to_le_bytes());
}

fn put_pair(wkb: &mut Vec<u8>, pair: [f64; 2]) {
    wkb.extend(pair.iter().flat_map(|part| part.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What `shapely.to_wkb(.., hex=True)` says of the same geometries, shapely 2.2.0.
    #[test]
    fn bytes_are_those_of_shapely() {
        let column = points(&[30.5], &[-50.25]);
        assert_eq!(
            hex(column.as_binary::<i32>().value(0)),
            "01010000000000000000803e4000000000002049c0"
        );
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]];
        let column = polygons([Some(square), None].into_iter());
        assert_eq!(
            hex(column.as_binary::<i32>().value(0)),
            "0103000000010000000500000000000000000000000000000000000000000000000000004000000000000000000000000000000040000000000000f03f0000000000000000000000000000f03f00000000000000000000000000000000"
        );
        assert!(column.is_null(1));
    }
}
