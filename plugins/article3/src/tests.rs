//! Rules against texts of every language, and the functions through the SDK's calls. The texts, people
//! and countries are invented.

use crate::call::{Flags, Review, rules};
use crate::flags::{Finder, Flag, NOTE, PLACES_MAX};
use crate::rules::TEXT_RULES;
use crate::words::{Language, Words};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_array::cast::AsArray;
use arrow_array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    RecordBatchOptions, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow_schema::Schema;
use sextant_plugin_sdk::testing::{call, call_table};
use sextant_plugin_sdk::{Arguments, Progress, Result, Scalar, Signature, TableFunction};
use std::collections::BTreeSet;
use std::sync::Arc;

fn flags(text: &str) -> Vec<Flag> {
    Finder::new().flags(text, None)
}

/// The rules that speak for an Article 3 concern in a text.
fn concerns(text: &str) -> Vec<&'static str> {
    let flags = flags(text).into_iter().map(|flag| flag.rule());
    flags
        .filter(|rule| rule.bearing == "for")
        .map(|rule| rule.id)
        .collect()
}

/// A text for each rule in each language, in a form that is not the one in a dictionary.
const FOUND: [(Language, &[(&str, &str)]); 3] = [
    (
        Language::English,
        &[
            ("membership", "He is a member of a banned organisation."),
            ("extremism", "extremist materials"),
            ("treason", "charged with high treason"),
            ("espionage", "accused of espionage"),
            ("overthrow", "an attempted coup d'état"),
            ("separatism", "calls that violate territorial integrity"),
            ("state-secrets", "disclosed state secrets"),
            (
                "insult-authorities",
                "insulting the President of the Republic",
            ),
            ("discrediting-army", "discrediting the armed forces"),
            ("opinion-and-press", "spreading false rumours"),
            ("protest", "organising unauthorised rallies"),
            ("political-activity", "a politically motivated case"),
            ("desertion", "deserted from his unit"),
            ("draft-evasion", "evasion of military service"),
            ("military-orders", "disobeyed an order of his commander"),
            ("blasphemy", "insulting religious feelings"),
            ("religious-practice", "Jehovah's Witnesses"),
            ("race-or-ethnicity", "because of his ethnicity"),
            ("incitement-of-hatred", "inciting religious hatred"),
            ("politician", "a former minister of finance"),
            ("journalist", "an investigative journalist"),
            ("activist", "a human rights defender"),
            ("refugee", "he was granted asylum"),
            ("refused-elsewhere", "his extradition was refused"),
            ("violence", "murdered two people"),
            ("weapons-or-explosives", "an explosive device"),
            ("terrorist-act", "a terrorist attack"),
            ("international-crime", "war crimes"),
            ("organised-crime", "an organised criminal group"),
            ("trafficking", "trafficking in persons"),
            ("property-or-office", "embezzlement of funds"),
        ],
    ),
    (
        Language::Ukrainian,
        &[
            ("membership", "участь у діяльності забороненої організації"),
            ("extremism", "виготовлення екстремістських матеріалів"),
            ("treason", "у вчиненні державної зради"),
            ("espionage", "за шпигунство на користь іншої держави"),
            ("overthrow", "заклики до повалення конституційного ладу"),
            ("separatism", "посягання на територіальну цілісність"),
            ("state-secrets", "розголошення державної таємниці"),
            ("insult-authorities", "образа представника влади"),
            ("discrediting-army", "дискредитація збройних сил"),
            ("opinion-and-press", "поширення неправдивої інформації"),
            ("protest", "участь у несанкціонованому мітингу"),
            ("political-activity", "через політичну діяльність"),
            ("desertion", "самовільне залишення військової частини"),
            ("draft-evasion", "ухилення від призову за мобілізацією"),
            ("military-orders", "непокора командирові"),
            ("blasphemy", "образа релігійних почуттів"),
            ("religious-practice", "Свідків Єгови"),
            ("race-or-ethnicity", "за ознакою раси"),
            (
                "incitement-of-hatred",
                "розпалювання міжнаціональної ворожнечі",
            ),
            ("politician", "екс-прем'єр-міністра"),
            ("journalist", "журналісткою видання"),
            ("activist", "громадську активістку"),
            ("refugee", "отримав статус біженця"),
            ("refused-elsewhere", "відмовлено в екстрадиції"),
            ("violence", "умисне вбивство двох осіб"),
            ("weapons-or-explosives", "вибухового пристрою"),
            ("terrorist-act", "вчинення терористичного акту"),
            ("international-crime", "воєнних злочинів"),
            ("organised-crime", "у складі злочинної організації"),
            ("trafficking", "збут наркотичних засобів"),
            ("property-or-office", "обвинувачений у шахрайстві"),
        ],
    ),
    (
        Language::Russian,
        &[
            (
                "membership",
                "участие в деятельности запрещённой организации",
            ),
            ("extremism", "распространение экстремистских материалов"),
            ("treason", "государственную измену"),
            ("espionage", "обвиняется в шпионаже"),
            ("overthrow", "призывы к захвату государственной власти"),
            ("separatism", "нарушение территориальной целостности"),
            ("state-secrets", "разглашение государственной тайны"),
            ("insult-authorities", "оскорбление представителя власти"),
            ("discrediting-army", "дискредитация вооружённых сил"),
            ("opinion-and-press", "публичные призывы"),
            ("protest", "участие в несанкционированном митинге"),
            ("political-activity", "политическую деятельность"),
            ("desertion", "самовольное оставление части"),
            ("draft-evasion", "уклонение от прохождения военной службы"),
            ("military-orders", "неисполнение приказа командира"),
            ("blasphemy", "оскорбление чувств верующих"),
            ("religious-practice", "свидетелей Иеговы"),
            (
                "race-or-ethnicity",
                "по признаку национальной принадлежности",
            ),
            ("incitement-of-hatred", "возбуждение ненависти либо вражды"),
            ("politician", "бывшего депутата"),
            ("journalist", "редактором и журналистом"),
            ("activist", "правозащитницей"),
            ("refugee", "политического убежища"),
            ("refused-elsewhere", "отказано в экстрадиции"),
            ("violence", "убийстве двух лиц"),
            ("weapons-or-explosives", "взрывное устройство"),
            ("terrorist-act", "террористического акта"),
            ("international-crime", "военные преступления"),
            ("organised-crime", "преступного сообщества"),
            ("trafficking", "сбыт наркотиков"),
            ("property-or-office", "получение взятки"),
        ],
    ),
];

