//! A notice: the members of a JSON object, as a list or a detail has them, and its rows.

use crate::json::{self, Json, Member};
use crate::layout::{Layout, Places};
use crate::tables::{Column, Holds, Kind, LINKS, Relation, SEX, Step, WARRANTS};
use crate::value::{self, Datum};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, Name};
use sextant_plugin_sdk::{Error, Result, Rows};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Links that are columns.
const KNOWN_LINKS: [&str; 3] = ["self", "thumbnail", "images"];
/// How many members most details have at most.
const MEMBERS: usize = 32;

/// A JSON object, borrowed from where it was read. A member that is there twice is an error.
#[derive(Clone, Debug)]
pub(crate) struct Notice<'a>(Vec<Member<'a>>);

/// A record of a file, or an answer of the API: a page of a list, or a notice of its own.
pub(crate) struct Frame<'a> {
    /// How many notices there are to what was asked; a page's alone.
    pub(crate) total: Option<u64>,
    /// The notices, where it is a page. One that cannot be read does not concern the others.
    pub(crate) page: Option<Vec<&'a RawValue>>,
    /// Its members.
    pub(crate) notice: Notice<'a>,
}

impl<'a> Frame<'a> {
    /// Reads a record of a file.
    pub(crate) fn of_record(record: &JsonRecord<'a>, relation: Relation) -> Result<Self> {
        let members = Members {
            may_be_page: true,
            keeps_warrants: relation != Relation::Notices(Kind::Red),
        };
        let read = record.parse_seed(members);
        read.map_err(|error| record.wrong(&error))
    }
}

/// Where a notice was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) source: &'a str,
    pub(crate) record: Option<i64>,
}

impl<'a> Notice<'a> {
    /// A notice of a page.
    pub(crate) fn of_page(raw: &'a RawValue) -> Result<Self> {
        serde_json::from_str(raw.get()).map_err(|error| {
            // Lines and columns would be those of the notice, which nobody sees.
            let message = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            Error::invalid_data(message.strip_suffix(&place).unwrap_or(&message))
        })
    }

    /// Its number, such as `2026/30493`.
    pub(crate) fn entity_id(&self) -> Result<&str> {
        match self.get("entity_id") {
            Some(Json::Text(id)) if !id.trim().is_empty() => Ok(id),
            found => {
                let found = found.map_or("none", Json::named);
                let message = format!("expected a notice's number, found {found}");
                Err(Error::invalid_data(message).in_field("entity_id"))
            }
        }
    }

    /// The same notice, where it has a number.
    pub(crate) fn numbered(self) -> Result<Self> {
        self.entity_id()?;
        Ok(self)
    }

