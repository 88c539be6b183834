//! Which paths may be read: roots of models, of inputs, and the output directory.

use contracts::{ErrorCode, Failure, ModelPlace, limits::PATH_BYTES_MAX, shorten};
use std::path::{Component, Path, PathBuf};

use crate::walk;

/// Where pretend models live; every path under it is one.
pub(crate) const PRETEND_ROOT: &str = "/models";

/// The allowed roots of one worker. They need not exist; a missing root has no files.
#[derive(Clone, Debug)]
pub(crate) struct Roots {
    /// Real folders of models, beside the pretend root.
    pub(crate) models: Vec<PathBuf>,
    /// Images and data sets.
    pub(crate) inputs: Vec<PathBuf>,
    /// Where pictures and trainings go.
    pub(crate) output: PathBuf,
}

/// A model's path that is allowed and exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ModelPath {
    /// Under the pretend root.
    Pretend(PathBuf),
    /// A file or folder.
    Real {
        /// Where it is, links followed.
        real: PathBuf,
        /// Where it was asked for: name and ending are taken from here.
        written: PathBuf,
        /// The root among [`Roots::real_models`] that a relative path was found under.
        root: Option<usize>,
    },
}

impl ModelPath {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Pretend(path) | Self::Real { real: path, .. } => path,
        }
    }

    /// Where it was asked for.
    pub(crate) fn written(&self) -> &Path {
        match self {
            Self::Pretend(path) | Self::Real { written: path, .. } => path,
        }
    }
}

impl Roots {
    /// Folders of real models: the configured ones, then the training folder.
    fn real_models(&self) -> Vec<PathBuf> {
        self.models.iter().cloned().chain([self.output.join("training")]).collect()
    }

    /// The model at a path.
    pub(crate) fn model(&self, asked: &str) -> Result<ModelPath, Failure> {
        let roots = self.real_models();
        let real: Vec<&Path> = roots.iter().map(PathBuf::as_path).collect();
        let found = find(asked, &real)?;
        if let Found::There { real, written, root } = found {
            self.require_links_inside(asked, &real)?;
            return Ok(ModelPath::Real { real, written, root });
        }
        let absent = || {
            Failure::new(ErrorCode::ModelNotFound, format!("no model at {}", shorten(asked)))
                .hint("see the allowed model roots")
        };
        match lexical(&Path::new(PRETEND_ROOT).join(asked)) {
            // A path that names a real root and leads out of it is refused, never answered with a pretend model.
            _ if matches!(found, Found::Outside) && self.is_of_real_root(asked) => {
                Err(outside(asked, "models"))
            }
            Some(path) if path.starts_with(PRETEND_ROOT) && path != Path::new(PRETEND_ROOT) => {
                if could_be_a_file(asked) {
                    Ok(ModelPath::Pretend(path))
                } else {
                    Err(absent())
                }
            }
            _ if matches!(found, Found::Outside) => Err(outside(asked, "models")),
            _ => Err(absent()),
        }
    }

    /// Whether a path is written as one below a real root: any relative path is.
    fn is_of_real_root(&self, asked: &str) -> bool {
        let written = lexical(Path::new(asked));
        !Path::new(asked).is_absolute()
            || written.is_some_and(|path| {
                self.real_models().iter().any(|root| path.starts_with(root) || path.starts_with(real(root)))
            })
    }

    /// Refuses a folder with a link out of the roots: it would lend what lies there.
    pub(crate) fn require_links_inside(&self, asked: &str, folder: &Path) -> Result<(), Failure> {
        if !folder.is_dir() {
            return Ok(());
        }
        let inside: Vec<PathBuf> = self.real_models().iter().map(|root| real(root)).collect();
        match walk::link_out(folder, &inside) {
            Ok(None) => Ok(()),
            Ok(Some(link)) => {
                let name = link.file_name().unwrap_or_default().to_string_lossy();
                let message =
                    format!("{name} in {} is a link out of the allowed roots for models", shorten(asked));
                Err(Failure::new(ErrorCode::PathNotAllowed, message))
            }
            Err(err) => Err(Failure::new(
                ErrorCode::ModelInvalid,
                format!("{} cannot be read: {err}", shorten(asked)),
            )),
        }
    }