#[test]
fn every_rule_is_found_in_every_language() {
    let finder = Finder::new();
    for (language, texts) in FOUND {
        for (rule, text) in texts {
            for wanted in [Some(language), None] {
                let flags = finder.flags(text, wanted);
                assert!(
                    flags
                        .iter()
                        .any(|flag| flag.rule().id == *rule && flag.language == language),
                    "{rule} in {text:?}: {flags:?}"
                );
            }
        }
        let tried: BTreeSet<_> = texts.iter().map(|(rule, _)| *rule).collect();
        let rules: BTreeSet<_> = TEXT_RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(tried, rules, "{language:?}");
    }
}

#[test]
fn what_only_sounds_alike_is_no_concern() {
    for text in [
        "The party to the contract failed to deliver the goods.",
        "A third party and both parties to the agreement were heard.",
        "A military truck was stolen from the depot.",
        "A religious building was burgled.",
        "He drove a race car to the race.",
        "He was found in the desert near a deserted house.",
        "Desertion of his two children.",
        "Industrial espionage against a manufacturer.",
        "The refugee centre was robbed.",
        "The murder of a journalist and an attack on the former minister.",
        "A former president of the company signed the cheque.",
        "Membership of a criminal organisation.",
        "He refused to surrender his passport; the eviction notice was cancelled.",
        "They seized power tools and cables.",
        "Ухилення від сплати військового збору",
        "Зміни до державного бюджету",
        "Політика конфіденційності сайту",
        "Відмова у видачі кредиту",
        "Вбивство журналіста у місті",
        "Крадіжка з притулку для тварин",
        "Изменение государственной границы участка",
        "Таким образом суд установил",
        "Отказ в выдаче займа",
        "Уклонение от уплаты налогов военной базой",
        "Убийство журналистки",
    ] {
        assert_eq!(concerns(text), Vec::<&str>::new(), "{text}");
    }
    // The same people as wanted persons are flagged.
    assert_eq!(
        concerns("Журналіст обвинувачується у вбивстві"),
        ["journalist"]
    );
    assert_eq!(
        concerns("The wanted journalist is accused of murder"),
        ["journalist"]
    );
}

