//! Every bound of the host, in one place. A bound is reached with an error that names it, the
//! actual value and the key here; `[limits]` in `sextant.toml` changes it.
//!
//! What an instance may take has a second key: a bundle declares what its plugin needs, and
//! `[plugin.NAME.limits]` grants it. More than the default needs both; either alone can only give
//! less ([`PluginLimits`]).

use crate::error::Error;
use serde::Deserialize;
use std::fmt;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr;)*) => {
        /// The bounds. Units stand last in the names.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

limits! {
    /// Bytes of a bundle file.
    bundle_bytes_max: u64 = 64 << 20;
    /// Bytes of a component. Compiling is bounded by what there is to compile.
    component_bytes_max: u64 = 20 << 20;
    /// Bytes of any other file in a bundle.
    bundle_entry_bytes_max: u64 = 4 << 20;
    /// Files in a bundle.
    bundle_entries_max: usize = 256;
    /// Milliseconds for compiling a component.
    compile_ms_max: u64 = 120_000;

    /// Bytes of linear memory and tables of one instance.
    guest_memory_bytes_max: usize = 256 << 20;
    /// Bytes of linear memory of all instances of one query.
    query_guest_memory_bytes_max: usize = 4 << 30;
    /// Elements of all tables of one instance.
    guest_table_elements_max: usize = 100_000;
    /// Memories, tables and core instances of one instance.
    guest_core_items_max: usize = 64;
    /// Handles and resources of one instance.
    guest_handles_max: usize = 1_000;
    /// Bytes of stack for the code of a guest.
    guest_stack_bytes_max: usize = 512 << 10;
    /// Bytes of stack for a guest and the host functions it calls.
    fiber_stack_bytes: usize = 2 << 20;
    /// Milliseconds between two looks at whether a running guest should go on.
    epoch_tick_ms: u64 = 10;
    /// Milliseconds of one call into a guest: a batch of a function, a step of a scan.
    call_ms_max: u64 = 60_000;
    /// Milliseconds of a call that describes or binds.
    describe_call_ms_max: u64 = 10_000;
    /// Bytes that a guest gets from one call to the random source.
    random_bytes_max: u64 = 64 << 10;

    /// Rows of a batch that the host asks for.
    batch_rows: usize = 8_192;
    /// Rows of a batch that a guest emits.
    batch_rows_max: usize = 1 << 20;
    /// Bytes of a batch that a guest emits, and of everything else it passes in one call.
    batch_bytes_max: usize = 128 << 20;
    /// Bytes that one instance emits, all together.
    output_bytes_max: u64 = 1 << 40;
    /// Batches that a guest emits in one step.
    step_batches_max: usize = 64;
    /// Batches without rows that a guest emits one after the other.
    empty_batches_max: usize = 1_000;
    /// How deep types may be nested.
    type_depth_max: usize = 8;

    /// Tables of a source.
    source_tables_max: usize = 10_000;
    /// Columns of a table.
    table_columns_max: usize = 4_096;
    /// Functions of a plugin.
    plugin_functions_max: usize = 1_000;
    /// Parameters of a function.
    function_parameters_max: usize = 64;
    /// Partitions of a scan.
    scan_partitions_max: usize = 100_000;
    /// Bytes of a partition token.
    partition_token_bytes_max: usize = 64 << 10;
    /// Bytes of a name.
    name_bytes_max: usize = 256;
    /// Bytes of a comment or description.
    text_bytes_max: usize = 64 << 10;
    /// Bytes of an error message of a plugin; what is longer is cut, and says so.
    message_bytes_max: usize = 4 << 10;

    /// Bytes of a log line of a plugin; what is longer is cut.
    log_line_bytes_max: usize = 4 << 10;
    /// Log lines of an instance; what comes after is counted.
    log_lines_max: usize = 1_000;
    /// Warnings that a query keeps; what comes after is counted.
    query_warnings_max: usize = 1_000;

    /// Entries of an input.
    input_entries_max: usize = 100_000;
    /// Files and folders that a glob looks at.
    input_glob_files_max: usize = 1_000_000;
    /// Bytes of the directory of an archive.
    input_directory_bytes_max: u64 = 64 << 20;
    /// Decompressed bytes of an entry, and bytes of one whose length its server does not say.
    input_decompressed_bytes_max: u64 = 1 << 40;
    /// Decompressed bytes of an entry for each of its compressed ones: all together, or those so far
    /// where nobody says how many there are. Deflate cannot do more than 1,032; registers and lists as
    /// XML or JSON rarely reach 50.
    input_decompression_ratio_max: u64 = 250;
    /// Decompressed bytes of an entry from which on that ratio counts.
    input_decompression_ratio_from_bytes: u64 = 64 << 20;
    /// Bytes of memory of a decoder, which are its window: `xz -9` needs 65 MiB, `zstd --long` 128.
    input_decoder_memory_bytes_max: u64 = 128 << 20;
    /// Bytes that a guest reads in one call.
    input_read_bytes_max: usize = 1 << 20;
    /// Streams of an instance that are open at the same time.
    input_streams_max: usize = 64;

    /// Milliseconds that a source waits for the far side of a network: for a connection, for bytes of
    /// it, and for a whole HTTP response. For the file of an input on a server, all waits together have as
    /// much for its first 64 KiB, and as much again for each further 64 KiB.
    network_wait_ms_max: u64 = 60_000;
    /// Milliseconds that one call into a source waits for the far side, tries again and turns included.
    call_wait_ms_max: u64 = 600_000;
    /// Bytes of an HTTP request.
    http_request_bytes_max: usize = 4 << 20;
    /// Bytes of the body of an HTTP response.
    http_response_bytes_max: u64 = 1 << 30;
    /// Bytes of all responses that a source keeps, so that they are sent again only where they have changed.
    http_kept_bytes_max: usize = 16 << 20;
    /// Connections of an instance that are open at the same time.
    tcp_connections_max: usize = 8;

    /// Keys that are asked for in one request of a look-up.
    lookup_keys_max: usize = 1_000;
    /// Requests of a partition of a look-up that are under way at the same time.
    lookups_max: usize = 4;

    /// Bytes of an SQL text.
    sql_bytes_max: usize = 1 << 20;
    /// How deep expressions and queries may be nested.
    sql_depth_max: usize = 200;
    /// Terms of an SQL text: literals, names and operators.
    sql_tokens_max: usize = 100_000;
    /// Operators in a row: of a sum, an OR, a UNION. `IN` takes a long list without any.
    sql_operators_max: usize = 4_000;
    /// Places in which lines of two geometries cross, touch or end that are related to each other. Each takes
    /// up to 3 KB while they are; a valid polygon has few but with its like.
    geometry_nodes_max: usize = 500_000;
    /// Steps that a spatial function takes for one row, at worst: a point or a line looked at beside another.
    /// A thousand million are some five seconds, in which nothing stops it.
    geometry_steps_max: u64 = 2_000_000_000;
    /// Threads for queries, at the least; four a core where that is more. A function of a plugin holds
    /// one for as long as a call takes, and others must not wait for it.
    query_threads_min: usize = 16;
    /// Queries that `sextant.queries` keeps.
    query_records_max: usize = 100;
    /// Bytes of memory for the operators of all queries, and for the plugins they call.
    query_memory_bytes_max: usize = 8 << 30;

    /// Milliseconds for which the description of a source's tables is believed.
    describe_ttl_ms: u64 = 30_000;
    /// Milliseconds until a bundle file is looked at again that is bad and may still be in the making.
    settle_ms: u64 = 50;
    /// Milliseconds for which a bad bundle file must have rested to be remembered as bad.
    settle_bad_ms: u64 = 2_000;
    /// Milliseconds between two scans of the bundle folder when nothing is heard of it.
    rescan_ms: u64 = 30_000;
}

macro_rules! plugin_limits {
    ($($name:ident: $type:ty,)*) => {
        /// What a bundle declares that an instance of its plugin needs, or what an administrator
        /// grants it. A key that is not given stands for the default of [`Limits`].
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct PluginLimits {
            $(
                #[doc = concat!("See [`Limits::", stringify!($name), "`].")]
                pub $name: Option<$type>,
            )*
        }

        /// The bounds of an instance: what is declared and granted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct InstanceLimits {
            declared: PluginLimits,
            granted: PluginLimits,
            $(
                #[doc = concat!("See [`Limits::", stringify!($name), "`].")]
                pub $name: $type,
            )*
        }

        impl InstanceLimits {
            /// The bounds of a plugin that declares and was granted so much.
            pub fn new(limits: &Limits, declared: PluginLimits, granted: PluginLimits) -> Self {
                Self {
                    declared,
                    granted,
                    $($name: declared.$name.unwrap_or(limits.$name)
                        .min(granted.$name.unwrap_or(limits.$name)),)*
                }
            }

            /// Whether the bundle declares more than the plugin was granted.
            pub fn wants_more(&self) -> bool {
                false $(|| self.declared.$name.is_some_and(|declared| declared > self.$name))*
            }

            /// Whether more is granted than the bundle declares, which gives nothing.
            pub fn granted_in_vain(&self) -> bool {
                false $(|| self.granted.$name.is_some_and(|granted| granted > self.$name))*
            }

            /// What to do when one of these bounds was reached.
            pub fn hint(&self, plugin: &str, key: &str) -> String {
                $(
                    if key == stringify!($name) {
                        return match self.declared.$name {
                            Some(declared) if declared > self.$name => format!(
                                "the bundle declares that it may need {declared}; grant it in sextant.toml: [plugin.{plugin}.limits] {key} = {declared}"
                            ),
                            _ if self.granted.$name == Some(self.$name) => format!(
                                "it was granted no more: [plugin.{plugin}.limits] {key} in sextant.toml"
                            ),
                            _ => format!(
                                "ask for less, or for a bundle of {plugin:?} that declares more (limits.{key} in manifest.toml), and grant it in sextant.toml: [plugin.{plugin}.limits] {key} = ..."
                            ),
                        };
                    }
                )*
                format!("raise limits.{key} in sextant.toml if this is meant to be")
            }
        }

        impl fmt::Display for PluginLimits {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let given = [$(self.$name.map(|value| format!("{} = {value}", stringify!($name))),)*];
                let given: Vec<_> = given.into_iter().flatten().collect();
                f.write_str(&given.join(", "))
            }
        }

        impl fmt::Display for InstanceLimits {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let all = [$(format!("{} = {}", stringify!($name), self.$name),)*];
                f.write_str(&all.join(", "))
            }
        }
    };
}

plugin_limits! {
    guest_memory_bytes_max: usize,
    call_ms_max: u64,
    output_bytes_max: u64,
}

impl InstanceLimits {
    /// A bound of an instance was reached: what was bounded, how much there was, how much may be.
    pub fn over(
        &self,
        plugin: &str,
        what: &str,
        actual: impl fmt::Display,
        limit: impl fmt::Display,
        key: &str,
    ) -> Error {
        Error::limit(format!("{what}: {actual}, and the limit is {limit}"))
            .with_hint(self.hint(plugin, key))
    }
}
