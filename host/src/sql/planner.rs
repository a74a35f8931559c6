//! From the optimised plan to one that runs: look-ups by key, calls of table functions, and what
//! plugins used where that is asked for.

use super::function::TableCalls;
use super::key_lookup::{self, KeyLookups};
use super::options::QueryOptions;
use super::subqueries;
use super::usage::PluginUsage;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
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
        subqueries::check_places(plan)?;
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
