//! `sextant doctor`: looks at everything that a workspace and its plugins need, and says what is wrong
//! and how to mend it.

use super::output::visible;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::limits::Limits;
use crate::wasm::{Plugin, Scope};
use crate::workspace::Workspace;
use std::path::Path;
use std::process::Command;

/// The oldest compiler that builds plugins.
const RUST_MIN: (u64, u64) = (1, 95);
const TARGET: &str = "wasm32-wasip2";

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    failed: usize,
}

impl Findings {
    fn ok(&mut self, what: &str) {
        println!("ok      {}", visible(what));
    }

    fn note(&mut self, what: &str, hint: &str) {
        println!("note    {}", visible(what));
        println!("        {}", visible(hint));
    }

    fn failed(&mut self, what: &str, error: &Error) {
        self.failed += 1;
        println!("failed  {}: {}", visible(what), visible(&error.to_string()));
        if let Some(hint) = error.hint() {
            println!("        {}", visible(hint));
        }
    }
}

pub(super) fn run(workspace: Option<&Path>) -> Result<()> {
    let mut findings = Findings::default();
    toolchain(&mut findings);
    match Workspace::find(workspace).and_then(Host::open) {
        Ok(host) => inspect(&host, &mut findings),
        Err(error) => findings.failed("workspace", &error),
    }
    match findings.failed {
        0 => Ok(()),
        1 => Err(Error::config("1 thing is wrong")),
        count => Err(Error::config(format!("{count} things are wrong"))),
    }
}

/// What building plugins needs; whoever only runs them can do without.
fn toolchain(findings: &mut Findings) {
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(version) = output("cargo", &["--version"]) else {
        return findings.note(
            "there is no cargo: plugins can be run, and not built",
            "install Rust: https://rustup.rs",
        );
    };
    let number = version.split(' ').nth(1).and_then(|number| {
        let mut parts = number.split('.').map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??))
    });
    match number {
        Some(number) if number >= RUST_MIN => findings.ok(&version),
        _ => findings.note(
            &format!("{version} is older than {}.{}", RUST_MIN.0, RUST_MIN.1),
            "rustup update",
        ),
    }
    let libraries = output("rustc", &["--print", "target-libdir", "--target", TARGET]);
    match libraries.is_some_and(|folder| Path::new(&folder).is_dir()) {
        true => findings.ok(&format!("target {TARGET}")),
        false => findings.note(
            &format!("target {TARGET} is not installed"),
            &format!("`sextant plugin build` installs it, as does: rustup target add {TARGET}"),
        ),
    }
}

fn inspect(host: &Host, findings: &mut Findings) {
    findings.ok(&format!("workspace {}", host.workspace().root().display()));
    limits(host.limits(), findings);
    let snapshot = host.snapshot();
    if snapshot.plugins().is_empty() {
        findings.note("there are no plugins", "put bundles into bundles/");
    }
    for (name, entry) in snapshot.plugins() {
        match (&entry.plugin, &entry.error) {
            (Some(plugin), None) => findings.ok(&format!(
                "plugin {name} {} {}",
                plugin.manifest().version,
                plugin.digest().short()
            )),
            (_, Some(error)) => findings.failed(&format!("plugin {name}"), error),
            (None, None) => {}
        }
        if let Some(plugin) = &entry.plugin {
            grants(plugin, findings);
        }
        for ignored in &entry.ignored {
            findings.note(
                &format!(
                    "{} has plugin {name} too, and is not used",
                    ignored.display()
                ),
                "remove the file, or give it a higher version",
            );
        }
    }
    for name in host
        .workspace()
        .config()
        .map(|c| c.plugins)
        .unwrap_or_default()
        .keys()
    {
        if !snapshot.plugins().contains_key(name) {
            findings.note(
                &format!("[plugin.{name}] in sextant.toml is of no plugin that is there"),
                "put its bundle into bundles/, or remove the section",
            );
        }
    }
    for source in snapshot.sources().values() {
        let what = format!("source {}", source.name());
        let scope = Scope::new(host.limits());
        match host.block_on(source.tables(&scope)) {
            Err(error) => findings.failed(&what, &error),
            Ok(tables) => {
                let problems: Vec<_> = tables.iter().filter(|t| t.problem.is_some()).collect();
                if problems.is_empty() {
                    findings.ok(&format!("{what}: {} tables", tables.len()));
                }
                for table in problems {
                    if let Some(problem) = &table.problem {
                        findings
                            .failed(&format!("table {}.{}", source.name(), table.name), problem);
                    }
                }
            }
        }
        if scope.warnings().0.is_empty() {
            continue;
        }
        for warning in scope.warnings().0 {
            findings.note(&format!("{what}: {warning}"), "see the plugin's README");
        }
    }
}

/// Whether a plugin is granted what its bundle declares, and no more.
fn grants(plugin: &Plugin, findings: &mut Findings) {
    let (name, limits) = (plugin.name(), plugin.instance_limits());
    let declared = plugin.manifest().limits;
    if limits.wants_more() {
        findings.note(
            &format!("plugin {name} declares that it may need {declared}; it has {limits}"),
            &format!(
                "grant it in sextant.toml, under [plugin.{name}.limits], where its work needs it"
            ),
        );
    }
    if limits.granted_in_vain() {
        findings.note(
            &format!("plugin {name} is granted {}; it has {limits}", plugin.grant()),
            "what its bundle does not declare is not given: lower the grant, or ask for a bundle that declares more",
        );
    }
}

/// Whether the machine has what the limits let queries take.
fn limits(limits: &Limits, findings: &mut Findings) {
    let memory = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
            line.split_whitespace().nth(1)?.parse::<usize>().ok()
        });
    match memory.map(|kilobytes| kilobytes << 10) {
        Some(bytes) if limits.query_memory_bytes_max > bytes => findings.note(
            &format!(
                "queries may take {} bytes of memory, and the machine has {bytes}",
                limits.query_memory_bytes_max
            ),
            "lower limits.query_memory_bytes_max in sextant.toml",
        ),
        _ => findings.ok(&format!(
            "limits: {} bytes of memory for queries, {} for an instance",
            limits.query_memory_bytes_max, limits.guest_memory_bytes_max
        )),
    }
}
