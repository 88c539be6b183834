//! The member that a JSON name reaches.

use contracts::naming::ordinal_ignore_case;

use super::{
    clr::{Class, Member},
    options::Options,
};

/// The member of a class that a JSON name reaches. A name that differs by case reaches it only if the options say so.
pub(super) fn reached<'c>(class: &'c Class, name: &str, options: &Options) -> Option<(usize, &'c Member)> {
    let is_it = |member: &Member| {
        let json = member.json_name(options);
        json == name || (options.case_insensitive && ordinal_ignore_case(&json, name))
    };
    class.members.iter().enumerate().find(|(_, member)| !member.extension && is_it(member))
}
