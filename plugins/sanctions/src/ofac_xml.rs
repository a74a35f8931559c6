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
use crate::xml::{Element, ListFile, shown};
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
        let mut about = Element::from(self.file.xml.element()?).into_owned();
        self.version = about.take_text("Publish_Date").map(Cow::into_owned);
        self.total = about.take_text("Record_Count").map(Cow::into_owned);
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

/// Tells of an entry, and gives its id. Whatever is not taken from the element by its name is left in it,
/// and becomes an attribute in the end.
fn entity<'a>(
    mut element: Element<'a>,
    source_version: Option<&str>,
    rows: &mut TableRows,
) -> Result<Cow<'a, str>> {
    let id = element.take_id("uid", ID_BYTES_MAX)?;
    let word = element.take_text("sdnType");
    let kind = ofac::entity_kind(word.as_deref());
    let name = primary_name(kind, &mut element, &id, rows)?;
    for part in element.take_parts("akaList", "aka") {
        alias(part, &id, rows)?;
    }
    let programmes = programmes(&mut element);
    for programme in &programmes {
        rows.measure(&id, &ofac::measure(programme));
    }
    let comments = element.take_raw("remarks");
    linked(comments.as_deref().unwrap_or_default(), &id, rows);
    if let (EntityKind::Other, Some(word)) = (kind, word) {
        rows.attribute(&id, "sdnType", &word);
    }
    if let Some(role) = element.take_text("title") {
        rows.role(&id, RoleKind::Designation, &role);
    }
    let mut gender = None;
    for part in element.take_parts("idList", "id") {
        document(part, &mut gender, &id, rows);
    }
    for part in element.take_parts("addressList", "address") {
        address(part, &id, rows);
    }
    details(&mut element, &id, rows);
    element.leftover(&id, rows);
    let programme = programmes.iter().collect::<Joined>();
    let description = Description {
        kind,
        name: &name,
        gender: gender.as_deref(),
        programme: programme.text(),
        comments: comments.as_deref(),
        source_version,
        ..Description::default()
    };
    rows.entity(&id, &description);
    Ok(id)
}

/// A name as both formats of the list have it, `LAST, First`, and its two parts.
struct TwoParts<'a> {
    whole: String,
    last: Option<Cow<'a, str>>,
    first: Option<Cow<'a, str>>,
}

fn take_name<'a>(element: &mut Element<'a>) -> Result<TwoParts<'a>> {
    let place = element.place_of("lastName");
    let [last, first] = ["lastName", "firstName"].map(|field| element.take_text(field));
    let known = [&last, &first].into_iter().flatten().map(|part| &**part);
    let whole = known.collect::<Vec<_>>().join(", ");
    match whole.is_empty() {
        false => Ok(TwoParts { whole, last, first }),
        true => Err(Error::invalid_data("expected a name, found nothing")
            .in_field(format!("{}/lastName", element.name))
            .at_byte(place.byte())),
    }
}

/// Tells the primary name, and gives it.
fn primary_name(
    kind: EntityKind,
    element: &mut Element<'_>,
    id: &str,
    rows: &mut TableRows,
) -> Result<String> {
    let parts = take_name(element)?;
    let mut name = Name::new(NameKind::Primary, &parts.whole);
    if kind == EntityKind::Person {
        (name.parts[0], name.parts[1]) = (parts.last.as_deref(), parts.first.as_deref());
    }
    rows.name(id, &name);
    Ok(parts.whole)
}

fn alias(mut part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    let parts = take_name(&mut part)?;
    if !rows.wants(ListTable::Names) {
        return Ok(());
    }
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
    let mut note = Joined::default();
    if let (None, Some(word)) = (quality, &category) {
        note.add_field("category", word);
    }
    part.remarks(&mut note);
    let mut name = Name {
        quality,
        quality_raw: quality_raw.as_deref(),
        note: note.text(),
        ..Name::new(kind, &parts.whole)
    };
    if parts.first.is_some() {
        (name.parts[0], name.parts[1]) = (parts.last.as_deref(), parts.first.as_deref());
    }
    rows.name(id, &name);
    Ok(())
}

