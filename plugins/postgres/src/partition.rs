//! The parts of a scan: ranges of blocks, by which the server reads a table from anywhere.
//!
//! A table with others below it (its partitions, or what inherits from it) is split by one list of
//! ranges for all of them. Views and foreign tables are not split.
//!
//! A table that is written anew (`VACUUM FULL`, `CLUSTER`) has its rows in other blocks, so parts name
//! the files that they are parts of.

use crate::catalog::Files;
use crate::quoting::operator;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sextant_plugin_sdk::{Error, Partition, Result};

/// Blocks that are worth a connection of their own, 8 MiB.
const BLOCKS_MIN: u64 = 1_024;

/// A part of a scan, which means the same in every session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Part {
    /// The number of the relation: its name may be another's by now.
    pub(crate) oid: u32,
    pub(crate) blocks: Blocks,
    /// Where the blocks are; nothing where all of them are read.
    pub(crate) files: Files,
}

impl Part {
    /// All of a relation.
    pub(crate) fn whole(oid: u32) -> Self {
        Self {
            oid,
            blocks: Blocks::default(),
            files: Files::new(),
        }
    }

    pub(crate) fn to_token(&self) -> Result<Partition> {
        Ok(serde_json::to_vec(self)?)
    }

    pub(crate) fn from_token(token: &[u8]) -> Result<Self> {
        serde_json::from_slice(token)
            .map_err(|error| Error::internal(format!("not a part of this source: {error}")))
    }
}

/// Blocks of every table that a statement reads; all of them by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Blocks {
    /// The first one.
    from: Option<u32>,
    /// The first one that is not.
    to: Option<u32>,
}

impl Blocks {
    /// The conditions on rows of these blocks.
    pub(crate) fn conditions(self) -> impl Iterator<Item = String> {
        let bound = |sign: &str, block: u32| {
            let sign = operator(sign);
            format!("ctid {sign} '({block},0)'::pg_catalog.tid")
        };
        let from = self.from.map(|block| bound(">=", block));
        let to = self.to.map(|block| bound("<", block));
        from.into_iter().chain(to)
    }
}

/// Splits tables of so many blocks into at most so many parts that have about as many blocks each.
/// What is added behind the last block belongs to the last part.
pub(crate) fn split(tables: &[u64], parts: usize) -> Vec<Blocks> {
    let total: u64 = tables.iter().sum();
    let parts = (parts as u64).min(total / BLOCKS_MIN).max(1);
    let longest = tables.iter().copied().max().unwrap_or_default();
    let before = |block: u64| -> u64 { tables.iter().map(|&blocks| blocks.min(block)).sum() };
    let bound = |part: u64| {
        let due = total / parts * part;
        let (mut low, mut high) = (0, longest);
        while low < high {
            let middle = low.midpoint(high);
            match before(middle) < due {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        u32::try_from(low).ok()
    };
    let mut bounds: Vec<_> = (1..parts).filter_map(bound).collect();
    bounds.dedup();
    let starts = std::iter::once(None).chain(bounds.iter().copied().map(Some));
    let ends = bounds.iter().copied().map(Some).chain([None]);
    starts
        .zip(ends)
        .map(|(from, to)| Blocks { from, to })
        .collect()
}

/// Whether a plan of the server reads a table from its first block to its last. One that finds rows by an
/// index is not made better by parts: each of them would look in it again.
pub(crate) fn reads_all(plan: &str) -> Result<bool> {
    let plan: Value = serde_json::from_str(plan)?;
    let mut nodes = vec![&plan[0]["Plan"]];
    while let Some(node) = nodes.pop() {
        let is_plain = matches!(
            node["Node Type"].as_str(),
            Some("Append" | "Gather" | "Limit" | "Seq Scan")
        );
        if !is_plain {
            return Ok(false);
        }
        nodes.extend(node["Plans"].as_array().into_iter().flatten());
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(tables: &[u64], parts: usize) -> Vec<Option<u32>> {
        let parts = split(tables, parts);
        for two in parts.windows(2) {
            assert_eq!(two[0].to, two[1].from);
        }
        assert_eq!(parts[0].from, None);
        parts.iter().map(|part| part.to).collect()
    }

    #[test]
    fn parts_have_about_as_many_blocks_each() {
        assert_eq!(
            bounds(&[10_000], 4),
            [Some(2_500), Some(5_000), Some(7_500), None]
        );
        // 3,000 blocks of each table come before block 3,000, 1,000 of the longer one after it.
        assert_eq!(bounds(&[3_000, 5_000], 2), [Some(2_000), None]);
        assert_eq!(
            bounds(&[3_000, 5_000], 4),
            [Some(1_000), Some(2_000), Some(3_000), None]
        );
    }

    #[test]
    fn small_tables_are_one_part() {
        assert_eq!(bounds(&[], 8), [None]);
        assert_eq!(bounds(&[2_047], 8), [None]);
        assert_eq!(bounds(&[2_048], 8), [Some(1_024), None]);
        assert_eq!(bounds(&[1_000_000], 1), [None]);
    }

    #[test]
    fn parts_are_conditions_and_tokens() {
        let parts = split(&[4_096], 3);
        let conditions: Vec<Vec<_>> = parts
            .iter()
            .map(|part| part.conditions().collect())
            .collect();
        assert_eq!(
            conditions[0],
            ["ctid OPERATOR(pg_catalog.<) '(1365,0)'::pg_catalog.tid"]
        );
        assert_eq!(
            conditions[1],
            [
                "ctid OPERATOR(pg_catalog.>=) '(1365,0)'::pg_catalog.tid",
                "ctid OPERATOR(pg_catalog.<) '(2730,0)'::pg_catalog.tid"
            ]
        );
        assert_eq!(
            conditions[2],
            ["ctid OPERATOR(pg_catalog.>=) '(2730,0)'::pg_catalog.tid"]
        );
        assert_eq!(Blocks::default().conditions().count(), 0);
        for blocks in parts {
            let part = Part {
                blocks,
                files: vec![(16_400, 16_404)],
                ..Part::whole(16_400)
            };
            let token = part.to_token().unwrap();
            assert_eq!(Part::from_token(&token), Ok(part));
        }
        assert!(Part::from_token(b"[]").is_err());
    }

    /// Shapes of what PostgreSQL 15 gives for `EXPLAIN (FORMAT JSON)`.
    #[test]
    fn plans_that_read_a_table_whole_are_told_from_others() {
        let leaf = |kind: &str| format!("{{\"Node Type\": \"{kind}\", \"Plan Rows\": 1}}");
        let above = |kind: &str, below: &[String]| {
            format!(
                "{{\"Node Type\": \"{kind}\", \"Plans\": [{}]}}",
                below.join(", ")
            )
        };
        let is_whole = |plan: String| reads_all(&format!("[{{\"Plan\": {plan}}}]")).unwrap();
        let (whole, index) = (leaf("Seq Scan"), leaf("Index Scan"));
        assert!(is_whole(whole.clone()));
        assert!(is_whole(above("Append", &[whole.clone(), whole.clone()])));
        assert!(is_whole(above(
            "Gather",
            &[above("Append", std::slice::from_ref(&whole))]
        )));
        assert!(!is_whole(index.clone()));
        assert!(!is_whole(above("Append", &[whole, index])));
        assert!(!is_whole(leaf("Bitmap Heap Scan")));
        assert!(!is_whole(leaf("Result")));
        assert!(!reads_all("[]").unwrap());
        assert!(reads_all("").is_err());
    }
}
