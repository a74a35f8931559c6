//! What there is to read, from the server's catalog: tables, views, materialized views, foreign tables and
//! partitioned ones, as far as the role may read them.
//!
//! A partition is part of its partitioned table and no table of its own. Names depend on all relations,
//! so those are always read; columns of one relation alone, where one is asked for.

use crate::config::Config;
use crate::naming::{Named, names};
use crate::quoting::{operator, quoted, quoted_text};
use crate::session::{Session, fields};
use crate::types::{Column, Described, Reading, reference_system};
use arrow_schema::{Schema, SchemaRef};
use sextant_plugin_sdk::{Error, Host, Result, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Relations of a source.
const RELATIONS_MAX: usize = 10_000;
/// The first version that finds rows by ranges of blocks.
const BLOCK_RANGES_SINCE: u32 = 140_000;
/// The first version with collations by which other texts are equal than those of the same bytes.
const COLLATIONS_SINCE: u32 = 120_000;

/// The tables of a relation, its own and those below it, each with the file that it is in. A table that is
/// written anew is in another.
pub(crate) type Files = Vec<(u32, u32)>;

/// Something that has rows.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) oid: u32,
    schema: String,
    name: String,
    /// Its letter in the catalog.
    kind: String,
    /// Its name in SQL.
    table: String,
    comment: Option<String>,
    rows: Option<u64>,
    pub(crate) columns: Vec<Column>,
    /// Columns of PostGIS in a reference system that they fix: column, schema of PostGIS, system.
    spatial: Vec<(usize, String, i32)>,
    problem: Option<Error>,
}

impl Relation {
    /// Its name, as its owner says it.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Its name in the server's SQL.
    pub(crate) fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    /// Whether it is called so in our SQL.
    pub(crate) fn is_table(&self, table: &str) -> bool {
        self.table == table
    }

    /// That it can be read at all.
    pub(crate) fn check(&self) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(|column| Arc::clone(&column.field));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// As the host has it.
    pub(crate) fn table(&self) -> Table {
        let kind = match self.kind.as_str() {
            "v" => "view",
            "m" => "materialized view",
            "f" => "foreign table",
            "p" => "partitioned table",
            _ => "table",
        };
        let mut comment = format!("{kind} {}", self.full_name());
        if let Some(text) = &self.comment {
            comment += &format!(": {text}");
        }
        if let Some(problem) = &self.problem {
            return Table::broken(&self.table, problem.clone()).comment(comment);
        }
        let mut table = Table::new(&self.table, self.schema()).comment(comment);
        for column in &self.columns {
            let (operators, is_exact) = column.operators();
            table = table.takes(column.field.name(), operators, is_exact);
        }
        table.rows = self.rows;
        table
    }

    /// Adds a column, or notes why it cannot be one.
    fn add(&mut self, described: &Described<'_>, reading: Reading, config: &Config) {
        let full_name = format!("{}.{}", self.full_name(), described.name);
        let as_text = config.as_text.contains(&full_name);
        if described.name.chars().any(char::is_control) {
            let message = format!(
                "expected the names of columns to be printable, found {:?}",
                described.name
            );
            self.problem.get_or_insert(Error::unsupported(message));
        }
        if described.is_spatial
            && !as_text
            && let Some(system) = reference_system(described)
        {
            let schema = described.type_schema.to_owned();
            self.spatial.push((self.columns.len(), schema, system));
        }
        self.columns.push(Column::new(described, reading, as_text));
    }
}

/// All relations, in the order of their names.
pub(crate) fn relations(
    session: &mut Session,
    config: &Config,
    host: &Host,
) -> Result<Vec<Relation>> {
    let mut relations = named_relations(session, config)?;
    check_schemas(session, config, &relations)?;
    read_columns(session, config, &mut relations, None)?;
    read_reference_systems(session, &mut relations)?;
    warn_of_unknown(config, &relations, host);
    Ok(relations)
}

/// The relation that is a table in SQL, if there is one.
pub(crate) fn relation(
    session: &mut Session,
    config: &Config,
    table: &str,
) -> Result<Option<Relation>> {
    let mut relations = named_relations(session, config)?;
    relations.retain(|relation| relation.table == table);
    described(session, config, relations)
}

