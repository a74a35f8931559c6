//! What a source reads: files by path and glob, members of archives, compressed streams; what is
//! broken, lies or blows up; and what was not granted.
//!
//! The files of `tests/fixtures/inputs` were made by other programs: gzip 1.12, zstd 1.5.4, bzip2
//! 1.0.8, xz 5.4.1 and Info-ZIP's Zip 3.0, from tables of one column `n`. `wide.zip`, with all its
//! numbers in extra fields, is put together by hand, and Info-ZIP's UnZip 6.0 and Python's zipfile
//! read it.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use sextant::Host;
use sextant_tests::{TestWorkspace, failure, lines, root, rows, try_query};
use std::io::Write;
use std::os::unix::fs::symlink;

fn fixture(name: &str) -> String {
    let path = root().join("tests/fixtures/inputs").join(name);
    path.display().to_string()
}

fn fixture_bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("it is there")
}

/// A workspace with a source `s` that has a table of numbers for each input, and one that leaves out
/// what it cannot read.
fn workspace<N: AsRef<str>>(inputs: impl IntoIterator<Item = (N, String)>) -> TestWorkspace {
    let (mut granted, mut tables) = (String::new(), String::new());
    for (name, text) in inputs {
        let name = name.as_ref();
        granted += &format!("{name} = {text:?}\n");
        for (table, on_error) in [(name.to_owned(), "fail"), (format!("{name}_skip"), "skip")] {
            tables += &format!(
                "[source.s.config.tables.{table}]\ninput = {name:?}\nheader = true\non_error = {on_error:?}\ncolumns = [{{ name = \"n\", type = \"int64\" }}]\n"
            );
        }
    }
    let config =
        format!("[source.s]\nplugin = \"delimited\"\n[source.s.inputs]\n{granted}{tables}");
    TestWorkspace::new().plugin("delimited").config(&config)
}

/// The sum of an input's numbers and how many there are.
fn sum(host: &Host, table: &str) -> String {
    rows(host, &format!("SELECT sum(n), count(*) FROM s.{table}")).join("\n")
}

fn assert_fails(host: &Host, table: &str, expected: &str) {
    let error = failure(host, &format!("SELECT sum(n) FROM s.{table}"));
    let text = error.to_string();
    assert!(
        text.starts_with("source \"s\": plugin \"delimited\": ") && text.contains(expected),
        "{table}: expected {expected:?}, found {text}"
    );
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("it is memory");
    encoder.finish().expect("it is memory")
}

/// A table of so many ones, after its header.
fn ones(count: usize) -> Vec<u8> {
    [b"n\n".as_slice(), &b"1\n".repeat(count)].concat()
}

/// A member as an archive says that it is, which need not be true.
#[derive(Clone)]
struct Member {
    name: Vec<u8>,
    method: u16,
    packed: Vec<u8>,
    bytes: u32,
    checksum: u32,
}

impl Member {
    fn new(name: &str, method: u16, packed: Vec<u8>, content: &[u8]) -> Self {
        let mut checksum = flate2::Crc::new();
        checksum.update(content);
        Self {
            name: name.as_bytes().to_vec(),
            method,
            packed,
            bytes: content.len() as u32,
            checksum: checksum.sum(),
        }
    }

    fn stored(name: &str, content: &[u8]) -> Self {
        Self::new(name, 0, content.to_vec(), content)
    }

    fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).expect("it is memory");
        Self::new(name, 8, encoder.finish().expect("it is memory"), content)
    }

    /// What a local header and one of the directory have in common.
    fn header(&self) -> Vec<u8> {
        let mut header = [20_u16, 0, self.method, 0, 0x5821]
            .iter()
            .flat_map(|field| field.to_le_bytes())
            .collect::<Vec<_>>();
        for field in [self.checksum, self.packed.len() as u32, self.bytes] {
            header.extend(field.to_le_bytes());
        }
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend(0_u16.to_le_bytes());
        header
    }
}

