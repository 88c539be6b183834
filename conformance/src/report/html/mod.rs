//! The report as one page for a browser: the verdict, then each cause with its evidence, then what was skipped and what passed.
//!
//! The page has no script and loads nothing. What a target wrote stands in it as text.

mod document;
mod part;

pub(crate) use part::text;

use std::{collections::BTreeMap, io};

use super::{
    Report, Row,
    cause::{Cause, causes},
};
use crate::{
    class::Class,
    finding::{Outcome, Place},
    party::transcript::{Direction, Message},
    verdict::{Counts, Verdict},
};

const STYLE: &str = include_str!("page.css");

/// Writes the report.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut causes = causes(report);
    // Broken before undecided, causes of more checks first; equals stay in the order of the suites.
    causes.sort_by_key(|cause| (cause.word, std::cmp::Reverse(cause.rows.len())));
    let sentence = report.verdict().sentence();
    begin(&format!("conformance: {sentence}"), out)?;
    summary(report, causes.len(), out)?;
    writeln!(out, "<main>")?;
    findings(report, &causes, out)?;
    classes(report, out)?;
    skipped(report, out)?;
    passed(report, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// The head of a page, up to its body.
pub(crate) fn begin(title: &str, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>",
        text(title)
    )
}

/// The class of a verdict: its colour.
pub(crate) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "passed",
        Verdict::Broken => "broken",
        Verdict::Undecided | Verdict::CouldNotRun => "undecided",
    }
}

/// The verdict, the numbers, and the way to each part.
fn summary(report: &Report, causes: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let (verdict, counts) = (report.verdict(), report.counts());
    let tone = tone(verdict);
    writeln!(
        out,
        "<header class=\"{tone}\">\n<p class=\"tool\">conformance of a {}</p>\n<h1>{}</h1>\n\
         <p class=\"command\"><code>{}</code></p>\n<dl class=\"counts\">",
        text(&report.target),
        part::capital(verdict.sentence()),
        text(&report.replay_all())
    )?;
    for (tone, name, count) in [
        ("broken", "broken", counts.failed),
        ("undecided", "undecided", counts.undecided),
        ("passed", "passed", counts.passed),
        ("skipped", "skipped", counts.skipped),
        ("undecided", "not run", report.not_run),
    ] {
        let tone = if count == 0 { "none" } else { tone };
        writeln!(out, "<div class=\"{tone}\"><dt>{name}</dt><dd>{count}</dd></div>")?;
    }
    writeln!(out, "</dl>")?;
    if report.not_run > 0 {
        writeln!(out, "<p>{} checks did not run: {}.</p>", report.not_run, report.why_not_run())?;
    }
    let findings = if causes == 0 {
        String::new()
    } else {
        format!("<a href=\"#findings\">{}</a>", part::count(causes, "cause", "causes"))
    };
    writeln!(
        out,
        "<nav aria-label=\"Parts of the report\">{findings}<a href=\"#classes\">classes</a>\
         <a href=\"#skipped\">skipped</a><a href=\"#passed\">passed</a></nav>\n</header>"
    )
}

fn findings(report: &Report, causes: &[Cause<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"findings\">\n<h2>Findings</h2>")?;
    for (index, cause) in causes.iter().enumerate() {
        let Some((first, others)) = cause.rows.split_first() else { continue };
        let tone = cause.word;
        writeln!(
            out,
            "<article class=\"{tone}\" id=\"cause-{number}\">\n<h3><span class=\"word\">{tone}</span> \
             <code>{}</code></h3>\n<pre class=\"why\">{}</pre>\n<dl class=\"facts\">",
            text(&first.id),
            text(cause.why),
            number = index + 1
        )?;
        fact(out, "contract", &text(first.proves.text()))?;
        let class = format!("<code>{}</code> {}", first.class, text(first.class.means()));
        fact(out, "class", &class)?;
        if let Some(pointer) = first.pointer() {
            fact(out, "place", &format!("<code>{}</code>", text(pointer)))?;
        }
        if let Some(Place { file, line }) = first.place {
            fact(out, "decided at", &format!("<code>{}:{line}</code>", text(file)))?;
        }
        if let Some(expected) = part::expected(cause.why) {
            fact(out, "expected", &format!("<code>{}</code>", text(&expected.to_string())))?;
        }
        fact(out, "run alone", &format!("<code>{}</code>", text(&report.replay_of(first))))?;
        writeln!(out, "</dl>")?;
        evidence(first, out)?;
        same(others, out)?;
        writeln!(out, "</article>")?;
    }
    writeln!(out, "</section>")
}

