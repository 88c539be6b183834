//! Preprocessor directives: lines that a build for .NET 10 leaves out become blank, so that places stay.

/// A text without its inactive lines, and the lines of conditions that a source does not decide.
pub(super) struct Active {
    pub(super) text: String,
    pub(super) undecided: Vec<(usize, String)>,
}

/// One `#if`: whether its current branch is active, and whether one was before.
struct Branch {
    active: bool,
    taken: bool,
}

/// Blanks what `#if`, `#elif` and `#else` leave out.
pub(super) fn active(text: &str) -> Active {
    let mut defined: Vec<String> = Vec::new();
    let mut branches: Vec<Branch> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut undecided = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let directive = line.trim_start().strip_prefix('#').map(str::trim);
        let (word, rest) = directive.map_or(("", ""), |directive| {
            let end = directive.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(directive.len());
            (&directive[..end], directive[end..].trim())
        });
        let is_active = branches.iter().all(|branch| branch.active);
        match word {
            "if" | "elif" => {
                if rest.contains("DEBUG") || rest.contains("RELEASE") {
                    undecided.push((number, format!("#if {rest} is decided by the build")));
                }
                let holds = condition(rest, &defined);
                if word == "if" {
                    branches.push(Branch { active: holds, taken: holds });
                } else if let Some(branch) = branches.last_mut() {
                    branch.active = holds && !branch.taken;
                    branch.taken |= holds;
                }
            }
            "else" => {
                if let Some(branch) = branches.last_mut() {
                    branch.active = !branch.taken;
                }
            }
            "endif" => {
                branches.pop();
            }
            "define" if is_active => defined.push(rest.to_owned()),
            "undef" if is_active => defined.retain(|symbol| symbol != rest),
            // The grammar reads the context of nullable annotations elsewhere, and needs none of the others.
            "" if is_active => {
                out.push_str(line);
                continue;
            }
            _ => {}
        }
        out.extend(line.chars().filter(|c| matches!(c, '\n' | '\r')));
    }
    Active { text: out, undecided }
}

/// Whether a condition holds in a build for .NET 10.
fn condition(text: &str, defined: &[String]) -> bool {
    let text = text.split("//").next().unwrap_or(text);
    text.split("||").any(|any| any.split("&&").all(|one| operand(one.trim(), defined)))
}

fn operand(text: &str, defined: &[String]) -> bool {
    if let Some(not) = text.strip_prefix('!') {
        return !operand(not.trim(), defined);
    }
    let symbol = text.trim_matches(['(', ')', ' ']);
    let version = symbol.strip_prefix("NET").and_then(|rest| rest.strip_suffix("_0_OR_GREATER"));
    symbol == "true"
        || matches!(symbol, "NET" | "NET10_0" | "NETCOREAPP" | "TRACE")
        || version
            .is_some_and(|version| version.parse::<u32>().is_ok_and(|version| (5..=10).contains(&version)))
        || defined.iter().any(|other| other == symbol)
}

/// Whether nullable annotations mean something in each line, by `#nullable`, from the first line on.
pub(super) fn nullable(text: &str, by_default: bool) -> Vec<bool> {
    let mut now = by_default;
    let of_line = |line: &str| {
        let mut words = line.trim_start().strip_prefix('#').map_or("", str::trim).split_whitespace();
        if words.next() == Some("nullable") {
            let setting = words.next();
            if words.next().is_none_or(|which| which == "annotations") {
                now = match setting {
                    Some("enable") => true,
                    Some("disable") => false,
                    _ => by_default,
                };
            }
        }
        now
    };
    text.lines().map(of_line).collect()
}
