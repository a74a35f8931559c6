//! Inputs on web servers and in object stores. The web server is one of the tests' own, so that it can
//! misbehave; the object store is S3 as `moto` serves it, filled by `boto3`, and a test says out loud
//! where these are not installed.

use flate2::Compression;
use flate2::write::GzEncoder;
use sextant::Host;
use sextant_tests::far::{Asked, FarSide, answer};
use sextant_tests::{
    TestWorkspace, failure, lines, python, root, rows, sextant_command, try_query,
};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Serves files with ranges and tags, as web servers do.
fn web(files: &Files) -> FarSide {
    let files = Arc::clone(files);
    FarSide::new(move |asked, _| {
        let (method, path) = asked.line.split_once(' ').expect("it is HTTP");
        let files = files.lock().expect("no test panics with it");
        match files.get(path) {
            None => answer(404, "", ""),
            Some(content) => serve(method, asked, content),
        }
    })
}

fn serve(method: &str, asked: &Asked, content: &[u8]) -> Vec<u8> {
    let tag = format!(
        "\"{:x}\"",
        content
            .iter()
            .fold(7_u64, |tag, &byte| tag.wrapping_mul(31) + u64::from(byte))
    );
    if asked.header("if-match").is_some_and(|wanted| wanted != tag) {
        return answer(412, "", "");
    }
    let range = asked
        .header("range")
        .and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let (status, range, body) = match range {
        Some((start, last)) => {
            let start: usize = start.parse().expect("it is a number");
            let last = last.parse().unwrap_or(content.len() - 1);
            let range = format!("content-range: bytes {start}-{last}/{}\r\n", content.len());
            (206, range, &content[start..=last])
        }
        None => (200, String::new(), content),
    };
    let mut answer = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\netag: {tag}\r\n{range}last-modified: Fri, 27 Nov 2026 10:00:00 GMT\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    if method == "GET" {
        answer.extend(body);
    }
    answer
}

fn files<const N: usize>(files: [(&str, Vec<u8>); N]) -> Files {
    let files = files.map(|(path, content)| (path.to_owned(), content));
    Arc::new(Mutex::new(BTreeMap::from(files)))
}

/// A source `s` with a table of numbers for each input.
fn workspace(inputs: &[(&str, String)], grants: &str) -> TestWorkspace {
    let (mut granted, mut tables) = (String::new(), String::new());
    for (name, text) in inputs {
        granted += &format!("{name} = {text:?}\n");
        tables += &format!(
            "[source.s.config.tables.{name}]\ninput = {name:?}\nheader = true\ncolumns = [{{ name = \"n\", type = \"int64\" }}]\n"
        );
    }
    TestWorkspace::new().plugin("delimited").config(&format!(
        "[source.s]\nplugin = \"delimited\"\n{grants}\n[source.s.inputs]\n{granted}{tables}"
    ))
}

fn sum(table: &str) -> String {
    format!("SELECT sum(n), count(*) FROM s.{table}")
}

fn ones(count: usize) -> Vec<u8> {
    [b"n\n".as_slice(), &b"1\n".repeat(count)].concat()
}

#[test]
fn files_of_a_web_server_are_inputs() {
    let archive =
        std::fs::read(root().join("tests/fixtures/inputs/infozip.zip")).expect("it is there");
    let files = files([
        ("/a.csv", ones(3)),
        ("/long.csv", ones(3_000_000)),
        ("/b.csv.gz", gzip(&ones(70_000))),
        ("/c.zip", archive),
    ]);
    let far = web(&files);
    let inputs = [
        ("plain", far.url("/a.csv")),
        ("long", far.url("/long.csv")),
        ("gzip", far.url("/b.csv.gz")),
        ("zip", far.url("/c.zip!**/*.csv")),
        ("gone", far.url("/gone.csv")),
        ("glob", far.url("/*.csv")),
        ("six", "http://[::1]:9/a.csv".to_owned()),
        ("query", far.url("/a.csv?key=secret")),
    ];
    let private = format!("stores = [{{ url = {:?}, private = true }}]", far.url("/"));
    let remote = workspace(&inputs, &private);
    let host = remote.host();
    assert_eq!(rows(&host, &sum("plain")), ["3\t3"]);
    assert_eq!(rows(&host, &sum("long")), ["3000000\t3000000"]);
    assert_eq!(rows(&host, &sum("gzip")), ["70000\t70000"]);
    let local = root().join("tests/fixtures/inputs/infozip.zip!**/*.csv");
    let local = workspace(&[("zip", local.display().to_string())], "");
    assert_eq!(rows(&host, &sum("zip")), rows(&local.host(), &sum("zip")));
    // It is read in parts, each from where it starts.
    let mut ranges = far
        .asked()
        .into_iter()
        .filter(|asked| asked.line == "GET /long.csv")
        .filter_map(|asked| asked.header("range").map(str::to_owned));
    assert!(ranges.any(|range| range.ends_with('-')));
    for (table, expected) in [
        ("gone", "no file matches"),
        ("glob", "the files of a web server cannot be listed"),
        ("six", "the address found for it is private"),
        (
            "query",
            "expected a URL without a password, a query and a fragment",
        ),
    ] {
        let error = failure(&host, &sum(table)).to_string();
        assert!(
            error.contains(expected) && !error.contains("key=secret"),
            "{table}: {error}"
        );
    }
    // A file that becomes another one is another one.
    let mut served = files.lock().expect("no test panics with it");
    served.insert("/a.csv".to_owned(), ones(5));
    drop(served);
    assert_eq!(rows(&host, &sum("plain")), ["5\t5"]);
    // Private addresses are granted by themselves.
    let public = workspace(&inputs[..1], "");
    let error = failure(&public.host(), &sum("plain")).to_string();
    assert!(
        error.contains("the address found for it is private"),
        "{error}"
    );
}

