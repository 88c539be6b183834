//! Waivers: findings that an owner took on, for a reason and until a day.

use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

use super::{Finding, LoadError, Severity};

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Of the finding.
    pub fingerprint: String,
    /// Why it may break.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, `2026-12-31`.
    pub expires: String,
}

/// A waiver that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Why.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waivers: Vec<Waiver>,
}

/// Reads a file of waivers: `{"waivers": [...]}`.
///
/// # Errors
/// [`LoadError`] if it cannot be read, or has other members.
pub fn read(path: &Path) -> Result<Vec<Waiver>, LoadError> {
    let text =
        crate::input::text(path).map_err(|cause| LoadError::Unreadable { path: path.to_owned(), cause })?;
    let file: File = serde_json::from_str(&text)
        .map_err(|cause| LoadError::NotJson { file: path.to_string_lossy().into_owned(), cause })?;
    Ok(file.waivers)
}

/// Marks the findings that waivers cover. An expired or a stale waiver is a fault, and so is one without an owner or a reason.
pub(super) fn apply(findings: &mut [Finding], waivers: &[Waiver], today: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for waiver in waivers {
        let mut fault = |why: &str| {
            faults.push(Fault { fingerprint: waiver.fingerprint.clone(), why: why.to_owned() });
        };
        let found = findings.iter_mut().find(|finding| {
            finding.fingerprint == waiver.fingerprint && finding.severity >= Severity::Undecided
        });
        let is_day = chrono::NaiveDate::parse_from_str(&waiver.expires, "%Y-%m-%d").is_ok()
            && waiver.expires.len() == 10;
        let again = waivers.iter().filter(|other| other.fingerprint == waiver.fingerprint).count() > 1;
        match found {
            _ if again => fault("two waivers have this fingerprint: keep one"),
            None => fault("no breaking or undecided finding has this fingerprint any more: remove it"),
            Some(_) if waiver.owner.trim().is_empty() => fault("it has no owner"),
            Some(_) if waiver.reason.trim().is_empty() => fault("it has no reason"),
            Some(_) if !is_day => fault("`expires` is no day as 2026-12-31"),
            // Days of this form have the order of their texts.
            Some(_) if waiver.expires.as_str() < today => {
                fault(&format!("it expired on {}: mend the contract, or decide again", waiver.expires));
            }
            Some(finding) => {
                finding.waived =
                    Some(format!("{} ({}, until {})", waiver.reason, waiver.owner, waiver.expires));
            }
        }
    }
    faults
}

/// The text to copy into the file of waivers; reason, owner and day are to be filled in.
#[must_use]
pub fn text(finding: &Finding) -> String {
    json!({"fingerprint": finding.fingerprint, "reason": "", "owner": "", "expires": ""}).to_string()
}
