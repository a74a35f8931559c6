//! Requests as SQL of the server: what is selected, from where, under which conditions.
//!
//! A condition says at least what its predicate says, compared as Arrow compares: texts by their bytes,
//! floats with two zeros. Where the server cannot be asked exactly that, it is asked for more, and the
//! host filters again.

use crate::config::Infinity;
use crate::literal::{Float, Literal, float, literal, text};
use crate::partition::Blocks;
use crate::quoting::{operator, quoted_text};
use crate::types::{Column, Comparison, Key};
use arrow_array::{Array, ArrayRef};
use sextant_plugin_sdk::{Error, Operator, Predicate, Request, Result};

/// A statement about a relation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Select {
    columns: String,
    rest: String,
}

impl Select {
    /// What a request wants of a relation, whose name is given quoted.
    pub(crate) fn new(
        relation: &str,
        columns: &[Column],
        request: &Request,
        blocks: Blocks,
        infinity: Infinity,
    ) -> Result<Self> {
        let mut conditions = Vec::new();
        for predicate in &request.predicates {
            let column = columns.get(predicate.column).ok_or_else(no_column)?;
            conditions.extend(condition(column, predicate, infinity)?);
        }
        conditions.extend(blocks.conditions());
        let mut rest = format!(" FROM {relation}");
        if !conditions.is_empty() {
            rest += &format!(" WHERE {}", conditions.join(" AND "));
        }
        // Of rows that the host still filters, any number may be needed.
        let is_exact = |predicate: &Predicate| columns[predicate.column].operators().1;
        if let Some(limit) = request.limit
            && request.predicates.iter().all(is_exact)
        {
            rest += &format!(" LIMIT {limit}");
        }
        let wanted = request.columns.iter().map(|&column| {
            let column = columns.get(column).ok_or_else(no_column)?;
            Ok(column.selected.as_str())
        });
        Ok(Self {
            columns: wanted.collect::<Result<Vec<_>>>()?.join(", "),
            rest,
        })
    }

    /// Gives its rows as a stream.
    pub(crate) fn copy(&self) -> String {
        format!(
            "COPY (SELECT {}{}) TO STDOUT (FORMAT binary)",
            self.columns, self.rest
        )
    }

    /// Gives how many rows it has.
    pub(crate) fn count(&self) -> String {
        format!(
            "SELECT pg_catalog.count(*) FROM (SELECT{}) AS counted",
            self.rest
        )
    }

    /// Gives how the server would find its rows.
    pub(crate) fn explain(&self) -> String {
        format!("EXPLAIN (FORMAT JSON) SELECT{}", self.rest)
    }
}

fn no_column() -> Error {
    Error::internal("a request has a column that its table does not have")
}

/// A predicate in SQL, or none where SQL cannot say it.
fn condition(column: &Column, predicate: &Predicate, infinity: Infinity) -> Result<Option<String>> {
    let condition = Condition { column, infinity };
    let values = &predicate.values;
    match predicate.operator {
        Operator::IsNull => Ok(Some(condition.is_null())),
        Operator::IsNotNull => Ok(Some(condition.has_value())),
        Operator::Like => condition.like(values),
        Operator::Eq | Operator::InList => condition.is_in(values),
        Operator::NotEq | Operator::NotInList => condition.is_not_in(values).map(Some),
        Operator::Lt => condition.compares(values, Order::LESS),
        Operator::LtEq => condition.compares(values, Order::LESS.or_equal()),
        Operator::Gt => condition.compares(values, Order::MORE),
        Operator::GtEq => condition.compares(values, Order::MORE.or_equal()),
    }
}

#[derive(Clone, Copy)]
struct Condition<'a> {
    column: &'a Column,
    infinity: Infinity,
}

/// How a value stands to another.
#[derive(Clone, Copy)]
struct Order {
    is_less: bool,
    or_equal: bool,
}

