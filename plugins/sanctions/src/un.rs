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
use crate::xml::{Element, ListFile, Text, attributes, joined_texts, shown};
use sextant_plugin_sdk::xml::{self, Step};
use sextant_plugin_sdk::{Error, InputReader, Result};
use std::borrow::Cow;

/// How long an id may be.
const ID_BYTES_MAX: usize = 64;
/// What stands in a field of which nothing is known.
const PLACEHOLDER: &str = "na";
/// The attribute of the list that says when it was made.
const GENERATED: &str = "dateGenerated";
/// What is expected of a date, as errors say it.
const DATE: &str = "a date as YYYY-MM-DD";

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
                    let version = attributes(open).find(|(name, _)| *name == GENERATED);
                    let unread = other_attribute(open, &[GENERATED]);
                    self.version = version.map(|(_, version)| version.into_owned());
                    self.at = At::List;
                    self.unread_attribute(unread)
                }
                (At::AfterList, _) => return Ok(None),
                (At::Start, step) | (_, step @ Step::End) => {
                    let message = format!("expected <{LIST}>, found {}", shown(&step));
                    return Err(self.file.wrong(&message));
                }
                (_, Step::Open(open)) => {
                    let (name, attribute) = (open.name().to_owned(), other_attribute(open, &[]));
                    self.inside(&name, attribute)?
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
    fn inside(&mut self, name: &str, attribute: Option<String>) -> Result<Option<Record>> {
        let mut sections = SECTIONS.into_iter();
        let section = sections.find(|section| section.name() == name);
        if let (At::List, Some(section)) = (self.at, section) {
            self.sections.push(section);
            self.at = At::Section(section);
            return Ok(self.unread_attribute(attribute));
        }
        self.file.xml.skip()?;
        Ok(self.unread(&format!("an element {name}")))
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

    fn unread_attribute(&mut self, name: Option<String>) -> Option<Record> {
        self.unread(&format!("an attribute @{}", name?))
    }

    fn unread(&mut self, what: &str) -> Option<Record> {
        let place = match self.at {
            At::Section(section) => section.name(),
            At::List | At::Start | At::AfterList => LIST,
        };
        self.file.unread(place, what)
    }
}

/// The first attribute of an element that has a value and is none of those that are known.
fn other_attribute(element: xml::Element<'_>, known: &[&str]) -> Option<String> {
    let mut names = attributes(element).map(|(name, _)| name);
    names.find(|name| !known.contains(name)).map(str::to_owned)
}

/// Tells of an `INDIVIDUAL` or an `ENTITY`, and gives its id. Whatever nothing takes from it by its name
/// becomes an attribute in the end.
fn entity<'a>(
    section: Section,
    record: Element<'a>,
    source_version: Option<&str>,
    rows: &mut TableRows,
) -> Result<Text<'a>> {
    let parts = section.parts();
    let id = record.take_id("DATAID", ID_BYTES_MAX)?;
    let name = name_parts(record)?;
    primary_name(section, &name, &id, rows);
    let original = record.take_text("NAME_ORIGINAL_SCRIPT");
    if let Some(text) = &original {
        rows.name(&id, &Name::new(NameKind::OriginalScript, text));
    }
    births(&parts, record, &id, rows)?;
    for part in record.named(parts.alias) {
        alias(part, &id, rows)?;
    }
    for part in record.named(parts.document) {
        identifier(part, &id, rows)?;
    }
    if rows.wants(ListTable::Addresses) {
        let addresses = record.named(parts.address);
        let known = addresses.filter(|part| !part.is_empty());
        known.for_each(|part| address(part, &id, rows));
    }
    let listed_on = day(record, record.take_text("LISTED_ON"))?;
    let updated_on = updated_on(record, &id, rows)?;
    // Nothing can be wrong with what is left.
    if !rows.wants_any(WITHOUT_REST) {
        let known = Description {
            kind: section.kind(),
            name_original_script: original.as_deref(),
            listed_on: listed_on.map(|(day, _)| day),
            updated_on,
            source_version,
            ..Description::default()
        };
        describe(&name, known, record, &id, rows);
        nationalities(record, &id, rows);
        roles(record, &id, rows);
        leftover(&parts, record, &id, rows);
    }
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
fn births(parts: &Parts, record: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    for part in record.named(parts.birth_date) {
        birth_date(part, id, rows)?;
    }
    if rows.wants(ListTable::Births) {
        let places = record.named(parts.birth_place);
        let known = places.filter(|part| !part.is_empty());
        known.for_each(|part| birth_place(part, id, rows));
    }
    Ok(())
}