/// A row of a list of facts. `value` is markup.
fn fact(out: &mut dyn io::Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}

/// What was sent beside what came back: the last of each, and those before it folded.
fn evidence(row: &Row, out: &mut dyn io::Write) -> io::Result<()> {
    let messages = &row.transcript;
    let last = |direction| messages.iter().rposition(|message| message.direction == direction);
    let shown = [last(Direction::Sent), last(Direction::Received)];
    let pointer = row.pointer();
    if shown != [None, None] {
        writeln!(out, "<div class=\"evidence\">")?;
        for at in shown.into_iter().flatten() {
            figure(&messages[at], pointer, out)?;
        }
        writeln!(out, "</div>")?;
    }
    let others = messages.iter().enumerate().filter(|(at, _)| !shown.contains(&Some(*at)));
    let others: Vec<&Message> = others.map(|(_, message)| message).collect();
    if others.is_empty() {
        return Ok(());
    }
    let counted = part::count(others.len(), "other message", "other messages");
    writeln!(
        out,
        "<details><summary>{counted} of the exchange, in their order</summary>\n<div class=\"others\">"
    )?;
    for message in others {
        figure(message, pointer, out)?;
    }
    writeln!(out, "</div></details>")
}

fn figure(message: &Message, pointer: Option<&str>, out: &mut dyn io::Write) -> io::Result<()> {
    let from = match message.direction {
        Direction::Sent => "sent",
        Direction::Received => "came back",
    };
    let body = document::of_message(message, pointer);
    writeln!(out, "<figure><figcaption>{from}</figcaption><pre tabindex=\"0\">{body}</pre></figure>")
}

/// The other checks of a cause.
fn same(rows: &[&Row], out: &mut dyn io::Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let counted = part::count(rows.len(), "other check fails", "other checks fail");
    part::folded(out, &format!("{counted} for the same reason"), rows.iter().map(|row| row.id.as_str()))
}

fn classes(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"classes\">\n<h2>Classes of drift</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">class</th>\
         <th scope=\"col\">its checks prove</th><th scope=\"col\">broken</th><th scope=\"col\">undecided</th>\
         <th scope=\"col\">passed</th><th scope=\"col\">skipped</th></tr></thead>\n<tbody>"
    )?;
    for class in Class::ALL {
        let counts = report.counts_of(|row| row.class == *class);
        if counts == Counts::default() {
            continue;
        }
        write!(out, "<tr><th scope=\"row\"><code>{class}</code></th><td>{}</td>", text(class.means()))?;
        for (tone, count) in [
            ("broken", counts.failed),
            ("undecided", counts.undecided),
            ("passed", counts.passed),
            ("skipped", counts.skipped),
        ] {
            let tone = if count == 0 { "none" } else { tone };
            write!(out, "<td class=\"number {tone}\">{count}</td>")?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody></table></div>\n</section>")
}

fn skipped(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &report.rows {
        if let Outcome::Skipped(why) = &row.outcome {
            reasons.entry(why).or_default().push(&row.id);
        }
    }
    writeln!(out, "<section id=\"skipped\">\n<h2>Skipped</h2>")?;
    if reasons.is_empty() {
        writeln!(out, "<p>No check.</p>")?;
    }
    for (why, ids) in reasons {
        let counted = part::count(ids.len(), "check", "checks");
        part::folded(out, &format!("{counted}: {}", text(why)), ids.into_iter())?;
    }
    writeln!(out, "</section>")
}

fn passed(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in report.rows.iter().filter(|row| row.outcome == Outcome::Passed) {
        let suite = row.id.split('.').next().unwrap_or(&row.id);
        suites.entry(suite).or_default().push(&row.id);
    }
    writeln!(out, "<section id=\"passed\">\n<h2>Passed</h2>")?;
    if suites.is_empty() {
        writeln!(out, "<p>No check.</p>")?;
    }
    for (suite, ids) in suites {
        let counted = part::count(ids.len(), "check", "checks");
        part::folded(out, &format!("<code>{}</code>: {counted}", text(suite)), ids.into_iter())?;
    }
    writeln!(out, "</section>")
}