/// An archive of members whose directory names some of them, in this order.
fn zip_with_directory(members: &[Member], named: &[usize]) -> Vec<u8> {
    let (mut archive, mut starts) = (Vec::new(), Vec::new());
    for member in members {
        starts.push(archive.len() as u32);
        archive.extend(b"PK\x03\x04");
        archive.extend(member.header());
        archive.extend(&member.name);
        archive.extend(&member.packed);
    }
    let start = archive.len() as u32;
    for &index in named {
        archive.extend(b"PK\x01\x02\x14\x00");
        archive.extend(members[index].header());
        archive.extend([0_u8; 10]);
        archive.extend(starts[index].to_le_bytes());
        archive.extend(&members[index].name);
    }
    let bytes = archive.len() as u32 - start;
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend((named.len() as u16).to_le_bytes());
    archive.extend((named.len() as u16).to_le_bytes());
    archive.extend(bytes.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0_u8, 0]);
    archive
}

fn zip(members: &[Member]) -> Vec<u8> {
    zip_with_directory(members, &(0..members.len()).collect::<Vec<_>>())
}

/// The compressed tables that other programs made, by the names of their compressions.
const COMPRESSED: [(&str, &str); 4] = [
    ("gzip", "numbers.csv.gz"),
    ("zstd", "numbers.csv.zst"),
    ("bzip2", "numbers.csv.bz2"),
    ("xz", "numbers.csv.xz"),
];

#[test]
fn every_compression_reads_the_same() {
    let workspace = workspace(COMPRESSED.map(|(name, file)| (name, fixture(file))));
    let host = workspace.host();
    for (name, _) in COMPRESSED {
        assert_eq!(sum(&host, name), "6\t3", "{name}");
    }
}

/// What `cat` makes of two compressed files is the compressed file of both: the header comes twice.
#[test]
fn streams_may_stand_one_after_the_other() {
    let workspace = workspace(COMPRESSED.map(|(name, file)| (name, file.to_owned())));
    let workspace = COMPRESSED.iter().fold(workspace, |workspace, (_, file)| {
        workspace.file(file, fixture_bytes(file).repeat(2))
    });
    let host = workspace.host();
    for (name, _) in COMPRESSED {
        let count = rows(&host, &format!("SELECT count(*) FROM s.{name}"));
        assert_eq!(count, ["7"], "{name}");
    }
}

#[test]
fn a_stream_that_is_cut_off_or_damaged_is_an_error() {
    let mut inputs = Vec::new();
    for (name, file) in COMPRESSED {
        inputs.push((format!("{name}_cut"), file.to_owned()));
        inputs.push((format!("{name}_damaged"), format!("damaged.{file}")));
    }
    let workspace = workspace(inputs);
    let workspace = COMPRESSED.iter().fold(workspace, |workspace, (_, file)| {
        let whole = fixture_bytes(file);
        let mut damaged = whole.clone();
        // In the checksum of gzip and zstd, in the last block or the index of the others.
        let place = whole.len() - if file.ends_with("zst") { 1 } else { 6 };
        damaged[place] ^= 0x55;
        workspace
            .file(file, &whole[..whole.len() - 4])
            .file(&format!("damaged.{file}"), damaged)
    });
    let host = workspace.host();
    for (name, file) in COMPRESSED {
        let cut = format!("{name}_cut/{file}: broken {name}: it ends too soon");
        assert_fails(&host, &format!("{name}_cut"), &cut);
        // Not even where broken records are left out: nobody knows what is missing.
        assert_fails(&host, &format!("{name}_cut_skip"), &cut);
        let damaged = format!("{name}_damaged/damaged.{file}: broken {name}: ");
        assert_fails(&host, &format!("{name}_damaged"), &damaged);
    }
}

#[test]
fn a_name_must_say_what_is_in_it() {
    let workspace = workspace([
        ("plain", "plain.csv.gz".to_owned()),
        ("packed", "packed.csv".to_owned()),
        ("in_zip", "a.zip!*.csv".to_owned()),
        ("twice", "a.zip!*.gz".to_owned()),
    ]);
    let packed = gzip(&ones(3));
    let members = [
        Member::stored("packed.csv", &packed),
        Member::deflated("twice.csv.gz", &packed),
    ];
    let workspace = workspace
        .file("plain.csv.gz", ones(3))
        .file("packed.csv", &packed)
        .file("a.zip", zip(&members));
    let host = workspace.host();
    assert_fails(&host, "plain", "plain/plain.csv.gz: broken gzip: ");
    let unsaid = "compressed with gzip, and its name does not say so";
    assert_fails(&host, "packed", &format!("packed/packed.csv: {unsaid}"));
    assert_fails(
        &host,
        "in_zip",
        &format!("in_zip/a.zip!packed.csv: {unsaid}"),
    );
    assert_eq!(sum(&host, "twice"), "3\t3");
}

