//! The lists of OFAC in the legacy XML: `sdnList` with `publshInformation` (so it is spelt) and an
//! `sdnEntry` for each entity.
//!
//! A list that ends before `</sdnList>` is an error, whatever the configuration says about bad records;
//! one that has another number of entries than it says is warned of.

use crate::entity::{
    Birth, Description, EntityKind, Joined, Name, NameKind, Place, Quality, RoleKind, shortened,
};
use crate::ofac::{self, Document, Meaning};
use crate::rows::{Record, Records, TableRows};
use crate::tables::ListTable;
use crate::xml::{Element, ListFile, Text, joined_texts, shown};
use sextant_plugin_sdk::xml::Step;
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;

/// How long an id may be.
const ID_BYTES_MAX: usize = 20;

const LIST: &str = "sdnList";
const ENTRY: &str = "sdnEntry";

/// The records of a list.
pub(crate) fn records(input: InputReader) -> Result<Records> {
    let mut list = List {
        file: ListFile::new(input)?,
        at: At::Start,
        version: None,
        total: None,
    };
    Ok(Box::new(move |rows: &mut TableRows| list.read(rows)))
}

struct List {
    file: ListFile,
    at: At,
    /// When the list was published, as it says.
    version: Option<String>,
    /// How many entries it says it has.
    total: Option<String>,
}

/// Where the reader stands, between records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    List,
    AfterList,
}

impl List {
    fn read(&mut self, rows: &mut TableRows) -> Result<Option<Record>> {
        loop {
            let record = match (self.at, self.file.xml.step()?) {
                (At::Start, Step::Open(open)) if open.name() == LIST => {
                    self.at = At::List;
                    None
                }
                (At::List, Step::Open(open)) if open.name() == ENTRY => {
                    let (byte, version) = (open.byte(), self.version.as_deref());
                    let record = self
                        .file
                        .record(byte, "uid", |element| entity(element, version, rows));
                    return record.map(Some);
                }
                (At::List, Step::Open(open)) => {
                    let name = open.name().to_owned();
                    self.inside(&name)?
                }
                (At::List, Step::Text(text)) => {
                    let what = format!("text {:?}", shortened(text));
                    self.file.unread(LIST, &what)
                }
                (At::List, Step::Close) => self.close()?,
                (At::AfterList, _) => return Ok(None),
                (At::Start | At::List, step) => {
                    let message = format!("expected <{LIST}>, found {}", shown(&step));
                    return Err(self.file.wrong(&message));
                }
            };
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    /// An element that is no entry: what the list says of itself, or something unknown.
    fn inside(&mut self, name: &str) -> Result<Option<Record>> {
        if !matches!(name, "publshInformation" | "publishInformation") {
            self.file.xml.skip()?;
            return Ok(self.file.unread(LIST, &format!("an element {name}")));
        }
        let about = self.file.element()?;
        let texts = about.take_texts(["Publish_Date", "Record_Count"]);
        [self.version, self.total] = texts.map(|text| text.as_deref().map(str::to_owned));
        let unread = about.first_remark();
        Ok(unread.and_then(|what| self.file.unread(LIST, &what)))
    }

    /// The end of the list.
    fn close(&mut self) -> Result<Option<Record>> {
        self.at = At::AfterList;
        let found = self.file.ids.total();
        if found == 0 {
            return Err(self.file.wrong("expected entries, found none"));
        }
        let total = self.total.as_deref();
        let other = total.filter(|total| total.parse::<u64>() != Ok(found));
        Ok(other.map(|total| {
            Record::Unread(format!(
                "the list says it has {} entries, found {found}",
                shortened(total)
            ))
        }))
    }
}

/// Tells of an entry, and gives its id. Whatever nothing takes from it by its name becomes an attribute in
/// the end.
fn entity<'a>(
    entry: Element<'a>,
    source_version: Option<&str>,
    rows: &mut TableRows,
) -> Result<Text<'a>> {
    let id = entry.take_id("uid", ID_BYTES_MAX)?;
    let word = entry.take_text("sdnType");
    let kind = ofac::entity_kind(word.as_deref());
    let name = take_name(entry)?;
    primary_name(kind, &name, &id, rows);
    for part in entry.take_parts("akaList", "aka") {
        alias(part, &id, rows)?;
    }
    // Nothing can be wrong with what is left.
    if rows.wants(ListTable::Names) {
        return Ok(id);
    }
    let mut programmes = Joined::default();
    let parts = entry.take_parts("programList", "program");
    for programme in parts.filter_map(Element::take) {
        rows.measure(&id, &ofac::measure(&programme));
        programmes.add(&programme);
    }
    let comments = entry.take_raw("remarks");
    linked(comments.as_deref().unwrap_or_default(), &id, rows);
    if let (EntityKind::Other, Some(word)) = (kind, &word) {
        rows.attribute(&id, "sdnType", word);
    }
    if let Some(role) = entry.take_text("title") {
        rows.role(&id, RoleKind::Designation, &role);
    }
    let mut gender = None;
    for part in entry.take_parts("idList", "id") {
        document(part, &mut gender, &id, rows);
    }
    for part in entry.take_parts("addressList", "address") {
        address(part, &id, rows);
    }
    details(entry, &id, rows);
    entry.leftover(&id, rows);
    if rows.wants(ListTable::Entities) {
        let description = Description {
            kind,
            name: &whole_name(&name),
            gender: gender.as_deref(),
            programme: programmes.text(),
            comments: comments.as_deref(),
            source_version,
            ..Description::default()
        };
        rows.entity(&id, &description);
    }
    Ok(id)
}

