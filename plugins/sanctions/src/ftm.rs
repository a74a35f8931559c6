//! FollowTheMoney: an entity a line, as JSON, with its schema and the values of its properties. What
//! joins two entities is an entity as well, and so are a sanction, a document and an address.
//!
//! Records refer to each other by ids, in any order, and a file may have millions of them; so nothing is
//! looked up. A sanction, a document and a tie become rows of the entity they are about; an address
//! keeps an id of its own, to which whoever has it is tied. What else a record says becomes attributes
//! of its own id. That an id stands twice is not seen. A date of no known shape is kept as a text.

use crate::date::PartialDate;
use crate::entity::{
    Birth, Description, Entity, EntityKind, Identifier, IdentifierKind, Measure, Moment, Name,
    NameKind, Place, Quality, Record, Records, Relation, Role, RoleKind, joined,
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::collections::VecDeque;
use std::fmt;

/// How many bytes the rows of one record may have: a record with many ends on both sides is a row for
/// each pair.
const EXPANDED_BYTES_MAX: usize = 64 << 20;

/// What joins two entities.
struct Edge {
    schema: &'static str,
    kind: &'static str,
    /// The properties for its two ends; what stands as its role is what the first is to the second.
    source: &'static str,
    target: &'static str,
    /// Whether it must have both ends. Any other one without them is attributes alone.
    is_whole: bool,
}

const fn edge(
    schema: &'static str,
    kind: &'static str,
    source: &'static str,
    target: &'static str,
) -> Edge {
    Edge {
        schema,
        kind,
        source,
        target,
        is_whole: true,
    }
}

const fn loose(edge: Edge) -> Edge {
    Edge {
        is_whole: false,
        ..edge
    }
}

const EDGES: [Edge; 18] = [
    edge("Ownership", "ownership", "owner", "asset"),
    edge("Directorship", "directorship", "director", "organization"),
    // Its `relationship` is "mother" where the relative is the mother of the person.
    edge("Family", "family", "relative", "person"),
    edge("Associate", "associate", "person", "associate"),
    edge("Membership", "membership", "member", "organization"),
    edge("Employment", "employment", "employee", "employer"),
    edge("Succession", "succession", "predecessor", "successor"),
    edge("UnknownLink", "unknown_link", "subject", "object"),
    edge("Representation", "representation", "agent", "client"),
    loose(edge("Payment", "payment", "payer", "beneficiary")),
    loose(edge("Occupancy", "occupancy", "holder", "post")),
    loose(edge("Debt", "debt", "debtor", "creditor")),
    loose(edge(
        "ContractAward",
        "contract_award",
        "supplier",
        "contract",
    )),
    loose(edge("CourtCaseParty", "court_case", "party", "case")),
    loose(edge(
        "ProjectParticipant",
        "project",
        "participant",
        "project",
    )),
    loose(edge("Documentation", "documentation", "entity", "document")),
    loose(edge("Call", "call", "caller", "receiver")),
    loose(edge("Similar", "similar", "candidate", "match")),
];

/// Properties that are names, with what they are.
const NAMES: [(&str, NameKind, Option<Quality>); 5] = [
    ("name", NameKind::Alias, None),
    ("alias", NameKind::Alias, None),
    ("weakAlias", NameKind::Alias, Some(Quality::Weak)),
    ("previousName", NameKind::Former, None),
    ("abbreviation", NameKind::Alias, None),
];

/// Properties that are numbers of documents and registers.
const IDENTIFIERS: [(&str, IdentifierKind); 21] = [
    ("passportNumber", IdentifierKind::Passport),
    ("idNumber", IdentifierKind::NationalId),
    ("socialSecurityNumber", IdentifierKind::NationalId),
    ("taxNumber", IdentifierKind::TaxId),
    ("innCode", IdentifierKind::TaxId),
    ("vatCode", IdentifierKind::TaxId),
    ("registrationNumber", IdentifierKind::Registration),
    ("ogrnCode", IdentifierKind::Registration),
    ("okpoCode", IdentifierKind::Registration),
    ("uscCode", IdentifierKind::Registration),
    ("imoNumber", IdentifierKind::Imo),
    ("mmsi", IdentifierKind::Other),
    ("callSign", IdentifierKind::Other),
    ("serialNumber", IdentifierKind::Other),
    ("kppCode", IdentifierKind::Other),
    ("leiCode", IdentifierKind::Other),
    ("dunsCode", IdentifierKind::Other),
    ("uniqueEntityId", IdentifierKind::Other),
    ("swiftBic", IdentifierKind::Other),
    ("bikCode", IdentifierKind::Other),
    ("permId", IdentifierKind::Other),
];

/// The records of a list.
pub(crate) fn records(input: InputReader) -> Records {
    let mut list = List {
        records: JsonRecords::new(input),
        ready: VecDeque::new(),
    };
    Box::new(move || list.read())
}

struct List {
    records: JsonRecords,
    /// What the record at hand says of one entity after the other.
    ready: VecDeque<Entity>,
}

impl List {
    fn read(&mut self) -> Result<Option<Record>> {
        loop {
            if let Some(entity) = self.ready.pop_front() {
                return Ok(Some(Record::Entity(Box::new(entity))));
            }
            let Some(record) = self.records.next()? else {
                return Ok(None);
            };
            match Parsed::read(&record).and_then(Parsed::entities) {
                Ok(entities) => self.ready.extend(entities),
                Err(error) => {
                    let error = error.at_record(record.number()).at_byte(record.byte());
                    return Ok(Some(Record::Bad(error)));
                }
            }
        }
    }
}

/// A record.
struct Parsed {
    id: String,
    schema: String,
    /// What stands beside the properties.
    members: Properties,
    properties: Properties,
    /// How long it is in the file.
    bytes: usize,
}

impl Parsed {
    fn read(record: &JsonRecord<'_>) -> Result<Self> {
        let Members(all) = record.parse::<Members<'_>>()?;
        let (inner, beside): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(name, _)| name == "properties");
        let mut members = Properties::read(beside, record)?;
        let mut properties = Vec::new();
        for (_, value) in &inner {
            let Members(found) = serde_json::from_str::<Members<'_>>(value.get())
                .map_err(|error| record.wrong(&error))?;
            properties.extend(found);
        }
        if let Some((name, _)) = properties.iter().find(|(_, value)| has_object(value)) {
            return Err(nested(name));
        }
        if inner.is_empty() {
            return Err(missing("an object", "properties"));
        }
        let mut required = |name| {
            members
                .take_one(name)
                .ok_or_else(|| missing("a text", name))
        };
        Ok(Self {
            id: required("id")?,
            schema: required("schema")?,
            members,
            properties: Properties::read(properties, record)?,
            bytes: record.bytes().len(),
        })
    }

    /// What it says, by the entities that it is about.
    fn entities(mut self) -> Result<Vec<Entity>> {
        let schema = self.schema.clone();
        let mut own = Entity::new(&self.id);
        let mut entities = Vec::new();
        match schema.as_str() {
            "Sanction" => entities = self.sanction()?,
            "Identification" | "Passport" => entities = self.identification()?,
            "Address" => own.addresses.push(self.address()),
            schema => match EDGES.iter().find(|edge| edge.schema == schema) {
                Some(edge) if edge.is_whole || self.has_ends(edge) => entities = self.edge(edge)?,
                Some(_) => own.attribute("schema", schema),
                None => self.describe(&mut own),
            },
        }
        for (field, value) in self.members.rest().chain(self.properties.rest()) {
            own.attribute(field, value);
        }
        entities.push(own);
        Ok(entities)
    }

    /// The ids in a property that every such record must have.
    fn ids(&mut self, property: &'static str) -> Result<Vec<String>> {
        let ids = self.properties.take(property);
        if ids.is_empty() {
            return Err(missing("an id", property));
        }
        Ok(ids)
    }

    fn has_ends(&self, edge: &Edge) -> bool {
        let mut ends = [edge.source, edge.target].into_iter();
        ends.all(|end| self.properties.first(end).is_some())
    }

    /// Refuses a record that would become too many rows.
    fn check_rows(&self, rows: usize) -> Result<()> {
        if rows.saturating_mul(self.bytes) <= EXPANDED_BYTES_MAX {
            return Ok(());
        }
        let message = format!(
            "the rows of a record may have {EXPANDED_BYTES_MAX} bytes, this one has {rows} of up to {}",
            self.bytes
        );
        Err(Error::invalid_data(message))
    }

    /// What is left of the properties, and the record's own id, where its attributes are.
    fn note(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.properties).rest();
        let rest = rest.map(|(field, value)| format!("{field}: {value}"));
        joined(rest.chain([format!("id: {}", self.id)]))
    }

    /// A tie, for each pair of its ends.
    fn edge(&mut self, edge: &Edge) -> Result<Vec<Entity>> {
        let (sources, targets) = (self.ids(edge.source)?, self.ids(edge.target)?);
        self.check_rows(sources.len().saturating_mul(targets.len()))?;
        let roles = ["role", "relationship"].map(|name| self.properties.joined(name));
        let mut start = self.properties.moment("startDate");
        if start.text.is_none() {
            start = self.properties.moment("date");
        }
        let relation = Relation {
            other_id: None,
            kind: edge.kind,
            role: joined(roles.into_iter().flatten()),
            start,
            end: self.properties.moment("endDate"),
            note: self.note(),
        };
        let entity = |source: &String| {
            let to = |target: &String| Relation {
                other_id: Some(target.clone()),
                ..relation.clone()
            };
            Entity {
                relations: targets.iter().map(to).collect(),
                ..Entity::new(source)
            }
        };
        Ok(sources.iter().map(entity).collect())
    }

    fn sanction(&mut self) -> Result<Vec<Entity>> {
        let ids = self.ids("entity")?;
        self.check_rows(ids.len())?;
        let properties = &mut self.properties;
        let mut first = |names: [&str; 2]| {
            let found = names
                .into_iter()
                .find(|name| properties.first(name).is_some());
            properties.joined(found?)
        };
        let programme = first(["program", "programId"]);
        let reference = first(["authorityId", "recordId"]);
        let listed_on = properties.day("listingDate", false);
        let listed_on = listed_on.or_else(|| properties.day("startDate", false));
        let measure = Measure {
            kind: properties.joined("provisions"),
            programme,
            authority: properties.joined("authority"),
            reference,
            listed_on,
            ended_on: properties.day("endDate", true),
            reason: properties.joined("reason"),
            note: self.note(),
        };
        let entity = |id: String| Entity {
            measures: vec![measure.clone()],
            ..Entity::new(id)
        };
        Ok(ids.into_iter().map(entity).collect())
    }

    /// A document, which is a row of each of its holders.
    fn identification(&mut self) -> Result<Vec<Entity>> {
        let ids = self.ids("holder")?;
        self.check_rows(ids.len())?;
        let properties = &mut self.properties;
        let identifier = Identifier {
            kind: match self.schema.as_str() {
                "Passport" => IdentifierKind::Passport,
                _ => IdentifierKind::Other,
            },
            kind_raw: Some(self.schema.clone()),
            kind_detail: properties.joined("type"),
            number: properties.take_one("number"),
            country: properties.joined("country"),
            issued_on: properties.day("startDate", false),
            expires_on: properties.day("endDate", true),
            note: self.note(),
            ..Identifier::default()
        };
        let entity = |id: String| Entity {
            identifiers: vec![identifier.clone()],
            ..Entity::new(id)
        };
        Ok(ids.into_iter().map(entity).collect())
    }

    /// An address with an id of its own.
    fn address(&mut self) -> Place {
        let full = self.properties.joined("full");
        let place = Place {
            street: self.properties.joined("street"),
            city: self.properties.joined("city"),
            region: self.properties.joined("region"),
            postal_code: self.properties.joined("postalCode"),
            country: self.properties.joined("country"),
            note: None,
        };
        let rest = std::mem::take(&mut self.properties).rest();
        let rest = rest.map(|(field, value)| format!("{field}: {value}"));
        Place {
            note: joined(full.into_iter().chain(rest)),
            ..place
        }
    }

    /// Something that can be listed, or any other schema.
    fn describe(&mut self, own: &mut Entity) {
        let name = self.names(own);
        self.facts(own);
        self.births(own);
        let properties = &mut self.properties;
        let gender = properties.take_one("gender");
        let updated_on = self
            .members
            .first("last_change")
            .and_then(PartialDate::parse);
        own.description = Some(Description {
            kind: entity_kind(&self.schema),
            name,
            gender: gender.map(|text| text.to_lowercase()),
            programme: properties.joined("programId"),
            updated_on: updated_on.and_then(PartialDate::days),
            comments: Some(properties.take("notes").join("\n")).filter(|text| !text.is_empty()),
            ..Description::default()
        });
        own.attribute("schema", self.schema.as_str());
    }

    /// Adds the names, and gives the one to show. The primary name is the one in the caption, or else
    /// the first.
    fn names(&mut self, own: &mut Entity) -> String {
        for (property, kind, quality) in NAMES {
            let names = self.properties.take(property).into_iter();
            own.names.extend(names.map(|name| Name {
                quality,
                quality_raw: Some(property.to_owned()),
                ..Name::new(kind, name)
            }));
        }
        let caption = self.members.first("caption");
        let mut full = own
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| name.quality_raw.as_deref() == Some(NAMES[0].0));
        let first = full.clone().next();
        let captioned = full.find(|(_, name)| Some(name.name.as_str()) == caption);
        let primary = captioned.or(first).map(|(at, _)| at);
        if captioned.is_some() {
            self.members.take_one("caption");
        }
        if let Some(at) = primary {
            own.names[at].kind = NameKind::Primary;
            return own.names[at].name.clone();
        }
        let other = self.members.first("caption");
        let other = other.or(own.names.first().map(|name| name.name.as_str()));
        other.unwrap_or(&self.schema).to_owned()
    }

    /// Adds what is a row of some table for each value.
    fn facts(&mut self, own: &mut Entity) {
        let properties = &mut self.properties;
        for (property, kind) in IDENTIFIERS {
            let numbers = properties.take(property).into_iter();
            own.identifiers.extend(numbers.map(|number| Identifier {
                kind,
                kind_raw: Some(property.to_owned()),
                number: Some(number),
                ..Identifier::default()
            }));
        }
        for (property, kind) in [
            ("title", RoleKind::Title),
            ("position", RoleKind::Designation),
        ] {
            let roles = properties.take(property).into_iter();
            own.roles.extend(roles.map(|role| Role { kind, role }));
        }
        for country in properties.take("nationality") {
            own.nationality(&country);
        }
        for country in properties.take("citizenship") {
            own.nationality(&country);
            own.attribute("citizenship", country);
        }
        let addresses = properties.take("address").into_iter();
        own.addresses.extend(addresses.map(|text| Place {
            note: Some(text),
            ..Place::default()
        }));
        let addresses = properties.take("addressEntity").into_iter();
        own.relations.extend(addresses.map(|id| Relation {
            other_id: Some(id),
            kind: "address",
            ..Relation::default()
        }));
    }

    /// Adds dates and places of birth, which are in no order.
    fn births(&mut self, own: &mut Entity) {
        for text in self.properties.take("birthDate") {
            let date = PartialDate::parse(&text);
            let year = date.map(PartialDate::year);
            own.births.push(Birth {
                date: date.and_then(PartialDate::days),
                year_from: year,
                year_to: year,
                note: matches!(date, None | Some(PartialDate::Month(_))).then_some(text),
                ..Birth::default()
            });
        }
        let places = self.properties.take("birthPlace").into_iter();
        own.births.extend(places.map(|place| Birth {
            note: Some(place),
            ..Birth::default()
        }));
        for country in self.properties.take("birthCountry") {
            own.births.push(Birth {
                place: Place {
                    country: Some(country),
                    ..Place::default()
                },
                ..Birth::default()
            });
        }
    }
}