/// The relation with that number, whatever it is called by now. It has no name in SQL.
pub(crate) fn relation_of(
    session: &mut Session,
    config: &Config,
    oid: u32,
) -> Result<Option<Relation>> {
    let mut relations = bare_relations(session, config, Some(oid))?;
    relations.retain(|relation| relation.oid == oid);
    described(session, config, relations)
}

/// The relation that is left, with its columns.
fn described(
    session: &mut Session,
    config: &Config,
    mut relations: Vec<Relation>,
) -> Result<Option<Relation>> {
    let Some(oid) = relations.first().map(|relation| relation.oid) else {
        return Ok(None);
    };
    read_columns(session, config, &mut relations, Some(oid))?;
    read_reference_systems(session, &mut relations)?;
    Ok(relations.pop())
}

/// Which schemas are read.
fn schema_condition(config: &Config) -> String {
    match &config.schemas {
        Some(schemas) => {
            let schemas = schemas.iter().map(|schema| quoted_text(schema));
            format!("n.nspname IN ({})", schemas.collect::<Vec<_>>().join(", "))
        }
        None => "n.nspname <> 'information_schema' AND pg_catalog.left(n.nspname, 3) <> 'pg_'"
            .to_owned(),
    }
}

/// The relations without their columns.
fn named_relations(session: &mut Session, config: &Config) -> Result<Vec<Relation>> {
    let mut relations = bare_relations(session, config, None)?;
    let named: Vec<_> = relations
        .iter()
        .map(|relation| Named {
            oid: relation.oid,
            schema: &relation.schema,
            name: &relation.name,
        })
        .collect();
    let tables = names(config, &named)?;
    for (relation, table) in relations.iter_mut().zip(tables) {
        relation.table = table;
    }
    Ok(relations)
}

/// The relations, or the one that is given, without columns and names in SQL.
fn bare_relations(
    session: &mut Session,
    config: &Config,
    only: Option<u32>,
) -> Result<Vec<Relation>> {
    let schemas = schema_condition(config);
    let only = only.map_or_else(String::new, |oid| {
        format!("c.oid = '{oid}'::pg_catalog.oid AND ")
    });
    let is_more = operator(">");
    let sql = format!(
        "SELECT c.oid, n.nspname, c.relname, c.relkind, \
         (CASE WHEN c.relhassubclass THEN ( \
           WITH RECURSIVE tree AS (SELECT c.oid UNION \
             SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid) \
           SELECT pg_catalog.sum(l.reltuples) FROM tree JOIN pg_catalog.pg_class l ON l.oid = tree.oid \
           WHERE l.relkind <> 'p' AND l.reltuples {is_more} '0'::pg_catalog.float4) \
         WHEN c.reltuples {is_more} '0'::pg_catalog.float4 THEN c.reltuples END)::pg_catalog.int8, \
         pg_catalog.obj_description(c.oid, 'pg_class') \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE {only}c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND {schemas} \
         AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
         AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') \
         ORDER BY n.nspname COLLATE pg_catalog.\"C\", c.relname COLLATE pg_catalog.\"C\""
    );
    let mut relations = Vec::new();
    session.rows(&sql, |row| {
        let [oid, schema, name, kind, rows, comment] = fields(row)?;
        if relations.len() == RELATIONS_MAX {
            return Err(Error::invalid_config(format!(
                "expected at most {RELATIONS_MAX} tables and views, found more: name the schemas that are needed"
            ))
            .in_field("schemas"));
        }
        relations.push(Relation {
            oid: number(oid)?,
            schema: text(schema)?,
            name: text(name)?,
            kind: text(kind)?,
            table: String::new(),
            comment: comment.map(str::to_owned),
            rows: rows.and_then(|rows| rows.parse().ok()),
            columns: Vec::new(),
            spatial: Vec::new(),
            problem: None,
        });
        Ok(())
    })?;
    Ok(relations)
}

