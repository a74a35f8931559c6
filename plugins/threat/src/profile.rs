//! Profiles: the indicators, weights, scales and levels of an assessment, as JSON. A profile is
//! checked as a whole before any evidence is read, and an error names the key.

use serde::Deserialize;
use sextant_plugin_sdk::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The built-in profile.
pub(crate) const BUILT_IN: &str = include_str!("profile.json");

/// The rating of who knows nothing, and the level of what is undecided. No profile may name a
/// rating or a level so.
pub(crate) const UNKNOWN: &str = "unknown";

/// The dimension of the row over all dimensions. No profile may name a dimension so.
pub(crate) const TOTAL: &str = "total";

/// Weights of dimensions and indicators are shares, so their size has no meaning; this keeps sums
/// finite.
const WEIGHT_MAX: f64 = 1e6;

/// The keys of a profile. Those that are not given are the built-in profile's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    name: Option<String>,
    ratings: Option<BTreeMap<String, f64>>,
    levels: Option<BTreeMap<String, f64>>,
    source: Option<BTreeMap<String, f64>>,
    information: Option<BTreeMap<String, f64>>,
    dimensions: Option<Vec<Dimension>>,
}

/// A group of indicators that is assessed as one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dimension {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) title: String,
    /// The kinds of subjects that it is assessed for.
    pub(crate) kinds: Vec<String>,
    #[serde(default = "one")]
    pub(crate) weight: f64,
    pub(crate) indicators: Vec<Indicator>,
}

/// What evidence rates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Indicator {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default = "one")]
    pub(crate) weight: f64,
}

fn one() -> f64 {
    1.0
}

/// Where an indicator stands in the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) dimension: usize,
    pub(crate) indicator: usize,
}

/// A checked profile.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// Names and values, ascending by value.
    ratings: Vec<(String, f64)>,
    /// Names and the least score of each, ascending from 0.
    levels: Vec<(String, f64)>,
    source: BTreeMap<String, f64>,
    information: BTreeMap<String, f64>,
    dimensions: Vec<Dimension>,
    /// The indicators of each kind of subject, in the profile's order.
    kinds: BTreeMap<String, Vec<Place>>,
}

impl Profile {
    /// The built-in profile, with those keys replaced that the JSON gives; a blank text gives none.
    ///
    /// # Errors
    /// JSON that is none or has unknown keys (with line and column), and values out of range (with
    /// the key).
    pub(crate) fn new(json: Option<&str>) -> Result<Self> {
        let own = keys(BUILT_IN)?;
        let json = json.filter(|json| !json.trim().is_empty());
        let given = json.map_or_else(|| Ok(Keys::default()), keys)?;
        // What was changed must not go by the name of what it was changed from.
        let name = given.name.or_else(|| json.map(|_| "unnamed".to_owned()));
        let mut dimensions = complete(given.dimensions, own.dimensions)?;
        dimensions.iter_mut().for_each(fold_names);
        Ok(Self {
            name: complete(name, own.name)?,
            ratings: by_value(named("ratings", complete(given.ratings, own.ratings)?)?),
            levels: levels(complete(given.levels, own.levels)?)?,
            source: grid("source", complete(given.source, own.source)?)?,
            information: grid("information", complete(given.information, own.information)?)?,
            kinds: kinds(&dimensions)?,
            dimensions,
        })
    }

    /// The number of a rating by its name.
    pub(crate) fn rating(&self, name: &str) -> Option<usize> {
        self.ratings.iter().position(|(known, _)| known == name)
    }

    /// The name and value of a rating.
    pub(crate) fn rating_at(&self, rating: usize) -> (&str, f64) {
        let (name, value) = &self.ratings[rating];
        (name.as_str(), *value)
    }

    /// The values of the ratings, by their numbers.
    pub(crate) fn rating_values(&self) -> Vec<f64> {
        self.ratings.iter().map(|(_, value)| *value).collect()
    }

    /// The names of the ratings, ascending.
    pub(crate) fn rating_names(&self) -> impl Iterator<Item = &str> {
        self.ratings.iter().map(|(name, _)| name.as_str())
    }

