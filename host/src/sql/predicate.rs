//! Filters of a plan as predicates of the contract. Only what translates exactly is sent, and the
//! plan filters again whatever a plugin says that it did.

use crate::wasm::{Operator, Predicate, TableDescription};
use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{BinaryExpr, InList, Like};
use datafusion::logical_expr::{Between, Expr, Operator as SqlOperator};

/// The predicates that say what a filter says, or none where the table does not take them all.
pub(super) fn translate(filter: &Expr, table: &TableDescription) -> Option<Vec<Predicate>> {
    let predicates = match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: SqlOperator::And,
            right,
        }) => {
            let mut both = translate(left, table)?;
            both.extend(translate(right, table)?);
            return Some(both);
        }
        // The optimiser makes this of a short IN.
        Expr::BinaryExpr(BinaryExpr {
            op: SqlOperator::Or,
            ..
        }) => {
            let mut literals = Vec::new();
            let column = alternatives(filter, &mut literals)?;
            vec![values(column, Operator::InList, literals, table)?]
        }
        Expr::BinaryExpr(binary) => vec![comparison(binary, table)?],
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) => {
            let low = values(expr, Operator::GtEq, [low.as_ref()], table)?;
            vec![low, values(expr, Operator::LtEq, [high.as_ref()], table)?]
        }
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) => {
            let operator = if *negated {
                Operator::NotInList
            } else {
                Operator::InList
            };
            vec![values(expr, operator, list, table)?]
        }
        Expr::Like(Like {
            negated: false,
            expr,
            pattern,
            escape_char: None,
            case_insensitive: false,
        }) if !has_escape(pattern) => {
            vec![values(expr, Operator::Like, [pattern.as_ref()], table)?]
        }
        Expr::IsNull(expr) => vec![values(expr, Operator::IsNull, [], table)?],
        Expr::IsNotNull(expr) => vec![values(expr, Operator::IsNotNull, [], table)?],
        _ => return None,
    };
    let taken = |predicate: &Predicate| {
        let is_key = table.required_keys.contains(&predicate.column)
            && matches!(predicate.operator, Operator::Eq | Operator::InList);
        is_key
            || table.pushdown.iter().any(|taken| {
                taken.column == predicate.column && taken.operators.contains(&predicate.operator)
            })
    };
    predicates.iter().all(taken).then_some(predicates)
}

/// Whether a pattern has a backslash, which escapes in Arrow's LIKE and not in the contract's.
fn has_escape(pattern: &Expr) -> bool {
    match pattern {
        Expr::Literal(value, _) => {
            matches!(value.try_as_str(), Some(Some(text)) if text.contains('\\'))
        }
        _ => false,
    }
}

/// The column that is equal to one of several literals, which are collected.
fn alternatives<'a>(filter: &'a Expr, literals: &mut Vec<&'a Expr>) -> Option<&'a Expr> {
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: SqlOperator::Or,
            right,
        }) => {
            // A null among the values of a short IN is one of these sides.
            let mut sides = [left, right].into_iter().filter(|side| !is_null(side));
            let column = alternatives(sides.next()?, literals)?;
            let is_same = sides.all(|side| alternatives(side, literals) == Some(column));
            is_same.then_some(column)
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: SqlOperator::Eq,
            right,
        }) => {
            let (column, literal) = match (left.as_ref(), right.as_ref()) {
                (column @ Expr::Column(_), literal @ Expr::Literal(..))
                | (literal @ Expr::Literal(..), column @ Expr::Column(_)) => (column, literal),
                _ => return None,
            };
            literals.push(literal);
            Some(column)
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => {
            literals.extend(list);
            Some(expr)
        }
        _ => None,
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

fn comparison(binary: &BinaryExpr, table: &TableDescription) -> Option<Predicate> {
    let (column, op, value) = match (binary.left.as_ref(), binary.right.as_ref()) {
        (column @ Expr::Column(_), value @ Expr::Literal(..)) => (column, binary.op, value),
        (value @ Expr::Literal(..), column @ Expr::Column(_)) => (column, binary.op.swap()?, value),
        _ => return None,
    };
    let operator = match op {
        SqlOperator::Eq => Operator::Eq,
        SqlOperator::NotEq => Operator::NotEq,
        SqlOperator::Lt => Operator::Lt,
        SqlOperator::LtEq => Operator::LtEq,
        SqlOperator::Gt => Operator::Gt,
        SqlOperator::GtEq => Operator::GtEq,
        _ => return None,
    };
    values(column, operator, [value], table)
}

/// A predicate on a column whose values are literals of the column's own type. One with a null is none, but
/// for lists of what the column may be, which do without it.
fn values<'a>(
    column: &Expr,
    operator: Operator,
    literals: impl IntoIterator<Item = &'a Expr>,
    table: &TableDescription,
) -> Option<Predicate> {
    let Expr::Column(Column { name, .. }) = column else {
        return None;
    };
    let (column, field) = table.columns.column_with_name(name)?;
    let mut scalars = Vec::new();
    for literal in literals {
        let Expr::Literal(value, _) = literal else {
            return None;
        };
        // A filter keeps nothing for being equal to null.
        if operator == Operator::InList && value.is_null() {
            continue;
        }
        scalars.push(convert(value, field.data_type())?);
    }
    let values = match scalars.is_empty() {
        true if operator == Operator::InList => return None,
        true => arrow::array::new_empty_array(field.data_type()),
        false => ScalarValue::iter_to_array(scalars).ok()?,
    };
    Some(Predicate {
        column,
        operator,
        values,
    })
}

/// A literal in the column's type: the same value in another text layout, and nothing else.
fn convert(value: &ScalarValue, data_type: &DataType) -> Option<ScalarValue> {
    if value.is_null() {
        return None;
    }
    if &value.data_type() == data_type {
        return Some(value.clone());
    }
    let is_text = matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    );
    (is_text && value.try_as_str().is_some()).then(|| value.cast_to(data_type).ok())?
}
