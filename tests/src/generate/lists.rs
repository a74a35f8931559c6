//! Lists of sanctions: the United Nations' XML, the CSV and XML of the American treasury (OFAC), and
//! FollowTheMoney.

use super::{COUNTRIES, Company, Date, Page, Person, Random, STREETS, TOWNS};
use std::io::{self, Write};

/// The consolidated list of the United Nations: three persons to an organization.
pub fn un_list(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    page.put("<CONSOLIDATED_LIST dateGenerated=\"2026-02-27T00:00:09.554Z\">\n");
    let persons = records - records / 4;
    for (section, range) in [("INDIVIDUALS", 0..persons), ("ENTITIES", persons..records)] {
        page.puts(&["  <", section, ">\n"]);
        for record in range {
            let mut listed = Listed {
                page: &mut page,
                random: Random::of_record(seed, record),
                prefix: if record < persons {
                    "INDIVIDUAL"
                } else {
                    "ENTITY"
                },
            };
            listed.put(record);
            page.turn()?;
        }
        page.puts(&["  </", section, ">\n"]);
    }
    page.put("</CONSOLIDATED_LIST>\n");
    page.finish()
}

/// Between the elements of a record.
const LINE: &str = "\n      ";
/// Between the elements of an element of a record.
const DEEPER: &str = "\n        ";

/// A record of the United Nations' list that is being written.
struct Listed<'l, 'a> {
    page: &'l mut Page<'a>,
    random: Random,
    prefix: &'static str,
}

impl Listed<'_, '_> {
    fn put(&mut self, record: usize) {
        let is_person = self.prefix == "INDIVIDUAL";
        let page = self.page.puts(&["    <", self.prefix, ">", LINE]);
        page.open("DATAID")
            .number(9_000_000 + record)
            .close("DATAID");
        page.put(LINE)
            .open("VERSIONNUM")
            .number(self.random.between(1, 4));
        page.close("VERSIONNUM").put(LINE);
        match is_person {
            true => self.person(record),
            false => self.organization(record),
        }
        self.updates();
        for _ in 0..self.random.between(1, 3) {
            self.alias(is_person);
        }
        self.address();
        if is_person {
            self.birth();
            self.document();
        }
        self.page
            .puts(&[LINE, "<SORT_KEY/>", LINE, "<SORT_KEY_LAST_MOD/>"]);
        self.page.puts(&["\n    </", self.prefix, ">\n"]);
    }

    fn person(&mut self, record: usize) {
        let person = Person::new(&mut self.random);
        let page = self.page.open("FIRST_NAME").capitals(person.first_latin);
        page.close("FIRST_NAME").put(LINE).open("SECOND_NAME");
        match person.middle_latin.as_str() {
            "" => page.capitals(&person.last_latin).close("SECOND_NAME"),
            middle => {
                page.capitals(middle).close("SECOND_NAME").put(LINE);
                page.open("THIRD_NAME")
                    .capitals(&person.last_latin)
                    .close("THIRD_NAME")
            }
        };
        self.listing("i", record);
        let page = self.page.put(LINE);
        page.element("GENDER", if person.is_woman { "Female" } else { "Male" });
        if self.random.percent(40) {
            page.put(LINE).open("NAME_ORIGINAL_SCRIPT").person(&person);
            page.close("NAME_ORIGINAL_SCRIPT");
        }
        self.comments();
        let role = self
            .random
            .one(&["Commander of nothing", "Keeper of samples"]);
        self.values("DESIGNATION", &[role], 40);
        let country = self.random.one(&COUNTRIES);
        self.values("NATIONALITY", &[country], 80);
        self.values("TITLE", &["Doctor of Examples"], 15);
    }

    fn organization(&mut self, record: usize) {
        let company = Company::new(&mut self.random);
        let page = self.page.open("FIRST_NAME").latin_company(&company);
        page.close("FIRST_NAME");
        self.listing("e", record);
        self.comments();
    }

