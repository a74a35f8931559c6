//! The `functions` interface over [`Functions`].

use super::{
    contract, emit, emit_columns, receive_batch, receive_schema, send_array, send_field,
    send_schema, start, types,
};
use crate::bindings::functions::exports::sextant::plugin::functions as exports;
use crate::{
    Accumulator, Arguments, BoundAggregate, BoundScalar, BoundTable, Description, Distribution,
    Error, Feed, Functions, Parameter, Progress, Result, Signature, TableCall, Volatility,
};
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{Field, Schema, SchemaRef};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

/// Where a plugin's functions come from; implemented by `export!`.
pub trait ProvideFunctions: 'static {
    /// The functions.
    fn functions() -> Functions;
}

/// [`Functions`] as the component's export.
#[derive(Debug)]
pub struct FunctionsExport<P>(PhantomData<P>);

impl<P: ProvideFunctions> exports::Guest for FunctionsExport<P> {
    type BoundScalar = Scalar;
    type BoundAggregate = Aggregate;
    type Accumulator = Groups;
    type BoundTable = Table;
    type TableCall = Call;

    fn functions() -> Vec<exports::Function> {
        start();
        let all = P::functions();
        let scalars = all
            .scalars
            .iter()
            .map(|f| (f.describe(), exports::FunctionKind::Scalar));
        let aggregates = all
            .aggregates
            .iter()
            .map(|f| (f.describe(), exports::FunctionKind::Aggregate));
        let tables = all
            .tables
            .iter()
            .map(|f| (f.describe(), exports::FunctionKind::Table));
        let all = scalars.chain(aggregates).chain(tables);
        all.map(|(description, kind)| send_function(description, kind))
            .collect()
    }

    fn bind_scalar(
        name: String,
        arguments: contract::Schema,
        constants: Vec<Option<contract::BatchResult>>,
    ) -> Result<exports::BoundScalar, types::Error> {
        start();
        let signature = receive_signature(&arguments, constants)?;
        let all = P::functions();
        let function = all
            .scalars
            .iter()
            .find(|function| function.describe().name == name);
        let bound = function.ok_or_else(|| unknown(&name))?.bind(&signature)?;
        Ok(exports::BoundScalar::new(Scalar {
            bound,
            varying: Varying::new(signature),
        }))
    }

    fn bind_aggregate(
        name: String,
        arguments: contract::Schema,
        constants: Vec<Option<contract::BatchResult>>,
    ) -> Result<exports::BoundAggregate, types::Error> {
        start();
        let signature = receive_signature(&arguments, constants)?;
        let all = P::functions();
        let function = all
            .aggregates
            .iter()
            .find(|function| function.describe().name == name);
        let bound = function.ok_or_else(|| unknown(&name))?.bind(&signature)?;
        let varying = Rc::new(Varying::new(signature));
        Ok(exports::BoundAggregate::new(Aggregate { bound, varying }))
    }

    fn bind_table(
        name: String,
        relations: Vec<contract::Schema>,
        arguments: contract::Schema,
        constants: Vec<Option<contract::BatchResult>>,
    ) -> Result<exports::BoundTable, types::Error> {
        start();
        let signature = receive_signature(&arguments, constants)?;
        let relations = relations
            .iter()
            .map(receive_schema)
            .collect::<Result<Vec<_>>>()?;
        let all = P::functions();
        let function = all
            .tables
            .iter()
            .find(|function| function.describe().name == name);
        let bound = function
            .ok_or_else(|| unknown(&name))?
            .bind(&relations, &signature)?;
        Ok(exports::BoundTable::new(Table { bound, relations }))
    }
}

fn unknown(name: &str) -> Error {
    Error::not_found(format!("no function {name:?}"))
}

/// The constants of a call, and the columns that its batches have.
struct Varying {
    constants: Vec<Option<ArrayRef>>,
    columns: SchemaRef,
}