#[test]
fn signs_of_an_ordinary_crime_stand_beside() {
    let found = flags("He is charged with treason, and with the murder of two guards by a bomb.");
    let found: Vec<_> = found
        .iter()
        .map(|flag| (flag.rule().id, flag.rule().bearing, flag.matched.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("treason", "for", "treason"),
            ("violence", "against", "murder"),
            ("weapons-or-explosives", "against", "bomb"),
        ]
    );
}

#[test]
fn spans_are_characters_of_the_text() {
    let texts = FOUND.iter().flat_map(|(_, texts)| *texts);
    for text in texts.map(|(_, text)| format!("  «Ї»… — {text}, №\u{a0}1\n")) {
        let flags = flags(&text);
        assert!(!flags.is_empty(), "{text}");
        for flag in flags {
            let characters = text.chars().skip(flag.start - 1).take(flag.length);
            assert_eq!(characters.collect::<String>(), flag.matched);
        }
    }
    // One in front, as substr('x treason', 3, 7).
    let flag = &flags("x treason")[0];
    assert_eq!((flag.start, flag.length), (3, 7));
}

#[test]
fn writing_does_not_matter() {
    for text in [
        "ДЕРЖАВНА ЗРАДА",
        "державна\nзрада",
        "державна,\r\n   зрада",
        "держав-\nна зрада",
        "держав-\r\n    на зра\u{ad}да",
        "державна\u{a0}зрада",
        "держа\u{301}вна зра\u{301}да",
        "держ\u{61}вн\u{61} зр\u{61}да",
        "«державна» (зрада)",
    ] {
        assert_eq!(concerns(text), ["treason"], "{text:?}");
    }
    for apostrophe in ["'", "’", "ʼ", "`", "‘", "´", ""] {
        let text = format!("колишній прем{apostrophe}єр");
        assert_eq!(concerns(&text), ["politician"], "{text}");
    }
    // Composed and decomposed letters.
    assert_eq!(concerns("політичної партії"), ["political-activity"]);
    assert_eq!(
        concerns("політичноі\u{308} партіі\u{308}"),
        ["political-activity"]
    );
    assert_eq!(concerns("государственной тайны"), ["state-secrets"]);
    assert_eq!(
        concerns("государственнои\u{306} таи\u{306}ны"),
        ["state-secrets"]
    );
    assert_eq!(
        concerns("дискредитация вооружённых сил"),
        ["discrediting-army"]
    );
    assert_eq!(
        concerns("дискредитация вооруженных сил"),
        ["discrediting-army"]
    );
}

#[test]
fn a_pattern_stays_within_a_sentence_and_a_few_words() {
    assert_eq!(
        concerns("He insulted, they say, the president"),
        ["insult-authorities"]
    );
    assert_eq!(
        concerns("He insulted a man. The president was away"),
        Vec::<&str>::new()
    );
    assert_eq!(
        concerns("He insulted a man\n\nThe president was away"),
        Vec::<&str>::new()
    );
    assert_eq!(
        concerns("He insulted a man who had once met the president"),
        Vec::<&str>::new()
    );
    let far = format!("state{}secrets", " ".repeat(200));
    assert_eq!(concerns(&far), Vec::<&str>::new());
}

#[test]
fn languages_are_found_or_given() {
    let language = |text: &str| flags(text)[0].language.code();
    assert_eq!(language("державна зрада і обман"), "uk");
    assert_eq!(language("сепаратизм: вы обвиняетесь"), "ru");
    assert_eq!(language("treason"), "en");
    // A word of both, in a text without letters of either.
    assert_eq!(language("дезертирство"), "uk");
    let both = flags("«государственная измена» (державна зрада); in English: treason");
    let both: Vec<_> = both.iter().map(|flag| flag.language.code()).collect();
    assert_eq!(both, ["ru", "uk", "en"]);
    let finder = Finder::new();
    assert!(
        finder
            .flags("державна зрада", Some(Language::Russian))
            .is_empty()
    );
    assert_eq!(
        finder.flags("дезертирство", Some(Language::Russian))[0]
            .language
            .code(),
        "ru"
    );
}