/// Adds to what is known of the entity what else its row has, and tells the listing as a measure, where
/// the record says anything of it.
fn describe(
    name: &NameParts<'_>,
    known: Description<'_>,
    record: Element<'_>,
    id: &str,
    rows: &mut TableRows,
) {
    let texts = record.take_texts(["GENDER", "REFERENCE_NUMBER", "UN_LIST_TYPE"]);
    let [gender, reference, programme] = texts.each_ref().map(Option::as_deref);
    let comments = record.take_raw("COMMENTS1");
    let listed_on = known.listed_on;
    if programme.is_some() || reference.is_some() || listed_on.is_some() {
        let measure = Measure {
            programme,
            reference,
            listed_on,
            ..Measure::default()
        };
        rows.measure(id, &measure);
    }
    if rows.wants(ListTable::Entities) {
        let (name, gender) = (whole_name(name), gender.map(str::to_lowercase));
        let description = Description {
            name: &name,
            gender: gender.as_deref(),
            reference,
            programme,
            comments: comments.as_deref(),
            ..known
        };
        rows.entity(id, &description);
    }
}

/// What is left of a record; the parts that have tables of their own are told in full. An alias has
/// seen to that itself.
fn leftover(parts: &Parts, record: Element<'_>, id: &str, rows: &mut TableRows) {
    if rows.wants(ListTable::Attributes) {
        let told = [
            parts.birth_date,
            parts.birth_place,
            parts.document,
            parts.address,
        ];
        for name in told {
            record.named(name).for_each(Element::take_whole);
        }
        record.leftover(id, rows);
    }
}

/// A name in the list's parts.
type NameParts<'a> = [Option<Text<'a>>; NAME_PARTS];

