//! The consolidated list of the United Nations Security Council, in the XML that its committees
//! publish: `CONSOLIDATED_LIST` with the sections `INDIVIDUALS` and `ENTITIES`.
//!
//! A list that ends before `</CONSOLIDATED_LIST>` is an error, whatever the configuration says
//! about bad records: a truncated list must never look like a short one. The list does not say
//! which date of birth goes with which place, so each becomes a [`Birth`] of its own.
//!
//! A record is bad in every table alike, so whatever can be wrong with it is read for each of them.

use crate::date::{self, PartialDate};
use crate::entity::{
    Birth, BirthKind, Description, EntityKind, Identifier, IdentifierKind, Joined, Measure,
    NAME_PARTS, Name, NameKind, Place, Quality, RoleKind, is_word, shortened,
};
use crate::rows::{Record, Records, TableRows};
use crate::tables::ListTable;
use crate::xml::{self, Element, ListFile, shown};
use sextant_plugin_sdk::xml::Step;
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;

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
    Ok(Box::new(move |rows: &mut TableRows| list.read(rows)))
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

    /// The elements in such a record of which there may be several.
    fn parts(self) -> Parts {
        match self {
            Self::Individuals => Parts {
                alias: "INDIVIDUAL_ALIAS",
                document: "INDIVIDUAL_DOCUMENT",
                address: "INDIVIDUAL_ADDRESS",
                birth_date: "INDIVIDUAL_DATE_OF_BIRTH",
                birth_place: "INDIVIDUAL_PLACE_OF_BIRTH",
            },
            Self::Entities => Parts {
                alias: "ENTITY_ALIAS",
                document: "ENTITY_DOCUMENT",
                address: "ENTITY_ADDRESS",
                birth_date: "ENTITY_DATE_OF_BIRTH",
                birth_place: "ENTITY_PLACE_OF_BIRTH",
            },
        }
    }
}

/// The names of elements in a record.
struct Parts {
    alias: &'static str,
    document: &'static str,
    address: &'static str,
    birth_date: &'static str,
    birth_place: &'static str,
}

