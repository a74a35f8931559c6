//! What a source reaches over the network: what was granted and nothing else, whoever asks for more:
//! a plugin, a name, or an answer.

use sextant::Host;
use sextant_tests::far::{FarSide, answer};
use sextant_tests::{
    TestWorkspace, example_bundle, failure, lines, rows, sextant_command, try_query,
};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A workspace with a source `s` that sends requests, given as TOML, with grants.
fn workspace(grants: &str, requests: &str) -> TestWorkspace {
    let workspace = TestWorkspace::new().config(&format!(
        "[source.s]\nplugin = \"http\"\n{grants}\n[source.s.config]\nrequests = [{requests}]\n"
    ));
    workspace.put("http", &example_bundle("http", &["http"]));
    workspace
}

/// A source whose one request is a GET.
fn getting(grants: &str, url: &str) -> Host {
    workspace(grants, &format!("{{ url = {url:?} }}")).host()
}

fn private(far: &FarSide, path: &str) -> String {
    format!("http = [{{ url = {:?}, private = true }}]", far.url(path))
}

fn assert_refused(grants: &str, request: &str, expected: &str) {
    let host = workspace(grants, request).host();
    let error = failure(&host, "SELECT * FROM s.answers");
    let hint = error.hint().unwrap_or_default();
    let text = format!("{error} ({hint})");
    assert!(
        text.contains(expected),
        "{request}: expected {expected:?}, found {text}"
    );
}

const ANSWERS: &str = "SELECT status, body FROM s.answers";

#[test]
fn a_granted_place_is_reached() {
    let far = FarSide::new(|asked, _| {
        answer(
            200,
            "x-kind: test",
            &format!("{} {}", asked.line, asked.body),
        )
    });
    let grants = format!(
        "http = [{{ url = {:?}, private = true, methods = [\"GET\", \"POST\"] }}]",
        far.url("/api/")
    );
    let requests = format!(
        "{{ url = {:?} }}, {{ method = \"POST\", url = {:?}, body = \"asked\", headers = {{ accept = \"text/plain\" }} }}",
        far.url("/api/a?b=c"),
        far.url("/api/b"),
    );
    let host = workspace(&grants, &requests).host();
    assert_eq!(
        rows(&host, ANSWERS),
        ["200\tGET /api/a?b=c ", "200\tPOST /api/b asked"]
    );
    let headers = rows(&host, "SELECT headers FROM s.answers LIMIT 1").join("\n");
    assert!(headers.contains("x-kind: test"), "{headers}");
    let asked = far.asked();
    assert_eq!(asked[1].header("accept"), Some("text/plain"));
    assert!(
        asked[0]
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("sextant/"))
    );
    // A status of 400 or more is an answer.
    let far = FarSide::new(|_, _| answer(404, "", "no"));
    assert_eq!(
        rows(&getting(&private(&far, "/"), &far.url("/x")), ANSWERS),
        ["404\tno"]
    );
}

#[test]
fn what_was_not_granted_is_not_asked_for() {
    let far = FarSide::new(|_, _| answer(200, "", "secret"));
    let (api, other) = (
        private(&far, "/api"),
        FarSide::new(|_, _| answer(200, "", "")),
    );
    let get = |url: String| format!("{{ url = {url:?} }}");
    let not_granted =
        "is not granted (what this source may reach stands under [source.s] http in sextant.toml)";
    for url in [
        far.url("/"),
        far.url("/apis"),
        far.url("/api/../x"),
        far.url("/api/%2e%2e/x"),
        far.url("/API"),
        other.url("/api"),
        far.url("/api").replace("127.0.0.1", "localhost"),
        far.url("/api").replace("http:", "https:"),
        "http://127.0.0.1:1/api".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        assert_refused(&api, &get(url), not_granted);
    }
    assert_refused("", &get(far.url("/api")), not_granted);
    for (url, expected) in [
        (
            far.url("/api").replace("http://", "http://user:word@"),
            "without user name and password",
        ),
        (far.url("/api#x"), "without a fragment"),
        (
            "file:///etc/passwd".to_owned(),
            "expected a URL of http or https, found \"file\"",
        ),
        ("/api".to_owned(), "expected an absolute URL"),
    ] {
        assert_refused(&api, &get(url), expected);
    }
    let with = |rest: &str| format!("{{ url = {:?}, {rest} }}", far.url("/api"));
    for (rest, expected) in [
        ("method = \"POST\"", "the method POST is not granted"),
        ("method = \"get\"", "the method get is not granted"),
        ("method = \"A B\"", "expected an HTTP method, found \"A B\""),
        (
            "headers = { Authorization = \"x\" }",
            "the header field authorization is the host's",
        ),
        (
            "headers = { Host = \"x\" }",
            "the header field host is the host's",
        ),
        (
            "headers = { cookie = \"x\" }",
            "the header field cookie is the host's",
        ),
        (
            "headers = { content-length = \"1\" }",
            "the header field content-length is the host's",
        ),
        (
            "headers = { x = \"a\\r\\nb: c\" }",
            "the header field x has characters",
        ),
        (
            "headers = { \"a b\" = \"x\" }",
            "expected the name of a header field, found \"a b\"",
        ),
    ] {
        assert_refused(&api, &with(rest), expected);
    }
    assert_eq!(
        far.asked().len() + other.asked().len(),
        0,
        "nothing arrived"
    );
}