/// What stands in a URL behind its host is the server's own matter.
#[test]
fn paths_of_a_web_server_need_not_be_those_of_a_store() {
    let paths = [
        "/web/2024id_/https://example.org/list.csv",
        "/%E4.csv",
        "//a//b.csv",
        "/./a%2Fb.csv",
    ];
    let far = web(&files([
        (paths[0], ones(1)),
        (paths[1], ones(2)),
        (paths[2], ones(3)),
        ("/a%2Fb.csv", ones(4)),
    ]));
    let names = ["archived", "latin", "slashes", "dots"];
    let inputs = [0, 1, 2, 3].map(|at| (names[at], far.url(paths[at])));
    let private = format!("stores = [{{ url = {:?}, private = true }}]", far.url("/"));
    let host = workspace(&inputs, &private).host();
    for (at, table) in names.iter().enumerate() {
        let count = at + 1;
        assert_eq!(
            rows(&host, &sum(table)),
            [format!("{count}\t{count}")],
            "{table}"
        );
    }
}

#[test]
fn what_is_not_served_is_told_with_what_is() {
    let found = [
        ("ftp", "ftp://example.org/a.csv", "ftp://example.org"),
        ("glob", "ftp://example.org/*.csv", "ftp://example.org"),
        ("file", "file:///etc/passwd", "file://"),
        ("far_file", "file://example.org/a.csv", "file://example.org"),
        ("memory", "memory:///a.csv", "memory://"),
        ("nowhere", "s3:///a.csv", "s3://"),
    ];
    let host = workspace(&found.map(|(name, url, _)| (name, url.to_owned())), "").host();
    for (name, url, found) in found {
        let error = failure(&host, &sum(name));
        let text = error.to_string();
        let expected = format!(
            "expected http://, https://, s3://, gs:// or az:// and a host or bucket, found {found:?}"
        );
        for part in [&*format!("input {name:?}: "), &expected, "its path alone"] {
            assert!(error.is_config() && text.contains(part), "{url}: {text}");
        }
    }
}

/// A wait for a server is no plugin's work, while files are looked for and while they are read; it has a bound of its
/// own.
#[test]
fn a_wait_for_a_web_server_does_not_count_as_work() {
    let far = odd(|_, _, _| {
        std::thread::sleep(Duration::from_millis(1_500));
        chunked("", &ones(3))
    });
    let names = [("slow", "/slow.csv")];
    let workspace = private(&far, names, "call_ms_max = 700\n");
    assert_eq!(rows(&workspace.host(), &sum("slow")), ["3\t3"]);
    let workspace = private(&far, names, "call_ms_max = 700\ncall_wait_ms_max = 300\n");
    let error = failure(&workspace.host(), &sum("slow")).to_string();
    assert!(
        error.contains("milliseconds that a call waited for the far side"),
        "{error}"
    );
}

