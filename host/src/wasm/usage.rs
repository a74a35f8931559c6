//! What instances used: calls, time, rows, bytes and memory, for each thing of a plugin that a query
//! calls (a function, a table of a source).

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

macro_rules! usage {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// What was used.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Usage {
            $($(#[doc = $doc])+ pub $name: u64,)*
            /// The most memory that one instance held, in bytes.
            pub memory_bytes_peak: u64,
        }

        /// A running account.
        #[derive(Debug, Default)]
        pub(super) struct Account {
            $($name: AtomicU64,)*
            memory_bytes_peak: AtomicU64,
        }

        impl Usage {
            /// Everything that is counted and was used, by name: no source is passed rows, and no
            /// function makes requests.
            pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
                let counts = [$((stringify!($name), self.$name),)*];
                counts.into_iter().filter(|&(_, count)| count > 0)
            }

            pub(super) fn add(&mut self, more: &Self) {
                $(self.$name += more.$name;)*
                self.memory_bytes_peak = self.memory_bytes_peak.max(more.memory_bytes_peak);
            }
        }

        impl Account {
            pub(super) fn add(&self, more: &Usage) {
                $(self.$name.fetch_add(more.$name, Ordering::Relaxed);)*
                self.memory_bytes_peak.fetch_max(more.memory_bytes_peak, Ordering::Relaxed);
            }

            fn read(&self) -> Usage {
                Usage {
                    $($name: self.$name.load(Ordering::Relaxed),)*
                    memory_bytes_peak: self.memory_bytes_peak.load(Ordering::Relaxed),
                }
            }
        }
    };
}

usage! {
    /// Instances.
    instances,
    /// Calls into them.
    calls,
    /// Nanoseconds in which they were at work, host functions that do not wait included.
    guest_ns,
    /// Nanoseconds in which they waited for the host: for inputs and the network.
    host_ns,
    /// Requests and connections over the network, tries again included.
    requests,
    /// Tries again.
    retries,
    /// Nanoseconds in which requests waited for their turn, and between tries.
    paced_ns,
    /// Rows passed to them.
    rows_in,
    /// Bytes passed to them.
    bytes_in,
    /// Rows they emitted.
    rows_out,
    /// Bytes they emitted.
    bytes_out,
}

/// The accounts of a query, by what was called.
#[derive(Debug, Default)]
pub(super) struct Accounts(Mutex<BTreeMap<String, Arc<Account>>>);

impl Accounts {
    /// The account of a function or table.
    pub(super) fn of(&self, name: &str) -> Arc<Account> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match accounts.get(name) {
            Some(account) => Arc::clone(account),
            None => Arc::clone(accounts.entry(name.to_owned()).or_default()),
        }
    }

    pub(super) fn read(&self) -> BTreeMap<String, Usage> {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = accounts.iter();
        accounts
            .map(|(name, account)| (name.clone(), account.read()))
            .collect()
    }
}

/// A clock that runs where time is accounted for.
#[derive(Clone, Copy)]
pub(super) struct Stopwatch(Option<Instant>);

impl Stopwatch {
    pub(super) fn start(is_accounted: bool) -> Self {
        Self(is_accounted.then(Instant::now))
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |started| started.elapsed())
    }
}

/// A call and how long it was at work: the time between its turns is not its own.
pub(super) async fn timed<T>(is_accounted: bool, call: impl Future<Output = T>) -> (T, Duration) {
    let mut call = pin!(call);
    let mut spent = Duration::ZERO;
    std::future::poll_fn(move |context| {
        let stopwatch = Stopwatch::start(is_accounted);
        let polled = call.as_mut().poll(context);
        spent += stopwatch.elapsed();
        match polled {
            Poll::Ready(result) => Poll::Ready((result, spent)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
