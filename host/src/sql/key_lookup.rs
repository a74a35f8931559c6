//! Joins with tables that can only be asked by key: `FROM crossings c JOIN find.travel_documents t ON
//! t.number = c.document`. The table is not scanned. The other side is read batch by batch, the keys in
//! it that are new are asked for, and the batch is joined with what came back.
//!
//! Before a plan becomes physical, [`rewrite`] looks for such joins: one side is a scan of a table
//! whose required keys are not given by constants, with nothing but filters, projections, aliases and
//! groups of its keys above it; and the join says what each of these keys equals. The join then becomes a
//! [`KeyLookupNode`] over the *other* side. The join itself is kept, as a template: over both sides as
//! leaves, which are filled with a batch and the rows of its keys each time. So every kind of join means
//! what it means elsewhere. It works for all kinds that want no row of the table that the other
//! side does not ask for.
//!
//! What a scan needs and is not given, however it came about, is refused where it is planned
//! (`SourceTable::scan`).

mod cache;
mod exec;
mod no_hit;

pub(super) use exec::KeyLookups;

use super::failure::to_datafusion;
use super::source::SourceTable;
use crate::error::Error;
use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchemaRef, JoinType, NullEquality, Result, internal_err};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{
    Expr, Extension, Join, LogicalPlan, LogicalPlanBuilder, TableScan, UserDefinedLogicalNodeCore,
    col,
};
use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A plan whose joins with tables that are asked by key are look-ups.
pub(super) fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Join(join) => match look_up(&join)? {
            Some(node) => Ok(Transformed::yes(LogicalPlan::Extension(Extension {
                node: Arc::new(node),
            }))),
            None => Ok(Transformed::no(LogicalPlan::Join(join))),
        },
        other => Ok(Transformed::no(other)),
    })?;
    no_hit::guard(rewritten.data, false)
}

/// A key of the table, and what the other side says it equals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub(super) struct Key {
    /// The column, among those of the table.
    column: usize,
    /// Over the other side.
    equals: Expr,
}

/// The node of a look-up: the other side is its input.
#[derive(Clone, Debug)]
pub(super) struct KeyLookupNode {
    input: LogicalPlan,
    /// The join over two leaves.
    template: LogicalPlan,
    /// The scan that is not done.
    scan: TableScan,
    join_type: JoinType,
    keys: Vec<Key>,
    schema: DFSchemaRef,
}

/// One side of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SideNode {
    side: Side,
    schema: DFSchemaRef,
}

/// What a leaf of a template is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd)]
enum Side {
    /// A batch of the other side.
    Asking,
    /// The rows of its keys.
    Asked,
}

/// The look-up that a join is, if it is one.
fn look_up(join: &Join) -> Result<Option<KeyLookupNode>> {
    for asked_is_right in [true, false] {
        let (asked, asking) = match asked_is_right {
            true => (&join.right, &join.left),
            false => (&join.left, &join.right),
        };
        let Some(scan) = scan_by_key(asked) else {
            continue;
        };
        let missing = missing_keys(scan)?;
        if missing.is_empty() {
            continue;
        }
        let mut keys = Vec::new();
        for column in missing {
            let pairs = join.on.iter().map(|(left, right)| match asked_is_right {
                true => (right, left),
                false => (left, right),
            });
            let mut equals = pairs.filter(|(own, _)| key_column(own, asked) == Some(column));
            match equals.next() {
                Some((_, equals)) => keys.push(Key {
                    column,
                    equals: equals.clone(),
                }),
                None => break,
            }
        }
        if keys.len() < missing_keys(scan)?.len() {
            continue;
        }
        return KeyLookupNode::new(join, asked_is_right, asked, asking, scan, keys).map(Some);
    }
    Ok(None)
}

/// The scan of a table that is asked by key below what needs no more than the rows of a key to give
/// those of it: filters, projections, aliases, and groups. That the keys are among what is grouped by
/// is seen where the keys are looked for ([`key_column`]).
fn scan_by_key(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let table = scanned(scan).ok()??;
            (!table.required_keys().is_empty()).then_some(scan)
        }
        LogicalPlan::Filter(filter) => scan_by_key(&filter.input),
        LogicalPlan::Projection(projection) => scan_by_key(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => scan_by_key(&alias.input),
        LogicalPlan::Aggregate(aggregate) => scan_by_key(&aggregate.input),
        _ => None,
    }
}