#[test]
fn a_rule_is_counted_in_every_place_and_shown_in_the_first() {
    let words = 100_000;
    let text = "treason, державна зрада; ".repeat(words);
    let started = std::time::Instant::now();
    let flags = flags(&text);
    // Far beyond what it takes, and far below what a quadratic algorithm would.
    assert!(started.elapsed().as_secs() < 60);
    assert_eq!(flags.len(), PLACES_MAX);
    assert!(flags.iter().all(|flag| flag.occurrences == 2 * words));
    // One word without an end, and white space without an end.
    let endless = format!("зрада{}", "а".repeat(1_000_000));
    assert_eq!(Words::new(&endless).len(), 0);
    let hyphens = "-\n ".repeat(1_000_000);
    assert_eq!(Words::new(&hyphens).len(), 0);
}

#[test]
fn the_table_of_rules_is_sound() {
    let ukrainian = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'";
    let russian = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя";
    let english = "abcdefghijklmnopqrstuvwxyzé'";
    let mut ids = BTreeSet::new();
    for rule in crate::rules::all() {
        assert!(ids.insert(rule.id), "{} stands twice", rule.id);
        assert!(["for", "against"].contains(&rule.bearing), "{}", rule.id);
        assert!(
            ["review", "review first"].contains(&rule.review),
            "{}",
            rule.id
        );
        assert!(
            !rule.reason.is_empty() && !rule.source.is_empty(),
            "{}",
            rule.id
        );
    }
    for rule in TEXT_RULES {
        for (letters, patterns) in [
            (english, rule.english),
            (ukrainian, rule.ukrainian),
            (russian, rule.russian),
        ] {
            assert!(!patterns.is_empty(), "{}", rule.id);
            for pattern in patterns {
                let known = |c: char| letters.contains(c) || " |*.".contains(c);
                assert!(pattern.chars().all(known), "{}: {pattern}", rule.id);
            }
        }
        for pattern in [rule.english, rule.ukrainian, rule.russian, rule.except].concat() {
            for form in pattern.split([' ', '|']).filter(|form| *form != "..") {
                let stem = form.strip_suffix('*');
                let letters = stem.unwrap_or(form);
                assert!(
                    letters.chars().all(|c| c.is_alphabetic() || c == '\''),
                    "{}: {form:?}",
                    rule.id
                );
                let least = if stem.is_some() { 4 } else { 1 };
                assert!(
                    letters.chars().count() >= least,
                    "{}: {form:?} is too short",
                    rule.id
                );
            }
        }
    }
}

/// A function of text and language on columns.
fn scalar(texts: ArrayRef, languages: &[Option<&str>]) -> Result<Vec<Option<String>>> {
    let languages: ArrayRef = Arc::new(StringArray::from_iter(languages));
    let flags = call(&Flags, vec![texts, languages])?;
    let flags = flags.as_string::<i32>().iter();
    Ok(flags.map(|flags| flags.map(str::to_owned)).collect())
}