    /// The place that the id of a model at a path is made of. The pretend root is the first, as the contract has it;
    /// real folders of models follow, the training folder is the last.
    pub(crate) fn place(&self, found: &ModelPath) -> Option<ModelPlace> {
        let below = |number: usize, root: &Path, path: &Path| {
            let rest = path.strip_prefix(root).ok()?;
            ModelPlace::below(number, rest.to_str()?)
        };
        match found {
            ModelPath::Pretend(path) => below(0, Path::new(PRETEND_ROOT), path),
            ModelPath::Real { written, root, .. } => {
                let roots = self.real_models();
                let written = lexical(written)?;
                let within = |(number, root): (usize, &PathBuf)| {
                    below(number + 1, root, &written)
                        .or_else(|| below(number + 1, &root.canonicalize().ok()?, &written))
                };
                match root {
                    Some(root) => within((*root, &roots[*root])),
                    None => roots.iter().enumerate().find_map(within),
                }
            }
        }
    }

    /// The real model of an id, directly under a root, as it is written: a link is followed by [`model`](Self::model).
    pub(crate) fn model_of_id(&self, id: &str) -> Option<PathBuf> {
        self.models
            .iter()
            .flat_map(|root| {
                let file = root.join(format!("{id}.safetensors"));
                let folder = root.join(id);
                [Some(file).filter(|path| path.is_file()), Some(folder).filter(|path| path.is_dir())]
            })
            .flatten()
            .next()
    }

    /// The real path of an image or a data set; `None` where it is allowed but not there.
    pub(crate) fn input(&self, asked: &str) -> Result<Option<PathBuf>, Failure> {
        let roots: Vec<&Path> = self.inputs.iter().chain([&self.output]).map(PathBuf::as_path).collect();
        match find(asked, &roots)? {
            Found::There { real, .. } => Ok(Some(real)),
            Found::Absent => Ok(None),
            Found::Outside => Err(outside(asked, "images and data sets")),
        }
    }
}

/// Whether a real folder of models could hold it by its name as it is written: a pretend model is not an excuse for a path
/// that no worker would find. Addresses, home folders, drives, escapes and backslashes are not paths here.
fn could_be_a_file(asked: &str) -> bool {
    let bytes = asked.as_bytes();
    let drive = bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    let escaped = bytes
        .windows(3)
        .any(|three| three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit());
    let too_long = asked.split('/').any(|name| name.len() > NAME_BYTES_MAX);
    let control = asked.chars().any(char::is_control);
    let foreign = asked.contains("://") || asked.starts_with('~') || asked.contains('\\');
    // Of a file's name: nothing is below a file.
    let in_a_file = asked.ends_with('/') && Path::new(asked).extension().is_some();
    !(drive || escaped || too_long || control || foreign || in_a_file)
}

/// A name may have so many bytes on Linux.
const NAME_BYTES_MAX: usize = 255;

enum Found {
    There { real: PathBuf, written: PathBuf, root: Option<usize> },
    Absent,
    Outside,
}

fn outside(asked: &str, kind: &str) -> Failure {
    Failure::new(
        ErrorCode::PathNotAllowed,
        format!("{} is outside the allowed roots for {kind}", shorten(asked)),
    )
    .hint("use a path under a root")
}

