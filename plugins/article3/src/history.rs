//! What shows only across requests: subjects that are requested again after a refusal, and
//! requesters whose requests are refused often. Counts, not judgements.

use crate::requests::{Name, Request};
use crate::rules::{
    AGAIN_OTHER_CHARGE, AGAIN_OTHER_REQUESTER, AGAIN_SAME_REQUESTER, REQUESTER_REFUSED_OFTEN, Rule,
};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A flag of a request that others gave rise to.
#[derive(Debug)]
pub(crate) struct HistoryFlag {
    pub(crate) rule: &'static Rule,
    pub(crate) reason: String,
    /// How many refusals gave rise to it.
    pub(crate) occurrences: usize,
}

/// When a requester's refusals are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedOften {
    /// The least share of refused requests, above 0 up to 1.
    pub(crate) share: f64,
    /// The least number of refused requests, from 1.
    pub(crate) count: usize,
}

/// The flags of each request, in the order of the requests.
pub(crate) fn history(requests: &[&Request], often: RefusedOften) -> Vec<Vec<HistoryFlag>> {
    let mut flags: Vec<Vec<HistoryFlag>> = requests.iter().map(|_| Vec::new()).collect();
    for numbers in by(requests, |request| request.subject.as_ref()).values() {
        let refusals = Refusals::new(numbers.iter().map(|number| requests[*number]));
        for number in numbers {
            refusals.flag(requests[*number], &mut flags[*number]);
        }
    }
    for numbers in by(requests, |request| request.requester.as_ref()).values() {
        let refused = numbers
            .iter()
            .filter(|number| requests[**number].refused)
            .count();
        let share = refused as f64 / numbers.len() as f64;
        if refused < often.count || share < often.share {
            continue;
        }
        for number in numbers {
            flags[*number].push(HistoryFlag {
                rule: &REQUESTER_REFUSED_OFTEN,
                reason: format!(
                    "{refused} of the {} requests of this requester that are given here were refused; it says nothing of this one",
                    numbers.len()
                ),
                occurrences: refused,
            });
        }
    }
    flags
}

/// The numbers of requests by a name; requests without it are left out.
fn by<'a>(
    requests: &[&'a Request],
    name: impl Fn(&'a Request) -> Option<&'a Name>,
) -> BTreeMap<&'a str, Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, request) in requests.iter().enumerate() {
        if let Some(name) = name(request) {
            groups.entry(&name.key).or_default().push(number);
        }
    }
    groups
}

/// A refused request, and the first day on which a request for the same subject comes after it: that
/// of the refusal, or where it is not known, the day after the request was made; in any case a later
/// day than that of the request.
#[derive(Clone, Copy, Debug)]
struct Refusal<'a> {
    after: NaiveDate,
    request: &'a Request,
}

/// The refused requests for one subject, by the days after which others come.
struct Refusals<'a> {
    all: Vec<Refusal<'a>>,
    /// The places of each requester's in `all`.
    of_requester: BTreeMap<&'a str, Vec<usize>>,
    /// For each, the last one before it of another requester.
    other_before: Vec<Option<usize>>,
}

impl<'a> Refusals<'a> {
    fn new(requests: impl Iterator<Item = &'a Request>) -> Self {
        let refused = requests.filter(|request| request.refused);
        let mut all: Vec<_> = refused.filter_map(refusal).collect();
        all.sort_by_key(|refusal| (refusal.after, refusal.request));
        let mut of_requester: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut other_before: Vec<Option<usize>> = Vec::with_capacity(all.len());
        for (place, refusal) in all.iter().enumerate() {
            if let Some(requester) = &refusal.request.requester {
                of_requester.entry(&requester.key).or_default().push(place);
            }
            let before = place.checked_sub(1);
            other_before.push(match before {
                Some(before) if same_requester(all[before].request, refusal.request) => {
                    other_before[before]
                }
                before => before,
            });
        }
        Self {
            all,
            of_requester,
            other_before,
        }
    }

    /// Flags a request that comes after refusals.
    fn flag(&self, request: &Request, flags: &mut Vec<HistoryFlag>) {
        let Some(requested) = request.requested else {
            return;
        };
        let before = self
            .all
            .partition_point(|refusal| refusal.after <= requested);
        let Some(last) = before.checked_sub(1) else {
            return;
        };
        let own = self.own(request, before);
        if let Some(last_own) = own.last() {
            let what = "requested again by the same requester";
            flags.push(self.again(&AGAIN_SAME_REQUESTER, what, own.len(), *last_own));
        }
        let last_other = match same_requester(self.all[last].request, request) {
            true => self.other_before[last],
            false => Some(last),
        };
        if let Some(last_other) = last_other {
            let named =
                request.requester.is_some() && self.all[last_other].request.requester.is_some();
            let what = match named {
                true => "requested again by another requester",
                false => "requested again, whether by the same requester is not known",
            };
            let count = before - own.len();
            flags.push(self.again(&AGAIN_OTHER_REQUESTER, what, count, last_other));
        }
        let charges = (&request.charge, &self.all[last].request.charge);
        if let (Some(charge), Some(refused)) = charges
            && charge != refused
        {
            let what = "requested again with another charge than the last that was refused";
            flags.push(self.again(&AGAIN_OTHER_CHARGE, what, before, last));
        }
    }

    /// Which of the first refusals are those of the requester of a request.
    fn own(&self, request: &Request, before: usize) -> &[usize] {
        let requester = request.requester.as_ref();
        let places = requester.and_then(|requester| self.of_requester.get(requester.key.as_str()));
        let own = places.map(|places| {
            let count = places.partition_point(|place| *place < before);
            &places[..count]
        });
        own.unwrap_or_default()
    }

    fn again(&self, rule: &'static Rule, what: &str, count: usize, last: usize) -> HistoryFlag {
        let last = self.all[last].request;
        let refusals = match count {
            1 => "1 earlier request for this subject was refused".to_owned(),
            _ => format!("{count} earlier requests for this subject were refused"),
        };
        let requester = last.requester.as_ref();
        let requester =
            requester.map_or("a requester who is not named", |name| name.shown.as_str());
        let day = match last.refused_on {
            Some(day) => format!("on {day}"),
            None => "on a day that is not given".to_owned(),
        };
        HistoryFlag {
            rule,
            reason: format!(
                "{what}: {refusals}, the last one {} of {requester}, {day}",
                last.id
            ),
            occurrences: count,
        }
    }
}

/// A refused request and what comes after it; none where neither day is known.
fn refusal(request: &Request) -> Option<Refusal<'_>> {
    let day_after = request.requested.map(|day| day.succ_opt().unwrap_or(day));
    // The later of the two; a day that is known is later than one that is not.
    let after = request.refused_on.max(day_after)?;
    Some(Refusal { after, request })
}

/// Whether both have the same requester; who is not named is nobody's like.
fn same_requester(a: &Request, b: &Request) -> bool {
    match (&a.requester, &b.requester) {
        (Some(a), Some(b)) => a.key == b.key,
        _ => false,
    }
}
