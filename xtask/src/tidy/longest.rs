//! The longest files and functions: where to cut next. A report; nothing here fails.

use std::io::Write;

use anyhow::{Context as _, Result};
use syn::{
    ImplItemFn, Item, ItemFn, TraitItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::{
    heads::has_header,
    rooms::{attributes, is_test},
    tree::Tree,
};

/// How many of each are shown.
const SHOWN: usize = 10;

/// Prints the longest of each. Generated files and tests are left out: the one is not read from top to bottom, and
/// the other is a list of cases.
///
/// # Errors
/// A file that cannot be read or parsed, or a stdout that is closed.
pub(super) fn print(tree: &Tree, out: &mut dyn Write) -> Result<()> {
    let mut files = Vec::new();
    let mut functions = Vec::new();
    let sources = tree.with_extension("rs").filter(|file| is_source(file));
    for file in sources {
        let text = tree.read(file)?;
        if has_header(&text) {
            continue;
        }
        let parsed = syn::parse_file(&text).with_context(|| format!("parsing {file}"))?;
        files.push((text.lines().count(), file.to_owned()));
        let mut found = Functions { file, found: Vec::new() };
        found.visit_file(&parsed);
        functions.extend(found.found);
    }
    list("functions", functions, out)?;
    list("files", files, out)
}

fn list(what: &str, mut rows: Vec<(usize, String)>, out: &mut dyn Write) -> Result<()> {
    rows.sort_by(|left, right| right.cmp(left));
    writeln!(out, "longest {what}, in lines:")?;
    for (lines, place) in rows.iter().take(SHOWN) {
        writeln!(out, "  {lines:>5}  {place}")?;
    }
    Ok(())
}

fn is_source(file: &str) -> bool {
    file.contains("/src/") && !file.ends_with("/tests.rs")
}

struct Functions<'a> {
    file: &'a str,
    found: Vec<(usize, String)>,
}

impl Functions<'_> {
    fn add(&mut self, name: &syn::Ident, span: proc_macro2::Span) {
        let (start, end) = (span.start().line, span.end().line);
        self.found.push((end - start + 1, format!("{}:{start} {name}", self.file)));
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    // From the signature, so that documentation does not count.
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.add(&item.sig.ident, joined(&item.sig, &item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.add(&item.sig.ident, joined(&item.sig, &item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig.ident, joined(&item.sig, block));
        }
        visit::visit_trait_item_fn(self, item);
    }
}

fn joined(signature: &syn::Signature, block: &syn::Block) -> proc_macro2::Span {
    let start = signature.span();
    start.join(block.span()).unwrap_or(start)
}
