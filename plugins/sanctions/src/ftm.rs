//! FollowTheMoney: an entity a line, as JSON, with its schema and the values of its properties. What
//! joins two entities is an entity as well, and so are a sanction, a document and an address.
//!
//! Records refer to each other by ids, in any order, and a file may have millions of them; so nothing is
//! looked up. A sanction, a document and a tie become rows of the entity they are about; an address
//! keeps an id of its own, to which whoever has it is tied. What else a record says becomes attributes
//! of its own id. That an id stands twice is not seen. A date of no known shape is kept as a text.

use crate::date::PartialDate;
use crate::entity::{
    Birth, Description, EntityKind, Identifier, IdentifierKind, Joined, Measure, Moment, Name,
    NameKind, Place, Quality, Relation, RoleKind,
};
use crate::json::Pieces;
use crate::rows::{Record, Records, TableRows};
use crate::tables::ListTable;
use sextant_plugin_sdk::json::{self, JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;

/// How many bytes the rows of one record may have: a record with many ends on both sides is a row for
/// each pair.
const EXPANDED_BYTES_MAX: usize = 64 << 20;

/// How many members, and texts of properties, most records have at most.
const MEMBERS: usize = 16;

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
    let mut records = JsonRecords::new(input);
    Box::new(move |rows: &mut TableRows| read(&mut records, rows))
}

