//! Bounds on an SQL text, checked before anything recursive sees it.

use super::failure::from_datafusion;
use crate::error::{Error, Result};
use crate::limits::Limits;
use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::VecDeque;

/// The statements of an SQL text.
pub(super) fn parse(sql: &str, limits: &Limits) -> Result<VecDeque<Statement>> {
    if sql.len() > limits.sql_bytes_max {
        return Err(Error::over_limit(
            "bytes of SQL",
            sql.len(),
            limits.sql_bytes_max,
            "sql_bytes_max",
        ));
    }
    check_tokens(sql, limits)?;
    DFParser::parse_sql(sql).map_err(|error| from_datafusion(&error, sql))
}

/// Counts terms and nesting. The tokenizer does not recurse; the parser, the planner and the
/// destructors of their trees do.
fn check_tokens(sql: &str, limits: &Limits) -> Result<()> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .tokenize()
        .map_err(|error| {
            let error = ParserError::TokenizerError(error.to_string());
            from_datafusion(&DataFusionError::SQL(Box::new(error), None), sql)
        })?;
    let (mut terms, mut depth, mut deepest) = (0, 0_usize, 0);
    for token in &tokens {
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        terms += 1;
        deepest = deepest.max(depth);
    }
    if terms > limits.sql_tokens_max {
        return Err(Error::over_limit(
            "terms of the SQL text",
            terms,
            limits.sql_tokens_max,
            "sql_tokens_max",
        )
        .with_hint("put long lists into a file and join it"));
    }
    if deepest > limits.sql_depth_max {
        return Err(Error::over_limit(
            "depth of nesting of the SQL text",
            deepest,
            limits.sql_depth_max,
            "sql_depth_max",
        ));
    }
    Ok(())
}