    /// The same notice, which borrows nothing.
    pub(crate) fn into_owned(self) -> Notice<'static> {
        Notice(json::owned(self.0))
    }

    fn get(&self, name: &str) -> Option<&Json<'a>> {
        json::find(&self.0, name)
    }

    /// Sets a member, whether or not it was there, and gives back what it was.
    fn set(&mut self, name: Cow<'a, str>, value: Json<'a>) -> Option<Json<'a>> {
        let mut members = self.0.iter_mut().rev();
        match members.find(|(known, _)| *known == name) {
            Some((_, known)) => Some(std::mem::replace(known, value)),
            None => {
                self.0.push((name, value));
                None
            }
        }
    }

    /// Says the sex, where the notice does not.
    pub(crate) fn set_sex(&mut self, sex: char) {
        if !self.has_sex() {
            self.set(SEX.into(), Json::Text(sex.to_string().into()));
        }
    }

    fn has_sex(&self) -> bool {
        self.get(SEX).is_some_and(|sex| !sex.is_blank())
    }

    /// Whether only its detail has a column's value.
    pub(crate) fn lacks(&self, column: &Column) -> bool {
        let is_known = column.member == SEX && self.has_sex();
        column.step == Step::Detailed && !is_known
    }

    /// Whether one of these is among its nationalities.
    pub(crate) fn has_nationality(&self, codes: &[String]) -> bool {
        let own = match self.get("nationalities") {
            Some(Json::List(own)) => own.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let mut own = own.iter().filter_map(Json::as_str);
        own.any(|own| codes.iter().any(|code| code == own))
    }

    /// The path of its detail below `notices/v1/`. The API's own link says it, of which nothing but a
    /// plain path is taken.
    pub(crate) fn detail_path(&self, kind: Kind) -> Result<String> {
        let links = self.get(LINKS).unwrap_or(&Json::Null);
        let link = link(links, "self").and_then(|link| {
            let (_, path) = link.split_once("/notices/v1/")?;
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let mut parts = path.split('/');
            let is_kind = parts.next() == Some(kind.name());
            let is_path = path
                .split('/')
                .all(|part| !part.is_empty() && part.chars().all(is_plain));
            (is_kind && is_path && parts.next().is_some()).then(|| path.to_owned())
        });
        if let Some(path) = link {
            return Ok(path);
        }
        let id = self.entity_id()?.replace('/', "-");
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            let message = format!("expected a number as 2026/30493, found {id:?}");
            return Err(Error::invalid_data(message).in_field("entity_id"));
        }
        let kind = match kind {
            Kind::Un => "un/persons",
            _ => kind.name(),
        };
        Ok(format!("{kind}/{id}"))
    }

    /// The notice with all that its detail says. Where both say something of the same, the list's word
    /// stands, so that a query's rows do not depend on its columns; the detail's goes to `other`.
    pub(crate) fn with_detail(self, detail: Self) -> Self {
        let mut both = detail;
        for (name, value) in self.0 {
            let said = value.to_value();
            let found = both.set(name.clone(), value).map(|found| match &*name {
                LINKS => further_links(&found),
                _ => found,
            });
            if let Some(found) = found.filter(|found| !found.is_blank() && found.to_value() != said)
            {
                both.set(format!("detail_{name}").into(), found);
            }
        }
        both
    }

    /// Its arrest warrants, each as an object with the notice's number.
    fn into_warrants(mut self) -> Result<Vec<Self>> {
        let wrong = |found: String| {
            let message = format!("expected an array of objects, found {found}");
            Error::invalid_data(message).in_field(WARRANTS)
        };
        let warrants = match self.set(WARRANTS.into(), Json::Null) {
            None | Some(Json::Null) => return Ok(Vec::new()),
            Some(Json::List(warrants)) => warrants,
            Some(found) => return Err(wrong(found.named().to_owned())),
        };
        let id = Json::Text(self.entity_id()?.to_owned().into());
        let warrants = warrants.into_iter().map(|warrant| match warrant {
            Json::Object(members) => {
                let mut warrant = Self(members);
                warrant.set("entity_id".into(), id.clone());
                Ok(warrant)
            }
            other => Err(wrong(format!("{} among them", other.named()))),
        });
        warrants.collect()
    }

    /// Pushes its rows: all of them, or none and the error of one that cannot be made.
    pub(crate) fn push(
        self,
        layout: &mut Layout,
        origin: Origin<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        let warrants = match layout.relation {
            Relation::Notices(_) => return push_row(&self.row(layout, origin, rows)?, rows),
            Relation::Warrants => self.into_warrants()?,
        };
        let made = warrants.iter();
        let made = made.map(|warrant| warrant.row(layout, origin, rows));
        let made: Vec<_> = made.collect::<Result<_>>()?;
        made.iter().try_for_each(|row| push_row(row, rows))
    }

    fn row<'r>(
        &'r self,
        layout: &mut Layout,
        origin: Origin<'r>,
        rows: &Rows,
    ) -> Result<Vec<Datum<'r>>> {
        let mut row = Vec::with_capacity(layout.columns.len());
        let (columns, places) = layout.places(&self.0);
        for (at, column) in columns.iter().enumerate() {
            row.push(match column.holds {
                _ if !rows.wants(at) => Datum::Null,
                Holds::Other => self.other(places)?,
                Holds::Source => Datum::Text(origin.source.into()),
                Holds::Record => origin.record.map_or(Datum::Null, Datum::Int),
                _ => {
                    let place = places.columns[at];
                    column_value(column, place.map_or(&Json::Null, |place| &self.0[place].1))?
                }
            });
        }
        Ok(row)
    }

    /// The value of a column that is a member.
    pub(crate) fn value(&self, column: &Column) -> Result<Datum<'_>> {
        column_value(column, self.get(column.member).unwrap_or(&Json::Null))
    }

    /// What no column says, as a JSON object.
    fn other(&self, places: &Places) -> Result<Datum<'_>> {
        let mut other = BTreeMap::new();
        for (at, column) in &places.others {
            let (name, value) = &self.0[*at];
            if value.is_blank() {
                continue;
            }
            let value = match column {
                // A link that is no column, or links that are none.
                _ if name == LINKS => further_links(value),
                Some(column) if !is_part_lost(column, value) => continue,
                _ => value.clone(),
            };
            if !value.is_blank() {
                other.insert(name, value.to_value());
            }
        }
        match other.is_empty() {
            true => Ok(Datum::Null),
            false => Ok(Datum::Text(serde_json::to_string(&other)?.into())),
        }
    }
}

/// The value of a column, of its member.
fn column_value<'j>(column: &Column, json: &'j Json<'_>) -> Result<Datum<'j>> {
    let read = match column.holds {
        Holds::Text => value::text(json),
        Holds::Forename => value::text(json).map(|datum| match datum {
            Datum::Text(dash) if dash.trim() == "-" => Datum::Null,
            datum => datum,
        }),
        Holds::Listed => value::list(json),
        Holds::Day => value::day(json).map(|day| {
            let day = day.and_then(|day| day.days);
            day.map_or(Datum::Null, Datum::Date)
        }),
        Holds::Year => value::day(json)
            .map(|day| day.map_or(Datum::Null, |day| Datum::Int(i64::from(day.year)))),
        Holds::Measure => value::measure(json),
        Holds::Image => Ok(link(json, "thumbnail").or(link(json, "images")).into()),
        Holds::Detail => Ok(link(json, "self").into()),
        Holds::Other | Holds::Source | Holds::Record => Ok(Datum::Null),
    };
    read.map_err(|error| error.in_field(column.name))
}