/// What is no grant is told by its key, with what is one.
#[test]
fn grants_that_make_no_sense_are_told() {
    let one_or_list = "expected a path, a glob or a URL such as \"data/*.csv\", or a list of them such as [\"2023/*.csv\", \"2024/*.csv\"]";
    for (grants, place, expected) in [
        (
            "inputs = { w = 5 }",
            "inputs.w: invalid type: integer `5`",
            one_or_list,
        ),
        (
            "inputs = { w = { path = \"a.csv\" } }",
            "inputs.w: invalid type: map",
            one_or_list,
        ),
        (
            "inputs = { w = [\"a.csv\", 5] }",
            "inputs.w: invalid type: integer `5`",
            "expected a string",
        ),
        (
            "http = [\"https://example.org/\"]",
            "http: invalid type: string \"https://example.org/\"",
            "expected a table such as { url = \"https://example.org/api/\" }",
        ),
        (
            "tcp = { db = \"db.example.org:5432\" }",
            "tcp.db: invalid type: string",
            "expected a table such as { address = \"db.example.org:5432\" }",
        ),
        (
            "secrets = { db = \"pa55word\" }",
            "secrets: \"db\"",
            "expected where the credential is, such as { token_env = \"API_TOKEN\" }",
        ),
        (
            "secrets = { db = { password = \"pa55word\" } }",
            "secrets: \"db\"",
            "unknown field `password`, expected one of `user`, `password_env`",
        ),
        (
            "secrets = { api = { token_env = 55055 } }",
            "secrets: \"api\"",
            "token_env: expected a text, such as token_env = \"API_TOKEN\"",
        ),
        (
            "secrets = \"pa55word\"",
            "secrets",
            "expected credentials by name",
        ),
    ] {
        let config = format!("[source.s]\nplugin = \"delimited\"\n{grants}\n");
        let host = TestWorkspace::new().config(&config).host();
        let error = failure(&host, "SELECT * FROM s.t").to_string();
        let start = format!("source \"s\": [source.s] {place}");
        assert!(
            error.starts_with(&start) && error.contains(expected),
            "{grants}: {error}"
        );
        for credential in ["pa55word", "55055"] {
            assert!(!error.contains(credential), "{error}");
        }
    }
}

/// A few kilobytes that would be megabytes end where the bounds say, and leaving out records that
/// cannot be read does not help.
#[test]
fn bombs_end_at_their_bounds() {
    const LIMITS: &str = "
[limits]
input_decompression_ratio_from_bytes = 1000000
input_decompression_ratio_max = 100
input_decompressed_bytes_max = 6000000
input_decoder_memory_bytes_max = 1000000
";
    let content = ones(2_000_000);
    // Random digits hardly compress, so that the ratio of the whole is low.
    let mut long = content.clone();
    let mut noise = 1_u64;
    for _ in 0..1_000_000 {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        long.extend_from_slice(format!("{}\n", noise >> 60).as_bytes());
    }
    let workspace = workspace([
        ("bomb", "bomb.csv.gz".to_owned()),
        ("in_zip", "bomb.zip!*".to_owned()),
        ("long", "long.csv.gz".to_owned()),
        ("small", "small.csv.gz".to_owned()),
        ("zstd", fixture("numbers.csv.zst")),
        ("xz", fixture("numbers.csv.xz")),
    ])
    .config(LIMITS)
    .file("bomb.csv.gz", gzip(&content))
    .file("bomb.zip", zip(&[Member::deflated("bomb.csv", &content)]))
    .file("long.csv.gz", gzip(&long))
    .file("small.csv.gz", gzip(&ones(400_000)));
    let host = workspace.host();
    let ratio = "so far, and the limit is 100";
    for (table, name) in [
        ("bomb", "bomb/bomb.csv.gz"),
        ("bomb_skip", "bomb/bomb.csv.gz"),
        ("in_zip", "in_zip/bomb.zip!bomb.csv"),
    ] {
        let error = failure(&host, &format!("SELECT sum(n) FROM s.{table}"));
        let text = error.to_string();
        let start = format!(
            "source \"s\": plugin \"delimited\": {name}: decompressed bytes for each compressed one: "
        );
        assert!(error.is_limit(), "{table}: {error:?}");
        assert!(text.starts_with(&start) && text.ends_with(ratio), "{text}");
        let hint = error.hint().unwrap_or_default();
        assert!(
            hint.contains("limits.input_decompression_ratio_max"),
            "{hint}"
        );
    }
    let error = failure(&host, "SELECT count(*) FROM s.long");
    let text = error.to_string();
    assert!(error.is_limit(), "{error:?}");
    assert!(
        text.contains("long/long.csv.gz: decompressed bytes: 6")
            && text.ends_with("and the limit is 6000000"),
        "{text}"
    );
    // What is small blows nothing up, and neither does the start of what is large.
    assert_eq!(sum(&host, "small"), "400000\t400000");
    assert_eq!(
        rows(&host, "SELECT sum(n) FROM (SELECT n FROM s.bomb LIMIT 5)"),
        ["5"]
    );
    // xz made its file for a window of 8 MiB, zstd for one of 2.
    let error = failure(&host, "SELECT count(*) FROM s.xz");
    assert!(error.is_limit(), "{error:?}");
    assert!(
        error.to_string().contains(
            "xz/numbers.csv.xz: bytes of memory of a decoder: more, and the limit is 1000000"
        ),
        "{error}"
    );
    assert_fails(&host, "zstd", "zstd/numbers.csv.zst: broken zstd: ");
    assert_fails(&host, "zstd", "limits.input_decoder_memory_bytes_max");
}