fn read(records: &mut JsonRecords, rows: &mut TableRows) -> Result<Option<Record>> {
    let Some(record) = records.next()? else {
        return Ok(None);
    };
    let told = Parsed::read(&record).and_then(|parsed| parsed.tell(rows));
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
    fn read(record: &JsonRecord<'a>) -> Result<Self> {
        let (mut members, mut inner) = (Properties::with_room(), Vec::new());
        record.members(|name, value| {
            match name == "properties" {
                true => inner.push(value),
                false => members.add_member(&name, value.get()),
            }
            Ok(())
        })?;
        members.check(record)?;
        let mut properties = Properties::with_room();
        for value in &inner {
            properties
                .add_object(value.get())
                .map_err(|error| record.wrong(&error))?;
        }
        if let Some(name) = &properties.nested {
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
        let schema = self.schema.clone();
        match &*schema {
            "Sanction" => self.sanction(rows)?,
            "Identification" | "Passport" => self.identification(rows)?,
            "Address" => self.address(rows),
            schema => match EDGES.iter().find(|edge| edge.schema == schema) {
                Some(edge) if edge.is_whole || self.has_ends(edge) => self.edge(edge, rows)?,
                Some(_) => rows.attribute(&self.id, "schema", schema),
                None => self.describe(rows),
            },
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
        let name = self.names(rows);
        // These two have nothing of it.
        if !rows.wants_any(&[ListTable::Entities, ListTable::Names]) {
            self.facts(rows);
            self.births(rows);
        }
        let properties = &mut self.properties;
        let gender = properties.take_one("gender");
        let gender = gender.map(|text| text.to_lowercase());
        let programme = properties.joined("programId");
        let comments = properties.take("notes").collect::<Vec<_>>().join("\n");
        if rows.wants(ListTable::Entities) {
            let updated_on = self.members.first("last_change");
            let updated_on = updated_on.and_then(PartialDate::parse);
            let description = Description {
                kind: entity_kind(&self.schema),
                name: &name,
                gender: gender.as_deref(),
                programme: programme.text(),
                updated_on: updated_on.and_then(PartialDate::days),
                comments: Some(comments.as_str()).filter(|text| !text.is_empty()),
                ..Description::default()
            };
            rows.entity(&self.id, &description);
        }
        rows.attribute(&self.id, "schema", &self.schema);
    }

    /// Tells the names, and gives the one to show. The primary name is the one in the caption, or else
    /// the first.
    fn names(&mut self, rows: &mut TableRows) -> Cow<'a, str> {
        let mut names = Vec::new();
        for (property, kind, quality) in NAMES {
            let texts = self.properties.take(property);
            names.extend(texts.map(|text| (property, kind, quality, text)));
        }
        let caption = self.members.first("caption");
        let mut full = names
            .iter()
            .enumerate()
            .filter(|(_, (property, ..))| *property == NAMES[0].0);
        let first = full.clone().next();
        let captioned = full.find(|(_, (.., text))| Some(&**text) == caption);
        let primary = captioned.or(first).map(|(at, _)| at);
        if captioned.is_some() {
            self.members.take_one("caption");
        }
        for (at, (property, kind, quality, text)) in names.iter().enumerate() {
            let kind = match primary == Some(at) {
                true => NameKind::Primary,
                false => *kind,
            };
            let name = Name {
                quality: *quality,
                quality_raw: Some(property),
                ..Name::new(kind, text)
            };
            rows.name(&self.id, &name);
        }
        let mut texts = names.into_iter().map(|(.., text)| text);
        if let Some(at) = primary
            && let Some(text) = texts.nth(at)
        {
            return text;
        }
        let caption = self.members.named("caption").next().cloned();
        let other = caption.or_else(|| texts.next());
        other.unwrap_or_else(|| self.schema.clone())
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

fn missing(what: &str, member: &str) -> Error {
    Error::invalid_data(format!("expected {what}, found nothing")).in_field(member)
}

fn nested(property: &str) -> Error {
    let message = "expected a text, found an object: \
                   take the edition in which each entity has a line of its own";
    Error::invalid_data(message).in_field(property)
}

/// Members of objects: each text that one of them has, with the member's name. What is taken is not
/// there any more, so in the end there is what nothing was for.
#[derive(Debug, Default)]
struct Properties<'a> {
    texts: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// How many bytes they have: the name of a member is that of each of its texts.
    bytes: usize,
    /// The first member among whose values an object is.
    nested: Option<Cow<'a, str>>,
    /// What is wrong with the first member of which something is.
    wrong: Option<(Cow<'a, str>, serde_json::Error)>,
}

impl<'a> Properties<'a> {
    /// Has room for as many as most records have.
    fn with_room() -> Self {
        Self {
            texts: Vec::with_capacity(MEMBERS),
            ..Self::default()
        }
    }

    /// Adds the members of an object.
    fn add_object(&mut self, json: &'a str) -> serde_json::Result<()> {
        if !json.starts_with('{') {
            // It is none, which is what its reader says.
            return json::members(json, |_, _| Ok(()));
        }
        let mut pieces = Pieces::inside(json);
        while let Some(name) = pieces.next() {
            let name = json::text(name)?;
            if pieces.enter_list() {
                pieces.by_ref().for_each(|value| self.add(&name, value));
            } else if let Some(value) = pieces.next() {
                self.add(&name, value);
            }
        }
        Ok(())
    }

    /// Adds a member: the values of a list, or the one value that it has.
    #[expect(clippy::ptr_arg, reason = "a name that is borrowed stays so")]
    fn add_member(&mut self, name: &Cow<'a, str>, json: &'a str) {
        match json.starts_with('[') {
            true => Pieces::inside(json).for_each(|value| self.add(name, value)),
            false => self.add(name, json),
        }
    }

    /// Adds a value; what says nothing is none.
    #[expect(clippy::ptr_arg, reason = "a name that is borrowed stays so")]
    fn add(&mut self, name: &Cow<'a, str>, json: &'a str) {
        if json.starts_with('{') {
            self.nested.get_or_insert_with(|| name.clone());
        }
        match json::text(json) {
            Ok(text) if json == "null" || text.trim().is_empty() => {}
            Ok(text) => {
                self.bytes = self.bytes.saturating_add(name.len() + text.len());
                if self.bytes <= EXPANDED_BYTES_MAX {
                    self.texts.push((name.clone(), text));
                }
            }
            Err(error) => {
                self.wrong.get_or_insert_with(|| (name.clone(), error));
            }
        }
    }

    /// Says what is wrong with a member.
    fn check(&mut self, record: &JsonRecord<'_>) -> Result<()> {
        match self.wrong.take() {
            Some((name, error)) => Err(record.wrong(&error).in_field(name)),
            None if self.bytes > EXPANDED_BYTES_MAX => {
                let message = format!(
                    "the texts of a record may have {EXPANDED_BYTES_MAX} bytes, each with its name; these have {}",
                    self.bytes
                );
                Err(Error::invalid_data(message))
            }
            None => Ok(()),
        }
    }

    /// The texts of a member.
    fn named(&self, name: &str) -> impl Iterator<Item = &Cow<'a, str>> {
        let named = self.texts.iter().filter(move |(known, _)| known == name);
        named.map(|(_, text)| text)
    }

    /// The first text, which stays.
    fn first(&self, name: &str) -> Option<&str> {
        self.named(name).next().map(AsRef::as_ref)
    }

    /// Takes all texts.
    fn take(&mut self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let named = self.texts.extract_if(.., move |(known, _)| known == name);
        named.map(|(_, text)| text)
    }

    /// Takes the first text; the others stay.
    fn take_one(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.texts.iter().position(|(known, _)| known == name)?;
        Some(self.texts.remove(at).1)
    }

    /// Takes all texts as one.
    fn joined(&mut self, name: &str) -> Joined {
        self.take(name).collect()
    }

    /// Takes all texts of the first of two members that has any.
    fn joined_first(&mut self, names: [&str; 2]) -> Joined {
        let found = names.into_iter().find(|name| self.first(name).is_some());
        found.map(|name| self.joined(name)).unwrap_or_default()
    }

    /// Takes the first day, or the last one. What says more than it, less than a day, or nothing that is
    /// known, stays.
    fn day(&mut self, name: &'static str, is_last: bool) -> Option<i32> {
        let texts: Vec<_> = self.take(name).collect();
        let day = |text: &Cow<'_, str>| PartialDate::parse(text).and_then(PartialDate::days);
        let known = texts.iter().filter_map(day);
        let wanted = if is_last { known.max() } else { known.min() };
        // `2020-01-02` has ten bytes.
        let is_said = |text: &Cow<'_, str>| day(text).is_some_and(|day| Some(day) == wanted);
        let others = texts.into_iter();
        let others = others.filter(|text| text.len() > 10 || !is_said(text));
        let others = others.map(|text| (Cow::Borrowed(name), text));
        self.texts.extend(others);
        wanted
    }

    /// Takes a date of a tie, as it stands there.
    fn moment(&mut self, name: &str) -> TextMoment {
        let texts: Vec<_> = self.take(name).collect();
        let mut dates = texts.iter().filter_map(|text| PartialDate::parse(text));
        TextMoment {
            date: dates.find_map(PartialDate::days),
            text: texts.iter().collect(),
        }
    }

    /// Adds what is left to a note, text by text.
    fn add_to(&self, note: &mut Joined) {
        for (field, text) in &self.texts {
            note.add_field(field, text);
        }
    }
}

/// A [`Moment`] with its text.
struct TextMoment {
    date: Option<i32>,
    text: Joined,
}

impl TextMoment {
    fn moment(&self) -> Moment<'_> {
        Moment {
            date: self.date,
            text: self.text.text(),
        }
    }
}
