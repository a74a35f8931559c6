//! Inputs on web servers and in object stores. The web server is one of the tests' own, so that it can
//! misbehave; the object store is S3 as `moto` serves it, filled by `boto3`, and a test says out loud
//! where these are not installed.

use flate2::Compression;
use flate2::write::GzEncoder;
use sextant_tests::far::{Asked, FarSide, answer};
use sextant_tests::{TestWorkspace, failure, python, root, rows, sextant_command};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

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
        .and_then(|range| range.strip_prefix("bytes="));
    let start = range.and_then(|range| range.trim_end_matches('-').parse().ok());
    let (status, range, body) = match start {
        Some(start) => {
            let range = format!(
                "content-range: bytes {start}-{}/{}\r\n",
                content.len() - 1,
                content.len()
            );
            (206, range, &content[start..])
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
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&ones(70_000)).expect("it is memory");
    let archive =
        std::fs::read(root().join("tests/fixtures/inputs/infozip.zip")).expect("it is there");
    let files = files([
        ("/a.csv", ones(3)),
        ("/long.csv", ones(3_000_000)),
        ("/b.csv.gz", gzip.finish().expect("it is memory")),
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
    let ranges = far
        .asked()
        .into_iter()
        .filter(|asked| asked.line == "GET /long.csv" && asked.header("range").is_some());
    assert!(ranges.count() > 0);
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
