//! Threat assessment of groups and crime areas after the EU's SOCTA methodology (Council document
//! 12159/12, 4 July 2012): indicators of organised crime groups, indicators of crime areas, effect
//! indicators and crime-relevant factors, rated from evidence.
//!
//! The methodology rates high, medium, low or unknown, and combines ratings qualitatively. What is
//! numbers here (weights, scales, levels) is configuration: a profile in JSON, of which
//! `profile()` shows the built-in one.
//!
//! | function | gives |
//! |---|---|
//! | `threat_assess((evidence), profile)` | a row a subject and dimension, and one over all of them |
//! | `threat_explain((evidence), profile)` | a row a subject and indicator: what it rests on |
//! | `profile()` | the built-in profile, to copy and adapt |
//!
//! # How evidence is combined
//!
//! A report with a rating of value `v` (0 to 1) has the weight `w`, the product of what the profile
//! gives for its source (A, B, C, X) and its information (1 to 4). For one indicator of one subject:
//!
//! - value: `v̄ = Σ w v / Σ w`
//! - support: `s = 1 - Π (1 - w)`, the chance that at least one report holds, were they independent
//! - contradiction: `d = Σ Σ w w' |v - v'| / (Σ w)²`, how far two reports drawn by their weights
//!   differ on average (Gini's mean difference), 0 to 0.5
//! - confidence: `c = s (1 - d)`
//! - interval: from `c v̄` to `c v̄ + (1 - c)`: what is not known may be anything from 0 to 1
//!
//! An indicator without rated evidence has the interval 0 to 1, the confidence 0 and no value. Over
//! several indicators, both ends of the interval and the confidence are means by the profile's
//! weights over *all* indicators, known or not; the best estimate is the mean over those known. A
//! level is given where both ends have the same one; otherwise it is `unknown`.
//!
//! Equal rows are one report, a reference speaks once for a rating, and reports are combined in their
//! own order, so no order, repetition or partitioning of the rows changes anything.

mod profile;

mod evidence;

mod combination;

mod finding;

mod output;

mod call;

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new()
        .scalar(call::profile())
        .table(call::Assess)
        .table(call::Explain)
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests;
