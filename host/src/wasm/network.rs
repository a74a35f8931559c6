//! The contract's `http`, `tcp` and `secret`: what a source was granted of the network. While a call
//! waits for the far side its own time stands still; that wait has a bound of its own.

use super::api::v0_1::{http, secret, tcp, types};
use super::describe::error_to_guest;
use super::input::OpenReader;
use super::state::{Role, State};
use crate::error::{Error, Result};
use crate::net::{self, Network, Paced};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use wasmtime::component::Resource;

/// How long a call has waited for the far side so far.
#[derive(Debug, Default)]
pub(super) struct FarWait(Mutex<(Duration, Option<Instant>)>);

impl FarWait {
    /// Begins the count of another call.
    pub(super) fn reset(&self) {
        *self.lock() = (Duration::ZERO, None);
    }

    /// How long, with the wait that goes on.
    pub(super) fn total(&self) -> Duration {
        let (total, since) = *self.lock();
        total + since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Waits until what is given is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Waiting {
        self.lock().1 = Some(Instant::now());
        Waiting(Arc::clone(self))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Duration, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that goes on.
pub(super) struct Waiting(Arc<FarWait>);

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut wait = self.0.lock();
        if let Some(since) = wait.1.take() {
            wait.0 += since.elapsed();
        }
    }
}

/// The host's side of the contract's `connection`.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenConnection(net::TcpConnection);

impl State {
    fn network(&self) -> Result<Arc<Network>> {
        match &self.role {
            Role::Source(settings) => Ok(Arc::clone(&settings.network)),
            Role::Functions(..) => Err(Error::denied("functions have no network")),
        }
    }

    /// Does what waits for the far side, and accounts for it.
    async fn waits_for<T>(&mut self, work: impl Future<Output = (Paced, T)>) -> T {
        let stopwatch = self.stopwatch();
        let waiting = self.far.begin();
        let (paced, done) = work.await;
        drop(waiting);
        self.waited(stopwatch);
        self.call.requests += paced.requests;
        self.call.retries += paced.retries;
        self.call.paced_ns += paced.waited.as_nanos() as u64;
        done
    }

    async fn send_request(&mut self, request: http::Request) -> Result<http::Response> {
        self.check_streams()?;
        let network = self.network()?;
        let request = net::HttpRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout: request
                .timeout_ms
                .map(|ms| Duration::from_millis(ms.into())),
        };
        let sending = async move {
            let mut paced = Paced::default();
            let sent = network.send(request, &mut paced).await;
            (paced, sent)
        };
        let response = self.waits_for(sending).await?;
        let body = self.push_reader(OpenReader::from_afar(response.body))?;
        Ok(http::Response {
            status: response.status,
            headers: response.headers,
            body,
        })
    }

    async fn open_connection(&mut self, grant: String) -> Result<Resource<OpenConnection>> {
        let limit = self.scope.limits().tcp_connections_max;
        if self.open_connections >= limit {
            return Err(Error::over_limit(
                "connections open at the same time",
                self.open_connections + 1,
                limit,
                "tcp_connections_max",
            ));
        }
        let network = self.network()?;
        let connecting = async move {
            let mut paced = Paced::default();
            let connected = network.connect(&grant, &mut paced).await;
            (paced, connected)
        };
        let connection = self.waits_for(connecting).await?;
        self.open_connections += 1;
        self.resources
            .push(OpenConnection(connection))
            .map_err(|error| Error::limit(error.to_string()))
    }
}

impl http::Host for State {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, types::Error>> {
        Ok(self.send_request(request).await.map_err(error_to_guest))
    }
}

impl tcp::Host for State {
    async fn connect(
        &mut self,
        grant: String,
    ) -> wasmtime::Result<Result<Resource<OpenConnection>, types::Error>> {
        Ok(self.open_connection(grant).await.map_err(error_to_guest))
    }
}

/// Calls a connection, which is away from the table for as long.
macro_rules! on_connection {
    ($state:expr, $connection:expr, $open:ident => $call:expr) => {{
        let stopwatch = $state.stopwatch();
        let waiting = $state.far.begin();
        let $open = &mut $state.resources.get_mut(&$connection)?.0;
        let done = $call.await;
        drop(waiting);
        $state.waited(stopwatch);
        Ok(done.map_err(error_to_guest))
    }};
}

impl tcp::HostConnection for State {
    async fn read(
        &mut self,
        connection: Resource<OpenConnection>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Error>> {
        let max = (max as usize).clamp(1, self.scope.limits().input_read_bytes_max);
        on_connection!(self, connection, open => open.read(max))
    }

    async fn write(
        &mut self,
        connection: Resource<OpenConnection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), types::Error>> {
        on_connection!(self, connection, open => open.write(&bytes))
    }

    async fn start_tls(
        &mut self,
        connection: Resource<OpenConnection>,
    ) -> wasmtime::Result<Result<(), types::Error>> {
        on_connection!(self, connection, open => open.start_tls())
    }

    async fn drop(&mut self, connection: Resource<OpenConnection>) -> wasmtime::Result<()> {
        self.resources.delete(connection)?;
        self.open_connections -= 1;
        Ok(())
    }
}

impl secret::Host for State {
    async fn user(&mut self, name: String) -> wasmtime::Result<Result<String, types::Error>> {
        let user = self
            .network()
            .and_then(|network| network.secret_user(&name));
        Ok(user.map_err(error_to_guest))
    }

    async fn scram_sha256(
        &mut self,
        name: String,
        salt: Vec<u8>,
        iterations: u32,
        auth_message: String,
    ) -> wasmtime::Result<Result<secret::ScramProof, types::Error>> {
        let network = self.network();
        let prove = move || network?.scram_sha256(&name, &salt, iterations, &auth_message);
        let proof = spawn_blocking(prove).await.map_err(wasmtime::Error::new)?;
        let proof = proof.map(|proof| secret::ScramProof {
            client_proof: proof.client_proof,
            server_signature: proof.server_signature,
        });
        Ok(proof.map_err(error_to_guest))
    }
}