#[test]
fn a_web_server_gets_credentials_and_may_fail() {
    let other = FarSide::new(|_, _| answer(200, "", "n\n1\n"));
    let beside = other.url("/a.csv");
    let far = FarSide::new(move |asked, before| {
        let (method, path) = asked.line.split_once(' ').expect("it is HTTP");
        match path {
            "/denied.csv" => answer(403, "", ""),
            "/passing.csv" if before % 3 != 2 => answer(503, "", ""),
            "/changing.csv" if method == "GET" => serve(method, asked, b"n\n2\n"),
            "/short.csv" if method == "GET" => {
                b"HTTP/1.1 200 x\r\ncontent-length: 100\r\netag: \"a\"\r\nlast-modified: Fri, 27 Nov 2026 10:00:00 GMT\r\n\r\nn\n1\n".to_vec()
            }
            "/short.csv" => b"HTTP/1.1 200 x\r\ncontent-length: 100\r\netag: \"a\"\r\nlast-modified: Fri, 27 Nov 2026 10:00:00 GMT\r\nconnection: close\r\n\r\n".to_vec(),
            "/moved.csv" => answer(302, "location: /a.csv", ""),
            "/away.csv" => answer(302, "location: http://169.254.169.254/a.csv", ""),
            "/beside.csv" => answer(302, &format!("location: {beside}"), ""),
            _ => serve(method, asked, b"n\n1\n"),
        }
    });
    let inputs = [
        "denied", "passing", "changing", "short", "moved", "away", "beside",
    ]
    .map(|name| (name, far.url(&format!("/{name}.csv"))));
    let grants = format!("stores = [{{ url = {:?}, private = true }}]", far.url("/"));
    let failing = workspace(&inputs, &grants).config("[limits]\nnetwork_wait_ms_max = 3000\n");
    let host = failing.host();
    assert_eq!(rows(&host, &sum("passing")), ["1\t1"]);
    assert_eq!(rows(&host, &sum("moved")), ["1\t1"]);
    for (table, expected) in [
        ("denied", "does not allow it with these credentials"),
        ("changing", "the file changes"),
        ("short", ""),
        ("away", "the address found for it is link-local"),
        ("beside", "private = true holds for the granted place alone"),
    ] {
        let error = failure(&host, &sum(table)).to_string();
        assert!(
            error.contains("source \"s\"") && error.contains(expected),
            "{table}: {error}"
        );
    }
    assert_eq!(other.asked().len(), 0);
    let grants = format!(
        "stores = [{{ url = {:?}, private = true, bearer = \"token\", headers = {{ x-key = \"token\" }} }}]\n\
         secrets = {{ token = {{ token_file = \"token\" }} }}",
        far.url("/")
    );
    let with_token = workspace(
        &[("a", far.url("/a.csv")), ("moved", far.url("/moved.csv"))],
        &grants,
    )
    .file("token", "t0ken\n");
    let host = with_token.host();
    assert_eq!(rows(&host, &sum("a")), ["1\t1"]);
    let last = far.asked().pop().expect("it was asked");
    assert_eq!(last.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(last.header("x-key"), Some("t0ken"));
    assert!(!failure(&host, &sum("moved")).to_string().contains("t0ken"));
    // What is put in its place holds for the next request.
    std::fs::write(with_token.path("token"), "t1ken\n").expect("it can be written");
    assert_eq!(rows(&host, &sum("a")), ["1\t1"]);
    let last = far.asked().pop().expect("it was asked");
    assert_eq!(last.header("authorization"), Some("Bearer t1ken"));
    assert_eq!(last.header("x-key"), Some("t1ken"));
}

/// A grant holds for its own place: not for one whose URL only begins alike, nor for what `..` leads to.
#[test]
fn a_grant_covers_what_is_below_it_alone() {
    let far = web(&files([
        ("/cases/a.csv", ones(1)),
        ("/cases-sealed/a.csv", ones(2)),
    ]));
    let inputs = [
        ("below", far.url("/cases/a.csv")),
        ("alike", far.url("/cases-sealed/a.csv")),
        ("beside", far.url("/cases/../cases-sealed/a.csv")),
    ];
    for grant in ["/cases", "/cases/"] {
        let grants = format!(
            "stores = [{{ url = {:?}, private = true, bearer = \"api\" }}]\nsecrets = {{ api = {{ token_file = \"token\" }} }}",
            far.url(grant)
        );
        let workspace = workspace(&inputs, &grants).file("token", "t0ken\n");
        let host = workspace.host();
        assert_eq!(rows(&host, &sum("below")), ["1\t1"]);
        for table in ["alike", "beside"] {
            let error = failure(&host, &sum(table)).to_string();
            assert!(
                error.contains("the address found for it is private"),
                "{table}: {error}"
            );
        }
        let lines = far.asked().into_iter().map(|asked| asked.line);
        let sealed: Vec<_> = lines.filter(|line| line.contains("sealed")).collect();
        assert!(sealed.is_empty(), "a credential went there: {sealed:?}");
    }
}

/// A server that answers GET like this, and HEAD with the same but for the body.
fn odd(get: impl Fn(&str, &Asked, usize) -> Vec<u8> + Send + Sync + 'static) -> FarSide {
    FarSide::new(move |asked, before| {
        let (method, path) = asked.line.split_once(' ').expect("it is HTTP");
        let mut answer = get(path, asked, before);
        if method == "HEAD" {
            answer.truncate(head_bytes(&answer));
        }
        answer
    })
}

fn head_bytes(answer: &[u8]) -> usize {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    end.expect("it has a head") + 4
}

/// A file in one answer, whatever part of it was asked for.
fn whole(headers: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 x\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        content.len()
    );
    [head.as_bytes(), content].concat()
}

/// A file as a server sends it that makes it up meanwhile.
fn chunked(headers: &str, content: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n{headers}\r\n"
    )
    .into_bytes();
    for chunk in content.chunks(1_000) {
        answer.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend(chunk);
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\n\r\n");
    answer
}

/// An answer without some of its header fields.
fn without(answer: &[u8], names: &[&str]) -> Vec<u8> {
    let (head, body) = answer.split_at(head_bytes(answer));
    let head = String::from_utf8(head.to_vec()).expect("it is text");
    let kept = head
        .split_inclusive("\r\n")
        .filter(|line| !names.iter().any(|name| line.starts_with(name)));
    [kept.collect::<String>().as_bytes(), body].concat()
}

/// An answer with something else in its head.
fn instead(answer: &[u8], of: &str, other: &str) -> Vec<u8> {
    let (head, body) = answer.split_at(head_bytes(answer));
    let head = String::from_utf8(head.to_vec()).expect("it is text");
    [head.replace(of, other).as_bytes(), body].concat()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("it is memory");
    encoder.finish().expect("it is memory")
}

/// A workspace with a table for each of these files of a private server, by their names.
fn private<const N: usize>(far: &FarSide, names: [(&str, &str); N], limits: &str) -> TestWorkspace {
    let inputs = names.map(|(name, path)| (name, far.url(path)));
    let grants = format!("stores = [{{ url = {:?}, private = true }}]", far.url("/"));
    workspace(&inputs, &grants).config(&format!("[limits]\n{limits}"))
}

