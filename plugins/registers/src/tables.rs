//! The tables: their columns, and the rows that a record has in each.

use crate::packed;
use crate::subject::Row;
use arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::xml::Element;
use sextant_plugin_sdk::{Result, Table};

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Companies,
    Founders,
    Beneficiaries,
    Signers,
    Members,
    Branches,
    Activities,
    Predecessors,
    Assignees,
    TaxRecords,
}

/// A column that can be null.
type Column = (&'static str, DataType);

const fn text(name: &'static str) -> Column {
    (name, DataType::Utf8)
}

const fn day(name: &'static str) -> Column {
    (name, DataType::Date32)
}

const fn number(name: &'static str) -> Column {
    (name, DataType::Float64)
}

/// The first columns of every table; they name the company.
const FIRST: &[Column] = &[text("edrpou")];
/// The last columns of every table.
const LAST: &[Column] = &[text("other"), text("source"), ("record", DataType::Int64)];

const COMPANIES: &[Column] = &[
    text("register_record"),
    text("name"),
    text("short_name"),
    text("legal_form"),
    text("address"),
    text("status"),
    number("authorized_capital"),
    text("authorized_capital_raw"),
    text("purpose"),
    text("superior_management"),
    day("registered_on"),
    day("recorded_on"),
    text("registration_number"),
    text("registration_raw"),
    text("contacts"),
    text("terminated_info"),
    day("termination_on"),
    text("termination_reason"),
    text("termination_state"),
    text("termination_signer"),
    day("bankruptcy_on"),
    text("bankruptcy_reason"),
    text("bankruptcy_state"),
];

const FOUNDERS: &[Column] = &[
    text("name"),
    text("code"),
    text("address"),
    number("contribution"),
    text("raw"),
];
const BENEFICIARIES: &[Column] = &[text("name"), text("country"), text("address"), text("raw")];
const SIGNERS: &[Column] = &[text("name"), day("since"), text("role"), text("raw")];
const MEMBERS: &[Column] = &[text("raw")];
const BRANCHES: &[Column] = &[
    text("code"),
    text("name"),
    text("signer"),
    day("created_on"),
];
const ACTIVITIES: &[Column] = &[
    text("code"),
    text("name"),
    ("is_primary", DataType::Boolean),
];
const NAMED: &[Column] = &[text("name"), text("code")];
const TAX_RECORDS: &[Column] = &[
    text("taxpayer_type"),
    day("started_on"),
    text("start_number"),
    day("ended_on"),
    text("end_number"),
    text("authority_name"),
    text("authority_code"),
];

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Companies,
        Self::Founders,
        Self::Beneficiaries,
        Self::Signers,
        Self::Members,
        Self::Branches,
        Self::Activities,
        Self::Predecessors,
        Self::Assignees,
        Self::TaxRecords,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.parts().0 == name)
    }

    /// The name, what a row is, the columns, and the elements of a record that hold its rows.
    fn parts(
        self,
    ) -> (
        &'static str,
        &'static str,
        &'static [Column],
        [&'static str; 2],
    ) {
        match self {
            Self::Companies => ("companies", "A legal entity", COMPANIES, ["", ""]),
            Self::Founders => (
                "founders",
                "A founder of a legal entity",
                FOUNDERS,
                ["FOUNDERS", "FOUNDER"],
            ),
            Self::Beneficiaries => (
                "beneficiaries",
                "A person who owns or controls a legal entity in the end",
                BENEFICIARIES,
                ["BENEFICIARIES", "BENEFICIARY"],
            ),
            Self::Signers => (
                "signers",
                "A person who may sign for a legal entity",
                SIGNERS,
                ["SIGNERS", "SIGNER"],
            ),
            Self::Members => (
                "members",
                "A member of a governing body of a legal entity",
                MEMBERS,
                ["MEMBERS", "MEMBER"],
            ),
            Self::Branches => (
                "branches",
                "A branch of a legal entity",
                BRANCHES,
                ["BRANCHES", "BRANCH"],
            ),
            Self::Activities => (
                "activities",
                "A kind of activity of a legal entity, by its code of KVED",
                ACTIVITIES,
                ["ACTIVITY_KINDS", "ACTIVITY_KIND"],
            ),
            Self::Predecessors => (
                "predecessors",
                "A legal entity whose rights this one took over",
                NAMED,
                ["PREDECESSORS", "PREDECESSOR"],
            ),
            Self::Assignees => (
                "assignees",
                "A legal entity that took over the rights of this one",
                NAMED,
                ["ASSIGNEES", "ASSIGNEE"],
            ),
            Self::TaxRecords => (
                "tax_records",
                "What another state body has on record of a legal entity",
                TAX_RECORDS,
                ["EXCHANGE_DATA", "EXCHANGE_ANSWER"],
            ),
        }
    }

    pub(crate) fn columns(self) -> usize {
        FIRST.len() + self.parts().2.len() + LAST.len()
    }

    pub(crate) fn schema(self) -> Schema {
        let own = self.parts().2.iter();
        let columns = FIRST.iter().chain(own).chain(LAST);
        let fields = columns.map(|(name, data_type)| {
            let given = ["source", "record"].contains(name);
            Field::new(*name, data_type.clone(), !given)
        });
        Schema::new(fields.collect::<Vec<_>>())
    }

    pub(crate) fn table(self) -> Table {
        let (name, comment, ..) = self.parts();
        Table::new(name, self.schema()).comment(comment).filtered()
    }

    /// Hands over the rows that a record has in the table.
    pub(crate) fn rows<'a>(
        self,
        record: Element<'a>,
        wanted: &'a [bool],
        give: &mut dyn FnMut(Row<'a>) -> Result<()>,
    ) -> Result<()> {
        let row = || Row::new(wanted);
        if self == Self::Companies {
            return give(company(row(), record));
        }
        let (.., [list, item]) = self.parts();
        for list in record.children_named(list) {
            if !list.text().is_empty() {
                give(self.item(row(), list))?;
            }
            for element in list.children() {
                give(match element.name() == item {
                    true => self.item(row(), element),
                    // Something else in a list is not passed over.
                    false => row().rest(element, &[]),
                })?;
            }
        }
        // The register's older layout has one activity and one signer, as fields of the record.
        let (name, older): (_, fn(Row<'a>, Element<'a>) -> Row<'a>) = match self {
            Self::Activities => ("KVED", older_activity),
            Self::Signers => ("BOSS", older_signer),
            _ => return Ok(()),
        };
        let mut fields = record.children_named(name);
        fields
            .by_ref()
            .filter(|field| !field.is_empty())
            .try_for_each(|field| give(older(row(), field)))
    }

    /// The row of an element of the table's list.
    fn item<'a>(self, row: Row<'a>, element: Element<'a>) -> Row<'a> {
        let all = Some(element);
        match self {
            Self::Companies => row,
            Self::Founders => row.packed(element, founder).own(element).rest(element, &[]),
            Self::Beneficiaries => {
                (row.packed(element, beneficiary).own(element)).rest(element, &[])
            }
            Self::Signers => row.packed(element, signer).own(element).rest(element, &[]),
            Self::Members => row.own(element).rest(element, &[]),
            Self::Branches => row
                .field(all, "CODE")
                .field(all, "NAME")
                .field(all, "SIGNER")
                .day(all, "CREATE_DATE")
                .rest(element, &["CODE", "NAME", "SIGNER", "CREATE_DATE"]),
            Self::Activities => row
                .field(all, "CODE")
                .field(all, "NAME")
                .flag(element, "PRIMARY")
                .rest(element, &["CODE", "NAME", "PRIMARY"]),
            Self::Predecessors | Self::Assignees => row
                .field(all, "NAME")
                .field(all, "CODE")
                .rest(element, &["NAME", "CODE"]),
            Self::TaxRecords => tax_record(row, element),
        }
    }
}

