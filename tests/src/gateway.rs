//! A process of `sextant demo-gateway`, for tests and benchmarks of the plugin `find`.

use crate::sextant_command;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A gateway that runs until it is dropped.
#[derive(Debug)]
pub struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    /// Starts it with further arguments, at a port that is free.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(sextant_command());
        command.arg("demo-gateway").args(arguments);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let out = process.stdout.take().expect("it is piped");
        let mut url = String::new();
        let read = BufReader::new(out).read_line(&mut url);
        assert!(read.is_ok_and(|bytes| bytes > 0), "it says where it is");
        let url = url.trim_end().to_owned();
        Self { process, url }
    }

    /// Its URL, which ends with a slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A source of its look-ups by the name `find`, which further keys and configuration go into.
    pub fn source(&self, keys: &str, config: &str) -> String {
        let url = &self.url;
        format!(
            "[source.find]\nplugin = \"find\"\nhttp = [{{ url = {url:?}, methods = [\"POST\"], private = true }}]\n{keys}\n\
             [source.find.config]\nbase = {url:?}\n{config}\n"
        )
    }

    /// One of the numbers that it counts: `requests`, `failed_requests`, `messages`, `hits`,
    /// `keys_distinct`, `keys_repeated`, `full_distinct`, `full_repeated`.
    pub fn count(&self, name: &str) -> u64 {
        let stats = self.stats().expect("it answers");
        let (_, rest) = stats
            .split_once(&format!("{name:?}:"))
            .unwrap_or_else(|| panic!("it does not count {name}: {stats}"));
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("it is a number")
    }

    fn stats(&self) -> std::io::Result<String> {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /stats HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap_or(0),
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body)?;
        Ok(body)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