/// Reads the columns of relations, or of the one that is given.
fn read_columns(
    session: &mut Session,
    config: &Config,
    relations: &mut [Relation],
    only: Option<u32>,
) -> Result<()> {
    let sql = columns_sql(session.version, config, only);
    let reading = Reading {
        infinity: config.infinity,
        is_utf8: session.is_utf8,
    };
    let positions = relations.iter().enumerate();
    let positions: HashMap<u32, usize> = positions.map(|(i, relation)| (relation.oid, i)).collect();
    session.rows(&sql, |row| {
        let [
            relation,
            name,
            is_not_null,
            oid,
            type_name,
            type_schema,
            modifier,
            element,
            is_deterministic,
            is_spatial,
        ] = fields(row)?;
        let relation: u32 = number(relation)?;
        // Whatever the role may not read is not among them.
        let Some(&position) = positions.get(&relation) else {
            return Ok(());
        };
        let described = Described {
            name: name.unwrap_or_default(),
            is_not_null: is_not_null == Some("t"),
            oid: number(oid)?,
            type_name: type_name.unwrap_or_default(),
            type_schema: type_schema.unwrap_or_default(),
            modifier: number(modifier)?,
            element: number(element)?,
            is_deterministic: is_deterministic == Some("t"),
            is_spatial: is_spatial == Some("t"),
        };
        relations[position].add(&described, reading, config);
        Ok(())
    })
}

/// The columns of relations: a domain is its base type, and a constraint that may not hold is none. Nobody
/// checks it in foreign tables, and what inherits from a table may do without it.
fn columns_sql(version: u32, config: &Config, only: Option<u32>) -> String {
    let of_relations = match only {
        Some(oid) => format!("a.attrelid = '{oid}'::pg_catalog.oid"),
        None => format!(
            "a.attrelid IN (SELECT r.oid FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace \
             WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT r.relispartition AND {})",
            schema_condition(config)
        ),
    };
    let is_deterministic = match version {
        COLLATIONS_SINCE.. => "coalesce(l.collisdeterministic, true)",
        _ => "true",
    };
    format!(
        "WITH RECURSIVE domains(domain, base, modifier) AS ( \
           SELECT oid, typbasetype, typtypmod FROM pg_catalog.pg_type WHERE typtype = 'd' UNION ALL \
           SELECT d.domain, t.typbasetype, t.typtypmod FROM domains d \
           JOIN pg_catalog.pg_type t ON t.oid = d.base AND t.typtype = 'd') \
         SELECT a.attrelid, a.attname, \
         a.attnotnull AND CASE c.relkind WHEN 'r' THEN NOT c.relhassubclass WHEN 'p' THEN NOT EXISTS ( \
           WITH RECURSIVE tree AS (SELECT c.oid UNION \
             SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid) \
           SELECT FROM tree JOIN pg_catalog.pg_class l ON l.oid = tree.oid WHERE l.relkind = 'f') ELSE false END \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
           WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated AND a.attnum = ANY (k.conkey)), \
         b.oid, b.typname, s.nspname, coalesce(d.modifier, a.atttypmod), \
         CASE WHEN b.typcategory = 'A' AND b.typlen = -1 THEN b.typelem ELSE 0 END, \
         {is_deterministic}, \
         CASE WHEN b.typname IN ('geometry', 'geography') THEN pg_catalog.to_regprocedure( \
           pg_catalog.format('%I.st_asbinary(%I.%I)', s.nspname, s.nspname, b.typname)) IS NOT NULL ELSE false END \
         FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         LEFT JOIN domains d ON d.domain = a.atttypid AND NOT EXISTS ( \
           SELECT FROM pg_catalog.pg_type t WHERE t.oid = d.base AND t.typtype = 'd') \
         JOIN pg_catalog.pg_type b ON b.oid = coalesce(d.base, a.atttypid) \
         JOIN pg_catalog.pg_namespace s ON s.oid = b.typnamespace \
         LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND {of_relations} \
         AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') \
         ORDER BY a.attrelid, a.attnum"
    )
}

