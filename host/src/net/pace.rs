//! The pace of a source: how many requests a second and at the same time, how often again after a
//! failure, and how long to wait in between. It is one for the source, whichever query asks.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How a source may ask, as `sextant.toml` says it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Requests {
    /// Requests a second, on average; as many as there can be without it.
    pub per_second: Option<f64>,
    /// How many may go out at once after a rest.
    pub burst: u32,
    /// How many wait for an answer at the same time.
    pub concurrency: usize,
    /// How often a request that failed goes out again.
    pub retries: u32,
    /// Milliseconds before the second try, at most; twice as many before each further one. The time
    /// is drawn at random, so that many who failed together do not come back together.
    pub backoff_ms: u64,
    /// The most milliseconds before another try. A far side that asks for a longer wait is not asked
    /// again by this query.
    pub backoff_ms_max: u64,
    /// Whether POST goes out again as well. Only where asking twice changes nothing.
    pub retry_post: bool,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            per_second: None,
            burst: 1,
            concurrency: 8,
            retries: 3,
            backoff_ms: 500,
            backoff_ms_max: 30_000,
            retry_post: false,
        }
    }
}

/// What asking cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paced {
    /// Requests and connections, tries again included.
    pub requests: u64,
    /// Tries again.
    pub retries: u64,
    /// Waiting for a turn, and between tries.
    pub waited: Duration,
}

/// How often, and when, what failed is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    /// How often.
    pub(super) retries: u32,
    /// Milliseconds before the second try, at most; twice as many before each further one.
    pub(super) wait_ms: u64,
    /// The most milliseconds before another try.
    pub(super) wait_ms_max: u64,
}

impl Backoff {
    /// Waits before try `again`, counted from 1, and says how long it was; none where there is to be none.
    pub(super) async fn wait(self, again: u32, asked_for: Option<Duration>) -> Option<Duration> {
        let max = Duration::from_millis(self.wait_ms_max);
        if again > self.retries || asked_for.is_some_and(|wait| wait > max) {
            return None;
        }
        let doubled = 1_u64.checked_shl(again - 1).unwrap_or(u64::MAX);
        let backoff = Duration::from_millis(self.wait_ms.saturating_mul(doubled)).min(max);
        let wait = asked_for.unwrap_or_default() + backoff.mul_f64(random());
        tokio::time::sleep(wait).await;
        Some(wait)
    }
}

/// Gives turns.
pub(super) struct Pace {
    config: Requests,
    places: Arc<Semaphore>,
    bucket: Mutex<Bucket>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

/// A token bucket that may be overdrawn: a request takes its token at once and waits until it is
/// there, so that turns are given in the order in which they were asked for.
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Pace {
    pub(super) fn new(config: &Requests) -> Result<Self> {
        let is_rate = |rate: f64| rate.is_finite() && rate > 0.0;
        if config.per_second.is_some_and(|rate| !is_rate(rate)) {
            return Err(Error::config("per_second: expected a number above 0"));
        }
        if config.burst == 0 || config.concurrency == 0 {
            return Err(Error::config("burst, concurrency: expected at least 1"));
        }
        Ok(Self {
            places: Arc::new(Semaphore::new(
                config.concurrency.min(Semaphore::MAX_PERMITS),
            )),
            bucket: Mutex::new(Bucket {
                tokens: f64::from(config.burst),
                filled: Instant::now(),
            }),
            config: config.clone(),
        })
    }

    /// Waits for a turn. It lasts until what is given is dropped.
    pub(super) async fn turn(&self, paced: &mut Paced) -> Result<OwnedSemaphorePermit> {
        let asked = Instant::now();
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|error| Error::internal(error.to_string()))?;
        if let Some(rate) = self.config.per_second {
            tokio::time::sleep(self.take_token(rate)).await;
        }
        paced.requests += 1;
        paced.waited += asked.elapsed();
        Ok(place)
    }

    /// Takes a token, and says how long it takes until there is one.
    fn take_token(&self, rate: f64) -> Duration {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let filled = bucket.tokens + now.duration_since(bucket.filled).as_secs_f64() * rate;
        bucket.tokens = filled.min(f64::from(self.config.burst)) - 1.0;
        bucket.filled = now;
        Duration::from_secs_f64((-bucket.tokens / rate).max(0.0))
    }

