//! News: RSS, Atom, JSON Feed, and the events of GDELT.

use super::{Date, Page, Person, Random, TOWNS, place};
use std::io::{self, Write};

/// An article of a feed.
struct Article {
    number: usize,
    author: Option<Person>,
    town: (&'static str, &'static str),
    what: (&'static str, &'static str),
    category: &'static str,
    day: Date,
    random: Random,
}

/// What happened, in Latin and in Ukrainian letters.
const EVENTS: [(&str, &str); 6] = [
    (
        "Seizure of samples at the port of",
        "Вилучення зразків у порту",
    ),
    (
        "Hearing in the Sample Bank case in",
        "Слухання у справі банку «Проба» у місті",
    ),
    (
        "Two imaginary vans missing near",
        "Два уявні фургони зникли поблизу міста",
    ),
    (
        "Customs office reports a find in",
        "Митниця повідомляє про знахідку в місті",
    ),
    ("Nothing at all happened in", "Нічого не сталося в місті"),
    (
        "A drawing was stolen & returned in",
        "Малюнок вкрадено й повернуто в місті",
    ),
];

const SENTENCES: [(&str, &str); 5] = [
    (
        "Nobody was hurt, since nobody was there.",
        "Ніхто не постраждав, бо нікого не було.",
    ),
    (
        "The spokesman of an imaginary office declined to comment.",
        "Речник уявної установи не коментує.",
    ),
    (
        "Witnesses who do not exist saw a white van.",
        "Свідки, яких немає, бачили білий фургон.",
    ),
    (
        "The sum is put at 1,000 made-up crowns.",
        "Суму оцінюють у 1000 вигаданих крон.",
    ),
    (
        "An inquiry into the example was opened.",
        "Щодо прикладу відкрито провадження.",
    ),
];

const CATEGORIES: [&str; 5] = ["crime", "courts", "customs", "transport", "finance"];

impl Article {
    fn new(seed: u64, record: usize) -> Self {
        let mut random = Random::of_record(seed, record);
        Self {
            number: record + 1,
            author: random.percent(80).then(|| Person::new(&mut random)),
            town: random.one(&TOWNS),
            what: random.one(&EVENTS),
            category: random.one(&CATEGORIES),
            day: random.day(2005, 2025),
            random,
        }
    }

    fn title(&self, page: &mut Page<'_>) {
        page.escaped(self.what.0).puts(&[" ", self.town.1]);
    }

    fn ukrainian_title(&self, page: &mut Page<'_>) {
        page.puts(&[self.what.1, " ", self.town.0]);
    }

    /// Some sentences, which are the same whenever they are asked for.
    fn sentences(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let mut random = self.random.clone();
        let count = random.between(2, 12);
        (0..count).map(move |_| random.one(&SENTENCES))
    }

    /// `2024-03-01T06:00:00Z`
    fn time(&self, page: &mut Page<'_>) {
        page.day(self.day).put("T");
        page.clock(&mut self.random.clone()).put("Z");
    }
}

/// A feed in RSS 2.0.
pub fn rss(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" ");
    page.put("xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ");
    page.put("xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n");
    page.put("<title>Zrazkiv Courier</title>\n<link>https://courier.example.org/</link>\n");
    page.put("<description>A made-up newspaper</description>\n<language>en</language>\n");
    for record in 0..records {
        let article = Article::new(seed, record);
        page.put("<item><title>");
        article.title(&mut page);
        page.put("</title><link>https://courier.example.org/")
            .number(article.number);
        page.put("</link><guid isPermaLink=\"false\">courier-")
            .number(article.number);
        page.put("</guid><description>")
            .put(SENTENCES[record % 5].0);
        page.put(" &amp;amp; more</description>");
        rss_body(&mut page, &article);
        page.put("</item>\n");
        page.turn()?;
    }
    page.put("</channel>\n</rss>\n");
    page.finish()
}

