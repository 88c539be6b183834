//! The comparison as JUnit XML: a case for each finding, a suite for each layer.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::{collections::BTreeMap, io};

use super::at;
use crate::diff::{Comparison, Finding, Severity};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for finding in &comparison.findings {
        let name = finding.rule.layer.as_str();
        suites.entry(name).or_insert_with(|| TestSuite::new(name)).add_test_case(case(finding));
    }
    for fault in &comparison.waiver_faults {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(fault.why.as_str());
        let case = TestCase::new(format!("waiver {}", fault.fingerprint), status);
        suites.entry("waivers").or_insert_with(|| TestSuite::new("waivers")).add_test_case(case);
    }
    let mut compared = TestSuite::new("compared");
    compared
        .add_test_case(TestCase::new(format!("{} messages", comparison.messages), TestCaseStatus::success()));
    suites.insert("compared", compared);
    let mut document = quick_junit::Report::new("conformance diff");
    document.add_test_suites(suites.into_values());
    document.serialize(out).map_err(io::Error::other)
}

fn case(finding: &Finding) -> TestCase {
    let kind = match finding.severity {
        _ if finding.waived.is_some() => None,
        Severity::Breaking | Severity::Policy => Some(NonSuccessKind::Failure),
        Severity::Undecided => Some(NonSuccessKind::Error),
        Severity::Dangerous | Severity::Info => None,
    };
    let status = match kind {
        None => TestCaseStatus::success(),
        Some(kind) => {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(finding.what.as_str()).set_type(finding.rule.id.as_str());
            status.set_description(format!(
                "{}\nbreaks: {}\nfix: {}",
                finding.what,
                finding.who.join(", "),
                finding.rule.fix
            ));
            status
        }
    };
    let name = format!("{} {} {} {}", finding.rule.id, at(finding), finding.name, finding.fingerprint);
    let mut case = TestCase::new(name, status);
    case.set_classname(finding.rule.id.as_str());
    case
}