/// The sum of a table that is read by four, and how many parts it was split into.
fn sum_of_parts(host: &Host, table: &str) -> (String, usize) {
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(host, &session, sql).expect("it runs")).join("\n");
    run("SET datafusion.execution.target_partitions = 4");
    let plan = run(&format!("EXPLAIN {}", sum(table)));
    let (_, parts) = plan
        .split_once("columns=[n], partitions=")
        .expect("it has a scan");
    let digits = parts.find(|c: char| !c.is_ascii_digit());
    let parts = parts[..digits.unwrap_or(parts.len())].parse::<usize>();
    (run(&sum(table)), parts.expect("it is a number"))
}

/// A file of one row whose server does not send it until it is let.
fn gate() -> (FarSide, mpsc::Sender<()>) {
    let (open, opened) = mpsc::channel();
    let opened = Mutex::new(opened);
    let far = odd(move |_, asked, _| {
        if asked.line.starts_with("GET") {
            let opened = opened.lock().expect("no test panics with it");
            opened.recv_timeout(Duration::from_secs(30)).ok();
        }
        chunked("", b"n\n0\n")
    });
    (far, open)
}

/// A scan is split by the files that were found, and no part of it is read of others: neither with the places of
/// the old ones, nor at all.
#[test]
fn a_file_that_changes_after_it_was_split_is_an_error() {
    let old = ones(3_000_000);
    let new = [b"n\n".as_slice(), &b"22\n".repeat(2_000_000)].concat();
    assert_eq!(old.len(), new.len());
    for (is_web, is_renamed) in [(true, false), (false, false), (false, true)] {
        let served = files([("/a.csv", old.clone())]);
        let (far, (gate, open)) = (web(&served), gate());
        let there = if is_web {
            far.url("/a.csv")
        } else {
            "a.csv".to_owned()
        };
        let grants =
            [&far, &gate].map(|far| format!("{{ url = {:?}, private = true }}", far.url("/")));
        let inputs = [("gate", gate.url("/gate.csv")), ("changing", there)];
        let workspace =
            workspace(&inputs, &format!("stores = [{}]", grants.join(", "))).file("a.csv", &old);
        let host = workspace.host();
        let session = host.session().expect("a session");
        try_query(
            &host,
            &session,
            "SET datafusion.execution.target_partitions = 4",
        )
        .expect("it runs");
        // What is joined is not read before the gate is, so that all of its parts are read after the change.
        let sql = "SELECT sum(c.n), count(*) FROM s.gate g CROSS JOIN s.changing c";
        let plan = lines(&try_query(&host, &session, &format!("EXPLAIN {sql}")).expect("it runs"));
        assert!(plan.join("\n").contains("partitions=4"), "{plan:?}");
        let answer = host.block_on(session.query(sql)).expect("it is planned");
        match (is_web, is_renamed) {
            (true, _) => {
                let mut served = served.lock().expect("no test panics with it");
                served.insert("/a.csv".to_owned(), new.clone());
            }
            (false, false) => std::fs::write(workspace.path("a.csv"), &new).expect("it is written"),
            (false, true) => {
                std::fs::write(workspace.path("b.csv"), &new).expect("it is written");
                std::fs::rename(workspace.path("b.csv"), workspace.path("a.csv"))
                    .expect("it is replaced");
            }
        }
        open.send(()).expect("it is waited for");
        let error = host.block_on(answer.collect()).expect_err("it changed");
        let text = error.to_string();
        assert!(
            error.is_unavailable() && text.contains("changing/a.csv: the file changes"),
            "{is_web} {is_renamed}: {text}"
        );
        // The next query is one of the new file.
        drop(open);
        assert_eq!(rows(&host, &sum("changing")), ["44000000\t2000000"]);
    }
}

#[test]
fn a_server_need_not_say_how_long_a_file_is() {
    let table = ones(2_000_000);
    let far = odd(move |path, asked, before| {
        let is_head = asked.line.starts_with("HEAD");
        let second = before % 60;
        match path {
            "/made.csv" => chunked("", &table),
            "/tagged.csv" => chunked("etag: \"a\"\r\n", &ones(3)),
            // Whoever makes it up may say that it was changed just now, every time.
            "/now.csv" => chunked(
                &format!(
                    "date: Sun, 06 Nov 1994 08:49:{second:02} GMT\r\nlast-modified: Sun, 06 Nov 1994 08:49:{second:02} GMT\r\n"
                ),
                &ones(3),
            ),
            "/packed.csv.gz" => chunked("", &gzip(&ones(70_000))),
            // A file that is compressed by itself is not compressed on its way.
            "/named.csv.gz" => whole("content-encoding: x-gzip\r\n", &gzip(&ones(3))),
            "/zero.csv" if is_head => whole("", b""),
            "/zero.csv" => whole("", &ones(3)),
            _ => answer(404, "", ""),
        }
    });
    let names = [
        ("made", "/made.csv"),
        ("tagged", "/tagged.csv"),
        ("now", "/now.csv"),
        ("packed", "/packed.csv.gz"),
        ("named", "/named.csv.gz"),
        ("zero", "/zero.csv"),
    ];
    let workspace = private(&far, names, "");
    let host = workspace.host();
    assert_eq!(
        sum_of_parts(&host, "made"),
        ("2000000\t2000000".to_owned(), 1)
    );
    for table in ["tagged", "now", "named", "zero"] {
        assert_eq!(rows(&host, &sum(table)), ["3\t3"], "{table}");
    }
    assert_eq!(rows(&host, &sum("packed")), ["70000\t70000"]);
    for asked in far.asked() {
        assert_eq!(asked.header("accept-encoding"), Some("identity"));
        // What is made up is not made up once more to look at it.
        let is_made = !asked.line.ends_with("/named.csv.gz");
        assert!(!is_made || asked.header("range").is_none(), "{asked:?}");
    }
}

