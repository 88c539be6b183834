//! Reports: the text for people, and the JSON document by its schema.

use std::time::Duration;

use conformance::{
    check::CheckDef,
    class::Class,
    finding::{Finding, Outcome, Place},
    live, options,
    party::transcript::{Direction, Message},
    report::{Report, github, html, human, json, junit, markdown, sarif, trace::Trace},
    sentence::Sentence,
    verdict::Verdict,
};

fn sample(outcomes: Vec<Outcome>) -> Report {
    let def = |id: &str| CheckDef { id: id.to_owned(), class: Class::Corr, proves: Sentence::MatchedById };
    let defs: Vec<CheckDef> = (0..outcomes.len()).map(|i| def(&format!("check-{i}"))).collect();
    let replay = ["worker", "--lora", "a b", "--", "workers/main.py"].map(str::to_owned).to_vec();
    let (target, source) = ("worker".to_owned(), "workers/main 1.py".to_owned());
    let mut report = Report { target, replay, source, ..Report::default() };
    report.add("suite.scenario", &defs, outcomes);
    report
}

fn all() -> Vec<Outcome> {
    vec![
        Outcome::Passed,
        Outcome::Failed("the id is another".to_owned()),
        Outcome::Skipped("needs --lora".to_owned()),
        Outcome::Undecided("the tool could not tell".to_owned()),
    ]
}

#[test]
fn people_read_it() {
    let mut text = Vec::new();
    human::write(&sample(all()), &mut text).unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap(), @r"
    broken    suite.scenario.check-1 [G-CORR]
              the id is another
              contract: A reply is matched by request_id, never by order, whenever the command had one.
    undecided suite.scenario.check-3 [G-CORR]
              the tool could not tell
              contract: A reply is matched by request_id, never by order, whenever the command had one.
    skipped   1: needs --lora
    4 checks: 1 passed, 1 broken, 1 undecided, 1 skipped: the target breaks the contract
    ");
}

/// A cause of many failures is printed once, and checks that did not run are counted.
#[test]
fn a_cause_is_said_once() {
    let mut report = sample(vec![Outcome::Failed("no answer".to_owned()); 8]);
    report.not_run = 12;
    let mut text = Vec::new();
    human::write(&report, &mut text).unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap(), @r"
    broken    suite.scenario.check-0 [G-CORR]
              no answer
              the same: suite.scenario.check-1, suite.scenario.check-2, suite.scenario.check-3, suite.scenario.check-4, suite.scenario.check-5 and 2 more
              contract: A reply is matched by request_id, never by order, whenever the command had one.
    not run   12: the target no longer answered
    8 checks: 0 passed, 8 broken, 0 undecided, 0 skipped: the target breaks the contract
    ");
}

type Write = fn(&Report, &mut dyn std::io::Write) -> std::io::Result<()>;

