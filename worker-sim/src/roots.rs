//! Which paths may be read: roots of models, of inputs, and the output directory.

use contracts::{ErrorCode, Failure};
use std::path::{Component, Path, PathBuf};

/// Where pretend models live; every path under it is one.
pub(crate) const PRETEND_ROOT: &str = "/models";

/// The allowed roots of one worker. They need not exist; what does not exist holds nothing.
#[derive(Clone, Debug)]
pub(crate) struct Roots {
    /// Real folders of models, beside the pretend root.
    pub(crate) models: Vec<PathBuf>,
    /// Images and data sets.
    pub(crate) inputs: Vec<PathBuf>,
    /// Where pictures and trainings go.
    pub(crate) output: PathBuf,
}

/// A model's path that is allowed and is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ModelPath {
    /// Under the pretend root.
    Pretend(PathBuf),
    /// A file or folder.
    Real(PathBuf),
}

impl Roots {
    /// The model at a path.
    pub(crate) fn model(&self, asked: &str) -> Result<ModelPath, Failure> {
        let training = self.output.join("training");
        let real: Vec<&Path> = self.models.iter().map(PathBuf::as_path).chain([training.as_path()]).collect();
        let asked = asked.replace('\\', "/");
        if let Found::There(path) = find(&asked, &real)? {
            return Ok(ModelPath::Real(path));
        }
        let path = Path::new(PRETEND_ROOT).join(&asked);
        match lexical(&path) {
            Some(path) if path.starts_with(PRETEND_ROOT) && path != Path::new(PRETEND_ROOT) => {
                Ok(ModelPath::Pretend(path))
            }
            _ => match find(&asked, &real)? {
                Found::Outside => Err(outside(&asked, "models")),
                _ => Err(Failure::new(ErrorCode::ModelNotFound, format!("no model at {asked:?}"))
                    .hint("see the allowed model roots")),
            },
        }
    }

    /// The real model that an id means by its place directly under a root.
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
            Found::There(path) => Ok(Some(path)),
            Found::Absent => Ok(None),
            Found::Outside => Err(outside(asked, "images and data sets")),
        }
    }
}

enum Found {
    There(PathBuf),
    Absent,
    Outside,
}

fn outside(asked: &str, kind: &str) -> Failure {
    Failure::new(ErrorCode::PathNotAllowed, format!("{asked:?} is outside the allowed roots for {kind}"))
        .hint("use a path under a root")
}

/// A path under the first root that has it, symbolic links followed.
fn find(asked: &str, roots: &[&Path]) -> Result<Found, Failure> {
    if asked.contains('\0') {
        return Err(Failure::new(ErrorCode::PathNotAllowed, "a path holds a NUL character"));
    }
    let is_inside = |path: &Path| roots.iter().any(|root| path.starts_with(real(root)));
    let mut escapes = false;
    let absolute = Path::new(asked).is_absolute();
    let candidates: Vec<PathBuf> =
        if absolute { vec![asked.into()] } else { roots.iter().map(|root| root.join(asked)).collect() };
    for candidate in candidates {
        match candidate.canonicalize() {
            Ok(path) if is_inside(&path) => return Ok(Found::There(path)),
            Ok(_) => escapes = true,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                // What is not there is judged by how it is written; the links above it are followed.
                escapes |= !lexical(&real(&candidate)).is_some_and(|path| is_inside(&path));
            }
            Err(err) => {
                let message = format!("the path {asked:?} cannot be resolved: {err}");
                return Err(Failure::new(ErrorCode::PathNotAllowed, message));
            }
        }
    }
    Ok(if escapes { Found::Outside } else { Found::Absent })
}

/// The real path of the nearest ancestor that exists, and the rest as written.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path;
    loop {
        if let Ok(found) = at.canonicalize() {
            return rest.iter().rev().fold(found, |path, part| path.join(part));
        }
        match (at.parent(), at.components().next_back()) {
            (Some(parent), Some(last)) => {
                rest.push(last.as_os_str().to_owned());
                at = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// `.` and `..` taken out as written; `None` where `..` leaves the root of the file system.
pub(crate) fn lexical(path: &Path) -> Option<PathBuf> {
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
        for asked in ["/models/x.safetensors", "loras/x", "x.safetensors"] {
            assert!(matches!(roots.model(asked), Ok(ModelPath::Pretend(_))), "{asked:?}");
        }
        for asked in ["/models/../etc/passwd", "../x.safetensors", "/elsewhere/x.safetensors", "/models/a\0"]
        {
            let refused = roots.model(asked).expect_err(asked).code;
            assert_eq!(refused, ErrorCode::PathNotAllowed, "{asked:?}");
        }
    }
}