fn rss_body(page: &mut Page<'_>, article: &Article) {
    page.put("<content:encoded><![CDATA[<p>");
    for (sentence, _) in article.sentences() {
        page.puts(&[sentence, " "]);
    }
    page.put("</p>]]></content:encoded>");
    if let Some(author) = &article.author {
        page.open("dc:creator")
            .latin_person(author)
            .close("dc:creator");
    }
    page.element("category", article.category).open("pubDate");
    let Date(year, _, day) = article.day;
    page.puts(&[article.day.weekday(), ", "]).digits(day, 2);
    page.puts(&[" ", article.day.month(), " "])
        .digits(year, 4)
        .put(" ");
    page.clock(&mut article.random.clone())
        .put(" GMT")
        .close("pubDate");
}

/// A feed in Atom, in Ukrainian.
pub fn atom(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    page.put("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"uk\">\n");
    page.put("<title>Вісник Зразкової області</title>\n<id>tag:atom.example.org,2024:feed</id>\n");
    page.put("<link rel=\"self\" href=\"https://atom.example.org/feed.atom\"/>\n");
    page.put("<updated>2025-12-31T00:00:00Z</updated>\n<author><name>Редакція</name></author>\n");
    for record in 0..records {
        entry(&mut page, &Article::new(seed, record));
        page.turn()?;
    }
    page.put("</feed>\n");
    page.finish()
}

fn entry(page: &mut Page<'_>, article: &Article) {
    page.put("<entry><id>tag:atom.example.org,2024:")
        .number(article.number);
    page.put("</id><title>");
    article.ukrainian_title(page);
    page.put("</title><link href=\"https://atom.example.org/")
        .number(article.number);
    page.put("\"/>");
    for name in ["published", "updated"] {
        page.open(name);
        article.time(page);
        page.close(name);
    }
    if let Some(author) = &article.author {
        page.put("<author><name>")
            .person(author)
            .put("</name></author>");
    }
    page.puts(&[
        "<category term=\"",
        article.category,
        "\"/><content type=\"xhtml\">",
    ]);
    page.put("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>");
    for (_, sentence) in article.sentences() {
        page.puts(&[sentence, " "]);
    }
    page.put("</p></div></content></entry>\n");
}

/// A feed in JSON Feed 1.1.
pub fn json_feed(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    page.put("{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"Sample Radio\", ");
    page.put("\"home_page_url\": \"https://json.example.org/\", \"language\": \"uk\", ");
    page.put("\"feed_url\": \"https://json.example.org/feed.json\", \"items\": [\n");
    for record in 0..records {
        item(&mut page, &Article::new(seed, record));
        page.put(if record + 1 < records { ",\n" } else { "\n" });
        page.turn()?;
    }
    page.put("]}\n");
    page.finish()
}

fn item(page: &mut Page<'_>, article: &Article) {
    for name in ["{\"id\"", ", \"url\""] {
        page.puts(&[name, ": \"https://json.example.org/"]);
        page.number(article.number).put("\"");
    }
    page.put(", \"title\": \"");
    article.ukrainian_title(page);
    page.put("\", \"content_html\": \"<p>");
    for (_, sentence) in article.sentences() {
        page.puts(&[sentence, "\\n"]);
    }
    page.put("</p>\", \"date_published\": \"");
    article.time(page);
    page.puts(&["\", \"tags\": [\"", article.category, "\", \"audio\"]"]);
    if let Some(author) = &article.author {
        page.put(", \"authors\": [{\"name\": \"")
            .latin_person(author)
            .put("\"}]");
    }
    if article.number.is_multiple_of(3) {
        page.put(", \"attachments\": [{\"url\": \"https://json.example.org/");
        page.number(article.number)
            .put(".mp3\", \"mime_type\": \"audio/mpeg\", ");
        page.put("\"size_in_bytes\": ")
            .number(1000 + article.number)
            .put("}]");
    }
    page.put("}");
}

