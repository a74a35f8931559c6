//! Messages in the Universal Message Format, with the elements that the plugin `europol` expects.

use super::{COUNTRIES, Company, Page, Person, Random, STREETS, TOWNS};
use std::io::{self, Write};

/// How many records a message has.
const MESSAGE_RECORDS: usize = 50;

/// A file of messages. A message has a header, with handling codes and an evaluation for the records that
/// say nothing themselves; `records` counts what stands in messages, not the documents within persons.
pub fn umf(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    page.put("<!-- Made up: nobody and nothing in this file exists. -->\n");
    page.put("<Export xmlns=\"urn:example:umf\">\n");
    for first in (0..records).step_by(MESSAGE_RECORDS) {
        let end = records.min(first + MESSAGE_RECORDS);
        header(&mut page, first / MESSAGE_RECORDS, seed);
        for record in first..end {
            let mut message = Message {
                page: &mut page,
                random: Random::of_record(seed, record),
            };
            message.record(first, record);
            page.turn()?;
        }
        page.put(" </Message>\n");
    }
    page.put("</Export>\n");
    page.finish()
}

fn header(page: &mut Page<'_>, message: usize, seed: u64) {
    let mut random = Random::of_record(!seed, message);
    page.put(" <Message id=\"M-")
        .number(message + 1)
        .put("\">\n");
    page.put("  ").open("Header");
    page.element("Sender", random.one(&TOWNS).1);
    page.element("HandlingCode", random.one(&["H0", "H1", "H2", "H3"]));
    page.open("Evaluation");
    page.element("Source", random.one(&["A", "B", "C", "X"]));
    page.element("Information", random.one(&["1", "2", "3", "4"]));
    page.close("Evaluation").close("Header").put("\n");
}

/// Twenty records of a message are ten persons, three organisations, three items, two locations and two
/// connections.
#[derive(Clone, Copy)]
enum Kind {
    Person,
    Organisation,
    Item,
    Location,
    Connection,
}

impl Kind {
    fn of(record: usize) -> Self {
        match record % 20 {
            1 | 7 | 13 => Self::Organisation,
            3 | 9 | 15 => Self::Item,
            5 | 11 => Self::Location,
            17 | 19 => Self::Connection,
            _ => Self::Person,
        }
    }

    /// The start of an element that refers to such a record, up to the record's number.
    fn reference(self) -> &'static str {
        match self {
            Self::Person => "<Person ref=\"P",
            Self::Organisation => "<Organisation ref=\"O",
            Self::Item => "<Item ref=\"I",
            Self::Location => "<Location ref=\"L",
            Self::Connection => "<Connection ref=\"C",
        }
    }
}

/// A record of a message that is being written.
struct Message<'m, 'a> {
    page: &'m mut Page<'a>,
    random: Random,
}

impl Message<'_, '_> {
    fn record(&mut self, first: usize, record: usize) {
        self.page.put("  ");
        match Kind::of(record - first) {
            Kind::Person => self.person(record),
            Kind::Organisation => self.organisation(record),
            Kind::Item => self.item(record),
            Kind::Location => self.location(record),
            Kind::Connection => self.connection(first, record),
        }
        self.page.put("\n");
    }

    /// The start of an element with its identifier.
    fn start(&mut self, name: &str, letter: &str, record: usize) {
        let page = self.page.puts(&["<", name, " id=\"", letter]);
        page.number(record).put("\">");
    }

    /// Handling codes and an evaluation, where the record has its own; and the end of its element.
    fn end(&mut self, name: &str) {
        for percent in [60, 10] {
            if self.random.percent(percent) {
                let code = self.random.one(&["H0", "H1", "H2", "H3"]);
                self.page.element("HandlingCode", code);
            }
        }
        if self.random.percent(40) {
            let code = self.random.one(&["A1", "A2", "B2", "B3", "C3", "C4", "X4"]);
            self.page.element("EvaluationCode", code);
        }
        self.page.close(name);
    }

    fn person(&mut self, record: usize) {
        let person = Person::new(&mut self.random);
        self.start("Person", "P", record);
        let page = self.page.open("PersonName");
        match self.random.percent(70) {
            true => page.element("FamilyName", &person.last_latin),
            false => page.element("FamilyName", &person.last),
        };
        page.element("GivenName", person.first_latin)
            .close("PersonName");
        self.birth();
        let page = &mut *self.page;
        page.element("Gender", if person.is_woman { "F" } else { "M" });
        page.element("Nationality", self.random.one(&["UA", "XA", "XB", "XC"]));
        if self.random.percent(20) {
            let (alias, _) = Person::surname(&mut self.random, person.is_woman);
            page.open("Alias")
                .put(&alias)
                .put(" &amp; Co")
                .close("Alias");
        }
        if self.random.percent(15) {
            page.element("EyeColour", self.random.one(&["green", "grey", "brown"]));
        }
        if self.random.percent(30) {
            self.document(record);
        }
        self.end("Person");
    }

