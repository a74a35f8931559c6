//! The functions as SQL calls them: evidence is gathered, and at its end the rows are computed and
//! given out.

use crate::evidence::{Evidence, columns};
use crate::output::Output;
use crate::profile::{BUILT_IN, Profile};
use arrow_array::{ArrayRef, StringArray, StringViewArray};
use arrow_schema::{DataType, SchemaRef};
use sextant_plugin_sdk::{
    Answer, BoundTable, Description, Feed, Gathering, Parameter, Result, Scalar, Signature,
    SimpleScalar, TableFunction,
};
use std::rc::Rc;
use std::sync::Arc;

const EVIDENCE: &str = "Columns by name, in any order: subject, subject_kind (of the profile: group, \
    crime_area), indicator (of the profile), rating (of the profile: low, medium, high; unknown or null \
    where nothing is known), source (A, B, C, X), information (1 to 4); optional: handling (H0 to H3, \
    several separated by anything), at (DATE, TIMESTAMP or YYYY-MM-DD), reference. Texts, of which \
    whole numbers may be BIGINT; names and codes in any case. Another column is an error.";

/// A profile of two indicators, for the examples.
const EXAMPLE: &str = "profile => '{\"name\": \"example\", \"dimensions\": [{\"id\": \"group\", \
    \"kinds\": [\"group\"], \"indicators\": [{\"id\": \"violence\"}, {\"id\": \"corruption\"}]}]}'";

/// `profile()`.
pub(crate) fn profile() -> impl Scalar {
    let description = Description::new(
        "profile",
        "The built-in profile as JSON, to copy and adapt: ratings (values 0 to 1), levels (the least \
         score of each, one of them 0), source and information (weights 0 to 1 of the codes of the \
         Europol 4x4 grid), dimensions (id, title, kinds of subjects, weight, indicators with id, \
         title and weight). Its dimensions follow the EU SOCTA methodology (Council 12159/12); the \
         methodology prescribes no numbers, so all of them are a proposal.",
    )
    .example("SELECT threat.profile() LIKE '%\"id\": \"violence\"%'", "true");
    SimpleScalar::new(description, DataType::Utf8, |arguments| {
        let texts = std::iter::repeat_n(BUILT_IN, arguments.rows());
        Ok(Arc::new(StringArray::from_iter_values(texts)) as ArrayRef)
    })
}

fn profile_parameter() -> Parameter {
    Parameter::text(
        "profile",
        "A profile as JSON; a key that is not given is that of the built-in one, which profile() \
         shows. Empty: the built-in one.",
    )
    .default(Arc::new(StringViewArray::from(vec![""])))
    .constant()
}

/// `threat_assess((evidence), profile)`.
#[derive(Debug)]
pub(crate) struct Assess;

impl TableFunction for Assess {
    fn describe(&self) -> Description {
        let sql = format!(
            "SELECT dimension, score_low, score_high, score_best, level, level_low, level_high, confidence, indicators_known, indicators, handling \
             FROM threat.threat_assess((SELECT 'Made-up Group' AS subject, 'group' AS subject_kind, 'violence' AS indicator, 'high' AS rating, \
             'A' AS source, '1' AS information, 'H1' AS handling), {EXAMPLE})"
        );
        Description::new(
            "threat_assess",
            "An assessment of each subject in each dimension, and over all of them by their weights \
             (dimension total), after the EU SOCTA methodology (Council 12159/12). A report with \
             rating v has the weight w of its source times that of its information. For one indicator: \
             value m = sum(w v) / sum(w); support s = 1 - product(1 - w); contradiction d = \
             sum(w w' |v - v'|) / sum(w)^2 over all pairs of reports (Gini's mean difference); \
             confidence c = s (1 - d); interval from c m to c m + 1 - c. An indicator without rated \
             evidence has the interval 0 to 1 and the confidence 0. Over indicators, score_low, \
             score_high and confidence are means by weight over all of them, known or not, and \
             score_best over those known (null where none is), rounded to six places. level is that of \
             both ends of the interval, and unknown where they differ: then level_low and level_high \
             say between what. contradictions lists indicators whose reports disagree; handling is the \
             strictest code of the evidence, handling_codes all of them. Equal rows are one report, and \
             a reference counts once for a rating, by its best evaluation. Rows come by subject, kind \
             and the profile's order, whatever the order of the evidence.",
        )
        .relation("evidence", Feed::Build, EVIDENCE)
        .parameter(profile_parameter())
        .example(
            &sql,
            "group,0.5,1.0,1.0,unknown,medium,high,0.5,1,2,H1\ntotal,0.5,1.0,1.0,unknown,medium,high,0.5,1,2,H1",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        bound(Output::Assessment, relations, signature)
    }
}

/// `threat_explain((evidence), profile)`.
#[derive(Debug)]
pub(crate) struct Explain;

impl TableFunction for Explain {
    fn describe(&self) -> Description {
        let sql = format!(
            "SELECT indicator, rating, weight, contribution_low, contribution_high, evidence, best_evaluation, reason \
             FROM threat.threat_explain((SELECT * FROM (VALUES ('A', '1', 'high', 'R-1'), ('C', '3', 'low', 'R-2')) AS t(source, information, rating, reference) \
             CROSS JOIN (SELECT 'Made-up Group' AS subject, 'group' AS subject_kind, 'violence' AS indicator) AS s), {EXAMPLE})"
        );
        Description::new(
            "threat_explain",
            "What the assessment of threat_assess rests on: a row for each subject and each indicator \
             of its kind, known or not. rating is the one nearest to the combined value (score_best), \
             unknown where nothing is known; weight is the indicator's share in the subject's total; \
             contribution_low and contribution_high sum up to the total's score_low and score_high. \
             evidence counts the reports that count, unknown_reports those rated unknown, duplicates \
             the rows equal to another. best_evaluation is that of the report that weighs most; latest \
             the newest day; evidence_references and reason name the reports, the first 8 of each.",
        )
        .relation("evidence", Feed::Build, EVIDENCE)
        .parameter(profile_parameter())
        .example(
            &sql,
            "violence,high,0.5,0.239656,0.42331,2,A1,high by 1 report (A1 R-1) against low by 1 report (C3 R-2)\n\
             corruption,unknown,0.5,0.0,0.5,0,,unknown: no evidence",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        bound(Output::Explanation, relations, signature)
    }
}

/// A bound function: its profile is checked, and the columns of the evidence are found.
fn bound(
    output: Output,
    relations: &[SchemaRef],
    signature: &Signature,
) -> Result<Box<dyn BoundTable>> {
    let profile = Rc::new(Profile::new(signature.text(0).as_deref())?);
    let evidence = Evidence::new(&profile, &columns(relations.first())?);
    let schema = output.schema(&profile);
    let compute = move |evidence: Evidence| output.rows(&profile, &evidence).map(Answer::from);
    Ok(Box::new(Gathering::new(
        schema,
        evidence,
        Evidence::push,
        compute,
    )))
}
