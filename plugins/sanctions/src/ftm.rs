//! FollowTheMoney: an entity a line, as JSON, with its schema and the values of its properties. What
//! joins two entities is an entity as well, and so are a sanction, a document and an address.
//!
//! Records refer to each other by ids, in any order, and a file may have millions of them; so nothing is
//! looked up. A sanction, a document and a tie become rows of the entity they are about; an address
//! keeps an id of its own, to which whoever has it is tied. What else a record says becomes attributes
//! of its own id. That an id stands twice is not seen. A date of no known shape is kept as a text.

mod properties;

use crate::date::PartialDate;
use crate::entity::{
    Birth, Description, EntityKind, Identifier, IdentifierKind, Joined, Measure, Name, NameKind,
    Place, Quality, Relation, RoleKind, joined,
};
use crate::rows::{Record, Records, TableRows};
use crate::tables::ListTable;
use properties::{Properties, Said};
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;

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

static EDGES: [Edge; 18] = [
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

/// What a record is, by its schema.
#[derive(Clone, Copy)]
enum Sort {
    Sanction,
    Document,
    Address,
    Edge(&'static Edge),
    /// Something that can be listed, or any other schema.
    Thing,
}

impl Sort {
    fn of(schema: &str) -> Self {
        match schema {
            "Sanction" => Self::Sanction,
            "Identification" | "Passport" => Self::Document,
            "Address" => Self::Address,
            _ => {
                let edge = EDGES.iter().find(|edge| edge.schema == schema);
                edge.map_or(Self::Thing, Self::Edge)
            }
        }
    }

    /// Whether the entities and their names are not the same without a property: one that they show, or
    /// the ids without which the record is bad.
    fn needs(self, property: &str) -> bool {
        match self {
            Self::Sanction => property == "entity",
            Self::Document => property == "holder",
            Self::Address => false,
            Self::Edge(edge) => property == edge.source || property == edge.target,
            Self::Thing => {
                matches!(property, "gender" | "programId" | "notes")
                    || NAMES.iter().any(|(name, ..)| *name == property)
            }
        }
    }
}

/// The property that a primary name is in.
const FULL_NAME: &str = "name";

/// Properties that are names, with what they are.
const NAMES: [(&str, NameKind, Option<Quality>); 5] = [
    (FULL_NAME, NameKind::Alias, None),
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
    let mut records = JsonRecords::new(input);
    Box::new(move |rows: &mut TableRows| read(&mut records, rows))
}

fn read(records: &mut JsonRecords, rows: &mut TableRows) -> Result<Option<Record>> {
    let Some(record) = records.next()? else {
        return Ok(None);
    };
    let told = Parsed::read(&record, rows).and_then(|parsed| parsed.tell(rows));
    Ok(Some(match told {
        Ok(()) => Record::Read,
        Err(error) => {
            let error = error.at_record(record.number()).at_byte(record.byte());
            Record::Bad(error)
        }
    }))
}

/// A record.
struct Parsed<'a> {
    id: Cow<'a, str>,
    schema: Cow<'a, str>,
    /// What stands beside the properties.
    members: Properties<'a>,
    properties: Properties<'a>,
    /// How long it is in the file.
    bytes: usize,
}

impl<'a> Parsed<'a> {
    fn read(record: &JsonRecord<'a>, rows: &TableRows) -> Result<Self> {
        let Said {
            mut members,
            properties,
        } = Said::read(record, rows)?;
        members.check(record)?;
        let mut properties = properties.ok_or_else(|| missing("an object", "properties"))?;
        if let Some(name) = &properties.nested {
            return Err(nested(name));
        }
        let mut required = |name| {
            members
                .take_one(name)
                .ok_or_else(|| missing("a text", name))
        };
        let (id, schema) = (required("id")?, required("schema")?);
        properties.check(record)?;
        Ok(Self {
            id,
            schema,
            members,
            properties,
            bytes: record.bytes().len(),
        })
    }

    /// Tells what it says, of the entities that it is about.
    fn tell(mut self, rows: &mut TableRows) -> Result<()> {
        match Sort::of(&self.schema) {
            Sort::Sanction => self.sanction(rows)?,
            Sort::Document => self.identification(rows)?,
            Sort::Address => self.address(rows),
            Sort::Edge(edge) if edge.is_whole || self.has_ends(edge) => self.edge(edge, rows)?,
            Sort::Edge(_) => rows.attribute(&self.id, "schema", &self.schema),
            Sort::Thing => self.describe(rows),
        }
        if rows.wants(ListTable::Attributes) {
            for (field, value) in self.members.texts.iter().chain(&self.properties.texts) {
                rows.attribute(&self.id, field, value);
            }
        }
        Ok(())
    }

    /// How many ids there are in a property that every such record must have.
    fn count_ids(&self, property: &'static str) -> Result<usize> {
        match self.properties.named(property).count() {
            0 => Err(missing("an id", property)),
            count => Ok(count),
        }
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
    fn note(&self, properties: &Properties<'_>) -> Joined {
        let mut note = Joined::default();
        properties.add_to(&mut note);
        note.add_field("id", &self.id);
        note
    }

    /// A tie, for each pair of its ends.
    fn edge(&mut self, edge: &Edge, rows: &mut TableRows) -> Result<()> {
        let (sources, targets) = (self.count_ids(edge.source)?, self.count_ids(edge.target)?);
        self.check_rows(sources.saturating_mul(targets))?;
        let mut properties = std::mem::take(&mut self.properties);
        if !rows.wants(ListTable::Relations) {
            return Ok(());
        }
        let sources: Vec<_> = properties.take(edge.source).collect();
        let targets: Vec<_> = properties.take(edge.target).collect();
        let mut role = properties.joined("role");
        properties
            .take("relationship")
            .for_each(|text| role.add(&text));
        let mut start = properties.moment("startDate");
        if start.text.text().is_none() {
            start = properties.moment("date");
        }
        let end = properties.moment("endDate");
        let note = self.note(&properties);
        let relation = Relation {
            other_id: None,
            kind: edge.kind,
            role: role.text(),
            start: start.moment(),
            end: end.moment(),
            note: note.text(),
        };
        for source in &sources {
            for target in &targets {
                let relation = Relation {
                    other_id: Some(target),
                    ..relation
                };
                rows.relation(source, &relation);
            }
        }
        Ok(())
    }

    fn sanction(&mut self, rows: &mut TableRows) -> Result<()> {
        let ids = self.count_ids("entity")?;
        self.check_rows(ids)?;
        let mut properties = std::mem::take(&mut self.properties);
        if !rows.wants(ListTable::Measures) {
            return Ok(());
        }
        let ids: Vec<_> = properties.take("entity").collect();
        let programme = properties.joined_first(["program", "programId"]);
        let reference = properties.joined_first(["authorityId", "recordId"]);
        let listed_on = properties.day("listingDate", false);
        let listed_on = listed_on.or_else(|| properties.day("startDate", false));
        let kind = properties.joined("provisions");
        let authority = properties.joined("authority");
        let ended_on = properties.day("endDate", true);
        let reason = properties.joined("reason");
        let note = self.note(&properties);
        let measure = Measure {
            kind: kind.text(),
            programme: programme.text(),
            authority: authority.text(),
            reference: reference.text(),
            listed_on,
            ended_on,
            reason: reason.text(),
            note: note.text(),
        };
        for id in &ids {
            rows.measure(id, &measure);
        }
        Ok(())
    }

    /// A document, which is a row of each of its holders.
    fn identification(&mut self, rows: &mut TableRows) -> Result<()> {
        let ids = self.count_ids("holder")?;
        self.check_rows(ids)?;
        let mut properties = std::mem::take(&mut self.properties);
        if !rows.wants(ListTable::Identifiers) {
            return Ok(());
        }
        let ids: Vec<_> = properties.take("holder").collect();
        let kind_detail = properties.joined("type");
        let number = properties.take_one("number");
        let country = properties.joined("country");
        let issued_on = properties.day("startDate", false);
        let expires_on = properties.day("endDate", true);
        let note = self.note(&properties);
        let identifier = Identifier {
            kind: match &*self.schema {
                "Passport" => IdentifierKind::Passport,
                _ => IdentifierKind::Other,
            },
            kind_raw: Some(&self.schema),
            kind_detail: kind_detail.text(),
            number: number.as_deref(),
            country: country.text(),
            issued_on,
            expires_on,
            note: note.text(),
            ..Identifier::default()
        };
        for id in &ids {
            rows.identifier(id, &identifier);
        }
        Ok(())
    }

    /// An address with an id of its own.
    fn address(&mut self, rows: &mut TableRows) {
        let mut properties = std::mem::take(&mut self.properties);
        if !rows.wants(ListTable::Addresses) {
            return;
        }
        let mut note = properties.joined("full");
        let fields = ["street", "city", "region", "postalCode", "country"];
        let [street, city, region, postal_code, country] =
            fields.map(|field| properties.joined(field));
        properties.add_to(&mut note);
        let address = Place {
            street: street.text(),
            city: city.text(),
            region: region.text(),
            postal_code: postal_code.text(),
            country: country.text(),
            note: note.text(),
        };
        rows.address(&self.id, &address);
    }

    /// Something that can be listed, or any other schema.
    fn describe(&mut self, rows: &mut TableRows) {
        if rows.wants(ListTable::Entities) {
            self.entity(rows);
            return;
        }
        self.names(rows);
        if rows.wants(ListTable::Names) {
            return;
        }
        self.facts(rows);
        self.births(rows);
        // The entity has these in its row.
        self.properties.take_one("gender");
        for property in ["programId", "notes"] {
            self.properties.take(property).for_each(drop);
        }
        rows.attribute(&self.id, "schema", &self.schema);
    }

    /// Tells the entity's own row, for which nothing needs to be taken.
    fn entity(&self, rows: &mut TableRows) {
        let gender = self.properties.first("gender").map(lower_case);
        let programme = joined(self.properties.named("programId"), "; ");
        let comments = joined(self.properties.named("notes"), "\n");
        let updated_on = self.members.first("last_change");
        let updated_on = updated_on.and_then(PartialDate::parse);
        let description = Description {
            kind: entity_kind(&self.schema),
            name: self.shown_name(),
            gender: gender.as_deref(),
            programme: programme.as_deref(),
            updated_on: updated_on.and_then(PartialDate::days),
            comments: comments.as_deref(),
            ..Description::default()
        };
        rows.entity(&self.id, &description);
    }

    /// The name to show: the primary one, or else the caption, any other name, or the schema.
    fn shown_name(&self) -> &str {
        let (members, properties) = (&self.members, &self.properties);
        let caption = members.first("caption");
        let primary = self.captioned().and(caption);
        let primary = primary.or_else(|| properties.first(FULL_NAME));
        let any = || {
            let mut names = NAMES.iter();
            names.find_map(|(property, ..)| properties.first(property))
        };
        primary.or(caption).or_else(any).unwrap_or(&self.schema)
    }

    /// Which of the full names is the caption.
    fn captioned(&self) -> Option<usize> {
        let caption = self.members.first("caption")?;
        let mut names = self.properties.named(FULL_NAME);
        names.position(|text| text == caption)
    }

    /// Tells the names. The primary name is the one in the caption, or else the first.
    fn names(&mut self, rows: &mut TableRows) {
        let captioned = self.captioned();
        if captioned.is_some() {
            self.members.take_one("caption");
        }
        let primary = captioned.unwrap_or(0);
        for (property, kind, quality) in NAMES {
            for (at, text) in self.properties.take(property).enumerate() {
                let kind = match property == FULL_NAME && at == primary {
                    true => NameKind::Primary,
                    false => kind,
                };
                let name = Name {
                    quality,
                    quality_raw: Some(property),
                    ..Name::new(kind, &text)
                };
                rows.name(&self.id, &name);
            }
        }
    }

    /// Tells what is a row of some table for each value.
    fn facts(&mut self, rows: &mut TableRows) {
        let (id, properties) = (&*self.id, &mut self.properties);
        for (property, kind) in IDENTIFIERS {
            for number in properties.take(property) {
                let identifier = Identifier {
                    kind,
                    kind_raw: Some(property),
                    number: Some(&number),
                    ..Identifier::default()
                };
                rows.identifier(id, &identifier);
            }
        }
        for (property, kind) in [
            ("title", RoleKind::Title),
            ("position", RoleKind::Designation),
        ] {
            for role in properties.take(property) {
                rows.role(id, kind, &role);
            }
        }
        for country in properties.take("nationality") {
            rows.nationality_once(id, &country);
        }
        for country in properties.take("citizenship") {
            rows.nationality_once(id, &country);
            rows.attribute(id, "citizenship", &country);
        }
        for text in properties.take("address") {
            let address = Place {
                note: Some(&text),
                ..Place::default()
            };
            rows.address(id, &address);
        }
        for other in properties.take("addressEntity") {
            let relation = Relation {
                other_id: Some(&other),
                kind: "address",
                ..Relation::default()
            };
            rows.relation(id, &relation);
        }
    }

    /// Tells dates and places of birth, which are in no order.
    fn births(&mut self, rows: &mut TableRows) {
        let (id, properties) = (&*self.id, &mut self.properties);
        for text in properties.take("birthDate") {
            let date = PartialDate::parse(&text);
            let year = date.map(PartialDate::year);
            let is_unclear = matches!(date, None | Some(PartialDate::Month(_)));
            let birth = Birth {
                date: date.and_then(PartialDate::days),
                year_from: year,
                year_to: year,
                note: is_unclear.then_some(&*text),
                ..Birth::default()
            };
            rows.birth(id, &birth);
        }
        for place in properties.take("birthPlace") {
            let birth = Birth {
                note: Some(&place),
                ..Birth::default()
            };
            rows.birth(id, &birth);
        }
        for country in properties.take("birthCountry") {
            let place = Place {
                country: Some(&country),
                ..Place::default()
            };
            let birth = Birth {
                place,
                ..Birth::default()
            };
            rows.birth(id, &birth);
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

/// A text in lower case. One that is so already, as most are, is not copied.
fn lower_case(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|byte| byte.is_ascii_lowercase()) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.to_lowercase()),
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