    /// Waits before try `again`, counted from 1, and says whether there is to be one.
    pub(super) async fn again(
        &self,
        again: u32,
        asked_for: Option<Duration>,
        paced: &mut Paced,
    ) -> bool {
        let backoff = Backoff {
            retries: self.config.retries,
            wait_ms: self.config.backoff_ms,
            wait_ms_max: self.config.backoff_ms_max,
        };
        let Some(waited) = backoff.wait(again, asked_for).await else {
            return false;
        };
        paced.retries += 1;
        paced.waited += waited;
        true
    }

    /// Whether a request that was sent may be sent again.
    pub(super) fn may_repeat(&self, method: &reqwest::Method) -> bool {
        match *method {
            reqwest::Method::GET | reqwest::Method::HEAD => true,
            reqwest::Method::POST => self.config.retry_post,
            _ => false,
        }
    }
}

/// The error of the last of so many tries.
pub(super) fn last_of(tries: u32, error: Error) -> Error {
    match tries {
        1 => error,
        _ => error.context(format!("the last of {tries} tries")),
    }
}

/// A number from 0 to 1.
fn random() -> f64 {
    // Without randomness there is still the wait.
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn pace(config: Requests) -> Pace {
        Pace::new(&config).unwrap()
    }

    #[test]
    fn tokens_come_at_their_rate() {
        let pace = pace(Requests {
            per_second: Some(10.0),
            burst: 3,
            ..Requests::default()
        });
        let waits: Vec<_> = (0..5).map(|_| pace.take_token(10.0).as_millis()).collect();
        assert_eq!(waits[..3], [0, 0, 0]);
        assert!((90..=100).contains(&waits[3]), "{waits:?}");
        assert!((190..=200).contains(&waits[4]), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_and_wait_in_between() {
        let pace = pace(Requests {
            retries: 2,
            backoff_ms: 100,
            backoff_ms_max: 1_000,
            ..Requests::default()
        });
        let mut paced = Paced::default();
        let second = Some(Duration::from_secs(1));
        assert!(pace.again(1, None, &mut paced).await);
        assert!(paced.waited <= Duration::from_millis(100));
        assert!(pace.again(2, second, &mut paced).await);
        assert!(paced.waited >= Duration::from_secs(1));
        assert!(!pace.again(3, None, &mut paced).await);
        let longer = Some(Duration::from_millis(1_001));
        assert!(!pace.again(1, longer, &mut paced).await);
        assert_eq!(paced.retries, 2);
    }

    /// Many who failed together do not come back together.
    #[tokio::test(start_paused = true)]
    async fn waits_are_drawn_at_random_and_grow() {
        let backoff = Backoff {
            retries: 9,
            wait_ms: 1_000,
            wait_ms_max: 20_000,
        };
        for (again, most) in [(1, 1), (3, 4), (9, 20)] {
            let most = Duration::from_secs(most);
            let mut waits = BTreeSet::new();
            for _ in 0..50 {
                waits.insert(backoff.wait(again, None).await.unwrap());
            }
            assert!(waits.len() > 40, "{waits:?}");
            let (first, last) = (waits.first().unwrap(), waits.last().unwrap());
            assert!(
                *first < most / 2 && *last > most / 2 && *last <= most,
                "{waits:?}"
            );
        }
    }

    #[tokio::test]
    async fn places_are_given_back() {
        let pace = pace(Requests {
            concurrency: 1,
            ..Requests::default()
        });
        let mut paced = Paced::default();
        let turn = pace.turn(&mut paced).await.unwrap();
        assert_eq!(pace.places.available_permits(), 0);
        drop(turn);
        drop(pace.turn(&mut paced).await.unwrap());
        assert_eq!(paced.requests, 2);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (per_second, burst, concurrency) in [
            (Some(0.0), 1, 1),
            (Some(f64::NAN), 1, 1),
            (Some(-1.0), 1, 1),
            (None, 0, 1),
            (None, 1, 0),
        ] {
            let config = Requests {
                per_second,
                burst,
                concurrency,
                ..Requests::default()
            };
            assert!(Pace::new(&config).unwrap_err().is_config());
        }
    }
}
