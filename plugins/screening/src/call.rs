//! `screen` as SQL calls it: the list is gathered and indexed, then the other relation streams past.

use crate::columns::Columns;
use crate::index::Index;
use crate::record::Record;
use crate::screener::{Hit, Screener};
use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, Float64Array, RecordBatch, StringArray, StringViewArray, make_array,
};
use arrow_data::transform::MutableArrayData;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use sextant_plugin_names::MatchKind;
use sextant_plugin_sdk::{
    BoundTable, Description, Distribution, Error, Feed, Parameter, Progress, Result, Signature,
    TableCall, TableFunction,
};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The positions of the relations.
const LIST: usize = 1;

/// Rows of a batch of hits.
const BATCH_ROWS: usize = 8_192;

const COLUMNS: &str = "Columns by name: id (any type) and name (TEXT); perhaps birth (a DATE, a year, or TEXT such as \
     1965, 1965-1970, 1965-03-02), country (TEXT) and document (TEXT, several with ; between).";

/// `screen((...), (...), threshold, kind)`.
#[derive(Debug)]
pub(crate) struct Screen;

impl TableFunction for Screen {
    fn describe(&self) -> Description {
        let threshold = Parameter::new(
            "threshold",
            &[DataType::Float64],
            "The least score of a hit by names, from 0.5 to 1.",
        );
        let kind = Parameter::text(
            "kind",
            "What the names name: person, company, organization, legalentity or vessel.",
        );
        Description::new(
            "screen",
            "Who of one relation is on a list: a row for each hit, with its score from 0 to 1, the rule \
             that made it one (document: an equal number; name and birth; name), and the reasons as JSON. \
             Candidates for a person to look at, not decisions. The list is indexed by the sounds of its \
             names, also with a letter wrong (symmetric deletion, Garbe 2012) and with neighbours written \
             together; the score is that of names.name_similarity, shifted by birth and country.",
        )
        .relation("people", Feed::Stream, COLUMNS)
        .relation("list", Feed::Build, COLUMNS)
        .parameter(threshold.default(Arc::new(Float64Array::from(vec![0.85]))).constant())
        .parameter(kind.default(Arc::new(StringViewArray::from(vec!["person"]))).constant())
        .example(
            "SELECT id, listed_id, round(score, 2), rule FROM screening.screen((SELECT 1 AS id, 'VYHADANENKO Taras' AS name, '1971-02-03' AS birth), (SELECT 'L7' AS id, 'Тарас Вигаданенко' AS name, '1971' AS birth))",
            "1,L7,1.0,name and birth",
        )
        .example(
            "SELECT id, listed_id, rule FROM screening.screen((SELECT 1 AS id, 'Olena Mriia' AS name, 'AA 123456' AS document), (SELECT 2 AS id, 'Someone Else' AS name, 'aa123456; X9999' AS document))",
            "1,2,document",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let [people, list] = relations else {
            let found = relations.len();
            return Err(Error::unsupported(format!(
                "expected two relations, found {found}"
            )));
        };
        let id = |columns: &Columns, schema: &SchemaRef, name: &str| {
            schema.field(columns.id).clone().with_name(name)
        };
        let columns = [Columns::new("people", people)?, Columns::new("list", list)?];
        let text = |name| Field::new(name, DataType::Utf8, false);
        let output = Schema::new(vec![
            id(&columns[0], people, "id"),
            id(&columns[1], list, "listed_id"),
            Field::new("score", DataType::Float64, false),
            text("rule"),
            text("name"),
            text("listed_name"),
            text("reasons"),
        ]);
        Ok(Box::new(Bound {
            columns,
            threshold: threshold(signature)?,
            kind: kind(signature)?,
            output: Arc::new(output),
        }))
    }
}

fn threshold(signature: &Signature) -> Result<f64> {
    let value = signature.constant(0);
    let value = value.and_then(|value| value.as_primitive_opt::<Float64Type>());
    let value = value.map(|values| values.value(0));
    let valid = value.filter(|value| (0.5..=1.0).contains(value));
    valid.ok_or_else(|| {
        let found = value.map_or_else(|| "null".to_owned(), |value| value.to_string());
        Error::invalid_config(format!(
            "argument threshold: expected 0.5 to 1, found {found}"
        ))
    })
}

fn kind(signature: &Signature) -> Result<MatchKind> {
    let name = signature.text(1).unwrap_or_default();
    MatchKind::from_name(&name).ok_or_else(|| {
        Error::invalid_config(format!(
            "argument kind: expected person, company, organization, legalentity or vessel, found {name:?}"
        ))
    })
}

struct Bound {
    columns: [Columns; 2],
    threshold: f64,
    kind: MatchKind,
    output: SchemaRef,
}

impl BoundTable for Bound {
    fn output(&self) -> SchemaRef {
        Arc::clone(&self.output)
    }