    /// A day, or what is less than one.
    fn birth(&mut self) {
        let (day, page) = (self.random.day(1930, 2006), &mut *self.page);
        let name = "DateOfBirth";
        match self.random.below(10) {
            0 => page.open(name).digits(day.0, 4).close(name),
            1 => page.open(name).dotted(day).close(name),
            2 => page,
            _ => page.open(name).day(day).close(name),
        };
        if self.random.percent(70) {
            page.element("BirthPlace", self.random.one(&TOWNS).1);
        }
    }

    /// An identity document, which is a record within the person's.
    fn document(&mut self, record: usize) {
        self.start("IdentityDocument", "D", record);
        let number = self.random.below(1_000_000);
        let page = self.page.open("Number").put("XX ").digits(number, 6);
        page.close("Number").element("IssuingCountry", "XA");
        page.open("ExpiryDate").day(self.random.day(2018, 2034));
        page.close("ExpiryDate").close("IdentityDocument");
    }

    fn organisation(&mut self, record: usize) {
        let company = Company::new(&mut self.random);
        self.start("Organisation", "O", record);
        let page = self.page.open("Name").latin_company(&company);
        page.close("Name").element("Type", "company");
        page.open("RegistrationNumber").digits(company.code, 8);
        page.close("RegistrationNumber");
        if self.random.percent(80) {
            page.element("Country", self.random.one(&["UA", "XA", "XB"]));
        }
        self.end("Organisation");
    }

    fn item(&mut self, record: usize) {
        match self.random.below(3) {
            0 => self.vehicle(record),
            1 => self.phone(record),
            _ => self.firearm(record),
        }
    }

    fn vehicle(&mut self, record: usize) {
        self.start("Vehicle", "I", record);
        let number = self.random.below(10_000);
        let page = self.page.element("Make", "Maket").element("Model", "A-4");
        page.element("Colour", self.random.one(&["white", "black", "red"]));
        page.open("YearOfManufacture")
            .number(self.random.between(1970, 2024));
        page.close("YearOfManufacture").open("RegistrationNumber");
        page.put("ZZ")
            .digits(number, 4)
            .put("ZZ")
            .close("RegistrationNumber");
        page.open("VIN")
            .put("XXX0000000")
            .digits(record, 7)
            .close("VIN");
        self.end("Vehicle");
    }

    fn phone(&mut self, record: usize) {
        self.start("MeansOfCommunication", "I", record);
        let number = self.random.below(10_000);
        let page = self.page.open("PhoneNumber").put("+380 00 000 ");
        page.digits(number, 4).close("PhoneNumber");
        page.open("IMEI")
            .put("35000000")
            .digits(record, 7)
            .close("IMEI");
        self.end("MeansOfCommunication");
    }

    fn firearm(&mut self, record: usize) {
        self.start("Firearm", "I", record);
        let page = self
            .page
            .element("Make", "Zrazok")
            .element("Calibre", "9 mm");
        page.open("SerialNumber").put("ZR").digits(record, 6);
        page.close("SerialNumber");
        self.end("Firearm");
    }

    fn location(&mut self, record: usize) {
        self.start("Location", "L", record);
        let random = &mut self.random;
        let page = self.page.element("Street", random.one(&STREETS).1);
        page.open("HouseNumber").number(random.between(1, 200));
        page.close("HouseNumber")
            .element("City", random.one(&TOWNS).1);
        page.open("PostalCode").digits(random.below(100_000), 5);
        page.close("PostalCode")
            .element("Country", random.one(&COUNTRIES));
        if random.percent(60) {
            let (latitude, longitude) = super::place(random);
            page.open("Latitude").decimal(latitude, 6).close("Latitude");
            page.open("Longitude")
                .decimal(longitude, 6)
                .close("Longitude");
        }
        self.end("Location");
    }

    /// Between a person of the message and what else came before.
    fn connection(&mut self, first: usize, record: usize) {
        self.start("Connection", "C", record);
        let before = record - first;
        let (mut from, mut to) = (self.random.below(before), self.random.below(before));
        if !matches!(Kind::of(from), Kind::Person) {
            from = 0;
        }
        if matches!(Kind::of(to), Kind::Connection) {
            to = 1;
        }
        let page = self.page.open("From").put(Kind::of(from).reference());
        page.number(first + from).put("\"/>").close("From");
        page.open("To").put(Kind::of(to).reference());
        page.number(first + to).put("\"/>").close("To");
        page.element(
            "Type",
            self.random.one(&["owner", "user", "associate", "seen at"]),
        );
        if self.random.percent(70) {
            page.open("StartDate").day(self.random.day(2010, 2024));
            page.close("StartDate");
        }
        self.end("Connection");
    }
}