#[test]
fn a_server_may_refuse_head() {
    let far = odd(|path, asked, _| {
        let (status, file) = path[1..].split_once('/').expect("it says how");
        if asked.line.starts_with("HEAD") || file == "gone.csv" {
            return answer(status.parse().expect("it is a status"), "", "");
        }
        match file {
            "parts.csv" => serve("GET", asked, &ones(2_000_000)),
            _ => chunked("", &ones(3)),
        }
    });
    let names = [
        ("parts_405", "/405/parts.csv"),
        ("parts_403", "/403/parts.csv"),
        ("made_405", "/405/made.csv"),
        ("made_501", "/501/made.csv"),
        ("made_404", "/404/made.csv"),
        ("gone_403", "/403/gone.csv"),
        ("gone_404", "/404/gone.csv"),
    ];
    let workspace = private(&far, names, "");
    let host = workspace.host();
    for table in ["parts_405", "parts_403"] {
        let expected = ("2000000\t2000000".to_owned(), 4);
        assert_eq!(sum_of_parts(&host, table), expected, "{table}");
    }
    for table in ["made_405", "made_501", "made_404"] {
        assert_eq!(rows(&host, &sum(table)), ["3\t3"], "{table}");
    }
    for (table, expected) in [
        ("gone_403", "does not allow it with these credentials"),
        ("gone_404", "no file matches"),
    ] {
        let error = failure(&host, &sum(table)).to_string();
        assert!(error.contains(expected), "{table}: {error}");
    }
}

/// A file is split only where its parts are given and marked by what changes with every byte, and read right
/// nevertheless where they are not given after all.
#[test]
fn a_server_may_ignore_ranges() {
    let table = ones(2_000_000);
    let archive =
        std::fs::read(root().join("tests/fixtures/inputs/infozip.zip")).expect("it is there");
    let tag = "etag: \"a\"\r\n";
    let lie = "etag: \"a\"\r\naccept-ranges: bytes\r\n";
    let far = odd(move |path, asked, _| match path {
        "/silent.csv" => whole(tag, &table),
        "/liar.csv" => whole(lie, &table),
        "/unmarked.csv" => without(&serve("GET", asked, &table), &["etag", "last-modified"]),
        "/weak.csv" => instead(&serve("GET", asked, &table), "etag: ", "etag: W/"),
        "/undated.csv" => without(&serve("GET", asked, &table), &["etag"]),
        "/dated.csv" => {
            let date = "date: Sat, 28 Nov 2026 10:00:00 GMT\r\nlast-modified: ";
            let answer = instead(&serve("GET", asked, &table), "last-modified: ", date);
            without(&answer, &["etag"])
        }
        "/silent.zip" => whole(tag, &archive),
        "/liar.zip" => whole(lie, &archive),
        "/made.zip" => chunked(tag, &archive),
        "/weak.zip" => instead(&serve("GET", asked, &archive), "etag: ", "etag: W/"),
        "/unmarked.zip" => without(&serve("GET", asked, &archive), &["etag", "last-modified"]),
        _ => answer(404, "", ""),
    });
    let names = [
        ("silent", "/silent.csv"),
        ("liar", "/liar.csv"),
        ("unmarked", "/unmarked.csv"),
        ("weak", "/weak.csv"),
        ("undated", "/undated.csv"),
        ("dated", "/dated.csv"),
        ("silent_zip", "/silent.zip!*.csv"),
        ("liar_zip", "/liar.zip!*.csv"),
        ("made_zip", "/made.zip!*.csv"),
        ("unmarked_zip", "/unmarked.zip!*.csv"),
        ("weak_zip", "/weak.zip!*.csv"),
    ];
    let workspace = private(&far, names, "");
    let host = workspace.host();
    for (table, parts) in [
        ("silent", 1),
        ("liar", 4),
        ("unmarked", 1),
        ("weak", 1),
        ("undated", 1),
        ("dated", 4),
    ] {
        let expected = ("2000000\t2000000".to_owned(), parts);
        assert_eq!(sum_of_parts(&host, table), expected, "{table}");
    }
    for table in ["silent_zip", "liar_zip", "made_zip"] {
        let error = failure(&host, &sum(table));
        let text = error.to_string();
        assert!(
            text.contains("the server gives no ranges, and members of an archive"),
            "{table}: {text}"
        );
        assert!(
            format!("{text} {}", error.hint().unwrap_or_default()).contains("download the archive"),
            "{table}: {error:?} {:?}",
            error.hint()
        );
    }
    for table in ["unmarked_zip", "weak_zip"] {
        assert_eq!(rows(&host, &sum(table)), ["1606\t403"], "{table}");
    }
}