/// The files of an input come in the order of their names, whatever the order on disk.
#[test]
fn globs_give_every_file_in_order() {
    let workspace = workspace([
        ("flat", "data/*.csv".to_owned()),
        ("deep", "data/**/*.csv".to_owned()),
        ("below", "data/*/*.csv".to_owned()),
        ("none", "data/*.tsv".to_owned()),
    ]);
    for folder in ["data", "data/2024", "data/2024/more"] {
        std::fs::create_dir(workspace.path(folder)).expect("it can be made");
    }
    let workspace = workspace
        .file("data/b.csv", "n\n20\n21\n")
        .file("data/a.csv", "n\n10\n11\n")
        .file("data/c.txt", "n\n1000\n")
        .file("data/2024/d.csv", "n\n40\n")
        .file("data/2024/more/e.csv", "n\n50\n");
    let host = workspace.host();
    assert_eq!(
        rows(&host, "SELECT n FROM s.flat LIMIT 10"),
        ["10", "11", "20", "21"]
    );
    assert_eq!(
        rows(&host, "SELECT n FROM s.deep LIMIT 10"),
        ["40", "50", "10", "11", "20", "21"]
    );
    assert_eq!(sum(&host, "below"), "40\t1");
    assert_fails(
        &host,
        "none",
        "input \"none\": no file matches \"data/*.tsv\"",
    );
    let workspace = workspace.file("data/b.csv", "n\n20\nx\n");
    assert_fails(&host, "flat", "flat/b.csv, record 2");
    assert_fails(&host, "deep", "deep/b.csv, record 2");
    drop(workspace);
}