/// Codes, names and countries of actors; the last one is nobody.
const ACTORS: [(&str, &str, &str, &str); 6] = [
    ("COP", "POLICE", "", "COP"),
    ("CVL", "CITIZENS OF ZRAZKIV", "", "CVL"),
    ("UKRGOV", "UKRAINE", "UKR", "GOV"),
    ("JUD", "COURT OF EXAMPLES", "", "JUD"),
    ("BUS", "SAMPLE BANK", "", "BUS"),
    ("", "", "", ""),
];

/// Codes of what happens (CAMEO), with the class and the Goldstein scale in tenths.
const CODES: [(&str, &str, &str, usize, i64); 6] = [
    ("043", "043", "04", 1, 28),
    ("130", "130", "13", 3, -44),
    ("190", "190", "19", 4, -100),
    ("010", "010", "01", 1, 0),
    ("1724", "172", "17", 4, -50),
    ("0251", "025", "02", 1, -3),
];

/// Events of GDELT 2.0: lines of 61 fields, without a header.
pub fn gdelt(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    for record in 0..records {
        let mut random = Random::of_record(seed, record);
        page.number(719_000_000 + record).put("\t");
        let day = random.day(2015, 2024);
        days(&mut page, day);
        let first = random.one(&ACTORS[..5]);
        let second = random.one(&ACTORS);
        actor(&mut page, first);
        actor(&mut page, second);
        event(&mut page, &mut random);
        let place = random.clone();
        geography(&mut page, &mut place.clone(), true);
        geography(&mut page, &mut random, !second.0.is_empty());
        geography(&mut page, &mut place.clone(), true);
        page.compact(day).digits(random.below(24), 2);
        page.digits(15 * random.below(4), 2)
            .put("00\thttps://courier.example.org/");
        page.puts(&[random.one(&CATEGORIES), "/"])
            .number(record)
            .put("\n");
        page.turn()?;
    }
    page.finish()
}

/// The day, its month and year, and the year with a fraction.
fn days(page: &mut Page<'_>, day: Date) {
    let Date(year, month, day_of_month) = day;
    let fraction = ((month - 1) * 30 + day_of_month) * 10_000;
    page.compact(day).put("\t").digits(year, 4).digits(month, 2);
    page.put("\t").digits(year, 4).put("\t").digits(year, 4);
    page.put(".").digits((fraction + 182) / 365, 4).put("\t");
}

fn actor(page: &mut Page<'_>, (code, name, country, kind): (&str, &str, &str, &str)) {
    page.puts(&[
        code,
        "\t",
        name,
        "\t",
        country,
        "\t\t\t\t\t",
        kind,
        "\t\t\t",
    ]);
}

fn event(page: &mut Page<'_>, random: &mut Random) {
    let (code, base, root, class, scale) = random.one(&CODES);
    page.put(random.one(&["0", "1"]));
    page.puts(&["\t", code, "\t", base, "\t", root, "\t"])
        .number(class);
    page.put("\t").decimal(scale, 1);
    for max in [40, 6, 40] {
        page.put("\t").number(random.between(1, max));
    }
    let tone = random.between(0, 20_000_000) as i64 - 12_000_000;
    page.put("\t").decimal(tone, 6).put("\t");
}

fn geography(page: &mut Page<'_>, random: &mut Random, is_known: bool) {
    if !is_known || random.percent(5) {
        page.put("0\t\t\t\t\t\t\t\t");
        return;
    }
    let (latitude, longitude) = place(random);
    page.puts(&[
        "4\t",
        random.one(&TOWNS).1,
        ", Zrazkova Oblast, Utopia\tUT\tUT",
    ]);
    page.digits(random.below(30), 2)
        .put("\t")
        .number(random.below(30_000));
    page.put("\t")
        .decimal(latitude / 100, 4)
        .put("\t")
        .decimal(longitude / 100, 4);
    page.put("\t-")
        .number(random.between(1_000_000, 1_999_999))
        .put("\t");
}