    /// The name of the rating that is nearest to a value; of two as near, the higher.
    pub(crate) fn nearest_rating(&self, value: f64) -> &str {
        let descending = self.ratings.iter().rev();
        let nearest =
            descending.min_by(|(_, a), (_, b)| (a - value).abs().total_cmp(&(b - value).abs()));
        nearest.map_or(UNKNOWN, |(name, _)| name.as_str())
    }

    /// The level of a score.
    pub(crate) fn level(&self, score: f64) -> &str {
        let reached = self.levels.iter().rev().find(|(_, least)| *least <= score);
        reached.map_or(UNKNOWN, |(name, _)| name.as_str())
    }

    /// The codes of the evaluation of sources, with their weights.
    pub(crate) fn source(&self) -> &BTreeMap<String, f64> {
        &self.source
    }

    /// The codes of the evaluation of information, with their weights.
    pub(crate) fn information(&self) -> &BTreeMap<String, f64> {
        &self.information
    }

    /// The weight of an evaluation, 0 to 1; 0 where a code is not known.
    pub(crate) fn weight(&self, source: Option<&str>, information: Option<&str>) -> f64 {
        let weight = |code: Option<&str>, weights: &BTreeMap<String, f64>| {
            code.and_then(|code| weights.get(code).copied())
                .unwrap_or(0.0)
        };
        weight(source, &self.source) * weight(information, &self.information)
    }

    /// The kinds of subjects.
    pub(crate) fn kind_names(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// The indicators of a kind of subject; none where there is no such kind.
    pub(crate) fn places(&self, kind: &str) -> Option<&[Place]> {
        self.kinds.get(kind).map(Vec::as_slice)
    }

    /// The dimension and the indicator at a place.
    pub(crate) fn at(&self, place: Place) -> (&Dimension, &Indicator) {
        let dimension = &self.dimensions[place.dimension];
        (dimension, &dimension.indicators[place.indicator])
    }
}

/// Names and codes are compared without regard to case and to white space around them.
pub(crate) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn keys(json: &str) -> Result<Keys> {
    serde_json::from_str(json)
        .map_err(|error| Error::invalid_config(error.to_string()).in_field("profile"))
}

fn complete<T>(given: Option<T>, own: Option<T>) -> Result<T> {
    given
        .or(own)
        .ok_or_else(|| Error::internal("the built-in profile lacks a key"))
}

fn fold_names(dimension: &mut Dimension) {
    dimension.id = fold(&dimension.id);
    for kind in &mut dimension.kinds {
        *kind = fold(kind);
    }
    for indicator in &mut dimension.indicators {
        indicator.id = fold(&indicator.id);
    }
}

/// Values from 0 to 1 by their folded names.
fn named(key: &str, given: BTreeMap<String, f64>) -> Result<BTreeMap<String, f64>> {
    let mut values = BTreeMap::new();
    for (name, value) in given {
        let field = format!("{key}.{name}");
        let name = fold(&name);
        if name.is_empty() || name == UNKNOWN {
            let message = format!("expected a name other than {name:?}");
            return Err(Error::invalid_config(message).in_field(field));
        }
        if !(0.0..=1.0).contains(&value) {
            let message = format!("expected a number from 0 to 1, found {value}");
            return Err(Error::invalid_config(message).in_field(field));
        }
        if values.insert(name, value).is_some() {
            return Err(Error::invalid_config("expected it once").in_field(field));
        }
    }
    match values.is_empty() {
        true => Err(Error::invalid_config("expected at least one name").in_field(key)),
        false => Ok(values),
    }
}

fn by_value(values: BTreeMap<String, f64>) -> Vec<(String, f64)> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    values
}