#[test]
fn globs_stay_in_their_folder() {
    let workspace = workspace([
        ("out", "out/*.csv".to_owned()),
        ("out_folder", "out_folder/*/*.csv".to_owned()),
        ("out_deep", "out_folder/**/*.csv".to_owned()),
        ("beside", "out/*.txt".to_owned()),
        ("named", "out/link.csv".to_owned()),
        ("inside", "inside/**/*.csv".to_owned()),
        ("inside_folder", "inside/*/*.csv".to_owned()),
        ("dangling", "dangling/*.csv".to_owned()),
    ]);
    for folder in [
        "secret",
        "out",
        "out_folder",
        "inside",
        "inside/real",
        "dangling",
    ] {
        std::fs::create_dir(workspace.path(folder)).expect("it can be made");
    }
    let workspace = workspace
        .file("secret/secret.csv", "n\n1000\n")
        .file("out/a.csv", "n\n1\n")
        .file("out/a.txt", "n\n1\n")
        .file("inside/real/a.csv", "n\n1\n");
    let link = |to: &str, at: &str| symlink(to, workspace.path(at)).expect("it can be made");
    link("../secret/secret.csv", "out/link.csv");
    link("../secret", "out_folder/link");
    link("real/a.csv", "inside/b.csv");
    link("real", "inside/link");
    link("..", "inside/real/round");
    link("nowhere", "dangling/a.csv");
    let host = workspace.host();
    let leads_out = "is a link that leads out of the folder of the glob";
    assert_fails(
        &host,
        "out",
        &format!("input \"out\": \"link.csv\" {leads_out}"),
    );
    assert_fails(&host, "out_folder", &format!("\"link\" {leads_out}"));
    assert_fails(&host, "out_deep", &format!("\"link\" {leads_out}"));
    assert_fails(&host, "dangling", "\"a.csv\" is a link to nothing");
    // A link that does not match changes nothing, and what the administrator names is granted.
    assert_eq!(sum(&host, "beside"), "1\t1");
    assert_eq!(sum(&host, "named"), "1000\t1");
    // a.csv where it is and as b.csv; through the links to folders it is not found once more.
    assert_eq!(sum(&host, "inside"), "2\t2");
    // Without `**` a link to a folder is a folder: real/a.csv and link/a.csv.
    assert_eq!(sum(&host, "inside_folder"), "2\t2");
}

/// A file whose name has wildcards is granted by a glob that escapes them, and by no other.
#[test]
fn wildcards_in_names_are_escaped() {
    let workspace = workspace([
        ("plain", "report[1].csv".to_owned()),
        ("half", "report[[]1].csv".to_owned()),
        ("whole", "report[[]1[]].csv".to_owned()),
        ("open", "report[1.csv".to_owned()),
        ("other", "report[2].csv".to_owned()),
    ])
    .file("report[1].csv", ones(3));
    let host = workspace.host();
    assert_eq!(sum(&host, "half"), "3\t3");
    assert_eq!(sum(&host, "whole"), "3\t3");
    assert_fails(
        &host,
        "plain",
        "(there is a file of exactly that name; since *, ? and [ are wildcards, it is written \"report[[]1[]].csv\")",
    );
    assert_fails(&host, "open", "it is written \"report[[]1.csv\"");
    assert_fails(&host, "other", "(check the path in sextant.toml");
    let workspace = workspace.file("report1.csv", ones(5));
    assert_eq!(sum(&workspace.host(), "plain"), "5\t5");
}

/// Other programs' archives: deflated and stored members, folders, bzip2, a member whose size is known
/// only after it, and the records for more than 4 GiB.
#[test]
fn members_of_archives() {
    let workspace = workspace([
        ("flat", fixture("infozip.zip!*.csv")),
        ("deep", fixture("infozip.zip!**/*.csv")),
        ("folder", fixture("infozip.zip!more/c.csv")),
        ("bzip2", fixture("bzip2.zip!*")),
        ("streamed", fixture("streamed.zip!-")),
        ("zip64", fixture("zip64.zip![!x].csv")),
        ("wide", fixture("wide.zip!b.csv")),
        ("archives", fixture("[wz]i*.zip!b.csv")),
        ("missing", fixture("infozip.zip!*.xml")),
        ("other", "packed.zip!**/*".to_owned()),
    ]);
    let content = b"n\n1\n2\n3\n";
    let members = [
        Member::new("a.csv", 93, fixture_bytes("numbers.csv.zst"), content),
        Member::new("b/a.csv", 95, fixture_bytes("numbers.csv.xz"), content),
    ];
    let workspace = workspace.file("packed.zip", zip(&members));
    let host = workspace.host();
    assert_eq!(sum(&host, "flat"), "1606\t403");
    assert_eq!(sum(&host, "deep"), "3606\t803");
    assert_eq!(sum(&host, "folder"), "2000\t400");
    assert_eq!(sum(&host, "bzip2"), "1600\t400");
    assert_eq!(sum(&host, "streamed"), "1600\t400");
    assert_eq!(sum(&host, "zip64"), "1606\t403");
    assert_eq!(sum(&host, "wide"), "1600\t400");
    assert_eq!(sum(&host, "archives"), "3200\t800");
    assert_eq!(sum(&host, "other"), "12\t6");
    assert_fails(&host, "missing", "matches \"*.xml\"");
}

