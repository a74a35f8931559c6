//! Table functions: `SELECT * FROM graph.components((SELECT a, b FROM links), seed => 1)`. A call is
//! planned as a node of its own with its relations as inputs, and runs an instance a partition.

mod call;
mod exec;

pub(in crate::sql) use exec::TableCalls;

use super::Callee;
use crate::error::Error;
use crate::sql::failure::to_datafusion;
use crate::sql::options::QueryOptions;
use crate::wasm::{TableArguments, TableShape};
use arrow::array::ArrayRef;
use arrow::datatypes::{Field, FieldRef};
use call::TableCallNode;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, FunctionArg, FunctionArgExpr, ObjectName, TableFactor,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The table functions of a generation, by their names.
#[derive(Debug, Default)]
pub(super) struct TableFunctions(HashMap<String, Arc<Callee>>);

impl TableFunctions {
    pub(super) fn new<'a>(callees: impl IntoIterator<Item = &'a Arc<Callee>>) -> Self {
        let mut functions = HashMap::new();
        for callee in callees {
            let names = std::iter::once(&callee.full_name).chain(&callee.aliases);
            functions.extend(names.map(|name| (name.clone(), Arc::clone(callee))));
        }
        Self(functions)
    }
}

/// Plans calls of table functions in FROM.
#[derive(Debug)]
pub(super) struct TableFunctionPlanner(pub(super) Arc<TableFunctions>);

impl RelationPlanner for TableFunctionPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (name, arguments, alias) = match &relation {
            TableFactor::Table {
                name,
                args: Some(arguments),
                alias,
                ..
            } => (name, &arguments.args, alias),
            TableFactor::Function {
                lateral: false,
                name,
                args,
                alias,
                ..
            } => (name, args, alias),
            _ => return Ok(RelationPlanning::Original(Box::new(relation))),
        };
        let full_name = dotted(name, context);
        let Some(callee) = self.0.0.get(&full_name) else {
            // DataFusion would look for a table function that has the plugin's name.
            if name.0.len() > 1 {
                let error = Error::sql(format!("there is no table function {full_name:?}"));
                return Err(to_datafusion(error.with_hint(
                    "there are: SELECT name FROM sextant.functions WHERE kind = 'table'",
                )));
            }
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let (arguments, alias) = (arguments.clone(), alias.clone());
        let given = Given::new(callee, arguments, context)?;
        let plan = given.plan(callee, context)?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan, alias,
        ))))
    }
}

fn dotted(name: &ObjectName, context: &dyn RelationPlannerContext) -> String {
    let parts = name.0.iter().filter_map(|part| part.as_ident().cloned());
    let parts: Vec<_> = parts.map(|part| context.normalize_ident(part)).collect();
    parts.join(".")
}

/// The arguments of a call, by the positions of what they are for.
struct Given {
    relations: Vec<Option<LogicalPlan>>,
    values: Vec<Option<ScalarValue>>,
}

impl Given {
    fn new(
        callee: &Callee,
        arguments: Vec<FunctionArg>,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<Self> {
        let function = &callee.function;
        let mut given = Self {
            relations: vec![None; function.relations.len()],
            values: vec![None; function.parameters.len()],
        };
        for argument in arguments {
            let (name, value) = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (None, value),
                FunctionArg::Named {
                    name,
                    arg: FunctionArgExpr::Expr(value),
                    ..
                } => (Some(context.normalize_ident(name)), value),
                FunctionArg::ExprNamed {
                    name: SqlExpr::Identifier(name),
                    arg: FunctionArgExpr::Expr(value),
                    ..
                } => (Some(context.normalize_ident(name)), value),
                other => return Err(refuse(callee, format!("does not take {other}"))),
            };
            match value {
                SqlExpr::Subquery(query) => {
                    let names = function.relations.iter().map(|relation| &relation.name);
                    let place = place(callee, "relation", name, names, &given.relations)?;
                    let plan = context.plan(TableFactor::Derived {
                        lateral: false,
                        subquery: query,
                        alias: None,
                        sample: None,
                    })?;
                    given.relations[place] = Some(plan);
                }
                value => {
                    let names = function.parameters.iter().map(|parameter| &parameter.name);
                    let place = place(callee, "argument", name, names, &given.values)?;
                    given.values[place] = Some(constant(callee, place, value, context)?);
                }
            }
        }
        Ok(given)
    }