impl Varying {
    fn new(signature: Signature) -> Self {
        let fields = signature.fields.into_iter().zip(&signature.constants);
        let fields = fields
            .filter(|(_, constant)| constant.is_none())
            .map(|(field, _)| field);
        let columns = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self {
            columns,
            constants: signature.constants,
        }
    }

    fn receive(&self, batch: contract::BatchResult) -> Result<RecordBatch> {
        receive_batch(&self.columns, batch)
    }
}

/// A bound scalar function.
pub struct Scalar {
    bound: Box<dyn BoundScalar>,
    varying: Varying,
}

impl exports::GuestBoundScalar for Scalar {
    fn output(&self) -> contract::Schema {
        send_field(self.bound.output())
    }

    fn invoke(
        &self,
        arguments: contract::BatchResult,
        out: &exports::Sink,
    ) -> Result<(), types::Error> {
        let batch = self.varying.receive(arguments)?;
        let result = self
            .bound
            .invoke(&Arguments::new(&self.varying.constants, &batch))?;
        emit_columns(out, result.len(), &[result]);
        Ok(())
    }
}

/// A bound aggregate function.
pub struct Aggregate {
    bound: Box<dyn BoundAggregate>,
    varying: Rc<Varying>,
}

impl exports::GuestBoundAggregate for Aggregate {
    fn output(&self) -> contract::Schema {
        send_field(self.bound.output())
    }

    fn state(&self) -> contract::Schema {
        match send_schema(self.bound.state().iter()) {
            Ok(schema) => schema,
            Err(error) => panic!("{error}"),
        }
    }

    fn accumulator(&self) -> exports::Accumulator {
        exports::Accumulator::new(Groups {
            accumulator: RefCell::new(self.bound.accumulator()),
            varying: Rc::clone(&self.varying),
            states: Arc::new(Schema::new(self.bound.state())),
        })
    }
}

/// A running aggregate function.
pub struct Groups {
    accumulator: RefCell<Box<dyn Accumulator>>,
    varying: Rc<Varying>,
    states: SchemaRef,
}

impl exports::GuestAccumulator for Groups {
    fn update(
        &self,
        arguments: contract::BatchResult,
        groups: Vec<u32>,
        total: u32,
    ) -> Result<(), types::Error> {
        let batch = self.varying.receive(arguments)?;
        let arguments = Arguments::new(&self.varying.constants, &batch);
        let mut accumulator = self.accumulator.borrow_mut();
        Ok(accumulator.update(&arguments, &UInt32Array::from(groups), total as usize)?)
    }

    fn merge(
        &self,
        states: contract::BatchResult,
        groups: Vec<u32>,
        total: u32,
    ) -> Result<(), types::Error> {
        let states = receive_batch(&self.states, states)?;
        let mut accumulator = self.accumulator.borrow_mut();
        Ok(accumulator.merge(&states, &UInt32Array::from(groups), total as usize)?)
    }

    fn state(&self, first: Option<u32>, out: &exports::Sink) -> Result<(), types::Error> {
        let columns = self
            .accumulator
            .borrow_mut()
            .state(first.map(|n| n as usize))?;
        let rows = columns.first().map_or(0, |column| column.len());
        emit_columns(out, rows, &columns);
        Ok(())
    }

    fn finish(&self, first: Option<u32>, out: &exports::Sink) -> Result<(), types::Error> {
        let column = self
            .accumulator
            .borrow_mut()
            .finish(first.map(|n| n as usize))?;
        emit_columns(out, column.len(), &[column]);
        Ok(())
    }
}

/// A bound table function.
pub struct Table {
    bound: Box<dyn BoundTable>,
    relations: Vec<SchemaRef>,
}

impl exports::GuestBoundTable for Table {
    fn output(&self) -> contract::Schema {
        match send_schema(self.bound.output().fields()) {
            Ok(schema) => schema,
            Err(error) => panic!("{error}"),
        }
    }

