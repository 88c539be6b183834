//! The review as one page for a browser: what the contract says on the left, what the snapshots show on the right.

use std::io;

use super::{Change, Kind, Reviewed, totals, verdict};
use crate::{
    diff::{self, Comparison},
    report::html::{begin, text, tone},
};

/// Writes the page. Without a comparison it has the snapshots alone.
///
/// # Errors
/// The error of the writer.
pub fn write(
    reviewed: &[Reviewed],
    contract: Option<&Comparison>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    begin("conformance review", out)?;
    if let Some(contract) = contract {
        diff::report::html::head(contract, out)?;
    }
    writeln!(
        out,
        "<header class=\"{}\">\n<p class=\"tool\">conformance review</p>\n<h1>{}</h1>\n</header>\n\
         <main class=\"beside\">",
        tone(verdict(reviewed)),
        text(&totals(reviewed))
    )?;
    if let Some(contract) = contract {
        writeln!(out, "<section id=\"contract\">")?;
        diff::report::html::body(contract, out)?;
        writeln!(out, "</section>")?;
    }
    writeln!(out, "<section id=\"snapshots\">\n<h2>Snapshots</h2>")?;
    for one in reviewed {
        snapshot(one, out)?;
    }
    writeln!(out, "</section>\n</main>\n</body>\n</html>")
}

fn snapshot(one: &Reviewed, out: &mut dyn io::Write) -> io::Result<()> {
    let tone = match one.worst() {
        Some(Kind::Breaking) => "broken",
        Some(Kind::Undecided) => "undecided",
        _ => "skipped",
    };
    writeln!(
        out,
        "<article class=\"{tone}\">\n<h3><code>{}</code></h3>\n<dl class=\"facts\">",
        text(&one.file)
    )?;
    let mut changes: Vec<&Change> = one.changes.iter().collect();
    changes.sort_by_key(|change| change.kind);
    for Change { kind, place, what, who } in changes {
        let who = if who.is_empty() { String::new() } else { format!(" ({})", who.join("; ")) };
        let sentence = text(&format!("{place}: {what}{who}"));
        writeln!(out, "<div><dt>{}</dt><dd>{sentence}</dd></div>", kind.as_str())?;
    }
    writeln!(out, "</dl>\n</article>")
}