    fn plan(
        self,
        callee: &Arc<Callee>,
        context: &dyn RelationPlannerContext,
    ) -> Result<LogicalPlan> {
        let named = self.relations.into_iter().zip(&callee.function.relations);
        let inputs = named.map(|(input, relation)| {
            input.ok_or_else(|| {
                let message = format!("relation ({}) is missing", relation.name);
                refuse(callee, message)
            })
        });
        let inputs: Vec<LogicalPlan> = inputs.collect::<Result<_>>()?;
        let call = call_of(callee, self.values)?;
        let relations = inputs
            .iter()
            .map(|input| Arc::new(input.schema().as_arrow().clone()));
        let constants = call.constants.into_iter().flatten();
        let arguments = TableArguments {
            relations: relations.collect(),
            fields: call.fields,
            constants: constants.collect(),
        };
        let query = QueryOptions::of(context.context_provider().options());
        let scope = query.map_or_else(|| callee.own_scope(), |query| Arc::clone(&query.scope));
        let shape = TableShape::bind(&callee.plugin, &scope, &callee.function.name, &arguments)
            .map_err(to_datafusion)?;
        let node = TableCallNode::new(callee, arguments, call.key, shape, inputs)?;
        Ok(LogicalPlan::Extension(Extension {
            node: Arc::new(node),
        }))
    }
}

/// The call's arguments that are no relations: values, and defaults for those not given.
fn call_of(callee: &Callee, values: Vec<Option<ScalarValue>>) -> Result<super::Call> {
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut constants: Vec<Option<ArrayRef>> = Vec::new();
    for (value, parameter) in values.into_iter().zip(&callee.function.parameters) {
        let value = match (value, &parameter.default) {
            (Some(value), _) => value.to_array()?,
            (None, Some(default)) => Arc::clone(default),
            (None, None) => {
                let message = format!("argument {} is missing", parameter.name);
                return Err(refuse(callee, message));
            }
        };
        let wanted = callee.coerce(fields.len(), value.data_type());
        let wanted = wanted.unwrap_or_else(|| value.data_type().clone());
        fields.push(Arc::new(Field::new(&parameter.name, wanted, true)));
        constants.push(Some(value));
    }
    callee.call(&fields, constants)
}

/// Where an argument belongs: by its name, or as the next that has none.
fn place<'a, T>(
    callee: &Callee,
    what: &str,
    name: Option<String>,
    names: impl Iterator<Item = &'a String>,
    given: &[Option<T>],
) -> Result<usize> {
    let names: Vec<_> = names.collect();
    let position = match &name {
        Some(name) => names.iter().position(|known| *known == name),
        None => given.iter().position(Option::is_none),
    };
    let shown = name.map_or_else(String::new, |name| format!(" {name}"));
    match position {
        None if shown.is_empty() => Err(refuse(callee, format!("takes {} {what}s", names.len()))),
        None => Err(refuse(callee, format!("takes no {what}{shown}"))),
        Some(position) if given[position].is_some() => {
            Err(refuse(callee, format!("{what}{shown} is given twice")))
        }
        Some(position) => Ok(position),
    }
}

fn constant(
    callee: &Callee,
    place: usize,
    value: SqlExpr,
    context: &mut dyn RelationPlannerContext,
) -> Result<ScalarValue> {
    let shown = value.to_string();
    let value = context.sql_to_expr(value, &DFSchema::empty())?;
    let simplifier = ExprSimplifier::new(SimplifyContext::builder().with_current_time().build());
    match simplifier.simplify(value)? {
        Expr::Literal(value, _) => Ok(value),
        _ => Err(refuse(
            callee,
            format!(
                "argument {} must be a constant or, for a relation, a query in parentheses; it is {shown}",
                place + 1
            ),
        )),
    }
}

fn refuse(callee: &Callee, message: String) -> datafusion::common::DataFusionError {
    to_datafusion(callee.misused(message))
}
