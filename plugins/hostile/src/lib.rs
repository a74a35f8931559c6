//! draft
use sextant_plugin_sdk::{*, arrow_schema::*, arrow_array::*};
use std::sync::Arc;
#[derive(Debug)]
pub struct S;
impl Source for S {
    type Config = std::collections::BTreeMap<String, String>;
    fn open(_: Self::Config, _: Host) -> Result<Self> { Ok(S) }
    fn tables(&self) -> Result<Vec<Table>> { Ok(vec![Table::new("t", Schema::new(vec![Field::new("a", DataType::Int64, false)]))]) }
    fn scan(&self, request: &Request, _: &Partition) -> Result<Batches> {
        let t = self.tables()?.remove(0);
        let mut r = RowBuilder::new(&t.columns, request)?;
        r.push(&[Cell::Int(1)])?;
        Ok(Box::new(std::iter::once(r.finish())))
    }
}
fn functions() -> Functions {
    Functions::new().scalar(SimpleScalar::new(Description::new("one", "one").parameter(Parameter::text("a", "")), DataType::Int64, |a| {
        let s = a.strings(0)?;
        Ok(Arc::new((0..a.rows()).map(|i| s.get(i).map(|s| s.len() as i64)).collect::<Int64Array>()) as ArrayRef)
    }))
}
export!(source: S, functions: functions);