impl Order {
    const LESS: Self = Self {
        is_less: true,
        or_equal: false,
    };
    const MORE: Self = Self {
        is_less: false,
        or_equal: false,
    };

    fn or_equal(self) -> Self {
        Self {
            or_equal: true,
            ..self
        }
    }

    fn sign(self) -> &'static str {
        match (self.is_less, self.or_equal) {
            (true, false) => "<",
            (true, true) => "<=",
            (false, false) => ">",
            (false, true) => ">=",
        }
    }
}

const NEVER: &str = "false";

impl Condition<'_> {
    /// Whether a value is one that Arrow has; none where all are.
    fn is_finite(self) -> Option<String> {
        let has_infinite = self.column.kind.may_be_infinite() && !self.column.is_list;
        (has_infinite && self.infinity == Infinity::Null)
            .then(|| format!("pg_catalog.isfinite({})", self.column.operand))
    }

    fn is_null(self) -> String {
        let operand = &self.column.operand;
        match self.is_finite() {
            Some(is_finite) => format!("({operand} IS NULL OR NOT {is_finite})"),
            None => format!("{operand} IS NULL"),
        }
    }

    fn has_value(self) -> String {
        // Of a null nothing is known, also not whether it is finite.
        let is_not_null = || format!("{} IS NOT NULL", self.column.operand);
        self.is_finite().unwrap_or_else(is_not_null)
    }

    /// The same condition, for values that Arrow has.
    fn and_finite(self, condition: String) -> String {
        match self.is_finite() {
            Some(is_finite) => format!("{condition} AND {is_finite}"),
            None => condition,
        }
    }

    fn is_in(self, values: &ArrayRef) -> Result<Option<String>> {
        let mut literals = Vec::new();
        for row in 0..values.len() {
            match self.equal_to(values, row)? {
                Equal::To(literal) => literals.push(literal),
                Equal::ToNone => {}
                Equal::Unknown => return Ok(None),
            }
        }
        Ok(Some(match literals.is_empty() {
            true => NEVER.to_owned(),
            false => self.compares_key("=", "ANY", &literals),
        }))
    }

    fn is_not_in(self, values: &ArrayRef) -> Result<String> {
        let mut literals = Vec::new();
        for row in 0..values.len() {
            // What is left out is asked for, and filtered by the host.
            let is_special = matches!(self.column.comparison, Comparison::Floats(_))
                && float(self.column.kind, values, row)? != Float::Plain;
            if let Equal::To(literal) = self.equal_to(values, row)?
                && !is_special
            {
                literals.push(literal);
            }
        }
        Ok(match literals.is_empty() {
            true => self.has_value(),
            false => self.and_finite(self.compares_key("<>", "ALL", &literals)),
        })
    }

    /// What is compared where values are to be equal.
    fn key(self) -> String {
        match self.column.comparison {
            Comparison::Texts {
                is_deterministic: false,
                ..
            } => self.by_bytes(),
            _ => self.column.key.clone(),
        }
    }

    /// `IN` would take an operator from wherever the session's path leads.
    fn compares_key(self, sign: &str, quantifier: &str, literals: &[String]) -> String {
        let (key, sign) = (self.key(), operator(sign));
        match literals {
            [literal] => format!("{key} {sign} {literal}"),
            _ => format!("{key} {sign} {quantifier} (ARRAY[{}])", literals.join(", ")),
        }
    }

    fn by_bytes(self) -> String {
        format!("{} COLLATE pg_catalog.\"C\"", self.column.operand)
    }

    /// What a value has to be equal to in SQL.
    fn equal_to(self, values: &ArrayRef, row: usize) -> Result<Equal> {
        let (key, is_deterministic, is_utf8) = match self.column.comparison {
            Comparison::None => return Err(Error::internal("a predicate was not taken")),
            Comparison::Values(name) | Comparison::Floats(name) => {
                return Ok(match literal(self.column.kind, values, row)? {
                    Literal::Text(text) => Equal::typed(&text, name),
                    Literal::Below | Literal::Above => Equal::ToNone,
                });
            }
            Comparison::Texts {
                key,
                is_deterministic,
                is_utf8,
            } => (key, is_deterministic, is_utf8),
        };
        let text = text(values, row)?;
        Ok(match key {
            // No text of the server has such a byte.
            _ if text.contains('\0') => Equal::ToNone,
            // It might have no letter for it, which is an error there.
            _ if !is_utf8 && !text.is_ascii() => Equal::Unknown,
            Key::Uuid if !is_uuid(text) => Equal::ToNone,
            Key::Uuid => Equal::typed(text, "pg_catalog.uuid"),
            Key::Padded if text.ends_with(' ') => Equal::ToNone,
            Key::Padded if is_deterministic => Equal::typed(text, "pg_catalog.bpchar"),
            Key::Padded | Key::Text => Equal::typed(text, "pg_catalog.text"),
        })
    }

    fn like(self, values: &ArrayRef) -> Result<Option<String>> {
        let pattern = text(values, 0)?;
        let Comparison::Texts {
            is_deterministic,
            is_utf8: true,
            ..
        } = self.column.comparison
        else {
            return Ok(None);
        };
        if pattern.contains('\0') {
            return Ok(Some(NEVER.to_owned()));
        }
        let operand = match is_deterministic {
            true => self.column.operand.clone(),
            false => self.by_bytes(),
        };
        // A backslash stands for itself here, and for what follows it there.
        let pattern = quoted_text(&pattern.replace('\\', "\\\\"));
        let sign = operator("~~");
        Ok(Some(format!("{operand} {sign} {pattern}::pg_catalog.text")))
    }

    fn compares(self, values: &ArrayRef, order: Order) -> Result<Option<String>> {
        let kind = self.column.kind;
        match self.column.comparison {
            Comparison::None | Comparison::Texts { is_utf8: false, .. } => Ok(None),
            Comparison::Values(name) => {
                let literal = literal(kind, values, 0)?;
                Ok(Some(self.compares_value(&literal, name, order)))
            }
            Comparison::Floats(name) => {
                let order = match float(kind, values, 0)? {
                    Float::Plain => order,
                    // The other zero may be less or more here.
                    Float::Zero => order.or_equal(),
                    Float::Nan => return Ok(None),
                };
                let literal = literal(kind, values, 0)?;
                Ok(Some(self.compares_value(&literal, name, order)))
            }
            Comparison::Texts { .. } => {
                let text = text(values, 0)?;
                // What goes on with a zero byte comes right after the text before it.
                let (text, order) = match text.split_once('\0') {
                    Some((before, _)) if order.is_less => (before, order.or_equal()),
                    Some((before, _)) => (before, Order::MORE),
                    None => (text, order),
                };
                let (operand, sign) = (self.by_bytes(), operator(order.sign()));
                let text = quoted_text(text);
                Ok(Some(format!("{operand} {sign} {text}::pg_catalog.text")))
            }
        }
    }

    fn compares_value(self, literal: &Literal, name: &str, order: Order) -> String {
        match literal {
            Literal::Text(text) => {
                let (operand, sign) = (&self.column.operand, operator(order.sign()));
                let text = quoted_text(text);
                self.and_finite(format!("{operand} {sign} {text}::{name}"))
            }
            Literal::Below if order.is_less => NEVER.to_owned(),
            Literal::Above if !order.is_less => NEVER.to_owned(),
            Literal::Below | Literal::Above => self.has_value(),
        }
    }
}