#[test]
fn private_addresses_are_granted_by_themselves() {
    let far = FarSide::new(|_, _| answer(200, "", "inside"));
    let url = far.url("/");
    let public = format!("http = [{{ url = {url:?} }}]");
    assert_refused(
        &public,
        &format!("{{ url = {url:?} }}"),
        "the address found for it is private",
    );
    let name = url.replace("127.0.0.1", "localhost");
    let by_name = format!("http = [{{ url = {name:?} }}]");
    let error = failure(&getting(&by_name, &name), ANSWERS).to_string();
    assert!(
        error.contains("the address found for it is private"),
        "{error}"
    );
    let by_name = format!("http = [{{ url = {name:?}, private = true }}]");
    assert_eq!(rows(&getting(&by_name, &name), ANSWERS), ["200\tinside"]);
    assert_eq!(far.asked().len(), 1);
}

#[test]
fn redirects_lead_to_granted_places_alone() {
    let other = FarSide::new(|_, _| answer(200, "", "elsewhere"));
    let elsewhere = other.url("/x?name=somebody");
    let far = FarSide::new(move |asked, _| match asked.line.as_str() {
        "GET /api/near" => answer(302, "location: far#part", ""),
        "POST /api/form" => answer(303, "location: /api/far", ""),
        "POST /api/again" => answer(307, "location: /api/form2", ""),
        "POST /api/form2" => answer(200, "", &format!("again {}", asked.body)),
        "GET /api/far" => answer(200, "", "arrived"),
        "GET /api/out" => answer(301, "location: /other", ""),
        "GET /api/away" => answer(301, &format!("location: {elsewhere}"), ""),
        "GET /api/file" => answer(301, "location: file:///etc/passwd", ""),
        "GET /api/round" => answer(301, "location: /api/round", ""),
        "GET /api/nowhere" => answer(301, "", "stay"),
        other => answer(500, "", other),
    });
    let grants = format!(
        "http = [{{ url = {:?}, private = true, methods = [\"GET\", \"POST\"] }}]",
        far.url("/api/")
    );
    let ask = |method: &str, path: &str| {
        format!(
            "{{ method = {method:?}, url = {:?}, body = \"b\" }}",
            far.url(path)
        )
    };
    for (method, path, expected) in [
        ("GET", "/api/near", "200\tarrived"),
        ("POST", "/api/form", "200\tarrived"),
        ("POST", "/api/again", "200\tagain b"),
        ("GET", "/api/nowhere", "301\tstay"),
    ] {
        let host = workspace(&grants, &ask(method, path)).host();
        assert_eq!(rows(&host, ANSWERS), [expected], "{path}");
    }
    for (path, expected) in [
        ("/api/out", "is not granted"),
        ("/api/away", "is not granted"),
        ("/api/file", "expected a URL of http or https"),
        ("/api/round", "more than 5 redirects"),
    ] {
        let host = workspace(&grants, &ask("GET", path)).host();
        let error = failure(&host, ANSWERS).to_string();
        assert!(
            error.contains(expected) && !error.contains("somebody"),
            "{path}: {error}"
        );
    }
    assert_eq!(other.asked().len(), 0);
}

#[test]
fn credentials_are_put_in_by_the_host() {
    let far = FarSide::new(|_, before| match before {
        0 => answer(302, "location: /open/b\nset-cookie: a=b", ""),
        _ => answer(200, "set-cookie: a=b", "in"),
    });
    let grants = format!(
        "http = [\n\
           {{ url = {:?}, private = true, bearer = \"api\", headers = {{ x-key = \"api\" }} }},\n\
           {{ url = {:?}, private = true, basic = \"basic\" }},\n\
           {{ url = {:?}, private = true }},\n\
         ]\n\
         secrets = {{ api = {{ token_file = \"token\" }}, basic = {{ user = \"reader\", password_file = \"word\" }} }}",
        far.url("/api/"),
        far.url("/basic/"),
        far.url("/open/"),
    );
    let requests = format!(
        "{{ url = {:?} }}, {{ url = {:?} }}",
        far.url("/api/a"),
        far.url("/basic/c")
    );
    let workspace = workspace(&grants, &requests)
        .file("token", "t0ken\n")
        .file("word", "pass:word");
    let host = workspace.host();
    assert_eq!(rows(&host, ANSWERS), ["200\tin", "200\tin"]);
    let headers = rows(&host, "SELECT headers FROM s.answers").join("\n");
    assert!(!headers.contains("set-cookie"), "{headers}");
    let asked = far.asked();
    assert_eq!(asked[0].header("authorization"), Some("Bearer t0ken"));
    assert_eq!(asked[0].header("x-key"), Some("t0ken"));
    assert_eq!(
        asked[1].header("authorization"),
        None,
        "another place gets no credential"
    );
    // "reader:pass:word" by `base64`.
    assert_eq!(
        asked[2].header("authorization"),
        Some("Basic cmVhZGVyOnBhc3M6d29yZA==")
    );
    // Nothing that an analyst or administrator sees shows it.
    for sql in [
        "SELECT * FROM sextant.sources",
        "SELECT * FROM sextant.queries",
        "EXPLAIN VERBOSE SELECT * FROM s.answers",
    ] {
        let shown = rows(&host, sql).join("\n");
        assert!(
            !shown.contains("t0ken") && !shown.contains("pass:word"),
            "{sql}: {shown}"
        );
    }
}

