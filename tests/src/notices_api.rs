//! A server that behaves like INTERPOL's public API of notices, for tests and figures of the plugin
//! `interpol`: its filters, its cap of 160 notices a query with later pages clamped, its 502 for what it does
//! not know. Everybody in it is made up, and follows from a seed.

use crate::far::{Asked, FarSide, answer};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many notices a query gets, whatever it asks for.
pub const NOTICES_MAX: usize = 160;

/// What the server has, and how it fails.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many red notices.
    pub red: usize,
    /// How many yellow notices.
    pub yellow: usize,
    /// How many UN notices.
    pub un: usize,
    /// How many of each say neither age nor sex nor nationality, so that no filter by these finds them.
    pub incomplete: usize,
    /// How many of each are organisations, which have neither age nor sex.
    pub organisations: usize,
    /// How many of each are people of whom the age is not known.
    pub ageless: usize,
    /// What is random follows from it.
    pub seed: u64,
    /// Every so many requests one is answered 429, with a second to wait.
    pub throttle_every: Option<usize>,
    /// Every so many requests one is answered 502.
    pub fail_every: Option<usize>,
    /// Lists are no JSON.
    pub garbage: bool,
    /// Notices whose detail is answered 502, always.
    pub unknown: Vec<String>,
}

/// A made-up notice.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its number.
    pub entity_id: String,
    /// The first name, where it is known.
    pub forename: Option<String>,
    /// The last name.
    pub name: String,
    /// The year of birth, and the month and day where they are known.
    pub birth: Option<(i32, Option<(u32, u32)>)>,
    /// Codes of countries.
    pub nationalities: Vec<&'static str>,
    /// `M` or `F`, where it is known.
    pub sex: Option<char>,
    /// Where somebody was born.
    pub place_of_birth: String,
    /// Charges, and the countries that issued the warrants.
    pub warrants: Vec<(String, &'static str)>,
}

/// What the server did so far.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Lists that were answered.
    pub lists: u64,
    /// Details that were answered.
    pub details: u64,
    /// Requests that were failed on purpose, or asked for what is not there.
    pub failed: u64,
    /// Answers that were given before.
    pub repeated: u64,
    answered: HashMap<String, u64>,
}

/// A server. It runs until the process ends.
#[derive(Clone, Debug)]
pub struct NoticesApi {
    far: FarSide,
    register: Arc<Register>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug)]
struct Register {
    options: Options,
    notices: BTreeMap<&'static str, Vec<Notice>>,
    /// Year, month and day.
    today: (i32, u32, u32),
}

impl NoticesApi {
    /// Starts it, at a port that is free.
    pub fn start(options: &Options) -> Self {
        let kinds = [
            ("red", options.red),
            ("yellow", options.yellow),
            ("un", options.un),
        ];
        let mut random = Random(options.seed);
        let notices = kinds.map(|(kind, count)| (kind, made_up(&mut random, count, options)));
        let register = Arc::new(Register {
            options: options.clone(),
            notices: notices.into_iter().collect(),
            today: today(),
        });
        let counts: Arc<Mutex<Counts>> = Arc::default();
        let (served, counted) = (Arc::clone(&register), Arc::clone(&counts));
        let far = FarSide::new(move |asked, before| serve(&served, &counted, asked, before));
        Self {
            far,
            register,
            counts,
        }
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        self.far.url("")
    }

    /// A source of its notices by the name `interpol`, with further keys of the source, of its configuration
    /// and of the API in that.
    pub fn source(&self, keys: &str, config: &str, api: &str) -> String {
        let url = self.url();
        format!(
            "[source.interpol]\nplugin = \"interpol\"\nhttp = [{{ url = \"{url}/\", private = true }}]\n{keys}\n\
             [source.interpol.config]\n{config}\n\
             [source.interpol.config.api]\nurl = \"{url}\"\nnotices = [\"red\", \"yellow\", \"un\"]\n{api}\n"
        )
    }

