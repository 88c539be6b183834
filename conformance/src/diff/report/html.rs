//! The comparison as one page for a browser, old and new side by side.

use std::io;

use super::{at, messages, totals};
use crate::{
    diff::{Comparison, Finding, Severity, usage::Use},
    report::html::{begin, text, tone},
};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let sentence = comparison.sentence();
    begin(&format!("conformance diff: {sentence}"), out)?;
    head(comparison, out)?;
    writeln!(out, "<main>")?;
    body(comparison, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// The verdict and the numbers.
pub(crate) fn head(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<header class=\"{}\">\n<p class=\"tool\">conformance diff, profile {}</p>\n<h1>{}</h1>\n\
         <p class=\"command\"><code>{} → {}</code></p>\n<p>{}</p>\n</header>",
        tone(comparison.verdict()),
        comparison.profile.as_str(),
        comparison.sentence(),
        text(&comparison.old),
        text(&comparison.new),
        text(&totals(comparison))
    )
}

/// The findings, then what is only information.
pub(crate) fn body(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<section id=\"findings\">\n<h2>Findings</h2>")?;
    let (told, information): (Vec<_>, Vec<_>) =
        comparison.findings.iter().partition(|finding| finding.severity > Severity::Info);
    if told.is_empty() && comparison.waiver_faults.is_empty() {
        writeln!(out, "<p>none</p>")?;
    }
    for finding in told {
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
    writeln!(out, "</section>")?;
    if information.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"information\">\n<h2>Information</h2>\n<ul>")?;
    for finding in information {
        let (rule, place, what) = (&finding.rule.id, text(&at(finding)), text(&finding.what));
        writeln!(out, "<li><code>{rule}</code> {place}: {what}</li>")?;
    }
    writeln!(out, "</ul>\n</section>")
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
         <pre class=\"why\">{}</pre>",
        finding.rule.id,
        text(&finding.rule.title),
        text(&finding.what)
    )?;
    facts(finding, out)?;
    writeln!(out, "<div class=\"evidence\">")?;
    for (name, place, value) in
        [("old", &finding.old, &finding.before), ("new", &finding.new, &finding.after)]
    {
        let place = place
            .as_ref()
            .map_or_else(String::new, |place| format!("{}:{} {}", place.file, place.line, place.pointer));
        let value = value.as_ref().map_or_else(|| "(nothing)".to_owned(), |value| format!("{value:#}"));
        figure(&format!("{name} {place}"), &value, out)?;
    }
    for witness in &finding.witnesses {
        let (takes, refuses) = if witness.old_takes { ("old", "new") } else { ("new", "old") };
        let judges = witness.confirmed_by.join(", ");
        figure(
            &format!("{}: the {takes} version takes it, says {judges}", witness.message),
            &format!("{:#}", witness.document),
            out,
        )?;
        figure(&format!("the {refuses} version refuses it"), &witness.refusal, out)?;
    }
    writeln!(out, "</div>\n</article>")
}

fn figure(caption: &str, content: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let (caption, content) = (text(caption), text(content));
    writeln!(out, "<figure><figcaption>{caption}</figcaption><pre>{content}</pre></figure>")
}

fn facts(finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<dl class=\"facts\">")?;
    let mut fact = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", text(value)),
    };
    fact("in", &messages(finding))?;
    fact("at", &finding.at)?;
    fact("breaks", &finding.who.join(", "))?;
    if let Some(open) = &finding.open {
        fact("undecided", open)?;
    }
    for Use { client, action, count, last_seen } in &finding.users {
        fact("seen", &format!("{client} in {action}: {count} times, last {last_seen}"))?;
    }
    if let Some(why) = &finding.usage_open {
        fact("seen", &format!("the usage cannot tell: {why}"))?;
    }
    fact("way out", &finding.rule.fix)?;
    if let Some(waived) = &finding.waived {
        fact("waived", waived)?;
    }
    writeln!(out, "</dl>")
}