    fn listing(&mut self, letter: &str, record: usize) {
        let page = self.page.put(LINE).element("UN_LIST_TYPE", "Example");
        page.put(LINE).puts(&["<REFERENCE_NUMBER>EX", letter, "."]);
        page.digits(record + 1, 3)
            .close("REFERENCE_NUMBER")
            .put(LINE);
        page.open("LISTED_ON")
            .day(self.random.day(1999, 2025))
            .close("LISTED_ON");
    }

    fn comments(&mut self) {
        let page = self.page.put(LINE).open("COMMENTS1");
        for _ in 0..self.random.between(1, 6) {
            page.put(self.random.one(&[
                "Reportedly stays in a village that is on no map. ",
                "Was said to have crossed the border of two imaginary states in March 2013.\n",
                "Photograph, drawn by hand, available for inclusion in the Special Notice. ",
                "Review concluded on a day that nobody remembers. ",
                "Made-up &amp; confirmed to be so. ",
            ]));
        }
        page.close("COMMENTS1");
    }

    /// An element with elements `VALUE`, so many times in a hundred.
    fn values(&mut self, name: &str, values: &[&str], percent: usize) {
        if !self.random.percent(percent) {
            return;
        }
        self.page.put(LINE).open(name);
        for value in values {
            self.page.put(DEEPER).element("VALUE", value);
        }
        self.page.put(LINE).close(name);
    }

    fn updates(&mut self) {
        self.values("LIST_TYPE", &["UN List"], 100);
        let page = self.page.put(LINE).open("LAST_DAY_UPDATED");
        for _ in 0..self.random.between(1, 2) {
            page.put(DEEPER)
                .open("VALUE")
                .day(self.random.sane_day(2010, 2025));
            page.close("VALUE");
        }
        page.put(LINE).close("LAST_DAY_UPDATED");
    }

    fn alias(&mut self, is_person: bool) {
        let (other, company) = (
            Person::new(&mut self.random),
            Company::new(&mut self.random),
        );
        let page = self.page.puts(&[LINE, "<", self.prefix, "_ALIAS>", DEEPER]);
        if self.random.percent(15) {
            page.puts(&["<QUALITY/>", DEEPER, "<ALIAS_NAME/>"]);
        } else {
            let qualities = if is_person {
                ["Good", "Low"]
            } else {
                ["a.k.a.", "f.k.a."]
            };
            page.element("QUALITY", self.random.one(&qualities));
            page.put(DEEPER).open("ALIAS_NAME");
            match is_person {
                true => page.latin_person(&other),
                false => page.latin_company(&company),
            };
            page.close("ALIAS_NAME");
        }
        page.puts(&[LINE, "</", self.prefix, "_ALIAS>"]);
    }

    fn address(&mut self) {
        let random = &mut self.random;
        let page = self.page.puts(&[LINE, "<", self.prefix, "_ADDRESS>"]);
        if random.percent(50) {
            page.put(DEEPER)
                .open("STREET")
                .number(random.between(1, 200));
            page.puts(&[" ", random.one(&STREETS).1]).close("STREET");
            page.put(DEEPER).element("CITY", random.one(&TOWNS).1);
        }
        page.put(DEEPER).element("COUNTRY", random.one(&COUNTRIES));
        page.puts(&[LINE, "</", self.prefix, "_ADDRESS>"]);
    }