    /// The notices of a kind.
    pub fn notices(&self, kind: &str) -> &[Notice] {
        let found = self.register.notices.get(kind);
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// The age of somebody, as the server counts.
    pub fn age(&self, notice: &Notice) -> Option<i32> {
        self.register.age(notice)
    }

    /// What it answers to a target such as `/notices/v1/red?name=A`, without counting.
    pub fn respond(&self, target: &str) -> (u16, String) {
        self.register.respond(target, &self.url())
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        lock(&self.counts).clone()
    }

    /// Counts from zero again.
    pub fn forget(&self) {
        *lock(&self.counts) = Counts::default();
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(register: &Register, counts: &Mutex<Counts>, asked: &Asked, before: usize) -> Vec<u8> {
    let is_due =
        |every: Option<usize>| every.is_some_and(|every| (before + 1).is_multiple_of(every));
    if is_due(register.options.throttle_every) {
        lock(counts).failed += 1;
        return answer(429, "retry-after: 1", "");
    }
    if is_due(register.options.fail_every) {
        lock(counts).failed += 1;
        return answer(502, "", "");
    }
    let Some(target) = asked.line.strip_prefix("GET ") else {
        return answer(405, "", "");
    };
    let host = asked.header("host").unwrap_or("127.0.0.1");
    let (status, body) = register.respond(target, &format!("http://{host}"));
    let mut counts = lock(counts);
    match (status, target.contains('?')) {
        (200, true) => counts.lists += 1,
        (200, false) => counts.details += 1,
        _ => counts.failed += 1,
    }
    if status == 200 {
        let times = counts.answered.entry(target.to_owned()).or_default();
        *times += 1;
        let is_again = *times > 1;
        counts.repeated += u64::from(is_again);
    }
    answer(status, "content-type: application/json", &body)
}

impl Register {
    fn respond(&self, target: &str, url: &str) -> (u16, String) {
        let Some(path) = target.strip_prefix("/notices/v1/") else {
            return (404, String::new());
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let unknown = (502, String::new());
        let (kind, id) = match path.split_once('/') {
            None => (path, None),
            Some((kind, id)) => (kind, Some(id.rsplit('/').next().unwrap_or(id))),
        };
        let Some((&kind, notices)) = self.notices.get_key_value(kind) else {
            return (404, String::new());
        };
        match id {
            None if self.options.garbage => (200, "<html>Request blocked</html>".to_owned()),
            None => self.list(kind, notices, query, url).unwrap_or(unknown),
            Some(id) => {
                let id = id.replacen('-', "/", 1);
                let mut notices = notices.iter();
                let found = notices.find(|notice| notice.entity_id == id);
                let known =
                    found.filter(|notice| !self.options.unknown.contains(&notice.entity_id));
                known.map_or(unknown, |notice| (200, notice.detail(kind, url)))
            }
        }
    }

    /// A page; none where there is a parameter that the API fails at.
    fn list(
        &self,
        kind: &str,
        notices: &[Notice],
        query: &str,
        url: &str,
    ) -> Option<(u16, String)> {
        let parameters: Vec<_> = query
            .split('&')
            .filter_map(|part| part.split_once('='))
            .collect();
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, decoded(value)))
            .collect();
        if parameters.iter().any(|(name, _)| *name == "freeText") {
            return None;
        }
        let number = |wanted: &str, default: usize| {
            let found = parameters.iter().find(|(name, _)| *name == wanted);
            found
                .and_then(|(_, value)| value.parse().ok())
                .unwrap_or(default)
        };
        let found = notices
            .iter()
            .filter(|notice| self.is_asked_for(notice, &parameters));
        let found: Vec<_> = found.collect();
        let given = &found[..found.len().min(NOTICES_MAX)];
        let length = number("resultPerPage", 20).clamp(1, NOTICES_MAX);
        // Whoever asks for a page beyond the last gets the last, and is not told.
        let page = number("page", 1).clamp(1, given.len().div_ceil(length).max(1));
        let given = given.chunks(length).nth(page - 1).unwrap_or_default();
        let given: Vec<_> = given
            .iter()
            .map(|notice| format!("{{{}}}", notice.listed(kind, url)))
            .collect();
        let body = format!(
            r#"{{"total":{},"query":{{"page":{page},"resultPerPage":{length}}},"_embedded":{{"notices":[{}]}},"_links":{{"self":{{"href":"{url}/notices/v1/{kind}"}}}}}}"#,
            found.len(),
            given.join(","),
        );
        Some((200, body))
    }

    /// Names match loosely: in any case, and in part.
    fn is_asked_for(&self, notice: &Notice, parameters: &[(&str, String)]) -> bool {
        let is_in = |text: &str, part: &str| text.to_uppercase().contains(&part.to_uppercase());
        parameters.iter().all(|(name, value)| match *name {
            "name" => is_in(&notice.name, value),
            "forename" => notice
                .forename
                .as_deref()
                .is_some_and(|own| is_in(own, value)),
            "nationality" => notice.nationalities.iter().any(|own| own == value),
            "sexId" => match notice.sex {
                Some(sex) => value.chars().eq([sex]),
                None => false,
            },
            "ageMin" => value
                .parse()
                .is_ok_and(|min| self.age(notice).is_some_and(|age| age >= min)),
            "ageMax" => value
                .parse()
                .is_ok_and(|max| self.age(notice).is_some_and(|age| age <= max)),
            "arrestWarrantCountryId" => notice.warrants.iter().any(|(_, country)| country == value),
            _ => true,
        })
    }

    fn age(&self, notice: &Notice) -> Option<i32> {
        let (year, month, day) = self.today;
        let (born, known) = notice.birth?;
        let is_to_come = known.is_some_and(|birthday| birthday > (month, day));
        Some(year - born - i32::from(is_to_come))
    }
}

impl Notice {
    /// The day or year of birth, as the API writes it.
    pub fn date_of_birth(&self) -> Option<String> {
        let (year, known) = self.birth?;
        Some(match known {
            Some((month, day)) => format!("{year}/{month:02}/{day:02}"),
            None => year.to_string(),
        })
    }

    /// The members that a list has.
    fn listed(&self, kind: &str, url: &str) -> String {
        let id = &self.entity_id;
        let path = match kind {
            "un" => format!("un/persons/{}", id.replace('/', "-")),
            _ => format!("{kind}/{}", id.replace('/', "-")),
        };
        let nationalities: Vec<_> = self
            .nationalities
            .iter()
            .map(|code| format!("\"{code}\""))
            .collect();
        format!(
            r#""entity_id":"{id}","forename":{},"name":"{}","date_of_birth":{},"nationalities":[{}],"_links":{{"self":{{"href":"{url}/notices/v1/{path}"}},"images":{{"href":"{url}/notices/v1/{path}/images"}}}}"#,
            quoted(self.forename.as_deref()),
            self.name,
            quoted(self.date_of_birth().as_deref()),
            nationalities.join(","),
        )
    }

    fn detail(&self, kind: &str, url: &str) -> String {
        let mut detail = format!(
            r#"{{{},"sex_id":{},"place_of_birth":"{}","country_of_birth_id":null,"_embedded":{{"links":[]}}"#,
            self.listed(kind, url),
            quoted(self.sex.map(String::from).as_deref()),
            self.place_of_birth,
        );
        let warrants: Vec<_> = self.warrants.iter().map(|(charge, country)| {
            format!(r#"{{"charge":"{charge}","issuing_country_id":"{country}","charge_translation":null}}"#)
        }).collect();
        let own = match kind {
            "red" => format!(
                r#""arrest_warrants":[{}],"height":0,"weight":0"#,
                warrants.join(",")
            ),
            "yellow" => {
                r#""birth_name":null,"date_of_event":"2030/01/02","place":"NOWHERE""#.to_owned()
            }
            _ => r#""un_reference":"XXi.001","un_reference_date":"2020/01/02","aliases":[]"#
                .to_owned(),
        };
        // Writing into a text does not fail.
        _ = write!(detail, ",{own}}}");
        detail
    }
}

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| format!("\"{text}\""))
}

/// A value of a URL's query. What is no text is none.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        let digits = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match (
            *first,
            digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()),
        ) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// The day that it is, by Hinnant, "chrono-Compatible Low-Level Date Algorithms" (`civil_from_days`).
