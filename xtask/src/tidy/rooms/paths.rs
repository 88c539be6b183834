//! Every path in an item: imports, types, expressions, the tokens of macros, and the texts of attributes such as
//! `#[serde(with = "crate::seconds")]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ImplItem, Item, ItemUse, Macro, Meta, Path, VisRestricted,
    visit::{self, Visit},
};

use super::module::{Mention, Module, attributes, is_test};

/// Macros of which the tokens are not code of the module.
const QUOTES: [&str; 3] = ["quote", "quote_spanned", "parse_quote"];

/// Adds the paths of an item to its module.
pub(super) fn of_item(item: &Item, module: &mut Module) {
    Paths { module }.visit_item(item);
}

/// Adds the paths of a file's own attributes.
pub(super) fn of_attributes(attributes: &[Attribute], module: &mut Module) {
    let mut paths = Paths { module };
    for attribute in attributes {
        paths.visit_attribute(attribute);
    }
}

struct Paths<'a> {
    module: &'a mut Module,
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.module.import(item);
    }

    // `pub(in crate::lane)` says who may see an item, and imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_path(&mut self, path: &'ast Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            self.mention(names, first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, makro: &'ast Macro) {
        // What is quoted is the code of another crate.
        if makro.path.segments.last().is_none_or(|name| !QUOTES.iter().any(|quote| name.ident == quote)) {
            self.tokens(makro.tokens.clone(), false);
        }
        visit::visit_macro(self, makro);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) => self.tokens(list.tokens.clone(), true),
            // `#[doc = "…"]` is text for people.
            Meta::Path(_) | Meta::NameValue(_) => {}
        }
    }
}

impl Paths<'_> {
    /// One name alone is a local one, or an alias whose import was counted.
    fn mention(&mut self, path: Vec<String>, line: usize) {
        if path.len() > 1 {
            self.module.mentions.push(Mention { path, line, reexport: false });
        }
    }

    /// Names with `::` between them. `in_attribute`: texts are paths too where they begin as one.
    fn tokens(&mut self, tokens: TokenStream, in_attribute: bool) {
        let (mut path, mut line, mut colons, mut after_dot) = (Vec::new(), 0, 0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(name) if !path.is_empty() && colons == 2 => path.push(name.to_string()),
                TokenTree::Ident(name) => {
                    self.mention(std::mem::take(&mut path), line);
                    // `::std::mem` begins outside the crate, and a name after a dot is a field or a method.
                    if colons != 2 && !after_dot {
                        path.push(name.to_string());
                        line = name.span().start().line;
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                other => {
                    self.mention(std::mem::take(&mut path), line);
                    after_dot = matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '.');
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream(), in_attribute),
                        TokenTree::Literal(literal) if in_attribute => {
                            self.text(&literal.to_string(), literal.span().start().line);
                        }
                        _ => {}
                    }
                    continue;
                }
            }
            (colons, after_dot) = (0, false);
        }
        self.mention(path, line);
    }

    fn text(&mut self, literal: &str, line: usize) {
        let text = literal.trim_matches('"');
        if ["crate::", "super::", "self::"].iter().any(|start| text.starts_with(start)) {
            self.mention(text.split("::").map(Into::into).collect(), line);
        }
    }
}
