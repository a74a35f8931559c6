//! Where an answer that is missing would look like no hit: below a join that also gives rows without a partner, and in
//! a subquery that is a value. A table that is asked by key is not gone without there, whatever
//! `sextant.on_source_error` says, and whether its keys are looked up or constants.

use super::{KeyLookupNode, scanned};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Extension, LogicalPlan, TableScan};
use std::sync::Arc;

/// Makes the tables of a plan strict that have to be. `shows` is whether what a row of the plan is missing for would
/// look like no hit.
pub(super) fn guard(plan: LogicalPlan, shows: bool) -> Result<LogicalPlan> {
    let guarded = |plan| guard(plan, true).map(Transformed::yes);
    let plan = plan.map_subqueries(guarded)?.data;
    match plan {
        LogicalPlan::TableScan(scan) if shows => Ok(LogicalPlan::TableScan(strict(scan)?)),
        LogicalPlan::Join(mut join) => {
            let (left, right) = is_told_by_absence(join.join_type);
            join.left = guard(Arc::unwrap_or_clone(join.left), shows || left)?.into();
            join.right = guard(Arc::unwrap_or_clone(join.right), shows || right)?.into();
            Ok(LogicalPlan::Join(join))
        }
        LogicalPlan::Extension(Extension { node }) => {
            let node = match node.as_any().downcast_ref::<KeyLookupNode>() {
                Some(look_up) => {
                    let (left, right) = is_told_by_absence(look_up.join_type);
                    let mut look_up = look_up.clone();
                    if shows || left || right {
                        look_up.scan = strict(look_up.scan)?;
                    }
                    Arc::new(look_up)
                }
                None => node,
            };
            below(LogicalPlan::Extension(Extension { node }), shows)
        }
        other => below(other, shows),
    }
}

fn below(plan: LogicalPlan, shows: bool) -> Result<LogicalPlan> {
    let guarded = plan.map_children(|plan| guard(plan, shows).map(Transformed::yes))?;
    Ok(guarded.data)
}

/// Whether a join tells by what is missing on its left, and on its right, that a row has no partner there.
fn is_told_by_absence(join_type: JoinType) -> (bool, bool) {
    match join_type {
        JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => (false, false),
        JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark => (false, true),
        JoinType::Right | JoinType::RightAnti | JoinType::RightMark => (true, false),
        JoinType::Full => (true, true),
    }
}

/// The same scan, of a table that is not gone without if it is asked by key.
fn strict(mut scan: TableScan) -> Result<TableScan> {
    if let Some(table) = scanned(&scan)? {
        scan.source = provider_as_source(Arc::new(table.strict()));
    }
    Ok(scan)
}