    fn distributions(&self) -> Vec<Distribution> {
        vec![Distribution::Any, Distribution::Broadcast]
    }

    fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
        Ok(Box::new(Call {
            columns: self.columns.clone(),
            kind: self.kind,
            output: Arc::clone(&self.output),
            rows: [0; 2],
            list: Vec::new(),
            listed_ids: Vec::new(),
            index: None,
            screener: Screener::new(self.threshold),
            ready: VecDeque::new(),
            ended: false,
        }))
    }
}

struct Call {
    columns: [Columns; 2],
    kind: MatchKind,
    output: SchemaRef,
    /// Rows so far of either relation.
    rows: [u64; 2],
    /// The list, until it is indexed.
    list: Vec<Record>,
    listed_ids: Vec<ArrayRef>,
    index: Option<(Index, Ids)>,
    screener: Screener,
    ready: VecDeque<RecordBatch>,
    ended: bool,
}

/// The ids of a list, by the numbers of its rows.
struct Ids {
    values: ArrayRef,
    /// Rows with equal ids have the same number: the names of one entity.
    entities: Vec<u32>,
}

impl TableCall for Call {
    fn push(&mut self, relation: usize, batch: RecordBatch) -> Result<()> {
        let records = self.columns[relation].records(&batch, self.rows[relation])?;
        if relation == LIST {
            let first = self.rows[LIST];
            if first + batch.num_rows() as u64 > u64::from(u32::MAX) {
                return Err(Error::unsupported("expected a list of at most 2^32 rows"));
            }
            let listed = records.into_iter().enumerate().filter_map(|(i, record)| {
                let row = (first + i as u64) as u32;
                record.map(|record| Record { row, ..record })
            });
            self.list.extend(listed);
            self.listed_ids
                .push(Arc::clone(batch.column(self.columns[LIST].id)));
        } else {
            self.screen(&records, &batch)?;
        }
        self.rows[relation] += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(&mut self, relation: usize) -> Result<()> {
        if relation == LIST {
            let data_type = self.output.field(1).data_type();
            let ids = Ids::new(std::mem::take(&mut self.listed_ids), data_type)?;
            let index = Index::new(std::mem::take(&mut self.list), self.kind);
            self.index = Some((index, ids));
        } else {
            self.ended = true;
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Progress> {
        Ok(match self.ready.pop_front() {
            Some(batch) => Progress::Rows(batch),
            None if self.ended => Progress::Finished,
            None => Progress::WantingInput,
        })
    }
}

impl Call {
    fn screen(&mut self, records: &[Option<Record>], batch: &RecordBatch) -> Result<()> {
        let (index, ids) = self
            .index
            .as_ref()
            .ok_or_else(|| Error::internal("people come before the list"))?;
        let mut hits: Vec<(usize, &Record, Hit)> = Vec::new();
        for (row, record) in records.iter().enumerate() {
            if let Some(record) = record {
                let found = self.screener.screen(index, record);
                let best = best_of_each(found, index, ids);
                hits.extend(best.into_iter().map(|hit| (row, record, hit)));
            }
        }
        for hits in hits.chunks(BATCH_ROWS) {
            let rows = self.rows_of(hits, batch)?;
            self.ready.push_back(rows);
        }
        Ok(())
    }

    fn rows_of(
        &mut self,
        hits: &[(usize, &Record, Hit)],
        batch: &RecordBatch,
    ) -> Result<RecordBatch> {
        let (index, ids) = self
            .index
            .as_ref()
            .expect("there is a list where there are hits");
        let listed = |hit: &Hit| index.record(hit.entry);
        let people = hits.iter().map(|(row, ..)| *row);
        let entries = hits.iter().map(|(.., hit)| listed(hit).row as usize);
        let mut reasons = StringBuilder::new();
        for (_, record, hit) in hits {
            reasons.append_value(self.screener.explain(index, record, hit).to_string());
        }
        let texts = |values: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(values)) };
        let scores = hits.iter().map(|(.., hit)| hit.score);
        let columns = vec![
            take(batch.column(self.columns[0].id), people)?,
            take(&ids.values, entries)?,
            Arc::new(Float64Array::from_iter_values(scores)) as ArrayRef,
            texts(hits.iter().map(|(.., hit)| hit.rule.name()).collect()),
            texts(
                hits.iter()
                    .map(|(_, record, _)| record.name.as_str())
                    .collect(),
            ),
            texts(
                hits.iter()
                    .map(|(.., hit)| listed(hit).name.as_str())
                    .collect(),
            ),
            Arc::new(reasons.finish()),
        ];
        Ok(RecordBatch::try_new(Arc::clone(&self.output), columns)?)
    }
}

/// The best hit by documents and the best by names of each entity: its names are many rows of the list.
fn best_of_each(hits: Vec<Hit>, index: &Index, ids: &Ids) -> Vec<Hit> {
    let mut best: Vec<(u32, Hit)> = Vec::with_capacity(hits.len());
    for hit in hits {
        let entity = ids.entities[index.record(hit.entry).row as usize];
        let is_document = |hit: &Hit| hit.rule == crate::Rule::Document;
        let known = best
            .iter()
            .any(|(other, kept)| *other == entity && is_document(kept) == is_document(&hit));
        if !known {
            best.push((entity, hit));
        }
    }
    best.into_iter().map(|(_, hit)| hit).collect()
}

impl Ids {
    fn new(batches: Vec<ArrayRef>, data_type: &DataType) -> Result<Self> {
        let values = match batches.is_empty() {
            true => arrow_array::new_empty_array(data_type),
            false => joined(&batches)?,
        };
        let mut numbers: HashMap<(bool, Vec<u8>), u32> = HashMap::new();
        let entities = (0..values.len()).map(|row| {
            let next = numbers.len() as u32;
            *numbers.entry(key(&values, row)).or_insert(next)
        });
        let entities = entities.collect();
        Ok(Self { entities, values })
    }
}

/// One array of several.
fn joined(batches: &[ArrayRef]) -> Result<ArrayRef> {
    let all: Vec<_> = batches.iter().map(|batch| batch.to_data()).collect();
    let mut values = MutableArrayData::new(all.iter().collect(), true, 0);
    for (i, batch) in batches.iter().enumerate() {
        values.try_extend(i, 0, batch.len())?;
    }
    Ok(make_array(values.freeze()))
}

/// A value by its bytes, and whether that is what it is. Nulls, and values of types whose bytes do not
/// tell them apart, are each their own.
fn key(values: &ArrayRef, row: usize) -> (bool, Vec<u8>) {
    if values.is_null(row) {
        return (false, row.to_le_bytes().to_vec());
    }
    if let Some(text) = sextant_plugin_sdk::Strings::new(values).and_then(|texts| texts.get(row)) {
        return (true, text.as_bytes().to_vec());
    }
    match values.data_type().primitive_width() {
        Some(width) => {
            let data = values.to_data();
            let start = (data.offset() + row) * width;
            let bytes = &data.buffers()[0].as_slice()[start..start + width];
            (true, bytes.to_vec())
        }
        None => (false, row.to_le_bytes().to_vec()),
    }
}

/// The values at the given places.
fn take(values: &ArrayRef, places: impl Iterator<Item = usize>) -> Result<ArrayRef> {
    let data = values.to_data();
    let mut taken = MutableArrayData::new(vec![&data], false, 0);
    for place in places {
        taken.try_extend(0, place, place + 1)?;
    }
    Ok(make_array(taken.freeze()))
}
