//! Functions: scalar, aggregate and table. A function describes itself, is bound once a plan for
//! the types and constants of its arguments, and is then called for batches of rows.

use crate::{Error, Result, Strings};
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Field, FieldRef, Fields, SchemaRef};
use std::fmt;
use std::sync::Arc;

/// Whether the same arguments give the same result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Volatility {
    /// Always.
    #[default]
    Immutable,
    /// Within one query.
    Stable,
    /// Never assume so.
    Volatile,
}

/// A scalar parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name, for named arguments.
    pub name: String,
    /// What it means, with its unit and range.
    pub doc: String,
    /// The types it takes; an argument of another type is cast to the first. Empty: any.
    pub types: Vec<DataType>,
    /// The value where none is given, as an array of one row.
    pub default: Option<ArrayRef>,
    /// Whether the argument must be a constant.
    pub constant: bool,
}

impl Parameter {
    /// A parameter of one of the given types.
    pub fn new(name: &str, types: &[DataType], doc: &str) -> Self {
        let (name, doc) = (name.to_owned(), doc.to_owned());
        Self {
            name,
            doc,
            types: types.to_vec(),
            default: None,
            constant: false,
        }
    }

    /// A text parameter, in any of Arrow's three layouts.
    pub fn text(name: &str, doc: &str) -> Self {
        Self::new(
            name,
            &[DataType::Utf8View, DataType::Utf8, DataType::LargeUtf8],
            doc,
        )
    }

    /// The value where none is given: an array of one row.
    #[must_use]
    pub fn default(mut self, value: ArrayRef) -> Self {
        self.default = Some(value);
        self
    }

    /// Requires a constant.
    #[must_use]
    pub fn constant(mut self) -> Self {
        self.constant = true;
        self
    }
}

/// When a relation is fed to a table function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// To its end, before any `Stream` relation.
    Build,
    /// After every `Build` relation.
    Stream,
}

/// A relation that a table function takes.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The name, for named arguments.
    pub name: String,
    /// What its columns mean, by position.
    pub doc: String,
    /// When it is fed.
    pub feed: Feed,
}

/// An example: a query that needs nothing but this plugin, and its result as CSV without a header.
#[derive(Clone, Debug)]
pub struct Example {
    /// The query.
    pub sql: String,
    /// The result.
    pub result: String,
}

/// How a function describes itself.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The name in SQL: lower case.
    pub name: String,
    /// What it computes, after which paper or standard.
    pub doc: String,
    /// Parameters, in order; those with a default come last.
    pub parameters: Vec<Parameter>,
    /// Whether the last parameter may be given any number of times.
    pub variadic: bool,
    /// Relations, for a table function.
    pub relations: Vec<Relation>,
    /// Whether it is a function in the mathematical sense.
    pub volatility: Volatility,
    /// Whether a table function leaves out the columns that are not asked for.
    pub projects: bool,
    /// Examples.
    pub examples: Vec<Example>,
}

