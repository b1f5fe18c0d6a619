//! Files as they lie on the disk.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;
use keys::digest::Digester;

use super::FileLine;

/// Files of one manifest: the largest open models have some hundreds; a manifest of so many is still a row of a database.
pub(crate) const MAX_FILES: usize = 10_000;

/// Bytes read at a time: enough that the disk and not the number of calls sets the pace.
const PIECE_BYTES: usize = 1 << 20;

/// The files that were named.
pub(crate) struct Found {
    /// Where their names begin.
    pub(crate) root: PathBuf,
    /// Their names, by their bytes.
    pub(crate) names: Vec<String>,
    /// Whether they are all files of the directory.
    pub(crate) whole: bool,
}

impl Found {
    /// One directory with all that is in it, or files that lie side by side. A link is followed, and keeps its name: caches of models are full of them.
    pub(crate) fn at(paths: &[PathBuf]) -> Result<Self> {
        let at = |path: &Path| path.display().to_string();
        if let [directory] = paths
            && directory.is_dir()
        {
            let root = fs::canonicalize(directory).with_context(|| at(directory))?;
            let names = names(&root)?;
            ensure!(!names.is_empty(), "{} holds no file", root.display());
            return Ok(Self { root, names, whole: true });
        }
        let mut paths = paths.iter().map(|path| std::path::absolute(path).with_context(|| at(path))).collect::<Result<Vec<_>>>()?;
        paths.sort();
        paths.dedup();
        let root = paths.first().and_then(|path| path.parent()).context("name a directory or files")?.to_owned();
        for path in &paths {
            fs::metadata(path).with_context(|| at(path))?;
            ensure!(
                path.is_file() && path.parent() == Some(&root),
                "{}: name one directory, or files that lie side by side",
                path.display()
            );
        }
        let names = paths.iter().map(|path| name(path.strip_prefix(&root)?)).collect::<Result<_>>()?;
        Ok(Self { root, names, whole: false })
    }

    /// Their lines, each file read once.
    pub(crate) fn lines(&self, bar: &ProgressBar) -> Result<Vec<FileLine>> {
        self.names.iter().map(|name| digest_of(&self.root.join(name), name, bar)).collect()
    }
}

/// The names of all files under a directory, by their bytes.
pub(super) fn names(directory: &Path) -> Result<Vec<String>> {
    let (mut names, mut ahead) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(at) = ahead.pop() {
        for entry in fs::read_dir(&at).with_context(|| at.display().to_string())? {
            let path = entry.with_context(|| at.display().to_string())?.path();
            let kind = fs::symlink_metadata(&path).with_context(|| path.display().to_string())?.file_type();
            if kind.is_dir() {
                ahead.push(path);
                continue;
            }
            // A link to a file is read as what it leads to, as whatever loads the model does; one to a directory could lead in a circle.
            let file = fs::metadata(&path).is_ok_and(|file| file.is_file());
            ensure!(file, "{}: is neither a file nor a directory; take it out, or name the files one by one", path.display());
            names.push(name(path.strip_prefix(directory)?)?);
            ensure!(names.len() <= MAX_FILES, "{}: more than {MAX_FILES} files; register parts of it", directory.display());
        }
    }
    names.sort();
    Ok(names)
}

/// A path under the root as manifests write it.
fn name(path: &Path) -> Result<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Ok(parts.with_context(|| format!("{}: a name that is no UTF-8 cannot stand in a manifest; rename it", path.display()))?.join("/"))
}

/// Reads a file once, for both digests.
pub(crate) fn digest_of(path: &Path, name: &str, bar: &ProgressBar) -> Result<FileLine> {
    let at = || path.display().to_string();
    let mut file = File::open(path).with_context(at)?;
    let (mut digester, mut size, mut piece) = (Digester::default(), 0_u64, vec![0; PIECE_BYTES]);
    loop {
        let read = file.read(&mut piece).with_context(at)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        digester.update(bytes);
        size = size.saturating_add(read as u64);
        bar.inc(read as u64);
    }
    let now = file.metadata().with_context(at)?.len();
    ensure!(now == size, "{}: changed while it was read ({size} bytes, then {now}); let whatever writes it finish first", path.display());
    Ok(FileLine::new(name, size, &digester.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keys::digest::{hex, sha256, sm3};

    #[test]
    fn a_directory_is_read_whole_and_in_the_order_of_names() {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in [("b/z", "z"), ("a", ""), ("b.txt", "乙"), (".hidden", "h")] {
            fs::create_dir_all(place.path().join(name).parent().unwrap()).unwrap();
            fs::write(place.path().join(name), text).unwrap();
        }
        let found = Found::at(&[place.path().to_owned()]).unwrap();
        assert_eq!((found.names.as_slice(), found.whole), (&[".hidden", "a", "b.txt", "b/z"].map(str::to_owned)[..], true));
        let lines = found.lines(&ProgressBar::hidden()).unwrap();
        assert_eq!((lines[2].size, lines[2].sha256.clone()), (3, hex(&sha256("乙".as_bytes()))));
        assert_eq!(lines[1].sm3, hex(&sm3(b"")));

        let side = Found::at(&[place.path().join("b.txt"), place.path().join("a")]).unwrap();
        assert_eq!((side.names.as_slice(), side.whole), (&["a".to_owned(), "b.txt".to_owned()][..], false));
        for wrong in [
            vec![place.path().join("a"), place.path().join("b/z")],
            vec![place.path().join("none")],
            vec![],
            vec![place.path().join("b"), place.path().join("a")],
        ] {
            assert!(Found::at(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_is_the_file_and_one_to_a_directory_is_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("blob"), "b").unwrap();
        std::os::unix::fs::symlink("blob", place.path().join("model.bin")).unwrap();
        assert_eq!(names(place.path()).unwrap(), ["blob", "model.bin"]);
        let found = Found::at(&[place.path().join("model.bin")]).unwrap();
        assert_eq!((found.names.as_slice(), found.root.as_path()), (&["model.bin".to_owned()][..], place.path()));
        std::os::unix::fs::symlink(".", place.path().join("circle")).unwrap();
        assert!(names(place.path()).unwrap_err().to_string().contains("neither a file nor a directory"));
    }

    #[test]
    fn an_empty_directory_is_no_model() {
        let place = tempfile::tempdir().unwrap();
        assert!(Found::at(&[place.path().to_owned()]).is_err());
    }
}
