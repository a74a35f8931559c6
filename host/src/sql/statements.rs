//! Which statements a session takes: queries, and what makes, changes or drops its own tables and views.
//! What else there is in SQL is refused by its name, with what there is instead.

use super::catalog::PUBLIC;
use super::options::SourceErrors;
use crate::error::{Error, Result};
use datafusion::common::TableReference;
use datafusion::common::utils::quote_identifier;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{
    DdlStatement, DmlStatement, LogicalPlan, SetVariable, Statement as PlanStatement, WriteOp,
};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Sql;

/// What there is, for whoever wrote something else.
pub(super) const TAKEN: &str = "there are SELECT, EXPLAIN, DESCRIBE, SHOW, SET and RESET, COPY ... TO a file, and of this session's own: CREATE and DROP TABLE, EXTERNAL TABLE and VIEW, and INSERT";
const SCHEMAS: &str = "a schema is a source: `sextant source add` and `sextant source remove`";
const FUNCTIONS: &str = "functions come with plugins; sextant.functions shows them";
const ANALYZED: &str = "it runs queries, COPY and INSERT; EXPLAIN alone shows a plan";
const SHARED: &str = "memory stands under [limits] in sextant.toml, as query_memory_bytes_max; what does not fit goes to the folder TMPDIR";

/// DataFusion resets its own settings alone; Sextant's are set to what they begin with.
pub(super) fn with_reset(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Statement(PlanStatement::ResetVariable(reset))
            if reset.variable.starts_with("sextant.") =>
        {
            LogicalPlan::Statement(PlanStatement::SetVariable(SetVariable {
                variable: reset.variable,
                value: SourceErrors::INITIAL.to_owned(),
            }))
        }
        other => other,
    }
}

/// Whether a statement is a query: what is not supported is then something in it.
pub(super) fn is_query(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(sql) => matches!(sql.as_ref(), Sql::Query(_)),
        Statement::Explain(explain) => is_query(&explain.statement),
        _ => false,
    }
}

/// Whether a name is one of the session's own.
pub(super) fn is_public(reference: &TableReference) -> bool {
    reference.schema().is_none_or(|schema| schema == PUBLIC)
}