    fn birth(&mut self) {
        let (day, page) = (self.random.day(1940, 2000), &mut *self.page);
        page.put(LINE).open("INDIVIDUAL_DATE_OF_BIRTH").put(DEEPER);
        let (kind, name) = match self.random.below(4) {
            0 => ("BETWEEN", "FROM_YEAR"),
            1 => ("APPROXIMATELY", "YEAR"),
            2 => ("EXACT", "YEAR"),
            _ => ("EXACT", "DATE"),
        };
        page.element("TYPE_OF_DATE", kind).put(DEEPER).open(name);
        match name {
            "DATE" => page.day(day).close(name),
            _ => page.digits(day.0, 4).close(name),
        };
        if kind == "BETWEEN" {
            let last = (day.0 + self.random.between(1, 5)).min(9999);
            page.put(DEEPER)
                .open("TO_YEAR")
                .digits(last, 4)
                .close("TO_YEAR");
        }
        page.put(LINE).close("INDIVIDUAL_DATE_OF_BIRTH");
        page.put(LINE).open("INDIVIDUAL_PLACE_OF_BIRTH").put(DEEPER);
        match self.random.percent(60) {
            true => {
                page.element("CITY", self.random.one(&TOWNS).1).put(DEEPER);
                page.element("COUNTRY", self.random.one(&COUNTRIES))
            }
            false => page.put("<COUNTRY/>"),
        };
        page.put(LINE).close("INDIVIDUAL_PLACE_OF_BIRTH");
    }

    fn document(&mut self) {
        let page = self.page.put(LINE);
        if self.random.percent(40) {
            page.put("<INDIVIDUAL_DOCUMENT/>");
            return;
        }
        let kinds = ["Passport", "National Identification Number"];
        page.open("INDIVIDUAL_DOCUMENT").put(DEEPER);
        page.element("TYPE_OF_DOCUMENT", self.random.one(&kinds));
        page.put(DEEPER).open("NUMBER").put("XX");
        page.digits(self.random.below(10_000_000), 7)
            .close("NUMBER");
        page.put(DEEPER)
            .element("ISSUING_COUNTRY", self.random.one(&COUNTRIES));
        page.put(LINE).close("INDIVIDUAL_DOCUMENT");
    }
}

/// The legacy file `sdn.csv`: who is listed.
pub fn ofac_sdn(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    entries(out, seed, records, |page, entry| {
        page.number(entry.number).put(",\"");
        entry.name(page);
        page.puts(&["\",", entry.kind.in_csv(), ",\"", entry.program, "\","]);
        match entry.title {
            Some(title) => page.puts(&["\"", title, "\","]),
            None => page.put("-0- ,"),
        };
        match entry.kind {
            Kind::Vessel => page.put("\"XX00\",\"Cargo\",\"1,000\",\"900\",\"Utopia\",-0- ,"),
            _ => page.put("-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"),
        };
        page.put("\"");
        entry.remarks(page);
        page.put("\"\n");
    })
}

/// The legacy file `alt.csv`: other names of those whom [`ofac_sdn`] lists for the same seed and number of
/// records.
pub fn ofac_alt(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    entries(out, seed, records, |page, entry| {
        entry.aliases(|number, kind, alias| {
            page.number(entry.number).put(",").number(number);
            page.puts(&[",\"", kind, "\",\""]);
            alias.name(page);
            page.put("\",-0- \n");
        });
    })
}

/// The legacy file `add.csv`: addresses of those whom [`ofac_sdn`] lists for the same seed and number of
/// records. Who has none has a line of nulls.
pub fn ofac_add(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    entries(out, seed, records, |page, entry| {
        entry.addresses(|number, address| {
            page.number(entry.number).put(",").number(number);
            let Some((house, street, town, country)) = address else {
                page.put(",-0- ,-0- ,-0- ,-0- \n");
                return;
            };
            page.put(",\"")
                .number(house)
                .puts(&[" ", street, " Street\",\""]);
            page.puts(&[town, "\",\"", country, "\",-0- \n"]);
        });
    })
}

/// `sdn.xml`, of those whom [`ofac_sdn`] lists for the same seed and number of records.
pub fn ofac_xml(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("<?xml version=\"1.0\" standalone=\"yes\"?>\n");
    page.put("<sdnList xmlns=\"http://tempuri.org/sdnList.xsd\">\n  <publshInformation>\n");
    page.put("    <Publish_Date>02/27/2026</Publish_Date>\n    <Record_Count>")
        .number(records);
    page.put("</Record_Count>\n  </publshInformation>\n");
    for record in 0..records {
        Entry::new(seed, record).xml(&mut page);
        page.turn()?;
    }
    page.put("</sdnList>\n");
    page.finish()
}

