//! The report as JUnit XML, which CI systems show as tests: a test suite for each check suite.

use std::{collections::BTreeMap, io};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, Row};
use crate::finding::Outcome;

/// Writes the report. A check that is undecided is an error, one that failed a failure.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for row in &report.rows {
        let name = row.id.split('.').next().unwrap_or(&row.id);
        let suite = suites.entry(name).or_insert_with(|| TestSuite::new(name));
        let mut case = case(row);
        if report.has_times {
            case.set_time(row.took);
        }
        suite.add_test_case(case);
    }
    let mut document = quick_junit::Report::new(format!("conformance {}", report.target));
    document.add_test_suites(suites.into_values());
    document.serialize(out).map_err(io::Error::other)
}

fn case(row: &Row) -> TestCase {
    let broken = |kind, why: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(why).set_type(row.class.to_string());
        status.set_description(format!("{why}\ncontract: {}", row.proves.text()));
        status
    };
    let status = match &row.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(why) => broken(NonSuccessKind::Failure, why),
        Outcome::Undecided(why) => broken(NonSuccessKind::Error, why),
        Outcome::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
    };
    let mut case = TestCase::new(row.id.as_str(), status);
    case.set_classname(row.class.to_string());
    case
}