/// A `LegalEntity` may be a person or an organization: its kind is left open.
fn entity_kind(schema: &str) -> EntityKind {
    match schema {
        "Person" => EntityKind::Person,
        "Organization" | "Company" | "PublicBody" => EntityKind::Organization,
        "Vessel" => EntityKind::Vessel,
        "Airplane" => EntityKind::Aircraft,
        _ => EntityKind::Other,
    }
}

fn missing(what: &str, member: &str) -> Error {
    Error::invalid_data(format!("expected {what}, found nothing")).in_field(member)
}

fn nested(property: &str) -> Error {
    let message = "expected a text, found an object: \
                   take the edition in which each entity has a line of its own";
    Error::invalid_data(message).in_field(property)
}

/// The members of an object, each with the texts that it has. What is taken is not there any more, so
/// in the end there is what nothing was for.
#[derive(Debug, Default)]
struct Properties(Vec<(String, Vec<String>)>);

impl Properties {
    fn read(members: Vec<(String, &RawValue)>, record: &JsonRecord<'_>) -> Result<Self> {
        let members = members.into_iter().map(|(name, value)| {
            let texts = texts(value).map_err(|error| record.wrong(&error).in_field(&name))?;
            Ok((name, texts))
        });
        Ok(Self(members.collect::<Result<_>>()?))
    }