fn entries(
    out: &mut dyn Write,
    seed: u64,
    records: usize,
    put: fn(&mut Page<'_>, &Entry),
) -> io::Result<()> {
    let mut page = Page::new(out);
    for record in 0..records {
        put(&mut page, &Entry::new(seed, record));
        page.turn()?;
    }
    page.finish()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Individual,
    Entity,
    Vessel,
}

impl Kind {
    fn in_csv(self) -> &'static str {
        match self {
            Self::Individual => "\"individual\"",
            Self::Entity => "-0- ",
            Self::Vessel => "\"vessel\"",
        }
    }

    fn in_xml(self) -> &'static str {
        match self {
            Self::Individual => "Individual",
            Self::Entity => "Entity",
            Self::Vessel => "Vessel",
        }
    }
}

/// What the files of OFAC say of somebody or something: the same in each of them.
struct Entry {
    number: usize,
    kind: Kind,
    person: Person,
    company: Company,
    program: &'static str,
    title: Option<&'static str>,
    birth: Date,
    passport: usize,
    /// From which follows what is not above.
    rest: Random,
}

/// House, street, town and country.
type Address = (usize, &'static str, &'static str, &'static str);

impl Entry {
    fn new(seed: u64, record: usize) -> Self {
        let mut random = Random::of_record(seed, record);
        let kind = match random.below(10) {
            0..6 => Kind::Individual,
            6..9 => Kind::Entity,
            _ => Kind::Vessel,
        };
        let titles = ["Minister of Samples", "Head of Nothing", "Deputy Example"];
        let has_title = kind == Kind::Individual && random.percent(30);
        Self {
            number: 36 + 3 * record,
            kind,
            person: Person::new(&mut random),
            company: Company::new(&mut random),
            program: random.one(&["EXAMPLE", "SAMPLE-EO00001", "UTOPIA] [EXAMPLE"]),
            title: has_title.then(|| random.one(&titles)),
            birth: random.day(1935, 2003),
            passport: random.below(10_000_000),
            rest: random,
        }
    }

    /// `PRYKLADENKO, Test`
    fn name(&self, page: &mut Page<'_>) {
        match self.kind {
            Kind::Individual => {
                page.capitals(&self.person.last_latin);
                page.puts(&[", ", self.person.first_latin]);
            }
            Kind::Entity => {
                page.latin_company(&self.company);
            }
            Kind::Vessel => {
                page.capitals(self.company.firm.1).put(" ");
                page.number(self.company.number);
            }
        }
    }

    fn remarks(&self, page: &mut Page<'_>) {
        let mut random = self.rest.clone();
        let town = random.one(&TOWNS).1;
        match self.kind {
            Kind::Individual => {
                page.put("DOB ");
                self.birth_in_words(page);
                page.puts(&["; POB ", town, ", Utopia; nationality Utopia"]);
                page.put("; Gender ").put(self.gender());
                if self.has_passport() {
                    page.put("; Passport XX").digits(self.passport, 7);
                    page.put(" (Utopia)");
                }
            }
            Kind::Entity => {
                page.put("Tax ID No. ").number(self.company.code);
                page.puts(&["; a.k.a. '", self.company.firm.1, "'"]);
            }
            Kind::Vessel => {
                page.put("Vessel Registration Identification IMO ");
                page.digits(self.passport, 7);
                page.put("; Linked To: ").latin_company(&self.company);
            }
        }
        page.put(".");
    }

    fn gender(&self) -> &'static str {
        if self.person.is_woman {
            "Female"
        } else {
            "Male"
        }
    }

    fn has_passport(&self) -> bool {
        self.kind == Kind::Individual && self.passport.is_multiple_of(2)
    }

    /// `11 Jul 1945`, or the year alone.
    fn birth_in_words(&self, page: &mut Page<'_>) {
        if !self.passport.is_multiple_of(5) {
            page.digits(self.birth.2, 2)
                .puts(&[" ", self.birth.month(), " "]);
        }
        page.digits(self.birth.0, 4);
    }

    /// Gives `put` the number, the kind and the name of each other name.
    fn aliases(&self, mut put: impl FnMut(usize, &str, &Self)) {
        let mut random = self.rest.clone();
        for at in 0..random.below(4) {
            let kind = random.one(&["aka", "aka", "aka", "fka", "nka"]);
            let alias = Self {
                person: Person::new(&mut random),
                company: Company::new(&mut random),
                title: None,
                rest: random.clone(),
                ..*self
            };
            put(self.number + at, kind, &alias);
        }
    }

    /// Gives `put` the number of each address and what it is, if that is known.
    fn addresses(&self, mut put: impl FnMut(usize, Option<Address>)) {
        let mut random = Random::new(self.rest.clone().number());
        for at in 0..random.between(1, 3) {
            let is_known = at > 0 || random.percent(60);
            let address = (
                random.between(1, 200),
                random.one(&STREETS).1,
                random.one(&TOWNS).1,
                random.one(&COUNTRIES),
            );
            put(self.number + at, is_known.then_some(address));
        }
    }

    fn xml(&self, page: &mut Page<'_>) {
        page.put("  <sdnEntry>\n    <uid>")
            .number(self.number)
            .put("</uid>\n");
        self.xml_name(page);
        page.puts(&["    <sdnType>", self.kind.in_xml(), "</sdnType>\n    "]);
        page.open("remarks");
        self.remarks(page);
        page.close("remarks").put("\n    <programList>\n");
        for program in self.program.split("] [") {
            page.puts(&["      <program>", program, "</program>\n"]);
        }
        page.put("    </programList>\n");
        self.xml_identity(page);
        page.put("    <akaList>\n");
        self.aliases(|number, kind, alias| {
            page.put("      <aka>\n        <uid>").number(number);
            page.puts(&["</uid>\n        <type>", kind, "</type>\n"]);
            page.put("        <category>strong</category>\n");
            alias.xml_name(page);
            page.put("      </aka>\n");
        });
        page.put("    </akaList>\n    <addressList>\n");
        self.addresses(|number, address| {
            page.put("      <address>\n        <uid>")
                .number(number)
                .put("</uid>\n");
            if let Some((house, street, town, country)) = address {
                page.put("        <address1>").number(house);
                page.puts(&[" ", street, " Street</address1>\n        <city>", town]);
                page.puts(&["</city>\n        <country>", country, "</country>\n"]);
            }
            page.put("      </address>\n");
        });
        page.put("    </addressList>\n  </sdnEntry>\n");
    }

    fn xml_name(&self, page: &mut Page<'_>) {
        if self.kind == Kind::Individual {
            page.put("    ")
                .element("firstName", self.person.first_latin);
            page.put("\n    ")
                .open("lastName")
                .capitals(&self.person.last_latin);
        } else {
            page.put("    ").open("lastName");
            self.name(page);
        }
        page.close("lastName").put("\n");
        if let Some(title) = self.title {
            page.put("    ").element("title", title).put("\n");
        }
    }

    /// What is there of persons alone.
    fn xml_identity(&self, page: &mut Page<'_>) {
        if self.has_passport() {
            page.put("    <idList>\n      <id>\n        <uid>")
                .number(self.number);
            page.put("</uid>\n        <idType>Passport</idType>\n        <idNumber>XX");
            page.digits(self.passport, 7);
            page.put("</idNumber>\n        <idCountry>Utopia</idCountry>\n");
            page.put("      </id>\n    </idList>\n");
        }
        if self.kind != Kind::Individual {
            return;
        }
        page.put("    <nationalityList>\n      <nationality>\n        <uid>")
            .number(self.number);
        page.put("</uid>\n        <country>Utopia</country>\n        <mainEntry>true");
        page.put("</mainEntry>\n      </nationality>\n    </nationalityList>\n");
        page.put("    <dateOfBirthList>\n      <dateOfBirthItem>\n        <uid>");
        page.number(self.number)
            .put("</uid>\n        <dateOfBirth>");
        self.birth_in_words(page);
        page.put("</dateOfBirth>\n        <mainEntry>true</mainEntry>\n");
        page.put("      </dateOfBirthItem>\n    </dateOfBirthList>\n");
        let town = self.rest.clone().one(&TOWNS).1;
        page.put("    <placeOfBirthList>\n      <placeOfBirthItem>\n        <uid>");
        page.number(self.number)
            .puts(&["</uid>\n        <placeOfBirth>", town]);
        page.put(", Utopia</placeOfBirth>\n        <mainEntry>true</mainEntry>\n");
        page.put("      </placeOfBirthItem>\n    </placeOfBirthList>\n");
    }
}

