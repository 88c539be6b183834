//! The version of the protocol that both sides of an `initialize` have.

use serde_json::Value;

use crate::{
    generated::{error_code::ErrorCode, limits::PROTOCOL_VERSIONS},
    violation::Failure,
};

/// The version of the protocol that answers the canonical fields of an `initialize`: the first of ours that
/// `protocol_versions` has, or our first where the sender lists none.
///
/// ```
/// use contracts::protocol_version;
/// use serde_json::json;
///
/// assert_eq!(protocol_version(&json!({})).unwrap(), "1");
/// assert_eq!(protocol_version(&json!({"protocol_versions": ["2", "1"]})).unwrap(), "1");
/// let failure = protocol_version(&json!({"protocol_versions": ["2"]})).unwrap_err();
/// assert_eq!(failure.message, "no common protocol version; 1 is spoken here");
/// ```
///
/// # Errors
/// [`ErrorCode::UnsupportedValue`] if there is no common version. The failure names no field: where
/// `protocol_versions` stands, the sender's [`Places`](crate::Places) say.
pub fn protocol_version(fields: &Value) -> Result<&'static str, Failure> {
    let Some(asked) = fields["protocol_versions"].as_array() else { return Ok(PROTOCOL_VERSIONS[0]) };
    let common = PROTOCOL_VERSIONS.iter().find(|known| asked.iter().any(|version| version == **known));
    common.copied().ok_or_else(|| {
        let spoken = PROTOCOL_VERSIONS.join(", ");
        Failure::new(
            ErrorCode::UnsupportedValue,
            format!("no common protocol version; {spoken} is spoken here"),
        )
    })
}