/// Whoever forgot to name the members is told so, once the bytes of an archive could not be read.
#[test]
fn an_archive_without_members_is_told() {
    let workspace = workspace([
        ("whole", "edr.zip".to_owned()),
        ("glob", "e*.zip".to_owned()),
        ("all", "e*r.*".to_owned()),
        ("sheet", "sheet.xlsx".to_owned()),
        ("broken", "broken.zip".to_owned()),
        ("members", "edr.zip!*".to_owned()),
    ]);
    let archive = zip(&[Member::stored("a.csv", b"m\n1\n")]);
    let workspace = workspace
        .file("edr.zip", &archive)
        .file("sheet.xlsx", &archive)
        .file("broken.zip", b"m\n1\n");
    let host = workspace.host();
    let hint = |table: &str| {
        let error = failure(&host, &format!("SELECT sum(n) FROM s.{table}"));
        assert!(error.is_data(), "{table}: {error:?}");
        error.hint().map(str::to_owned)
    };
    for (table, text) in [("whole", "edr.zip"), ("glob", "e*.zip"), ("all", "edr.zip")] {
        let expected = format!(
            "edr.zip is an archive: name its members in sextant.toml, as in \"{text}!**/*.xml\""
        );
        assert_eq!(hint(table), Some(expected));
    }
    let sheet = hint("sheet").unwrap_or_default();
    assert!(
        sheet.starts_with("sheet.xlsx is packed as a zip archive is: "),
        "{sheet}"
    );
    for table in ["broken", "members"] {
        assert_eq!(hint(table), None, "{table}");
    }
}

/// A name in an archive is a name: it leads nowhere, whatever it looks like.
#[test]
fn names_in_archives_are_no_paths() {
    let workspace = workspace([
        ("evil", "data/evil.zip!**/*.csv".to_owned()),
        ("bad", "data/evil.zip!bad".to_owned()),
        ("old", "data/evil.zip!Ç.txt".to_owned()),
        ("cyrillic", "data/evil.zip!файл.txt".to_owned()),
    ]);
    std::fs::create_dir(workspace.path("data")).expect("it can be made");
    let mut old = Member::stored("?.txt", b"n\n5\n");
    old.name[0] = 0x80;
    let members = [
        Member::stored("../evil.csv", b"n\n7\n"),
        Member::deflated("/etc/evil.csv", b"n\n8\n"),
        Member::stored("bad", b"n\n1\nx\n"),
        old,
        Member::stored("файл.txt", b"n\n6\n"),
        Member::stored("\u{1b}[31m.csv", b"n\n9\n"),
    ];
    let workspace = workspace
        .file("evil.csv", "n\n1000\n")
        .file("data/evil.zip", zip(&members));
    let host = workspace.host();
    assert_eq!(sum(&host, "evil"), "24\t3");
    assert_eq!(sum(&host, "old"), "5\t1");
    assert_eq!(sum(&host, "cyrillic"), "6\t1");
    assert_fails(&host, "bad", "bad/evil.zip!bad, record 2");
    let left = std::fs::read_to_string(workspace.path("evil.csv"));
    assert_eq!(left.expect("it is there"), "n\n1000\n");
    let in_data = std::fs::read_dir(workspace.path("data")).expect("it is there");
    assert_eq!(in_data.count(), 1);
}

