//! Batches that are not what they say: each a schema and the raw parts that break it.

use sextant_plugin_sdk::bindings::imports::sextant::plugin::arrow::{
    BatchParam, DataType, Decimal, Dictionary, Field, KeyType, Node, Sink, TimeUnit, Timestamp,
};

/// A batch that breaks something.
pub(crate) struct Bad {
    pub(crate) name: &'static str,
    pub(crate) schema: Vec<Field>,
    rows: u32,
    nodes: Vec<Node>,
    buffers: Vec<Vec<u8>>,
}

impl Bad {
    pub(crate) fn emit(&self, out: &Sink) {
        let buffers: Vec<_> = self.buffers.iter().map(Vec::as_slice).collect();
        out.emit(BatchParam {
            rows: self.rows,
            nodes: &self.nodes,
            buffers: &buffers,
        });
    }
}

fn field(data_type: DataType, nullable: bool, children: u32) -> Field {
    Field {
        name: "a".to_owned(),
        data_type,
        nullable,
        children,
        metadata: Vec::new(),
    }
}

fn node(length: u32, null_count: u32, buffers: u32) -> Node {
    Node {
        length,
        null_count,
        buffers,
    }
}

fn ints(values: &[i32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn longs(values: &[i64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A column of 64-bit integers with the given parts.
fn int64(name: &'static str, nullable: bool, rows: u32, node: Node, buffers: Vec<Vec<u8>>) -> Bad {
    Bad {
        name,
        schema: vec![field(DataType::Int64, nullable, 0)],
        rows,
        nodes: vec![node],
        buffers,
    }
}

/// A text column with the given offsets and bytes.
fn utf8(name: &'static str, offsets: &[i32], bytes: &[u8]) -> Bad {
    let rows = offsets.len().saturating_sub(1) as u32;
    let buffers = vec![vec![], ints(offsets), bytes.to_vec()];
    Bad {
        name,
        schema: vec![field(DataType::Utf8, true, 0)],
        rows,
        nodes: vec![node(rows, 0, 3)],
        buffers,
    }
}

/// Every bad batch. The first is good, to show that the others are not refused for another reason.
pub(crate) fn all() -> Vec<Bad> {
    let mut all = vec![
        int64("good", true, 2, node(2, 0, 2), vec![vec![], longs(&[1, 2])]),
        int64(
            "truncated",
            true,
            2,
            node(2, 0, 2),
            vec![vec![], longs(&[1])],
        ),
        int64(
            "short_bitmap",
            true,
            9,
            node(9, 1, 2),
            vec![vec![0xff], longs(&[0; 9])],
        ),
        int64(
            "false_null_count",
            true,
            2,
            node(2, 1, 2),
            vec![vec![0xff], longs(&[1, 2])],
        ),
        int64(
            "nulls_where_none_may_be",
            false,
            2,
            node(2, 1, 2),
            vec![vec![1], longs(&[1, 2])],
        ),
        int64("too_few_buffers", true, 2, node(2, 0, 2), vec![vec![]]),
        int64(
            "too_many_buffers",
            true,
            2,
            node(2, 0, 2),
            vec![vec![], longs(&[1, 2]), vec![1]],
        ),
        int64(
            "wrong_buffer_count",
            true,
            2,
            node(2, 0, 3),
            vec![vec![], longs(&[1, 2]), vec![]],
        ),
        int64("no_buffers", true, 2, node(2, 0, 0), vec![]),
        int64(
            "wrong_length",
            true,
            2,
            node(1, 0, 2),
            vec![vec![], longs(&[1])],
        ),
        int64(
            "huge_length",
            true,
            u32::MAX,
            node(u32::MAX, 0, 2),
            vec![vec![], vec![]],
        ),
        int64(
            "huge_node",
            true,
            2,
            node(u32::MAX, 0, 2),
            vec![vec![], vec![]],
        ),
        int64(
            "huge_buffer_count",
            true,
            2,
            node(2, 0, u32::MAX),
            vec![vec![], longs(&[1, 2])],
        ),
        utf8("offset_out_of_range", &[0, 1, 9], b"ab"),
        utf8("decreasing_offsets", &[0, 2, 1], b"ab"),
        utf8("negative_offset", &[-1, 1, 2], b"ab"),
        utf8("huge_offset", &[0, i32::MAX, i32::MAX], b"ab"),
        utf8("invalid_utf8", &[0, 1, 2], &[0xff, 0xfe]),
        utf8("split_utf8", &[0, 1, 2], "є".as_bytes()),
    ];
    all.extend(nested());
    all.extend(by_type());
    all.extend(extreme());
    all
}

/// Values at the ends of their types: valid, and beyond what calendars and printing can do.
fn extreme() -> [Bad; 8] {
    let two = |name, data_type, values: Vec<u8>| Bad {
        name,
        schema: vec![field(data_type, true, 0)],
        rows: 2,
        nodes: vec![node(2, 0, 2)],
        buffers: vec![vec![], values],
    };
    let ends = longs(&[i64::MIN, i64::MAX]);
    let timestamp = |unit, zone: Option<&str>| {
        DataType::Timestamp(Timestamp {
            unit,
            zone: zone.map(str::to_owned),
        })
    };
    let widest = DataType::Decimal128(Decimal {
        precision: 38,
        scale: 0,
    });
    let digits = 10_i128.pow(38) - 1;
    let nans = [0x7ff0_0000_0000_0001_u64, 0xffff_ffff_ffff_ffff];
    let nans = nans.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let digits = [digits, -digits];
    let digits = digits.iter().flat_map(|value| value.to_le_bytes());
    [
        two(
            "extreme_seconds",
            timestamp(TimeUnit::Second, None),
            ends.clone(),
        ),
        two(
            "extreme_nanoseconds",
            timestamp(TimeUnit::Nanosecond, None),
            ends.clone(),
        ),
        two(
            "extreme_zoned",
            timestamp(TimeUnit::Microsecond, Some("+14:00")),
            ends.clone(),
        ),
        two(
            "extreme_times",
            DataType::Time64(TimeUnit::Nanosecond),
            ends.clone(),
        ),
        two(
            "extreme_durations",
            DataType::Duration(TimeUnit::Second),
            ends,
        ),
        two(
            "extreme_dates",
            DataType::Date32,
            ints(&[i32::MIN, i32::MAX]),
        ),
        two("nan_payloads", DataType::Float64, nans),
        two("widest_decimals", widest, digits.collect()),
    ]
}

fn nested() -> Vec<Bad> {
    let items = || {
        vec![
            field(DataType::List, true, 1),
            field(DataType::Int64, true, 0),
        ]
    };
    vec![
        Bad {
            name: "missing_node",
            schema: items(),
            rows: 1,
            nodes: vec![node(1, 0, 2)],
            buffers: vec![vec![], ints(&[0, 1])],
        },
        Bad {
            name: "extra_node",
            schema: vec![field(DataType::Int64, true, 0)],
            rows: 1,
            nodes: vec![node(1, 0, 2), node(1, 0, 0)],
            buffers: vec![vec![], longs(&[1])],
        },
        Bad {
            name: "list_beyond_its_items",
            schema: items(),
            rows: 1,
            nodes: vec![node(1, 0, 2), node(1, 0, 2)],
            buffers: vec![vec![], ints(&[0, 7]), vec![], longs(&[1])],
        },
        Bad {
            name: "fixed_size_list_too_short",
            schema: vec![
                field(DataType::FixedSizeList(3), true, 1),
                field(DataType::Int64, true, 0),
            ],
            rows: 2,
            nodes: vec![node(2, 0, 1), node(5, 0, 2)],
            buffers: vec![vec![], vec![], longs(&[0; 5])],
        },
        Bad {
            name: "struct_of_another_length",
            schema: vec![
                field(DataType::Struct, true, 1),
                field(DataType::Int64, true, 0),
            ],
            rows: 2,
            nodes: vec![node(2, 0, 1), node(1, 0, 2)],
            buffers: vec![vec![], vec![], longs(&[1])],
        },
        Bad {
            name: "endless_nulls",
            schema: vec![
                field(DataType::List, true, 1),
                field(DataType::Null, true, 0),
            ],
            rows: 1,
            nodes: vec![node(1, 0, 2), node(u32::MAX, u32::MAX, 0)],
            buffers: vec![vec![], ints(&[0, 1])],
        },
    ]
}

fn by_type() -> Vec<Bad> {
    let dictionary = DataType::Dictionary(Dictionary {
        keys: KeyType::Int32,
        ordered: false,
    });
    let view = |length: u32, index: u32, offset: u32| {
        let prefix = u32::from_le_bytes(*b"abcd");
        [length, prefix, index, offset]
            .iter()
            .flat_map(|part| part.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let one = |name, data_type, buffers: Vec<Vec<u8>>| Bad {
        name,
        schema: vec![field(data_type, true, 0)],
        rows: 1,
        nodes: vec![node(1, 0, buffers.len() as u32)],
        buffers,
    };
    vec![
        Bad {
            name: "key_out_of_range",
            schema: vec![
                field(dictionary.clone(), true, 1),
                field(DataType::Utf8, true, 0),
            ],
            rows: 1,
            nodes: vec![node(1, 0, 2), node(1, 0, 3)],
            buffers: vec![vec![], ints(&[5]), vec![], ints(&[0, 1]), b"a".to_vec()],
        },
        Bad {
            name: "negative_key",
            schema: vec![field(dictionary, true, 1), field(DataType::Utf8, true, 0)],
            rows: 1,
            nodes: vec![node(1, 0, 2), node(1, 0, 3)],
            buffers: vec![vec![], ints(&[-1]), vec![], ints(&[0, 1]), b"a".to_vec()],
        },
        one(
            "view_of_no_buffer",
            DataType::Utf8View,
            vec![vec![], view(20, 3, 0), b"abcdefghijklmnopqrst".to_vec()],
        ),
        one(
            "view_beyond_its_buffer",
            DataType::Utf8View,
            vec![vec![], view(20, 0, 8), b"abcdefghijklmnopqrst".to_vec()],
        ),
        one(
            "view_with_a_false_prefix",
            DataType::Utf8View,
            vec![vec![], view(20, 0, 0), b"zbcdefghijklmnopqrst".to_vec()],
        ),
        one(
            "huge_view",
            DataType::BinaryView,
            vec![vec![], view(u32::MAX, 0, u32::MAX), vec![]],
        ),
        one(
            "too_many_digits",
            DataType::Decimal128(Decimal {
                precision: 2,
                scale: 0,
            }),
            vec![vec![], 1_000_i128.to_le_bytes().to_vec()],
        ),
        one(
            "short_fixed_size_binary",
            DataType::FixedSizeBinary(8),
            vec![vec![], vec![0; 7]],
        ),
    ]
}