impl List {
    fn read(&mut self, rows: &mut TableRows) -> Result<Option<Record>> {
        loop {
            let record = match (self.at, self.file.xml.step()?) {
                (At::Section(section), Step::Open(open)) if open.name() == section.record() => {
                    let (byte, version) = (open.byte(), self.version.as_deref());
                    let record = self.file.record(byte, "DATAID", |element| {
                        entity(section, element, version, rows)
                    });
                    return record.map(Some);
                }
                (At::Start, Step::Open(open)) if open.name() == LIST => {
                    let mut list = Element::from(open).into_owned();
                    self.version = list.take_text("@dateGenerated").map(Cow::into_owned);
                    self.at = At::List;
                    self.unread_attributes(&mut list)
                }
                (At::AfterList, _) => return Ok(None),
                (At::Start, step) | (_, step @ Step::End) => {
                    let message = format!("expected <{LIST}>, found {}", shown(&step));
                    return Err(self.file.wrong(&message));
                }
                (_, Step::Open(open)) => {
                    let mut element = Element::from(open).into_owned();
                    self.inside(&mut element)?
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
    fn inside(&mut self, element: &mut Element<'_>) -> Result<Option<Record>> {
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

    fn unread_attributes(&mut self, element: &mut Element<'_>) -> Option<Record> {
        let mut first = None;
        element.rest(|name, _| {
            first.get_or_insert_with(|| name.to_owned());
        });
        self.unread(&format!("an attribute {}", first?))
    }

    fn unread(&mut self, what: &str) -> Option<Record> {
        let place = match self.at {
            At::Section(section) => section.name(),
            At::List | At::Start | At::AfterList => LIST,
        };
        self.file.unread(place, what)
    }
}

/// Tells of an `INDIVIDUAL` or an `ENTITY`, and gives its id. Whatever is not taken from the element by
/// its name is left in it, and becomes an attribute in the end.
fn entity<'a>(
    section: Section,
    mut element: Element<'a>,
    source_version: Option<&str>,
    rows: &mut TableRows,
) -> Result<Cow<'a, str>> {
    let parts = section.parts();
    let id = element.take_id("DATAID", ID_BYTES_MAX)?;
    let name = primary_name(section, &mut element, &id, rows)?;
    let original = element.take_text("NAME_ORIGINAL_SCRIPT");
    if let Some(text) = &original {
        rows.name(&id, &Name::new(NameKind::OriginalScript, text));
    }
    births(&parts, &mut element, &id, rows)?;
    for part in element.take_all(parts.alias) {
        if let Some(nameless) = alias(part, &id, rows)? {
            element.put_back(nameless);
        }
    }
    for part in element.take_all(parts.document) {
        if !part.is_empty() {
            identifier(part, &id, rows)?;
        }
    }
    for part in element.take_all(parts.address) {
        if rows.wants(ListTable::Addresses) && !part.is_empty() {
            address(part, &id, rows);
        }
    }
    let listed_on = day(&mut element, "LISTED_ON")?;
    let updated_on = updated_on(&mut element, &id, rows)?;
    // Nothing can be wrong with what is left.
    if rows.wants_any(WITHOUT_REST) {
        return Ok(id);
    }
    let gender = element.take_text("GENDER").map(|text| text.to_lowercase());
    let reference = element.take_text("REFERENCE_NUMBER");
    let programme = element.take_text("UN_LIST_TYPE");
    let comments = element.take_raw("COMMENTS1");
    let description = Description {
        kind: section.kind(),
        name: &name,
        name_original_script: original.as_deref(),
        gender: gender.as_deref(),
        reference: reference.as_deref(),
        programme: programme.as_deref(),
        listed_on,
        updated_on,
        comments: comments.as_deref(),
        source_version,
    };
    rows.entity(&id, &description);
    measure(&description, &id, rows);
    nationalities(&mut element, &id, rows);
    roles(&mut element, &id, rows);
    element.leftover(&id, rows);
    Ok(id)
}

/// The tables that show nothing of what is read last of a record.
const WITHOUT_REST: &[ListTable] = &[
    ListTable::Names,
    ListTable::Identifiers,
    ListTable::Addresses,
    ListTable::Births,
];

/// The dates of birth, and then the places.
fn births(parts: &Parts, element: &mut Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    for part in element.take_all(parts.birth_date) {
        birth_date(part, id, rows)?;
    }
    for part in element.take_all(parts.birth_place) {
        if rows.wants(ListTable::Births) && !part.is_empty() {
            birth_place(part, id, rows);
        }
    }
    Ok(())
}

/// The listing as a measure, where the record says anything of it.
fn measure(description: &Description<'_>, id: &str, rows: &mut TableRows) {
    let measure = Measure {
        programme: description.programme,
        reference: description.reference,
        listed_on: description.listed_on,
        ..Measure::default()
    };
    let says = measure.programme.is_some() || measure.reference.is_some();
    if says || measure.listed_on.is_some() {
        rows.measure(id, &measure);
    }
}

/// Tells the name in `FIRST_NAME` and the fields after it, and gives it. That of an organization has no
/// parts: it stands whole in the first field.
fn primary_name(
    section: Section,
    element: &mut Element<'_>,
    id: &str,
    rows: &mut TableRows,
) -> Result<String> {
    const FIELDS: [&str; NAME_PARTS] = [
        "FIRST_NAME",
        "SECOND_NAME",
        "THIRD_NAME",
        "FOURTH_NAME",
        "FIFTH_NAME",
        "SIXTH_NAME",
    ];
    let place = element.place_of(FIELDS[0]);
    let parts = FIELDS.map(|field| name_part(element, field));
    let known = parts.iter().flatten().map(|part| &**part);
    let whole = known.collect::<Vec<_>>().join(" ");
    if whole.is_empty() {
        let error = Error::invalid_data("expected a name, found nothing");
        return Err(error.in_field(FIELDS[0]).at_byte(place.byte()));
    }
    let mut name = Name::new(NameKind::Primary, &whole);
    if section == Section::Individuals {
        name.parts = parts.each_ref().map(Option::as_deref);
    }
    rows.name(id, &name);
    Ok(whole)
}

/// Takes a part of a name; a placeholder stays.
fn name_part<'a>(element: &mut Element<'a>, field: &'static str) -> Option<Cow<'a, str>> {
    let text = element.take_text(field)?;
    if text != PLACEHOLDER {
        return Some(text);
    }
    element.put_back(Element::of_text(field, text));
    None
}

/// Tells an alias, and the birth that is claimed under it. One without a name comes back.
fn alias<'a>(mut part: Element<'a>, id: &str, rows: &mut TableRows) -> Result<Option<Element<'a>>> {
    let Some(text) = part.take_text("ALIAS_NAME") else {
        return Ok(Some(part));
    };
    let quality_raw = part.take_text("QUALITY");
    alias_birth(&mut part, &text, id, rows)?;
    if rows.wants(ListTable::Names) {
        let (kind, quality) = alias_kind(quality_raw.as_deref().unwrap_or_default());
        let note = note(&mut part, Joined::default());
        let name = Name {
            quality,
            quality_raw: quality_raw.as_deref(),
            note: note.text(),
            ..Name::new(kind, &text)
        };
        rows.name(id, &name);
    }
    Ok(None)
}

fn alias_kind(quality: &str) -> (NameKind, Option<Quality>) {
    const KINDS: [(&str, NameKind, Option<Quality>); 3] = [
        ("good", NameKind::Alias, Some(Quality::Strong)),
        ("low", NameKind::Alias, Some(Quality::Weak)),
        ("f.k.a.", NameKind::Former, None),
    ];
    let known = KINDS.into_iter().find(|(word, ..)| is_word(quality, word));
    known.map_or((NameKind::Alias, None), |(_, kind, quality)| {
        (kind, quality)
    })
}

fn alias_birth(part: &mut Element<'_>, alias: &str, id: &str, rows: &mut TableRows) -> Result<()> {
    const FIELDS: [&str; 3] = ["DATE_OF_BIRTH", "CITY_OF_BIRTH", "COUNTRY_OF_BIRTH"];
    if FIELDS
        .into_iter()
        .all(|field| part.named(field).all(|child| child.is_empty()))
    {
        return Ok(());
    }
    let mut birth = Birth {
        alias: Some(alias),
        ..Birth::default()
    };
    let mut note = Joined::default();
    if let Some((date, text)) = partial_date(part, FIELDS[0])? {
        birth.date = date.days();
        (birth.year_from, birth.year_to) = (Some(date.year()), Some(date.year()));
        if let PartialDate::Month(_) = date {
            note.add_field(FIELDS[0], &text);
        }
    }
    let [city, country] = [FIELDS[1], FIELDS[2]].map(|field| part.take_text(field));
    (birth.place.city, birth.place.country) = (city.as_deref(), country.as_deref());
    birth.note = note.text();
    rows.birth(id, &birth);
    Ok(())
}

/// Tells a date of birth; none where the element is empty, as it is for whoever has none.
fn birth_date(mut part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    if part.is_empty() {
        return Ok(());
    }
    let mut birth = Birth {
        kind: birth_kind(&mut part)?,
        ..Birth::default()
    };
    let mut inexact = Joined::default();
    if let Some((date, text)) = partial_date(&mut part, "DATE")? {
        let exact = matches!(birth.kind, None | Some(BirthKind::Exact));
        birth.date = date.days().filter(|_| exact);
        (birth.year_from, birth.year_to) = (Some(date.year()), Some(date.year()));
        if birth.date.is_none() && !matches!(date, PartialDate::Year(_)) {
            inexact.add_field("DATE", &text);
        }
    } else if let Some(year) = year(&mut part, "YEAR")? {
        (birth.year_from, birth.year_to) = (Some(year), Some(year));
    } else {
        birth.year_from = year(&mut part, "FROM_YEAR")?;
        let place = part.place_of("TO_YEAR");
        birth.year_to = year(&mut part, "TO_YEAR")?;
        if let (Some(from), Some(to)) = (birth.year_from, birth.year_to)
            && from > to
        {
            let message = format!("expected a year from {from} on, found {to}");
            return Err(Error::invalid_data(message)
                .in_field(path(&part, "TO_YEAR"))
                .at_byte(place.byte()));
        }
    }
    if rows.wants(ListTable::Births) {
        let note = note(&mut part, inexact);
        birth.note = note.text();
        rows.birth(id, &birth);
    }
    Ok(())
}

fn birth_kind(part: &mut Element<'_>) -> Result<Option<BirthKind>> {
    const FIELD: &str = "TYPE_OF_DATE";
    let place = part.place_of(FIELD);
    let Some(text) = part.take_text(FIELD) else {
        return Ok(None);
    };
    let is = |word: &str| text.chars().flat_map(char::to_uppercase).eq(word.chars());
    let kinds = [
        ("EXACT", BirthKind::Exact),
        ("APPROXIMATELY", BirthKind::Approximate),
        ("BETWEEN", BirthKind::Between),
    ];
    match kinds.into_iter().find(|(word, _)| is(word)) {
        Some((_, kind)) => Ok(Some(kind)),
        None => Err(expected(
            "EXACT, APPROXIMATELY or BETWEEN",
            &text,
            part,
            FIELD,
            place,
        )),
    }
}

fn birth_place(mut part: Element<'_>, id: &str, rows: &mut TableRows) {
    let place = place(&mut part);
    let note = note(&mut part, Joined::default());
    let birth = Birth {
        place: shown_place(&place),
        note: note.text(),
        ..Birth::default()
    };
    rows.birth(id, &birth);
}

fn address(mut part: Element<'_>, id: &str, rows: &mut TableRows) {
    let postal_code = part.take_text("ZIP_CODE");
    let place = place(&mut part);
    let note = note(&mut part, Joined::default());
    let address = Place {
        postal_code: postal_code.as_deref(),
        note: note.text(),
        ..shown_place(&place)
    };
    rows.address(id, &address);
}

/// Takes street, city, region and country.
fn place<'a>(part: &mut Element<'a>) -> [Option<Cow<'a, str>>; 4] {
    ["STREET", "CITY", "STATE_PROVINCE", "COUNTRY"].map(|field| part.take_text(field))
}

