//! Aggregate functions. The groups of a partition live in a guest, an instance a partition; its
//! memory is what the operator says it holds, so that an aggregation that grows too large spills.

use super::{Call, Callee, Known};
use crate::error::Error;
use crate::sql::failure::to_datafusion;
use crate::wasm::{BoundGroups, Scope};
use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{filter, prep_null_mask_filter};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr,
};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature,
    WindowFunctionDefinition,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// An aggregate function of a plugin, for a query and, once a call was planned, for its constants.
pub(super) struct PluginAggregate {
    callee: Arc<Callee>,
    scope: Arc<Scope>,
    constants: Vec<Option<ScalarValue>>,
    shapes: Arc<Known<Shape>>,
}

/// What comes out of a call: its result, and the state that partial aggregation hands on.
type Shape = (FieldRef, SchemaRef);

impl PluginAggregate {
    pub(super) fn new(callee: &Arc<Callee>, scope: &Arc<Scope>) -> Self {
        Self {
            callee: Arc::clone(callee),
            scope: Arc::clone(scope),
            constants: Vec::new(),
            shapes: Arc::default(),
        }
    }

    /// The same function for a call with these arguments, whose constants are known here and
    /// nowhere later.
    fn with_constants(&self, arguments: &[Expr]) -> AggregateUDF {
        let constants = arguments.iter().map(|argument| match argument {
            Expr::Literal(value, _) => Some(value.clone()),
            _ => None,
        });
        AggregateUDF::from(Self {
            callee: Arc::clone(&self.callee),
            scope: Arc::clone(&self.scope),
            constants: constants.collect(),
            shapes: Arc::clone(&self.shapes),
        })
    }

    fn call(&self, fields: &[FieldRef]) -> Result<Call> {
        let constants = (0..fields.len()).map(|i| {
            let constant = self.constants.get(i).and_then(Option::as_ref);
            constant.map(ScalarValue::to_array).transpose()
        });
        self.callee.call(fields, constants.collect::<Result<_>>()?)
    }

    fn shape(&self, fields: &[FieldRef]) -> Result<Shape> {
        let call = self.call(fields)?;
        self.shapes.get_or_find(&call.key, || {
            let bound = bind(&self.callee, &call, &self.callee.own_scope())?;
            let output = bound.output().as_ref().clone();
            let output = Arc::new(output.with_name(&self.callee.full_name));
            Ok((output, Arc::clone(bound.state_columns())))
        })
    }

    fn groups(&self, arguments: &AccumulatorArgs<'_>) -> Result<Groups> {
        let refused = match arguments {
            // DataFusion would hand on every row, or rows in any order, and say nothing.
            AccumulatorArgs {
                is_distinct: true, ..
            } => Some(DISTINCT),
            AccumulatorArgs { order_bys, .. } if !order_bys.is_empty() => Some(ORDER_BY),
            _ => None,
        };
        if let Some((message, _)) = refused {
            return Err(to_datafusion(self.callee.misused(message)));
        }
        Ok(Groups {
            callee: Arc::clone(&self.callee),
            scope: Arc::clone(&self.scope),
            call: self.call(arguments.expr_fields)?,
            shape: self.shape(arguments.expr_fields)?,
            bound: Mutex::default(),
            converter: Mutex::default(),
        })
    }
}

const DISTINCT: (&str, &str) = (
    "takes every row",
    "make the rows distinct before: FROM (SELECT DISTINCT ...)",
);
const ORDER_BY: (&str, &str) = (
    "takes rows in no order",
    "leave out ORDER BY within the call",
);
const NULLS: (&str, &str) = (
    "has its own way with nulls",
    "leave out IGNORE NULLS; FILTER (WHERE ... IS NOT NULL) leaves rows out",
);

fn bind(callee: &Callee, call: &Call, scope: &Arc<Scope>) -> Result<BoundGroups> {
    BoundGroups::bind(
        &callee.plugin,
        scope,
        &callee.function.name,
        &call.fields,
        &call.constants,
    )
    .map_err(to_datafusion)
}

/// Tells aggregate functions of plugins the constants of their calls, and refuses what they would
/// not notice.
#[derive(Debug)]
pub(super) struct AggregateCalls;