    fn distributions(&self) -> Vec<exports::Distribution> {
        let send = |distribution| match distribution {
            Distribution::Single => exports::Distribution::Single,
            Distribution::Broadcast => exports::Distribution::Broadcast,
            Distribution::Any => exports::Distribution::Any,
            Distribution::Hash(columns) => exports::Distribution::Hash(
                columns.into_iter().map(|column| column as u32).collect(),
            ),
        };
        self.bound.distributions().into_iter().map(send).collect()
    }

    fn call(&self, columns: Option<Vec<u32>>) -> Result<exports::TableCall, types::Error> {
        let columns: Option<Vec<_>> =
            columns.map(|all| all.into_iter().map(|c| c as usize).collect());
        let call = RefCell::new(self.bound.call(columns.as_deref())?);
        Ok(exports::TableCall::new(Call {
            call,
            relations: self.relations.clone(),
        }))
    }
}

/// A running table function.
pub struct Call {
    call: RefCell<Box<dyn TableCall>>,
    relations: Vec<SchemaRef>,
}

impl exports::GuestTableCall for Call {
    fn push(&self, relation: u32, batch: contract::BatchResult) -> Result<(), types::Error> {
        let schema = self.relations.get(relation as usize);
        let schema = schema.ok_or_else(|| Error::internal(format!("no relation {relation}")))?;
        let batch = receive_batch(schema, batch)?;
        Ok(self.call.borrow_mut().push(relation as usize, batch)?)
    }

    fn finish(&self, relation: u32) -> Result<(), types::Error> {
        Ok(self.call.borrow_mut().finish(relation as usize)?)
    }

    fn next(&self, out: &exports::Sink) -> Result<exports::Progress, types::Error> {
        Ok(match self.call.borrow_mut().next()? {
            Progress::Rows(batch) => {
                emit(out, &batch);
                exports::Progress::More
            }
            Progress::WantingInput => exports::Progress::WantingInput,
            Progress::Finished => exports::Progress::Finished,
        })
    }
}

macro_rules! opaque_debug {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        })*
    };
}

opaque_debug!(Scalar, Aggregate, Groups, Table, Call);

fn receive_signature(
    arguments: &contract::Schema,
    constants: Vec<Option<contract::BatchResult>>,
) -> Result<Signature> {
    let fields: Vec<_> = receive_schema(arguments)?
        .fields()
        .iter()
        .cloned()
        .collect();
    let constants = constants.into_iter().zip(&fields).map(|(constant, field)| {
        let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
        let batch = constant
            .map(|batch| receive_batch(&schema, batch))
            .transpose()?;
        Ok(batch.map(|batch| Arc::clone(batch.column(0))))
    });
    Ok(Signature {
        constants: constants.collect::<Result<_>>()?,
        fields,
    })
}

fn send_function(description: Description, kind: exports::FunctionKind) -> exports::Function {
    let relations = description
        .relations
        .into_iter()
        .map(|relation| exports::Relation {
            name: relation.name,
            doc: relation.doc,
            feed: match relation.feed {
                Feed::Build => exports::Feed::Build,
                Feed::Stream => exports::Feed::Stream,
            },
        });
    let examples = description.examples.into_iter();
    let examples = examples.map(|example| exports::Example {
        sql: example.sql,
        result: example.result,
    });
    exports::Function {
        name: description.name,
        kind,
        doc: description.doc,
        parameters: description
            .parameters
            .into_iter()
            .map(send_parameter)
            .collect(),
        variadic: description.variadic,
        relations: relations.collect(),
        volatility: match description.volatility {
            Volatility::Immutable => exports::Volatility::Immutable,
            Volatility::Stable => exports::Volatility::Stable,
            Volatility::Volatile => exports::Volatility::Volatile,
        },
        projects: description.projects,
        examples: examples.collect(),
    }
}

fn send_parameter(parameter: Parameter) -> exports::Parameter {
    let types = parameter.types.into_iter();
    exports::Parameter {
        types: types
            .map(|t| send_field(Field::new(&parameter.name, t, true)))
            .collect(),
        name: parameter.name,
        doc: parameter.doc,
        default: parameter.default.as_ref().map(send_array),
        constant: parameter.constant,
    }
}
