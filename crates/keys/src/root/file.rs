//! Files with a root's secret: made once, for their owner alone, never overwritten; read with a limit.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::RootError;

/// Most bytes read of such a file; a root key file has 126, an identity file some hundred. A path that leads elsewhere (a disk, a pipe) is not read for ever.
const MAX_FILE_BYTES: u64 = 4096;

/// Makes a file, written and synced when this returns.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
        // A full disk: the half-written file is ours, and would only be in the way.
        let _ = fs::remove_file(path);
    })
}

/// Makes a new name in a folder outlast a crash.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The first [`MAX_FILE_BYTES`] of a file.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all at once: a secret leaves no half copy behind in memory given back.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize + 1));
    File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn file_error(path: &Path, error: &io::Error) -> RootError {
    RootError::File { path: path.to_owned(), reason: error.to_string() }
}

/// The error of a file that could not be made.
pub(super) fn not_made(path: &Path, error: &io::Error) -> RootError {
    match error.kind() {
        ErrorKind::AlreadyExists => RootError::Exists(path.to_owned()),
        _ => file_error(path, error),
    }
}
