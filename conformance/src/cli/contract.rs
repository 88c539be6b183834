//! `--contract`: what a command judges by.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ContractFlag {
    /// Another contract than Concord's: a folder with schemas, registry.json, errors.json, limits.json, kept as
    /// schemas/README.md of Concord describes. `read` and `diff` also take plain JSON Schema 2020-12 and OpenAPI 3.1, as a
    /// file or a folder.
    #[arg(long, value_name = "PATH")]
    pub(super) contract: Option<PathBuf>,
}
