//! What a plugin author uses: traits to implement, one macro that makes a component of a crate, and
//! a stand-in for the host to test against.
//!
//! # What a plugin is, and how it runs
//!
//! A plugin is a WebAssembly component. It offers tables, then it is a *source*, or functions, or
//! both. The host loads it from a bundle, shows its tables and functions to SQL, and runs it in a
//! sandbox:
//!
//! - **Nothing is shared.** An instance serves one query and is dropped. Each partition of a scan has
//!   an instance of its own. So a plugin needs no locks, and a `static` lasts for one instance.
//! - **Memory, time and output are bounded.** An instance that takes more than
//!   `guest_memory_bytes_max`, a call that takes longer than `call_ms_max`, or an instance that emits
//!   more than `output_bytes_max` (under `[limits]` in `sextant.toml`) ends its query and nothing else.
//!   A plugin that needs more declares it, and an administrator grants it. A panic
//!   ends its query too. Hand over batches one by one, of about
//!   [`Request::batch_rows`] rows, and hold no file in memory.
//! - **There is no I/O but through [`Host`].** The standard library compiles and finds nothing: no
//!   file, no network, no environment; the clock stands at the start of the query, and random
//!   numbers come from a fixed seed. Functions get no [`Host`] at all.
//! - **The host checks.** What a plugin hands over is validated, and rows that a predicate should
//!   have left out are filtered again, so too many rows are only wasted work. Rows that a source
//!   leaves out although they match are lost: take a predicate only if you keep every match.
//!
//! An author writes plain Rust against these types. Everything but the glue in [`export!`] compiles
//! and runs natively, so a plugin is tested with `cargo test`.
//!
//! | to offer | implement | with |
//! |---|---|---|
//! | tables | [`Source`] | [`Table`], [`Request`], [`RowBuilder`] |
//! | tables that are files of records | [`Source`] | [`scan_rows`], [`RowReader`], [`Filter`], [`OnError`] |
//! | a value for each row | [`Scalar`], or a plain function in [`SimpleScalar`] | [`Description`], [`Arguments`] |
//! | a value for each group | [`Aggregate`], [`BoundAggregate`], [`Accumulator`] | the same |
//! | a relation out of relations | [`TableFunction`], [`BoundTable`], [`TableCall`] | [`Feed`], [`Distribution`], [`Progress`] |
//! | a relation out of a whole one | [`TableFunction`] | [`Gathering`], [`Answer`], [`AnswerColumns`] |
//!
//! Data is Apache Arrow; its crates are re-exported, so that a plugin has the same version.
//!
//! # A source
//!
//! A source is opened with its configuration, says which tables it has, and reads them. This one
//! reads weather stations from text files with lines such as `33345;Kyiv;167`:
//!
//! ```
//! use sextant_plugin_sdk::arrow_array::RecordBatch;
//! use sextant_plugin_sdk::arrow_schema::{DataType, Field, Schema};
//! use sextant_plugin_sdk::serde::Deserialize;
//! use sextant_plugin_sdk::{
//!     Batches, Cell, Entry, Error, Host, InputReader, Partition, Request, Result, RowBuilder, Source, Table,
//! };
//! use std::io::BufRead;
//!
//! #[derive(Debug, Deserialize)]
//! #[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
//! struct Config {
//!     /// Which of the source's inputs has the files.
//!     input: String,
//! }
//!
//! struct Stations {
//!     config: Config,
//!     host: Host,
//! }
//!
//! impl Source for Stations {
//!     type Config = Config;
//!
//!     fn open(config: Config, host: Host) -> Result<Self> {
//!         Ok(Self { config, host })
//!     }
//!
//!     fn tables(&self) -> Result<Vec<Table>> {
//!         let columns = Schema::new(vec![
//!             Field::new("id", DataType::Int64, false),
//!             Field::new("name", DataType::Utf8, false),
//!             Field::new("height_m", DataType::Int32, true),
//!         ]);
//!         Ok(vec![Table::new("stations", columns).comment("A weather station")])
//!     }
//!
//!     /// A partition for each file, so that files are read at the same time.
//!     fn partitions(&self, _: &Request) -> Result<Vec<Partition>> {
//!         let files = self.host.entries(&self.config.input)?;
//!         Ok(files.into_iter().map(|file| file.name.into_bytes()).collect())
//!     }
//!
//!     fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
//!         let mut files = self.host.entries(&self.config.input)?.into_iter();
//!         let file = files.find(|file| file.name.as_bytes() == partition);
//!         let file = file.ok_or_else(|| Error::not_found("the file is gone"))?;
//!         let rows = RowBuilder::new(&self.tables()?[0].columns, request)?;
//!         let mut scan = Scan { reader: self.host.read(&file)?, file, rows, record: 0 };
//!         Ok(Box::new(std::iter::from_fn(move || scan.next_batch().transpose())))
//!     }
//! }
//!
//! struct Scan {
//!     reader: InputReader,
//!     file: Entry,
//!     rows: RowBuilder,
//!     record: u64,
//! }
//!
//! impl Scan {
//!     fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
//!         let mut line = String::new();
//!         while !self.rows.is_full() && self.reader.read_line(&mut line)? > 0 {
//!             self.record += 1;
//!             self.push(line.trim_end())
//!                 .map_err(|error| error.in_input(self.file.to_string()).at_record(self.record))?;
//!             line.clear();
//!         }
//!         if self.rows.is_empty() { Ok(None) } else { self.rows.finish().map(Some) }
//!     }
//!
//!     fn push(&mut self, line: &str) -> Result<()> {
//!         let fields: Vec<_> = line.split(';').collect();
//!         let [id, name, height] = fields[..] else {
//!             return Err(Error::invalid_data(format!("expected 3 fields, found {}", fields.len())));
//!         };
//!         let height = if height.is_empty() { Cell::Null } else { number(height, "height_m")? };
//!         self.rows.push(&[number(id, "id")?, Cell::Text(name), height])
//!     }
//! }
//!
//! fn number(text: &str, field: &str) -> Result<Cell<'static>> {
//!     let error = |_| Error::invalid_data(format!("expected a whole number, found {text:?}")).in_field(field);
//!     text.parse().map(Cell::Int).map_err(error)
//! }
//!
//! sextant_plugin_sdk::export!(source: Stations);
//!
//! // Its test, which needs neither WebAssembly nor a host:
//! use sextant_plugin_sdk::arrow_array::cast::AsArray;
//! use sextant_plugin_sdk::serde_json::json;
//! use sextant_plugin_sdk::testing::{TestHost, open, scan};
//!
//! let host = TestHost::new()
//!     .entry("files", "ua.txt", "33345;Kyiv;167\n33393;Lviv;\n")
//!     .entry("files", "pl.txt", "12375;Warszawa;106\n");
//! let source: Stations = open(&json!({ "input": "files" }), &host)?;
//! let batches = scan(&source, "stations", &["name"])?;
//! assert_eq!(batches.len(), 2);
//! assert_eq!(batches[0].column(0).as_string::<i32>().value(1), "Lviv");
//!
//! let host = TestHost::new().entry("files", "bad.txt", "33345;Kyiv;167\n33393;Lviv;high\n");
//! let source: Stations = open(&json!({ "input": "files" }), &host)?;
//! let error = scan(&source, "stations", &[]).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "files/bad.txt, record 2, field \"height_m\": expected a whole number, found \"high\""
//! );
//! # Ok::<(), Error>(())
//! ```
//!
//! In a workspace, `sextant.toml` makes a schema of it, and grants it the files:
//!
//! ```toml
//! [source.weather]
//! plugin = "stations"
//! inputs = { files = "data/*.txt" }
//!
//! [source.weather.config]
//! input = "files"
//! ```
//!
//! after which `SELECT name FROM weather.stations WHERE height_m > 100` reads only the columns `name`
//! and `height_m`: [`RowBuilder`] drops the cells that are not wanted. A source that can do more says
//! so: [`Table::takes`] for predicates that it applies itself (they come as
//! [`Request::predicates`]), [`Table::requires`] for a table that is asked by key and never read as a
//! whole. A source that splits one large file may read a part of it with [`Host::read_range`].
//!
//! # A scalar function
//!
//! A function describes itself: its name in SQL, what it computes and after which paper or standard,
//! its parameters, and examples with their results, which `sextant.functions` shows. Its full name in
//! SQL is `plugin.name`. For a result type that does not depend on the arguments, [`SimpleScalar`]
//! takes a plain Rust function:
//!
//! ```
//! use sextant_plugin_sdk::arrow_array::{ArrayRef, Int64Array};
//! use sextant_plugin_sdk::arrow_schema::DataType;
//! use sextant_plugin_sdk::{Arguments, Description, Functions, Parameter, Result, Scalar, SimpleScalar};
//! use std::sync::Arc;
//!
//! fn functions() -> Functions {
//!     Functions::new().scalar(hamming())
//! }
//!
//! fn hamming() -> impl Scalar {
//!     let description = Description::new(
//!         "hamming",
//!         "In how many places two texts of equal length differ (Hamming 1950); null for others.",
//!     )
//!     .parameter(Parameter::text("a", "Any text."))
//!     .parameter(Parameter::text("b", "A text with as many characters."))
//!     .example("SELECT texts.hamming('karolin', 'kathrin')", "3");
//!     SimpleScalar::new(description, DataType::Int64, compute)
//! }
//!
//! fn compute(arguments: &Arguments<'_>) -> Result<ArrayRef> {
//!     let (left, right) = (arguments.strings(0)?, arguments.strings(1)?);
//!     let distances = (0..arguments.rows()).map(|row| distance(left.get(row)?, right.get(row)?));
//!     Ok(Arc::new(distances.collect::<Int64Array>()))
//! }
//!
//! fn distance(a: &str, b: &str) -> Option<i64> {
//!     let differing = a.chars().zip(b.chars()).filter(|(a, b)| a != b).count();
//!     (a.chars().count() == b.chars().count()).then_some(differing as i64)
//! }
//!
//! sextant_plugin_sdk::export!(functions: functions);
//!
//! // Its test:
//! use sextant_plugin_sdk::arrow_array::StringArray;
//! use sextant_plugin_sdk::testing::call;
//!
//! let left = StringArray::from(vec![Some("karolin"), Some("1011101"), Some("a"), None]);
//! let right = StringArray::from(vec![Some("kathrin"), Some("1001001"), Some("ab"), Some("a")]);
//! let result = call(&hamming(), vec![Arc::new(left), Arc::new(right)])?;
//! assert_eq!(result.as_ref(), &Int64Array::from(vec![Some(3), Some(2), None, None]));
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```
//!
//! [`Arguments::strings`] reads text in any of Arrow's layouts, and constants as if they were
//! columns. Where the result's type depends on the arguments, or a constant is worth preparing once
//! (a pattern, a look-up table), implement [`Scalar`] itself: [`Scalar::bind`] sees the types and the
//! constants once a plan, [`BoundScalar::invoke`] each batch.
//!
//! # An aggregate function
//!
//! The contract, the SDK and `sextant.functions` know aggregates; SQL does not run them yet.
//!
//! An [`Accumulator`] holds the state of all groups at once, indexed by group number. Its state can
//! leave it as columns and be merged into another, since groups are counted on all cores first and
//! put together afterwards:
//!
//! ```
//! use sextant_plugin_sdk::arrow_array::cast::AsArray;
//! use sextant_plugin_sdk::arrow_array::types::Int64Type;
//! use sextant_plugin_sdk::arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
//! use sextant_plugin_sdk::arrow_schema::{DataType, Field, Fields};
//! use sextant_plugin_sdk::{
//!     Accumulator, Aggregate, Arguments, BoundAggregate, Description, Parameter, Result, Signature,
//! };
//! use std::sync::Arc;
//!
//! /// All bits that are set in any value of a group.
//! struct AnyBits;
//!
//! impl Aggregate for AnyBits {
//!     fn describe(&self) -> Description {
//!         Description::new("any_bits", "Bitwise or; 0 where there are no values.")
//!             .parameter(Parameter::new("flags", &[DataType::Int64], "Flags."))
//!     }
//!
//!     fn bind(&self, _: &Signature) -> Result<Box<dyn BoundAggregate>> {
//!         Ok(Box::new(AnyBits))
//!     }
//! }
//!
//! impl BoundAggregate for AnyBits {
//!     fn output(&self) -> Field {
//!         Field::new("any_bits", DataType::Int64, false)
//!     }
//!
//!     fn state(&self) -> Fields {
//!         Fields::from(vec![self.output()])
//!     }
//!
//!     fn accumulator(&self) -> Box<dyn Accumulator> {
//!         Box::new(Groups(Vec::new()))
//!     }
//! }
//!
//! struct Groups(Vec<i64>);
//!
//! impl Groups {
//!     fn add(&mut self, values: &ArrayRef, groups: &UInt32Array, total: usize) {
//!         self.0.resize(total, 0);
//!         for (value, &group) in values.as_primitive::<Int64Type>().iter().zip(groups.values()) {
//!             self.0[group as usize] |= value.unwrap_or(0);
//!         }
//!     }
//! }
//!
//! impl Accumulator for Groups {
//!     fn update(&mut self, arguments: &Arguments<'_>, groups: &UInt32Array, total: usize) -> Result<()> {
//!         self.add(&arguments.column(0), groups, total);
//!         Ok(())
//!     }
//!
//!     fn merge(&mut self, states: &RecordBatch, groups: &UInt32Array, total: usize) -> Result<()> {
//!         self.add(states.column(0), groups, total);
//!         Ok(())
//!     }
//!
//!     fn state(&mut self, first: Option<usize>) -> Result<Vec<ArrayRef>> {
//!         Ok(vec![self.finish(first)?])
//!     }
//!
//!     /// Takes the first n groups away, so that later ones move down.
//!     fn finish(&mut self, first: Option<usize>) -> Result<ArrayRef> {
//!         let first = first.unwrap_or(self.0.len());
//!         Ok(Arc::new(self.0.drain(..first).collect::<Int64Array>()))
//!     }
//! }
//!
//! use sextant_plugin_sdk::testing::call_aggregate;
//!
//! let flags = Int64Array::from(vec![Some(0b001), Some(0b010), None, Some(0b100)]);
//! let result = call_aggregate(&AnyBits, vec![Arc::new(flags)], &[0, 1, 1, 0])?;
//! assert_eq!(result.as_ref(), &Int64Array::from(vec![0b101, 0b010]));
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```
//!
//! # A table function
//!
//! As with aggregates, SQL does not run them yet.
//!
//! A table function takes relations and gives a relation. It says how the rows of each relation may
//! be spread over instances ([`Distribution`]) and which relations come to their end before the
//! others begin ([`Feed`]). Batches are pushed into it; after each push it is asked what is ready:
//!
//! ```
//! use sextant_plugin_sdk::arrow_array::RecordBatch;
//! use sextant_plugin_sdk::arrow_schema::SchemaRef;
//! use sextant_plugin_sdk::{
//!     BoundTable, Description, Distribution, Error, Feed, Progress, Result, Signature, TableCall, TableFunction,
//! };
//!
//! /// The first row of every batch: a sample that costs nothing.
//! struct Glimpse;
//!
//! impl TableFunction for Glimpse {
//!     fn describe(&self) -> Description {
//!         Description::new("glimpse", "A few rows, spread over the relation.")
//!             .relation("rows", Feed::Stream, "Any columns.")
//!     }
//!
//!     fn bind(&self, relations: &[SchemaRef], _: &Signature) -> Result<Box<dyn BoundTable>> {
//!         let rows = relations.first().ok_or_else(|| Error::unsupported("expected a relation"))?;
//!         Ok(Box::new(Bound(rows.clone())))
//!     }
//! }
//!
//! struct Bound(SchemaRef);
//!
//! impl BoundTable for Bound {
//!     fn output(&self) -> SchemaRef {
//!         self.0.clone()
//!     }
//!
//!     fn distributions(&self) -> Vec<Distribution> {
//!         vec![Distribution::Any]
//!     }
//!
//!     fn call(&self, _: Option<&[usize]>) -> Result<Box<dyn TableCall>> {
//!         Ok(Box::new(Call { ready: None, ended: false }))
//!     }
//! }
//!
//! struct Call {
//!     ready: Option<RecordBatch>,
//!     ended: bool,
//! }
//!
//! impl TableCall for Call {
//!     fn push(&mut self, _: usize, batch: RecordBatch) -> Result<()> {
//!         self.ready = Some(batch.slice(0, batch.num_rows().min(1)));
//!         Ok(())
//!     }
//!
//!     fn finish(&mut self, _: usize) -> Result<()> {
//!         self.ended = true;
//!         Ok(())
//!     }
//!
//!     fn next(&mut self) -> Result<Progress> {
//!         Ok(match self.ready.take() {
//!             Some(row) => Progress::Rows(row),
//!             None if self.ended => Progress::Finished,
//!             None => Progress::WantingInput,
//!         })
//!     }
//! }
//!
//! use sextant_plugin_sdk::arrow_array::Int64Array;
//! use sextant_plugin_sdk::testing::call_table;
//! use std::sync::Arc;
//!
//! let rows = RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![5, 6, 7])) as _)])?;
//! assert_eq!(call_table(&Glimpse, vec![rows.clone()], vec![])?, [rows.slice(0, 1)]);
//! # Ok::<(), Error>(())
//! ```
//!
//! Where nothing can be given before all rows of a relation have come, a [`Gathering`] stands for the
//! bound table and its calls. It takes two functions, one that adds a batch to what was gathered and
//! one that computes the answer, and gives that out in batches. [`AnswerColumns`] makes columns of the
//! answer's rows, and [`relation`] finds those of the input by their names.
//!
//! # Configuration
//!
//! What stands under `[source.NAME.config]` comes as [`Source::Config`], read by [`serde`]. Give the
//! type `deny_unknown_fields`, so that a misspelt key is an error and not a surprise, give options a
//! default, and check in [`Source::open`] what a type cannot say:
//!
//! ```
//! use sextant_plugin_sdk::serde::Deserialize;
//! use sextant_plugin_sdk::serde_json::json;
//! use sextant_plugin_sdk::testing::{TestHost, open};
//! # use sextant_plugin_sdk::{Batches, Error, Host, Partition, Request, Result, Source, Table};
//!
//! #[derive(Debug, Deserialize)]
//! #[serde(crate = "sextant_plugin_sdk::serde", deny_unknown_fields)]
//! struct Config {
//!     input: String,
//!     #[serde(default = "semicolon")]
//!     delimiter: char,
//! }
//!
//! fn semicolon() -> char {
//!     ';'
//! }
//!
//! # struct Stations;
//! impl Source for Stations {
//!     type Config = Config;
//!
//!     fn open(config: Config, _: Host) -> Result<Self> {
//!         if !config.delimiter.is_ascii_punctuation() {
//!             let message = format!("expected a punctuation mark, found {:?}", config.delimiter);
//!             return Err(Error::invalid_config(message).in_field("delimiter"));
//!         }
//!         Ok(Self)
//!     }
//!     // ..
//! #     fn tables(&self) -> Result<Vec<Table>> { Ok(vec![]) }
//! #     fn scan(&self, _: &Request, _: &Partition) -> Result<Batches> { Ok(Box::new(std::iter::empty())) }
//! }
//!
//! let why = |config| open::<Stations>(&config, &TestHost::new()).err().map(|error| error.to_string());
//! assert_eq!(why(json!({ "input": "files" })), None);
//! assert_eq!(
//!     why(json!({ "input": "files", "delimiter": "x" })).unwrap(),
//!     "field \"delimiter\": expected a punctuation mark, found 'x'"
//! );
//! assert_eq!(
//!     why(json!({ "input": "files", "delimeter": ";" })).unwrap(),
//!     "unknown field `delimeter`, expected `input` or `delimiter`"
//! );
//! ```
//!
//! # Errors
//!
//! An [`Error`] has a kind that the host can act on ([`ErrorKind`]: an administrator mends a
//! configuration, a query may wait for what is unavailable), one sentence for people, and a place in
//! the data. The sentence is lower case, has no final dot, says what was expected and what was found,
//! and does not repeat the place. Each level adds what it knows, and what is known already stays, so
//! `?` and one `map_err` where records are counted are enough; see the source above. Errors of
//! streams pass through [`std::io::Error`] and come back whole.
//!
//! Where the configuration says that bad records are left out, leave them out and tell the analyst
//! how many and why: [`Host::skipped`]. What does not change the rows but matters to whoever reads
//! them goes to [`Host::warning`].
//!
//! # The log
//!
//! Lines for the author and the administrator go to the [`log`] facade, which is re-exported:
//!
//! ```
//! use sextant_plugin_sdk::log;
//!
//! log::debug!("3 of 4 files are older than the request");
//! ```
//!
//! In a component they reach the host's log, from `debug` upwards; the number of lines and their
//! length are bounded. `log` works in functions too. Natively they go to whatever logger the test
//! has set.
//!
//! # Beyond inputs
//!
//! A source may speak [HTTP](mod@http) ([`Host::http`]), connect to a place that was granted by name
//! ([`Host::tcp`]) and prove that it may log in with a password that it never sees
//! ([`Host::secret_user`], [`Host::scram_sha256`]). Each of these must be declared by the bundle and
//! granted to the source. What is not granted answers with [`ErrorKind::Unauthorized`].
//! The host keeps the pace and tries again what failed for a moment, as the source's configuration says, so
//! a plugin needs no loop of its own; and a wait for the far side is not counted as a plugin's time.
//!
//! # Testing
//!
//! [`testing::TestHost`] serves inputs, HTTP answers and connections from memory, in chunks as small
//! as [`chunk_bytes`](testing::TestHost::chunk_bytes) says, so that a parser can be tried on every
//! split; and it remembers what was sent and reported. [`testing::open`] and [`testing::scan`] use a
//! source as the host does, [`testing::call`], [`testing::call_aggregate`] and
//! [`testing::call_table`] a function. Several plugins can be linked into one test: natively
//! [`export!`] leaves nothing but a function that gives what was exported.
//!
//! # Building
//!
//! `sextant plugin new NAME --source` (or `--function`) makes a crate that builds and is tested as it
//! is. Its `Cargo.toml` is the bundle's manifest as well:
//!
//! ```toml
//! [package]
//! name = "sextant-plugin-stations"
//! version = "0.1.0"
//! edition = "2024"
//! description = "Weather stations"
//!
//! [package.metadata.sextant]
//! imports = ["input"]
//!
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//! ```
//!
//! `imports` declares what the component asks for: `input`, `http`, `tcp`, `secret`. The body of an
//! HTTP response is a reader of `input`, so a plugin that uses `http` declares `input` as well. Only
//! what is called is imported, and a component that imports what it does not declare is refused. The
//! plugin's name in SQL is that of the crate without `sextant-plugin-`, unless `name` says otherwise
//! beside `imports`.
//!
//! What an instance needs beyond the defaults is declared beside them, and holds once it is granted
//! under `[plugin.stations.limits]` in `sextant.toml`:
//!
//! ```toml
//! [package.metadata.sextant.limits]
//! guest_memory_bytes_max = 2_147_483_648
//! call_ms_max = 600_000
//! ```
//!
//! `sextant plugin test` runs the examples of functions and asks functions and tables for what all must
//! bear. A source is opened with `examples/sextant.toml`, whose inputs are files of that folder; the
//! folder goes into the bundle. A table that is asked by key is tested for the keys that `examples/keys.toml`
//! gives: `[SOURCE.TABLE]`, and `COLUMN = [..]` under it. `sextant plugin bench` times each function and table against a native
//! build of the same crate; calls that cannot be made up stand in `examples/bench.toml`:
//!
//! ```toml
//! [[call]]
//! function = "distances"
//! relations = ["SELECT value AS a, value / 2 AS b FROM generate_series(1, 100000)"]
//! arguments = ["1"]
//! ```
//!
//! `sextant plugin build` compiles the crate for `wasm32-wasip2` and packs the component, its
//! manifest, the list of what it was made of, and `README.md` and `LICENSE` where there are any, into
//! `NAME.bundle`. Dependencies must be Rust alone: there is no C library to link.
//!
//! # Versions of the contract
//!
//! Component and host speak the contract `sextant:plugin`, whose version is part of the name of every
//! import and export. So a host knows which one a component speaks before it compiles anything, and
//! refuses one that it does not speak with a message that says what to do. This SDK speaks 0.1.0.
//! While it is 0.1.0 the contract may change together with the host, and a plugin is built with the
//! SDK that came with it, which `sextant plugin new` puts beside the crate. Afterwards a released
//! version stays as it is, and the next one stands beside it.