#[test]
fn archives_that_are_broken_or_lie() {
    let table = ones(200);
    let good = Member::deflated("a.csv", &table);
    let changed = |change: &dyn Fn(&mut Member)| {
        let mut member = good.clone();
        change(&mut member);
        zip(&[member])
    };
    let whole = zip(std::slice::from_ref(&good));
    let stored = Member::stored("a.csv", &table);
    let two_sizes = Member {
        bytes: 7,
        ..stored.clone()
    };
    let garbled = {
        let mut archive = whole.clone();
        let at = archive.windows(4).rposition(|four| four == b"PK\x01\x02");
        archive[at.expect("it has a directory") + 2] = 9;
        archive
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "cut",
            whole[..whole.len() - 10].to_vec(),
            "it does not end with a directory",
        ),
        ("text", ones(3), "it does not end with a directory"),
        ("empty", Vec::new(), "it does not end with a directory"),
        ("garbled", garbled, "its directory is garbled"),
        (
            "checksum",
            changed(&|member| member.checksum ^= 1),
            "a.csv: broken zip: the member's checksum does not fit its bytes",
        ),
        (
            "longer",
            changed(&|member| member.bytes -= 1),
            "a.csv: broken zip: the member is longer than its directory says",
        ),
        (
            "shorter",
            changed(&|member| member.bytes += 1),
            "a.csv: broken zip: the member ends 1 bytes before its directory says",
        ),
        (
            "deflate",
            changed(&|member| member.packed.truncate(5)),
            "a.csv: broken deflate: it ends too soon",
        ),
        (
            "method",
            changed(&|member| member.method = 9),
            "compression method 9 is not supported",
        ),
        ("sizes", zip(&[two_sizes]), "a stored member has two sizes"),
        (
            "overlap",
            zip_with_directory(&[stored], &[0, 0, 0]),
            "its members overlap",
        ),
        (
            "encrypted",
            fixture_bytes("encrypted.zip"),
            "the member cannot be read: it is encrypted",
        ),
        (
            "link",
            fixture_bytes("link.zip"),
            "the member cannot be read: it is a symbolic link",
        ),
    ];
    let inputs = cases
        .iter()
        .map(|(name, ..)| (*name, format!("{name}.zip!*.csv")));
    let workspace = cases
        .iter()
        .fold(workspace(inputs), |workspace, (name, bytes, _)| {
            workspace.file(&format!("{name}.zip"), bytes)
        });
    let host = workspace.host();
    for (name, _, expected) in &cases {
        assert_fails(&host, name, expected);
        // The archive is named wherever it broke: while it was listed or while it was read.
        assert_fails(&host, name, &format!("{name}.zip"));
    }
}

#[test]
fn what_is_listed_is_bounded() {
    const LIMITS: &str = "[limits]\ninput_entries_max = 3\ninput_directory_bytes_max = 300\ninput_glob_files_max = 6\n";
    let workspace = workspace([
        ("files", "files/*.csv".to_owned()),
        ("members", "members.zip!*".to_owned()),
        ("directory", "directory.zip!a".to_owned()),
        ("looked_at", "many/*.csv".to_owned()),
        ("few", "members.zip![ab]".to_owned()),
    ])
    .config(LIMITS);
    let member = |name: &str| Member::stored(name, b"n\n1\n");
    for folder in ["files", "many"] {
        std::fs::create_dir(workspace.path(folder)).expect("it can be made");
    }
    let mut workspace = workspace
        .file("members.zip", zip(&["a", "b", "c", "d"].map(member)))
        .file(
            "directory.zip",
            zip(&["a", "b", "c", "d", "e", "f", "g"].map(member)),
        );
    for i in 0..7 {
        workspace = workspace.file(&format!("many/{i}.txt"), "");
    }
    for i in 0..4 {
        workspace = workspace.file(&format!("files/{i}.csv"), "n\n1\n");
    }
    let host = workspace.host();
    let entries =
        "entries of the input: more than 3, and the limit is 3 (raise limits.input_entries_max";
    assert_fails(&host, "files", entries);
    assert_fails(&host, "members", entries);
    assert_fails(
        &host,
        "directory",
        "bytes of the archive's directory: 329, and the limit is 300",
    );
    assert_fails(
        &host,
        "looked_at",
        "files and folders that the glob looks at: more than 6",
    );
    assert_eq!(sum(&host, "few"), "2\t2");
}

/// What is listed is kept, and looked at again when a file is another one.
#[test]
fn files_that_change_are_listed_again() {
    let workspace = workspace([("zip", "a.zip!*".to_owned()), ("glob", "*.csv".to_owned())]);
    let one = zip(&[Member::stored("a.csv", b"n\n1\n")]);
    let workspace = workspace.file("a.zip", one).file("a.csv", "n\n1\n");
    let host = workspace.host();
    assert_eq!(sum(&host, "zip"), "1\t1");
    assert_eq!(sum(&host, "glob"), "1\t1");
    let other = zip(&[
        Member::deflated("0.csv", &ones(1_000)),
        Member::stored("a.csv", b"n\n2\n"),
    ]);
    let workspace = workspace.file("a.zip", other).file("b.csv", "n\n5\n");
    assert_eq!(sum(&host, "zip"), "1002\t1001");
    assert_eq!(sum(&host, "glob"), "6\t2");
    drop(workspace);
}