fn today() -> (i32, u32, u32) {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = elapsed.map_or(0, |elapsed| elapsed.as_secs() / 86_400) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// Numbers that follow from a seed: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom
/// Number Generators", 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % count as u64) as usize
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

const SYLLABLES: [&str; 12] = [
    "VY", "HA", "DA", "NEM", "MA", "RE", "ZRA", "ZOK", "CHI", "ME", "RA", "TO",
];
const COUNTRIES: [&str; 12] = [
    "UA", "PL", "DE", "FR", "RO", "MD", "TR", "BR", "IN", "AR", "SV", "XK",
];

/// So many notices, in an order that says nothing of them.
fn made_up(random: &mut Random, count: usize, options: &Options) -> Vec<Notice> {
    let (this_year, ..) = today();
    let word = |random: &mut Random, length: usize| -> String {
        (0..length).map(|_| random.of(&SYLLABLES)).collect()
    };
    let notices = (0..count).map(|number| {
        // Of those at the end, which no first page has, less and less is known.
        let has_nationality = number + options.incomplete < count;
        let has_sex = number + options.incomplete + options.organisations < count;
        let unknown = options.incomplete + options.organisations + options.ageless;
        let has_age = number + unknown < count;
        // Ages crowd between 20 and 50, as the true ones do.
        let age = 16 + random.below(25) + random.below(25) + random.below(20);
        let day = (random.below(4) > 0)
            .then(|| (random.below(12) as u32 + 1, random.below(28) as u32 + 1));
        let mut nationalities = vec![random.of(&COUNTRIES)];
        if random.below(10) == 0 {
            let second = random.of(&COUNTRIES);
            nationalities.extend((second != nationalities[0]).then_some(second));
        }
        if !has_nationality {
            nationalities.clear();
        }
        let sex = if random.below(8) == 0 { 'F' } else { 'M' };
        let forename = (random.below(20) > 0).then(|| word(random, 2));
        let name = word(random, 3);
        let warrants = (0..1 + random.below(2)).map(|i| {
            (
                format!("made-up charge {number}-{i}"),
                COUNTRIES[(number + i) % COUNTRIES.len()],
            )
        });
        Notice {
            entity_id: format!("{}/{}", 2010 + number % 17, 1_000 + number),
            forename,
            name,
            birth: has_age.then_some((this_year - age as i32, day)),
            nationalities,
            sex: has_sex.then_some(sex),
            place_of_birth: format!("PLACE {number}"),
            warrants: warrants.collect(),
        }
    });
    notices.collect()
}