mod error;

// What a source sees of the host.
pub mod host;
pub mod http;
pub mod secret;
pub mod tcp;

// What a plugin implements, and helps to do so.
mod answer;
pub mod date;
mod filter;
mod function;
mod gather;
// Formats that several sources read.
#[cfg(any(feature = "json", test))]
pub mod json;
#[cfg(any(feature = "marks", test))]
pub mod marks;
pub mod numbers;
pub mod relation;
mod rows;
mod scan;
mod source;
mod strings;
pub mod testing;
#[cfg(any(feature = "xml", test))]
pub mod xml;

// A component of it.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
pub mod columns;
mod export;
// Natively.
#[cfg(feature = "bench")]
pub mod bench;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;

pub use answer::{Answer, AnswerColumns};
pub use error::{Error, ErrorKind, Place, Result};
pub use filter::Filter;
pub use function::{
    Accumulator, Aggregate, Arguments, BoundAggregate, BoundScalar, BoundTable, Description,
    Distribution, Example, Feed, Functions, Parameter, Progress, Relation, Scalar, Signature,
    SimpleScalar, TableCall, TableFunction, Volatility,
};
pub use gather::Gathering;
pub use host::{Entry, Host, InputReader};
pub use http::{HttpRequest, HttpResponse};
pub use rows::{Cell, RowBuilder};
pub use scan::{OnError, RowReader, Rows, scan_rows};
pub use secret::ScramProof;
pub use source::{Batches, Key, Operator, Partition, Predicate, Pushdown, Request, Source, Table};
pub use strings::{Strings, in_pieces};
pub use tcp::TcpConnection;

pub use arrow_array;
pub use arrow_buffer;
pub use arrow_data;
pub use arrow_schema;
pub use log;
pub use serde;
pub use serde_json;
