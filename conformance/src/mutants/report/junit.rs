//! The report of a hunt as JUnit XML: a test suite for each edit, a test for each mutant.

use std::{collections::BTreeMap, io};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{
    super::hunt::{Fate, Hunt},
    OVERDUE, Row, TAKE_IT_OUT, rows,
};

/// Writes the report. A mutant that is not killed is a failure, one that is killed though it is expected to survive too, a member that is never seen one of the suite `unseen`.
///
/// # Errors
/// The error of the writer.
pub fn write(hunt: &Hunt, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    let mut add = |suite: &'static str, case: TestCase| {
        suites.entry(suite).or_insert_with(|| TestSuite::new(suite)).add_test_case(case);
    };
    for row in rows(hunt) {
        let edit = row.hunted.edit.as_str();
        add(edit, case(row.hunted.site.clone(), edit, status(&row)));
    }
    for site in &hunt.unseen {
        add("unseen", case(site.clone(), "unseen", failure("no scenario ever has a value there")));
    }
    let mut document = quick_junit::Report::new("conformance mutants");
    document.add_test_suites(suites.into_values());
    document.serialize(out).map_err(io::Error::other)
}

fn case(name: String, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn failure(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(why);
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn status(row: &Row<'_>) -> TestCaseStatus {
    match (&row.expected, &row.hunted.fate) {
        (Some(_), Fate::Killed(id)) => failure(&format!("{OVERDUE} {id}: {TAKE_IT_OUT}")),
        (_, Fate::Unmade) => skipped("the edit changes nothing in any frame"),
        (Some(reason), Fate::Noticed(_) | Fate::Survived) => skipped(reason),
        (None, Fate::Killed(_)) => TestCaseStatus::success(),
        (None, Fate::Noticed(id)) => failure(&format!("{id} fails, and does not name it")),
        (None, Fate::Survived) => failure(&format!("{} scenarios passed", row.hunted.scenarios)),
    }
}
