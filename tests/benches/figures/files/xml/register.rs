//! The state register: companies, and their founders, which stand in packed texts.

use super::{Case, Format, NATIVE, Names, Row, SEED, Sink, Tag, generate, read};
use std::path::PathBuf;

pub(crate) const COMPANIES: Case = Case {
    name: "files_registers_companies",
    plugin: "registers",
    table: ["registers", "companies"],
    input: "edr",
    config: "",
    files: &["uo.xml"],
    generate: |out, records| generate::register(&mut *out[0], SEED, records),
    records: 1..=usize::MAX,
    read: |files, sink| companies(files, sink),
    native: NATIVE,
    same: &["edrpou", "name", "registered_on", "authorized_capital"],
};

pub(crate) const FOUNDERS: Case = Case {
    name: "files_registers_founders",
    table: ["registers", "founders"],
    read: |files, sink| founders(files, sink),
    same: &["raw", "code", "contribution"],
    ..COMPANIES
};

/// The fields of a company by the elements that they are in.
const FIELDS: [(&str, &str, &str); 20] = [
    ("SUBJECT", "RECORD", "register_record"),
    ("SUBJECT", "NAME", "name"),
    ("SUBJECT", "SHORT_NAME", "short_name"),
    ("SUBJECT", "OPF", "legal_form"),
    ("SUBJECT", "EDRPOU", "edrpou"),
    ("SUBJECT", "ADDRESS", "address"),
    ("SUBJECT", "STAN", "status"),
    ("SUBJECT", "AUTHORIZED_CAPITAL", "authorized_capital_raw"),
    ("SUBJECT", "PURPOSE", "purpose"),
    ("SUBJECT", "SUPERIOR_MANAGEMENT", "superior_management"),
    ("SUBJECT", "REGISTRATION", "registration_raw"),
    ("SUBJECT", "CONTACTS", "contacts"),
    ("SUBJECT", "TERMINATED_INFO", "terminated_info"),
    ("TERMINATION_STARTED_INFO", "OP_DATE", "termination_on"),
    ("TERMINATION_STARTED_INFO", "REASON", "termination_reason"),
    ("TERMINATION_STARTED_INFO", "SBJ_STATE", "termination_state"),
    (
        "TERMINATION_STARTED_INFO",
        "SIGNER_NAME",
        "termination_signer",
    ),
    ("BANKRUPTCY_READJUSTMENT_INFO", "OP_DATE", "bankruptcy_on"),
    (
        "BANKRUPTCY_READJUSTMENT_INFO",
        "REASON",
        "bankruptcy_reason",
    ),
    (
        "BANKRUPTCY_READJUSTMENT_INFO",
        "SBJ_STATE",
        "bankruptcy_state",
    ),
];

struct Companies {
    fields: Vec<(&'static str, &'static str, usize)>,
    capital: usize,
    registration: [usize; 3],
    row: Row,
}

fn companies(files: &[PathBuf], sink: &mut Sink) {
    let place = |(parent, name, column)| (parent, name, sink.places([column])[0]);
    let fields = FIELDS.into_iter().map(place).collect();
    let [capital] = sink.places(["authorized_capital"]);
    let mut companies = Companies {
        fields,
        capital,
        registration: sink.places(["registered_on", "recorded_on", "registration_number"]),
        row: Row::new(sink),
    };
    read(&files[0], &mut companies, sink);
}

impl Format for Companies {
    fn open(&mut self, _: &Names, _: &Tag<'_>) {}

    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink) {
        let (parent, name) = path.last();
        match (parent, name) {
            ("DATA", "SUBJECT") => {
                self.row.push(sink);
                sink.end_row();
                return;
            }
            ("SUBJECT", "AUTHORIZED_CAPITAL") => self.row.set(self.capital, &amount(text)),
            ("SUBJECT", "REGISTRATION") => {
                for (at, part) in self.registration.into_iter().zip(text.splitn(3, ';')) {
                    self.row.set(at, part.trim());
                }
            }
            _ => {}
        }
        let mut fields = self.fields.iter();
        if let Some((.., at)) = fields.find(|field| field.1 == name && field.0 == parent) {
            self.row.set(*at, text);
        }
    }
}

/// A sum of money with a point: `1 000,50` is `1000.50`.
fn amount(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace());
    kept.map(|c| if c == ',' { '.' } else { c }).collect()
}

struct Founders {
    edrpou: usize,
    name: usize,
    code: usize,
    address: usize,
    contribution: usize,
    raw: usize,
    company: String,
}

fn founders(files: &[PathBuf], sink: &mut Sink) {
    let [edrpou, name, code] = sink.places(["edrpou", "name", "code"]);
    let [address, contribution, raw] = sink.places(["address", "contribution", "raw"]);
    let mut founders = Founders {
        edrpou,
        name,
        code,
        address,
        contribution,
        raw,
        company: String::new(),
    };
    read(&files[0], &mut founders, sink);
}

impl Format for Founders {
    fn open(&mut self, path: &Names, _: &Tag<'_>) {
        if path.up(0) == "SUBJECT" {
            self.company.clear();
        }
    }

    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink) {
        match path.last() {
            ("SUBJECT", "EDRPOU") => self.company.push_str(text),
            ("FOUNDERS", "FOUNDER") => self.founder(text, sink),
            _ => {}
        }
    }
}

impl Founders {
    fn founder(&self, text: &str, sink: &mut Sink) {
        const CONTRIBUTION: &str = ", розмір внеску до статутного фонду - ";
        sink.parse(self.edrpou, &self.company);
        sink.parse(self.raw, text);
        let mut rest = text;
        if let Some((before, sum)) = text.rsplit_once(CONTRIBUTION) {
            let sum = amount(sum.trim_end_matches(['.', ' ']).trim_end_matches("грн"));
            sink.parse(self.contribution, &sum);
            rest = before;
        }
        // A code is what tells a name with commas from an address.
        let is_code = |part: &&str| {
            let part = part.trim();
            matches!(part.len(), 8 | 10) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let code = rest.split(',').skip(1).find(is_code);
        let (name, address) = match code {
            Some(code) => {
                let at = code.as_ptr() as usize - rest.as_ptr() as usize;
                sink.parse(self.code, code.trim());
                let behind = &rest[at + code.len()..];
                (&rest[..at - 1], behind.trim_start_matches(','))
            }
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        sink.parse(self.name, name.trim());
        sink.parse(self.address, address.trim());
        sink.end_row();
    }
}