fn shown_place<'a>(place: &'a [Option<Cow<'_, str>>; 4]) -> Place<'a> {
    let [street, city, region, country] = place.each_ref().map(Option::as_deref);
    Place {
        street,
        city,
        region,
        country,
        ..Place::default()
    }
}

fn identifier(mut part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    let issue = partial_date(&mut part, "DATE_OF_ISSUE")?;
    if !rows.wants(ListTable::Identifiers) {
        return Ok(());
    }
    let mut inexact = Joined::default();
    let issued_on = issue.as_ref().and_then(|(date, _)| date.days());
    if let (Some((_, text)), None) = (&issue, issued_on) {
        inexact.add_field("DATE_OF_ISSUE", text);
    }
    let fields = [
        "TYPE_OF_DOCUMENT",
        "TYPE_OF_DOCUMENT2",
        "NUMBER",
        "ISSUING_COUNTRY",
        "CITY_OF_ISSUE",
        "COUNTRY_OF_ISSUE",
    ];
    let texts = fields.map(|field| part.take_text(field));
    let [
        kind_raw,
        kind_detail,
        number,
        country,
        issue_city,
        issue_country,
    ] = texts.each_ref().map(Option::as_deref);
    let note = note(&mut part, inexact);
    let identifier = Identifier {
        kind: identifier_kind(kind_raw.unwrap_or_default()),
        kind_raw,
        kind_detail,
        number,
        country,
        issued_on,
        expires_on: None,
        issue_city,
        issue_country,
        note: note.text(),
    };
    rows.identifier(id, &identifier);
    Ok(())
}

fn identifier_kind(text: &str) -> IdentifierKind {
    const KINDS: [(&str, IdentifierKind); 4] = [
        ("passport", IdentifierKind::Passport),
        ("numéro de passeport", IdentifierKind::Passport),
        ("número de pasaporte", IdentifierKind::Passport),
        ("national identification number", IdentifierKind::NationalId),
    ];
    let known = KINDS.into_iter().find(|(word, _)| is_word(text, word));
    known.map_or(IdentifierKind::Other, |(_, kind)| kind)
}

/// The latest of the days on which the entry was updated; the others become attributes.
fn updated_on(element: &mut Element<'_>, id: &str, rows: &mut TableRows) -> Result<Option<i32>> {
    const FIELD: &str = "LAST_DAY_UPDATED";
    let mut days = Vec::new();
    for part in element.named(FIELD) {
        while let Some((days_since, text)) = day_text(part, "VALUE")? {
            days.push((days_since, text));
        }
    }
    let latest = days.iter().map(|&(day, _)| day).max();
    for (_, value) in days.iter().filter(|&&(day, _)| Some(day) != latest) {
        rows.attribute(id, FIELD, value);
    }
    Ok(latest)
}

/// Takes the nationalities; a placeholder stays.
fn nationalities(element: &mut Element<'_>, id: &str, rows: &mut TableRows) {
    for text in values(element, "NATIONALITY") {
        match text == PLACEHOLDER {
            true => element.put_back(Element::of_text("NATIONALITY/VALUE", text)),
            false => rows.nationality(id, &text),
        }
    }
}

fn roles(element: &mut Element<'_>, id: &str, rows: &mut TableRows) {
    for (field, kind) in [
        ("TITLE", RoleKind::Title),
        ("DESIGNATION", RoleKind::Designation),
    ] {
        for role in values(element, field) {
            rows.role(id, kind, &role);
        }
    }
}

/// The texts of every `VALUE` in every child with that name.
fn values<'a>(element: &mut Element<'a>, name: &str) -> Vec<Cow<'a, str>> {
    let mut values = Vec::new();
    for child in element.named(name) {
        values.extend(std::iter::from_fn(|| child.take_text("VALUE")));
    }
    values
}

