//! The lists of OFAC in the legacy XML: `sdnList` with `publshInformation` (so it is spelt) and an
//! `sdnEntry` for each entity.
//!
//! A list that ends before `</sdnList>` is an error, whatever the configuration says about bad records;
//! one that has another number of entries than it says is warned of.

use crate::entity::{
    Birth, Description, Entity, EntityKind, Name, NameKind, Place, Quality, Record, Records,
    Relation, Role, RoleKind, joined, shortened,
};
use crate::ofac::{self, Document, Meaning};
use crate::xml::{Element, ListFile, one_line, shown};
use sextant_plugin_sdk::xml::Step;
use sextant_plugin_sdk::{Error, InputReader, Result};

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
    Ok(Box::new(move || list.read()))
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
    fn read(&mut self) -> Result<Option<Record>> {
        loop {
            let record = match (self.at, self.file.xml.step()?) {
                (At::Start, Step::Open(open)) if open.name() == LIST => {
                    self.at = At::List;
                    None
                }
                (At::List, Step::Open(open)) if open.name() == ENTRY => {
                    let (byte, version) = (open.byte(), self.version.clone());
                    let entity = |element: Element<'_>| entity(element, version);
                    return self.file.record(byte, "uid", entity).map(Some);
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
        let mut about = Element::from(self.file.xml.element()?).into_owned();
        self.version = about.take_text("Publish_Date");
        self.total = about.take_text("Record_Count");
        let unread = about.remarks().into_iter().next();
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

/// Makes an entity of an entry. Whatever is not taken from the element by its name is left in it, and
/// becomes an attribute in the end.
fn entity(mut element: Element<'_>, source_version: Option<String>) -> Result<Entity> {
    let id = element.take_id("uid", ID_BYTES_MAX)?;
    let word = element.take_text("sdnType");
    let kind = ofac::entity_kind(word.as_deref());
    let mut names = vec![primary_name(kind, &mut element)?];
    for part in element.take_parts("akaList", "aka") {
        names.push(alias(part)?);
    }
    let programmes = programmes(&mut element);
    let comments = element.take_raw("remarks");
    let mut entity = Entity {
        measures: ofac::measures(&programmes),
        relations: linked(comments.as_deref().unwrap_or_default()),
        description: Some(Description {
            kind,
            name: names[0].name.clone(),
            programme: Some(programmes.join("; ")).filter(|text| !text.is_empty()),
            comments,
            source_version,
            ..Description::default()
        }),
        names,
        ..Entity::new(id)
    };
    if let (EntityKind::Other, Some(word)) = (kind, word) {
        entity.attribute("sdnType", word);
    }
    entity
        .roles
        .extend(element.take_text("title").map(|role| Role {
            kind: RoleKind::Designation,
            role,
        }));
    for part in element.take_parts("idList", "id") {
        document(part, &mut entity);
    }
    for part in element.take_parts("addressList", "address") {
        address(part, &mut entity);
    }
    details(&mut element, &mut entity);
    entity.attributes.extend(element.leftover());
    Ok(entity)
}

/// The name as both formats of the list have it: `LAST, First`.
fn take_name(element: &mut Element<'_>) -> Result<(String, [Option<String>; 2])> {
    let byte = element.byte_of("lastName");
    let parts = ["lastName", "firstName"].map(|field| element.take_text(field));
    let whole = parts.iter().flatten().cloned().collect::<Vec<_>>();
    match whole.is_empty() {
        false => Ok((whole.join(", "), parts)),
        true => Err(Error::invalid_data("expected a name, found nothing")
            .in_field(format!("{}/lastName", element.name))
            .at_byte(byte)),
    }
}

fn primary_name(kind: EntityKind, element: &mut Element<'_>) -> Result<Name> {
    let (whole, [last, first]) = take_name(element)?;
    let mut name = Name::new(NameKind::Primary, whole);
    if kind == EntityKind::Person {
        (name.parts[0], name.parts[1]) = (last, first);
    }
    Ok(name)
}

fn alias(mut part: Element<'_>) -> Result<Name> {
    let (whole, [last, first]) = take_name(&mut part)?;
    let quality_raw = part.take_text("type");
    let kind = match quality_raw.as_deref() {
        Some("f.k.a." | "fka") => NameKind::Former,
        _ => NameKind::Alias,
    };
    let category = part.take_text("category");
    let quality = match category.as_deref() {
        Some("strong") => Some(Quality::Strong),
        Some("weak") => Some(Quality::Weak),
        _ => None,
    };
    let unknown = category.filter(|_| quality.is_none());
    let unknown = unknown.map(|word| format!("category: {word}"));
    let mut name = Name {
        quality,
        quality_raw,
        note: joined(unknown.into_iter().chain(part.remarks())),
        ..Name::new(kind, whole)
    };
    if first.is_some() {
        (name.parts[0], name.parts[1]) = (last, first);
    }
    Ok(name)
}

fn programmes(element: &mut Element<'_>) -> Vec<String> {
    let mut parts = element.take_parts("programList", "program");
    let names = parts.iter_mut().map(|part| {
        // The text is the element's own.
        one_line(&std::mem::take(&mut part.text))
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// The ties in remarks such as `(Linked To: GULL LTD. (GL))`.
fn linked(remarks: &str) -> Vec<Relation> {
    let names = remarks.split("(Linked To: ").skip(1).filter_map(|text| {
        let mut depth = 1;
        let end = text.find(|character: char| {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        Some(text[..end?].trim()).filter(|name| !name.is_empty())
    });
    names.map(ofac::linked_to).collect()
}

/// Adds a document, or whatever else the list has among them.
fn document(mut part: Element<'_>, entity: &mut Entity) {
    let word = part.take_text("idType").unwrap_or_default();
    let number = part.take_text("idNumber");
    let meaning = ofac::meaning(&word);
    if let (Some(Meaning::Gender), Some(description)) = (meaning, &mut entity.description) {
        description.gender = number.map(|text| text.to_lowercase());
    } else if let (Some(Meaning::Attribute), Some(text)) = (meaning, &number) {
        entity.attribute(word, text);
    } else {
        let kind = match meaning {
            Some(Meaning::Identifier(kind)) => kind,
            _ => Default::default(),
        };
        let texts = ["idCountry", "issueDate", "expirationDate"].map(|field| part.take_text(field));
        let document = Document {
            number: number.as_deref(),
            country: texts[0].as_deref(),
            issued: texts[1].as_deref(),
            expires: texts[2].as_deref(),
        };
        let mut identifier = ofac::identifier(&word, kind, &document);
        let note = identifier.note.take().into_iter();
        identifier.note = joined(note.chain(part.remarks()));
        entity.identifiers.push(identifier);
        return;
    }
    leftovers(&part, entity);
}

/// Adds an address; one that says nothing is no row.
fn address(mut part: Element<'_>, entity: &mut Entity) {
    let street = ["address1", "address2", "address3"].map(|field| part.take_text(field));
    let street = street.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let place = Place {
        street: Some(street).filter(|text| !text.is_empty()),
        city: part.take_text("city"),
        region: part.take_text("stateOrProvince"),
        postal_code: part.take_text("postalCode"),
        country: part.take_text("country"),
        note: None,
    };
    if place == Place::default() {
        leftovers(&part, entity);
        return;
    }
    entity.addresses.push(Place {
        note: joined(part.remarks().into_iter()),
        ..place
    });
}

/// Nationalities and births. What else stands in their elements becomes attributes.
fn details(element: &mut Element<'_>, entity: &mut Entity) {
    for mut part in element.take_parts("nationalityList", "nationality") {
        if let Some(country) = part.take_text("country") {
            entity.nationality(&country);
        }
        leftovers(&part, entity);
    }
    for mut part in element.take_parts("citizenshipList", "citizenship") {
        if let Some(country) = part.take_text("country") {
            entity.nationality(&country);
            entity.attribute("citizenship/country", country);
        }
        leftovers(&part, entity);
    }
    for mut part in element.take_parts("dateOfBirthList", "dateOfBirthItem") {
        let text = part.take_text("dateOfBirth");
        entity.births.extend(text.map(birth));
        leftovers(&part, entity);
    }
    for mut part in element.take_parts("placeOfBirthList", "placeOfBirthItem") {
        let text = part.take_text("placeOfBirth");
        entity.births.extend(text.as_deref().map(ofac::birth_place));
        leftovers(&part, entity);
    }
}

/// A date of birth. The list writes it for people, so one of no known shape is a note.
fn birth(text: String) -> Birth {
    let birth = ofac::birth(&text);
    birth.unwrap_or_else(|| Birth {
        note: Some(text),
        ..Birth::default()
    })
}

/// What nothing took from a part that has no note.
fn leftovers(part: &Element<'_>, entity: &mut Entity) {
    for (field, value) in part.rest() {
        entity.attribute(format!("{}/{field}", part.name), value);
    }
}
