//! The Ukrainian register of legal entities (EDR): XML in windows-1251, a subject a line, of 1.5 to 3 KB.

use super::{Company, Page, Person, Random, STREETS, TOWNS};
use std::io::{self, Write};

/// A file of the register, in the layout of today.
pub fn register(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::in_windows_1251(out);
    page.put("<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n");
    page.put("<DATA FORMAT_VERSION=\"1.0\">\n");
    for record in 0..records {
        let mut subject = Subject {
            page: &mut page,
            random: Random::of_record(seed, record),
        };
        subject.put(record);
        page.turn()?;
    }
    page.put("</DATA>\n");
    page.finish()
}

const STATES: [&str; 4] = [
    "зареєстровано",
    "в стані припинення",
    "припинено",
    "порушено справу про банкрутство",
];

const ACTIVITIES: [(&str, &str); 6] = [
    ("62.01", "Комп'ютерне програмування уявних речей"),
    ("46.90", "Неспеціалізована оптова торгівля зразками"),
    ("01.11", "Вирощування небувалих зернових культур"),
    ("68.20", "Надання в оренду вигаданого нерухомого майна"),
    ("49.41", "Вантажний автомобільний транспорт макетів"),
    ("70.22", "Консультування з питань прикладів & проб"),
];

/// A subject that is being written.
struct Subject<'s, 'a> {
    page: &'s mut Page<'a>,
    random: Random,
}

impl Subject<'_, '_> {
    fn put(&mut self, record: usize) {
        let state = match self.random.percent(70) {
            true => 0,
            false => self.random.between(1, 3),
        };
        self.page.open("SUBJECT");
        self.page.open("RECORD").number(record + 1).close("RECORD");
        self.head(record, STATES[state]);
        self.founders();
        self.beneficiaries();
        self.list("SIGNERS", "SIGNER", (1, 3), Self::signer);
        self.list("MEMBERS", "MEMBER", (0, 2), |subject| {
            let members = ["ЗАГАЛЬНІ ЗБОРИ УЧАСНИКІВ", "НАГЛЯДОВА РАДА", "ДИРЕКТОР"];
            subject.page.put(subject.random.one(&members));
        });
        self.list("BRANCHES", "BRANCH", (0, 1), Self::branch);
        let others = self.random.between(0, 1);
        self.list("PREDECESSORS", "PREDECESSOR", (0, others), Self::named);
        self.list("ASSIGNEES", "ASSIGNEE", (0, 1 - others), Self::named);
        self.activities();
        self.registration(record);
        self.end(state);
        self.list("EXCHANGE_DATA", "EXCHANGE_ANSWER", (1, 3), Self::answer);
        self.page.close("SUBJECT").put("\n");
    }

    /// A list of so many to so many elements; there is none where it would be empty, mostly.
    fn list(&mut self, list: &str, name: &str, count: (usize, usize), put: fn(&mut Self)) {
        let count = self.random.between(count.0, count.1);
        if count == 0 && self.random.percent(80) {
            return;
        }
        self.page.open(list);
        for _ in 0..count {
            self.page.open(name);
            put(self);
            self.page.close(name);
        }
        self.page.close(list);
    }

    fn head(&mut self, record: usize, state: &str) {
        let company = Company::new(&mut self.random);
        let page = &mut *self.page;
        page.open("NAME").company(&company, "\"").close("NAME");
        match self.random.percent(25) {
            true => page.put("<SHORT_NAME/>"),
            false => {
                page.open("SHORT_NAME").put(company.form.0);
                page.puts(&[" \"", company.firm.0, " "]);
                page.number(company.number).put("\"").close("SHORT_NAME")
            }
        };
        page.element("OPF", company.form.1);
        // Some, the oldest, have no code.
        match self.random.percent(2) {
            true => page.put("<EDRPOU/>"),
            false => {
                page.open("EDRPOU").digits(90_000_000 + record, 8);
                page.close("EDRPOU")
            }
        };
        self.page.open("ADDRESS");
        self.address(true);
        self.page.close("ADDRESS").element("STAN", state);
        self.capital();
    }

    fn capital(&mut self) {
        let page = &mut *self.page;
        let capital = self.random.below(10_000_000);
        match self.random.below(4) {
            0 => page.put("<AUTHORIZED_CAPITAL/>"),
            _ => {
                page.open("AUTHORIZED_CAPITAL").number(capital);
                page.put(",00").close("AUTHORIZED_CAPITAL")
            }
        };
        if self.random.percent(10) {
            page.element("PURPOSE", "Одержання прибутку від діяльності, якої немає");
        }
        if self.random.percent(20) {
            let organ = "МІНІСТЕРСТВО ПРИКЛАДІВ ТА ПРОБ УТОПІЇ";
            page.element("SUPERIOR_MANAGEMENT", organ);
        }
    }

    /// `Україна, 00000, Зразкова обл., місто Зразків, вул. Вигадана, будинок 1`
    fn address(&mut self, is_whole: bool) {
        let random = &mut self.random;
        let ((town, _), (street, _)) = (random.one(&TOWNS), random.one(&STREETS));
        let page = self.page.put("Україна, ");
        page.digits(random.below(10_000), 5);
        page.puts(&[", Зразкова обл., місто ", town, ", ВУЛИЦЯ ", street]);
        page.put(", будинок ").number(random.between(1, 250));
        if is_whole && random.percent(50) {
            page.put(", квартира ").number(random.between(1, 120));
        }
    }

