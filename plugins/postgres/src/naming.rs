//! What relations are called in SQL: lower-case names, no two the same, that stay as long as the
//! relation does.
//!
//! A relation of the main schema goes by its name, another by `schema_name`. Letters become lower-case,
//! any other sign of ASCII an underscore. Where that is not a name of its own (letters that are not of
//! ASCII, which are left out; more than 63 bytes; a name that another relation has) the relation's
//! number is added, which never changes.

use crate::config::Config;
use sextant_plugin_sdk::{Error, Result};
use std::collections::{HashMap, HashSet};

/// Bytes of a name in SQL.
const NAME_BYTES_MAX: usize = 63;
/// Bytes of an underscore and the longest number of a relation.
const NUMBER_BYTES_MAX: usize = 11;

/// A relation as the server calls it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) oid: u32,
    pub(crate) schema: &'a str,
    pub(crate) name: &'a str,
}

/// Whether the host takes a name for a table's.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= NAME_BYTES_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The names of relations in SQL, in their order.
///
/// # Errors
///
/// An invalid configuration, where a name in `names` is that of two: `a.b` in `c` and `b.c` in `a`.
pub(crate) fn names(config: &Config, relations: &[Named<'_>]) -> Result<Vec<String>> {
    let wishes: Vec<_> = relations
        .iter()
        .map(|relation| Wish::new(config, relation))
        .collect();
    check_given(&wishes, relations)?;
    let mut wished: HashMap<&str, usize> = HashMap::new();
    for wish in wishes.iter().filter(|wish| !wish.is_given) {
        *wished.entry(&wish.name).or_default() += 1;
    }
    let mut taken: HashSet<String> = config.names.values().cloned().collect();
    let granted: Vec<_> = wishes
        .iter()
        .map(|wish| {
            let is_alone = wished.get(wish.name.as_str()) == Some(&1) || wish.is_exact;
            wish.is_given || (wish.is_whole && is_alone && taken.insert(wish.name.clone()))
        })
        .collect();
    let named = wishes.iter().zip(granted).zip(relations);
    let names = named.map(|((wish, is_granted), relation)| match is_granted {
        true => wish.name.clone(),
        false => numbered(&wish.name, relation.oid, &mut taken),
    });
    Ok(names.collect())
}

/// That no two relations are given the same name, which is that of one key.
fn check_given(wishes: &[Wish], relations: &[Named<'_>]) -> Result<()> {
    let mut given = HashSet::new();
    let mut named = wishes.iter().zip(relations);
    match named.find(|(wish, _)| wish.is_given && !given.insert(&wish.name)) {
        None => Ok(()),
        Some((_, Named { schema, name, .. })) => {
            let key = format!("{schema}.{name}");
            let message = format!("expected the key of one table or view, found {key:?}, of two");
            Err(Error::invalid_config(message).in_field("names"))
        }
    }
}

/// What a relation would be called if there were no other.
struct Wish {
    name: String,
    /// The configuration says so.
    is_given: bool,
    /// It is a relation of the main schema with this very name.
    is_exact: bool,
    /// Nothing but signs of ASCII was changed.
    is_whole: bool,
}

impl Wish {
    fn new(config: &Config, relation: &Named<'_>) -> Self {
        let Named { schema, name, .. } = relation;
        if let Some(given) = config.names.get(&format!("{schema}.{name}")) {
            return Self {
                name: given.clone(),
                is_given: true,
                is_exact: true,
                is_whole: true,
            };
        }
        let is_main = *schema == config.main_schema;
        let full = match is_main {
            true => (*name).to_owned(),
            false => format!("{schema}_{name}"),
        };
        let folded = fold(&full);
        Self {
            is_given: false,
            is_exact: is_main && folded == full,
            is_whole: full.is_ascii() && folded.len() <= NAME_BYTES_MAX,
            name: folded,
        }
    }
}

fn fold(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii);
    let folded: String = letters
        .map(|letter| match letter.is_ascii_alphanumeric() {
            true => letter.to_ascii_lowercase(),
            false => '_',
        })
        .collect();
    match folded.starts_with(|first: char| first.is_ascii_lowercase()) {
        true => folded,
        false => format!("t{folded}"),
    }
}

fn numbered(name: &str, oid: u32, taken: &mut HashSet<String>) -> String {
    let mut stem = name.to_owned();
    stem.truncate(NAME_BYTES_MAX - NUMBER_BYTES_MAX);
    loop {
        let numbered = format!("{stem}_{oid}");
        if taken.insert(numbered.clone()) {
            return numbered;
        }
        // Somebody named another relation like this.
        stem.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sextant_plugin_sdk::serde_json::{from_value, json};

    fn config(names: &[(&str, &str)]) -> Config {
        let names: std::collections::BTreeMap<_, _> = names.iter().copied().collect();
        let config = json!({ "connection": "db", "secret": "db", "database": "d", "names": names });
        from_value(config).unwrap()
    }

    fn called(config: &Config, relations: &[(&str, &str)]) -> Vec<String> {
        let relations = relations.iter().enumerate();
        let relations: Vec<_> = relations
            .map(|(i, &(schema, name))| Named {
                oid: 16_384 + i as u32,
                schema,
                name,
            })
            .collect();
        names(config, &relations).unwrap()
    }

    #[test]
    fn a_schema_is_part_of_a_name_but_for_the_main_one() {
        let relations = [
            ("public", "persons"),
            ("register", "persons"),
            ("public", "Order Items"),
            ("public", "2024-stolen"),
        ];
        assert_eq!(
            called(&config(&[]), &relations),
            ["persons", "register_persons", "order_items", "t2024_stolen"]
        );
    }

    #[test]
    fn what_would_be_named_alike_gets_its_number() {
        let relations = [
            ("public", "Persons"),
            ("public", "persons"),
            ("a", "b_c"),
            ("a_b", "c"),
            ("public", "PERSONS"),
        ];
        assert_eq!(
            called(&config(&[]), &relations),
            [
                "persons_16384",
                "persons",
                "a_b_c_16386",
                "a_b_c_16387",
                "persons_16388"
            ]
        );
    }

    #[test]
    fn other_letters_and_long_names_are_told_apart_by_number() {
        let long = "x".repeat(63);
        let relations = [
            ("public", "Особи"),
            ("public", "persons_київ"),
            ("register", long.as_str()),
            ("public", long.as_str()),
        ];
        let names = called(&config(&[]), &relations);
        assert_eq!(names[..2], ["t_16384", "persons__16385"]);
        assert_eq!(names[2], format!("register_{}_16386", "x".repeat(43)));
        assert_eq!(names[3], long);
        assert!(names.iter().all(|name| is_identifier(name)), "{names:?}");
    }

    #[test]
    fn given_names_come_first() {
        let config = config(&[("public.Особи", "persons"), ("a.b", "t")]);
        let relations = [
            ("public", "persons"),
            ("public", "Особи"),
            ("a", "b"),
            ("public", "persons_16384"),
        ];
        assert_eq!(
            called(&config, &relations),
            ["person_16384", "persons", "t", "persons_16384"]
        );
    }

    #[test]
    fn a_key_of_two_relations_is_refused() {
        let relation = |oid, schema, name| Named { oid, schema, name };
        let relations = [relation(1, "a.b", "c"), relation(2, "a", "b.c")];
        let error = names(&config(&[("a.b.c", "t")]), &relations).unwrap_err();
        assert_eq!(
            error.to_string(),
            "field \"names\": expected the key of one table or view, found \"a.b.c\", of two"
        );
        assert!(names(&config(&[]), &relations).is_ok());
    }

    #[test]
    fn identifiers_are_those_of_the_host() {
        for good in ["a", "a_1", &"a".repeat(63)] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in ["", "1a", "_a", "A", "a b", "ї", &"a".repeat(64)] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }
}