/// Never a part of a file for the whole, nor halves of two.
#[test]
fn a_body_that_is_not_what_was_said_is_an_error() {
    let far = odd(|path, asked, before| {
        let is_head = asked.line.starts_with("HEAD");
        let mut made = chunked("", &ones(3_000));
        match path {
            "/no_end.csv" => {
                made.truncate(made.len() - 5);
                made
            }
            "/in_chunk.csv" => {
                made.truncate(made.len() - 100);
                made
            }
            "/cut.csv" => {
                let mut answer = whole("", &ones(3_000));
                answer.truncate(answer.len() - 100);
                answer
            }
            "/cut.csv.gz" => {
                let mut made = chunked("", &gzip(&ones(3_000)));
                made.truncate(made.len() - 5);
                made
            }
            "/longer.csv" | "/shorter.csv" if !is_head => made,
            "/longer.csv" => whole("", &ones(2_999)),
            "/shorter.csv" => whole("", &ones(3_001)),
            "/other.csv" if is_head => whole("", &ones(2)),
            "/other.csv" => whole("", &ones(3)),
            "/endless.csv" => b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\nn\n1\n".to_vec(),
            "/encoded.csv" => chunked("content-encoding: gzip\r\n", &gzip(&ones(3))),
            "/tagged.csv" => chunked(&format!("etag: \"{before}\"\r\n"), &ones(3)),
            "/dated.csv" => {
                let second = before % 60;
                let date = format!(
                    "date: Sun, 06 Nov 1994 09:00:00 GMT\r\nlast-modified: Sun, 06 Nov 1994 08:49:{second:02} GMT\r\n"
                );
                chunked(&date, &ones(3))
            }
            _ => answer(404, "", ""),
        }
    });
    let cases = [
        ("no_end", "/no_end.csv", "the answer broke off"),
        ("in_chunk", "/in_chunk.csv", "the answer broke off"),
        ("cut", "/cut.csv", "the answer broke off"),
        ("cut_gzip", "/cut.csv.gz", "the answer broke off"),
        ("longer", "/longer.csv", "it goes on after the 6000 bytes"),
        (
            "shorter",
            "/shorter.csv",
            "it broke off at byte 6002 of 6004",
        ),
        ("other", "/other.csv", "the file changes"),
        (
            "endless",
            "/endless.csv",
            "neither how long the file is nor where it ends",
        ),
        (
            "encoded",
            "/encoded.csv",
            "the server sends it compressed (\"gzip\")",
        ),
        ("tagged", "/tagged.csv", "the file changes"),
        ("dated", "/dated.csv", "the file changes"),
    ];
    let workspace = private(&far, cases.map(|(name, path, _)| (name, path)), "");
    let host = workspace.host();
    for (table, _, expected) in cases {
        let error = failure(&host, &sum(table)).to_string();
        assert!(
            error.contains("source \"s\"") && error.contains(expected),
            "{table}: {error}"
        );
    }
}

/// However often, as long as bytes come in between.
#[test]
fn a_file_that_breaks_off_is_gone_on_with_where_it_is_seen_to_be_the_same() {
    let table = ones(100_000);
    let far = odd(move |_, asked, _| {
        let mut answer = serve("GET", asked, &table);
        answer.truncate(head_bytes(&answer) + 30_000);
        answer
    });
    let workspace = private(&far, [("flaky", "/flaky.csv")], "");
    assert_eq!(rows(&workspace.host(), &sum("flaky")), ["100000\t100000"]);
    let asked = far.asked();
    let mut ranges = asked.iter().filter_map(|asked| asked.header("range"));
    assert!(
        ranges.any(|range| range.ends_with('-') && range != "bytes=0-"),
        "{asked:?}"
    );
}

