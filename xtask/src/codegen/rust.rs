//! How Rust text is made: tokens, a banner, and rustfmt.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Rust text of a file: banner, tokens, formatted.
///
/// # Errors
/// Tokens that are not a Rust file, or rustfmt is not there.
pub(crate) fn file(source: &str, about: &str, tokens: TokenStream) -> Result<String> {
    let parsed = syn::parse2::<syn::File>(tokens).context("the generated tokens are no Rust file")?;
    text(source, about, &parsed)
}

/// The same for a parsed file.
///
/// # Errors
/// No rustfmt.
pub(crate) fn text(source: &str, about: &str, parsed: &syn::File) -> Result<String> {
    rustfmt(&(banner(source, about) + &spaced(&prettyplease::unparse(parsed))))
}

/// The first lines of a generated Rust file.
pub(crate) fn banner(source: &str, about: &str) -> String {
    format!(
        "//! Generated from schemas/{source} by cargo xtask codegen; edit the schema instead.\n//!\n//! {about}\n\n"
    )
}

/// A blank line after each block, which prettyplease leaves out.
fn spaced(text: &str) -> String {
    let mut lines = text.lines().peekable();
    let mut spaced = String::with_capacity(text.len());
    while let Some(line) = lines.next() {
        spaced.push_str(line);
        spaced.push('\n');
        let block = line == "}"
            || line == "    }"
            || line == ");"
            || line.starts_with("crate::") && line.ends_with(");");
        let next = lines.peek().copied().unwrap_or_default().trim_start();
        let starts = ["///", "#[", "pub", "impl", "fn", "static", "crate::"]
            .iter()
            .any(|start| next.starts_with(start));
        let import = next.starts_with("use ") || next.starts_with("pub use ");
        if !import && (block || line.starts_with("use ") || line.starts_with("pub use ")) && starts {
            spaced.push('\n');
        }
    }
    spaced
}

/// rustfmt of the toolchain that builds us, so that `cargo fmt --check` agrees.
fn rustfmt(text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        // Where rustfmt.toml is found from.
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting rustfmt (rustup component add rustfmt)")?;
    let mut stdin = child.stdin.take().context("rustfmt without stdin")?;
    let input = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().context("running rustfmt")?;
    writer.join().ok().context("the thread that feeds rustfmt panicked")?.context("feeding rustfmt")?;
    if !output.status.success() {
        bail!("rustfmt refused a generated file ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// An identifier; a keyword becomes raw.
pub(crate) fn ident(name: &str) -> Ident {
    syn::parse_str::<Ident>(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}

/// `unknown_field` → `UnknownField`.
pub(crate) fn camel(name: &str) -> String {
    name.split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect()
}

/// A doc comment.
pub(crate) fn doc(text: &str) -> TokenStream {
    let text = format!(" {text}");
    quote! { #[doc = #text] }
}

/// `mod.rs` of the generated folder.
///
/// # Errors
/// No rustfmt.
pub(crate) fn module() -> Result<String> {
    file(
        "*.json",
        "Types, the registry of actions, the tables of errors and warnings, limits, and the bundle of all schemas.",
        quote! {
            pub(crate) mod action;
            pub(crate) mod checked;
            pub(crate) mod command;
            #[cfg(feature = "testing")]
            pub mod definition;
            pub(crate) mod error_code;
            pub mod limits;
            mod rules;
            pub mod types;
            pub(crate) mod warning_code;

            /// The bundle of all schemas and tables: `{"$defs", "registry", "errors", "warnings", "rules", "limits"}`.
            pub const BUNDLE: &str = include_str!("bundle.json");
        },
    )
}
