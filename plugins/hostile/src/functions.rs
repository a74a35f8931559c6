//! Attacks that run inside of a function call: time, memory, stack, output, and lies about the
//! result.

use sextant_plugin_sdk::arrow_array::{ArrayRef, Int64Array, StringArray};
use sextant_plugin_sdk::arrow_schema::{DataType, Field};
use sextant_plugin_sdk::{
    Arguments, BoundScalar, Description, Error, Functions, Parameter, Result, Scalar, Signature,
    SimpleScalar, Volatility,
};
use std::hint::black_box;
use std::sync::Arc;

/// The functions: `attack(name)`, `lie(name, value)`, `edition()`, the aggregate `spoil(name, value)`,
/// the table functions `churn((rows), name)` and `pass((rows))`.
pub fn functions() -> Functions {
    let edition =
        Description::new("edition", "the edition of this component").volatility(Volatility::Stable);
    let attack = Description::new("attack", "does something bad")
        .parameter(Parameter::text("name", "what to do"))
        .volatility(Volatility::Volatile);
    let functions = Functions::new()
        .scalar(SimpleScalar::new(edition, DataType::Utf8, |arguments| {
            Ok(texts(arguments, |_| crate::edition()))
        }))
        .scalar(SimpleScalar::new(attack, DataType::Utf8, |arguments| {
            let names = arguments.strings(0)?;
            if let Some(name) = names.get(0) {
                attack_by(name)?;
            }
            Ok(texts(arguments, |_| "survived".to_owned()))
        }))
        .scalar(Lie)
        .aggregate(crate::aggregate::Spoil);
    crate::table::add(functions)
}

fn texts(arguments: &Arguments<'_>, text: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new(
        (0..arguments.rows())
            .map(|row| Some(text(row)))
            .collect::<StringArray>(),
    )
}

#[expect(clippy::print_stderr, reason = "that is one of the attacks")]
fn attack_by(name: &str) -> Result<()> {
    match name {
        "nothing" => {}
        "loop" => endless(),
        "allocate" => allocate(),
        "recurse" => {
            black_box(recurse(0));
        }
        "recurse_with_arrays" => {
            black_box(recurse_with_arrays(0));
        }
        "copy" => copy(),
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(3_600)),
        "panic" => panic!("on purpose"),
        "exit" => std::process::exit(3),
        "log" => (0..1_000_000)
            .for_each(|i| sextant_plugin_sdk::log::error!("\x1b[2J\x1b[31mline {i}\nforged: line")),
        "stderr" => (0..100_000).for_each(|i| eprintln!("line {i}")),
        "error" => return Err(Error::invalid_data("x".repeat(20 << 20))),
        "escape" => return Err(Error::invalid_data("\x1b[2J\nerror: forged")),
        "environment" => {
            return Err(Error::internal(format!(
                "{} {}",
                std::env::vars().count(),
                std::env::args().count()
            )));
        }
        "file" => {
            return Err(Error::internal(format!(
                "{:?}",
                std::fs::read("/etc/passwd").map_err(|error| error.kind())
            )));
        }
        "clock" => {
            return Err(Error::internal(format!(
                "{:?}",
                std::time::Instant::now().elapsed()
            )));
        }
        other => return Err(Error::not_found(format!("no attack {other:?}"))),
    }
    Ok(())
}

pub(crate) fn endless() {
    let mut i = 0_u64;
    while black_box(i) != u64::MAX {
        i = i.wrapping_add(2);
    }
}

pub(crate) fn allocate() {
    let mut held = Vec::new();
    loop {
        held.push(vec![1_u8; 1 << 20]);
        black_box(&held);
    }
}

/// Uses up the host's stack. What is done with the result keeps the compiler from making a loop.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        depth
    } else {
        recurse(depth + 1).rotate_left(1) ^ depth
    }
}

/// Uses up the guest's own stack in its memory.
#[expect(unconditional_recursion, reason = "that is the attack")]
fn recurse_with_arrays(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    recurse_with_arrays(depth + 1) + frame[7]
}

fn copy() {
    let mut bytes = vec![1_u8; 64 << 20];
    loop {
        let half = bytes.len() / 2;
        bytes.copy_within(..half, half);
        black_box(&bytes);
    }
}

/// A function that announces one result and gives another.
struct Lie;

impl Scalar for Lie {
    fn describe(&self) -> Description {
        Description::new("lie", "gives another result than it announces")
            .parameter(Parameter::text("name", "which lie").constant())
            .parameter(Parameter::new(
                "value",
                &[DataType::Int64],
                "what to give back",
            ))
    }

    fn bind(&self, signature: &Signature) -> Result<Box<dyn BoundScalar>> {
        Ok(Box::new(BoundLie(signature.text(0).unwrap_or_default())))
    }
}

struct BoundLie(String);

impl BoundScalar for BoundLie {
    fn output(&self) -> Field {
        Field::new("result", DataType::Int64, self.0 != "null")
    }

    fn invoke(&self, arguments: &Arguments<'_>) -> Result<ArrayRef> {
        Ok(match self.0.as_str() {
            "short" => Arc::new(Int64Array::from(vec![
                1;
                arguments.rows().saturating_sub(1)
            ])),
            "long" => Arc::new(Int64Array::from(vec![1; arguments.rows() + 1])),
            "type" => texts(arguments, |row| row.to_string()),
            "null" => Arc::new(Int64Array::from(vec![None; arguments.rows()])),
            _ => arguments.column(1),
        })
    }
}
