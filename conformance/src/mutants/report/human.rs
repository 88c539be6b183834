//! The report of a hunt, for people.

use std::io;

use super::{
    super::hunt::{Fate, Hunt},
    Counts, OVERDUE, TAKE_IT_OUT, counts, rows,
};

/// Writes what survived, what was noticed without its name, which members are never seen, and the numbers.
///
/// # Errors
/// The error of the writer.
pub fn write(hunt: &Hunt, out: &mut dyn io::Write) -> io::Result<()> {
    let rows = rows(hunt);
    for row in rows.iter().filter(|row| row.expected.is_none()) {
        let mutant = &row.hunted.name;
        match &row.hunted.fate {
            Fate::Noticed(id) => writeln!(out, "noticed   {mutant}: {id} fails, and does not name it")?,
            Fate::Survived => {
                writeln!(out, "survived  {mutant}: {} scenarios passed", row.hunted.scenarios)?;
            }
            Fate::Killed(_) | Fate::Unmade => {}
        }
    }
    for row in &rows {
        if let Some(id) = row.overdue() {
            let mutant = &row.hunted.name;
            writeln!(out, "overdue   {mutant}: {OVERDUE} {id}: {TAKE_IT_OUT}")?;
        }
    }
    for site in &hunt.unseen {
        writeln!(out, "unseen    {site}: no scenario ever has a value there")?;
    }
    let Counts { mutants, killed, noticed, survived, unmade, expected, overdue, unseen } =
        counts(hunt, &rows);
    writeln!(
        out,
        "{mutants} mutants: {killed} killed, {noticed} noticed, {survived} survived, {unmade} changed nothing, {expected} expected, {overdue} overdue; {unseen} members unseen"
    )
}
