//! From the optimised plan to one that runs: look-ups by key, calls of table functions, and what
//! plugins used where that is asked for. Subqueries that stand where nothing runs them are refused.

use super::failure::to_datafusion;
use super::function::TableCalls;
use super::key_lookup::{self, KeyLookups};
use super::options::QueryOptions;
use super::usage::PluginUsage;
use crate::error::Error;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use std::sync::Arc;

/// The planner of all sessions.
#[derive(Debug)]
pub(super) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        check_subqueries(plan)?;
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![
            Arc::new(TableCalls),
            Arc::new(KeyLookups),
        ]);
        let plan = key_lookup::rewrite(plan.clone())?;
        let planned = planner.create_physical_plan(&plan, session).await?;
        match (plan, QueryOptions::of(session.config_options())) {
            (LogicalPlan::Analyze(_), Some(query)) => {
                let inputs = planned.children().into_iter();
                let shown = inputs.map(|input| {
                    Arc::new(PluginUsage::new(input, &query.scope)) as Arc<dyn ExecutionPlan>
                });
                let shown = shown.collect();
                replace_children_if_necessary(Arc::clone(&planned), shown)
            }
            _ => Ok(planned),
        }
    }
}

/// Refuses subqueries that the optimiser has left as they were: it makes joins of those in WHERE and HAVING
/// alone. EXPLAIN shows them as they are.
fn check_subqueries(plan: &LogicalPlan) -> Result<()> {
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