/// The last name, which is that of whatever has no other, and the first.
type NameParts<'a> = [Option<Text<'a>>; 2];

fn take_name(element: Element<'_>) -> Result<NameParts<'_>> {
    let parts = element.take_texts(["lastName", "firstName"]);
    match parts.iter().any(Option::is_some) {
        true => Ok(parts),
        false => Err(Error::invalid_data("expected a name, found nothing")
            .in_field(format!("{}/lastName", element.name()))
            .at_byte(element.byte())),
    }
}

/// A name as both formats of the list have it, `LAST, First`.
fn whole_name<'t>(parts: &'t NameParts<'_>) -> Cow<'t, str> {
    joined_texts(parts, ", ").unwrap_or_default()
}

fn primary_name(kind: EntityKind, parts: &NameParts<'_>, id: &str, rows: &mut TableRows) {
    if rows.wants(ListTable::Names) {
        let whole = whole_name(parts);
        let mut name = Name::new(NameKind::Primary, &whole);
        if kind == EntityKind::Person {
            [name.parts[0], name.parts[1]] = parts.each_ref().map(Option::as_deref);
        }
        rows.name(id, &name);
    }
}

fn alias(part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    let parts = take_name(part)?;
    if !rows.wants(ListTable::Names) {
        return Ok(());
    }
    let texts = part.take_texts(["type", "category"]);
    let [quality_raw, category] = texts.each_ref().map(Option::as_deref);
    let kind = match quality_raw {
        Some("f.k.a." | "fka") => NameKind::Former,
        _ => NameKind::Alias,
    };
    let quality = match category {
        Some("strong") => Some(Quality::Strong),
        Some("weak") => Some(Quality::Weak),
        _ => None,
    };
    let mut note = Joined::default();
    if let (None, Some(word)) = (quality, category) {
        note.add_field("category", word);
    }
    part.remarks(&mut note);
    let whole = whole_name(&parts);
    let mut name = Name {
        quality,
        quality_raw,
        note: note.text(),
        ..Name::new(kind, &whole)
    };
    let [last, first] = parts.each_ref().map(Option::as_deref);
    if first.is_some() {
        (name.parts[0], name.parts[1]) = (last, first);
    }
    rows.name(id, &name);
    Ok(())
}

/// The ties in remarks such as `(Linked To: GULL LTD. (GL))`.
fn linked(remarks: &str, id: &str, rows: &mut TableRows) {
    for text in remarks.split("(Linked To: ").skip(1) {
        let mut depth = 1;
        let end = text.find(|character: char| {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        let name = end.map(|end| text[..end].trim()).unwrap_or_default();
        if !name.is_empty() {
            rows.relation(id, &ofac::linked_to(name));
        }
    }
}

/// Tells a document, or whatever else the list has among them; the gender is part of what the entity is.
fn document(part: Element<'_>, gender: &mut Option<String>, id: &str, rows: &mut TableRows) {
    let texts = part.take_texts(["idType", "idNumber"]);
    let [word, number] = texts.each_ref().map(Option::as_deref);
    let word = word.unwrap_or_default();
    match (ofac::meaning(word), number) {
        (Some(Meaning::Gender), number) => {
            *gender = number.map(str::to_lowercase);
            leftovers(part, id, rows);
        }
        (Some(Meaning::Attribute), Some(text)) => {
            rows.attribute(id, word, text);
            leftovers(part, id, rows);
        }
        _ if !rows.wants(ListTable::Identifiers) => {}
        (meaning, number) => {
            let kind = match meaning {
                Some(Meaning::Identifier(kind)) => kind,
                _ => Default::default(),
            };
            let texts = part.take_texts(["idCountry", "issueDate", "expirationDate"]);
            let [country, issued, expires] = texts.each_ref().map(Option::as_deref);
            let document = Document {
                number,
                country,
                issued,
                expires,
            };
            let mut note = Joined::default();
            let mut identifier = ofac::identifier(word, kind, &document, &mut note);
            part.remarks(&mut note);
            identifier.note = note.text();
            rows.identifier(id, &identifier);
        }
    }
}

/// Tells an address; one that says nothing is no row.
fn address(part: Element<'_>, id: &str, rows: &mut TableRows) {
    let street = part.take_texts(["address1", "address2", "address3"]);
    let street = joined_texts(&street, ", ");
    let texts = part.take_texts(["city", "stateOrProvince", "postalCode", "country"]);
    let [city, region, postal_code, country] = texts.each_ref().map(Option::as_deref);
    let place = Place {
        street: street.as_deref(),
        city,
        region,
        postal_code,
        country,
        note: None,
    };
    if place == Place::default() {
        leftovers(part, id, rows);
    } else if rows.wants(ListTable::Addresses) {
        let mut note = Joined::default();
        part.remarks(&mut note);
        let address = Place {
            note: note.text(),
            ..place
        };
        rows.address(id, &address);
    }
}

/// Nationalities and births. What else stands in their elements becomes attributes.
fn details(entry: Element<'_>, id: &str, rows: &mut TableRows) {
    for part in entry.take_parts("nationalityList", "nationality") {
        if let Some(country) = part.take_text("country") {
            rows.nationality_once(id, &country);
        }
        leftovers(part, id, rows);
    }
    for part in entry.take_parts("citizenshipList", "citizenship") {
        if let Some(country) = part.take_text("country") {
            rows.nationality_once(id, &country);
            rows.attribute(id, "citizenship/country", &country);
        }
        leftovers(part, id, rows);
    }
    for part in entry.take_parts("dateOfBirthList", "dateOfBirthItem") {
        if let Some(text) = part.take_text("dateOfBirth") {
            rows.birth(id, &birth(&text));
        }
        leftovers(part, id, rows);
    }
    for part in entry.take_parts("placeOfBirthList", "placeOfBirthItem") {
        if let Some(text) = part.take_text("placeOfBirth") {
            rows.birth(id, &ofac::birth_place(&text));
        }
        leftovers(part, id, rows);
    }
}

/// A date of birth. The list writes it for people, so one of no known shape is a note.
fn birth(text: &str) -> Birth<'_> {
    let birth = ofac::birth(text);
    birth.unwrap_or_else(|| Birth {
        note: Some(text),
        ..Birth::default()
    })
}

/// What nothing took from a part that has no note.
fn leftovers(part: Element<'_>, id: &str, rows: &mut TableRows) {
    if rows.wants(ListTable::Attributes) {
        if let Some(text) = part.take() {
            rows.attribute(id, part.name(), &text);
        }
        part.rest(part.name(), |field, value| rows.attribute(id, field, value));
    }
}