#[test]
fn grants_that_make_no_sense_are_told() {
    let far = FarSide::new(|_, _| answer(200, "", ""));
    for (grants, expected) in [
        (
            "http = [{ url = \"example.org\" }]",
            "expected an absolute URL",
        ),
        (
            "http = [{ url = \"ftp://example.org/\" }]",
            "expected a URL of http or https",
        ),
        (
            "http = [{ url = \"https://example.org/?a=b\" }]",
            "expected a URL without a query",
        ),
        (
            "http = [{ url = \"https://example.org/\", methods = [\"CONNECT\"] }]",
            "methods: expected some of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, found \"CONNECT\"",
        ),
        (
            "http = [{ url = \"https://example.org/\", methods = [\"GET\", \"GTE\"] }]",
            "found \"GTE\"",
        ),
        (
            "http = [{ url = \"https://example.org/\", methods = [\"get\"] }]",
            "found \"get\"",
        ),
        (
            "http = [{ url = \"https://example.org/\", methods = [\"TRACE\"] }]",
            "found \"TRACE\"",
        ),
        (
            "http = [{ url = \"https://example.org/\", bearer = \"x\" }]",
            "\"https://example.org/\": bearer: expected the name of a secret; there is none",
        ),
        (
            "http = [{ url = \"http://example.org/\", bearer = \"x\" }]\nsecrets = { x = { token_env = \"X\" } }",
            "unencrypted",
        ),
        (
            "http = [{ url = \"https://example.org/\", token = \"x\" }]",
            "unknown field `token`",
        ),
        (
            "stores = [{ url = \"cases\" }]",
            "[source.s] stores: expected an absolute URL",
        ),
        (
            "tcp = { db = { address = \"example.org\" } }",
            "expected host:port",
        ),
        (
            "tcp = { db = { address = \"example.org:5432\", ca = \"none.pem\" } }",
            "no such file",
        ),
        (
            "requests = { per_second = 0 }",
            "per_second: expected a number above 0",
        ),
    ] {
        let error = failure(&getting(grants, &far.url("/")), ANSWERS).to_string();
        assert!(
            error.contains("source \"s\"") && error.contains(expected),
            "{grants}: {error}"
        );
    }
    let secret = format!(
        "http = [{{ url = {:?}, private = true, bearer = \"x\" }}]\nsecrets = {{ x = {{ token_env = \"SEXTANT_TEST_UNSET\" }} }}",
        far.url("/")
    );
    let error = failure(&getting(&secret, &far.url("/")), ANSWERS).to_string();
    assert!(error.contains("SEXTANT_TEST_UNSET is not set"), "{error}");
}

/// Where a credential stands in the place of its name, no message shows it.
#[test]
fn a_credential_in_the_wrong_place_is_not_shown() {
    let far = FarSide::new(|_, _| answer(200, "", ""));
    let known = "secrets = { api = { token_env = \"X\" }, db = { token_env = \"Y\" } }";
    let names = "expected the name of a secret; there is \"api\", \"db\"";
    for (grant, expected) in [
        (
            "http = [{ url = \"https://example.org/\", bearer = \"pa55word\" }]",
            format!("http: \"https://example.org/\": bearer: {names}"),
        ),
        (
            "http = [{ url = \"https://example.org/\", basic = \"pa55word\" }]",
            format!("basic: {names}"),
        ),
        (
            "http = [{ url = \"https://example.org/\", headers = { x-key = \"pa55word\" } }]",
            format!("headers.x-key: {names}"),
        ),
        (
            "http = [{ url = \"https://reader:pa55word@example.org/\" }]",
            "expected a URL without user name and password".to_owned(),
        ),
        (
            "http = [{ url = \"https://pa55word@example.org/\" }]",
            "expected a URL without user name and password".to_owned(),
        ),
        (
            "stores = [{ url = \"s3://cases/\", secrets = { secret_access_key = \"pa55word\" } }]",
            format!("stores: \"s3://cases/\": secrets.secret_access_key: {names}"),
        ),
        (
            "stores = [{ url = \"https://example.org/\", bearer = \"pa55word\" }]",
            format!("stores: \"https://example.org/\": bearer: {names}"),
        ),
        (
            "stores = [{ url = \"https://u:pa55word@h:99999/\" }]",
            "stores: expected an absolute URL: invalid port number".to_owned(),
        ),
        (
            "http = [{ url = \"https://example.org/\", bearer = 55055 }]",
            "[source.s] http.bearer: expected a text in quotes".to_owned(),
        ),
        (
            "http = [{ url = \"https://example.org/\", basic = [55055] }]",
            "[source.s] http.basic: expected a text in quotes".to_owned(),
        ),
        (
            "http = [{ url = \"https://example.org/\", headers = { x-key = 55055 } }]",
            "[source.s] http.headers: x-key: expected a text in quotes".to_owned(),
        ),
        (
            "http = [{ url = \"https://example.org/\", headers = \"pa55word\" }]",
            "[source.s] http.headers: expected texts by name".to_owned(),
        ),
        (
            "stores = [{ url = \"https://example.org/\", bearer = 55055 }]",
            "[source.s] stores.bearer: expected a text in quotes".to_owned(),
        ),
        (
            "stores = [{ url = \"s3://cases/\", secrets = { secret_access_key = 55055 } }]",
            "[source.s] stores.secrets: secret_access_key: expected a text in quotes".to_owned(),
        ),
        (
            "stores = [{ url = \"s3://cases/\", options = { secret_access_key = 55055 } }]",
            "[source.s] stores.options: secret_access_key: expected a text in quotes".to_owned(),
        ),
    ] {
        let host = getting(&format!("{grant}\n{known}"), &far.url("/"));
        let error = failure(&host, ANSWERS);
        let text = format!("{error} ({})", error.hint().unwrap_or_default());
        assert!(text.contains(&expected), "{grant}: {text}");
        for credential in ["pa55word", "55055"] {
            assert!(!text.contains(credential), "{text}");
        }
    }
    for url in [
        "https://u:pa55word@h:99999/x",
        "https://pa55word@localhost/x",
    ] {
        let workspace = TestWorkspace::new().plugin("delimited").config(&format!(
            "[source.d]\nplugin = \"delimited\"\ninputs = {{ a = {url:?} }}\n\
             [source.d.config.tables.a]\ninput = \"a\"\nheader = true\n"
        ));
        let error = failure(&workspace.host(), "SELECT * FROM d.a");
        let text = format!("{error} ({})", error.hint().unwrap_or_default());
        assert!(
            text.contains("input \"a\": ") && text.contains("URL"),
            "{text}"
        );
        assert!(!text.contains("pa55word"), "{text}");
    }
}