impl ExprPlanner for AggregateCalls {
    fn plan_aggregate(
        &self,
        mut call: RawAggregateExpr,
    ) -> Result<PlannerResult<RawAggregateExpr>> {
        if let Some(function) = call.func.inner().downcast_ref::<PluginAggregate>() {
            let refused = [
                (call.distinct, DISTINCT),
                (!call.order_by.is_empty(), ORDER_BY),
                (call.null_treatment.is_some(), NULLS),
            ];
            refuse(function, refused)?;
            call.func = Arc::new(function.with_constants(&call.args));
        }
        Ok(PlannerResult::Original(call))
    }

    fn plan_window(&self, mut call: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        if let WindowFunctionDefinition::AggregateUDF(aggregate) = &call.func_def
            && let Some(function) = aggregate.inner().downcast_ref::<PluginAggregate>()
        {
            let refused = [
                (call.distinct, DISTINCT),
                (call.null_treatment.is_some(), NULLS),
            ];
            refuse(function, refused)?;
            let function = function.with_constants(&call.args);
            call.func_def = WindowFunctionDefinition::AggregateUDF(Arc::new(function));
        }
        Ok(PlannerResult::Original(call))
    }
}

fn refuse<const N: usize>(
    function: &PluginAggregate,
    refused: [(bool, (&str, &str)); N],
) -> Result<()> {
    match refused.into_iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, (message, hint))) => {
            let error = Error::sql(message).context(function.callee.usage());
            Err(to_datafusion(error.with_hint(hint)))
        }
    }
}

impl fmt::Debug for PluginAggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.callee.fmt(f)
    }
}

impl PartialEq for PluginAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.callee == other.callee && self.constants == other.constants
    }
}

impl Eq for PluginAggregate {}

impl Hash for PluginAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.callee.hash(state);
        self.constants.hash(state);
    }
}

impl AggregateUDFImpl for PluginAggregate {
    fn name(&self) -> &str {
        &self.callee.full_name
    }

    fn aliases(&self) -> &[String] {
        &self.callee.aliases
    }

    fn signature(&self) -> &Signature {
        &self.callee.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(self.callee.coerce_types(arguments))
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the result's type depends on fields and constants")
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        self.shape(fields).map(|(output, _)| output)
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let (_, state) = self.shape(arguments.input_fields)?;
        let named = state.fields().iter().map(|field| {
            let name = format_state_name(arguments.name, field.name());
            Arc::new(field.as_ref().clone().with_name(name))
        });
        Ok(named.collect())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup {
            groups: self.groups(&arguments)?,
            states: Vec::new(),
        }))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.groups(&arguments)
            .map(|groups| Box::new(groups) as Box<dyn GroupsAccumulator>)
    }
}

/// The groups of a partition. The instance is made with the first rows, and dropped when all groups
/// were emitted, since a guest's memory never shrinks.
struct Groups {
    callee: Arc<Callee>,
    scope: Arc<Scope>,
    call: Call,
    shape: Shape,
    // Locked by nobody, but DataFusion wants what it could share.
    bound: Mutex<Option<BoundGroups>>,
    /// An instance that makes states of single rows.
    converter: Mutex<Option<BoundGroups>>,
}

impl Groups {
    fn bound(&mut self) -> Result<&mut BoundGroups> {
        if unlocked(&mut self.bound).is_none() {
            self.bound = Mutex::new(Some(self.bind()?));
        }
        Ok(unlocked(&mut self.bound).as_mut().expect("it was made"))
    }

    fn bind(&self) -> Result<BoundGroups> {
        let bound = bind(&self.callee, &self.call, &self.scope)?;
        let (output, state) = &self.shape;
        let same_output = bound.output().data_type() == output.data_type()
            && bound.output().is_nullable() == output.is_nullable();
        match same_output && bound.state_columns() == state {
            true => Ok(bound),
            false => {
                let error = Error::contract(
                    "it announces another result or state than when it was planned",
                );
                let name = &self.callee.full_name;
                Err(to_datafusion(error.context(format!("function {name:?}"))))
            }
        }
    }

    /// The columns that go to the guest: constants were given when it was bound.
    fn varying(&self, values: &[ArrayRef], kept: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let varying = values.iter().zip(&self.call.constants);
        let varying = varying.filter(|(_, constant)| constant.is_none());
        let columns = varying.map(|(column, _)| match kept {
            None => Ok(Arc::clone(column)),
            Some(kept) => Ok(filter(column, kept)?),
        });
        columns.collect()
    }

    fn update(
        &self,
        bound: &mut BoundGroups,
        values: &[ArrayRef],
        groups: &[usize],
        kept: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        // Null is not true.
        let kept = kept.map(|kept| match kept.null_count() {
            0 => kept.clone(),
            _ => prep_null_mask_filter(kept),
        });
        let columns = self.varying(values, kept.as_ref())?;
        let indexes = indexes(groups, kept.as_ref())?;
        bound
            .update(&columns, &indexes, total)
            .map_err(to_datafusion)
    }