fn company<'a>(mut row: Row<'a>, record: Element<'a>) -> Row<'a> {
    let all = Some(record);
    for name in ["RECORD", "NAME", "SHORT_NAME", "OPF", "ADDRESS", "STAN"] {
        row = row.field(all, name);
    }
    let text = |name| record.child(name).map(|field| field.text());
    let capital = text("AUTHORIZED_CAPITAL").and_then(|capital| packed::amount(&capital));
    let registration = text("REGISTRATION").unwrap_or_default();
    let registration = packed::registration(&registration);
    let termination = record.child("TERMINATION_STARTED_INFO");
    let bankruptcy = record.child("BANKRUPTCY_READJUSTMENT_INFO");
    row.float(capital)
        .field(all, "AUTHORIZED_CAPITAL")
        .field(all, "PURPOSE")
        .field(all, "SUPERIOR_MANAGEMENT")
        .date(registration.registered_on)
        .date(registration.recorded_on)
        .text(registration.number)
        .field(all, "REGISTRATION")
        .field(all, "CONTACTS")
        .field(all, "TERMINATED_INFO")
        .day(termination, "OP_DATE")
        .field(termination, "REASON")
        .field(termination, "SBJ_STATE")
        .field(termination, "SIGNER_NAME")
        .day(bankruptcy, "OP_DATE")
        .field(bankruptcy, "REASON")
        .field(bankruptcy, "SBJ_STATE")
        .rest(record, COMPANY_FIELDS)
}

