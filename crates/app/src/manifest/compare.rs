//! Files held against their manifest.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use indicatif::ProgressBar;

use super::files::{digest_of, names};
use super::{FileLine, Manifest};

/// One way in which files are not what the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Which file; `.` for the directory.
    pub(crate) file: String,
    /// In which way.
    pub(crate) how: How,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// It is not there.
    Missing,
    /// It is there, and the manifest does not know it.
    New,
    /// It has so many bytes and not so many.
    Size(u64, u64),
    /// It has another content of the same size.
    Content,
    /// It cannot be read.
    Unreadable(String),
}

impl How {
    /// Its word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::New => "new",
            Self::Size(..) | Self::Content => "changed",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever puts a file there chooses its name, and could write to the terminal of whoever looks.
        write!(f, "{:<10} {}", self.how.word(), self.file.escape_debug())?;
        match &self.how {
            How::Size(found, registered) => write!(f, ": {found} bytes, {registered} were registered"),
            How::Content => write!(f, ": other content of the same size"),
            How::Unreadable(why) => write!(f, ": {why}"),
            How::Missing | How::New => Ok(()),
        }
    }
}

/// All differences between a manifest and what lies under a directory, by file.
pub(crate) fn compare(manifest: &Manifest, root: &Path, bar: &ProgressBar) -> Vec<Difference> {
    let mut found: Vec<Difference> = manifest.files.iter().filter_map(|line| differs(line, root, bar)).collect();
    if manifest.whole {
        let known: BTreeSet<&str> = manifest.files.iter().map(|line| line.name.as_str()).collect();
        match names(root) {
            Ok(names) => {
                found.extend(names.into_iter().filter(|name| !known.contains(name.as_str())).map(|file| Difference { file, how: How::New }))
            }
            Err(error) => found.push(Difference { file: ".".to_owned(), how: How::Unreadable(format!("{error:#}")) }),
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

fn differs(line: &FileLine, root: &Path, bar: &ProgressBar) -> Option<Difference> {
    let path = root.join(&line.name);
    let how = match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => How::Missing,
        Err(error) => How::Unreadable(error.to_string()),
        Ok(file) if !file.is_file() => How::Missing,
        Ok(file) if file.len() != line.size => How::Size(file.len(), line.size),
        Ok(_) => match digest_of(&path, &line.name, bar) {
            Ok(same) if same == *line => return None,
            Ok(_) => How::Content,
            Err(error) => How::Unreadable(format!("{error:#}")),
        },
    };
    Some(Difference { file: line.name.clone(), how })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Found;

    #[test]
    fn every_way_to_differ_is_named() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for name in ["a", "b", "c", "d/e"] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "1234").unwrap();
        }
        let bar = ProgressBar::hidden();
        let found = Found::at(&[place.path().to_owned()]).unwrap();
        let mut manifest = Manifest { files: found.lines(&bar).unwrap(), whole: true, ..Manifest::new("model", "m") };
        assert_eq!(compare(&manifest, place.path(), &bar), []);
        fs::write(at("a"), "12345").unwrap();
        fs::write(at("b"), "1235").unwrap();
        fs::remove_file(at("c")).unwrap();
        fs::rename(at("d/e"), at("d/z\u{1b}")).unwrap();
        let say = |manifest: &Manifest| compare(manifest, place.path(), &bar).iter().map(ToString::to_string).collect::<Vec<_>>();
        let five = [
            "changed    a: 5 bytes, 4 were registered",
            "changed    b: other content of the same size",
            "missing    c",
            "missing    d/e",
            "new        d/z\\u{1b}",
        ];
        assert_eq!(say(&manifest), five);
        // Of files that were named one by one, others beside them say nothing.
        manifest.whole = false;
        assert_eq!(say(&manifest), five[..4]);
        manifest.whole = true;
        let gone = compare(&manifest, &at("nowhere"), &bar);
        assert_eq!((gone.len(), gone[0].how.word(), gone[1].how.word()), (5, "unreadable", "missing"));
    }
}