fn written(write: Write, report: &Report) -> String {
    let mut text = Vec::new();
    write(report, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Reasons hold what a target wrote: it must neither end its place in a report nor become markup.
fn hostile() -> Outcome {
    Outcome::Failed("a|b, <b>x</b>\r\n::error::100 % \u{1b}[31m\u{0}".to_owned())
}

/// A finding with its messages: what was sent, and what came back.
fn with_messages(why: &str, sent: &str, received: &str) -> Report {
    let mut report = sample(vec![Outcome::Passed]);
    let def = CheckDef { id: "seen".to_owned(), class: Class::Effect, proves: Sentence::MatchedById };
    let message = |direction, text: &str| Message { direction, text: text.to_owned() };
    let transcript = vec![message(Direction::Sent, sent), message(Direction::Received, received)];
    let place = Some(Place { file: "conformance/src/live/other.rs", line: 42 });
    let took = Duration::from_millis(1500);
    let finding = Finding { outcome: Outcome::Failed(why.to_owned()), transcript, place, took };
    report.add("suite.other", &[def], vec![finding]);
    report
}

fn lied() -> Report {
    with_messages(
        "/data/seed_used: 8 in place of 7, see [the log](http://x.example/) \u{1b}[2J",
        r#"{"action":"generate_sdxl","request_id":"conf-1"}"#,
        r#"{"success":true,"data":{"seed_used":8,"note":"</script><script>alert(1)</script>"}}"#,
    )
}

#[test]
fn ci_systems_read_it() {
    let mut outcomes = all();
    outcomes.push(hostile());
    let report = sample(outcomes);
    insta::assert_snapshot!("junit", written(junit::write, &report));
    insta::assert_snapshot!("github", written(github::write, &report));
    insta::assert_snapshot!("markdown", written(markdown::write, &report));
    insta::assert_snapshot!("sarif", without_rules(&written(sarif::write, &report)));
    insta::assert_snapshot!("sarif_with_messages", without_rules(&written(sarif::write, &lied())));
}

/// The rules are those of [`Class::ALL`], and are the same in every report.
fn without_rules(sarif: &str) -> String {
    let mut sarif: serde_json::Value = serde_json::from_str(sarif).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].take();
    assert_eq!(rules.as_array().map(Vec::len), Some(Class::ALL.len()));
    format!("{sarif:#}")
}

/// Every kind of report keeps the schema that OASIS publishes, and what code scanning asks for beyond it.
#[test]
fn code_scanning_takes_it() {
    let schema = serde_json::from_str(include_str!("data/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let mut all_hostile = all();
    all_hostile.extend([hostile(), Outcome::Undecided("](".to_owned())]);
    let mut cut_off = sample(vec![Outcome::Failed("gone".to_owned())]);
    cut_off.not_run = 3;
    for report in [sample(all_hostile), sample(Vec::new()), sample(vec![Outcome::Passed]), cut_off, lied()] {
        let document = sarif::document(&report);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|err| format!("{}: {err}", err.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document:#}");
        let results = document["runs"][0]["results"].as_array().unwrap();
        let counts = report.counts();
        assert_eq!(results.len(), counts.failed + counts.undecided);
        for result in results {
            let file = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            assert_eq!(file, "workers/main%201.py");
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(document["runs"][0]["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        }
        let prints: std::collections::HashSet<String> =
            results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
        assert_eq!(prints.len(), results.len(), "two findings would be shown as one");
    }
    // The validator does refuse what is no such report.
    let mut wrong = sarif::document(&lied());
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&wrong));
}

/// A page shows what a target wrote as text: no tag, attribute, script or mark of direction of it is one of the page.
#[test]
fn a_browser_shows_what_a_target_wrote_as_text() {
    let evil = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}\u{0} &lt; \"' ";
    let mut report = with_messages(evil, evil, evil);
    let defs: Vec<CheckDef> = ["broken", "skipped", "undecided"]
        .map(|id| CheckDef { id: format!("{id}{evil}"), class: Class::Http, proves: Sentence::BareBase64 })
        .to_vec();
    let evil = || evil.to_owned();
    let outcomes = vec![Outcome::Failed(evil()), Outcome::Skipped(evil()), Outcome::Undecided(evil())];
    report.add(&format!("suite{}", evil()), &defs, outcomes);
    report.add(&evil(), &defs[..1], vec![Outcome::Passed]);
    report.replay.push(evil());
    report.target = evil();
    let page = written(html::write, &report);
    let tags = tags_of(&page);
    let known = [
        "a",
        "article",
        "body",
        "code",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "head",
        "header",
        "html",
        "li",
        "main",
        "mark",
        "meta",
        "nav",
        "p",
        "pre",
        "section",
        "span",
        "style",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
        "!doctype",
    ];
    let other: Vec<&String> = tags.iter().filter(|tag| !known.contains(&tag.as_str())).collect();
    assert!(other.is_empty(), "{other:?}");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{0}') && page.contains("\\u{202e}"), "{page}");
    assert!(page.matches("&lt;script&gt;").count() > 5);
    // Nothing is loaded.
    for what in ["http://", "https://", "url(", "@import", "src=\"", "<link"] {
        assert!(!page.contains(what), "{what}");
    }
}

/// The names of all tags of a page, in which every `<` begins one.
fn tags_of(page: &str) -> Vec<String> {
    let after = page.split('<').skip(1);
    after
        .map(|tag| tag.trim_start_matches('/').split([' ', '>', '\n']).next().unwrap_or("").to_owned())
        .collect()
}

/// Each tag is closed where HTML asks for it, in the order of opening.
#[test]
fn a_page_is_well_formed() {
    let mut report = lied();
    report.add("suite.more", &[], Vec::<Outcome>::new());
    for report in [report, sample(all()), sample(Vec::new()), sample(vec![Outcome::Passed])] {
        let page = written(html::write, &report);
        let mut open: Vec<String> = Vec::new();
        for tag in page.split('<').skip(1) {
            let name = tag.trim_start_matches('/').split([' ', '>', '\n']).next().unwrap_or("").to_owned();
            match tag.strip_prefix('/') {
                Some(_) => assert_eq!(open.pop().as_deref(), Some(name.as_str()), "{page}"),
                None if ["meta", "!doctype"].contains(&name.as_str()) => {}
                None => open.push(name),
            }
        }
        assert_eq!(open, Vec::<String>::new(), "{page}");
    }
    insta::assert_snapshot!("html", without_style(&written(html::write, &lied())));
}

/// The style is a file of its own.
fn without_style(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").unwrap();
    format!("{before}{}", rest.split_once("</style>\n").unwrap().1)
}

/// The same by a real run: a finding has what was sent, what came back, and the command that shows it again.
#[test]
fn a_finding_is_seen_again_by_its_command() {
    let fault = ["--fault", "wrong_id@get_status"];
    let (_, report) = crate::against(&fault, &["envelopes.get_status"]);
    keeps_its_schema(&report);
    let finding =
        report["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "failed").unwrap();
    let turns = finding["transcript"].as_array().unwrap();
    let [.., sent, received] = turns.as_slice() else { panic!("{finding:#}") };
    assert_eq!(
        (&sent["direction"], &received["direction"]),
        (&"sent".into(), &"received".into()),
        "{finding:#}"
    );
    assert!(sent["text"].as_str().unwrap().contains("get_status"), "{finding:#}");
    assert_eq!(report["target_file"], "simulated-worker");
    // The scenario ended early: its own line is named.
    let declares = line_of(&finding["decided_at"]);
    assert!(declares.contains("Scenario::new("), "{declares}");
    let replay = finding["replay"].as_str().unwrap();
    let (scenario, worker) = (replay.split(' ').nth(3).unwrap(), crate::simulated_worker());
    assert!(finding["id"].as_str().unwrap().starts_with(scenario), "{replay}");
    assert!(replay.contains("--timeout 8") && replay.contains(worker.to_str().unwrap()), "{replay}");
    let again = replay.replacen("conformance", env!("CARGO_BIN_EXE_conformance"), 1);
    let output = std::process::Command::new("sh").args(["-c", &again]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(10), "{again}: {said}");
    assert!(said.contains(finding["id"].as_str().unwrap()), "{said}");
}

/// A line of our own sources, by its place in a report.
fn line_of(place: &serde_json::Value) -> String {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let text = std::fs::read_to_string(root.join(place["file"].as_str().unwrap())).unwrap();
    let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
    text.lines().nth(line - 1).unwrap().to_owned()
}

/// A finding names the line that decided it.
#[test]
fn a_finding_has_its_line() {
    let (_, report) = crate::against(&["--fault", "renamed_field@get_status"], &["envelopes.get_status"]);
    let checks = report["checks"].as_array().unwrap();
    let finding = checks.iter().find(|check| check["outcome"] == "failed").unwrap();
    let decides = line_of(&finding["decided_at"]);
    assert!(decides.contains(".decide(") || decides.contains(".hold("), "{decides}");
}

#[test]
fn what_has_no_room_is_counted() {
    let report = sample((0..30).map(|i| Outcome::Failed(format!("reason {i}"))).collect());
    let text = written(github::write, &report);
    assert_eq!(text.lines().filter(|line| line.starts_with("::error")).count(), 10, "{text}");
    assert!(text.contains("::error title=conformance::21 more causes"), "{text}");
    assert!(written(markdown::write, &report).contains("10 more causes"));
}

#[test]
fn programs_read_it() {
    for report in [sample(all()), sample(Vec::new()), lied()] {
        keeps_its_schema(&json::document(&report));
    }
}

fn keeps_its_schema(document: &serde_json::Value) {
    let schema = serde_json::from_str(json::SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "{document:#}");
}

#[test]
fn a_real_report_keeps_its_schema() {
    let (_, report) = crate::against(&[], &["lifecycle", "binding", "errors.frames"]);
    keeps_its_schema(&report);
}

/// Times are in a report that was asked for them, and in no other.
#[test]
fn times_are_said_where_they_are_asked_for() {
    let forms = |has_times| {
        let report = Report { has_times, ..lied() };
        [written(human::write, &report), written(json::write, &report), written(junit::write, &report)]
    };
    let [people, programs, tests] = forms(true);
    assert!(
        people.contains("    1.5 s suite.other\n    0.0 s suite.scenario\n    1.5 s 2 scenarios in all\n"),
        "{people}"
    );
    let document = serde_json::from_str(&programs).unwrap();
    keeps_its_schema(&document);
    assert_eq!(document["checks"][1]["seconds"], 1.5);
    assert!(tests.contains(r#"time="1.500""#), "{tests}");
    for text in forms(false) {
        assert!(!text.contains("1.5"), "{text}");
    }
}

/// Reports of equal runs are equal, byte for byte.
#[test]
fn equal_runs_give_equal_reports() {
    let run = || crate::against(&[], &["errors", "capabilities", "bounds.scheduler-steps"]).1.to_string();
    assert_eq!(run(), run());
}

/// Several threads find what one finds, in the same order.
#[test]
fn several_threads_find_the_same() {
    let run = |jobs, fault: &[&str]| {
        let only = ["framing", "ordering.conflict", "errors.frames", "envelopes.get_status"];
        let (code, mut report) = crate::against_with(&["--jobs", jobs], fault, &only);
        for check in report["checks"].as_array_mut().unwrap() {
            // These have times of the target, and the flags of the run.
            let check = check.as_object_mut().unwrap();
            check.retain(|name, _| name == "id" || name == "outcome");
        }
        (code, report)
    };
    for (fault, code) in [(&[][..], 0), (&["--fault", "renamed_field@get_status"], 10)] {
        let [one, four] = ["1", "4"].map(|jobs| run(jobs, fault));
        assert_eq!(one.0, code, "{:#}", one.1);
        assert_eq!(one, four);
    }
    let dead = ["--fault", "crash_before_ready"];
    assert_eq!(run("4", &dead), run("1", &dead));
}

#[test]
fn the_verdict_is_the_worst_outcome_and_nothing_is_never_ok() {
    let verdict = |outcomes: &[Outcome]| sample(outcomes.to_vec()).verdict();
    let [passed, failed, skipped, undecided] = <[Outcome; 4]>::try_from(all()).unwrap();
    assert_eq!(verdict(&[]), Verdict::CouldNotRun);
    assert_eq!(verdict(std::slice::from_ref(&skipped)), Verdict::CouldNotRun);
    assert_eq!(verdict(&[passed.clone(), skipped]), Verdict::Ok);
    assert_eq!(verdict(&[passed.clone(), undecided.clone()]), Verdict::Undecided);
    assert_eq!(verdict(&[passed, undecided, failed]), Verdict::Broken);
    let codes =
        [Verdict::Ok, Verdict::Broken, Verdict::Undecided, Verdict::CouldNotRun].map(Verdict::exit_code);
    assert_eq!(codes, [0, 10, 20, 30]);
}

/// What a check says is JSON, as the messages are that it speaks of, and not Rust's format for debugging.
#[test]
fn no_check_says_a_value_as_rust_does() {
    let found = sources_with(&["live"], &[":?}"]);
    assert!(found.is_empty(), "use `display::json` in {found:?}");
}

/// No check reads a default in place of an absent member: it would pass, or fail, for another reason than its own.
#[test]
fn no_check_leans_on_a_default() {
    let found = sources_with(&[""], &["unwrap_or_default", "unwrap_or(\"\")", "unwrap_or(f64::MAX)"]);
    assert!(found.is_empty(), "use `member` in {found:?}");
}

/// The sources below these folders that hold one of these words; those of unit tests may.
fn sources_with(below: &[&str], words: &[&str]) -> Vec<std::path::PathBuf> {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<_> = below.iter().map(|folder| sources.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                if path.file_name().unwrap() != "tests.rs" && words.iter().any(|word| code.contains(word)) {
                    found.push(path);
                }
            }
        }
    }
    found
}

/// The trace: each sentence of the contract has a check, or a reason for having none.
#[test]
fn each_sentence_has_a_check_or_a_reason() {
    let trace = Trace::of(&live::all(options::SEED));
    assert_eq!(trace.faults(), Vec::<String>::new());
    let without = Trace::of(&[]);
    let faults = without.faults();
    assert!(faults.contains(&"matched-by-id: no check proves it, and no reason is given".to_owned()));
    assert!(faults.iter().all(|fault| !fault.starts_with("gpu-visible:")), "{faults:?}");
}