/// The fields of a record that are columns of `companies`, and those that are other tables'.
const COMPANY_FIELDS: &[&str] = &[
    "RECORD",
    "NAME",
    "SHORT_NAME",
    "OPF",
    "EDRPOU",
    "ADDRESS",
    "STAN",
    "AUTHORIZED_CAPITAL",
    "PURPOSE",
    "SUPERIOR_MANAGEMENT",
    "REGISTRATION",
    "CONTACTS",
    "TERMINATED_INFO",
    "TERMINATION_STARTED_INFO/OP_DATE",
    "TERMINATION_STARTED_INFO/REASON",
    "TERMINATION_STARTED_INFO/SBJ_STATE",
    "TERMINATION_STARTED_INFO/SIGNER_NAME",
    "BANKRUPTCY_READJUSTMENT_INFO/OP_DATE",
    "BANKRUPTCY_READJUSTMENT_INFO/REASON",
    "BANKRUPTCY_READJUSTMENT_INFO/SBJ_STATE",
    "FOUNDERS/",
    "BENEFICIARIES/",
    "SIGNERS/",
    "MEMBERS/",
    "BRANCHES/",
    "ACTIVITY_KINDS/",
    "PREDECESSORS/",
    "ASSIGNEES/",
    "EXCHANGE_DATA/",
    "KVED/",
    "BOSS/",
];

fn founder<'a>(row: Row<'a>, text: &str) -> Row<'a> {
    let found = packed::founder(text);
    row.text(found.name)
        .text(found.code)
        .text(found.address)
        .float(found.contribution)
}

fn beneficiary<'a>(row: Row<'a>, text: &str) -> Row<'a> {
    let found = packed::beneficiary(text);
    row.text(found.name).text(found.country).text(found.address)
}

fn signer<'a>(row: Row<'a>, text: &str) -> Row<'a> {
    let found = packed::signer(text);
    row.text(found.name).date(found.since).text(found.role)
}

fn older_activity<'a>(row: Row<'a>, field: Element<'a>) -> Row<'a> {
    let row = row.packed(field, |row, text| {
        let (code, name) = text.split_once(' ').unwrap_or((text, ""));
        row.text(code).text(name.trim()).bool(true)
    });
    row.rest(field, &[])
}

fn older_signer<'a>(row: Row<'a>, field: Element<'a>) -> Row<'a> {
    let row = row.packed(field, |row, text| row.text(text).null().text("керівник"));
    row.own(field).rest(field, &[])
}

fn tax_record<'a>(row: Row<'a>, element: Element<'a>) -> Row<'a> {
    const FIELDS: &[&str] = &[
        "TAX_PAYER_TYPE",
        "START_DATE",
        "START_NUM",
        "END_DATE",
        "END_NUM",
        "AUTHORITY_NAME",
        "AUTHORITY_CODE",
    ];
    let all = Some(element);
    row.field(all, "TAX_PAYER_TYPE")
        .day(all, "START_DATE")
        .field(all, "START_NUM")
        .day(all, "END_DATE")
        .field(all, "END_NUM")
        .field(all, "AUTHORITY_NAME")
        .field(all, "AUTHORITY_CODE")
        .rest(element, FIELDS)
}
