//! The aggregate `st_extent`: the box around all geometry of a group. It is geodatafusion's, which says of its
//! state that it is one box and gives four numbers, so that no plan in two phases runs. What it is given is
//! looked through before, and where there is no point at all there is no box.

use super::function::guarded;
use super::geometry;
use crate::sql::failure::to_datafusion;
use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::compute::filter;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature};
use geodatafusion::udf::native::bounding_box::Extent as Inner;
use std::sync::Arc;

static INNER: Inner = Inner;

/// The numbers of a box, in the order in which geodatafusion gives them.
const STATE: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Extent;

impl AggregateUDFImpl for Extent {
    fn name(&self) -> &str {
        INNER.name()
    }

    fn signature(&self) -> &Signature {
        INNER.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        INNER.return_type(arguments)
    }

    fn return_field(&self, arguments: &[FieldRef]) -> Result<FieldRef> {
        INNER.return_field(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let nothing = ScalarValue::try_new_null(arguments.return_type())?;
        let inner = INNER.accumulator(arguments)?;
        Ok(Box::new(Bounds { inner, nothing }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let numbers = STATE.iter().map(|name| {
            let name = format_state_name(arguments.name, name);
            Arc::new(Field::new(name, DataType::Float64, true))
        });
        Ok(numbers.collect())
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The bounds of a group.
#[derive(Debug)]
struct Bounds {
    inner: Box<dyn Accumulator>,
    /// What comes out where there was no point.
    nothing: ScalarValue,
}

impl Accumulator for Bounds {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if let Some(array) = values.first() {
            geometry::look_through(array)
                .map_err(|error| to_datafusion(error.context(INNER.name())))?;
        }
        guarded(INNER.name(), || self.inner.update_batch(values))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match self.inner.state()?.first() {
            // The least of no numbers is infinite.
            Some(ScalarValue::Float64(Some(least))) if least.is_finite() => self.inner.evaluate(),
            _ => Ok(self.nothing.clone()),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size() + self.nothing.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        // The box of no point is turned inside out when it is made a rectangle, and then holds everything.
        let Some(least) = states.first() else {
            return Ok(());
        };
        let least = least.as_primitive::<Float64Type>();
        let has_points: BooleanArray = least
            .iter()
            .map(|least| Some(least.is_some_and(f64::is_finite)))
            .collect();
        let states = states.iter().map(|column| filter(column, &has_points));
        let states = states.collect::<std::result::Result<Vec<_>, _>>()?;
        match has_points.true_count() {
            0 => Ok(()),
            _ => self.inner.merge_batch(&states),
        }
    }
}
