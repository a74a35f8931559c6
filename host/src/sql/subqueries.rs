//! Subqueries that are refused: those that stand where nothing runs them, and those that would be answered wrongly.

use super::failure::to_datafusion;
use crate::error::Error;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};

/// Refuses subqueries that the optimiser has left as they were: it makes joins of those in WHERE and HAVING
/// alone. EXPLAIN shows them as they are.
pub(super) fn check_places(plan: &LogicalPlan) -> Result<()> {
    if matches!(plan, LogicalPlan::Explain(_)) {
        return Ok(());
    }
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| match expr {
                Expr::InSubquery(_) => Err(to_datafusion(misplaced("IN (SELECT ...)"))),
                Expr::Exists(_) => Err(to_datafusion(misplaced("EXISTS (SELECT ...)"))),
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(())
}

fn misplaced(what: &str) -> Error {
    Error::sql(format!("{what} is supported in WHERE and HAVING alone")).with_hint(
        "put it there, or join: SELECT t.k, s.k IS NOT NULL AS is_known FROM t LEFT JOIN (SELECT DISTINCT k FROM s) s ON s.k = t.k",
    )
}

/// Refuses a plan, as it was before it was optimised, in which a null of `IN (SELECT ...)` matters: the join that
/// the optimiser makes of one among other conditions tells whether there is an equal value, and takes what is
/// unknown for no. As a condition of its own it is right, and where no and unknown come to the same.
pub(super) fn check_nulls(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        let (conditions, schema) = match node {
            LogicalPlan::Filter(filter) => (Some(&filter.predicate), filter.input.schema()),
            LogicalPlan::Join(join) => (join.filter.as_ref(), &join.schema),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        for condition in conditions.into_iter().flat_map(split_conjunction) {
            if !matches!(condition, Expr::InSubquery(_)) {
                check_condition(condition, schema, true)?;
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Whether a condition is right if what is unknown of it is taken for no, where it is `wanted`, or else for yes.
fn check_condition(condition: &Expr, schema: &DFSchema, wanted: bool) -> Result<()> {
    match condition {
        Expr::Alias(alias) => check_condition(&alias.expr, schema, wanted),
        Expr::Not(inner) => check_condition(inner, schema, !wanted),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::And | Operator::Or,
            right,
        }) => {
            check_condition(left, schema, wanted)?;
            check_condition(right, schema, wanted)
        }
        Expr::InSubquery(within) if wanted != within.negated => Ok(()),
        other => {
            other.apply(|expr| match expr {
                Expr::InSubquery(within) if may_be_null(within, schema)? => {
                    Err(to_datafusion(unknown(within.negated)))
                }
                _ => Ok(TreeNodeRecursion::Continue),
            })?;
            Ok(())
        }
    }
}

fn may_be_null(within: &InSubquery, schema: &DFSchema) -> Result<bool> {
    let values = within.subquery.subquery.schema();
    let are_nullable = values.fields().iter().any(|field| field.is_nullable());
    Ok(are_nullable || within.expr.nullable(schema)?)
}

fn unknown(negated: bool) -> Error {
    let what = if negated { "NOT IN" } else { "IN" };
    Error::sql(format!(
        "{what} (SELECT ...) of values that may be null is supported as a condition of its own alone: here its null could not be told from no"
    ))
    .with_hint("write EXISTS, which is never null, and say what becomes of nulls: t.k IS NOT NULL AND NOT EXISTS (SELECT 1 FROM s WHERE s.k = t.k)")
}
