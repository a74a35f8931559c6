//! The tables on small feeds and lines in the true shape; everybody in them is made up.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use serde_json::json;
use sextant_plugin_sdk::testing::{TestHost, find, open, predicate, scan, scan_request};
use sextant_plugin_sdk::{ErrorKind, Operator};
use std::sync::Arc;

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- made up -->
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
 <title>Зразкові вісті</title><link>https://news.example.org/</link>
 <atom:link href="https://news.example.org/rss" rel="self" type="application/rss+xml"/>
 <language>uk</language>
 <image><title>logo</title><url>https://news.example.org/l.png</url></image>
 <item>
  <title>Seizure &amp; arrest</title><link>https://news.example.org/1</link>
  <guid isPermaLink="false">news-1</guid>
  <description>&lt;p&gt;Short&lt;/p&gt;</description>
  <content:encoded><![CDATA[<p>Long <b>and</b> bold</p>]]></content:encoded>
  <media:title>no title</media:title>
  <media:content url="https://news.example.org/1.jpg" medium="image"/>
  <dc:creator>Ann Example</dc:creator><author>b@example.org (Bob Sample)</author>
  <category>crime</category><category domain="places">Kyiv</category>
  <pubDate>Sat, 07 Sep 2002 03:00:01 +0300</pubDate>
  <enclosure url="https://news.example.org/1.mp3" length="10" type="audio/mpeg"/>
 </item>
 <item><guid>https://news.example.org/2</guid><pubDate/></item>
</channel></rss>"#;

const RDF: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://rdf.example.org/"><title>Old news</title><dc:language>en</dc:language>
<items><rdf:Seq><rdf:li rdf:resource="https://rdf.example.org/1"/></rdf:Seq></items></channel>
<item rdf:about="https://rdf.example.org/1"><title>One</title><link>https://rdf.example.org/1</link><dc:date>2002-09-07T00:00+00:00</dc:date><dc:subject>a</dc:subject><dc:subject>b</dc:subject></item>
</rdf:RDF>"#;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title type="text">Made-up notices</title><link rel="self" href="https://atom.example.org/feed"/><link href="https://atom.example.org/"/>
<author><name>The Bureau</name></author>
<entry xml:lang="uk"><id>tag:example.org,2002:1</id><title type="html">A &lt;i&gt;title&lt;/i&gt;</title>
<link rel="alternate" type="text/html" href="https://atom.example.org/1"/><link rel="related" href="https://atom.example.org/x"/>
<link rel="enclosure" href="https://atom.example.org/1.pdf"/>
<published>2002-09-07T00:00:01Z</published><updated>2002-09-07T03:00:02.5+03:00</updated>
<category term="fraud"/><category term="vat" label="VAT"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>bold</b> <i>word</i> &amp; more</div></content>
<x:score xmlns:x="urn:x" unit="%">7</x:score></entry>
<entry><id>2</id><author><name>Cid Sample</name><email>c@example.org</email></author><summary>Short</summary><updated>2002-09-07T00:00:01Z</updated></entry>
</feed>"#;

const JSON: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"JSON news","feed_url":"https://json.example.org/feed.json","language":"en","authors":[{"name":"The Desk"}],
"items":[{"id":1,"url":"https://json.example.org/1","title":"One","content_text":"plain","content_html":"<p>html</p>","tags":["a","b"],"date_published":"2002-09-07T00:00:01Z",
"attachments":[{"url":"https://json.example.org/1.mp3","mime_type":"audio/mpeg"}],"_x":{"n":[1.10]}},
{"id":"2","content_text":"plain","authors":[{"name":"Dee Sample","url":"https://example.org/dee"},{"name":"Eve Sample"}]}]}"#;

/// `date -ud '2002-09-07 00:00:01' +%s`.
const DUE: i64 = 1_031_356_801_000_000;

fn config(on_error: &str) -> serde_json::Value {
    json!({ "entries": { "feeds": [{ "input": "saved" }] }, "gdelt_events": { "input": "saved" }, "on_error": on_error })
}