/// Adds the note of a part to what is said already, and whatever else was not taken from it.
fn note(part: &mut Element<'_>, mut note: Joined) -> Joined {
    if let Some(text) = part.take_text("NOTE") {
        note.add(&text);
    }
    part.remarks(&mut note);
    note
}

/// Takes a day from a child of the record itself.
fn day(element: &mut Element<'_>, field: &str) -> Result<Option<i32>> {
    Ok(day_text(element, field)?.map(|(days, _)| days))
}

fn day_text<'a>(element: &mut Element<'a>, field: &str) -> Result<Option<(i32, Cow<'a, str>)>> {
    let place = element.place_of(field);
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
            place,
        )),
    }
}

/// Takes a date, with the text that it was read from.
fn partial_date<'a>(
    element: &mut Element<'a>,
    field: &str,
) -> Result<Option<(PartialDate, Cow<'a, str>)>> {
    let place = element.place_of(field);
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
            place,
        )),
    }
}

fn year(element: &mut Element<'_>, field: &str) -> Result<Option<i32>> {
    let place = element.place_of(field);
    let Some(text) = element.take_text(field) else {
        return Ok(None);
    };
    match date::year(&text) {
        Some(year) => Ok(Some(year)),
        None => Err(expected("a year as YYYY", &text, element, field, place)),
    }
}

fn expected(
    what: &str,
    found: &str,
    element: &Element<'_>,
    field: &str,
    place: xml::Place<'_>,
) -> Error {
    let message = format!("expected {what}, found {:?}", shortened(found));
    Error::invalid_data(message)
        .in_field(path(element, field))
        .at_byte(place.byte())
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
