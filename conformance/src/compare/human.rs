//! The comparison for people: what differs for no reason first, then the reasons, then the numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{Comparison, Difference, MemberDifference, Place};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(compared: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    for target in &compared.targets {
        writeln!(
            out,
            "target    {}: {} {}, {} checks",
            target.name, target.kind, target.file, target.checks
        )?;
    }
    for (id, difference) in &compared.checks {
        if difference.reason.is_none() {
            writeln!(out, "differs   {id}")?;
            said(compared, difference, out)?;
        }
    }
    for (place, difference) in &compared.members {
        if difference.reason.is_none() {
            member("differs   ", compared, place, difference, out)?;
        }
    }
    explained_checks(compared, out)?;
    explained_members(compared, out)?;
    let checks = compared.checks.values().filter(|check| check.reason.is_some()).count();
    let members = compared.members.values().filter(|member| member.reason.is_some()).count();
    writeln!(
        out,
        "{} checks agree, {checks} differ for a reason; {} kinds of replies, {members} members differ for a reason; \
         {} differences without one: {}",
        compared.agree,
        compared.replies,
        compared.unexplained(),
        compared.sentence()
    )
}

fn said(compared: &Comparison, difference: &Difference, out: &mut dyn io::Write) -> io::Result<()> {
    for (target, said) in compared.targets.iter().zip(&difference.said) {
        writeln!(out, "          {}: {}", target.name, said.as_deref().unwrap_or("it did not run"))?;
    }
    Ok(())
}

/// A member, the kinds of its values by target, and the first of the scenarios in which it differs.
fn member(
    head: &str,
    compared: &Comparison,
    place: &Place,
    difference: &MemberDifference,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(out, "{head}{} {}, {}", place.command, place.outcome, place.pointer)?;
    let kinds = compared.targets.iter().zip(&place.kinds).map(|(target, kinds)| {
        let kinds = match kinds {
            None => "no such reply".to_owned(),
            Some(kinds) if kinds.is_empty() => "absent".to_owned(),
            Some(kinds) => kinds.iter().map(String::as_str).collect::<Vec<_>>().join(" or "),
        };
        format!("{}: {kinds}", target.name)
    });
    let kinds: Vec<String> = kinds.collect();
    let first = difference.scenarios.first().map_or("", String::as_str);
    let more = match difference.scenarios.len() {
        0 | 1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    writeln!(out, "          {} (in {first}{more})", kinds.join(", "))
}

/// Checks that ran in all targets and differ for a reason each by its id; those that one did not run by their suites.
fn explained_checks(compared: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let mut reasons: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for (id, difference) in &compared.checks {
        let Some(reason) = &difference.reason else { continue };
        let did_not_run = difference.said.contains(&None);
        let suite = id.split_once('.').filter(|_| did_not_run).map_or(id.as_str(), |(suite, _)| suite);
        reasons.entry(reason).or_default().entry(suite).or_default().push(id);
    }
    for (reason, names) in reasons {
        let count: usize = names.values().map(Vec::len).sum();
        writeln!(out, "reason    {count}: {reason}")?;
        for (name, ids) in names {
            match ids.as_slice() {
                [id] if *id == name => writeln!(out, "          {name}")?,
                ids => writeln!(out, "          {name}: all {}", ids.len())?,
            }
        }
    }
    Ok(())
}

fn explained_members(compared: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let reasons: BTreeSet<&String> =
        compared.members.values().filter_map(|difference| difference.reason.as_ref()).collect();
    for reason in reasons {
        let of_it =
            || compared.members.iter().filter(|(_, difference)| difference.reason.as_ref() == Some(reason));
        writeln!(out, "reason    {}: {reason}", of_it().count())?;
        for (place, difference) in of_it() {
            member("          ", compared, place, difference, out)?;
        }
    }
    Ok(())
}