/// A file that is written anew in its place is cut off first, and that is not its end.
#[test]
fn a_file_that_is_cut_off_while_it_is_read_is_an_error() {
    let workspace = workspace([("file", "a.csv".to_owned())]).file("a.csv", ones(3_000_000));
    let host = workspace.host();
    let session = host.session().expect("a session");
    try_query(
        &host,
        &session,
        "SET datafusion.execution.target_partitions = 1",
    )
    .expect("it runs");
    let cut_off = host.block_on(async {
        let mut answer = session.query("SELECT n FROM s.file").await?;
        answer.next().await?.expect("it has rows");
        // No more is read before more rows are asked for.
        std::fs::write(workspace.path("a.csv"), "n\n1\n").expect("it can be written");
        answer.collect().await
    });
    let error = cut_off.expect_err("it was cut off").to_string();
    assert!(error.contains("file/a.csv: the file changes"), "{error}");
    assert_eq!(sum(&host, "file"), "1\t1");
}

/// Nor is one that is overwritten in its place, or grows.
#[test]
fn a_file_that_is_written_while_it_is_read_is_an_error() {
    use std::io::{Seek, SeekFrom, Write};
    let workspace = workspace([("file", "a.csv".to_owned())]).file("a.csv", ones(3_000_000));
    let host = workspace.host();
    for at in [SeekFrom::End(-4), SeekFrom::End(0)] {
        let written = host.block_on(async {
            let session = host.session().expect("a session");
            let single = "SET datafusion.execution.target_partitions = 1";
            session.query(single).await?.collect().await?;
            let mut answer = session.query("SELECT n FROM s.file").await?;
            answer.next().await?.expect("it has rows");
            let mut file = std::fs::OpenOptions::new();
            let file = file.write(true).open(workspace.path("a.csv"));
            let mut file = file.expect("it can be opened");
            file.seek(at).expect("it has a place");
            file.write_all(b"2\n2\n").expect("it can be written");
            answer.collect().await
        });
        let error = written.expect_err("it was written").to_string();
        assert!(error.contains("file/a.csv: the file changes"), "{error}");
    }
    assert_eq!(sum(&host, "file"), "3000006\t3000002");

    // One in whose place another is put is read to its end.
    let replaced = host.block_on(async {
        let session = host.session().expect("a session");
        let single = "SET datafusion.execution.target_partitions = 1";
        session.query(single).await?.collect().await?;
        let mut answer = session.query("SELECT n FROM s.file").await?;
        let first = answer.next().await?.expect("it has rows").num_rows();
        std::fs::write(workspace.path("b.csv"), "n\n7\n").expect("it can be written");
        let moved = std::fs::rename(workspace.path("b.csv"), workspace.path("a.csv"));
        moved.expect("it can be replaced");
        let rest = answer.collect().await?;
        let rest = rest.iter().map(arrow::array::RecordBatch::num_rows);
        Ok::<_, sextant::Error>(first + rest.sum::<usize>())
    });
    assert_eq!(replaced.expect("the old one is there"), 3_000_002);
    assert_eq!(sum(&host, "file"), "7\t1");
}

/// Only what stands in an archive as it is can be read from anywhere, and then it is, on all cores.
#[test]
fn stored_members_are_read_in_parts() {
    let table = ones(2_000_000);
    let workspace = workspace([
        ("stored", "stored.zip!*".to_owned()),
        ("deflated", "deflated.zip!*".to_owned()),
    ])
    .file("stored.zip", zip(&[Member::stored("a.csv", &table)]))
    .file("deflated.zip", zip(&[Member::deflated("a.csv", &table)]));
    let host = workspace.host();
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs")).join("\n");
    run("SET datafusion.execution.target_partitions = 4");
    for (table, parts) in [("stored", 4), ("deflated", 1)] {
        let sql = format!("SELECT sum(n), count(*) FROM s.{table}");
        let plan = run(&format!("EXPLAIN {sql}"));
        let shown = format!("columns=[n], partitions={parts}");
        assert!(plan.contains(&shown), "{table}: {plan}");
        assert_eq!(run(&sql), "2000000\t2000000", "{table}");
    }
}