fn levels(given: BTreeMap<String, f64>) -> Result<Vec<(String, f64)>> {
    let levels = by_value(named("levels", given)?);
    if levels.iter().all(|(_, least)| *least > 0.0) {
        return Err(Error::invalid_config("expected a level that begins at 0").in_field("levels"));
    }
    for pair in levels.windows(2) {
        let ((lower, least), (upper, next)) = (&pair[0], &pair[1]);
        if least == next {
            let message =
                format!("expected levels that begin apart, found {lower} and {upper} at {least}");
            return Err(Error::invalid_config(message).in_field("levels"));
        }
    }
    Ok(levels)
}

/// The weights of evaluation codes, by the codes in capitals.
fn grid(key: &str, given: BTreeMap<String, f64>) -> Result<BTreeMap<String, f64>> {
    let weights = named(key, given)?;
    if weights.values().all(|weight| *weight <= 0.0) {
        return Err(Error::invalid_config("expected a weight above 0").in_field(key));
    }
    let codes = weights.into_iter();
    Ok(codes
        .map(|(code, weight)| (code.to_uppercase(), weight))
        .collect())
}

/// Checks dimensions and indicators, and lists them by kinds of subjects.
fn kinds(dimensions: &[Dimension]) -> Result<BTreeMap<String, Vec<Place>>> {
    let mut kinds: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (number, dimension) in dimensions.iter().enumerate() {
        check_dimension(dimension)?;
        if !ids.insert(&dimension.id) {
            let field = format!("dimensions.{}", dimension.id);
            return Err(Error::invalid_config("expected it once").in_field(field));
        }
        for kind in dimension.kinds.iter().collect::<BTreeSet<_>>() {
            let places = (0..dimension.indicators.len()).map(|indicator| Place {
                dimension: number,
                indicator,
            });
            kinds.entry(kind.clone()).or_default().extend(places);
        }
    }
    if kinds.is_empty() {
        return Err(Error::invalid_config("expected at least one").in_field("dimensions"));
    }
    for (kind, places) in &kinds {
        check_kind(kind, places, dimensions)?;
    }
    Ok(kinds)
}

fn check_dimension(dimension: &Dimension) -> Result<()> {
    let field = format!("dimensions.{}", dimension.id);
    let error = |message: &str| Err(Error::invalid_config(message).in_field(&field));
    if dimension.id.is_empty() || dimension.id == TOTAL {
        return error("expected another id");
    }
    if dimension.kinds.iter().all(String::is_empty) {
        return error("expected at least one kind of subject");
    }
    check_weight(dimension.weight, || format!("{field}.weight"))?;
    for indicator in &dimension.indicators {
        if indicator.id.is_empty() {
            return error("expected an id for each indicator");
        }
        let field = || format!("{field}.indicators.{}.weight", indicator.id);
        check_weight(indicator.weight, field)?;
    }
    if dimension
        .indicators
        .iter()
        .all(|indicator| indicator.weight <= 0.0)
    {
        return error("expected an indicator with a weight above 0");
    }
    Ok(())
}

fn check_weight(weight: f64, field: impl FnOnce() -> String) -> Result<()> {
    if (0.0..=WEIGHT_MAX).contains(&weight) {
        return Ok(());
    }
    let message = format!("expected a weight from 0 to {WEIGHT_MAX}, found {weight}");
    Err(Error::invalid_config(message).in_field(field()))
}

/// A kind of subject has each indicator once, since evidence names no dimension, and something with
/// a weight.
fn check_kind(kind: &str, places: &[Place], dimensions: &[Dimension]) -> Result<()> {
    let mut ids = BTreeSet::new();
    for place in places {
        let dimension = &dimensions[place.dimension];
        let id = &dimension.indicators[place.indicator].id;
        if !ids.insert(id) {
            let message = format!("expected indicator {id:?} once for subjects of kind {kind:?}");
            let field = format!("dimensions.{}", dimension.id);
            return Err(Error::invalid_config(message).in_field(field));
        }
    }
    let mut of_kind = places.iter().map(|place| &dimensions[place.dimension]);
    match of_kind.any(|dimension| dimension.weight > 0.0) {
        true => Ok(()),
        false => {
            let message = format!("expected a dimension of kind {kind:?} with a weight above 0");
            Err(Error::invalid_config(message).in_field("dimensions"))
        }
    }
}