/// A server that is never late, and never done: neither a query nor a description waits for it for ever. One that is
/// slow, and not that slow, is waited for.
#[test]
fn a_server_that_sends_too_slowly_ends_one_query() {
    let limits = "network_wait_ms_max = 1000\n";
    let archive =
        std::fs::read(root().join("tests/fixtures/inputs/infozip.zip")).expect("it is there");
    let table = ones(100_000);
    let trickling = FarSide::slow(10, Duration::from_millis(50), move |asked, _| {
        let (method, path) = asked.line.split_once(' ').expect("it is HTTP");
        match (method, path) {
            ("HEAD", "/made.csv") => answer(405, "", ""),
            (_, "/made.csv") => chunked("", &table),
            (_, "/a.zip") => serve(method, asked, &archive),
            _ => serve(method, asked, &table),
        }
    });
    let names = [
        ("told", "/told.csv"),
        ("made", "/made.csv"),
        ("zip", "/a.zip!*.csv"),
    ];
    let workspace = private(&trickling, names, limits);
    let host = workspace.host();
    let began = Instant::now();
    for (table, _) in names {
        let error = failure(&host, &sum(table));
        assert!(error.is_unavailable(), "{table}: {error:?}");
        let text = format!("{error} ({})", error.hint().unwrap_or_default());
        for expected in [
            "it sends too slowly: ",
            " ms, and the limit is 1000 ms for each 65536",
            "limits.network_wait_ms_max",
        ] {
            assert!(text.contains(expected), "{table}: {text}");
        }
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
    let table = ones(200_000);
    let slow = FarSide::slow(20_000, Duration::from_millis(100), move |asked, _| {
        let (method, _) = asked.line.split_once(' ').expect("it is HTTP");
        serve(method, asked, &table)
    });
    let workspace = private(&slow, [("slow", "/slow.csv")], limits);
    assert_eq!(rows(&workspace.host(), &sum("slow")), ["200000\t200000"]);
}

#[test]
fn what_a_server_sends_without_a_length_is_bounded() {
    let far = odd(|path, _, _| match path {
        "/made.csv" => chunked("", &ones(100_000)),
        "/known.csv" => whole("", &ones(100_000)),
        "/bomb.csv.gz" => chunked("", &gzip(&ones(70_000))),
        _ => answer(404, "", ""),
    });
    let names = [
        ("made", "/made.csv"),
        ("known", "/known.csv"),
        ("bomb", "/bomb.csv.gz"),
    ];
    let limits = "input_decompressed_bytes_max = 150000\n\
                  input_decompression_ratio_from_bytes = 100000\n\
                  input_decompression_ratio_max = 100\n";
    let workspace = private(&far, names, limits);
    let host = workspace.host();
    for (table, expected) in [
        (
            "made",
            "made/made.csv: bytes of a file whose length is not known: ",
        ),
        (
            "bomb",
            "bomb/bomb.csv.gz: decompressed bytes for each compressed one: ",
        ),
    ] {
        let error = failure(&host, &sum(table));
        assert!(
            error.is_limit() && error.to_string().contains(expected),
            "{table}: {error:?}"
        );
    }
    assert_eq!(rows(&host, &sum("known")), ["100000\t100000"]);
}

/// What the command writes is what a private web server takes.
#[test]
fn an_input_on_a_private_server_is_added_by_the_command() {
    let far = web(&files([("/a.csv", ones(3))]));
    let workspace = TestWorkspace::new().plugin("delimited");
    let input = format!("files={}", far.url("/a.csv"));
    let store = far.url("/");
    let add = |more: &[&str]| {
        let mut command = Command::new(sextant_command());
        command.args(["source", "add", "far", "--plugin", "delimited", "--input"]);
        command.args([&input, "--config", "tables.all.input=files"]);
        command.args(["--config", "tables.all.header=true"]);
        command.args([
            "--config",
            "tables.all.columns=[{ name = \"n\", type = \"int64\" }]",
        ]);
        command
            .args(more)
            .arg("--workspace")
            .arg(workspace.workspace().root());
        let output = command.output().expect("it starts");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (is_done, error) = add(&["--private"]);
    assert!(
        !is_done && error.contains("--store URL --private"),
        "{error}"
    );
    let (is_done, error) = add(&["--store", &store, "--private"]);
    assert!(is_done, "{error}");
    let sum = "SELECT sum(n), count(*) FROM far.\"all\"";
    assert_eq!(rows(&workspace.host(), sum), ["3\t3"]);
}

/// With a part of a credential, or without any, nobody asks the surroundings of this machine for one.
#[test]
fn a_store_is_asked_with_the_credential_that_was_granted_or_with_none() {
    let far = FarSide::new(|_, _| answer(404, "", ""));
    let failing = |url: &str, options: &str, secrets: &str| {
        let grants = format!(
            "stores = [{{ url = {url:?}, private = true, options = {{ {options} }}, secrets = {{ {secrets} }} }}]\n\
             secrets = {{ key = {{ token_file = \"key\" }} }}"
        );
        let inputs = [("one", format!("{url}a.csv"))];
        let workspace = workspace(&inputs, &grants).file("key", "pa55word");
        failure(&workspace.host(), &sum("one")).to_string()
    };
    let endpoint = far.url("");
    let s3 = format!("endpoint = {endpoint:?}, region = \"us-east-1\"");
    let azure = format!("endpoint = {endpoint:?}, account_name = \"account\"");
    let google = format!("base_url = {endpoint:?}");
    let (s3, azure, google) = (
        ("s3://cases/", s3.as_str()),
        ("az://cases/", azure.as_str()),
        ("gs://cases/", google.as_str()),
    );
    for ((url, options), secrets, missing) in [
        (s3, "token = \"key\"", "access_key_id is missing"),
        (
            s3,
            "secret_access_key = \"key\"",
            "access_key_id is missing",
        ),
        (
            s3,
            "access_key_id = \"key\"",
            "secret_access_key is missing",
        ),
        (azure, "client_id = \"key\"", "client_secret is missing"),
        (
            azure,
            "client_id = \"key\", client_secret = \"key\"",
            "tenant_id is missing",
        ),
        (
            azure,
            "federated_token_file = \"key\"",
            "client_id is missing",
        ),
        (azure, "container_name = \"key\"", "account_key is missing"),
        (
            google,
            "bucket_name = \"key\"",
            "service_account_key is missing",
        ),
    ] {
        let error = failing(url, options, secrets);
        assert!(
            error.contains(missing) && !error.contains("pa55word"),
            "{secrets}: {error}"
        );
    }
    assert_eq!(far.asked().len(), 0);
    for (number, (url, options)) in [s3, azure, google].into_iter().enumerate() {
        let options = format!("{options}, skip_signature = \"false\"");
        let error = failing(url, &options, "");
        assert!(error.contains("no file matches"), "{error}");
        assert!(far.asked().len() > number, "{url}");
    }
    for asked in far.asked() {
        assert_eq!(asked.header("authorization"), None, "{asked:?}");
    }
}

/// Azure lists tags without the quotes that they have elsewhere, as Azurite 3 does.
#[test]
fn files_of_azure_are_those_that_were_listed() {
    const LISTED: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs><Blob><Name>some/a.csv</Name><Properties>\
        <Last-Modified>Mon, 30 Nov 2026 12:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>6</Content-Length>\
        <Content-Type>text/csv</Content-Type></Properties></Blob></Blobs><NextMarker /></EnumerationResults>";
    let far = FarSide::new(|asked, _| {
        let is_listed = asked.header("if-match") == Some("\"0x1\"");
        let marks = "etag: \"0x1\"\nlast-modified: Mon, 30 Nov 2026 12:00:00 GMT";
        match asked.line.contains("comp=list") {
            true => answer(200, "content-type: application/xml", LISTED),
            false if is_listed => answer(200, marks, "n\n1\n1\n"),
            false => answer(412, "", ""),
        }
    });
    let grants = format!(
        "stores = [{{ url = \"az://cases/\", private = true, options = {{ endpoint = {:?}, account_name = \"account\" }} }}]",
        far.url("/account")
    );
    let host = workspace(&[("all", "az://cases/some/*.csv".to_owned())], &grants).host();
    assert_eq!(rows(&host, &sum("all")), ["2\t2"]);
}

/// S3 on 127.0.0.1, as `moto` serves it, until it is dropped.
struct S3 {
    server: Child,
    url: String,
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

impl S3 {
    fn start() -> Option<Self> {
        let python = python("moto.server")?;
        let mut server = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("python starts");
        // It says where it listens once it does.
        let said = BufReader::new(server.stderr.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let (_, url) = line.split_once("Running on ")?;
            Some(url.trim().to_owned())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let url = url.expect("it listens");
        Some(Self { server, url })
    }

    fn put(&self, script: &str) {
        let python = python("boto3").expect("moto brings it");
        let script = format!(
            "import boto3\ns3 = boto3.client('s3', endpoint_url={:?}, aws_access_key_id='key', aws_secret_access_key='word', region_name='us-east-1')\n{script}",
            self.url
        );
        let done = Command::new(python).args(["-c", &script]).status();
        assert!(done.expect("python starts").success());
    }
}

#[test]
fn objects_of_a_store_are_inputs() {
    let Some(s3) = S3::start() else {
        return;
    };
    s3.put(
        "s3.create_bucket(Bucket='cases')\n\
         put = lambda key, text: s3.put_object(Bucket='cases', Key=key, Body=text.encode())\n\
         put('2023/a.csv', 'n\\n1\\n')\n\
         put('2024/b.csv', 'n\\n2\\n')\n\
         put('2024/deep/c.csv', 'n\\n4\\n')\n\
         put('2024/d.txt', 'n\\n8\\n')",
    );
    let inputs = [
        ("one", "s3://cases/2023/a.csv"),
        ("year", "s3://cases/2024/*.csv"),
        ("all", "s3://cases/**/*.csv"),
        ("gone", "s3://cases/2022/*.csv"),
    ]
    .map(|(name, url)| (name, url.to_owned()));
    let grants = |private: bool| {
        format!(
            "stores = [{{ url = \"s3://cases/\", private = {private}, options = {{ endpoint = {:?}, region = \"us-east-1\" }}, \
             secrets = {{ access_key_id = \"id\", secret_access_key = \"word\" }} }}]\n\
             secrets = {{ id = {{ token_file = \"id\" }}, word = {{ token_file = \"word\" }} }}",
            s3.url
        )
    };
    let granted = workspace(&inputs, &grants(true))
        .file("id", "key")
        .file("word", "word");
    let host = granted.host();
    assert_eq!(rows(&host, &sum("one")), ["1\t1"]);
    assert_eq!(rows(&host, &sum("year")), ["2\t1"]);
    assert_eq!(rows(&host, &sum("all")), ["7\t3"]);
    let error = failure(&host, &sum("gone")).to_string();
    assert!(error.contains("no file matches"), "{error}");
    s3.put("s3.put_object(Bucket='cases', Key='2024/e.csv', Body=b'n\\n16\\n')");
    assert_eq!(
        rows(&host, &sum("year")),
        ["18\t2"],
        "what is added is found"
    );

    let public = workspace(&inputs, &grants(false))
        .file("id", "key")
        .file("word", "word");
    let error = failure(&public.host(), &sum("one")).to_string();
    assert!(
        error.contains("the address found for it is private"),
        "{error}"
    );
    let odd = grants(true).replace("region", "regoin");
    let odd = workspace(&inputs, &odd)
        .file("id", "key")
        .file("word", "word");
    let error = failure(&odd.host(), &sum("one")).to_string();
    assert!(error.contains("there is no option \"regoin\""), "{error}");
}