/// Names the reference systems of spatial columns, as PostGIS knows them, or by their number.
fn read_reference_systems(session: &mut Session, relations: &mut [Relation]) -> Result<()> {
    let mut wanted: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    for (_, schema, system) in relations.iter().flat_map(|relation| &relation.spatial) {
        wanted.entry(schema.clone()).or_default().insert(*system);
    }
    let mut known = HashMap::new();
    for (schema, systems) in wanted {
        let table = format!("{}.spatial_ref_sys", quoted(&schema));
        let may_read = format!(
            "SELECT pg_catalog.has_table_privilege(pg_catalog.to_regclass({}), 'SELECT')",
            quoted_text(&table)
        );
        if session.value(&may_read)?.as_deref() != Some("t") {
            continue;
        }
        let systems: Vec<_> = systems.iter().map(i32::to_string).collect();
        let sql = format!(
            "SELECT srid, auth_name, auth_srid FROM {table} WHERE srid IN ({})",
            systems.join(", ")
        );
        session.rows(&sql, |row| {
            let [system, authority, code] = fields(row)?;
            if let (Some(authority), Some(code)) = (authority, code) {
                let system: i32 = number(system)?;
                known.insert((schema.clone(), system), format!("{authority}:{code}"));
            }
            Ok(())
        })?;
    }
    for relation in relations {
        for (column, schema, system) in std::mem::take(&mut relation.spatial) {
            let column = &mut relation.columns[column];
            match known.get(&(schema, system)) {
                Some(code) => column.set_reference_system(code, "authority_code"),
                None => column.set_reference_system(&system.to_string(), "srid"),
            }
        }
    }
    Ok(())
}

/// A schema that was named and is not there is a mistake; one without anything to read may be one.
fn check_schemas(session: &mut Session, config: &Config, relations: &[Relation]) -> Result<()> {
    for schema in config.schemas.iter().flatten() {
        if relations.iter().any(|relation| relation.schema == *schema) {
            continue;
        }
        let sql = format!(
            "SELECT true FROM pg_catalog.pg_namespace WHERE nspname = {}",
            quoted_text(schema)
        );
        if session.value(&sql)?.is_none() {
            let message = format!("expected a schema of the database, found {schema:?}");
            return Err(Error::invalid_config(message).in_field("schemas"));
        }
    }
    Ok(())
}

/// What the configuration says of relations and columns that are not there may be a mistake, or be about
/// what was there once; so it is told and does not keep the rest from being read.
fn warn_of_unknown(config: &Config, relations: &[Relation], host: &Host) {
    let mut known = BTreeSet::new();
    for relation in relations {
        let name = relation.full_name();
        for column in &relation.columns {
            known.insert(format!("{name}.{}", column.field.name()));
        }
        known.insert(name);
    }
    let named = config.names.keys().map(|name| ("names", name));
    let as_text = config.as_text.iter().map(|name| ("as_text", name));
    for (key, name) in named.chain(as_text) {
        if !known.contains(name) {
            host.warning(&format!("{key}: there is no {name:?}"));
        }
    }
}

/// How many blocks the tables of a relation have, where ranges of them can be read: its own, and those of
/// the tables below it. Until the session ends, nobody writes them anew.
pub(crate) fn blocks(
    session: &mut Session,
    relation: &Relation,
) -> Result<Option<(Vec<u64>, Files)>> {
    let has_blocks = matches!(relation.kind.as_str(), "r" | "p" | "m");
    if session.version < BLOCK_RANGES_SINCE || !has_blocks {
        return Ok(None);
    }
    let (oid, quoted) = (relation.oid, relation.quoted());
    // Whoever plans to read tables has a lock on them.
    let sql = format!(
        "SELECT FROM {quoted} LIMIT 0; \
         WITH RECURSIVE tree(oid) AS (SELECT '{oid}'::pg_catalog.oid UNION \
           SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid) \
         SELECT c.relkind = 'p' OR c.relkind IN ('r', 'm') AND m.amname = 'heap', \
         coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::pg_catalog.int8, \
         pg_catalog.has_table_privilege('{oid}'::pg_catalog.oid, 'SELECT'), \
         c.oid, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0) \
         FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid \
         LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam ORDER BY c.oid"
    );
    let (mut tables, mut files, mut is_split) = (Vec::new(), Files::new(), true);
    session.rows(&sql, |row| {
        // Where only some columns may be read, the place of a row is not among them.
        let [has_ranges, blocks, may_read, oid, file] = fields(row)?;
        is_split &= has_ranges == Some("t") && may_read == Some("t");
        tables.push(number(blocks)?);
        files.push((number(oid)?, number(file)?));
        Ok(())
    })?;
    Ok(is_split.then_some((tables, files)))
}

fn text(field: Option<&str>) -> Result<String> {
    field.map(str::to_owned).ok_or_else(unreadable)
}

fn number<T: std::str::FromStr>(field: Option<&str>) -> Result<T> {
    field
        .and_then(|field| field.parse().ok())
        .ok_or_else(unreadable)
}

fn unreadable() -> Error {
    Error::invalid_data("expected the catalog of PostgreSQL, found other rows")
}
