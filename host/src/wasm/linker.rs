//! What an instance is linked to. Function instances get no I/O and only synchronous imports, since
//! SQL calls them synchronously: whatever else a component imports answers "denied". Source instances
//! get inputs and network, which know what the source was granted.

use super::api::v0_1::{self, input};
use super::baseline;
use super::engine::Engine;
use super::input::OpenReader;
use super::state::State;
use crate::error::{Error, Result};
use wasmtime::component::types::{ComponentItem, ResourceType as ImportedResource};
use wasmtime::component::{
    Component, HasSelf, Linker, LinkerInstance, Resource, ResourceType, Val,
};

/// A linker for the functions of a component.
pub(super) fn for_functions(engine: &Engine, component: &Component) -> Result<Linker<State>> {
    link(engine, component, false).map_err(internal)
}

/// A linker for the source of a component.
pub(super) fn for_source(engine: &Engine, component: &Component) -> Result<Linker<State>> {
    link(engine, component, true).map_err(internal)
}

fn internal(error: wasmtime::Error) -> Error {
    Error::contract(format!("the component cannot be linked: {error:#}"))
}

fn link(
    engine: &Engine,
    component: &Component,
    for_source: bool,
) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine.inner());
    v0_1::arrow::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    v0_1::types::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    v0_1::log::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    v0_1::report::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    if for_source {
        input::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        v0_1::http::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        v0_1::tcp::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        v0_1::secret::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    }
    let imports = component.component_type();
    for (name, item) in imports.imports(engine.inner()) {
        if baseline::link(&mut linker, engine.inner(), name, &item.ty)? {
            continue;
        }
        let interface = name
            .strip_prefix("sextant:plugin/")
            .and_then(|name| name.split('@').next());
        match interface {
            Some(interface @ ("input" | "http" | "tcp" | "secret")) if !for_source => {
                if let ComponentItem::ComponentInstance(exports) = item.ty {
                    let mut instance = linker.instance(name)?;
                    for (item_name, item) in exports.exports(engine.inner()) {
                        deny(&mut instance, interface, item_name, &item.ty)?;
                    }
                }
            }
            // The body of a response is a reader of `input`, which the bindings define there alone.
            Some("http") => {
                let reader = ResourceType::host::<OpenReader>();
                linker
                    .instance(name)?
                    .resource_async("reader", reader, |mut store, handle| {
                        Box::new(async move {
                            let reader = Resource::new_own(handle);
                            input::HostReader::drop(store.data_mut(), reader).await
                        })
                    })?;
            }
            _ => {}
        }
    }
    // What is left are functions of the baseline that nothing can reach, such as reading a file
    // without a folder to find it in.
    linker.define_unknown_imports_as_traps(component)?;
    Ok(linker)
}

/// Links a function of an interface that was not granted: it answers with an `unauthorized` error.
fn deny(
    instance: &mut LinkerInstance<'_, State>,
    interface: &str,
    name: &str,
    item: &ComponentItem,
) -> wasmtime::Result<()> {
    match item {
        ComponentItem::ComponentFunc(_) => {
            let message = format!("{interface} is not granted");
            instance.func_new(name, move |_, _, _, results| {
                results[0] = Val::Result(Err(Some(Box::new(unauthorized(&message)))));
                Ok(())
            })
        }
        ComponentItem::Resource(imported) => {
            // Types that the contract shares between interfaces must be the same ones.
            let own = match name {
                "reader" => ResourceType::host::<OpenReader>(),
                _ => ResourceType::host::<Denied>(),
            };
            let _: &ImportedResource = imported;
            instance.resource(name, own, |_, _| Ok(()))
        }
        _ => Ok(()),
    }
}

/// A resource that never exists, since what would make it is denied.
struct Denied;

/// The contract's `types.error`.
fn unauthorized(message: &str) -> Val {
    Val::Record(vec![
        (
            "kind".to_owned(),
            Val::Variant("unauthorized".to_owned(), None),
        ),
        ("message".to_owned(), Val::String(message.to_owned())),
        ("where".to_owned(), Val::Option(None)),
    ])
}