/// The table of a source that is scanned, if it is one.
fn scanned(scan: &TableScan) -> Result<Option<SourceTable>> {
    let provider = source_as_provider(&scan.source)?;
    Ok((provider.as_ref() as &dyn Any).downcast_ref().cloned())
}

/// The required keys that no constant gives.
fn missing_keys(scan: &TableScan) -> Result<Vec<usize>> {
    Ok(match scanned(scan)? {
        Some(table) => table.missing_keys(&scan.filters),
        None => Vec::new(),
    })
}

/// The column of the table that an expression above its scan is, seen through what keeps its values
/// apart.
fn key_column(expr: &Expr, plan: &LogicalPlan) -> Option<usize> {
    let (column, widened) = plain_column(expr)?;
    let at = plan.schema().maybe_index_of_column(column)?;
    let found = match plan {
        LogicalPlan::TableScan(scan) => match &scan.projection {
            Some(projection) => projection.get(at).copied(),
            None => Some(at),
        },
        LogicalPlan::Filter(filter) => key_column(&Expr::Column(column.clone()), &filter.input),
        LogicalPlan::SubqueryAlias(alias) => {
            let (table, field) = alias.input.schema().qualified_field(at);
            let below = Column::from((table, field));
            key_column(&Expr::Column(below), &alias.input)
        }
        LogicalPlan::Projection(projection) => {
            key_column(projection.expr.get(at)?, &projection.input)
        }
        // Grouping sets also make groups of all keys together; they are no columns.
        LogicalPlan::Aggregate(aggregate) => {
            key_column(aggregate.group_expr.get(at)?, &aggregate.input)
        }
        _ => None,
    }?;
    let own_type = plan.schema().field(at).data_type();
    widened
        .is_none_or(|wide| keeps_apart(own_type, wide))
        .then_some(found)
}

