//! The fast path of [`Reply::from_json`]: a valid success without warnings, as nearly all replies are.
//!
//! Its envelope goes into fields instead of a map, where each of eight names would be hashed when it is stored and again at
//! each look-up. Every other reply is read whole, which says what is wrong with it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Reply;
use crate::{
    canonical,
    generated::{action::Action, types::Id},
    strict,
    unique::Unique,
};

/// The members of such a reply. A type per member refuses whatever the other path must look at.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Success {
    request_id: Id,
    // Not `Option`: the contract has no null here.
    #[serde(default, deserialize_with = "crate::strict::present")]
    session_id: Option<Id>,
    success: bool,
    data: Unique,
    #[serde(rename = "error")]
    _error: (),
    #[serde(rename = "error_details")]
    _error_details: (),
    #[serde(rename = "warnings")]
    _warnings: [(); 0],
    #[serde(rename = "warning_details")]
    _warning_details: [(); 0],
}

// The derived code also accepts an array of the members.
impl<'de> Deserialize<'de> for Success {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(strict::Object(deserializer))
    }
}

/// Reads a reply in snake; `None` for one that is not a valid success without warnings.
pub(super) fn read(action: Action, bytes: &[u8]) -> Option<Reply> {
    let read: Success = serde_json::from_slice(bytes).ok().filter(|read: &Success| read.success)?;
    let data: Value = read.data.0;
    canonical::is_faultless(action.info().reply, &data).then(|| Reply {
        action: Some(action),
        request_id: Some(read.request_id.into()),
        session_id: read.session_id.map(Into::into),
        outcome: Ok(data),
        warnings: Vec::new(),
        more_warnings: 0,
    })
}
