//! Reports: the text for people, and the JSON document by its schema.

use conformance::{
    check::{CheckDef, Outcome},
    class::Class,
    options,
    report::{Report, Verdict, github, human, json, junit, markdown, trace::Trace},
    sentence::Sentence,
    suite,
};

fn sample(outcomes: Vec<Outcome>) -> Report {
    let def = |id: &str| CheckDef { id: id.to_owned(), class: Class::Corr, proves: Sentence::MatchedById };
    let defs: Vec<CheckDef> = (0..outcomes.len()).map(|i| def(&format!("check-{i}"))).collect();
    let mut report = Report { target: "worker".to_owned(), ..Report::default() };
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

#[test]
fn ci_systems_read_it() {
    let mut outcomes = all();
    outcomes.push(hostile());
    let report = sample(outcomes);
    insta::assert_snapshot!("junit", written(junit::write, &report));
    insta::assert_snapshot!("github", written(github::write, &report));
    insta::assert_snapshot!("markdown", written(markdown::write, &report));
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
    let schema = serde_json::from_str(json::SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for outcomes in [all(), Vec::new()] {
        let document = json::document(&sample(outcomes));
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document:#}");
    }
}

#[test]
fn a_real_report_keeps_its_schema() {
    let (_, report) = crate::against(&[], &["lifecycle", "binding", "errors.frames"]);
    let schema = serde_json::from_str(json::SCHEMA).unwrap();
    assert!(jsonschema::is_valid(&schema, &report), "{report:#}");
}

/// Reports of equal runs are equal, byte for byte.
#[test]
fn equal_runs_give_equal_reports() {
    let run = || crate::against(&[], &["errors", "capabilities", "bounds.scheduler-steps"]).1.to_string();
    assert_eq!(run(), run());
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

/// No check reads a default in place of an absent member: it would pass, or fail, for another reason than its own.
#[test]
fn no_check_leans_on_a_default() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![sources];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).unwrap().contains("unwrap_or_default") {
                found.push(path);
            }
        }
    }
    assert!(found.is_empty(), "use `member` in {found:?}");
}

/// The trace: each sentence of the contract has a check, or a reason for having none.
#[test]
fn each_sentence_has_a_check_or_a_reason() {
    let trace = Trace::of(&suite::all(options::SEED));
    assert_eq!(trace.faults(), Vec::<String>::new());
    let without = Trace::of(&[]);
    let faults = without.faults();
    assert!(faults.contains(&"matched-by-id: no check proves it, and no reason is given".to_owned()));
    assert!(faults.iter().all(|fault| !fault.starts_with("gpu-visible:")), "{faults:?}");
}
