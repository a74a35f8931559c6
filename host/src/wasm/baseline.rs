//! The inert baseline: the parts of WASI that Rust's standard library imports whether or not they
//! are used. They answer, and give nothing: no arguments, no environment, no files, closed input.
//! Output goes to the log. Clocks show when the query began, random numbers come from a fixed seed,
//! so that what a function says depends on its arguments alone.
//!
//! Interfaces are linked under the very names, version included, that a component imports.

use super::state::{Role, State};
use crate::error::Error;
use std::time::{Duration, UNIX_EPOCH};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType};
use wasmtime::{Engine, Result, StoreContextMut, bail};

struct InputStream;
struct OutputStream;
struct Pollable;
struct IoError;
struct Terminal;
struct Descriptor;

const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// How much an output stream takes at a time.
const WRITE_BYTES_MAX: u64 = 4096;

#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "nothing here fails, but the type has two cases")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

type Call<'a> = StoreContextMut<'a, State>;
type Streamed<T> = Result<(std::result::Result<T, StreamError>,)>;

/// Links the interface that a component imports under `name`; false where it is none of ours.
pub(super) fn link(
    linker: &mut Linker<State>,
    engine: &Engine,
    name: &str,
    item: &ComponentItem,
) -> Result<bool> {
    let interface = name.split('@').next().unwrap_or_default();
    let Some(interface) = interface.strip_prefix("wasi:") else {
        return Ok(false);
    };
    let ComponentItem::ComponentInstance(exports) = item else {
        return Ok(false);
    };
    let mut instance = linker.instance(name)?;
    for (name, item) in exports.exports(engine) {
        if let ComponentItem::Resource(_) = item.ty {
            resource(&mut instance, name)?;
        }
    }
    match interface {
        "cli/environment" => environment(&mut instance)?,
        "cli/exit" => exit(&mut instance)?,
        "cli/stdin" => {
            instance.func_wrap("get-stdin", |_: Call<'_>, (): ()| {
                Ok((Resource::<InputStream>::new_own(0),))
            })?;
        }
        "cli/stdout" => {
            instance.func_wrap("get-stdout", |_: Call<'_>, (): ()| {
                Ok((Resource::<OutputStream>::new_own(STDOUT),))
            })?;
        }
        "cli/stderr" => {
            instance.func_wrap("get-stderr", |_: Call<'_>, (): ()| {
                Ok((Resource::<OutputStream>::new_own(STDERR),))
            })?;
        }
        "cli/terminal-stdin" => no_terminal(&mut instance, "get-terminal-stdin")?,
        "cli/terminal-stdout" => no_terminal(&mut instance, "get-terminal-stdout")?,
        "cli/terminal-stderr" => no_terminal(&mut instance, "get-terminal-stderr")?,
        "clocks/monotonic-clock" => monotonic_clock(&mut instance)?,
        "clocks/wall-clock" => wall_clock(&mut instance)?,
        "filesystem/preopens" => {
            instance.func_wrap("get-directories", |_: Call<'_>, (): ()| {
                Ok((Vec::<(Resource<Descriptor>, String)>::new(),))
            })?;
        }
        "io/error" => {
            instance.func_wrap(
                "[method]error.to-debug-string",
                |_: Call<'_>, _: (Resource<IoError>,)| Ok((String::new(),)),
            )?;
        }
        "io/poll" => poll(&mut instance)?,
        "io/streams" => {
            input_stream(&mut instance)?;
            output_stream(&mut instance)?;
        }
        "random/random" | "random/insecure" | "random/insecure-seed" => random(&mut instance)?,
        "cli/terminal-input" | "cli/terminal-output" => {}
        // Without preopened folders nothing reaches the file system; its functions trap.
        "filesystem/types" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// A resource by its name, which interfaces share by using each other's.
fn resource(instance: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
    let own = match name {
        "error" => ResourceType::host::<IoError>(),
        "pollable" => ResourceType::host::<Pollable>(),
        "input-stream" => ResourceType::host::<InputStream>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        "terminal-input" | "terminal-output" => ResourceType::host::<Terminal>(),
        _ => ResourceType::host::<Descriptor>(),
    };
    instance.resource(name, own, |_, _| Ok(()))
}

fn environment(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap("get-environment", |_: Call<'_>, (): ()| {
        Ok((Vec::<(String, String)>::new(),))
    })?;
    instance.func_wrap("get-arguments", |_: Call<'_>, (): ()| {
        Ok((Vec::<String>::new(),))
    })?;
    instance.func_wrap("initial-cwd", |_: Call<'_>, (): ()| Ok((None::<String>,)))
}

fn exit(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap(
        "exit",
        |_: Call<'_>, _: (std::result::Result<(), ()>,)| -> Result<()> {
            bail!(Error::trap("the plugin called exit"))
        },
    )
}

fn no_terminal(instance: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
    instance.func_wrap(name, |_: Call<'_>, (): ()| {
        Ok((None::<Resource<Terminal>>,))
    })
}

