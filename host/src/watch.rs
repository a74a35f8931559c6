//! Watching: file events become "rescan", and nothing more. What they say is not believed; what is
//! on disk is the truth, and it is looked at now and then even when nothing is heard.

use crate::error::{Error, Result};
use crate::registry::Registry;
use notify::{RecursiveMode, Watcher as _};
use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// Watches a registry's workspace until it is dropped.
pub struct Watcher {
    /// Dropping it ends the thread, whose channel then has no sender.
    events: Option<notify::RecommendedWatcher>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl Watcher {
    /// Starts watching.
    pub fn start(registry: &Arc<Registry>) -> Result<Self> {
        // One place: an event while another waits says nothing new.
        let (send, receive) = mpsc::sync_channel::<()>(1);
        let watching = |error: notify::Error| Error::io(format!("watching the workspace: {error}"));
        let mut events = notify::recommended_watcher(move |_| {
            // Full means that a rescan is due already; gone means that nobody watches any more.
            let _ = send.try_send(());
        })
        .map_err(watching)?;
        let workspace = registry.workspace();
        events
            .watch(&workspace.bundles(), RecursiveMode::NonRecursive)
            .map_err(watching)?;
        events
            .watch(workspace.root(), RecursiveMode::NonRecursive)
            .map_err(watching)?;
        let registry = Arc::clone(registry);
        let thread = std::thread::Builder::new().name("sextant-watch".to_owned());
        let thread = thread.spawn(move || run(&registry, &receive))?;
        Ok(Self {
            events: Some(events),
            thread: Some(thread),
        })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.events = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            let _ = thread.join();
        }
    }
}

fn run(registry: &Registry, events: &mpsc::Receiver<()>) {
    let regular = Duration::from_millis(registry.engine().limits().rescan_ms);
    let mut wait = regular;
    loop {
        if let Err(mpsc::RecvTimeoutError::Disconnected) = events.recv_timeout(wait) {
            return;
        }
        wait = match registry.rescan() {
            Ok(again) => again.unwrap_or(regular),
            Err(error) => {
                tracing::warn!("{error}; what was loaded before stays");
                regular
            }
        };
    }
}
