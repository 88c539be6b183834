//! The registry of actions as data: their routes over HTTP, the parameters that routes take, the routes of no action.
//!
//! [`Action::info`](crate::Action::info) is the row of an action.

pub use crate::generated::action::{
    ActionInfo, ClassWhen, PARAMETERS, Parameter, ParseActionError, RESOURCES, Resource, Route, TAGS, Tag,
};