impl Description {
    /// A function with a name, and what it computes.
    pub fn new(name: &str, doc: &str) -> Self {
        Self {
            name: name.to_owned(),
            doc: doc.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Lets the last parameter be given any number of times.
    #[must_use]
    pub fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    /// Adds a relation.
    #[must_use]
    pub fn relation(mut self, name: &str, feed: Feed, doc: &str) -> Self {
        self.relations.push(Relation {
            name: name.to_owned(),
            doc: doc.to_owned(),
            feed,
        });
        self
    }

    /// Sets the volatility; immutable by default.
    #[must_use]
    pub fn volatility(mut self, volatility: Volatility) -> Self {
        self.volatility = volatility;
        self
    }

    /// Adds an example.
    #[must_use]
    pub fn example(mut self, sql: &str, result: &str) -> Self {
        self.examples.push(Example {
            sql: sql.to_owned(),
            result: result.to_owned(),
        });
        self
    }
}

/// The arguments as they are known when a call is bound.
#[derive(Clone, Debug)]
pub struct Signature {
    /// A field for each argument.
    pub fields: Vec<FieldRef>,
    /// An array of one row for each argument that is constant.
    pub constants: Vec<Option<ArrayRef>>,
}

impl Signature {
    /// The constant value of an argument, as an array of one row: none where it is null or not
    /// constant.
    ///
    /// ```
    /// use sextant_plugin_sdk::Signature;
    /// use sextant_plugin_sdk::arrow_array::{ArrayRef, Int64Array};
    /// use std::sync::Arc;
    ///
    /// let [three, null] = [Some(3), None].map(|value| Arc::new(Int64Array::from(vec![value])) as ArrayRef);
    /// let signature = Signature { fields: vec![], constants: vec![Some(three), Some(null), None] };
    /// assert_eq!(signature.constant(0).unwrap().as_ref(), &Int64Array::from(vec![3]));
    /// assert!((1..4).all(|argument| signature.constant(argument).is_none()));
    /// ```
    pub fn constant(&self, argument: usize) -> Option<&ArrayRef> {
        let value = self.constants.get(argument)?.as_ref()?;
        // An array of the type null has no bitmap that says so.
        let is_null = *value.data_type() == DataType::Null || value.is_empty() || value.is_null(0);
        (!is_null).then_some(value)
    }

    /// The constant text of an argument: none where it is null or not constant.
    pub fn text(&self, argument: usize) -> Option<String> {
        let constant = self.constant(argument)?;
        Strings::new(constant)?.get(0).map(str::to_owned)
    }
}

/// The arguments of one call: columns and constants.
#[derive(Debug)]
pub struct Arguments<'a> {
    rows: usize,
    columns: Vec<Argument<'a>>,
}

#[derive(Debug)]
enum Argument<'a> {
    Constant(&'a ArrayRef),
    Column(&'a ArrayRef),
}

impl<'a> Arguments<'a> {
    /// Puts the constants of a signature back among the columns of a batch. The host sends no
    /// constants with each batch.
    pub fn new(constants: &'a [Option<ArrayRef>], batch: &'a RecordBatch) -> Self {
        let mut columns = batch.columns().iter();
        let columns = constants.iter().map(|constant| match constant {
            Some(constant) => Argument::Constant(constant),
            None => Argument::Column(
                columns
                    .next()
                    .expect("a column for each non-constant argument"),
            ),
        });
        Self {
            rows: batch.num_rows(),
            columns: columns.collect(),
        }
    }

    /// How many rows the result must have.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// An argument as a column of [`rows`](Self::rows) rows; a constant is repeated.
    pub fn column(&self, argument: usize) -> ArrayRef {
        match self.columns[argument] {
            Argument::Column(column) => Arc::clone(column),
            Argument::Constant(constant) => repeat(constant, self.rows),
        }
    }

    /// A text argument, whatever its layout and whether or not it is constant.
    pub fn strings(&self, argument: usize) -> Result<Strings<'_>> {
        let (array, constant) = match self.columns[argument] {
            Argument::Column(column) => (column, false),
            Argument::Constant(constant) => (constant, true),
        };
        let strings = Strings::new(array).ok_or_else(|| {
            Error::internal(format!(
                "argument {argument} is {}, not text",
                array.data_type()
            ))
        })?;
        Ok(if constant {
            strings.repeated()
        } else {
            strings
        })
    }
}

/// An array of one row, repeated.
fn repeat(constant: &ArrayRef, rows: usize) -> ArrayRef {
    let data = constant.to_data();
    let mut repeated = arrow_data::transform::MutableArrayData::new(vec![&data], true, rows);
    for _ in 0..rows {
        repeated
            .try_extend(0, 0, 1)
            .expect("a repeated scalar stays far below the offset limit");
    }
    arrow_array::make_array(repeated.freeze())
}

/// A scalar function: a value for each row.
pub trait Scalar: 'static {
    /// What it is.
    fn describe(&self) -> Description;

    /// Resolves a call for the types and constants of its arguments. Patterns and look-up tables
    /// that depend on constants are prepared here, once.
    fn bind(&self, signature: &Signature) -> Result<Box<dyn BoundScalar>>;
}

/// A scalar function for given argument types.
pub trait BoundScalar {
    /// The result's field; its name does not matter.
    fn output(&self) -> Field;

    /// Computes a value for each row.
    fn invoke(&self, arguments: &Arguments<'_>) -> Result<ArrayRef>;
}

/// A scalar function whose result type does not depend on its arguments: a description, a type and
/// a plain Rust function.
pub struct SimpleScalar<F> {
    description: Description,
    output: DataType,
    compute: F,
}

impl<F> fmt::Debug for SimpleScalar<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleScalar")
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}

