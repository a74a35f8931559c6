//! Bounds on an SQL text, checked before anything recursive sees it.

use super::failure::from_datafusion;
use crate::error::{Error, Result};
use crate::limits::Limits;
use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, TableFactor, TableFunctionArgs, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// The statements of an SQL text.
pub(super) fn parse(sql: &str, limits: &Limits) -> Result<VecDeque<Statement>> {
    check(
        "bytes of SQL",
        sql.len(),
        limits.sql_bytes_max,
        "sql_bytes_max",
    )?;
    check_tokens(sql, limits)?;
    DFParser::parse_sql(sql).map_err(|error| from_datafusion(&error, sql))
}

/// A statement in the parser's own spelling, and the relations among the arguments of the table
/// functions that it calls, as they stand in it. None where it cannot be parsed.
pub fn subqueries_of_calls(sql: &str, limits: &Limits) -> Option<(String, Vec<String>)> {
    let statement = parse(sql, limits).ok()?.pop_front()?;
    let Statement::Statement(statement) = statement else {
        return None;
    };
    let mut found = Relations::default();
    let _ = statement.visit(&mut found);
    Some((statement.to_string(), found.0))
}

/// Relations among the arguments of table functions.
#[derive(Default)]
struct Relations(Vec<String>);

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let arguments = match factor {
            TableFactor::Table {
                args: Some(TableFunctionArgs { args, .. }),
                ..
            }
            | TableFactor::Function { args, .. } => args,
            _ => return ControlFlow::Continue(()),
        };
        for argument in arguments {
            let (FunctionArg::Unnamed(value)
            | FunctionArg::Named { arg: value, .. }
            | FunctionArg::ExprNamed { arg: value, .. }) = argument;
            if let FunctionArgExpr::Expr(Expr::Subquery(query)) = value {
                self.0.push(query.to_string());
            }
        }
        ControlFlow::Continue(())
    }
}

/// Counts terms, nesting and operators in a row. The tokenizer does not recurse; the parser, the
/// planner and the destructors of their trees do, and planning takes time in the square of the
/// operators of an expression.
fn check_tokens(sql: &str, limits: &Limits) -> Result<()> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .tokenize()
        .map_err(|error| {
            let error = ParserError::TokenizerError(error.to_string());
            from_datafusion(&DataFusionError::SQL(Box::new(error), None), sql)
        })?;
    let (mut terms, mut deepest, mut longest) = (0, 0, 0);
    // The operators so far of the expression at each depth of nesting.
    let mut operators = vec![0];
    for token in &tokens {
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => operators.push(0),
            Token::RParen | Token::RBracket | Token::RBrace if operators.len() > 1 => {
                operators.pop();
            }
            Token::Comma | Token::SemiColon => operators.last_mut().map_or((), |count| *count = 0),
            token if is_operator(token) => {
                let count = operators.last_mut().expect("the outermost stays");
                *count += 1;
                longest = longest.max(*count);
            }
            _ => {}
        }
        terms += 1;
        deepest = deepest.max(operators.len() - 1);
    }
    check(
        "terms of the SQL text",
        terms,
        limits.sql_tokens_max,
        "sql_tokens_max",
    )?;
    check(
        "depth of nesting of the SQL text",
        deepest,
        limits.sql_depth_max,
        "sql_depth_max",
    )?;
    check(
        "operators in a row",
        longest,
        limits.sql_operators_max,
        "sql_operators_max",
    )
}

fn check(what: &str, actual: usize, limit: usize, key: &str) -> Result<()> {
    match actual > limit {
        true => Err(Error::over_limit(what, actual, limit, key)),
        false => Ok(()),
    }
}

/// What makes a tree of an expression, or of a query, one level deeper.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::JOIN
        ),
        Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::DoubleColon
        | Token::Pipe
        | Token::Ampersand
        | Token::Caret
        | Token::ShiftLeft
        | Token::ShiftRight
        | Token::Arrow
        | Token::LongArrow => true,
        _ => false,
    }
}