/// Takes the name in `FIRST_NAME` and the fields after it; placeholders stay.
fn name_parts(record: Element<'_>) -> Result<NameParts<'_>> {
    const FIELDS: [&str; NAME_PARTS] = [
        "FIRST_NAME",
        "SECOND_NAME",
        "THIRD_NAME",
        "FOURTH_NAME",
        "FIFTH_NAME",
        "SIXTH_NAME",
    ];
    let texts = record.take_texts(FIELDS);
    let byte = texts[0].as_ref().map_or(record.byte(), Text::byte);
    let parts = texts.map(|text| text.and_then(unless_placeholder));
    if parts.iter().all(Option::is_none) {
        let error = Error::invalid_data("expected a name, found nothing");
        return Err(error.in_field(FIELDS[0]).at_byte(byte));
    }
    Ok(parts)
}

/// A text that was taken, unless it is a placeholder, which is put back.
fn unless_placeholder(text: Text<'_>) -> Option<Text<'_>> {
    if *text != *PLACEHOLDER {
        return Some(text);
    }
    text.put_back();
    None
}

fn whole_name<'t>(parts: &'t NameParts<'_>) -> Cow<'t, str> {
    joined_texts(parts, " ").unwrap_or_default()
}

/// Tells the name. That of an organization has no parts: it stands whole in the first field.
fn primary_name(section: Section, parts: &NameParts<'_>, id: &str, rows: &mut TableRows) {
    if rows.wants(ListTable::Names) {
        let whole = whole_name(parts);
        let mut name = Name::new(NameKind::Primary, &whole);
        if section == Section::Individuals {
            name.parts = parts.each_ref().map(Option::as_deref);
        }
        rows.name(id, &name);
    }
}

/// Tells an alias, and the birth that is claimed under it. Nothing is taken of one without a name.
fn alias(part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    let Some(text) = part.take_text("ALIAS_NAME") else {
        return Ok(());
    };
    part.take_whole();
    alias_birth(part, &text, id, rows)?;
    if rows.wants(ListTable::Names) {
        let quality_raw = part.take_text("QUALITY");
        let (kind, quality) = alias_kind(quality_raw.as_deref().unwrap_or_default());
        let note = note(part, Joined::default());
        let name = Name {
            quality,
            quality_raw: quality_raw.as_deref(),
            note: note.text(),
            ..Name::new(kind, &text)
        };
        rows.name(id, &name);
    }
    Ok(())
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

fn alias_birth(part: Element<'_>, alias: &str, id: &str, rows: &mut TableRows) -> Result<()> {
    const FIELDS: [&str; 3] = ["DATE_OF_BIRTH", "CITY_OF_BIRTH", "COUNTRY_OF_BIRTH"];
    let mut children = part.children();
    if !children.any(|child| FIELDS.contains(&child.name()) && !child.is_empty()) {
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
    let [city, country] = part.take_texts([FIELDS[1], FIELDS[2]]);
    (birth.place.city, birth.place.country) = (city.as_deref(), country.as_deref());
    birth.note = note.text();
    rows.birth(id, &birth);
    Ok(())
}

/// Tells a date of birth; none where the element is empty, as it is for whoever has none.
fn birth_date(part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    let kind = read(
        part,
        part.take_text("TYPE_OF_DATE"),
        "EXACT, APPROXIMATELY or BETWEEN",
        birth_kind,
    )?;
    let mut birth = Birth {
        kind: kind.map(|(kind, _)| kind),
        ..Birth::default()
    };
    let mut inexact = Joined::default();
    if let Some((date, text)) = partial_date(part, "DATE")? {
        let exact = matches!(birth.kind, None | Some(BirthKind::Exact));
        birth.date = date.days().filter(|_| exact);
        (birth.year_from, birth.year_to) = (Some(date.year()), Some(date.year()));
        if birth.date.is_none() && !matches!(date, PartialDate::Year(_)) {
            inexact.add_field("DATE", &text);
        }
    } else if let Some((year, _)) = year(part, "YEAR")? {
        (birth.year_from, birth.year_to) = (Some(year), Some(year));
    } else {
        (birth.year_from, birth.year_to) = years(part)?;
    }
    if rows.wants(ListTable::Births) && !part.is_empty() {
        let note = note(part, inexact);
        birth.note = note.text();
        rows.birth(id, &birth);
    }
    Ok(())
}

fn birth_kind(text: &str) -> Option<BirthKind> {
    const KINDS: [(&str, BirthKind); 3] = [
        ("exact", BirthKind::Exact),
        ("approximately", BirthKind::Approximate),
        ("between", BirthKind::Between),
    ];
    let known = KINDS.into_iter().find(|(word, _)| is_word(text, word));
    known.map(|(_, kind)| kind)
}

/// Takes the first and the last year in which a birth may have been.
fn years(part: Element<'_>) -> Result<(Option<i32>, Option<i32>)> {
    let from = year(part, "FROM_YEAR")?.map(|(year, _)| year);
    let to = year(part, "TO_YEAR")?;
    if let (Some(from), Some((to, text))) = (from, &to)
        && from > *to
    {
        let message = format!("expected a year from {from} on, found {to}");
        return Err(wrong(part, text, message));
    }
    Ok((from, to.map(|(year, _)| year)))
}

fn birth_place(part: Element<'_>, id: &str, rows: &mut TableRows) {
    let place = place(part);
    let note = note(part, Joined::default());
    let birth = Birth {
        place: shown_place(&place),
        note: note.text(),
        ..Birth::default()
    };
    rows.birth(id, &birth);
}

fn address(part: Element<'_>, id: &str, rows: &mut TableRows) {
    let postal_code = part.take_text("ZIP_CODE");
    let place = place(part);
    let note = note(part, Joined::default());
    let address = Place {
        postal_code: postal_code.as_deref(),
        note: note.text(),
        ..shown_place(&place)
    };
    rows.address(id, &address);
}

/// Takes street, city, region and country.
fn place(part: Element<'_>) -> [Option<Text<'_>>; 4] {
    part.take_texts(["STREET", "CITY", "STATE_PROVINCE", "COUNTRY"])
}

fn shown_place<'a>(place: &'a [Option<Text<'_>>; 4]) -> Place<'a> {
    let [street, city, region, country] = place.each_ref().map(Option::as_deref);
    Place {
        street,
        city,
        region,
        country,
        ..Place::default()
    }
}

/// Tells a document; none where the element is empty.
fn identifier(part: Element<'_>, id: &str, rows: &mut TableRows) -> Result<()> {
    let issue = partial_date(part, "DATE_OF_ISSUE")?;
    if !rows.wants(ListTable::Identifiers) || part.is_empty() {
        return Ok(());
    }
    let mut inexact = Joined::default();
    let issued_on = issue.as_ref().and_then(|(date, _)| date.days());
    if let (Some((_, text)), None) = (&issue, issued_on) {
        inexact.add_field("DATE_OF_ISSUE", text);
    }
    let texts = part.take_texts([
        "TYPE_OF_DOCUMENT",
        "TYPE_OF_DOCUMENT2",
        "NUMBER",
        "ISSUING_COUNTRY",
        "CITY_OF_ISSUE",
        "COUNTRY_OF_ISSUE",
    ]);
    let [
        kind_raw,
        kind_detail,
        number,
        country,
        issue_city,
        issue_country,
    ] = texts.each_ref().map(Option::as_deref);
    let note = note(part, inexact);
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
fn updated_on(record: Element<'_>, id: &str, rows: &mut TableRows) -> Result<Option<i32>> {
    const FIELD: &str = "LAST_DAY_UPDATED";
    let (mut latest, mut days) = (None, Vec::new());
    for part in record.named(FIELD) {
        for value in part.named("VALUE") {
            if let Some((day, text)) = day(part, value.take())? {
                latest = latest.max(Some(day));
                if rows.wants(ListTable::Attributes) {
                    days.push((day, text));
                }
            }
        }
    }
    for (_, value) in days.iter().filter(|&&(day, _)| Some(day) != latest) {
        rows.attribute(id, FIELD, value);
    }
    Ok(latest)
}

/// Takes the nationalities; a placeholder stays.
fn nationalities(record: Element<'_>, id: &str, rows: &mut TableRows) {
    for country in values(record, "NATIONALITY").filter_map(unless_placeholder) {
        rows.nationality(id, &country);
    }
}

fn roles(record: Element<'_>, id: &str, rows: &mut TableRows) {
    for (field, kind) in [
        ("TITLE", RoleKind::Title),
        ("DESIGNATION", RoleKind::Designation),
    ] {
        for role in values(record, field) {
            rows.role(id, kind, &role);
        }
    }
}

/// Takes the texts of every `VALUE` in every child with that name.
fn values<'a>(record: Element<'a>, name: &str) -> impl Iterator<Item = Text<'a>> {
    let values = record.named(name).flat_map(|child| child.named("VALUE"));
    values.filter_map(Element::take)
}

/// Adds the note of a part to what is said already, and whatever else was not taken from it.
fn note(part: Element<'_>, mut note: Joined) -> Joined {
    if let Some(text) = part.take_text("NOTE") {
        note.add(&text);
    }
    part.remarks(&mut note);
    note
}

/// Takes a date, with the text that it was read from.
fn partial_date<'a>(part: Element<'a>, field: &str) -> Result<Option<(PartialDate, Text<'a>)>> {
    read(part, part.take_text(field), DATE, PartialDate::parse)
}

/// Takes a year, with the text that it was read from.
fn year<'a>(part: Element<'a>, field: &str) -> Result<Option<(i32, Text<'a>)>> {
    read(part, part.take_text(field), "a year as YYYY", date::year)
}

/// Reads a day out of a text that was taken, if one was.
fn day<'a>(part: Element<'_>, text: Option<Text<'a>>) -> Result<Option<(i32, Text<'a>)>> {
    read(part, text, DATE, |text| PartialDate::parse(text)?.days())
}

/// Reads a text that was taken from a part, if one was; gives it with what it says.
fn read<'a, T>(
    part: Element<'_>,
    text: Option<Text<'a>>,
    what: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<(T, Text<'a>)>> {
    let Some(text) = text else {
        return Ok(None);
    };
    match parse(&text) {
        Some(value) => Ok(Some((value, text))),
        None => {
            let message = format!("expected {what}, found {:?}", shortened(&text));
            Err(wrong(part, &text, message))
        }
    }
}

/// An error in a text that was taken from a part.
fn wrong(part: Element<'_>, text: &Text<'_>, message: String) -> Error {
    Error::invalid_data(message)
        .in_field(path(part, text.name()))
        .at_byte(text.byte())
}

/// A field as errors show it: with the part of the record that it is in.
fn path(part: Element<'_>, field: &str) -> String {
    let mut sections = SECTIONS.into_iter();
    match sections.any(|section| section.record() == part.name()) {
        true => field.to_owned(),
        false => format!("{}/{field}", part.name()),
    }
}
