//! What evidence says of one indicator of one subject, with the words that explain it.

use crate::combination::{Combined, Score};
use crate::evidence::{Handling, Report, Reports, Subject};
use crate::profile::{Dimension, Indicator, Place, Profile, UNKNOWN};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many reports or references are listed by name; the rest is counted.
const LISTED_MAX: usize = 8;

/// One indicator of one subject.
#[derive(Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) dimension: &'a Dimension,
    pub(crate) indicator: &'a Indicator,
    pub(crate) combined: Combined,
    /// The share of the indicator in the total of the subject: those of all indicators sum up to 1.
    pub(crate) share: f64,
    reports: &'a Reports,
    counted: Vec<Counted<'a>>,
    profile: &'a Profile,
}

/// A report that counts.
#[derive(Clone, Copy, Debug)]
struct Counted<'a> {
    rating: usize,
    weight: f64,
    report: &'a Report,
}

/// The findings of a subject, in the profile's order.
pub(crate) fn findings<'a>(
    profile: &'a Profile,
    subject: &'a Subject,
    reports: &'a [Reports],
) -> Vec<Finding<'a>> {
    let places = profile.places(&subject.1).unwrap_or_default();
    let shares = shares(profile, places);
    let of_each = places.iter().zip(reports).zip(shares);
    let findings = of_each.map(|((place, reports), share)| {
        let (dimension, indicator) = profile.at(*place);
        let counted = counted(profile, reports);
        let weights: Vec<_> = counted.iter().map(|one| (one.rating, one.weight)).collect();
        Finding {
            subject,
            dimension,
            indicator,
            combined: Combined::new(&weights, &profile.rating_values()),
            share,
            reports,
            counted,
            profile,
        }
    });
    findings.collect()
}

/// The share of each indicator in the total: that of its dimension, times its own in there.
fn shares(profile: &Profile, places: &[Place]) -> Vec<f64> {
    let own_share = |place: &Place| {
        let (dimension, indicator) = profile.at(*place);
        let all: f64 = dimension.indicators.iter().map(|one| one.weight).sum();
        dimension.weight * indicator.weight / all
    };
    let all: f64 = places.iter().map(own_share).sum();
    places.iter().map(|place| own_share(place) / all).collect()
}

/// The reports that count: those with a rating and a weight; of one reference and rating, that with
/// the best evaluation.
fn counted<'a>(profile: &Profile, reports: &'a Reports) -> Vec<Counted<'a>> {
    let mut counted: Vec<Counted<'a>> = Vec::new();
    for report in &reports.all {
        let Some(rating) = report.rating else {
            continue;
        };
        let weight = profile.weight(report.source.as_deref(), report.information.as_deref());
        let one = Counted {
            rating,
            weight,
            report,
        };
        // Reports of one rating and reference stand side by side.
        let same = counted.last_mut().filter(|last| {
            last.rating == rating
                && report.reference.is_some()
                && last.report.reference == report.reference
        });
        match same {
            Some(last) if last.weight >= weight => {}
            Some(last) => *last = one,
            None if weight > 0.0 => counted.push(one),
            None => {}
        }
    }
    counted
}

impl<'a> Finding<'a> {
    /// The rating that is nearest to what the reports say together.
    pub(crate) fn rating(&self) -> &'a str {
        let profile = self.profile;
        let value = self.combined.value;
        value.map_or(UNKNOWN, |value| profile.nearest_rating(value))
    }

    /// How many reports count.
    pub(crate) fn evidence(&self) -> usize {
        self.counted.len()
    }

    /// How many reports say that nothing is known.
    pub(crate) fn unknown_reports(&self) -> usize {
        let all = self.reports.all.iter();
        all.filter(|report| report.rating.is_none()).count()
    }

    /// How many rows were equal to another.
    pub(crate) fn duplicates(&self) -> usize {
        self.reports.duplicates
    }

    /// The evaluation of the report that weighs most; of several, the first in the alphabet.
    pub(crate) fn best_evaluation(&self) -> Option<String> {
        let most = self.counted.iter().map(|one| one.weight);
        let most = most.max_by(f64::total_cmp)?;
        let best = self.counted.iter().filter(|one| one.weight >= most);
        best.map(|one| evaluation(one.report)).min()
    }

    /// The handling codes of all reports.
    pub(crate) fn handling(&self) -> Handling {
        let all = self.reports.all.iter().map(|report| report.handling);
        all.fold(Handling::default(), Handling::with)
    }

    /// The references of all reports.
    pub(crate) fn references(&self) -> Option<String> {
        let all = self.reports.all.iter();
        let all: BTreeSet<_> = all
            .filter_map(|report| report.reference.as_deref())
            .collect();
        (!all.is_empty()).then(|| listed(all.into_iter().map(str::to_owned)))
    }

    /// The day of the newest report.
    pub(crate) fn latest(&self) -> Option<NaiveDate> {
        self.reports.all.iter().filter_map(|report| report.at).max()
    }

    /// What reports contradict each other; none where they agree.
    pub(crate) fn contradiction(&self) -> Option<String> {
        (self.combined.contradiction > 0.0).then(|| self.sides())
    }

    /// Why the rating is what it is.
    pub(crate) fn reason(&self) -> String {
        let unknown = self.unknown_reports();
        let mut reason = if !self.counted.is_empty() {
            self.sides()
        } else if self.reports.all.is_empty() {
            "unknown: no evidence".to_owned()
        } else if unknown == self.reports.all.len() {
            "unknown: no report rates it".to_owned()
        } else {
            "unknown: by its evaluation the evidence has no weight".to_owned()
        };
        if unknown > 0 {
            write!(reason, "; rated unknown by {}", reports_of(unknown))
                .expect("a String takes everything");
        }
        reason
    }

    /// The reports that count by their ratings, highest first.
    fn sides(&self) -> String {
        let mut sides = Vec::new();
        for side in self.counted.chunk_by(|a, b| a.rating == b.rating).rev() {
            let (name, _) = self.profile.rating_at(side[0].rating);
            let labels = listed(side.iter().map(|one| label(one.report)));
            sides.push(format!("{name} by {} ({labels})", reports_of(side.len())));
        }
        sides.join(" against ")
    }
}

/// The score over findings of one dimension.
pub(crate) fn score_of_dimension(findings: &[Finding<'_>]) -> Score {
    let parts = findings.iter();
    let parts: Vec<_> = parts
        .map(|one| (one.indicator.weight, one.combined))
        .collect();
    Score::new(&parts)
}

/// The score over all findings of a subject.
pub(crate) fn score_of_subject(findings: &[Finding<'_>]) -> Score {
    let parts = findings.iter();
    let parts: Vec<_> = parts.map(|one| (one.share, one.combined)).collect();
    Score::new(&parts)
}

fn evaluation(report: &Report) -> String {
    let codes = [report.source.as_deref(), report.information.as_deref()];
    codes.into_iter().flatten().collect()
}

/// A report as a reader finds it: its evaluation and its reference.
fn label(report: &Report) -> String {
    match &report.reference {
        Some(reference) => format!("{} {reference}", evaluation(report)),
        None => evaluation(report),
    }
}

fn reports_of(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} report{s}")
}

fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(LISTED_MAX);
    let mut listed: Vec<_> = all.take(LISTED_MAX).collect();
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    listed.join(", ")
}
