//! The tables: their columns, and the rows that a record has in each.

use crate::fields::{Known, Use, firsts};
use crate::packed;
use crate::subject::Row;
use arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::xml::Element;
use sextant_plugin_sdk::{Result, Table};
use std::borrow::Cow;

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
    pub(crate) fn rows(
        self,
        record: Element<'_>,
        wanted: &[bool],
        give: &mut dyn FnMut(Row<'_>) -> Result<()>,
    ) -> Result<()> {
        if self == Self::Companies {
            return company(record, wanted, give);
        }
        let (.., [list, item]) = self.parts();
        for list in record.children_named(list) {
            if !list.text().is_empty() {
                self.item(list, wanted, give)?;
            }
            // An element that says nothing is nobody, and must not be counted.
            for element in list.children().filter(|element| !element.is_empty()) {
                match element.name() == item {
                    true => self.item(element, wanted, give)?,
                    // Something else in a list is not passed over.
                    false => give(Row::new(wanted).rest(element, &[]))?,
                }
            }
        }
        // The register's older layout has one activity and one signer, as fields of the record.
        let (name, older): (_, for<'t> fn(Row<'t>, &'t str) -> Row<'t>) = match self {
            Self::Activities => ("KVED", older_activity),
            Self::Signers => ("BOSS", older_signer),
            _ => return Ok(()),
        };
        let fields = record.children_named(name);
        for field in fields.filter(|field| !field.is_empty()) {
            let text = field.text();
            give(older(Row::new(wanted), &text).rest_but_text(field))?;
        }
        Ok(())
    }

    /// Hands over the row of an element of the table's list.
    fn item(
        self,
        element: Element<'_>,
        wanted: &[bool],
        give: &mut dyn FnMut(Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let text = element.text();
        let row = Row::new(wanted);
        give(match self {
            Self::Companies => row,
            Self::Founders => founder(row, &text).rest_but_text(element),
            Self::Beneficiaries => beneficiary(row, &text).rest_but_text(element),
            Self::Signers => signer(row, &text).rest_but_text(element),
            Self::Members => row.text(&text).rest_but_text(element),
            Self::Branches => {
                let [code, name, signer, created_on] = firsts(element, BRANCH);
                let row = row.field(code).field(name).field(signer);
                row.day(created_on, "CREATE_DATE").rest(element, BRANCH)
            }
            Self::Activities => {
                let [code, name, is_primary] = firsts(element, ACTIVITY);
                let row = row.field(code).field(name).flag(is_primary);
                row.rest(element, ACTIVITY)
            }
            Self::Predecessors | Self::Assignees => {
                let [name, code] = firsts(element, NAMED_FIELDS);
                row.field(name).field(code).rest(element, NAMED_FIELDS)
            }
            Self::TaxRecords => tax_record(row, element),
        })
    }
}

/// A field whose text is a column's.
const fn field(name: &'static str) -> Known {
    (name, Use::Column)
}

/// A field that other tables are for.
const fn list(name: &'static str) -> Known {
    (name, Use::Table)
}

const BRANCH: &[Known; 4] = &[
    field("CODE"),
    field("NAME"),
    field("SIGNER"),
    field("CREATE_DATE"),
];
const ACTIVITY: &[Known; 3] = &[field("CODE"), field("NAME"), field("PRIMARY")];
const NAMED_FIELDS: &[Known; 2] = &[field("NAME"), field("CODE")];
const TAX_RECORD: &[Known; 7] = &[
    field("TAX_PAYER_TYPE"),
    field("START_DATE"),
    field("START_NUM"),
    field("END_DATE"),
    field("END_NUM"),
    field("AUTHORITY_NAME"),
    field("AUTHORITY_CODE"),
];
const TERMINATION: &[Known; 4] = &[
    field("OP_DATE"),
    field("REASON"),
    field("SBJ_STATE"),
    field("SIGNER_NAME"),
];
const BANKRUPTCY: &[Known; 3] = &[field("OP_DATE"), field("REASON"), field("SBJ_STATE")];

/// The fields of a record: those that are columns of `companies`, and then those of other tables.
const COMPANY: &[Known; 26] = &[
    field("RECORD"),
    field("NAME"),
    field("SHORT_NAME"),
    field("OPF"),
    field("EDRPOU"),
    field("ADDRESS"),
    field("STAN"),
    field("AUTHORIZED_CAPITAL"),
    field("PURPOSE"),
    field("SUPERIOR_MANAGEMENT"),
    field("REGISTRATION"),
    field("CONTACTS"),
    field("TERMINATED_INFO"),
    ("TERMINATION_STARTED_INFO", Use::Fields(TERMINATION)),
    ("BANKRUPTCY_READJUSTMENT_INFO", Use::Fields(BANKRUPTCY)),
    list("FOUNDERS"),
    list("BENEFICIARIES"),
    list("SIGNERS"),
    list("MEMBERS"),
    list("BRANCHES"),
    list("PREDECESSORS"),
    list("ASSIGNEES"),
    list("ACTIVITY_KINDS"),
    list("EXCHANGE_DATA"),
    list("KVED"),
    list("BOSS"),
];

/// Hands over the row of a record in `companies`.
fn company(
    record: Element<'_>,
    wanted: &[bool],
    give: &mut dyn FnMut(Row<'_>) -> Result<()>,
) -> Result<()> {
    let [
        register_record,
        name,
        short_name,
        legal_form,
        _,
        address,
        status,
        capital,
        purpose,
        superior_management,
        registration,
        contacts,
        terminated_info,
        termination,
        bankruptcy,
        ..,
    ] = firsts(record, COMPANY);
    let [
        terminated_on,
        termination_reason,
        termination_state,
        termination_signer,
    ] = termination.map_or([None; 4], |info| firsts(info, TERMINATION));
    let [bankrupt_on, bankruptcy_reason, bankruptcy_state] =
        bankruptcy.map_or([None; 3], |info| firsts(info, BANKRUPTCY));
    let (capital_text, registration_text) = (text_of(capital), text_of(registration));
    let registered = packed::registration(&registration_text);
    let row = Row::new(wanted)
        .field(register_record)
        .field(name)
        .field(short_name)
        .field(legal_form)
        .field(address)
        .field(status)
        .float(packed::amount(&capital_text))
        .field(capital)
        .field(purpose)
        .field(superior_management)
        .date(registered.registered_on)
        .date(registered.recorded_on)
        .text(registered.number)
        .field(registration)
        .field(contacts)
        .field(terminated_info)
        .day(terminated_on, "OP_DATE")
        .field(termination_reason)
        .field(termination_state)
        .field(termination_signer)
        .day(bankrupt_on, "OP_DATE")
        .field(bankruptcy_reason)
        .field(bankruptcy_state);
    give(row.rest(record, COMPANY))
}

fn text_of(field: Option<Element<'_>>) -> Cow<'_, str> {
    field.map(|field| field.text()).unwrap_or_default()
}

fn founder<'t>(row: Row<'t>, text: &'t str) -> Row<'t> {
    let found = packed::founder(text);
    row.text(found.name)
        .text(found.code)
        .text(found.address)
        .float(found.contribution)
        .text(text)
}

fn beneficiary<'t>(row: Row<'t>, text: &'t str) -> Row<'t> {
    let found = packed::beneficiary(text);
    row.text(found.name)
        .text(found.country)
        .text(found.address)
        .text(text)
}

fn signer<'t>(row: Row<'t>, text: &'t str) -> Row<'t> {
    let found = packed::signer(text);
    row.text(found.name)
        .date(found.since)
        .text(found.role)
        .text(text)
}

fn older_activity<'t>(row: Row<'t>, text: &'t str) -> Row<'t> {
    let (code, name) = text.split_once(' ').unwrap_or((text, ""));
    row.text(code).text(name.trim()).bool(true)
}

fn older_signer<'t>(row: Row<'t>, text: &'t str) -> Row<'t> {
    row.text(text).null().text("керівник").text(text)
}

fn tax_record<'t>(row: Row<'t>, element: Element<'t>) -> Row<'t> {
    let [
        taxpayer_type,
        started_on,
        start_number,
        ended_on,
        end_number,
        authority_name,
        authority_code,
    ] = firsts(element, TAX_RECORD);
    row.field(taxpayer_type)
        .day(started_on, "START_DATE")
        .field(start_number)
        .day(ended_on, "END_DATE")
        .field(end_number)
        .field(authority_name)
        .field(authority_code)
        .rest(element, TAX_RECORD)
}