/// A path under the first root that has it, symbolic links followed.
fn find(asked: &str, roots: &[&Path]) -> Result<Found, Failure> {
    if asked.contains('\0') {
        return Err(Failure::new(ErrorCode::PathNotAllowed, "a path holds a NUL character"));
    }
    if asked.len() as u64 > PATH_BYTES_MAX {
        let message = format!(
            "the path {} cannot be resolved: it has {} bytes, over the limit of {PATH_BYTES_MAX}",
            shorten(asked),
            asked.len()
        );
        return Err(Failure::new(ErrorCode::PathNotAllowed, message));
    }
    let is_inside = |path: &Path| roots.iter().any(|root| path.starts_with(real(root)));
    let mut escapes = false;
    let absolute = Path::new(asked).is_absolute();
    let candidates: Vec<PathBuf> =
        if absolute { vec![asked.into()] } else { roots.iter().map(|root| root.join(asked)).collect() };
    for (number, candidate) in candidates.into_iter().enumerate() {
        match candidate.canonicalize() {
            Ok(real) if is_inside(&real) => {
                let root = (!absolute).then_some(number);
                return Ok(Found::There { real, written: candidate, root });
            }
            Ok(_) => escapes = true,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                // A missing file is judged by its path as written; links above it are followed.
                escapes |= !lexical(&real(&candidate)).is_some_and(|path| is_inside(&path));
            }
            Err(err) => {
                let message = format!("the path {} cannot be resolved: {err}", shorten(asked));
                return Err(Failure::new(ErrorCode::PathNotAllowed, message));
            }
        }
    }
    Ok(if escapes { Found::Outside } else { Found::Absent })
}

/// The real path of the nearest ancestor that exists, and the rest as written. A link that leads to nothing is followed
/// too: what it names may be there a moment later.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path.to_owned();
    let mut links = 0;
    loop {
        if let Ok(found) = at.canonicalize() {
            return rest.iter().rev().fold(found, |path, part| path.join(part));
        }
        let (Some(parent), Some(last)) = (at.parent(), at.components().next_back()) else {
            return path.to_owned();
        };
        match at.read_link() {
            Ok(target) if links < LINKS_MAX => {
                links += 1;
                at = parent.join(target);
            }
            _ => {
                rest.push(last.as_os_str().to_owned());
                at = parent.to_owned();
            }
        }
    }
}

/// So many links of one path are followed (MAXSYMLINKS of Linux): they may lead in a circle.
const LINKS_MAX: usize = 40;