    fn founders(&mut self) {
        let most = if self.random.percent(5) { 9 } else { 3 };
        self.list("FOUNDERS", "FOUNDER", (0, most), |subject| {
            // A company has a code, and a person has none that is published.
            match subject.random.percent(20) {
                true => {
                    let company = Company::new(&mut subject.random);
                    let page = subject.page.company(&company, "\"");
                    page.put(", ").digits(company.code, 8);
                }
                false => {
                    let person = Person::new(&mut subject.random);
                    subject.page.person(&person);
                }
            }
            subject.page.put(", ");
            subject.address(true);
            if subject.random.percent(90) {
                let page = subject.page.put(", розмір внеску до статутного фонду - ");
                page.decimal(subject.random.below(100_000_000) as i64, 2);
                page.put(" грн.");
            }
        });
    }

    fn beneficiaries(&mut self) {
        self.list("BENEFICIARIES", "BENEFICIARY", (0, 2), |subject| {
            let person = Person::new(&mut subject.random);
            subject.page.person(&person).put("; Україна; ");
            subject.address(true);
        });
    }

    fn signer(&mut self) {
        let person = Person::new(&mut self.random);
        let since = self.random.day(1992, 2024);
        let role = self.random.one(&["керівник", "підписант"]);
        self.page.person(&person);
        if self.random.percent(90) {
            self.page.put("; ").dotted(since);
        }
        self.page.puts(&[" - ", role]);
    }

    fn branch(&mut self) {
        let company = Company::new(&mut self.random);
        let person = Person::new(&mut self.random);
        let page = &mut *self.page;
        page.open("CODE").digits(company.code, 8).close("CODE");
        page.open("NAME").put("ФІЛІЯ № ").number(company.number);
        page.puts(&[" \"", company.firm.0, "\""]).close("NAME");
        page.open("SIGNER").person(&person).close("SIGNER");
        let made = self.random.day(1992, 2024);
        page.open("CREATE_DATE").dotted(made).close("CREATE_DATE");
    }

    fn named(&mut self) {
        let company = Company::new(&mut self.random);
        let page = self.page.open("NAME").company(&company, "\"");
        page.close("NAME").open("CODE").digits(company.code, 8);
        page.close("CODE");
    }

    fn activities(&mut self) {
        let count = self.random.between(1, 5);
        let first = self.random.below(ACTIVITIES.len());
        self.page.open("ACTIVITY_KINDS");
        for at in 0..count {
            let (code, name) = ACTIVITIES[(first + at) % ACTIVITIES.len()];
            let page = self.page.open("ACTIVITY_KIND").element("CODE", code);
            page.open("NAME").escaped(name).close("NAME");
            page.element("PRIMARY", if at == 0 { "так" } else { "ні" });
            page.close("ACTIVITY_KIND");
        }
        self.page.close("ACTIVITY_KINDS");
    }

    fn registration(&mut self, record: usize) {
        let (first, second) = (self.random.day(1992, 2004), self.random.day(2004, 2024));
        let page = self.page.open("REGISTRATION").dotted(first).put("; ");
        page.dotted(second).put("; 1000102000");
        page.digits(record, 7).close("REGISTRATION");
        if self.random.percent(60) {
            let phone = self.random.below(1000);
            let page = self.page.open("CONTACTS").put("Тел.: +380000000");
            page.digits(phone, 3).put(", E-mail: office").number(record);
            page.put("@example.org").close("CONTACTS");
        }
    }

    /// What is said of a company that ends.
    fn end(&mut self, state: usize) {
        let (day, person) = (self.random.day(2000, 2024), Person::new(&mut self.random));
        let page = &mut *self.page;
        if state == 2 {
            page.open("TERMINATED_INFO").dotted(day).put("; ");
            page.put("рішення засновників").close("TERMINATED_INFO");
        }
        let name = match state {
            1 => "TERMINATION_STARTED_INFO",
            3 => "BANKRUPTCY_READJUSTMENT_INFO",
            _ => return,
        };
        page.open(name).open("OP_DATE").dotted(day).close("OP_DATE");
        page.element("REASON", "судове рішення, якого не було");
        page.element("SBJ_STATE", STATES[state]);
        if state == 1 {
            page.open("SIGNER_NAME").person(&person);
            page.close("SIGNER_NAME");
        }
        page.close(name);
    }

    fn answer(&mut self) {
        let random = &mut self.random;
        let number = random.between(1, 99_999);
        let page = self.page.element("TAX_PAYER_TYPE", "платник податків");
        page.open("START_DATE").dotted(random.day(1995, 2024));
        page.close("START_DATE").open("START_NUM").number(number);
        page.close("START_NUM");
        if random.percent(15) {
            page.open("END_DATE").dotted(random.day(2005, 2024));
            page.close("END_DATE").open("END_NUM").number(number);
            page.close("END_NUM");
        }
        page.open("AUTHORITY_NAME")
            .put("УПРАВЛІННЯ ЗРАЗКОВОЇ ОБЛАСТІ № ");
        page.number(random.between(1, 30)).close("AUTHORITY_NAME");
        page.open("AUTHORITY_CODE").digits(number, 8);
        page.close("AUTHORITY_CODE");
    }
}
