//! Files of services as a reviewer judged them, who had not seen the tool: each has that verdict, by the lines and classes of
//! `tests/reviewed/verdicts.json`.

use conformance::{csharp::Sources, dotnet::Options};
use serde::Deserialize;

use super::marked::folder;

#[derive(Deserialize)]
struct Review {
    file: String,
    options: Vec<String>,
    verdict: String,
    findings: Vec<(usize, String)>,
    undecided: Vec<usize>,
}

#[test]
fn each_file_has_the_verdict_of_its_reviewer() {
    let reviews: Vec<Review> =
        serde_json::from_str(include_str!("../../reviewed/verdicts.json")).expect("the verdicts");
    assert_eq!(reviews.len(), 20, "no review may go missing");
    let mut wrong = Vec::new();
    for Review { file, options, verdict, findings, undecided } in reviews {
        let options: Vec<Options> =
            options.iter().map(|name| Options::named(name).expect("a known set")).collect();
        let judged =
            Sources::read(&[folder("reviewed").join(&file)]).expect("the source").judge(&options, &[]);
        let mut found: Vec<(usize, String)> =
            judged.findings.iter().map(|one| (one.place.line, one.class.to_string())).collect();
        found.sort();
        found.dedup();
        let open: Vec<usize> = judged.undecided.iter().map(|one| one.place.line).collect();
        if (found, open, judged.verdict().as_str()) != (findings, undecided, verdict.as_str()) {
            wrong.push(format!("{file}: {judged:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of 20 differ:\n{}", wrong.len(), wrong.join("\n"));
}
