//! The functions as SQL calls them.

use crate::flags::{Finder, NOTE, language, to_json};
use crate::history::RefusedOften;
use crate::output;
use crate::requests::{Requests, columns};
use crate::rules;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, StringViewArray};
use arrow_schema::{DataType, Field, SchemaRef};
use sextant_plugin_sdk::{
    Answer, Arguments, BoundScalar, BoundTable, Description, Error, Feed, Gathering, Parameter,
    Result, Scalar, Signature, SimpleScalar, TableFunction,
};
use std::sync::Arc;

/// What a requester's refusals are at the least to be shown, unless an argument says otherwise.
const REFUSED_SHARE: f64 = 0.5;
const REFUSED_COUNT: i64 = 3;

const REQUESTS: &str = "Columns by name, in any order: id, requester, subject, charge, text (TEXT or \
    BIGINT), requested_at (DATE, TIMESTAMP or YYYY-MM-DD); optional: status, refused_at. A request \
    counts as refused where refused_at is given, or status is refused, rejected, denied, відмовлено or \
    отказано. All but id may be null. Another column is an error.";

fn language_parameter() -> Parameter {
    Parameter::text(
        "language",
        "uk, ru or en; auto tries all of them, and tells words of Ukrainian and Russian alike apart by the \
         letters that only one of the two has.",
    )
    .default(Arc::new(StringViewArray::from(vec!["auto"])))
}

/// `article3_flags(text, language)`.
#[derive(Debug)]
pub(crate) struct Flags;

impl Scalar for Flags {
    fn describe(&self) -> Description {
        Description::new(
            "article3_flags",
            &format!(
                "What in a text a human should review against Article 3 of the INTERPOL constitution \
                 (political, military, religious or racial character), {NOTE}: the predominance test is \
                 made case by case (AGN/20/RES/11, AGN/53/RES/7, Repository of Practice). A JSON array \
                 of flags in the order of the text, each with category, rule, bearing (for such a \
                 character, or against it: signs of an ordinary-law crime), review (review, or review \
                 first), reason_for_review, language, span_start (characters from 1, as substr counts) \
                 and span_length, matched_text, occurrences (of the rule in the text; the first 20 are \
                 flagged), source and note. No flags, [], clears nothing. Word stems in Ukrainian, \
                 Russian and English: see article3_rules(). Null where the text is null."
            ),
        )
        .parameter(Parameter::text("text", "A charge, a summary of facts, a notice."))
        .parameter(language_parameter())
        .example(
            "SELECT article3.article3_flags('A military truck and a race car were parked at the church')",
            "[]",
        )
        .example(
            "SELECT article3.article3_flags('Дезертирство', 'uk')",
            concat!(
                r#""[{""category"":""military"",""rule"":""desertion"",""bearing"":""for"",""review"":""review first"","#,
                r#"""reason_for_review"":""desertion is a purely military offence"",""language"":""uk"",""span_start"":1,""span_length"":12,"#,
                r#"""matched_text"":""Дезертирство"",""occurrences"":1,""source"":""INTERPOL AGN/53/RES/7 (1984), offences by their nature"","#,
                r#"""note"":""for human review only, not a decision""}]""#
            ),
        )
    }

    fn bind(&self, _: &Signature) -> Result<Box<dyn BoundScalar>> {
        Ok(Box::new(BoundFlags(Finder::new())))
    }
}

struct BoundFlags(Finder);

impl BoundScalar for BoundFlags {
    fn output(&self) -> Field {
        Field::new("flags", DataType::Utf8, true)
    }

    fn invoke(&self, arguments: &Arguments<'_>) -> Result<ArrayRef> {
        let (texts, languages) = (arguments.strings(0)?, arguments.strings(1)?);
        let flags = (0..arguments.rows()).map(|row| {
            let language = language(languages.get(row))?;
            let flags = texts.get(row).map(|text| self.0.flags(text, language));
            flags.map(|flags| to_json(&flags)).transpose()
        });
        Ok(Arc::new(flags.collect::<Result<StringArray>>()?))
    }
}

/// `article3_rules()`.
pub(crate) fn rules() -> impl Scalar {
    let description = Description::new(
        "article3_rules",
        "All rules as a JSON array: id, category, bearing, review, reason, source, and the patterns in \
         english, ukrainian and russian, with what they do not mean (except). A pattern is words of one \
         sentence: stem* stands for every word that begins so, a|b for either, and .. for up to three \
         words between.",
    )
    .example("SELECT article3.article3_rules() LIKE '%\"id\": \"treason\"%'", "true");
    SimpleScalar::new(description, DataType::Utf8, |arguments| {
        let all: Vec<_> = rules::all().collect();
        let json = serde_json::to_string_pretty(&all);
        let json = json.map_err(|error| Error::internal(error.to_string()))?;
        let texts = std::iter::repeat_n(json.as_str(), arguments.rows());
        Ok(Arc::new(StringArray::from_iter_values(texts)) as ArrayRef)
    })
}

