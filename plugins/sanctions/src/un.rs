//! The consolidated list of the United Nations Security Council, in the XML that its committees
//! publish: `CONSOLIDATED_LIST` with the sections `INDIVIDUALS` and `ENTITIES`.
//!
//! A list that ends before `</CONSOLIDATED_LIST>` is an error, whatever the configuration says
//! about bad records: a truncated list must never look like a short one. The list does not say
//! which date of birth goes with which place, so each becomes a [`Birth`] of its own.

use crate::date::{self, PartialDate};
use crate::entity::{
    Attribute, Birth, BirthKind, Description, Entity, EntityKind, Identifier, IdentifierKind,
    Measure, NAME_PARTS, Name, NameKind, Place, Quality, Record, Records, Role, RoleKind, joined,
    shortened,
};
use crate::xml::{Element, ListFile, shown};
use sextant_plugin_sdk::xml::Step;
use sextant_plugin_sdk::{Error, InputReader, Result};

/// How long an id may be.
const ID_BYTES_MAX: usize = 64;
/// What stands in a field of which nothing is known.
const PLACEHOLDER: &str = "na";

/// The records of a list.
pub(crate) fn records(input: InputReader) -> Result<Records> {
    let mut list = List {
        file: ListFile::new(input)?,
        at: At::Start,
        version: None,
        sections: Vec::new(),
    };
    Ok(Box::new(move || list.read()))
}

struct List {
    /// Its records are counted over both sections.
    file: ListFile,
    at: At,
    /// When the list was made, as it says.
    version: Option<String>,
    /// The sections that were there.
    sections: Vec<Section>,
}

/// In which element the reader stands, between records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    List,
    Section(Section),
    AfterList,
}

const LIST: &str = "CONSOLIDATED_LIST";
const SECTIONS: [Section; 2] = [Section::Individuals, Section::Entities];

/// A part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Individuals,
    Entities,
}

impl Section {
    fn kind(self) -> EntityKind {
        match self {
            Self::Individuals => EntityKind::Person,
            Self::Entities => EntityKind::Organization,
        }
    }

    /// Its element.
    fn name(self) -> &'static str {
        match self {
            Self::Individuals => "INDIVIDUALS",
            Self::Entities => "ENTITIES",
        }
    }

    /// The element of a record in it.
    fn record(self) -> &'static str {
        match self {
            Self::Individuals => "INDIVIDUAL",
            Self::Entities => "ENTITY",
        }
    }
}