/// The column that an expression is, and the type that it is cast to, if it is.
fn plain_column(expr: &Expr) -> Option<(&Column, Option<&DataType>)> {
    match expr {
        Expr::Column(column) => Some((column, None)),
        Expr::Alias(alias) => plain_column(&alias.expr),
        Expr::Cast(cast) => match plain_column(&cast.expr)? {
            (column, None) => Some((column, Some(cast.field.data_type()))),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a cast gives equal values for equal ones alone, and can be undone: then what the cast
/// equals tells the key.
fn keeps_apart(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Int8, Int16, Int32, Int64, LargeUtf8, UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
    };
    let texts = |data_type: &DataType| matches!(data_type, Utf8 | LargeUtf8 | Utf8View);
    let signed = |data_type: &DataType| match data_type {
        Int8 => Some(8),
        Int16 => Some(16),
        Int32 => Some(32),
        Int64 => Some(64),
        _ => None,
    };
    let unsigned = |data_type: &DataType| match data_type {
        UInt8 => Some(8),
        UInt16 => Some(16),
        UInt32 => Some(32),
        UInt64 => Some(64),
        _ => None,
    };
    match (signed(from), signed(to), unsigned(from), unsigned(to)) {
        (Some(from), Some(to), _, _) | (_, _, Some(from), Some(to)) => from <= to,
        (_, Some(to), Some(from), _) => from < to,
        _ => from == to || texts(from) && texts(to),
    }
}

impl KeyLookupNode {
    fn new(
        join: &Join,
        asked_is_right: bool,
        asked: &LogicalPlan,
        asking: &Arc<LogicalPlan>,
        scan: &TableScan,
        mut keys: Vec<Key>,
    ) -> Result<Self> {
        let name = scan.table_name.to_string();
        let refuse = |why: &str, hint: &str| {
            let error = Error::sql(format!(
                "table {name} can only be asked by its key, and {why}"
            ));
            Err(to_datafusion(error.with_hint(hint)))
        };
        if join.null_equality == NullEquality::NullEqualsNull {
            return refuse(
                "a key is never null",
                "join by = instead of IS NOT DISTINCT FROM",
            );
        }
        if join.null_aware {
            return refuse(
                "NOT IN wants to know of all its rows whether a key is null",
                "write NOT EXISTS (SELECT 1 ... WHERE key = ...) instead",
            );
        }
        let mut join = join.clone();
        let mut input = asking.as_ref().clone();
        match kind(join.join_type, asked_is_right) {
            Kind::Asking => {}
            Kind::Asked if join.filter.is_none() && join.on.len() == keys.len() => {
                // Each key once, so that each row of the table comes once.
                let names: Vec<_> = (0..keys.len()).map(|i| format!("key_{i}")).collect();
                let named = keys.iter().zip(&names);
                let named = named.map(|(key, name)| key.equals.clone().alias(name));
                input = LogicalPlanBuilder::from(input)
                    .project(named.collect::<Vec<_>>())?
                    .aggregate(names.iter().map(col), Vec::<Expr>::new())?
                    .build()?;
                for pair in &mut join.on {
                    let side = if asked_is_right {
                        &mut pair.0
                    } else {
                        &mut pair.1
                    };
                    let at = keys.iter().position(|key| key.equals == *side);
                    if let Some(at) = at {
                        *side = col(&names[at]);
                    }
                }
                for (key, name) in keys.iter_mut().zip(&names) {
                    key.equals = col(name);
                }
            }
            Kind::Asked => {
                return refuse(
                    "this subquery compares more than keys",
                    "write it as a join with SELECT DISTINCT",
                );
            }
            Kind::All => {
                return refuse(
                    &format!("a {} join wants all its rows", join.join_type),
                    "put the table on the other side of the join, or use an inner join",
                );
            }
        }
        let leaf = |side, schema: &DFSchemaRef| {
            LogicalPlan::Extension(Extension {
                node: Arc::new(SideNode {
                    side,
                    schema: Arc::clone(schema),
                }),
            })
        };
        let asked = asked.clone().transform_down(|plan| match &plan {
            LogicalPlan::TableScan(scan) => {
                Ok(Transformed::yes(leaf(Side::Asked, &scan.projected_schema)))
            }
            _ => Ok(Transformed::no(plan)),
        })?;
        let (asked, asking) = (
            Arc::new(asked.data),
            Arc::new(leaf(Side::Asking, input.schema())),
        );
        (join.left, join.right) = match asked_is_right {
            true => (asking, asked),
            false => (asked, asking),
        };
        Ok(Self {
            schema: Arc::clone(&join.schema),
            join_type: join.join_type,
            template: LogicalPlan::Join(join),
            scan: scan.clone(),
            input,
            keys,
        })
    }
}

/// Of which side a join of a kind gives rows that have no partner.
enum Kind {
    /// Of the asking side, or of none: what becomes of a row depends on the rows of its own key.
    Asking,
    /// It gives the rows of the asked side that have a partner, each once.
    Asked,
    /// Of the asked side.
    All,
}

fn kind(join_type: JoinType, asked_is_right: bool) -> Kind {
    match (join_type, asked_is_right) {
        (JoinType::Inner, _)
        | (JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark, true)
        | (
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark,
            false,
        ) => Kind::Asking,
        (JoinType::LeftSemi, false) | (JoinType::RightSemi, true) => Kind::Asked,
        _ => Kind::All,
    }
}

impl PartialEq for KeyLookupNode {
    fn eq(&self, other: &Self) -> bool {
        (&self.input, &self.template, &self.keys) == (&other.input, &other.template, &other.keys)
    }
}

impl Eq for KeyLookupNode {}

impl PartialOrd for KeyLookupNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let own = (&self.input, &self.template, &self.keys);
        own.partial_cmp(&(&other.input, &other.template, &other.keys))
    }
}

impl Hash for KeyLookupNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.input, &self.template, &self.keys).hash(state);
    }
}

impl UserDefinedLogicalNodeCore for KeyLookupNode {
    fn name(&self) -> &'static str {
        "KeyLookup"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "KeyLookup: {}, join={}",
            self.scan.table_name, self.join_type
        )
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match (inputs.pop(), inputs.is_empty()) {
            (Some(input), true) => Ok(Self {
                input,
                ..self.clone()
            }),
            _ => internal_err!("a look-up has one input"),
        }
    }
}

impl PartialOrd for SideNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.side.partial_cmp(&other.side)
    }
}

impl UserDefinedLogicalNodeCore for SideNode {
    fn name(&self) -> &'static str {
        "KeyLookupSide"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLookupSide: {:?}", self.side)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}