    fn take(&mut self, emit_to: EmitTo) -> Result<(BoundGroups, usize, bool)> {
        self.bound()?;
        let bound = unlocked(&mut self.bound).take().expect("it was made");
        let (count, is_all) = match emit_to {
            EmitTo::All => (bound.groups(), true),
            EmitTo::First(count) => (count, count >= bound.groups()),
        };
        Ok((bound, count, is_all))
    }
}

fn unlocked<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// Group numbers as the contract has them.
fn indexes(groups: &[usize], kept: Option<&BooleanArray>) -> Result<Vec<u32>> {
    let indexes: Vec<u32> = groups.iter().map(|&group| group as u32).collect();
    match kept {
        None => Ok(indexes),
        Some(kept) => {
            let indexes = filter(&UInt32Array::from(indexes), kept)?.to_data();
            Ok(UInt32Array::from(indexes).values().to_vec())
        }
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        kept: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.bound()?;
        let mut bound = unlocked(&mut self.bound).take().expect("it was made");
        self.update(&mut bound, values, groups, kept, total)?;
        *unlocked(&mut self.bound) = Some(bound);
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let indexes = indexes(groups, None)?;
        let bound = self.bound()?;
        bound.merge(values, &indexes, total).map_err(to_datafusion)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (mut bound, count, is_all) = self.take(emit_to)?;
        let results = bound.take_results(count).map_err(to_datafusion)?;
        *unlocked(&mut self.bound) = (!is_all).then_some(bound);
        Ok(results)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (mut bound, count, is_all) = self.take(emit_to)?;
        let states = bound.take_states(count).map_err(to_datafusion)?;
        *unlocked(&mut self.bound) = (!is_all).then_some(bound);
        Ok(states)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        kept: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let mut converter = self
            .converter
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut bound = converter.take().map_or_else(|| self.bind(), Ok)?;
        let each_its_own: Vec<_> = (0..rows).collect();
        self.update(&mut bound, values, &each_its_own, kept, rows)?;
        let states = bound.take_states(rows).map_err(to_datafusion)?;
        *converter = Some(bound);
        Ok(states)
    }

    fn size(&self) -> usize {
        let held = |bound: &Mutex<Option<BoundGroups>>| {
            let bound = bound.lock().unwrap_or_else(PoisonError::into_inner);
            bound.as_ref().map_or(0, BoundGroups::memory_bytes)
        };
        size_of::<Self>() + held(&self.bound) + held(&self.converter)
    }
}

/// One group alone: an aggregation without GROUP BY, or a window.
struct OneGroup {
    groups: Groups,
    /// The state after the last result. A window asks for a result after each row, and emitting
    /// one forgets the group.
    states: Vec<ArrayRef>,
}

impl fmt::Debug for OneGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.groups.callee.fmt(f)
    }
}

impl OneGroup {
    /// Puts back what emitting forgot, and makes sure that there is a group.
    fn restore(&mut self) -> Result<()> {
        let states = std::mem::take(&mut self.states);
        if !states.is_empty() {
            return self.groups.merge_batch(&states, &[0], 1);
        }
        if self.groups.bound()?.groups() == 0 {
            let none = self.groups.call.fields.iter();
            let none = none.map(|field| arrow::array::new_empty_array(field.data_type()));
            self.groups
                .update_batch(&none.collect::<Vec<_>>(), &[], None, 1)?;
        }
        Ok(())
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.restore()?;
        let rows = values.first().map_or(0, |column| column.len());
        self.groups.update_batch(values, &vec![0; rows], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.restore()?;
        let rows = states.first().map_or(0, |column| column.len());
        self.groups.merge_batch(states, &vec![0; rows], 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.restore()?;
        let states = self.groups.state(EmitTo::All)?;
        let values = states
            .iter()
            .map(|state| ScalarValue::try_from_array(state, 0));
        let values = values.collect();
        self.states = states;
        values
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.restore()?;
        let states = self.groups.state(EmitTo::All)?;
        self.groups.merge_batch(&states, &[0], 1)?;
        let result = self.groups.evaluate(EmitTo::All)?;
        self.states = states;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        let states: usize = self
            .states
            .iter()
            .map(|state| state.get_array_memory_size())
            .sum();
        self.groups.size() + states
    }
}