#[test]
fn what_failed_is_tried_again_at_its_pace() {
    let far = FarSide::new(|asked, before| match (asked.line.as_str(), before) {
        ("GET /a", 0) => answer(502, "", ""),
        ("GET /a", 1) => answer(429, "retry-after: 1", ""),
        ("GET /a", 2) => Vec::new(),
        ("GET /a", _) => answer(200, "", "at last"),
        _ => answer(503, "retry-after: 3600", "later"),
    });
    let requests = "requests = { retries = 3, backoff_ms = 20, concurrency = 1 }";
    let grants = format!("{}\n{requests}", private(&far, "/"));
    let host = getting(&grants, &far.url("/a"));
    let plan = rows(&host, &format!("EXPLAIN ANALYZE {ANSWERS}")).join("\n");
    for metric in ["requests=4", "retries=3", "paced_time="] {
        assert!(plan.contains(metric), "{metric}: {plan}");
    }
    let asked = far.asked();
    assert_eq!(asked.len(), 4);
    assert!(
        asked[2].at - asked[1].at >= Duration::from_secs(1),
        "it waits as it was asked to"
    );
    // Whoever wants a longer wait than is granted gets no further request.
    assert_eq!(
        rows(&getting(&grants, &far.url("/b")), ANSWERS),
        ["503\tlater"]
    );
    assert_eq!(far.asked().len(), 5);
    // What may have an effect is not repeated.
    let post = format!(
        "http = [{{ url = {:?}, private = true, methods = [\"POST\"] }}]",
        far.url("/")
    );
    let ask = format!("{{ method = \"POST\", url = {:?} }}", far.url("/c"));
    let broken = FarSide::new(|_, _| answer(502, "", "broken"));
    let posting = post.replace(&far.address(), &broken.address());
    let asking = ask.replace(&far.address(), &broken.address());
    assert_eq!(
        rows(&workspace(&posting, &asking).host(), ANSWERS),
        ["502\tbroken"]
    );
    assert_eq!(broken.asked().len(), 1);
    let again =
        format!("{posting}\nrequests = {{ retries = 2, backoff_ms = 1, retry_post = true }}");
    assert_eq!(
        rows(&workspace(&again, &asking).host(), ANSWERS),
        ["502\tbroken"]
    );
    assert_eq!(broken.asked().len(), 4);
}

#[test]
fn a_rate_is_kept_by_all_queries_together() {
    let far = FarSide::new(|_, _| answer(200, "", ""));
    let grants = format!(
        "{}\nrequests = {{ per_second = 20, burst = 2 }}",
        private(&far, "/")
    );
    let host = getting(&grants, &far.url("/"));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    rows(&host, ANSWERS);
                }
            });
        }
    });
    assert_eq!(far.asked().len(), 12);
    // Two at once, and ten that come one by one.
    assert!(
        started.elapsed() >= Duration::from_millis(490),
        "{:?}",
        started.elapsed()
    );
}