fn source(text: impl AsRef<[u8]>, on_error: &str) -> (TestHost, Feeds) {
    let host = TestHost::new().entry("saved", "a", text);
    let source = open(&config(on_error), &host).unwrap();
    (host, source)
}

fn texts(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let texts = batches.iter().flat_map(|batch| {
        let column = batch.column_by_name(column).unwrap().as_string::<i32>();
        column
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect::<Vec<_>>()
    });
    texts.collect()
}

fn times(batch: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    let column = batch.column_by_name(column).unwrap();
    let column = column.as_primitive::<TimestampMicrosecondType>();
    column.iter().collect()
}

/// Whether a column has these texts, an empty one for null.
fn has(batches: &[RecordBatch], column: &str, expected: &[&str]) {
    let found = texts(batches, column);
    let found: Vec<_> = found
        .iter()
        .map(|text| text.as_deref().unwrap_or(""))
        .collect();
    assert_eq!(found, expected, "{column}");
}

fn all(text: &str) -> Vec<RecordBatch> {
    let (_, source) = source(text, "fail");
    scan(&source, "entries", &[]).unwrap()
}

fn failure(text: impl AsRef<[u8]>) -> String {
    let (_, source) = source(text, "skip");
    let error = scan(&source, "entries", &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    error.to_string()
}

#[test]
fn rss_has_its_own_elements_and_those_of_modules() {
    let batches = all(RSS);
    has(&batches, "feed_title", &["Зразкові вісті"; 2]);
    has(&batches, "feed_url", &["https://news.example.org/rss"; 2]);
    has(&batches, "language", &["uk"; 2]);
    has(&batches, "id", &["news-1", "https://news.example.org/2"]);
    has(
        &batches,
        "url",
        &["https://news.example.org/1", "https://news.example.org/2"],
    );
    has(&batches, "title", &["Seizure & arrest", ""]);
    has(&batches, "summary", &["<p>Short</p>", ""]);
    has(&batches, "content", &["<p>Long <b>and</b> bold</p>", ""]);
    has(
        &batches,
        "authors",
        &["Ann Example; b@example.org (Bob Sample)", ""],
    );
    has(&batches, "categories", &["crime; Kyiv", ""]);
    has(
        &batches,
        "enclosure_url",
        &["https://news.example.org/1.mp3", ""],
    );
    has(&batches, "source", &["saved/a"; 2]);
    assert_eq!(times(&batches[0], "published_at"), [Some(DUE), None]);
    let record = batches[0].column_by_name("record").unwrap();
    assert_eq!(record.as_primitive::<Int64Type>().values(), &[1, 2]);
    let others = texts(&batches, "other");
    let other: serde_json::Value = serde_json::from_str(others[0].as_ref().unwrap()).unwrap();
    let expected = json!({
        "category": { "@domain": "places", "#text": "Kyiv" },
        "enclosure": { "@url": "https://news.example.org/1.mp3", "@length": "10", "@type": "audio/mpeg" },
        "media:title": "no title",
        "media:content": { "@url": "https://news.example.org/1.jpg", "@medium": "image" },
    });
    assert_eq!((other, &others[1]), (expected, &None));
}

#[test]
fn rdf_has_items_beside_the_channel() {
    let batches = all(RDF);
    has(&batches, "feed_title", &["Old news"]);
    has(&batches, "language", &["en"]);
    has(&batches, "id", &["https://rdf.example.org/1"]);
    has(&batches, "url", &["https://rdf.example.org/1"]);
    has(&batches, "categories", &["a; b"]);
    has(&batches, "other", &[""]);
    assert_eq!(times(&batches[0], "published_at"), [Some(DUE - 1_000_000)]);
}

#[test]
fn atom_keeps_markup_as_it_stands() {
    let batches = all(ATOM);
    has(&batches, "feed_title", &["Made-up notices"; 2]);
    has(&batches, "feed_url", &["https://atom.example.org/feed"; 2]);
    has(&batches, "language", &["uk", "en"]);
    has(&batches, "url", &["https://atom.example.org/1", ""]);
    has(&batches, "title", &["A <i>title</i>", ""]);
    has(&batches, "summary", &["", "Short"]);
    let content =
        "<div xmlns=\"http://www.w3.org/1999/xhtml\">A <b>bold</b> <i>word</i> &amp; more</div>";
    has(&batches, "content", &[content, ""]);
    has(&batches, "authors", &["The Bureau", "Cid Sample"]);
    has(&batches, "categories", &["fraud; vat", ""]);
    has(
        &batches,
        "enclosure_url",
        &["https://atom.example.org/1.pdf", ""],
    );
    assert_eq!(times(&batches[0], "published_at"), [Some(DUE), None]);
    assert_eq!(
        times(&batches[0], "updated_at"),
        [Some(DUE + 1_500_000), Some(DUE)]
    );
    let other = texts(&batches, "other");
    let other = other
        .iter()
        .map(|other| serde_json::from_str(other.as_ref().unwrap()).unwrap());
    let other: Vec<serde_json::Value> = other.collect();
    assert_eq!(
        other,
        [
            json!({
                "title": { "@type": "html" },
                "content": { "@type": "xhtml" },
                "link": { "@rel": "related", "@href": "https://atom.example.org/x" },
                "category": { "@term": "vat", "@label": "VAT" },
                "x:score": { "@unit": "%", "#text": "7" },
            }),
            json!({ "author": { "name": "Cid Sample", "email": "c@example.org" } }),
        ]
    );
}

#[test]
fn elements_with_prefixes_of_the_feed_are_its_own() {
    let text = r#"<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>T</a:title><a:entry><a:id>1</a:id><b:id xmlns:b="urn:b">no</b:id></a:entry></a:feed>"#;
    let batches = all(text);
    has(&batches, "feed_title", &["T"]);
    has(&batches, "id", &["1"]);
    has(&batches, "other", &["{\"b:id\":\"no\"}"]);
}

#[test]
fn json_feeds_are_read_item_by_item() {
    let batches = all(JSON);
    has(&batches, "feed_title", &["JSON news"; 2]);
    has(
        &batches,
        "feed_url",
        &["https://json.example.org/feed.json"; 2],
    );
    has(&batches, "id", &["1", "2"]);
    has(&batches, "content", &["<p>html</p>", "plain"]);
    has(&batches, "authors", &["The Desk", "Dee Sample; Eve Sample"]);
    has(&batches, "categories", &["a; b", ""]);
    has(
        &batches,
        "enclosure_url",
        &["https://json.example.org/1.mp3", ""],
    );
    assert_eq!(times(&batches[0], "published_at"), [Some(DUE), None]);
    has(
        &batches,
        "other",
        &[
            "{\"_x\":{\"n\":[1.10]},\"attachments\":[{\"url\":\"https://json.example.org/1.mp3\",\"mime_type\":\"audio/mpeg\"}],\"content_text\":\"plain\"}",
            "{\"authors\":[{\"name\":\"Dee Sample\",\"url\":\"https://example.org/dee\"},{\"name\":\"Eve Sample\"}]}",
        ],
    );
}

#[test]
fn a_json_feed_may_name_itself_behind_its_items() {
    let text = r#"{"items":[{"id":"1"}],"title":"T","version":"https://jsonfeed.org/version/1"}"#;
    let (host, source) = source(text, "fail");
    has(&scan(&source, "entries", &[]).unwrap(), "feed_title", &[""]);
    assert!(host.warnings()[0].starts_with("saved/a: no version stands before the items"));
    assert_eq!(
        failure(r#"{"version":"https://jsonfeed.org/version/2","items":[]}"#),
        "saved/a, field \"version\": expected JSON Feed 1.x, found the version \"https://jsonfeed.org/version/2\""
    );
    assert!(failure(r#"{"error":"no"}"#).contains("expected a member \"items\", found none"));
}

/// The same feed with so much behind a place that what follows is not in what is looked at first.
fn far(text: &str, place: &str, start: &str, end: &str) -> String {
    let filler = "x".repeat(66_000);
    text.replacen(place, &format!("{place}{start}{filler}{end}"), 1)
}

#[test]
fn every_split_reads_the_same() {
    for text in [
        far(RSS, "<channel>", "<!--", "-->"),
        far(RDF, "<channel ", "about2=\"", "\" "),
        far(ATOM, "xml:lang=\"en\">", "<rights>", "</rights>"),
        far(JSON, "{", "\"filler\":\"", "\","),
    ] {
        let whole = all(&text);
        assert!(whole[0].num_rows() > 0);
        for chunk_bytes in [1, 2, 3, 5, 7, 11, 64, 1_000, 65_537] {
            let host = TestHost::new()
                .entry("saved", "a", &text)
                .chunk_bytes(chunk_bytes);
            let source: Feeds = open(&config("fail"), &host).unwrap();
            assert_eq!(
                scan(&source, "entries", &[]).unwrap(),
                whole,
                "{chunk_bytes}"
            );
        }
    }
}

#[test]
fn markup_behind_loose_text_is_found_at_every_split() {
    let text = "<feed>loose<title type='xhtml'><b>A</b> feed</title>\
        <entry><title type='xhtml'>loose <i>One</i></title><id>1</id></entry></feed>";
    let text = far(text, "<feed>", "<rights>", "</rights>");
    for chunk_bytes in [1, 2, 3, 5, 7, 11, 13, 17, 1 << 20] {
        let host = TestHost::new()
            .entry("saved", "a", &text)
            .chunk_bytes(chunk_bytes);
        let source: Feeds = open(&config("fail"), &host).unwrap();
        let batches = scan(&source, "entries", &[]).unwrap();
        has(&batches, "feed_title", &["<b>A</b> feed"]);
        has(&batches, "title", &["loose <i>One</i>"]);
        has(&batches, "id", &["1"]);
    }
}

#[test]
fn long_elements_that_nobody_wants_are_not_kept() {
    let filler = format!("<a>{}</a>", "x".repeat(1_000)).repeat(12_000);
    let start = RSS.find("<item>").unwrap();
    let text = format!("{}<other>{filler}</other>{}", &RSS[..start], &RSS[start..]);
    assert_eq!(all(&text), all(RSS));
}

#[test]
fn a_feed_that_is_not_whole_is_an_error_in_any_case() {
    for text in [RSS, RDF, ATOM, JSON] {
        for cut in [text.len() - 1, text.len() / 2] {
            let cut = (0..=cut)
                .rev()
                .find(|&at| text.is_char_boundary(at))
                .unwrap();
            let error = failure(&text[..cut]);
            assert!(error.starts_with("saved/a, "), "{error}");
        }
    }
}

#[test]
fn what_is_no_feed_is_an_error() {
    for (text, expected) in [
        (
            "",
            "saved/a, byte 0: expected a feed in XML or JSON, found nothing: it is empty",
        ),
        (
            "id,title\n",
            "saved/a, byte 0: expected a feed in XML or JSON, found 'i'",
        ),
        (
            "<!DOCTYPE html>\n<html><head><title>Log in</title></head></html>",
            "saved/a, byte 16: expected a feed, which is <rss>, <RDF> or <feed>, found <html>",
        ),
    ] {
        assert_eq!(failure(text), expected);
    }
}

#[test]
fn encodings_are_those_that_are_declared() {
    let text = "<?xml version='1.0' encoding='windows-1251'?><feed><entry><title type='xhtml'><b>\u{1}\u{2}</b></title><id>\u{1}</id></entry></feed>";
    // К and и.
    let bytes: Vec<u8> = text
        .bytes()
        .map(|byte| match byte {
            1 => 0xCA,
            2 => 0xE8,
            byte => byte,
        })
        .collect();
    let (_, declared) = source(&bytes, "fail");
    let batches = scan(&declared, "entries", &[]).unwrap();
    has(&batches, "title", &["<b>Ки</b>"]);
    has(&batches, "id", &["К"]);
    let undeclared = &bytes[text.find("<feed>").unwrap()..];
    failure(undeclared);
    let utf16: Vec<u8> = "\u{feff}<feed/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(failure(utf16).contains("UTF-16"));
    let marked = format!("\u{feff}{ATOM}");
    assert_eq!(all(&marked), all(ATOM));
}

#[test]
fn a_time_that_is_none_is_null_and_kept() {
    let item =
        |id: u32, date: &str| format!("<item><guid>{id}</guid><pubDate>{date}</pubDate></item>");
    let items = [
        item(1, "Mon, 01 Jan 0001 00:00:00 GMT"),
        item(2, "Sat, 31 Sep 2002 00:00:00 GMT"),
        item(3, ""),
        item(4, "soon</pubDate><pubDate>Sat, 07 Sep 2002 00:00:01 GMT"),
    ];
    let batches = all(&format!("<rss><channel>{}</channel></rss>", items.concat()));
    // `date -ud 0001-01-01 +%s`.
    let first = Some(-62_135_596_800_000_000);
    let published = times(&batches[0], "published_at");
    assert_eq!(published, [first, None, None, Some(DUE)]);
    let kept = "{\"pubDate\":\"Sat, 31 Sep 2002 00:00:00 GMT\"}";
    has(&batches, "other", &["", kept, "", "{\"pubDate\":\"soon\"}"]);
    let text = r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","date_published":"soon","date_modified":null}]}"#;
    let batches = all(text);
    assert_eq!(times(&batches[0], "published_at"), [None]);
    has(&batches, "other", &["{\"date_published\":\"soon\"}"]);
}

#[test]
fn an_author_is_named_once() {
    let authors = "<author>A</author><author>B</author><author>A</author>";
    let batches = all(&format!(
        "<rss><channel><item>{authors}</item></channel></rss>"
    ));
    has(&batches, "authors", &["A; B"]);
    has(&batches, "other", &[""]);
}

#[test]
fn items_have_trimmed_texts_and_all_attachments() {
    let text = r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":" 1 ","tags":[" a "],"attachments":[{"url":"u"},{"url":"v"}]},{"id":"2","attachments":[{"url":"u"}]},{"id":"\ud800"}]}"#;
    let (host, skipping) = source(text, "skip");
    let batches = scan(&skipping, "entries", &[]).unwrap();
    has(&batches, "id", &["1", "2"]);
    has(&batches, "categories", &["a", ""]);
    has(&batches, "enclosure_url", &["u", "u"]);
    has(
        &batches,
        "other",
        &["{\"attachments\":[{\"url\":\"u\"},{\"url\":\"v\"}]}", ""],
    );
    let why = host.skipped()[0].1.to_string();
    assert!(
        why.contains("record 3, ") && why.contains("field \"id\": "),
        "{why}"
    );
}

#[test]
fn bad_items_fail_or_are_left_out() {
    let text = r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":"1"},7,{"id":"2","id":"3"},{"id":{}},{"id":"4","tags":["a",5]}]}"#;
    let (host, skipping) = source(text, "skip");
    let batches = scan(&skipping, "entries", &["id", "categories", "other"]).unwrap();
    has(&batches, "id", &["1", "4"]);
    has(&batches, "categories", &["", "a"]);
    has(&batches, "other", &["", "{\"tags\":[\"a\",5]}"]);
    assert_eq!(host.skipped()[0].0, 3);
    let (_, failing) = source(text, "fail");
    let error = scan(&failing, "entries", &["id"]).unwrap_err().to_string();
    assert!(error.starts_with("saved/a, record 2, byte 64: "), "{error}");
}

#[test]
fn what_comes_twice_is_kept() {
    let item = "<item><guid>1</guid><title>A</title><title>B</title><title>A</title><link>u</link><x/><x>2</x><p>a <b>c</b> d</p></item>";
    let text = format!("<rss><channel>{item}{item}<title>late</title></channel></rss>");
    let batches = all(&text);
    has(&batches, "id", &["1", "1"]);
    has(&batches, "title", &["A", "A"]);
    has(&batches, "feed_title", &["", ""]);
    let expected = json!({ "p": { "#markup": "a <b>c</b> d" }, "title": "B", "x": ["", "2"] });
    for other in texts(&batches, "other") {
        let other: serde_json::Value = serde_json::from_str(&other.unwrap()).unwrap();
        assert_eq!(other, expected);
    }
}

#[test]
fn files_may_differ_in_their_elements() {
    let rss =
        |inside: &str| format!("<rss><channel><item><guid>1</guid>{inside}</item></channel></rss>");
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","title":"C"}]}"#;
    let host = TestHost::new()
        .entry("saved", "a", rss("<title>A</title>"))
        .entry("saved", "b", rss("<g:lat xmlns:g=\"urn:g\">49.8</g:lat>"))
        .entry("saved", "c", json);
    let source: Feeds = open(&config("fail"), &host).unwrap();
    let batches = scan(&source, "entries", &["id", "title", "other", "source"]).unwrap();
    has(&batches, "id", &["1"; 3]);
    has(&batches, "title", &["A", "", "C"]);
    has(&batches, "other", &["", "{\"g:lat\":\"49.8\"}", ""]);
    has(&batches, "source", &["saved/a", "saved/b", "saved/c"]);
}

#[test]
fn predicates_and_limits_are_taken() {
    let items: String = (0..50)
        .map(|i| format!("<item><guid>n{i}</guid></item>"))
        .collect();
    let (_, source) = source(format!("<rss><channel>{items}</channel></rss>"), "fail");
    let table = find(&source, "entries").unwrap();
    let pattern = Arc::new(arrow_array::StringArray::from(vec!["%7"]));
    let request = Request {
        table: "entries".to_owned(),
        columns: vec![table.columns.index_of("record").unwrap()],
        predicates: vec![predicate(&table, "id", Operator::Like, pattern).unwrap()],
        limit: Some(3),
        batch_rows: 2,
        partitions: 1,
    };
    let batches = scan_request(&source, &request).unwrap();
    let rows: Vec<_> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [2, 1]);
    let record = batches[1].column(0).as_primitive::<Int64Type>();
    assert_eq!(record.values(), &[28]);
}

/// A line with some fields filled.
fn line(fields: &[(usize, &str)]) -> String {
    let mut line = [""; 61];
    for &(at, field) in fields {
        line[at] = field;
    }
    line.join("\t")
}

fn event(id: &str) -> String {
    line(&[
        (0, id),
        (1, "20171202"),
        (2, "201712"),
        (3, "2017"),
        (4, "2017.9096"),
        (5, "COP"),
        (6, "POLICE"),
        (25, "1"),
        (26, "043"),
        (30, "-2.8"),
        (36, "Зразків"),
        (40, "38.4623"),
        (42, "MO"),
        (59, "20180101000001"),
        (60, "https://news.example.org/1"),
    ])
}

#[test]
fn a_file_without_events_is_refused() {
    let (_, empty) = source("", "skip");
    let error = scan(&empty, "gdelt_events", &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("byte 0: expected events, found an empty file"),
        "{error}"
    );
}

#[test]
fn gdelt_is_typed() {
    let text = format!("{}\n{}\r\n", event("719024875"), line(&[(0, "2")]));
    for chunk_bytes in (1..100).chain([1 << 20]) {
        let host = TestHost::new()
            .entry("saved", "a", &text)
            .chunk_bytes(chunk_bytes);
        let source: Feeds = open(&config("fail"), &host).unwrap();
        let batches = scan(&source, "gdelt_events", &[]).unwrap();
        assert_eq!((batches[0].num_columns(), batches[0].num_rows()), (63, 2));
        let column = |name: &str| Arc::clone(batches[0].column_by_name(name).unwrap());
        let ids = column("global_event_id");
        assert_eq!(ids.as_primitive::<Int64Type>().values(), &[719_024_875, 2]);
        let days = column("sql_date");
        // Python: (date(2017, 12, 2) - date(1970, 1, 1)).days.
        assert_eq!(days.as_primitive::<Date32Type>().value(0), 17_502);
        let scale = column("goldstein_scale");
        assert_eq!(scale.as_primitive::<Float64Type>().value(0), -2.8);
        assert!(days.is_null(1) && scale.is_null(1));
        // `date -ud '2018-01-01 00:00:01' +%s`.
        let added = times(&batches[0], "date_added");
        assert_eq!(added, [Some(1_514_764_801_000_000), None]);
        has(&batches, "event_code", &["043", ""]);
        has(&batches, "actor1_geo_full_name", &["Зразків", ""]);
        has(&batches, "actor1_geo_feature_id", &["MO", ""]);
        has(&batches, "source_url", &["https://news.example.org/1", ""]);
        has(&batches, "source", &["saved/a"; 2]);
    }
}

#[test]
fn bad_lines_fail_or_are_left_out() {
    let good = event("1");
    let lines = [
        good.clone(),
        format!("{good}\t"),
        String::new(),
        line(&[(1, "20170230")]),
        line(&[(0, "1.5")]),
        line(&[(40, "inf")]),
        line(&[(59, "20180101240000")]),
        line(&[(1, "00010101")]),
    ];
    let text = format!("{}\n", lines.join("\n"));
    let (_, failing) = source(&text, "fail");
    let error = scan(&failing, "gdelt_events", &[]).unwrap_err();
    let byte = good.len() + 1;
    assert_eq!(
        error.to_string(),
        format!("saved/a, record 2, byte {byte}: expected 61 fields, found 62")
    );
    let (host, skipping) = source(&text, "skip");
    let batches = scan(&skipping, "gdelt_events", &[]).unwrap();
    let records = batches[0].column_by_name("record").unwrap();
    assert_eq!(records.as_primitive::<Int64Type>().values(), &[1, 8]);
    let (count, first) = host.skipped().remove(0);
    assert_eq!((count, first.to_string()), (6, error.to_string()));
    // Of the rest, two have another number of fields, whatever is asked for.
    let batches = scan(&skipping, "gdelt_events", &["event_code"]).unwrap();
    assert_eq!(batches[0].num_rows(), 6);
}

/// An event that comes twice is two rows, and a line of another edition, which has 58 fields, is none.
#[test]
fn lines_of_another_edition_are_bad() {
    let host = TestHost::new()
        .entry("saved", "a", format!("{0}\n{0}\n", event("1")))
        .entry("saved", "b", format!("1{}\n", "\t".repeat(57)));
    let failing: Feeds = open(&config("fail"), &host).unwrap();
    let error = scan(&failing, "gdelt_events", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "saved/b, record 1, byte 0: expected 61 fields, found 58"
    );
    let skipping: Feeds = open(&config("skip"), &host).unwrap();
    let batches = scan(&skipping, "gdelt_events", &["global_event_id"]).unwrap();
    assert_eq!(batches.len(), 1);
    let ids = batches[0].column(0).as_primitive::<Int64Type>();
    assert_eq!(ids.values(), &[1, 1]);
    assert_eq!(host.skipped()[0].0, 1);
}

#[test]
fn a_file_of_events_that_is_not_whole_is_an_error_in_any_case() {
    let text = format!("{}\n{}", event("1"), event("2"));
    let (host, whole) = source(&text, "skip");
    assert_eq!(scan(&whole, "gdelt_events", &[]).unwrap()[0].num_rows(), 2);
    assert_eq!(
        host.warnings(),
        ["saved/a: the last line has no end, so the file may be cut off"]
    );
    let (_, cut) = source(&text[..text.len() - 100], "skip");
    let error = scan(&cut, "gdelt_events", &[]).unwrap_err().to_string();
    assert!(
        error.ends_with(", and the file ends here: it is not complete"),
        "{error}"
    );
    let long = "x".repeat((1 << 20) + 1);
    let (_, long) = source(&long, "skip");
    let error = scan(&long, "gdelt_events", &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "saved/a, record 1, byte 0: a line may have 1048576 bytes, this one has more"
    );
}

#[test]
fn events_are_in_utf_8() {
    let line = event("1");
    let marked = format!("\u{feff}{line}\n");
    let (_, marked) = source(&marked, "fail");
    let batches = scan(&marked, "gdelt_events", &["source_url"]).unwrap();
    has(&batches, "source_url", &["https://news.example.org/1"]);
    let mut bytes = format!("{line}\n").into_bytes();
    let at = line.find('З').unwrap();
    bytes[at] = 0xFF;
    let (_, other) = source(&bytes, "fail");
    let error = scan(&other, "gdelt_events", &[]).unwrap_err().to_string();
    assert!(
        error.contains("field \"actor1_geo_full_name\": expected text in UTF-8"),
        "{error}"
    );
    let utf16: Vec<u8> = format!("\u{feff}{line}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (_, utf16) = source(&utf16, "skip");
    let error = scan(&utf16, "gdelt_events", &[]).unwrap_err().to_string();
    assert!(error.contains("UTF-16"), "{error}");
}

const URL: &str = "https://live.example.org/feed?key=k";
const SHOWN: &str = "https://live.example.org/feed";

fn live() -> serde_json::Value {
    json!({ "entries": { "feeds": [{ "url": URL, "name": "live" }] } })
}

#[test]
fn live_feeds_are_partitions_of_their_own() {
    let host = TestHost::new().entry("saved", "a", RSS).http(URL, 200, RDF);
    let config =
        json!({ "entries": { "feeds": [{ "url": URL, "name": "live" }, { "input": "saved" }] } });
    let source: Feeds = open(&config, &host).unwrap();
    let batches = scan(&source, "entries", &[]).unwrap();
    has(&batches, "source", &["live", "saved/a", "saved/a"]);
    has(&batches[..1], "feed_url", &[SHOWN]);
    let request = &host.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        ("GET", URL)
    );
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["accept", "accept-encoding"]);
}

#[test]
fn another_answer_is_an_error_with_its_url() {
    for (status, body, expected) in [
        (
            404,
            "",
            "expected a successful answer, found the HTTP status 404",
        ),
        (
            503,
            "",
            "expected a successful answer, found the HTTP status 503",
        ),
        (204, "", "expected a feed, found the HTTP status 204"),
        (304, "", "expected a feed, found the HTTP status 304"),
        (
            200,
            "",
            "expected a feed in XML or JSON, found nothing: it is empty",
        ),
        (
            200,
            "<html/>",
            "expected a feed, which is <rss>, <RDF> or <feed>, found <html>",
        ),
        (200, "{\"a\":1}", "expected a member \"items\", found none"),
    ] {
        let host = TestHost::new().http(URL, status, body);
        let source: Feeds = open(&live(), &host).unwrap();
        let error = scan(&source, "entries", &[]).unwrap_err().to_string();
        assert!(
            error.starts_with(SHOWN) && error.ends_with(expected),
            "{error}"
        );
    }
}

#[test]
fn a_configuration_without_sense_is_refused() {
    let host = TestHost::new();
    let why = |config| open::<Feeds>(&config, &host).err().unwrap().to_string();
    let feeds = |feeds: serde_json::Value| json!({ "entries": { "feeds": feeds } });
    for (config, expected) in [
        (
            json!({}),
            "expected at least one of entries and gdelt_events, found neither",
        ),
        (feeds(json!([])), "expected at least one feed, found none"),
        (
            feeds(json!([{}])),
            "expected either input or url, found neither",
        ),
        (
            feeds(json!([{ "input": "a", "url": URL }])),
            "expected either input or url, found both",
        ),
        (
            feeds(json!([{ "input": "a", "name": "b" }])),
            "expected no name beside an input, found one",
        ),
        (
            feeds(json!([{ "url": "ftp://x" }])),
            "expected an http or https URL without a fragment, found \"ftp://x\"",
        ),
        (
            feeds(json!([{ "url": URL }, { "url": SHOWN }])),
            "expected a name of its own for each feed, found \"https://live.example.org/feed\" twice",
        ),
        (feeds(json!([{ "file": "a" }])), "unknown field `file`"),
    ] {
        let found = why(config);
        assert!(found.contains(expected), "{found}");
    }
    let only: Feeds = open(&json!({ "gdelt_events": { "input": "a" } }), &host).unwrap();
    assert_eq!(only.tables().unwrap().len(), 1);
    assert_eq!(
        scan(&only, "entries", &[]).unwrap_err().to_string(),
        "there is no table \"entries\""
    );
}
