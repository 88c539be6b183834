//! `conformance csharp`: C# sources and assemblies, and what they do not say of their serialiser.

use clap::Args;
use std::path::PathBuf;

use super::{Invocation, Task, contract::ContractFlag, report::Report, time_limit::TimeLimit};
use crate::dotnet;

#[derive(Debug, Args)]
pub(super) struct CsharpFlags {
    /// Files and folders of sources, or built assemblies (`.dll`), which real .NET describes.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The JsonSerializerOptions of the program, which its sources seldom show: default, case_insensitive, web, snake_lower,
    /// strict or disallow_unmapped; repeatable, where the program uses several.
    #[arg(long, value_name = "NAME", value_parser = dotnet_options)]
    options: Vec<dotnet::Options>,
    /// Compares a type with a definition, as `ImageJob=PromptSubmission`, whatever their names are; repeatable.
    #[arg(long, value_name = "TYPE=NAME", value_parser = type_map)]
    map: Vec<(String, String)>,
    /// Describes assemblies: the built program of conformance/dotnet (Peer.dll). It loads the assembly, whose code runs.
    #[arg(long, value_name = "FILE")]
    dotnet: Option<PathBuf>,
    #[command(flatten)]
    contract: ContractFlag,
    #[command(flatten)]
    time_limit: TimeLimit,
    #[command(flatten)]
    report: Report,
}

impl CsharpFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { paths, options, map: maps, dotnet, contract, time_limit, report } = self;
        let task = Task::Csharp { paths, options, maps, dotnet, contract: contract.contract };
        let time_limit = Some(time_limit.duration());
        Invocation { time_limit, ..Invocation::without_target(task, report, replay) }
    }
}

fn dotnet_options(name: &str) -> Result<dotnet::Options, String> {
    let known = || format!("one of {}", dotnet::options::NAMES.join(", "));
    dotnet::Options::named(name).ok_or_else(known)
}

fn type_map(text: &str) -> Result<(String, String), String> {
    let (of, definition) =
        text.split_once('=').ok_or("a type, `=` and a definition: ImageJob=PromptSubmission")?;
    Ok((of.to_owned(), definition.to_owned()))
}