/// Whoever has had a turn and waits for an answer keeps others waiting, in whichever query they are.
#[test]
fn so_many_requests_are_under_way_at_the_same_time() {
    let (under_way, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let far = FarSide::new(move |_, _| {
        let now = 1 + under_way.fetch_add(1, Ordering::SeqCst);
        seen.fetch_max(now, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(50));
        under_way.fetch_sub(1, Ordering::SeqCst);
        answer(200, "", "")
    });
    let grants = format!("{}\nrequests = {{ concurrency = 2 }}", private(&far, "/"));
    let host = getting(&grants, &far.url("/"));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| rows(&host, ANSWERS));
        }
    });
    assert_eq!(far.asked().len(), 6);
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_far_side_that_misbehaves_ends_one_query() {
    let slow = |asked: &sextant_tests::far::Asked, _| match asked.line.as_str() {
        "GET /silent" => {
            thread::sleep(Duration::from_secs(60));
            Vec::new()
        }
        "GET /garbage" => b"\x00\x01\x02 what?\r\n\r\n".to_vec(),
        "GET /empty" => Vec::new(),
        "GET /short" => b"HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\nten".to_vec(),
        "GET /long" => answer(200, "", &"x".repeat(3_000)),
        "GET /heads" => format!("HTTP/1.1 200 x\r\n{}\r\n", "a: b\r\n".repeat(10_000)).into_bytes(),
        _ => answer(200, "", "ok"),
    };
    let far = FarSide::new(slow);
    let limits = "[limits]\nnetwork_wait_ms_max = 700\nhttp_response_bytes_max = 2000\n";
    let grants = format!("{}\nrequests = {{ retries = 0 }}", private(&far, "/"));
    for (path, expected) in [
        ("/silent", "there was no whole answer in time"),
        ("/garbage", "the answer broke off"),
        ("/empty", "the answer broke off"),
        ("/short", "the answer broke off"),
        ("/heads", "the answer broke off"),
        (
            "/long",
            "bytes of an HTTP response: 3000, and the limit is 2000",
        ),
    ] {
        let request = format!("{{ url = {:?} }}", far.url(path));
        let workspace = workspace(&grants, &request).config(limits);
        let host = workspace.host();
        let error = failure(&host, ANSWERS).to_string();
        assert!(
            error.contains("source \"s\"") && error.contains(expected),
            "{path}: {error}"
        );
        assert!(error.contains(&far.url(path)), "{path}: {error}");
        assert_eq!(rows(&host, "SELECT 1"), ["1"]);
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("one");
    let url = format!("http://{closed}/");
    for (retries, expected) in [
        (0, "/: cannot connect"),
        (2, "/: the last of 3 tries: cannot connect"),
    ] {
        let grants = format!(
            "http = [{{ url = {url:?}, private = true }}]\nrequests = {{ retries = {retries}, backoff_ms = 1 }}"
        );
        let error = failure(&getting(&grants, &url), ANSWERS).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A wait for the far side is not a plugin's work: it may take longer than a call, and a cancel ends it.
#[test]
fn waiting_has_a_bound_of_its_own() {
    let far = FarSide::new(|_, _| {
        thread::sleep(Duration::from_millis(1_500));
        answer(200, "", "late")
    });
    let request = format!("{{ url = {:?} }}", far.url("/"));
    let host = workspace(&private(&far, "/"), &request)
        .config("[limits]\ncall_ms_max = 500\n")
        .host();
    assert_eq!(rows(&host, ANSWERS), ["200\tlate"]);
    let host = workspace(&private(&far, "/"), &request)
        .config("[limits]\ncall_ms_max = 300\ncall_wait_ms_max = 200\n")
        .host();
    let error = failure(&host, ANSWERS).to_string();
    assert!(
        error.contains("milliseconds that a call waited for the far side"),
        "{error}"
    );
    let started = Instant::now();
    let session = host.session().expect("a session");
    let cancelled = host.block_on(async {
        let answer = session.query(ANSWERS).await.expect("it is planned");
        let scope = Arc::clone(answer.scope());
        tokio::time::sleep(Duration::from_millis(50)).await;
        scope.cancel();
        answer.collect().await
    });
    assert!(cancelled.expect_err("it was cancelled").is_cancelled());
    assert!(started.elapsed() < Duration::from_millis(1_000));
}

#[test]
fn partial_answers_are_wanted_and_told() {
    let far = FarSide::new(|_, _| answer(200, "", "ok"));
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("one");
    let url = format!("http://{closed}/");
    let good = far.url("/");
    let workspace = workspace(&private(&far, "/"), &format!("{{ url = {good:?} }}")).config(&format!(
        "[source.gone]\nplugin = \"http\"\nhttp = [{{ url = {url:?}, private = true }}]\nrequests = {{ retries = 0 }}\n\
         [source.gone.config]\nrequests = [{{ url = {url:?} }}]\n"
    ));
    let host = workspace.host();
    let both = "SELECT body FROM s.answers UNION ALL SELECT body FROM gone.answers";
    assert!(failure(&host, both).is_unavailable(), "strict by default");
    let session = host.session().expect("a session");
    let run = |sql: &str| lines(&try_query(&host, &session, sql).expect("it runs"));
    run("SET sextant.on_source_error = 'warn'");
    assert_eq!(
        run("SHOW sextant.on_source_error"),
        ["sextant.on_source_error\twarn"]
    );
    let (rows, warnings) = host.block_on(async {
        let mut answer = session.query(both).await.expect("it is planned");
        let mut rows = 0;
        while let Some(batch) = answer.next().await.expect("it goes on") {
            rows += batch.num_rows();
        }
        (rows, answer.scope().warnings().0)
    });
    assert_eq!(rows, 1);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("gone: rows are missing, since it failed: "),
        "{warnings:?}"
    );
    let recorded = run(
        "SELECT warnings FROM sextant.queries WHERE sql LIKE '%gone.answers' AND warnings IS NOT NULL",
    );
    assert!(
        recorded
            .iter()
            .any(|line| line.contains("gone: rows are missing")),
        "{recorded:?}"
    );
    // What fails alike is told once, and how often.
    run(&format!("{both} UNION ALL SELECT body FROM gone.answers"));
    let told =
        run("SELECT warnings FROM sextant.queries WHERE state = 'done' ORDER BY id DESC LIMIT 1");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("(2 times)"), "{told:?}");
    assert_eq!(told[0].matches("rows are missing").count(), 1, "{told:?}");
    let error =
        try_query(&host, &session, "SET sextant.on_source_error = 'ignore'").expect_err("no such");
    assert!(
        error
            .to_string()
            .contains("expected 'fail' or 'warn', found \"ignore\""),
        "{error}"
    );
    let error = try_query(&host, &session, "SET sextant.other = '1'").expect_err("no such");
    assert!(
        error
            .to_string()
            .contains("there is no setting sextant.other"),
        "{error}"
    );
    run("SET sextant.on_source_error = 'fail'");
    assert!(try_query(&host, &session, both).is_err());
}

/// A far side of the example's toy protocol, with or without TLS. It says whether the proof was right.
fn feed(tls: Option<Arc<ServerConfig>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            match &tls {
                None => serve_feed(stream).ok(),
                Some(config) => {
                    let session = ServerConnection::new(Arc::clone(config)).expect("it is sound");
                    let mut stream = StreamOwned::new(session, stream);
                    let served = serve_feed(&mut stream);
                    stream.conn.send_close_notify();
                    served.and_then(|()| stream.flush()).ok()
                }
            };
        }
    });
    address
}

