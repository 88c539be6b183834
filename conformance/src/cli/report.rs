//! The form of a report and its file: one declaration for all commands.

use clap::{
    Args, Command, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser as _},
};
use std::path::PathBuf;

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// JUnit XML, which CI systems show as tests.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Markdown, for the summary of a CI job.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// One page for a browser, with the evidence of each finding.
    Html,
}

/// The forms that a command prints, where it does not print all.
const FORMS: [(&str, &[Format]); 7] = [
    ("review", &[Format::Human, Format::Html]),
    ("mutants", &[Format::Human, Format::Json, Format::Junit]),
    ("compare", &[Format::Human, Format::Json]),
    ("agree", &[Format::Human, Format::Json]),
    ("read", &[Format::Human, Format::Json, Format::Html]),
    ("csharp", &[Format::Human, Format::Json, Format::Sarif]),
    ("python", &[Format::Human, Format::Json, Format::Sarif]),
];

/// The file of a report.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Writes the report to this file; default: stdout.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// One report.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) output: Output,
}

/// Several reports of one run.
#[derive(Debug, Args)]
pub(super) struct Reports {
    #[command(flatten)]
    pub(super) first: Report,
    /// Writes a further report of the same run, as `sarif=report.sarif`; repeatable.
    #[arg(long, value_name = "FORM=FILE", value_parser = further_report)]
    pub(super) report: Vec<(Format, PathBuf)>,
}

/// Restricts `--format` of each command to the forms that it prints: its help then lists no others.
pub(super) fn restrict(mut command: Command) -> Command {
    for (name, forms) in FORMS {
        command = command.mut_subcommand(name, |command| {
            let values = forms.iter().filter_map(Format::to_possible_value);
            let parser = PossibleValuesParser::new(values);
            let parser = parser.try_map(|name| Format::from_str(&name, false));
            command.mut_arg("format", |format| format.value_parser(parser))
        });
    }
    command
}

/// A form and a file.
fn further_report(text: &str) -> Result<(Format, PathBuf), String> {
    let (form, file) = text.split_once('=').ok_or("a form, `=` and a file: sarif=report.sarif")?;
    if file.is_empty() {
        return Err("there is no file after `=`".to_owned());
    }
    Ok((Format::from_str(form, false)?, file.into()))
}