    /// The first text, which stays.
    fn first(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        named.find_map(|(_, texts)| texts.first().map(String::as_str))
    }

    /// Takes all texts.
    fn take(&mut self, name: &str) -> Vec<String> {
        let named = self.0.iter_mut().filter(|(known, _)| known == name);
        named.flat_map(|(_, texts)| std::mem::take(texts)).collect()
    }

    /// Takes the first text; the others stay.
    fn take_one(&mut self, name: &str) -> Option<String> {
        let mut named = self.0.iter_mut().filter(|(known, _)| known == name);
        let (_, texts) = named.find(|(_, texts)| !texts.is_empty())?;
        Some(texts.remove(0))
    }

    /// Takes all texts as one.
    fn joined(&mut self, name: &str) -> Option<String> {
        joined(self.take(name).into_iter())
    }

    /// Takes the first day, or the last one. What says more than it, less than a day, or nothing that is
    /// known, stays.
    fn day(&mut self, name: &str, is_last: bool) -> Option<i32> {
        let texts = self.take(name);
        let day = |text: &String| PartialDate::parse(text).and_then(PartialDate::days);
        let known = texts.iter().filter_map(day);
        let wanted = if is_last { known.max() } else { known.min() };
        // `2020-01-02` has ten bytes.
        let is_said = |text: &String| day(text).is_some_and(|day| Some(day) == wanted);
        let others = texts.into_iter();
        let others = others.filter(|text| text.len() > 10 || !is_said(text));
        self.0.push((name.to_owned(), others.collect()));
        wanted
    }