fn serve_feed(mut stream: impl Read + Write) -> std::io::Result<()> {
    stream.write_all(b"challenge\n")?;
    let mut reader = BufReader::new(stream);
    let mut user = String::new();
    reader.read_line(&mut user)?;
    let mut proof = [0; 32];
    reader.read_exact(&mut proof)?;
    let mut stream = reader.into_inner();
    // Python: hashlib.pbkdf2_hmac('sha256', b'pencil', b'salt', 4096), then RFC 5802 with the
    // message b'challenge'.
    let expected = hex("316e56c8aaed8260c582165c99759af7f8b434f3d8b3b3eff6b40c01d04609fe");
    stream.write_all(&hex(
        "f70c3a5c56bca7bbf2787a4bf9c929309275cfe89e91580dfb10e9734b6b3e9c",
    ))?;
    let said = if proof[..] == expected[..] {
        "right"
    } else {
        "wrong"
    };
    stream.write_all(format!("{} is {said}\n", user.trim_end()).as_bytes())?;
    stream.flush()
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits
        .map(|pair| byte(pair).expect("it is hexadecimal"))
        .collect()
}

/// A certificate for `localhost`, signed by itself, and its server's configuration.
fn certificate() -> (String, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("it is made");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("there are versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("it fits");
    (made.cert.pem(), Arc::new(config))
}

/// A server of HTTP that would rather speak HTTP/2, and says which it was asked to speak.
fn choosy(tls: &ServerConfig) -> (String, mpsc::Receiver<Vec<u8>>) {
    let mut config = tls.clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = ServerConnection::new(Arc::clone(&config)).expect("it is sound");
            let (stream, say) = (StreamOwned::new(session, stream), say.clone());
            thread::spawn(move || answer_in_chunks(stream, &say).ok());
        }
    });
    (format!("https://localhost:{port}/a.csv"), said)
}

