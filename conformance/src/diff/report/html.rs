//! The comparison as one page for a browser, old and new side by side.

use std::io;

use super::{at, messages, totals};
use crate::{
    diff::{Comparison, Finding, Severity},
    report::html::{STYLE, text},
    verdict::Verdict,
};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let sentence = comparison.sentence();
    let tone = match comparison.verdict() {
        Verdict::Ok => "passed",
        Verdict::Broken => "broken",
        Verdict::Undecided | Verdict::CouldNotRun => "undecided",
    };
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>conformance diff: {sentence}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"{tone}\">\n<p class=\"tool\">conformance diff, profile {}</p>\n<h1>{sentence}</h1>\n\
         <p class=\"command\"><code>{} → {}</code></p>\n<p>{}</p>\n</header>\n<main>\n<section id=\"findings\">\n<h2>Findings</h2>",
        comparison.profile.as_str(),
        text(&comparison.old),
        text(&comparison.new),
        text(&totals(comparison))
    )?;
    for finding in comparison.findings.iter().filter(|finding| finding.severity > Severity::Info) {
        article(finding, out)?;
    }
    for fault in &comparison.waiver_faults {
        writeln!(
            out,
            "<article class=\"broken\"><h3>waiver <code>{}</code></h3><p>{}</p></article>",
            text(&fault.fingerprint),
            text(&fault.why)
        )?;
    }
    writeln!(out, "</section>\n<section id=\"information\">\n<h2>Information</h2>\n<ul>")?;
    for finding in comparison.findings.iter().filter(|finding| finding.severity == Severity::Info) {
        writeln!(
            out,
            "<li><code>{}</code> {}: {}</li>",
            finding.rule.id,
            text(&at(finding)),
            text(&finding.what)
        )?;
    }
    writeln!(out, "</ul>\n</section>\n</main>\n</body>\n</html>")
}

fn article(finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    let tone = match finding.severity {
        _ if finding.waived.is_some() => "skipped",
        Severity::Breaking | Severity::Policy => "broken",
        _ => "undecided",
    };
    let word = if finding.waived.is_some() { "waived" } else { finding.severity.as_str() };
    writeln!(
        out,
        "<article class=\"{tone}\">\n<h3><span class=\"word\">{word}</span> <code>{}</code> {}</h3>\n\
         <pre class=\"why\">{}</pre>\n<dl class=\"facts\">",
        finding.rule.id,
        text(&finding.rule.title),
        text(&finding.what)
    )?;
    let mut fact = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(out, "<dt>{name}</dt><dd>{}</dd>", text(value)),
    };
    fact("in", &messages(finding))?;
    fact("at", &finding.at)?;
    for (name, place) in [("old", &finding.old), ("new", &finding.new)] {
        if let Some(place) = place {
            fact(name, &format!("{}:{} {}", place.file, place.line, place.pointer))?;
        }
    }
    fact("breaks", &finding.who.join(", "))?;
    if let Some(open) = &finding.open {
        fact("undecided", open)?;
    }
    for witness in &finding.witnesses {
        let (takes, refuses) = if witness.old_takes { ("old", "new") } else { ("new", "old") };
        fact(
            &format!("taken by the {takes} version"),
            &crate::display::shorten(&witness.document.to_string()),
        )?;
        fact(&format!("refused by the {refuses} one"), &witness.refusal)?;
    }
    for user in &finding.users {
        fact(
            "seen",
            &format!("{} in {}: {} times, last {}", user.client, user.action, user.count, user.last_seen),
        )?;
    }
    fact("way out", &finding.rule.fix)?;
    if let Some(waived) = &finding.waived {
        fact("waived", waived)?;
    }
    writeln!(out, "</dl>\n</article>")
}
