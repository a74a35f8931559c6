//! The one integration binary. Everything goes through `Host`, SQL or the command line.

// The code itself: fences between rooms, the direction of imports, the contract's guests.
mod architecture;
// Broken and lying bundles are refused, each with its reason.
mod bundles;
// Every attack of the hostile plugin ends one query and nothing else.
mod attacks;
// What instances may take, and who says so.
mod limits;
// Replacing, breaking and removing bundles while queries run.
mod reload;
// Cancelling what runs.
mod cancel;
// What sources read: files, globs, archives and compressed streams, sound, broken and hostile.
mod inputs;
// What sources reach over the network, and what keeps them from the rest of it.
mod network;
// Inputs on web servers and in object stores.
mod stores;
// Joins with tables that are asked by key.
mod key_lookups;
// Look-ups of the plugin `find` against the local gateway.
mod find;
// The files that plugins bring along as examples.
mod examples;
// Plugins that read files, on sound and on broken ones.
mod file_sources;
// Sweeps of the plugin `interpol` over a local server that behaves like the API.
mod interpol;
// The plugin `postgres` against a real server.
mod postgres;
// Behaviour of SQL, as golden files.
mod sql;
// Geometry of plugins and files, sound, broken and hostile.
mod spatial;
// What the command prints, as snapshots, and its exit codes.
mod cli;
// Testing and measuring plugins.
mod plugin_tools;
// A new plugin from the scaffold, tested, built and loaded.
mod scaffold;
// The real lists, where they are there.
mod real_data;