/// Nanoseconds since the query began, for sources, which have rates to keep. For functions time
/// stands still.
fn monotonic(call: &Call<'_>) -> u64 {
    let (started, _) = call.data().scope.started();
    match call.data().role {
        Role::Functions(..) => 0,
        Role::Source(..) => started.elapsed().as_nanos() as u64,
    }
}

fn monotonic_clock(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap("now", |call: Call<'_>, (): ()| Ok((monotonic(&call),)))?;
    instance.func_wrap("resolution", |_: Call<'_>, (): ()| Ok((1_000_000_u64,)))?;
    let subscribe = |_: Call<'_>, _: (u64,)| Ok((Resource::<Pollable>::new_own(0),));
    instance.func_wrap("subscribe-instant", subscribe)?;
    instance.func_wrap("subscribe-duration", subscribe)
}

fn wall_clock(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap("now", |call: Call<'_>, (): ()| {
        let (_, started) = call.data().scope.started();
        let since = started.duration_since(UNIX_EPOCH).unwrap_or_default()
            + Duration::from_nanos(monotonic(&call));
        Ok((Datetime {
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos(),
        },))
    })?;
    instance.func_wrap("resolution", |_: Call<'_>, (): ()| {
        Ok((Datetime {
            seconds: 0,
            nanoseconds: 1_000_000,
        },))
    })
}

/// Nothing ever has to be waited for, so everything is ready. A guest that waits for time to pass
/// spins until its call's deadline.
fn poll(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap(
        "[method]pollable.ready",
        |_: Call<'_>, _: (Resource<Pollable>,)| Ok((true,)),
    )?;
    instance.func_wrap(
        "[method]pollable.block",
        |_: Call<'_>, _: (Resource<Pollable>,)| Ok(()),
    )?;
    instance.func_wrap("poll", |_: Call<'_>, (all,): (Vec<Resource<Pollable>>,)| {
        Ok(((0..all.len() as u32).collect::<Vec<_>>(),))
    })
}

fn input_stream(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    let read = |_: Call<'_>, _: (Resource<InputStream>, u64)| -> Streamed<Vec<u8>> {
        Ok((Err(StreamError::Closed),))
    };
    let skip = |_: Call<'_>, _: (Resource<InputStream>, u64)| -> Streamed<u64> {
        Ok((Err(StreamError::Closed),))
    };
    instance.func_wrap("[method]input-stream.read", read)?;
    instance.func_wrap("[method]input-stream.blocking-read", read)?;
    instance.func_wrap("[method]input-stream.skip", skip)?;
    instance.func_wrap("[method]input-stream.blocking-skip", skip)?;
    instance.func_wrap(
        "[method]input-stream.subscribe",
        |_: Call<'_>, _: (Resource<InputStream>,)| Ok((Resource::<Pollable>::new_own(0),)),
    )
}

fn output_stream(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    let write =
        |mut call: Call<'_>, (_, bytes): (Resource<OutputStream>, Vec<u8>)| -> Streamed<()> {
            call.data_mut().write_stdio(&bytes);
            Ok((Ok(()),))
        };
    let flush = |_: Call<'_>, _: (Resource<OutputStream>,)| -> Streamed<()> { Ok((Ok(()),)) };
    instance.func_wrap(
        "[method]output-stream.check-write",
        |_: Call<'_>, _: (Resource<OutputStream>,)| -> Streamed<u64> { Ok((Ok(WRITE_BYTES_MAX),)) },
    )?;
    instance.func_wrap("[method]output-stream.write", write)?;
    instance.func_wrap("[method]output-stream.blocking-write-and-flush", write)?;
    instance.func_wrap("[method]output-stream.flush", flush)?;
    instance.func_wrap("[method]output-stream.blocking-flush", flush)?;
    instance.func_wrap(
        "[method]output-stream.subscribe",
        |_: Call<'_>, _: (Resource<OutputStream>,)| Ok((Resource::<Pollable>::new_own(0),)),
    )
}

/// Seeds hash maps, mostly. The same numbers in every instance: SplitMix64 (Steele, Lea and Flood
/// 2014) from a fixed seed.
fn random(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    let bytes = |call: Call<'_>, (count,): (u64,)| {
        let limit = call.data().scope.limits().random_bytes_max;
        if count > limit {
            bail!(Error::over_limit(
                "random bytes asked for in one call",
                count,
                limit,
                "random_bytes_max"
            ));
        }
        let words = (0..count.div_ceil(8)).flat_map(|i| split_mix(i).to_le_bytes());
        Ok((words.take(count as usize).collect::<Vec<_>>(),))
    };
    let word = |_: Call<'_>, (): ()| Ok((split_mix(0),));
    instance.func_wrap("get-random-bytes", bytes)?;
    instance.func_wrap("get-random-u64", word)?;
    instance.func_wrap("get-insecure-random-bytes", bytes)?;
    instance.func_wrap("get-insecure-random-u64", word)?;
    instance.func_wrap("insecure-seed", |_: Call<'_>, (): ()| {
        Ok(((split_mix(1), split_mix(2)),))
    })
}

fn split_mix(position: u64) -> u64 {
    let z = (position + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
