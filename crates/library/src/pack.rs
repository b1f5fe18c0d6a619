//! A library in one piece, as it is sealed: a tar archive (POSIX ustar) of its files, compressed with Zstandard (RFC 8878).

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use crate::directory::{Directory, File, cannot_read, utf8};
use crate::{LibraryError, MediaFiles};

/// Largest packed library, unpacked: a hundred times the built-in bank with its media; a bound on memory.
pub const MAX_PACKED_BYTES: u64 = 1 << 30;

/// Zstandard's own default level.
const LEVEL: i32 = 3;

impl Directory {
    /// The library in one piece. The same files give the same bytes: no times, no owners.
    ///
    /// # Errors
    /// A media file cannot be read.
    pub fn pack(&self) -> Result<Vec<u8>, LibraryError> {
        let unwritten = |cause| LibraryError::Read { path: "the packed library".to_owned(), cause };
        let mut archive = tar::Builder::new(Vec::new());
        for file in std::iter::once(&self.manifest).chain(&self.files) {
            add(&mut archive, base(&file.name), file.text.as_bytes()).map_err(unwritten)?;
        }
        for name in self.media.names() {
            add(&mut archive, &format!("media/{name}"), &self.media.bytes(name)?).map_err(unwritten)?;
        }
        zstd::bulk::compress(&archive.into_inner().map_err(unwritten)?, LEVEL).map_err(unwritten)
    }

    /// Reads a library in one piece; `place` names it in messages, `manifest` is the name of its manifest.
    ///
    /// # Errors
    /// It is damaged, larger than [`MAX_PACKED_BYTES`], or has no manifest.
    pub fn unpack(place: &str, packed: &[u8], manifest: &str) -> Result<Self, LibraryError> {
        let damaged = |source: std::io::Error| LibraryError::format(place, format!("is not a packed library: {source}"));
        let decoder = zstd::stream::read::Decoder::new(packed).map_err(damaged)?;
        let mut archive = tar::Archive::new(decoder.take(MAX_PACKED_BYTES));
        let (mut head, mut files, mut media) = (None, Vec::new(), MediaFiles::default());
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            let name = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(damaged)?;
            if let Some(name) = name.strip_prefix("media/") {
                media.add(name.to_owned(), bytes);
                continue;
            }
            let file = File { name: format!("{place}/{name}"), text: Cow::Owned(utf8(&name, bytes)?) };
            if name == manifest { head = Some(file) } else { files.push(file) }
        }
        let manifest = head.ok_or_else(|| LibraryError::format(place, format!("has no {manifest}")))?;
        Ok(Self { manifest, files, media })
    }
}

/// What sealed libraries are sealed as.
const PURPOSE: &str = "library";

impl Directory {
    /// The library in one piece that only the passphrase opens, so that its texts do not leak into training data.
    ///
    /// # Errors
    /// A media file cannot be read, or the passphrase is too short.
    pub fn seal(&self, passphrase: &str) -> Result<Vec<u8>, LibraryError> {
        keys::sealed::seal(&self.pack()?, passphrase, PURPOSE).map_err(|e| LibraryError::format(&self.manifest.name, e.to_string()))
    }

    /// Reads a library from a directory, or from a sealed file with its passphrase.
    ///
    /// # Errors
    /// As [`Directory::read`]; or the file is not sealed, is damaged, or the passphrase is missing or wrong.
    pub fn open(path: &Path, manifest: &str, passphrase: Option<&str>) -> Result<Self, LibraryError> {
        if !path.is_file() {
            return Self::read(path, manifest);
        }
        let place = path.display().to_string();
        let wrong = |message: String| LibraryError::format(&place, message);
        let sealed = std::fs::read(path).map_err(|source| cannot_read(path, source))?;
        let passphrase = passphrase.ok_or_else(|| wrong("is a file: a sealed library, which needs --passphrase-file".to_owned()))?;
        let packed = keys::sealed::open(&sealed, passphrase, PURPOSE).map_err(|e| wrong(e.to_string()))?;
        Self::unpack(&place, &packed, manifest)
    }
}

fn add(archive: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, name, bytes)
}

fn base(name: &str) -> &str {
    name.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let library = Directory::embedded(
            ("bank.toml", "format = 1"),
            &[("a.jsonl", "{}"), ("b.jsonl", "一")],
            MediaFiles::embedded(&[("x.png", &[0, 159, 146])]),
        );
        let packed = library.pack().unwrap();
        let back = Directory::unpack("it", &packed, "bank.toml").unwrap();
        assert_eq!(back.manifest.text, "format = 1");
        assert_eq!(back.files.iter().map(|f| f.text.as_ref()).collect::<Vec<_>>(), ["{}", "一"]);
        assert_eq!(back.media.bytes("x.png").unwrap().as_ref(), [0, 159, 146]);
        assert_eq!(back.pack().unwrap(), packed);
    }

    #[test]
    fn a_sealed_library_opens_with_its_passphrase() {
        let library = Directory::embedded(("bank.toml", "format = 1"), &[], MediaFiles::default());
        let path = std::env::temp_dir().join(format!("guiju-sealed-{}", std::process::id()));
        std::fs::write(&path, library.seal("four random words here").unwrap()).unwrap();
        let open = |passphrase| Directory::open(&path, "bank.toml", passphrase);
        assert_eq!(open(Some("four random words here")).unwrap().manifest.text, "format = 1");
        assert!(open(Some("four other words here")).unwrap_err().to_string().contains("wrong passphrase"));
        assert!(open(None).unwrap_err().to_string().contains("--passphrase-file"));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn damage_is_said() {
        let error = |bytes: &[u8]| Directory::unpack("it", bytes, "bank.toml").unwrap_err().to_string();
        assert!(error(b"nothing").starts_with("it: is not a packed library"));
        let other = Directory::embedded(("lexicon.toml", ""), &[], MediaFiles::default()).pack().unwrap();
        assert!(error(&other).contains("has no bank.toml"));
    }
}