/// `article3_review((requests), language, refused_share, refused_min)`.
#[derive(Debug)]
pub(crate) struct Review;

impl TableFunction for Review {
    fn describe(&self) -> Description {
        let share = Parameter::new(
            "refused_share",
            &[DataType::Float64],
            "The least share of a requester's requests that were refused for it to be shown, above 0 up to 1.",
        );
        let count = Parameter::new(
            "refused_min",
            &[DataType::Int64],
            "The least number of a requester's refused requests for it to be shown, from 1.",
        );
        Description::new(
            "article3_review",
            &format!(
                "What in requests a human should review against Article 3 of the INTERPOL constitution, \
                 {NOTE}: a row a flag, with the flags of article3_flags for charge and text, and those \
                 that show only across requests (field requests): a subject that is requested again \
                 after a refusal, by the same or another requester, or with another charge than the one \
                 last refused; and requesters whose requests were refused often, with the counts. A \
                 request comes after a refusal where it was made on the day of the refusal or later, and \
                 on a later day than the refused one. Subjects, requesters and charges are the same \
                 where their words are, whatever their case, apostrophes and punctuation; they are not \
                 compared by similarity. Equal rows are one request. Rows come by request_id (as text), \
                 field and place, whatever the order of the requests. A request without rows has not \
                 been cleared."
            ),
        )
        .relation("requests", Feed::Build, REQUESTS)
        .parameter(language_parameter().constant())
        .parameter(share.default(Arc::new(Float64Array::from(vec![REFUSED_SHARE]))).constant())
        .parameter(count.default(Arc::new(Int64Array::from(vec![REFUSED_COUNT]))).constant())
        .example(
            "SELECT request_id, category, rule, bearing, review, field, matched_text, span_start, span_length \
             FROM article3.article3_review((SELECT 'r1' AS id, 'Country A' AS requester, 'Made-up Person' AS subject, \
             'high treason' AS charge, 'He is said to have killed a guard.' AS text, '2024-05-01' AS requested_at))",
            "r1,political,treason,for,review first,charge,treason,6,7\n\
             r1,ordinary law,violence,against,review,text,killed,20,6",
        )
        .example(
            "SELECT request_id, rule, reason_for_review, note FROM article3.article3_review((SELECT id, 'Country A' AS requester, \
             'Made-up Person' AS subject, 'theft' AS charge, NULL AS text, requested_at, refused_at FROM (VALUES \
             ('r1', '2024-01-10', '2024-02-01'), ('r2', '2024-03-01', NULL)) AS t(id, requested_at, refused_at))) WHERE field = 'requests'",
            "r2,again-same-requester,\"requested again by the same requester: 1 earlier request for this subject was refused, \
             the last one r1 of Country A, on 2024-02-01\",\"for human review only, not a decision\"",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let columns = columns(relations.first())?;
        let language = language(signature.text(0).as_deref())?;
        let often = refused_often(signature)?;
        let requests = Requests::new(&columns, language);
        let compute =
            move |requests: Requests| output::rows(&requests.all(), often).map(Answer::from);
        Ok(Box::new(Gathering::new(
            output::schema(),
            requests,
            Requests::push,
            compute,
        )))
    }
}

/// A constant argument that is not null.
fn constant<'a>(signature: &'a Signature, argument: usize, name: &str) -> Result<&'a ArrayRef> {
    let value = signature.constant(argument);
    value.ok_or_else(|| Error::invalid_config("expected a number, found null").in_field(name))
}

fn refused_often(signature: &Signature) -> Result<RefusedOften> {
    let share = constant(signature, 1, "refused_share")?;
    let share = share.as_primitive::<Float64Type>().value(0);
    if !(share > 0.0 && share <= 1.0) {
        let message = format!("expected a share above 0 up to 1, found {share}");
        return Err(Error::invalid_config(message).in_field("refused_share"));
    }
    let count = constant(signature, 2, "refused_min")?;
    let count = count.as_primitive::<Int64Type>().value(0);
    match usize::try_from(count) {
        Ok(count) if count > 0 => Ok(RefusedOften { share, count }),
        _ => {
            let message = format!("expected a number from 1, found {count}");
            Err(Error::invalid_config(message).in_field("refused_min"))
        }
    }
}