fn programmes<'a>(element: &mut Element<'a>) -> Vec<Cow<'a, str>> {
    let parts = element.take_parts("programList", "program").into_iter();
    // The text is the element's own.
    let names = parts.map(|mut part| part.take_own());
    names.filter(|name| !name.is_empty()).collect()
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
fn document(mut part: Element<'_>, gender: &mut Option<String>, id: &str, rows: &mut TableRows) {
    let word = part.take_text("idType").unwrap_or_default();
    let number = part.take_text("idNumber");
    match (ofac::meaning(&word), &number) {
        (Some(Meaning::Gender), number) => {
            *gender = number.as_deref().map(str::to_lowercase);
            leftovers(part, id, rows);
        }
        (Some(Meaning::Attribute), Some(text)) => {
            rows.attribute(id, &word, text);
            leftovers(part, id, rows);
        }
        (meaning, number) => {
            let kind = match meaning {
                Some(Meaning::Identifier(kind)) => kind,
                _ => Default::default(),
            };
            let fields = ["idCountry", "issueDate", "expirationDate"];
            let texts = fields.map(|field| part.take_text(field));
            let [country, issued, expires] = texts.each_ref().map(Option::as_deref);
            let document = Document {
                number: number.as_deref(),
                country,
                issued,
                expires,
            };
            let mut note = Joined::default();
            let mut identifier = ofac::identifier(&word, kind, &document, &mut note);
            part.remarks(&mut note);
            identifier.note = note.text();
            rows.identifier(id, &identifier);
        }
    }
}

/// Tells an address; one that says nothing is no row.
fn address(mut part: Element<'_>, id: &str, rows: &mut TableRows) {
    let street = ["address1", "address2", "address3"].map(|field| part.take_text(field));
    let street = street.iter().flatten().map(|line| &**line);
    let street = street.collect::<Vec<_>>().join(", ");
    let fields = ["city", "stateOrProvince", "postalCode", "country"];
    let texts = fields.map(|field| part.take_text(field));
    let [city, region, postal_code, country] = texts.each_ref().map(Option::as_deref);
    let place = Place {
        street: Some(street.as_str()).filter(|text| !text.is_empty()),
        city,
        region,
        postal_code,
        country,
        note: None,
    };
    if place == Place::default() {
        leftovers(part, id, rows);
        return;
    }
    let mut note = Joined::default();
    part.remarks(&mut note);
    let address = Place {
        note: note.text(),
        ..place
    };
    rows.address(id, &address);
}

/// Nationalities and births. What else stands in their elements becomes attributes.
fn details(element: &mut Element<'_>, id: &str, rows: &mut TableRows) {
    for mut part in element.take_parts("nationalityList", "nationality") {
        if let Some(country) = part.take_text("country") {
            rows.nationality_once(id, &country);
        }
        leftovers(part, id, rows);
    }
    for mut part in element.take_parts("citizenshipList", "citizenship") {
        if let Some(country) = part.take_text("country") {
            rows.nationality_once(id, &country);
            rows.attribute(id, "citizenship/country", &country);
        }
        leftovers(part, id, rows);
    }
    for mut part in element.take_parts("dateOfBirthList", "dateOfBirthItem") {
        if let Some(text) = part.take_text("dateOfBirth") {
            rows.birth(id, &birth(&text));
        }
        leftovers(part, id, rows);
    }
    for mut part in element.take_parts("placeOfBirthList", "placeOfBirthItem") {
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
fn leftovers(mut part: Element<'_>, id: &str, rows: &mut TableRows) {
    if rows.wants(ListTable::Attributes) {
        let name = std::mem::take(&mut part.name);
        part.rest(|field, value| rows.attribute(id, &format!("{name}/{field}"), value));
    }
}