/// What a value has to be equal to in SQL.
enum Equal {
    To(String),
    /// No value of the column is that.
    ToNone,
    /// It cannot be said.
    Unknown,
}

impl Equal {
    fn typed(text: &str, name: &str) -> Self {
        Self::To(format!("{}::{name}", quoted_text(text)))
    }
}

/// Whether a text is a UUID in the form in which they are read: 32 lower-case digits in five groups.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Described, Reading};
    use arrow_array::{
        Date32Array, Float64Array, Int32Array, StringArray, TimestampMicrosecondArray,
        new_empty_array,
    };
    use std::sync::Arc;

    const READING: Reading = Reading {
        infinity: Infinity::Error,
        is_utf8: true,
    };

    fn described(oid: u32) -> Described<'static> {
        Described {
            name: "c",
            is_not_null: false,
            oid,
            type_name: "",
            type_schema: "",
            modifier: -1,
            element: 0,
            is_deterministic: true,
            is_spatial: false,
        }
    }

    fn column(oid: u32) -> Column {
        Column::new(&described(oid), READING, false)
    }

    fn sql_with(
        column: &Column,
        operator: Operator,
        values: impl Array + 'static,
        infinity: Infinity,
    ) -> Option<String> {
        let predicate = Predicate {
            column: 0,
            operator,
            values: Arc::new(values),
        };
        condition(column, &predicate, infinity).unwrap()
    }

    fn sql(column: &Column, operator: Operator, values: impl Array + 'static) -> String {
        sql_with(column, operator, values, Infinity::Error).unwrap()
    }

    #[test]
    fn numbers_are_compared_as_what_they_are() {
        let column = column(23);
        let five = || Int32Array::from(vec![5]);
        for (operator, expected) in [
            (
                Operator::Eq,
                "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.=) '5'::pg_catalog.int4",
            ),
            (
                Operator::NotEq,
                "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.<>) '5'::pg_catalog.int4",
            ),
            (
                Operator::Lt,
                "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.<) '5'::pg_catalog.int4",
            ),
            (
                Operator::LtEq,
                "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.<=) '5'::pg_catalog.int4",
            ),
            (
                Operator::Gt,
                "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.>) '5'::pg_catalog.int4",
            ),
            (
                Operator::GtEq,
                "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.>=) '5'::pg_catalog.int4",
            ),
            (Operator::IsNull, "\"c\"::pg_catalog.int4 IS NULL"),
            (Operator::IsNotNull, "\"c\"::pg_catalog.int4 IS NOT NULL"),
        ] {
            assert_eq!(sql(&column, operator, five()), expected);
        }
        let none = new_empty_array(&arrow_schema::DataType::Int32);
        assert_eq!(sql(&column, Operator::InList, Arc::clone(&none)), "false");
        let some = Int32Array::from(vec![5, 6]);
        assert_eq!(
            sql(&column, Operator::NotInList, some),
            "\"c\"::pg_catalog.int4 OPERATOR(pg_catalog.<>) ALL (ARRAY['5'::pg_catalog.int4, '6'::pg_catalog.int4])"
        );
        assert_eq!(
            sql(&column, Operator::NotInList, none),
            "\"c\"::pg_catalog.int4 IS NOT NULL"
        );
    }

    #[test]
    fn texts_are_compared_by_their_bytes() {
        let text = |text: &str| StringArray::from(vec![text]);
        let column = column(25);
        for (operator, expected) in [
            (
                Operator::Eq,
                "\"c\"::pg_catalog.text OPERATOR(pg_catalog.=) 'O''Hara\\'::pg_catalog.text",
            ),
            (
                Operator::Lt,
                "\"c\"::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.<) 'O''Hara\\'::pg_catalog.text",
            ),
        ] {
            assert_eq!(sql(&column, operator, text("O'Hara\\")), expected);
        }
        assert_eq!(
            sql(&column, Operator::Like, text("К_ї\\в%")),
            "\"c\"::pg_catalog.text OPERATOR(pg_catalog.~~) 'К_ї\\\\в%'::pg_catalog.text"
        );
        let described = Described {
            is_deterministic: false,
            ..described(25)
        };
        let by_sound = Column::new(&described, READING, false);
        assert_eq!(
            sql(&by_sound, Operator::NotEq, text("a")),
            "\"c\"::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.<>) 'a'::pg_catalog.text"
        );
        assert_eq!(
            sql(&by_sound, Operator::Like, text("a%")),
            "\"c\"::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.~~) 'a%'::pg_catalog.text"
        );
    }

    #[test]
    fn a_zero_byte_is_in_no_text() {
        let column = column(25);
        let text = || StringArray::from(vec!["a\0b"]);
        let by_bytes = "\"c\"::pg_catalog.text COLLATE pg_catalog.\"C\"";
        let (up_to, beyond) = (operator("<="), operator(">"));
        for (operator, expected) in [
            (Operator::Eq, "false".to_owned()),
            (
                Operator::NotEq,
                "\"c\"::pg_catalog.text IS NOT NULL".to_owned(),
            ),
            (Operator::Like, "false".to_owned()),
            (
                Operator::Lt,
                format!("{by_bytes} {up_to} 'a'::pg_catalog.text"),
            ),
            (
                Operator::LtEq,
                format!("{by_bytes} {up_to} 'a'::pg_catalog.text"),
            ),
            (
                Operator::Gt,
                format!("{by_bytes} {beyond} 'a'::pg_catalog.text"),
            ),
            (
                Operator::GtEq,
                format!("{by_bytes} {beyond} 'a'::pg_catalog.text"),
            ),
        ] {
            assert_eq!(sql(&column, operator, text()), expected);
        }
    }

    #[test]
    fn a_database_in_another_encoding_is_asked_for_ascii_alone() {
        let reading = Reading {
            is_utf8: false,
            ..READING
        };
        let column = Column::new(&described(25), reading, false);
        let asked = |operator, texts: &[&str]| {
            let texts = StringArray::from(texts.to_vec());
            sql_with(&column, operator, texts, Infinity::Error)
        };
        assert_eq!(asked(Operator::InList, &["a", "ї"]), None);
        assert_eq!(
            asked(Operator::NotInList, &["a", "ї"]).unwrap(),
            "\"c\"::pg_catalog.text OPERATOR(pg_catalog.<>) 'a'::pg_catalog.text"
        );
        assert_eq!(asked(Operator::Lt, &["a"]), None);
        assert_eq!(asked(Operator::Like, &["a%"]), None);
    }

    #[test]
    fn padded_texts_and_uuids_are_looked_up_by_their_own_type() {
        let texts = |texts: &[&str]| StringArray::from(texts.to_vec());
        let padded = column(1042);
        assert_eq!(
            sql(&padded, Operator::InList, texts(&["UA", "UA "])),
            "\"c\"::pg_catalog.bpchar OPERATOR(pg_catalog.=) 'UA'::pg_catalog.bpchar"
        );
        assert_eq!(
            sql(&padded, Operator::Gt, texts(&["UA"])),
            "\"c\"::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.>) 'UA'::pg_catalog.text"
        );
        let uuid = column(2950);
        let own = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        let shouted = own.to_ascii_uppercase();
        assert_eq!(
            sql(&uuid, Operator::InList, texts(&[own, &shouted, "x"])),
            format!("\"c\"::pg_catalog.uuid OPERATOR(pg_catalog.=) '{own}'::pg_catalog.uuid")
        );
        assert_eq!(
            sql(&uuid, Operator::Like, texts(&["a0%"])),
            "\"c\"::pg_catalog.text OPERATOR(pg_catalog.~~) 'a0%'::pg_catalog.text"
        );
    }

    #[test]
    fn floats_have_two_zeros_and_no_order_of_nan() {
        let column = column(701);
        let asked = |operator, floats: &[f64]| {
            let floats = Float64Array::from(floats.to_vec());
            sql_with(&column, operator, floats, Infinity::Error)
        };
        assert_eq!(
            asked(Operator::Eq, &[0.0]).unwrap(),
            "\"c\"::pg_catalog.float8 OPERATOR(pg_catalog.=) '0e0'::pg_catalog.float8"
        );
        assert_eq!(
            asked(Operator::NotInList, &[1.5, -0.0, f64::NAN]).unwrap(),
            "\"c\"::pg_catalog.float8 OPERATOR(pg_catalog.<>) '1.5e0'::pg_catalog.float8"
        );
        assert_eq!(
            asked(Operator::NotEq, &[0.0]).unwrap(),
            "\"c\"::pg_catalog.float8 IS NOT NULL"
        );
        assert_eq!(
            asked(Operator::Lt, &[0.0]).unwrap(),
            "\"c\"::pg_catalog.float8 OPERATOR(pg_catalog.<=) '0e0'::pg_catalog.float8"
        );
        assert_eq!(asked(Operator::Lt, &[f64::NAN]), None);
    }

    #[test]
    fn infinite_values_that_are_nulls_are_nulls_in_conditions() {
        let date = column(1082);
        let day = || Date32Array::from(vec![0]);
        let asked = |operator| sql_with(&date, operator, day(), Infinity::Null).unwrap();
        assert_eq!(
            asked(Operator::IsNull),
            "(\"c\"::pg_catalog.date IS NULL OR NOT pg_catalog.isfinite(\"c\"::pg_catalog.date))"
        );
        assert_eq!(
            asked(Operator::IsNotNull),
            "pg_catalog.isfinite(\"c\"::pg_catalog.date)"
        );
        assert_eq!(
            asked(Operator::Eq),
            "\"c\"::pg_catalog.date OPERATOR(pg_catalog.=) '1970-01-01'::pg_catalog.date"
        );
        assert_eq!(
            asked(Operator::Gt),
            "\"c\"::pg_catalog.date OPERATOR(pg_catalog.>) '1970-01-01'::pg_catalog.date AND pg_catalog.isfinite(\"c\"::pg_catalog.date)"
        );
        let ancient = || TimestampMicrosecondArray::from(vec![i64::MIN]);
        let instant = column(1114);
        for (operator, expected) in [
            (Operator::Lt, "false"),
            (Operator::Gt, "\"c\"::pg_catalog.timestamp IS NOT NULL"),
            (Operator::Eq, "false"),
            (Operator::NotEq, "\"c\"::pg_catalog.timestamp IS NOT NULL"),
        ] {
            assert_eq!(sql(&instant, operator, ancient()), expected);
        }
    }

    #[test]
    fn a_request_is_one_statement() {
        let columns = [column(23), column(701)];
        let predicate = |column, values: ArrayRef| Predicate {
            column,
            operator: Operator::GtEq,
            values,
        };
        let mut request = Request {
            table: "t".to_owned(),
            columns: vec![1, 0],
            predicates: vec![predicate(0, Arc::new(Int32Array::from(vec![5])))],
            limit: Some(7),
            batch_rows: 100,
            partitions: 2,
        };
        let select = |request: &Request| {
            let blocks = crate::partition::split(&[4_096], 2)[0];
            Select::new("\"s\".\"t\"", &columns, request, blocks, Infinity::Error).unwrap()
        };
        let rest = "FROM \"s\".\"t\" WHERE \"c\"::pg_catalog.int4 OPERATOR(pg_catalog.>=) '5'::pg_catalog.int4 AND ctid OPERATOR(pg_catalog.<) '(2048,0)'::pg_catalog.tid LIMIT 7";
        assert_eq!(
            select(&request).copy(),
            format!(
                "COPY (SELECT \"c\"::pg_catalog.float8, \"c\"::pg_catalog.int4 {rest}) TO STDOUT (FORMAT binary)"
            )
        );
        assert_eq!(
            select(&request).count(),
            format!("SELECT pg_catalog.count(*) FROM (SELECT {rest}) AS counted")
        );
        // Some of the rows that come may be filtered by the host.
        let zero: ArrayRef = Arc::new(Float64Array::from(vec![0.0]));
        request.predicates.push(predicate(1, zero));
        assert!(!select(&request).copy().contains("LIMIT"));
    }
}