    /// Takes a date of a tie, as it stands there.
    fn moment(&mut self, name: &str) -> Moment {
        let texts = self.take(name);
        let mut dates = texts.iter().filter_map(|text| PartialDate::parse(text));
        Moment {
            date: dates.find_map(PartialDate::days),
            text: joined(texts.into_iter()),
        }
    }

    /// What is left, text by text.
    fn rest(self) -> impl Iterator<Item = (String, String)> {
        self.0.into_iter().flat_map(|(name, texts)| {
            let texts = texts.into_iter();
            texts.map(move |text| (name.clone(), text))
        })
    }
}

/// The values of a list, or the one value that it is.
fn values(value: &RawValue) -> serde_json::Result<Vec<&RawValue>> {
    match value.get().starts_with('[') {
        true => serde_json::from_str(value.get()),
        false => Ok(vec![value]),
    }
}

/// Whether an object is among the values.
fn has_object(value: &RawValue) -> bool {
    let values = values(value).unwrap_or_default();
    values.iter().any(|value| value.get().starts_with('{'))
}

/// The texts of the values; what says nothing is none.
fn texts(value: &RawValue) -> serde_json::Result<Vec<String>> {
    let mut texts = Vec::new();
    for value in values(value)? {
        let json = value.get();
        let text = match json.starts_with('"') {
            true => serde_json::from_str::<String>(json)?,
            false => json.to_owned(),
        };
        if json != "null" && !text.trim().is_empty() {
            texts.push(text);
        }
    }
    Ok(texts)
}

/// An object, with its members as they stand there. One that is there twice is there twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