/// What stands in the lines of FollowTheMoney, again and again. What an edge names came before it.
const LINES: [&str; 14] = [
    "Person",
    "Company",
    "Address",
    "Ownership",
    "Directorship",
    "Sanction",
    "Passport",
    "Person",
    "Family",
    "Associate",
    "Organization",
    "Membership",
    "UnknownLink",
    "Identification",
];
/// Where in them the person is who has the company.
const OWNER: usize = 0;
const COMPANY: usize = 1;
const RELATIVE: usize = 7;
const ORGANIZATION: usize = 10;

/// FollowTheMoney: a line for each entity, edges among them.
pub fn ftm(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    for line in 0..records {
        let mut entity = Thing {
            page: &mut page,
            random: Random::of_record(seed, line),
            seed,
            first: line - line % LINES.len(),
            is_first: true,
        };
        entity.put(line, LINES[line % LINES.len()]);
        page.turn()?;
    }
    page.finish()
}

/// A line of FollowTheMoney that is being written.
struct Thing<'t, 'a> {
    page: &'t mut Page<'a>,
    random: Random,
    seed: u64,
    /// The line of the first of its fourteen.
    first: usize,
    /// Whether no property is written yet.
    is_first: bool,
}

impl<'a> Thing<'_, 'a> {
    fn put(&mut self, line: usize, schema: &str) {
        let person = Person::new(&mut self.random);
        let company = Company::new(&mut self.random);
        self.page.put("{\"id\": \"");
        self.id(line);
        let page = self.page.put("\", \"caption\": \"");
        match schema {
            "Person" => page.latin_person(&person),
            "Company" | "Organization" => page.company(&company, "\\\""),
            other => page.put(other),
        };
        page.puts(&["\", \"schema\": \"", schema, "\", \"properties\": {"]);
        match schema {
            "Person" => self.person(&person),
            "Company" | "Organization" => self.company(&company),
            "Address" => self.address(),
            "Sanction" => self.sanction(),
            "Passport" | "Identification" => self.document(schema),
            _ => self.edge(schema),
        }
        let is_target = matches!(schema, "Person" | "Company") && self.random.percent(50);
        let page = self
            .page
            .put("}, \"datasets\": [\"xx_example\"], \"referents\": [\"xx-");
        page.number(line).put("\"], \"target\": ");
        page.put(if is_target { "true" } else { "false" });
        for (name, year) in [
            ("first_seen", 2020),
            ("last_change", 2022),
            ("last_seen", 2024),
        ] {
            let day = self.random.sane_day(year, year + 1);
            page.puts(&[", \"", name, "\": \""]).day(day);
            page.put("T").clock(&mut self.random).put("\"");
        }
        page.put("}\n");
    }

    /// The identifier of what is in a line.
    fn id(&mut self, line: usize) {
        let number = Random::of_record(!self.seed, line).number();
        self.page.put("sx-").digits(number as usize, 20);
    }

    /// The name of a property, and what comes before its values.
    fn property(&mut self, name: &str) -> &mut Page<'a> {
        let comma = if self.is_first { "\"" } else { ", \"" };
        self.is_first = false;
        self.page.puts(&[comma, name, "\": [\""])
    }

    fn text(&mut self, name: &str, value: &str) {
        self.property(name).puts(&[value, "\"]"]);
    }

    fn day(&mut self, name: &str, day: Date) {
        self.property(name).day(day).put("\"]");
    }

    fn reference(&mut self, name: &str, line: usize) {
        self.property(name);
        self.id(line);
        self.page.put("\"]");
    }

    fn person(&mut self, person: &Person) {
        let page = self.property("name").latin_person(person);
        page.put("\", \"").person(person).put("\"]");
        let page = self
            .property("lastName")
            .puts(&[&person.last_latin, "\", \""]);
        page.puts(&[&person.last, "\"]"]);
        self.text("firstName", person.first_latin);
        if !person.middle.is_empty() {
            self.text("fatherName", &person.middle);
        }
        self.text("gender", if person.is_woman { "female" } else { "male" });
        let birth = self.random.day(1935, 2003);
        match self.random.below(10) {
            0 => {}
            1 => {
                self.property("birthDate").digits(birth.0, 4).put("\"]");
            }
            _ => self.day("birthDate", birth),
        }
        self.text("nationality", self.random.clone().one(&["ua", "zz"]));
        if self.random.percent(30) {
            self.text("topics", "sanction");
        }
    }

    fn company(&mut self, company: &Company) {
        let page = self.property("name").company(company, "\\\"").put("\", \"");
        page.latin_company(company).put("\"]");
        self.property("registrationNumber")
            .digits(company.code, 8)
            .put("\"]");
        self.text("jurisdiction", "ua");
        self.text("legalForm", company.form.1);
        if self.random.percent(60) {
            let made = self.random.day(1991, 2024);
            self.day("incorporationDate", made);
        }
    }

    fn address(&mut self) {
        let (town, street) = (self.random.one(&TOWNS).0, self.random.one(&STREETS).0);
        let house = self.random.between(1, 200);
        let page = self
            .property("full")
            .puts(&["вул. ", street, ", "])
            .number(house);
        page.puts(&[", ", town, ", Утопія\"]"]);
        self.text("city", town);
        self.text("country", "zz");
    }

    fn sanction(&mut self) {
        self.reference("entity", self.first + OWNER);
        self.text("authority", "Council of Examples");
        self.text("program", "Example Regulations 2020");
        self.text("country", "zz");
        let start = self.random.day(2014, 2025);
        self.day("startDate", start);
    }

    fn document(&mut self, schema: &str) {
        self.reference("holder", self.first + OWNER);
        let number = self.random.below(1_000_000);
        self.property("number")
            .put("ЯЯ")
            .digits(number, 6)
            .put("\"]");
        self.text("type", schema);
        if self.random.percent(50) {
            let end = self.random.day(2015, 2034);
            self.day("endDate", end);
        }
    }

    fn edge(&mut self, schema: &str) {
        let block = self.random.below(self.first / LINES.len() + 1) * LINES.len();
        let (first, second, to) = match schema {
            "Ownership" => ("owner", "asset", self.first + COMPANY),
            "Directorship" => ("director", "organization", self.first + COMPANY),
            "Family" => ("person", "relative", self.first + RELATIVE),
            "Associate" => ("person", "associate", self.first + RELATIVE),
            "Membership" => ("member", "organization", self.first + ORGANIZATION),
            _ => ("subject", "object", block + COMPANY),
        };
        self.reference(first, self.first + OWNER);
        self.reference(second, to);
        let role = match schema {
            "Ownership" => "засновник",
            "Family" | "Associate" => "уявне споріднення",
            _ => "приклад зв'язку",
        };
        let name = match schema {
            "Family" | "Associate" => "relationship",
            _ => "role",
        };
        self.text(name, role);
        if self.random.percent(40) {
            let start = self.random.day(1995, 2024);
            self.day("startDate", start);
        }
    }
}