/// `.` and `..` taken out as written; `None` where `..` leaves the root of the file system.
fn lexical(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::{ModelPath, Roots};
    use contracts::ErrorCode;

    #[test]
    fn paths_stay_under_their_roots() {
        let home = tempfile::tempdir().expect("a folder");
        let inputs = home.path().join("in");
        std::fs::create_dir_all(&inputs).expect("a folder");
        std::fs::write(inputs.join("a.png"), b"x").expect("a file");
        std::fs::write(home.path().join("secret.png"), b"x").expect("a file");
        std::os::unix::fs::symlink(home.path().join("secret.png"), inputs.join("link.png")).expect("a link");
        let roots = Roots { models: vec![], inputs: vec![inputs.clone()], output: home.path().join("out") };
        let code = |asked: &str| roots.input(asked).err().map(|failure| failure.code);

        assert!(roots.input("a.png").expect("allowed").is_some());
        assert!(roots.input("b.png").expect("allowed").is_none());
        assert!(roots.input(inputs.join("a.png").to_str().expect("text")).expect("allowed").is_some());
        for asked in ["../secret.png", "link.png", "/etc/passwd", "a\0b", "../in/../secret.png"] {
            assert_eq!(code(asked), Some(ErrorCode::PathNotAllowed), "{asked:?}");
        }
        let found = [
            "/models/x.safetensors",
            "loras/x",
            "x.safetensors",
            "a/../x",
            "a b (1).safetensors",
            "100%.safetensors",
        ];
        for asked in found {
            assert!(matches!(roots.model(asked), Ok(ModelPath::Pretend(_))), "{asked:?}");
        }
        for asked in ["/models/../etc/passwd", "../x.safetensors", "/elsewhere/x.safetensors", "/models/a\0"]
        {
            let refused = roots.model(asked).expect_err(asked).code;
            assert_eq!(refused, ErrorCode::PathNotAllowed, "{asked:?}");
        }
    }

    /// Where a real root has the name, its link decides, and no pretend model stands in for it.
    #[test]
    fn a_link_out_of_a_real_root_is_refused_by_path_and_by_id() {
        let home = tempfile::tempdir().expect("a folder");
        let (models, elsewhere) = (home.path().join("m"), home.path().join("elsewhere"));
        for folder in [&models, &elsewhere] {
            std::fs::create_dir_all(folder.join("inner")).expect("a folder");
        }
        std::fs::write(elsewhere.join("x.safetensors"), b"x").expect("a file");
        for (link, target) in [
            ("x.safetensors", "x.safetensors"),
            ("folder", "inner"),
            ("gone.safetensors", "gone.safetensors"),
        ] {
            std::os::unix::fs::symlink(elsewhere.join(target), models.join(link)).expect("a link");
        }
        std::os::unix::fs::symlink("gone.safetensors", models.join("chain.safetensors")).expect("a link");
        std::os::unix::fs::symlink("../elsewhere/gone", models.join("relative.safetensors")).expect("a link");
        let roots = Roots { models: vec![models.clone()], inputs: vec![], output: home.path().join("out") };
        for name in [
            "x.safetensors",
            "./inner/../x.safetensors",
            "folder",
            "folder/y.safetensors",
            "gone.safetensors",
            "chain.safetensors",
            "relative.safetensors",
            "../elsewhere/x.safetensors",
        ] {
            for asked in [name.to_owned(), models.join(name).display().to_string()] {
                let refused = roots.model(&asked).expect_err(&asked).code;
                assert_eq!(refused, ErrorCode::PathNotAllowed, "{asked:?}");
            }
        }
        let by_id = roots.model_of_id("x").expect("the link is there");
        let refused = roots.model(by_id.to_str().expect("text")).expect_err("it leads out").code;
        assert_eq!(refused, ErrorCode::PathNotAllowed);
        assert!(
            matches!(roots.model("y.safetensors"), Ok(ModelPath::Pretend(_))),
            "the root says nothing of it"
        );
    }

    #[test]
    fn what_no_folder_could_hold_is_no_pretend_model() {
        let home = tempfile::tempdir().expect("a folder");
        let roots =
            Roots { models: vec![home.path().join("none")], inputs: vec![], output: home.path().join("out") };
        let long = format!("{}.safetensors", "x".repeat(250));
        for asked in [
            "https://example.org/x.safetensors",
            "file:///models/x.safetensors",
            "~/x.safetensors",
            "~user/x.safetensors",
            "C:\\models\\x.safetensors",
            "C:/models/x.safetensors",
            "c:x.safetensors",
            "loras\\x.safetensors",
            "%2e%2e/x.safetensors",
            "/models/a%20b.safetensors",
            "a\nb.safetensors",
            "/models/a\tb.safetensors",
            &long,
        ] {
            assert_eq!(roots.model(asked).expect_err(asked).code, ErrorCode::ModelNotFound, "{asked:?}");
        }
        for asked in ["/models/../x", "..\\x/../../y", "/etc/passwd", "/models/a/../../b"] {
            assert_eq!(roots.model(asked).expect_err(asked).code, ErrorCode::PathNotAllowed, "{asked:?}");
        }
    }

    #[test]
    fn a_link_is_named_as_it_is_written() {
        let home = tempfile::tempdir().expect("a folder");
        let models = home.path().join("m");
        std::fs::create_dir_all(models.join("blobs")).expect("a folder");
        std::fs::write(models.join("blobs/9f86d0"), b"x").expect("a file");
        std::os::unix::fs::symlink("blobs/9f86d0", models.join("style.safetensors")).expect("a link");
        let roots = Roots { models: vec![models.clone()], inputs: vec![], output: home.path().join("out") };
        let found = roots.model("style.safetensors").expect("it is there");
        assert_eq!(found.written(), models.join("style.safetensors"));
        assert!(found.path().ends_with("blobs/9f86d0"));
        assert_eq!(roots.place(&found).expect("a place").path(), "style.safetensors");
    }
}