fn answer_in_chunks(
    stream: StreamOwned<ServerConnection, TcpStream>,
    say: &mpsc::Sender<Vec<u8>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let body = match line.starts_with("HEAD") {
        true => "",
        false => "2\r\nn\n\r\n2\r\n1\n\r\n0\r\n\r\n",
    };
    let spoken = reader.get_ref().conn.alpn_protocol().map(<[u8]>::to_vec);
    say.send(spoken.unwrap_or_default()).ok();
    while !line.trim_end().is_empty() {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let mut stream = reader.into_inner();
    let head = "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\nconnection: close";
    write!(stream, "{head}\r\n\r\n{body}")?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// A body of HTTP/2 may be reset in its middle and look whole, so nobody speaks it: neither for a plugin nor for
/// an input.
#[test]
fn bodies_come_by_a_protocol_in_which_their_end_is_told() {
    let (pem, tls) = certificate();
    let (url, spoken) = choosy(&tls);
    let grant = format!("[{{ url = {url:?}, private = true, ca = \"ca.pem\" }}]");
    let workspace = workspace(&format!("http = {grant}"), &format!("{{ url = {url:?} }}"))
        .plugin("delimited")
        .config(&format!(
            "[source.d]\nplugin = \"delimited\"\nstores = {grant}\ninputs = {{ a = {url:?} }}\n\
             [source.d.config.tables.a]\ninput = \"a\"\nheader = true\ncolumns = [{{ name = \"n\", type = \"int64\" }}]\n"
        ))
        .file("ca.pem", pem);
    let host = workspace.host();
    assert_eq!(rows(&host, "SELECT status FROM s.answers"), ["200"]);
    assert_eq!(rows(&host, "SELECT sum(n) FROM d.a"), ["1"]);
    let spoken: Vec<_> = spoken.try_iter().collect();
    assert!(spoken.len() >= 3, "{spoken:?}");
    assert!(spoken.iter().all(|name| name == b"http/1.1"), "{spoken:?}");
}

fn feed_workspace(grant: &str, config: &str) -> TestWorkspace {
    let workspace = TestWorkspace::new()
        .config(&format!(
            "[source.f]\nplugin = \"tcp_and_secret\"\n\
             tcp = {{ feed = {grant} }}\nrequests = {{ retries = 0 }}\n\
             secrets = {{ reader = {{ user = \"reader\", password_file = \"word\" }} }}\n\
             [source.f.config]\nplace = \"feed\"\nsecret = \"reader\"\n{config}\n"
        ))
        .file("word", "pencil\n");
    let bundle = example_bundle("tcp_and_secret", &["tcp", "secret"]);
    workspace.put("tcp_and_secret", &bundle);
    workspace
}

const LINES: &str = "SELECT text FROM f.lines";

#[test]
fn a_connection_is_encrypted_and_proven() {
    let (pem, tls) = certificate();
    let address = feed(Some(tls)).replace("127.0.0.1", "localhost");
    let grant = format!("{{ address = {address:?}, private = true, ca = \"ca.pem\" }}");
    let workspace = feed_workspace(&grant, "").file("ca.pem", pem);
    assert_eq!(rows(&workspace.host(), LINES), ["reader is right"]);

    let (other, _) = certificate();
    let workspace = feed_workspace(&grant, "").file("ca.pem", other);
    let error = failure(&workspace.host(), LINES).to_string();
    assert!(error.contains("TLS did not come about"), "{error}");

    let (pem, tls) = certificate();
    let by_address = feed(Some(tls));
    let grant = format!("{{ address = {by_address:?}, private = true, ca = \"ca.pem\" }}");
    let workspace = feed_workspace(&grant, "").file("ca.pem", &pem);
    let error = failure(&workspace.host(), LINES).to_string();
    assert!(
        error.contains("TLS did not come about"),
        "the name is another: {error}"
    );
    let grant = grant.replace(" }", ", server_name = \"localhost\" }");
    let workspace = feed_workspace(&grant, "").file("ca.pem", pem);
    assert_eq!(rows(&workspace.host(), LINES), ["reader is right"]);
}

#[test]
fn a_connection_without_tls_has_to_be_granted() {
    let address = feed(None);
    let grant = format!("{{ address = {address:?}, private = true, tls = \"optional\" }}");
    let workspace = feed_workspace(&grant, "without_tls = true");
    assert_eq!(rows(&workspace.host(), LINES), ["reader is right"]);
    // The name and the proof of the toy protocol are more than what asks for TLS.
    let required = grant.replace(", tls = \"optional\"", "");
    let workspace = feed_workspace(&required, "without_tls = true");
    let long_name = "reader-of-the-register-of-registers";
    let workspace = workspace.config(&format!(
        "[source.g]\nplugin = \"tcp_and_secret\"\ntcp = {{ feed = {required} }}\n\
         secrets = {{ reader = {{ user = {long_name:?}, password_file = \"word\" }} }}\n\
         [source.g.config]\nplace = \"feed\"\nsecret = \"reader\"\nwithout_tls = true\n"
    ));
    let error = failure(&workspace.host(), "SELECT text FROM g.lines").to_string();
    assert!(
        error.contains("TLS is required and was not begun"),
        "{error}"
    );
    let public = format!("{{ address = {address:?}, tls = \"optional\" }}");
    let workspace = feed_workspace(&public, "without_tls = true");
    let error = failure(&workspace.host(), LINES).to_string();
    assert!(
        error.contains("the address found for it is private"),
        "{error}"
    );
}

/// How a connection is encrypted, and who signs for it, can be said to the command.
#[test]
fn connections_are_granted_by_the_command() {
    let workspace = TestWorkspace::new().file("word", "pencil\n");
    let bundle = example_bundle("tcp_and_secret", &["tcp", "secret"]);
    workspace.put("tcp_and_secret", &bundle);
    let add = |name: &str, more: &[&str]| {
        let mut command = Command::new(sextant_command());
        command.args(["source", "add", name, "--plugin", "tcp_and_secret"]);
        command.args(["--private", "--secret"]);
        command.arg("reader=user:reader,password_file:word");
        command.args(["--config", "place=feed", "--config", "secret=reader"]);
        command
            .args(more)
            .arg("--workspace")
            .arg(workspace.workspace().root());
        let output = command.output().expect("it starts");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    };
    let (pem, tls) = certificate();
    std::fs::write(workspace.path("ca.pem"), pem).expect("it can be written");
    let address = feed(Some(tls)).replace("127.0.0.1", "localhost");
    let place = format!("feed={address}");
    let (code, error) = add("f", &["--tcp", &place, "--ca", "ca.pem"]);
    assert_eq!(code, Some(0), "{error}");
    let place = format!("feed={}", feed(None));
    let plain = [
        "--tcp",
        place.as_str(),
        "--config",
        "without_tls=true",
        "--tls",
    ];
    let (code, error) = add("g", &[plain.as_slice(), &["optional"]].concat());
    assert_eq!(code, Some(0), "{error}");
    let host = workspace.host();
    for source in ["f", "g"] {
        let sql = format!("SELECT text FROM {source}.lines");
        assert_eq!(rows(&host, &sql), ["reader is right"], "{source}");
    }
    let (code, error) = add("h", &[plain.as_slice(), &["off"]].concat());
    assert!(
        code == Some(2) && error.contains("require, optional"),
        "{error}"
    );
    let (code, error) = add(
        "h",
        &["--http", "https://example.org/", "--tls", "optional"],
    );
    assert!(
        code == Some(1) && error.contains("tls is said of connections, and none is given"),
        "{error}"
    );
}

#[test]
fn secrets_are_granted_by_name() {
    let address = feed(None);
    let grant = format!("{{ address = {address:?}, private = true, tls = \"optional\" }}");
    let config = |place: &str, secret: &str| {
        TestWorkspace::new().config(&format!(
            "[source.f]\nplugin = \"tcp_and_secret\"\ntcp = {{ feed = {grant} }}\n\
             secrets = {{ reader = {{ user = \"reader\", password_env = \"SEXTANT_TEST_UNSET\" }} }}\n\
             [source.f.config]\nplace = {place:?}\nsecret = {secret:?}\nwithout_tls = true\n"
        ))
    };
    for (place, secret, expected) in [
        ("other", "reader", "tcp \"other\" is not granted"),
        (
            "feed",
            "other",
            "no secret of that name is granted; there is \"reader\"",
        ),
        (
            "feed",
            "reader",
            "the environment variable SEXTANT_TEST_UNSET is not set",
        ),
    ] {
        let workspace = config(place, secret);
        workspace.put(
            "tcp_and_secret",
            &example_bundle("tcp_and_secret", &["tcp", "secret"]),
        );
        let error = failure(&workspace.host(), LINES).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A far side that marks what it has: version 1 for two requests, then version 2.
fn marking(control: &'static str) -> FarSide {
    FarSide::new(move |asked, before| {
        let version = if before < 2 { 1 } else { 2 };
        let mark = format!("\"{version}\"");
        match asked.header("if-none-match") == Some(mark.as_str()) {
            true => answer(304, &format!("etag: {mark}"), ""),
            false => answer(
                200,
                &format!("etag: {mark}\nlast-modified: Sat, 07 Sep 2002 00:00:01 GMT\n{control}"),
                &format!("version {version}"),
            ),
        }
    })
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let far = marking("cache-control: max-age=600");
    let host = getting(&private(&far, "/"), &far.url("/a?b=c"));
    let versions: Vec<_> = (0..4).flat_map(|_| rows(&host, ANSWERS)).collect();
    assert_eq!(
        versions,
        [
            "200\tversion 1",
            "200\tversion 1",
            "200\tversion 2",
            "200\tversion 2"
        ]
    );
    let asked = far.asked();
    let known = |at: usize| {
        (
            asked[at].header("if-none-match"),
            asked[at].header("if-modified-since"),
        )
    };
    let when = Some("Sat, 07 Sep 2002 00:00:01 GMT");
    assert_eq!(known(0), (None, None));
    assert_eq!(known(1), (Some("\"1\""), when));
    assert_eq!(known(2), (Some("\"1\""), when));
    assert_eq!(known(3), (Some("\"2\""), when));
}

#[test]
fn what_must_not_or_cannot_be_kept_is_sent_again() {
    let far = marking("cache-control: private, no-store");
    let host = getting(&private(&far, "/"), &far.url("/a"));
    rows(&host, ANSWERS);
    rows(&host, ANSWERS);
    assert!(
        far.asked()
            .iter()
            .all(|asked| asked.header("if-none-match").is_none())
    );
    // More than there is room for.
    let far = marking("");
    let limits = "[limits]\nhttp_kept_bytes_max = 5\n";
    let workspace = workspace(
        &private(&far, "/"),
        &format!("{{ url = {:?} }}", far.url("/a")),
    );
    let host = workspace.config(limits).host();
    assert_eq!(rows(&host, ANSWERS), ["200\tversion 1"]);
    assert_eq!(rows(&host, ANSWERS), ["200\tversion 1"]);
    assert!(far.asked()[1].header("if-none-match").is_none());
    // Whoever asks with a condition of his own gets the answer to it.
    let far = marking("");
    let own = format!(
        "{{ url = {:?}, headers = {{ if-none-match = \"\\\"1\\\"\" }} }}",
        far.url("/a")
    );
    let host = self::workspace(&private(&far, "/"), &own).host();
    assert_eq!(rows(&host, "SELECT status FROM s.answers"), ["304"]);
}

/// A live feed is sent only where it has changed, and one that fails leaves the others alone.
#[test]
fn live_feeds_are_asked_for_with_their_marks() {
    let feed = "<rss><channel><item><guid>1</guid><title>A</title></item></channel></rss>";
    let far = FarSide::new(move |asked, _| match asked.line.as_str() {
        "GET /gone" => answer(404, "", ""),
        "GET /down" => answer(503, "", ""),
        "GET /page" => answer(200, "", "<html>log in</html>"),
        "GET /packed" => answer(200, "content-encoding: gzip", "\x1f"),
        "GET /short" => b"HTTP/1.1 200 x\r\ncontent-length: 500\r\n\r\n<rss>".to_vec(),
        "GET /silent" => {
            thread::sleep(Duration::from_secs(60));
            Vec::new()
        }
        _ if asked.header("if-none-match") == Some("\"1\"") => answer(304, "etag: \"1\"", ""),
        _ => answer(200, "etag: \"1\"", feed),
    });
    let source = |name: &str| {
        format!(
            "[source.{name}]\nplugin = \"feeds\"\n{}\nrequests = {{ retries = 0 }}\n\
             [source.{name}.config]\nentries = {{ feeds = [{{ url = {:?} }}] }}\n",
            private(&far, "/"),
            far.url(&format!("/{name}"))
        )
    };
    let failing = [
        ("gone", "found the HTTP status 404"),
        ("down", "found the HTTP status 503"),
        ("page", "<rss>, <RDF> or <feed>, found <html>"),
        ("packed", "the server sends it compressed (\"gzip\")"),
        ("short", "the answer broke off"),
        ("silent", "there was no whole answer in time"),
    ];
    let sources: String = failing.iter().map(|&(name, _)| source(name)).collect();
    let workspace = TestWorkspace::new()
        .plugin("feeds")
        .config(&(source("news") + &sources))
        .config("[limits]\nnetwork_wait_ms_max = 700\n");
    let host = workspace.host();
    let select = |name: &str| format!("SELECT id, title FROM {name}.entries");
    assert_eq!(rows(&host, &select("news")), ["1\tA"]);
    assert_eq!(rows(&host, &select("news")), ["1\tA"]);
    let marks: Vec<_> = far
        .asked()
        .iter()
        .map(|asked| asked.header("if-none-match").map(str::to_owned))
        .collect();
    assert_eq!(marks, [None, Some("\"1\"".to_owned())]);
    for (name, expected) in failing {
        let error = failure(&host, &select(name)).to_string();
        let url = far.url(&format!("/{name}"));
        for part in [format!("source {name:?}").as_str(), url.as_str(), expected] {
            assert!(error.contains(part), "{name}: {error}");
        }
    }
    let session = host.session().expect("a session");
    try_query(&host, &session, "SET sextant.on_source_error = 'warn'").expect("it is a setting");
    let all: Vec<_> = failing.iter().map(|&(name, _)| select(name)).collect();
    let all = format!("{} UNION ALL {}", select("news"), all.join(" UNION ALL "));
    let found = try_query(&host, &session, &all).expect("it goes on");
    assert_eq!(lines(&found), ["1\tA"]);
}