#[test]
fn flags_are_json_and_null_stays_null() {
    let texts = [Some("Дезертирство"), None, Some(""), Some("treason")];
    let layouts: [ArrayRef; 3] = [
        Arc::new(StringArray::from_iter(texts)),
        Arc::new(LargeStringArray::from_iter(texts)),
        Arc::new(StringViewArray::from_iter(texts)),
    ];
    let desertion = concat!(
        r#"[{"category":"military","rule":"desertion","bearing":"for","review":"review first","#,
        r#""reason_for_review":"desertion is a purely military offence","language":"uk","span_start":1,"span_length":12,"#,
        r#""matched_text":"Дезертирство","occurrences":1,"source":"INTERPOL AGN/53/RES/7 (1984), offences by their nature","#,
        r#""note":"for human review only, not a decision"}]"#
    );
    for texts in layouts {
        let found = scalar(texts, &[Some("uk"), None, Some("auto"), Some("RU")]).unwrap();
        let expected = [Some(desertion), None, Some("[]"), Some("[]")];
        assert_eq!(found, expected.map(|flags| flags.map(str::to_owned)));
    }
    let error = scalar(Arc::new(StringArray::from(vec!["treason"])), &[Some("de")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field \"language\": expected a language (auto, uk, ru, en), found \"de\""
    );
    let none = scalar(Arc::new(StringArray::from(Vec::<&str>::new())), &[]).unwrap();
    assert!(none.is_empty());
}

#[test]
fn the_rules_are_shown() {
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let row =
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let signature = Signature {
        fields: Vec::new(),
        constants: Vec::new(),
    };
    let shown = rules()
        .bind(&signature)
        .unwrap()
        .invoke(&Arguments::new(&[], &row))
        .unwrap();
    let shown: serde_json::Value = serde_json::from_str(shown.as_string::<i32>().value(0)).unwrap();
    assert_eq!(shown.as_array().unwrap().len(), TEXT_RULES.len() + 4);
}

const COLUMNS: [&str; 8] = [
    "id",
    "requester",
    "subject",
    "charge",
    "text",
    "requested_at",
    "status",
    "refused_at",
];

/// Rows with a bar between cells, of which an empty one is null.
fn requests<S: AsRef<str>>(rows: &[S]) -> RecordBatch {
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.as_ref().split('|').collect())
        .collect();
    let columns = COLUMNS.iter().enumerate().map(|(i, name)| {
        let cells = rows
            .iter()
            .map(|row| Some(row[i]).filter(|cell| !cell.is_empty()));
        let values: ArrayRef = Arc::new(cells.collect::<StringArray>());
        (*name, values, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn constants(language: &str, share: f64, count: i64) -> Vec<ArrayRef> {
    vec![
        Arc::new(StringArray::from(vec![language])),
        Arc::new(Float64Array::from(vec![share])),
        Arc::new(Int64Array::from(vec![count])),
    ]
}

fn review(rows: RecordBatch) -> Result<Vec<RecordBatch>> {
    call_table(&Review, vec![rows], constants("auto", 0.5, 3))
}

/// Some columns of all rows, with a bar between and `null` for nulls.
fn lines(batches: &[RecordBatch], columns: &[&str]) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let mut lines = Vec::new();
    for batch in batches {
        let columns = columns.iter().map(|name| {
            let column = batch.column_by_name(name).unwrap();
            ArrayFormatter::try_new(column, &options).unwrap()
        });
        let columns: Vec<_> = columns.collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<_> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            lines.push(cells.join("|"));
        }
    }
    lines
}

/// The flags of requests that show only across them.
fn across<S: AsRef<str>>(rows: &[S], columns: &[&str]) -> Vec<String> {
    let columns: Vec<_> = ["field"]
        .into_iter()
        .chain(columns.iter().copied())
        .collect();
    let lines = lines(&review(requests(rows)).unwrap(), &columns);
    let across = lines
        .iter()
        .filter_map(|line| line.strip_prefix("requests|"));
    across.map(str::to_owned).collect()
}

#[test]
fn charge_and_text_are_flagged_with_where_and_why() {
    let rows = [
        "r2|Country B|Person Two|шахрайство||2024-01-01||",
        "r1|Country A|Person One|high treason|  He killed a guard.|2024-01-01||",
    ];
    let batches = review(requests(&rows)).unwrap();
    let columns = [
        "request_id",
        "requester",
        "subject",
        "category",
        "rule",
        "bearing",
        "review",
    ];
    assert_eq!(
        lines(&batches, &columns),
        [
            "r1|Country A|Person One|political|treason|for|review first",
            "r1|Country A|Person One|ordinary law|violence|against|review",
            "r2|Country B|Person Two|ordinary law|property-or-office|against|review",
        ]
    );
    let columns = [
        "field",
        "language",
        "span_start",
        "span_length",
        "matched_text",
        "occurrences",
    ];
    assert_eq!(
        lines(&batches, &columns),
        [
            "charge|en|6|7|treason|1",
            "text|en|6|6|killed|1",
            "charge|uk|1|10|шахрайство|1"
        ]
    );
}

#[test]
fn every_row_says_what_it_is_for() {
    let batches = review(requests(&[
        "r1|A|P|treason|desertion and murder|2024-01-01|refused|",
    ]))
    .unwrap();
    let rows = lines(&batches, &["note", "reason_for_review"]);
    assert_eq!(rows.len(), 3);
    for row in rows {
        let reason = row.strip_prefix(NOTE).unwrap();
        assert!(reason.len() > 1, "{row}");
    }
    let schema = batches[0].schema();
    for field in schema.fields() {
        let name = field.name();
        assert!(
            !name.contains("score") && !name.contains("decision"),
            "{name}"
        );
    }
}

#[test]
fn a_subject_that_comes_again_after_a_refusal_is_flagged() {
    let rows = [
        "r1|Country A|Person One|fraud||2023-01-10|refused|2023-03-01",
        // Before the refusal.
        "r2|Country B|Person One|fraud||2023-02-01||",
        // Written otherwise, with another charge, and refused on a day that nobody knows.
        "r3|country a|PERSON, one|theft||2023-04-01|Rejected|",
        "r4|Country B|Person One|theft||2023-05-01||",
        "r5||Person One|||2023-06-01||",
        "r6|Country A|Person Two|fraud||2023-06-01||",
        // Without a day it comes after nothing.
        "r7|Country A|Person One|fraud||||",
    ];
    assert_eq!(
        across(
            &rows,
            &["request_id", "rule", "category", "review", "occurrences"]
        ),
        [
            "r3|again-same-requester|circumvention|review first|1",
            "r3|again-other-charge|circumvention|review first|1",
            "r4|again-other-requester|circumvention|review first|2",
            "r5|again-other-requester|circumvention|review first|2",
        ]
    );
    assert_eq!(
        across(&rows, &["reason_for_review"]),
        [
            "requested again by the same requester: 1 earlier request for this subject was refused, the last one r1 of Country A, on 2023-03-01",
            "requested again with another charge than the last that was refused: 1 earlier request for this subject was refused, the last one r1 of Country A, on 2023-03-01",
            "requested again by another requester: 2 earlier requests for this subject were refused, the last one r3 of country a, on a day that is not given",
            "requested again, whether by the same requester is not known: 2 earlier requests for this subject were refused, the last one r3 of country a, on a day that is not given",
        ]
    );
}

#[test]
fn both_own_and_other_refusals_are_flagged() {
    let rows = [
        "r1|B|Person One|fraud||2023-01-01|refused|2023-01-02",
        "r2|A|Person One|fraud||2023-02-01|refused|2023-02-02",
        "r3|A|Person One|fraud||2023-03-01|refused|2023-03-02",
        "r4|A|Person One|fraud||2023-04-01||",
    ];
    let found = across(&rows, &["request_id", "rule", "occurrences"]);
    let of_last: Vec<_> = found.iter().filter(|line| line.starts_with("r4")).collect();
    assert_eq!(
        of_last,
        ["r4|again-same-requester|2", "r4|again-other-requester|1"]
    );
}

#[test]
fn a_requester_that_is_refused_often_is_shown_with_counts() {
    let rows = [
        "r1|Country A|||||refused|",
        "r2|Country A|||||відмовлено|",
        "r3|COUNTRY A|||||Denied|",
        "r4|Country A|||||published|",
        "r5|Country B|||||refused|",
        "r6||||||refused|",
    ];
    let found = across(
        &rows,
        &[
            "request_id",
            "rule",
            "category",
            "review",
            "reason_for_review",
        ],
    );
    let reason = "3 of the 4 requests of this requester that are given here were refused; it says nothing of this one";
    let expected = ["r1", "r2", "r3", "r4"]
        .map(|id| format!("{id}|requester-refused-often|requester history|review|{reason}"));
    assert_eq!(found, expected);
    let count = |share: f64, count: i64| {
        let rows = vec![requests(&rows)];
        let batches = call_table(&Review, rows, constants("auto", share, count)).unwrap();
        lines(&batches, &["rule"]).len()
    };
    assert_eq!(count(0.75, 3), 4);
    assert_eq!(count(0.76, 3), 0);
    assert_eq!(count(0.5, 4), 0);
    // Country B: 1 of 1. Who is not named has no history.
    assert_eq!(count(0.5, 1), 5);
}

/// Requests of four requesters for five subjects, with days and refusals that fall as they may.
fn many() -> Vec<String> {
    const REQUESTERS: [&str; 4] = ["Country A", "Country B", "Country C", ""];
    const SUBJECTS: [&str; 5] = ["Person One", "Person Two", "Person Three", "person one", ""];
    const CHARGES: [&str; 3] = ["treason", "крадіжка", ""];
    const STATUSES: [&str; 3] = ["refused", "", "published"];
    let day = |i: usize| match i % 7 {
        0 => String::new(),
        month => format!("2023-0{month}-01"),
    };
    let row = |i: usize| {
        format!(
            "r{}|{}|{}|{}|дезертирство і вбивство|{}|{}|{}",
            i % 12,
            REQUESTERS[i * 7 % 11 % 4],
            SUBJECTS[i * 5 % 13 % 5],
            CHARGES[i * 3 % 17 % 3],
            day(i * 11 % 19),
            STATUSES[i * 13 % 23 % 3],
            day(i * 17 % 29),
        )
    };
    (0..199).map(row).collect()
}

#[test]
fn neither_order_nor_batches_nor_repetition_change_anything() {
    let rows = many();
    let expected = review(requests(&rows)).unwrap();
    assert!(expected[0].num_rows() > 199);
    for step in [2, 17, 100, 198] {
        let shuffled = (0..rows.len()).map(|i| &rows[i * step % rows.len()]);
        let shuffled = requests(&shuffled.collect::<Vec<_>>());
        assert_eq!(review(shuffled.clone()).unwrap(), expected);
        assert_eq!(in_batches(&shuffled, 13), expected);
    }
    let twice: Vec<_> = rows.iter().chain(&rows).collect();
    assert_eq!(review(requests(&twice)).unwrap(), expected);
}

/// Calls the function as the host does, with the relation in small batches.
fn in_batches(rows: &RecordBatch, size: usize) -> Vec<RecordBatch> {
    let signature = Signature {
        fields: Vec::new(),
        constants: constants("auto", 0.5, 3).into_iter().map(Some).collect(),
    };
    let bound = Review.bind(&[rows.schema()], &signature).unwrap();
    let mut call = bound.call(None).unwrap();
    for start in (0..rows.num_rows()).step_by(size) {
        let length = size.min(rows.num_rows() - start);
        call.push(0, rows.slice(start, length)).unwrap();
        assert!(matches!(call.next().unwrap(), Progress::WantingInput));
    }
    call.finish(0).unwrap();
    let mut batches = Vec::new();
    while let Progress::Rows(batch) = call.next().unwrap() {
        batches.push(batch);
    }
    batches
}

#[test]
fn columns_may_be_numbers_days_and_nulls() {
    let day = 86_400_000_000;
    let columns: [(&str, ArrayRef); 7] = [
        (
            "requested_at",
            Arc::new(TimestampMicrosecondArray::from(vec![
                19_782 * day + 1,
                19_790 * day,
            ])),
        ),
        (
            "refused_at",
            Arc::new(Date32Array::from(vec![Some(19_785), None])),
        ),
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        (
            "subject",
            Arc::new(StringViewArray::from(vec!["Person One", "Person One"])),
        ),
        ("requester", Arc::new(NullArray::new(2))),
        ("charge", Arc::new(NullArray::new(2))),
        ("text", Arc::new(NullArray::new(2))),
    ];
    let columns = columns.map(|(name, values)| (name, values, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let found = lines(
        &review(rows).unwrap(),
        &[
            "request_id",
            "field",
            "language",
            "span_start",
            "reason_for_review",
        ],
    );
    // 2024-02-29 is 19 782 days after 1970-01-01.
    assert_eq!(
        found,
        [
            "2|requests|null|null|requested again, whether by the same requester is not known: 1 earlier request for this subject was refused, the last one 1 of a requester who is not named, on 2024-03-03"
        ]
    );
    assert!(review(requests::<&str>(&[])).unwrap().is_empty());
}

#[test]
fn bad_requests_name_the_row() {
    let failure = |rows: &[&str]| review(requests(rows)).unwrap_err().to_string();
    assert_eq!(
        failure(&["r1|A|P|||2024-01-01||", "|A|P|||2024-01-01||"]),
        "record 2, field \"id\": expected a text, found null"
    );
    assert_eq!(
        failure(&["r1|A|P|||2024-01-01||soon"]),
        "record 1, field \"refused_at\": expected YYYY-MM-DD, found \"soon\""
    );
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let columns = ["id", "requester", "subject", "charge", "requested_at"];
    let columns = columns.map(|name| (name, Arc::clone(&text)));
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    assert_eq!(
        review(rows).unwrap_err().to_string(),
        "expected a column text; hint: name it with AS"
    );
}

#[test]
fn bad_arguments_are_named() {
    let failure = |language: &str, share: f64, count: i64| {
        let rows = vec![requests(&["r1|A|P|||2024-01-01||"])];
        let failed = call_table(&Review, rows, constants(language, share, count));
        failed.unwrap_err().to_string()
    };
    assert_eq!(
        failure("fr", 0.5, 3),
        "field \"language\": expected a language (auto, uk, ru, en), found \"fr\""
    );
    for share in [0.0, -0.5, 1.5, f64::NAN] {
        assert_eq!(
            failure("uk", share, 3),
            format!("field \"refused_share\": expected a share above 0 up to 1, found {share}")
        );
    }
    assert_eq!(
        failure("uk", 0.5, 0),
        "field \"refused_min\": expected a number from 1, found 0"
    );
}