impl List {
    fn read(&mut self) -> Result<Option<Record>> {
        loop {
            let record = match (self.at, self.file.xml.step()?) {
                (At::Section(section), Step::Open(open)) if open.name() == section.record() => {
                    let (byte, version) = (open.byte(), self.version.clone());
                    let entity = |element: Element<'_>| entity(section, element, version);
                    return self.file.record(byte, "DATAID", entity).map(Some);
                }
                (At::Start, Step::Open(open)) if open.name() == LIST => {
                    let mut list = Element::from(open).into_owned();
                    self.version = list.take_text("@dateGenerated");
                    self.at = At::List;
                    self.unread_attributes(&list)
                }
                (At::AfterList, _) => return Ok(None),
                (At::Start, step) | (_, step @ Step::End) => {
                    let message = format!("expected <{LIST}>, found {}", shown(&step));
                    return Err(self.file.wrong(&message));
                }
                (_, Step::Open(open)) => {
                    let element = Element::from(open).into_owned();
                    self.inside(&element)?
                }
                (_, Step::Text(text)) => {
                    let what = format!("text {:?}", shortened(text));
                    self.unread(&what)
                }
                (_, Step::Close) => self.close()?,
            };
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    /// An element that is no record: a section, or something unknown.
    fn inside(&mut self, element: &Element<'_>) -> Result<Option<Record>> {
        let section = SECTIONS
            .into_iter()
            .find(|section| section.name() == element.name);
        if let (At::List, Some(section)) = (self.at, section) {
            self.sections.push(section);
            self.at = At::Section(section);
            return Ok(self.unread_attributes(element));
        }
        self.file.xml.skip()?;
        Ok(self.unread(&format!("an element {}", element.name)))
    }

    /// The end of a section or of the list.
    fn close(&mut self) -> Result<Option<Record>> {
        if let At::Section(_) = self.at {
            self.at = At::List;
            return Ok(None);
        }
        self.at = At::AfterList;
        if self.sections.is_empty() {
            let message = "expected the sections INDIVIDUALS and ENTITIES, found none of them";
            return Err(self.file.wrong(message));
        }
        let mut sections = SECTIONS.into_iter();
        let missing = sections.find(|section| !self.sections.contains(section));
        let warning = |section: Section| format!("the list has no section {}", section.name());
        Ok(missing.map(|section| Record::Unread(warning(section))))
    }

    fn unread_attributes(&mut self, element: &Element<'_>) -> Option<Record> {
        let (name, _) = element.rest().into_iter().next()?;
        self.unread(&format!("an attribute {name}"))
    }

    fn unread(&mut self, what: &str) -> Option<Record> {
        let place = match self.at {
            At::Section(section) => section.name(),
            At::List | At::Start | At::AfterList => LIST,
        };
        self.file.unread(place, what)
    }
}

/// Makes an entity of an `INDIVIDUAL` or an `ENTITY`. Whatever is not taken from the element by its
/// name is left in it, and becomes an attribute in the end.
fn entity(
    section: Section,
    mut element: Element<'_>,
    source_version: Option<String>,
) -> Result<Entity> {
    let prefix = section.record();
    let id = element.take_id("DATAID", ID_BYTES_MAX)?;
    let mut names = vec![primary_name(section, &mut element)?];
    names.extend(
        element
            .take_text("NAME_ORIGINAL_SCRIPT")
            .map(|text| Name::new(NameKind::OriginalScript, text)),
    );
    let mut births = births(prefix, &mut element)?;
    for part in element.take_all(&format!("{prefix}_ALIAS")) {
        alias(part, &mut names, &mut births, &mut element.children)?;
    }
    let documents = element.take_all(&format!("{prefix}_DOCUMENT")).into_iter();
    let identifiers = documents
        .filter(|part| !part.is_empty())
        .map(identifier)
        .collect::<Result<_>>()?;
    let addresses = element.take_all(&format!("{prefix}_ADDRESS")).into_iter();
    let addresses = addresses
        .filter(|part| !part.is_empty())
        .map(address)
        .collect();
    let mut attributes = Vec::new();
    let description = Description {
        kind: section.kind(),
        name: names[0].name.clone(),
        gender: element.take_text("GENDER").map(|text| text.to_lowercase()),
        reference: element.take_text("REFERENCE_NUMBER"),
        programme: element.take_text("UN_LIST_TYPE"),
        listed_on: day(&mut element, "LISTED_ON")?,
        updated_on: updated_on(&mut element, &mut attributes)?,
        comments: element.take_raw("COMMENTS1"),
        source_version,
    };
    let nationalities = nationalities(&mut element);
    let roles = roles(&mut element);
    attributes.extend(element.leftover());
    Ok(Entity {
        id,
        measures: measure(&description).into_iter().collect(),
        description: Some(description),
        names,
        identifiers,
        addresses,
        births,
        nationalities,
        roles,
        attributes,
        ..Entity::default()
    })
}

/// The dates of birth, and then the places.
fn births(prefix: &str, element: &mut Element<'_>) -> Result<Vec<Birth>> {
    let mut births = Vec::new();
    for part in element.take_all(&format!("{prefix}_DATE_OF_BIRTH")) {
        births.extend(birth_date(part)?);
    }
    let places = element.take_all(&format!("{prefix}_PLACE_OF_BIRTH"));
    let places = places.into_iter().filter(|part| !part.is_empty());
    births.extend(places.map(birth_place));
    Ok(births)
}

/// The listing as a measure, where the record says anything of it.
fn measure(description: &Description) -> Option<Measure> {
    let measure = Measure {
        programme: description.programme.clone(),
        reference: description.reference.clone(),
        listed_on: description.listed_on,
        ..Measure::default()
    };
    let says = measure.programme.is_some() || measure.reference.is_some();
    (says || measure.listed_on.is_some()).then_some(measure)
}

/// The name in `FIRST_NAME` and the fields after it. That of an organization has no parts: it stands
/// whole in the first field.
fn primary_name(section: Section, element: &mut Element<'_>) -> Result<Name> {
    const FIELDS: [&str; NAME_PARTS] = [
        "FIRST_NAME",
        "SECOND_NAME",
        "THIRD_NAME",
        "FOURTH_NAME",
        "FIFTH_NAME",
        "SIXTH_NAME",
    ];
    let byte = element.byte_of(FIELDS[0]);
    let parts = FIELDS.map(|field| name_part(element, field));
    let whole = parts
        .iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    if whole.is_empty() {
        let error = Error::invalid_data("expected a name, found nothing");
        return Err(error.in_field(FIELDS[0]).at_byte(byte));
    }
    let mut name = Name::new(NameKind::Primary, whole);
    if section == Section::Individuals {
        name.parts = parts;
    }
    Ok(name)
}

/// Takes a part of a name; a placeholder stays.
fn name_part(element: &mut Element<'_>, field: &str) -> Option<String> {
    let text = element.take_text(field)?;
    if text != PLACEHOLDER {
        return Some(text);
    }
    element.put_back(field, text);
    None
}

/// Reads an alias, and the birth that is claimed under it. One without a name goes back to where it
/// came from.
fn alias<'a>(
    mut part: Element<'a>,
    names: &mut Vec<Name>,
    births: &mut Vec<Birth>,
    rest: &mut Vec<Element<'a>>,
) -> Result<()> {
    let Some(text) = part.take_text("ALIAS_NAME") else {
        rest.push(part);
        return Ok(());
    };
    let quality_raw = part.take_text("QUALITY");
    let (kind, quality) = match quality_raw.as_deref().map(str::to_lowercase).as_deref() {
        Some("good") => (NameKind::Alias, Some(Quality::Strong)),
        Some("low") => (NameKind::Alias, Some(Quality::Weak)),
        Some("f.k.a.") => (NameKind::Former, None),
        _ => (NameKind::Alias, None),
    };
    births.extend(alias_birth(&mut part, &text)?);
    let note = note(&mut part);
    names.push(Name {
        quality,
        quality_raw,
        note,
        ..Name::new(kind, text)
    });
    Ok(())
}

fn alias_birth(part: &mut Element<'_>, alias: &str) -> Result<Option<Birth>> {
    const FIELDS: [&str; 3] = ["DATE_OF_BIRTH", "CITY_OF_BIRTH", "COUNTRY_OF_BIRTH"];
    if part
        .children
        .iter()
        .all(|child| !FIELDS.contains(&child.name.as_ref()) || child.is_empty())
    {
        return Ok(None);
    }
    let mut birth = Birth {
        alias: Some(alias.to_owned()),
        ..Birth::default()
    };
    if let Some((date, text)) = partial_date(part, FIELDS[0])? {
        birth.date = date.days();
        (birth.year_from, birth.year_to) = (Some(date.year()), Some(date.year()));
        birth.note =
            matches!(date, PartialDate::Month(_)).then(|| format!("{}: {text}", FIELDS[0]));
    }
    birth.place.city = part.take_text(FIELDS[1]);
    birth.place.country = part.take_text(FIELDS[2]);
    Ok(Some(birth))
}

/// Reads a date of birth; none where the element is empty, as it is for whoever has none.
fn birth_date(mut part: Element<'_>) -> Result<Option<Birth>> {
    if part.is_empty() {
        return Ok(None);
    }
    let mut birth = Birth {
        kind: birth_kind(&mut part)?,
        ..Birth::default()
    };
    let mut inexact = None;
    if let Some((date, text)) = partial_date(&mut part, "DATE")? {
        let exact = matches!(birth.kind, None | Some(BirthKind::Exact));
        birth.date = date.days().filter(|_| exact);
        (birth.year_from, birth.year_to) = (Some(date.year()), Some(date.year()));
        inexact = (birth.date.is_none() && !matches!(date, PartialDate::Year(_)))
            .then(|| format!("DATE: {text}"));
    } else if let Some(year) = year(&mut part, "YEAR")? {
        (birth.year_from, birth.year_to) = (Some(year), Some(year));
    } else {
        birth.year_from = year(&mut part, "FROM_YEAR")?;
        let byte = part.byte_of("TO_YEAR");
        birth.year_to = year(&mut part, "TO_YEAR")?;
        if let (Some(from), Some(to)) = (birth.year_from, birth.year_to)
            && from > to
        {
            let message = format!("expected a year from {from} on, found {to}");
            return Err(Error::invalid_data(message)
                .in_field(path(&part, "TO_YEAR"))
                .at_byte(byte));
        }
    }
    birth.note = joined(inexact.into_iter().chain(note(&mut part)));
    Ok(Some(birth))
}

fn birth_kind(part: &mut Element<'_>) -> Result<Option<BirthKind>> {
    const FIELD: &str = "TYPE_OF_DATE";
    let byte = part.byte_of(FIELD);
    let Some(text) = part.take_text(FIELD) else {
        return Ok(None);
    };
    match text.to_uppercase().as_str() {
        "EXACT" => Ok(Some(BirthKind::Exact)),
        "APPROXIMATELY" => Ok(Some(BirthKind::Approximate)),
        "BETWEEN" => Ok(Some(BirthKind::Between)),
        _ => Err(expected(
            "EXACT, APPROXIMATELY or BETWEEN",
            &text,
            part,
            FIELD,
            byte,
        )),
    }
}

fn birth_place(mut part: Element<'_>) -> Birth {
    let place = place(&mut part);
    Birth {
        place,
        note: note(&mut part),
        ..Birth::default()
    }
}

fn address(mut part: Element<'_>) -> Place {
    let postal_code = part.take_text("ZIP_CODE");
    let place = place(&mut part);
    Place {
        postal_code,
        note: note(&mut part),
        ..place
    }
}

fn place(part: &mut Element<'_>) -> Place {
    Place {
        street: part.take_text("STREET"),
        city: part.take_text("CITY"),
        region: part.take_text("STATE_PROVINCE"),
        country: part.take_text("COUNTRY"),
        ..Place::default()
    }
}

fn identifier(mut part: Element<'_>) -> Result<Identifier> {
    let kind_raw = part.take_text("TYPE_OF_DOCUMENT");
    let kind = match kind_raw.as_deref().map(str::to_lowercase).as_deref() {
        Some("passport" | "numéro de passeport" | "número de pasaporte") => {
            IdentifierKind::Passport
        }
        Some("national identification number") => IdentifierKind::NationalId,
        _ => IdentifierKind::Other,
    };
    let issue = partial_date(&mut part, "DATE_OF_ISSUE")?;
    let issued_on = issue.as_ref().and_then(|(date, _)| date.days());
    let inexact = issue
        .filter(|_| issued_on.is_none())
        .map(|(_, text)| format!("DATE_OF_ISSUE: {text}"));
    Ok(Identifier {
        kind,
        kind_raw,
        kind_detail: part.take_text("TYPE_OF_DOCUMENT2"),
        number: part.take_text("NUMBER"),
        country: part.take_text("ISSUING_COUNTRY"),
        issued_on,
        expires_on: None,
        issue_city: part.take_text("CITY_OF_ISSUE"),
        issue_country: part.take_text("COUNTRY_OF_ISSUE"),
        note: joined(inexact.into_iter().chain(note(&mut part))),
    })
}

/// The latest of the days on which the entry was updated; the others become attributes.
fn updated_on(element: &mut Element<'_>, attributes: &mut Vec<Attribute>) -> Result<Option<i32>> {
    const FIELD: &str = "LAST_DAY_UPDATED";
    let mut days = Vec::new();
    for part in element
        .children
        .iter_mut()
        .filter(|child| child.name == FIELD)
    {
        while let Some((days_since, text)) = day_text(part, "VALUE")? {
            days.push((days_since, text));
        }
    }
    let latest = days.iter().map(|&(day, _)| day).max();
    let earlier = days.into_iter().filter(|&(day, _)| Some(day) != latest);
    attributes.extend(earlier.map(|(_, value)| Attribute {
        field: FIELD.to_owned(),
        value,
    }));
    Ok(latest)
}

/// Takes the nationalities; a placeholder stays.
fn nationalities(element: &mut Element<'_>) -> Vec<String> {
    let texts = values(element, "NATIONALITY").into_iter();
    let (placeholders, nationalities) = texts.partition::<Vec<_>, _>(|text| text == PLACEHOLDER);
    for text in placeholders {
        element.put_back("NATIONALITY/VALUE", text);
    }
    nationalities
}

fn roles(element: &mut Element<'_>) -> Vec<Role> {
    let titles = values(element, "TITLE").into_iter().map(|role| Role {
        kind: RoleKind::Title,
        role,
    });
    let mut roles: Vec<_> = titles.collect();
    let designations = values(element, "DESIGNATION").into_iter();
    roles.extend(designations.map(|role| Role {
        kind: RoleKind::Designation,
        role,
    }));
    roles
}

/// The texts of every `VALUE` in every child with that name.
fn values(element: &mut Element<'_>, name: &str) -> Vec<String> {
    let named = element
        .children
        .iter_mut()
        .filter(|child| child.name == name);
    named
        .flat_map(|child| std::iter::from_fn(|| child.take_text("VALUE")).collect::<Vec<_>>())
        .collect()
}

/// The note of a part, and whatever else was not taken from it.
fn note(part: &mut Element<'_>) -> Option<String> {
    let note = part.take_text("NOTE");
    joined(note.into_iter().chain(part.remarks()))
}

/// Takes a day from a child of the record itself.
fn day(element: &mut Element<'_>, field: &str) -> Result<Option<i32>> {
    Ok(day_text(element, field)?.map(|(days, _)| days))
}

fn day_text(element: &mut Element<'_>, field: &str) -> Result<Option<(i32, String)>> {
    let byte = element.byte_of(field);
    let Some((date, text)) = partial_date(element, field)? else {
        return Ok(None);
    };
    match date.days() {
        Some(days) => Ok(Some((days, text))),
        None => Err(expected(
            "a date as YYYY-MM-DD",
            &text,
            element,
            field,
            byte,
        )),
    }
}

/// Takes a date, with the text that it was read from.
fn partial_date(element: &mut Element<'_>, field: &str) -> Result<Option<(PartialDate, String)>> {
    let byte = element.byte_of(field);
    let Some(text) = element.take_text(field) else {
        return Ok(None);
    };
    match PartialDate::parse(&text) {
        Some(date) => Ok(Some((date, text))),
        None => Err(expected(
            "a date as YYYY-MM-DD",
            &text,
            element,
            field,
            byte,
        )),
    }
}

fn year(element: &mut Element<'_>, field: &str) -> Result<Option<i32>> {
    let byte = element.byte_of(field);
    let Some(text) = element.take_text(field) else {
        return Ok(None);
    };
    match date::year(&text) {
        Some(year) => Ok(Some(year)),
        None => Err(expected("a year as YYYY", &text, element, field, byte)),
    }
}

fn expected(what: &str, found: &str, element: &Element<'_>, field: &str, byte: u64) -> Error {
    let message = format!("expected {what}, found {:?}", shortened(found));
    Error::invalid_data(message)
        .in_field(path(element, field))
        .at_byte(byte)
}

/// A field as errors show it: with the part of the record that it is in.
fn path(element: &Element<'_>, field: &str) -> String {
    match SECTIONS
        .into_iter()
        .find(|section| section.record() == element.name)
    {
        Some(_) => field.to_owned(),
        None => format!("{}/{field}", element.name),
    }
}
