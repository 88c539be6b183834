//! Which action an envelope asks for.

use super::members::Members;
use crate::{
    command::Form,
    dialect::Dialect,
    generated::{action::Action, error_code::ErrorCode},
    nearest::nearest,
    pointer::escape,
    shown::shorten,
    tree::Tree,
    violation::{Failure, Violation},
};

/// The hint for an `action` of another JSON type.
const ACTION_HINT: &str = "write a string in quotes, such as \"get_status\"";

impl Members {
    /// The action, which a bare body leaves to its route.
    ///
    /// # Errors
    /// - `missing_field` if there is none;
    /// - `unsupported_value` if it is not a string, or not the action of the route;
    /// - `unknown_action` if no action has that name.
    pub(super) fn action(&self, of_route: Option<Action>, form: Form) -> Result<Action, Failure> {
        let Some((name, tree)) = &self.action else {
            if let (Some(action), Form::Bare) = (of_route, form) {
                return Ok(action);
            }
            let name = if self.names.most() == Some(Dialect::Pascal) { "Action" } else { "action" };
            let message = format!("`{name}` is missing");
            let violation = Violation::new(format!("/{name}"), ErrorCode::MissingField, message);
            return Err(Failure::of_violations(vec![violation]));
        };
        let pointer = format!("/{}", escape(name));
        let said = match tree {
            Tree::Text(said) if !said.is_empty() => said,
            Tree::Text(_) | Tree::Null => {
                let violation =
                    Violation::new(pointer, ErrorCode::MissingField, format!("`{name}` is empty"));
                return Err(Failure::of_violations(vec![violation]));
            }
            other => {
                let message = format!("`{name}` is a string, not {}", other.kind());
                let violation =
                    Violation::new(pointer, ErrorCode::UnsupportedValue, message).hint(ACTION_HINT);
                return Err(Failure::of_violations(vec![violation]));
            }
        };
        let action: Action = said.parse().map_err(|_| unknown_action(&pointer, said))?;
        match of_route {
            Some(wanted) if wanted != action => {
                let message = format!("this route is for `{wanted}`, not for `{action}`");
                let violation = Violation {
                    allowed: Some(vec![wanted.as_str().to_owned()]),
                    ..Violation::new(pointer, ErrorCode::UnsupportedValue, message)
                };
                Err(Failure::of_violations(vec![violation]))
            }
            _ => Ok(action),
        }
    }
}

/// The failure of an action that there is not.
fn unknown_action(pointer: &str, said: &str) -> Failure {
    let nearest = nearest(said, Action::ALL.iter().map(|action| action.as_str()));
    let message = match nearest {
        Some(near) => format!("{} is not an action; the nearest is `{near}`", shorten(said)),
        None => format!("{} is not an action", shorten(said)),
    };
    let violation = Violation {
        nearest: nearest.map(str::to_owned),
        ..Violation::new(pointer, ErrorCode::UnknownAction, message)
    };
    Failure::of_violations(vec![violation])
}