impl<F> SimpleScalar<F>
where
    F: Fn(&Arguments<'_>) -> Result<ArrayRef> + Copy + 'static,
{
    /// A scalar function from a plain Rust function.
    pub fn new(description: Description, output: DataType, compute: F) -> Self {
        Self {
            description,
            output,
            compute,
        }
    }
}

impl<F> Scalar for SimpleScalar<F>
where
    F: Fn(&Arguments<'_>) -> Result<ArrayRef> + Copy + 'static,
{
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn bind(&self, _: &Signature) -> Result<Box<dyn BoundScalar>> {
        Ok(Box::new(BoundSimple {
            output: self.output.clone(),
            compute: self.compute,
        }))
    }
}

struct BoundSimple<F> {
    output: DataType,
    compute: F,
}

impl<F: Fn(&Arguments<'_>) -> Result<ArrayRef>> BoundScalar for BoundSimple<F> {
    fn output(&self) -> Field {
        Field::new("result", self.output.clone(), true)
    }

    fn invoke(&self, arguments: &Arguments<'_>) -> Result<ArrayRef> {
        (self.compute)(arguments)
    }
}

/// An aggregate function: a value for each group of rows.
pub trait Aggregate: 'static {
    /// What it is.
    fn describe(&self) -> Description;

    /// Resolves a call for the types and constants of its arguments.
    fn bind(&self, signature: &Signature) -> Result<Box<dyn BoundAggregate>>;
}

/// An aggregate function for given argument types.
pub trait BoundAggregate {
    /// The result's field.
    fn output(&self) -> Field;

    /// The columns of the state that partial aggregation hands on.
    fn state(&self) -> Fields;

    /// A new accumulator, without groups.
    fn accumulator(&self) -> Box<dyn Accumulator>;
}

/// The state of all groups of one partition.
pub trait Accumulator {
    /// Adds rows: row `i` belongs to group `groups.value(i)`, which is less than `total`.
    fn update(
        &mut self,
        arguments: &Arguments<'_>,
        groups: &UInt32Array,
        total: usize,
    ) -> Result<()>;

    /// Adds states, in the same way.
    fn merge(&mut self, states: &RecordBatch, groups: &UInt32Array, total: usize) -> Result<()>;

    /// The state of the first n groups, or of all; they are forgotten and later ones move down.
    fn state(&mut self, first: Option<usize>) -> Result<Vec<ArrayRef>>;

    /// The result of the first n groups, or of all; they are forgotten and later ones move down.
    fn finish(&mut self, first: Option<usize>) -> Result<ArrayRef>;
}

/// How the rows of a relation are spread over the instances of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// All rows to one instance, the only one.
    Single,
    /// All rows to every instance.
    Broadcast,
    /// Each row to any one instance.
    Any,
    /// Rows that are equal in these columns to the same instance.
    Hash(Vec<usize>),
}

/// A table function: relations in, a relation out.
pub trait TableFunction: 'static {
    /// What it is.
    fn describe(&self) -> Description;

    /// Resolves a call for the columns of its relations and its scalar arguments, all constant.
    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>>;
}

/// A table function for given relations and constants.
pub trait BoundTable {
    /// The columns of the result.
    fn output(&self) -> SchemaRef;

    /// How each relation is spread.
    fn distributions(&self) -> Vec<Distribution>;

    /// Starts a call: the columns wanted, for a function that projects; otherwise all come.
    fn call(&self, columns: Option<&[usize]>) -> Result<Box<dyn TableCall>>;
}

/// What a table function says when asked for rows.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Rows; there may be more.
    Rows(RecordBatch),
    /// Nothing until another batch is pushed or a relation is finished.
    WantingInput,
    /// No more rows will ever come.
    Finished,
}

/// A running table function.
pub trait TableCall {
    /// Takes a batch of a relation.
    fn push(&mut self, relation: usize, batch: RecordBatch) -> Result<()>;

    /// A relation has no more rows.
    fn finish(&mut self, relation: usize) -> Result<()>;

    /// The next rows that are ready.
    fn next(&mut self) -> Result<Progress>;
}

/// The functions of a plugin.
#[derive(Default)]
pub struct Functions {
    pub(crate) scalars: Vec<Box<dyn Scalar>>,
    pub(crate) aggregates: Vec<Box<dyn Aggregate>>,
    pub(crate) tables: Vec<Box<dyn TableFunction>>,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scalars = self.scalars.iter().map(|function| function.describe().name);
        let aggregates = self
            .aggregates
            .iter()
            .map(|function| function.describe().name);
        let tables = self.tables.iter().map(|function| function.describe().name);
        f.debug_list()
            .entries(scalars.chain(aggregates).chain(tables))
            .finish()
    }
}

impl Functions {
    /// No functions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scalar function.
    #[must_use]
    pub fn scalar(mut self, function: impl Scalar) -> Self {
        self.scalars.push(Box::new(function));
        self
    }

    /// Adds an aggregate function.
    #[must_use]
    pub fn aggregate(mut self, function: impl Aggregate) -> Self {
        self.aggregates.push(Box::new(function));
        self
    }

    /// Adds a table function.
    #[must_use]
    pub fn table(mut self, function: impl TableFunction) -> Self {
        self.tables.push(Box::new(function));
        self
    }

    /// The scalar functions, for native code that calls them.
    pub fn scalars(&self) -> impl Iterator<Item = &dyn Scalar> {
        self.scalars.iter().map(|function| &**function)
    }

    /// The table functions, for native code that calls them.
    pub fn tables(&self) -> impl Iterator<Item = &dyn TableFunction> {
        self.tables.iter().map(|function| &**function)
    }
}