fn push_row(row: &[Datum<'_>], rows: &mut Rows) -> Result<()> {
    rows.push(&row.iter().map(Datum::cell).collect::<Vec<_>>())
}

impl<'de> Deserialize<'de> for Notice<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> std::result::Result<Self, D::Error> {
        let members = Members {
            may_be_page: false,
            keeps_warrants: true,
        };
        members.deserialize(json).map(|frame| frame.notice)
    }
}

impl<'de> Deserialize<'de> for Frame<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> std::result::Result<Self, D::Error> {
        let members = Members {
            may_be_page: true,
            keeps_warrants: true,
        };
        members.deserialize(json)
    }
}

/// Reads the members of a notice, or of a page.
struct Members {
    may_be_page: bool,
    keeps_warrants: bool,
}

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Frame<'de>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        json: D,
    ) -> std::result::Result<Frame<'de>, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Frame<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.may_be_page {
            true => "a notice or a page of notices",
            false => "an object",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Frame<'de>, A::Error> {
        let (mut total, mut page) = (None, None);
        // A page may have many notices, and most of them few members.
        let room = if self.may_be_page { MEMBERS } else { 0 };
        let mut members: Vec<Member<'de>> = Vec::with_capacity(room);
        let mut known = 0;
        while let Some(Name(name)) = map.next_key()? {
            // Names are compared with those before that have the same ends.
            let bit = 1_u64 << (ends(&name) % 64);
            if known & bit != 0 && json::find(&members, &name).is_some() {
                let message = format!("the member {name:?} is there twice");
                return Err(de::Error::custom(message));
            }
            known |= bit;
            let value = match &*name {
                "total" if self.may_be_page => {
                    total = map.next_value()?;
                    total.map_or(Json::Null, |total: u64| Json::Number(total.into()))
                }
                "_embedded" if self.may_be_page => {
                    let embedded = map.next_value::<Option<Embedded<'de>>>()?;
                    let embedded = embedded.unwrap_or_default();
                    page = embedded.notices;
                    Json::Object(embedded.others)
                }
                WARRANTS if !self.keeps_warrants => {
                    map.next_value::<&RawValue>()?;
                    Json::Null
                }
                _ => map.next_value()?,
            };
            members.push((name, value));
        }
        Ok(Frame {
            total,
            page,
            notice: Notice(members),
        })
    }
}

/// A number for how a name begins and ends.
fn ends(name: &str) -> usize {
    let byte = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
    let name = name.as_bytes();
    name.len() + 7 * byte(name.first()) + 13 * byte(name.last())
}

/// What stands in a page beside what is said of it, or in a detail.
#[derive(Default)]
struct Embedded<'a> {
    notices: Option<Vec<&'a RawValue>>,
    others: Vec<Member<'a>>,
}

impl<'de> Deserialize<'de> for Embedded<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> std::result::Result<Self, D::Error> {
        let mut embedded = Self::default();
        let read = json.deserialize_map(&mut embedded);
        read.map(|()| embedded)
    }
}

impl<'de> Visitor<'de> for &mut Embedded<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "notices" => self.notices = map.next_value()?,
                _ => self.others.push((name, map.next_value()?)),
            }
        }
        Ok(())
    }
}

/// Where a link leads.
fn link<'j>(links: &'j Json<'_>, name: &str) -> Option<&'j str> {
    links.get(name)?.get("href")?.as_str()
}

/// The links that are no columns, or what is no links.
fn further_links<'a>(links: &Json<'a>) -> Json<'a> {
    let Json::Object(links) = links else {
        return links.clone();
    };
    let further = links.iter();
    let further = further.filter(|(name, _)| !KNOWN_LINKS.contains(&&**name));
    Json::Object(further.cloned().collect())
}

/// Whether a column does not say all of a value: of a day, a month without one, say. A year alone is
/// in the table where it is that of birth, and nowhere else.
fn is_part_lost(column: &Column, value: &Json<'_>) -> bool {
    if column.holds != Holds::Day || is_whole_day(value) {
        return false;
    }
    match value::day(value) {
        Ok(Some(day)) if day.days.is_some() => false,
        Ok(Some(day)) => !day.is_whole || column.member != "date_of_birth",
        Ok(None) | Err(_) => false,
    }
}

/// Whether it is `YYYY/MM/DD`, unless it is no day at all, which its column says.
fn is_whole_day(value: &Json<'_>) -> bool {
    let is_whole =
        |day: &str| day.len() == 10 && day.get(5..7) != Some("00") && !day.ends_with("00");
    value.as_str().is_some_and(is_whole)
}
