//! What a human should look at when notices and requests are reviewed against Article 3 of the
//! INTERPOL constitution: "It is strictly forbidden for the Organization to undertake any
//! intervention or activities of a political, military, religious or racial character."
//!
//! **For human review only, never a decision.** Whether a case has such a character is found case by
//! case, by what predominates (the predominance test, resolutions AGN/20/RES/11 and AGN/53/RES/7; the
//! Repository of Practice). A machine can point at words and at the history of requests, with its
//! reasons, for and against; there is no score. A request without flags has not been cleared.
//!
//! | function | gives |
//! |---|---|
//! | `article3_flags(text, language)` | flags of one text, as JSON |
//! | `article3_review((requests), ...)` | a row a flag, also of what shows only across requests |
//! | `article3_rules()` | all rules, as JSON |
//!
//! Texts are read in Ukrainian, Russian and English, by word stems at the beginnings of words. The
//! rules stand in one table, `src/rules.rs`, with their patterns, reasons and sources.

mod words;

mod rules;

mod matching;

mod flags;

mod requests;

mod history;

mod output;

mod call;

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new()
        .scalar(call::Flags)
        .scalar(call::rules())
        .table(call::Review)
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests;
