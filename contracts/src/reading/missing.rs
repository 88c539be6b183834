//! Properties that must be there and are not.

use serde_json::Value;

use super::reader::{Reader, Visited};
use crate::{dictionary::Def, generated::error_code::ErrorCode, violation::Violation};

impl<'d> Reader<'d> {
    pub(super) fn find_missing(&mut self, def: &'d Def, root: &Value) {
        let visited = std::mem::take(&mut self.visited);
        for Visited { spec, at, .. } in &visited {
            if self.is_done() {
                break;
            }
            for property in spec.properties.iter().filter(|property| property.required) {
                let canonical = format!("{at}/{}", property.snake);
                if root.pointer(&canonical).is_some() || self.is_faulty(&canonical) {
                    continue;
                }
                self.violations.add(|| {
                    let pointer = self.places.sender(&canonical, &def.shape);
                    let name = pointer.rsplit('/').next().unwrap_or(&property.snake);
                    let message = format!("`{name}` is missing");
                    Violation::new(pointer, ErrorCode::MissingField, message)
                });
                self.faulty.insert(canonical);
            }
        }
        self.visited = visited;
    }
}