/// Refuses what would change anything but the session's own tables and views, and what would change nothing; and to
/// explain that, since what is planned for it may be a change already.
///
/// # Errors
///
/// Sql.
pub(super) fn check(plan: &LogicalPlan) -> Result<()> {
    match plan {
        LogicalPlan::Ddl(definition) => check_definition(definition),
        LogicalPlan::Dml(change) => check_change(change),
        LogicalPlan::Statement(statement) => check_statement(statement),
        LogicalPlan::Explain(explain) => check(&explain.plan),
        LogicalPlan::Analyze(analyze) => {
            check(&analyze.input)?;
            match analyze.input.as_ref() {
                LogicalPlan::Ddl(_) | LogicalPlan::Statement(_) => {
                    refuse("EXPLAIN ANALYZE of definitions and settings is", ANALYZED)
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn check_definition(definition: &DdlStatement) -> Result<()> {
    match definition {
        DdlStatement::CreateView(view) => check_made(&view.name),
        DdlStatement::CreateExternalTable(table) => check_made(&table.name),
        DdlStatement::CreateMemoryTable(table) => check_made(&table.name),
        DdlStatement::DropTable(table) => check_own(&table.name, "dropped"),
        DdlStatement::DropView(view) => check_own(&view.name, "dropped"),
        DdlStatement::CreateCatalogSchema(_) => refuse("CREATE SCHEMA is", SCHEMAS),
        DdlStatement::CreateCatalog(_) => refuse("CREATE DATABASE is", SCHEMAS),
        DdlStatement::DropCatalogSchema(_) => refuse("DROP SCHEMA is", SCHEMAS),
        DdlStatement::CreateFunction(_) => refuse("CREATE FUNCTION is", FUNCTIONS),
        DdlStatement::DropFunction(_) => refuse("DROP FUNCTION is", FUNCTIONS),
        DdlStatement::CreateIndex(_) => refuse("CREATE INDEX is", TAKEN),
    }
}

/// Refuses changes but that rows are added. DataFusion makes the others while it plans them, for EXPLAIN too; and of
/// a condition that its optimiser has found to be false, or made a join of, they see nothing and are of all rows
/// (datafusion#24654, #24656).
fn check_change(change: &DmlStatement) -> Result<()> {
    let name = &change.table_name;
    check_own(name, "changed")?;
    let what = match &change.op {
        WriteOp::Insert(InsertOp::Append) => return Ok(()),
        WriteOp::MergeInto(_) => "MERGE INTO".to_owned(),
        other => other.name().to_uppercase(),
    };
    let name = name.to_quoted_string();
    refuse(
        &format!("{what} is"),
        &format!("make the table anew: CREATE OR REPLACE TABLE {name} AS SELECT ... FROM {name}"),
    )
}

fn check_statement(statement: &PlanStatement) -> Result<()> {
    match statement {
        PlanStatement::SetVariable(setting) => check_setting(&setting.variable),
        PlanStatement::ResetVariable(setting) => check_setting(&setting.variable),
        PlanStatement::TransactionStart(_) | PlanStatement::TransactionEnd(_) => refuse(
            "transactions are",
            "each statement stands by itself, on what there is when it begins",
        ),
        // It would be forgotten with its statement.
        PlanStatement::Prepare(_) | PlanStatement::Execute(_) | PlanStatement::Deallocate(_) => {
            refuse(
                "prepared statements are",
                "write the values into the query, or make it a view",
            )
        }
    }
}

/// Refuses settings of what all sessions share: it would be changed for the statement alone that does so.
fn check_setting(name: &str) -> Result<()> {
    match name.starts_with("datafusion.runtime.") {
        true => Err(Error::sql(format!("{name} cannot be changed")).with_hint(SHARED)),
        false => Ok(()),
    }
}

fn refuse(what: &str, hint: &str) -> Result<()> {
    Err(Error::sql(format!("{what} not supported")).with_hint(hint))
}

fn check_made(name: &TableReference) -> Result<()> {
    match is_public(name) {
        true => Ok(()),
        false => Err(
            Error::sql(format!("{name} cannot be made there")).with_hint(format!(
                "leave out the schema, or write {PUBLIC}.{}",
                name.table()
            )),
        ),
    }
}

fn check_own(name: &TableReference, what: &str) -> Result<()> {
    match is_public(name) {
        true => Ok(()),
        false => Err(Error::sql(format!("{name} cannot be {what}")).with_hint(
            "what is not this session's own is only read: CREATE TABLE name AS SELECT ... makes a table of it, and `sextant source remove` takes out a source",
        )),
    }
}

/// Refuses a table in the place of a view, which would hide it from every later statement.
///
/// # Errors
///
/// Sql.
pub(super) fn check_place(plan: &LogicalPlan, views: &[&str]) -> Result<()> {
    let (name, if_not_exists) = match plan {
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)) => {
            (table.name.table(), table.if_not_exists)
        }
        LogicalPlan::Ddl(DdlStatement::CreateExternalTable(table)) => {
            (table.name.table(), table.if_not_exists)
        }
        _ => return Ok(()),
    };
    match views.contains(&name) && !if_not_exists {
        true => Err(Error::sql(format!("there is a view {name:?} already"))
            .with_hint(format!("DROP VIEW {}", quote_identifier(name)))),
        false => Ok(()),
    }
}

/// Refuses to drop what is not there, or is of the other kind.
///
/// # Errors
///
/// Sql.
pub(super) fn check_dropped(plan: &LogicalPlan, tables: &[&str], views: &[&str]) -> Result<()> {
    let (kind, name, if_exists, those, others, instead) = match plan {
        LogicalPlan::Ddl(DdlStatement::DropTable(table)) => {
            let (name, if_exists) = (table.name.table(), table.if_exists);
            ("table", name, if_exists, tables, views, "a view: DROP VIEW")
        }
        LogicalPlan::Ddl(DdlStatement::DropView(view)) => {
            let (name, if_exists) = (view.name.table(), view.if_exists);
            (
                "view",
                name,
                if_exists,
                views,
                tables,
                "a table: DROP TABLE",
            )
        }
        _ => return Ok(()),
    };
    if if_exists || those.contains(&name) {
        return Ok(());
    }
    let error = Error::sql(format!("this session has no {kind} {name:?}"));
    Err(match (others.contains(&name), those) {
        (true, _) => error.with_hint(format!("it is {instead} {name}")),
        (false, []) => error,
        (false, those) => error.with_hint(format!("there are: {}", those.join(", "))),
    })
}
