//! Hyperscan, or Vectorscan, which has the same interface: loaded when the bench runs, so that nothing of it is needed to build.

#![allow(unsafe_code, reason = "a C library is called; it is loaded at run time and only by this bench")]

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::ptr::{null, null_mut};

use anyhow::{Result, bail, ensure};
use libloading::Library;

use super::engines::Engine;

const LIBRARY: &str = "libhs.so.5";
/// `HS_MODE_BLOCK`: each document is scanned by itself.
const BLOCK: c_uint = 1;

/// `hs_compile_error_t`.
#[repr(C)]
struct CompileError {
    message: *mut c_char,
    expression: c_int,
}

type OnMatch = unsafe extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;
type Version = unsafe extern "C" fn() -> *const c_char;
type Compile = unsafe extern "C" fn(
    *const *const c_char,
    *const c_uint,
    *const c_uint,
    *const usize,
    c_uint,
    c_uint,
    *const c_void,
    *mut *mut c_void,
    *mut *mut CompileError,
) -> c_int;
type FreeError = unsafe extern "C" fn(*mut CompileError) -> c_int;
type AllocScratch = unsafe extern "C" fn(*const c_void, *mut *mut c_void) -> c_int;
type Size = unsafe extern "C" fn(*const c_void, *mut usize) -> c_int;
type Scan = unsafe extern "C" fn(*const c_void, *const c_char, c_uint, c_uint, *mut c_void, OnMatch, *mut c_void) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

struct Hyperscan {
    database: *mut c_void,
    scratch: *mut c_void,
    scan: Scan,
    size: Size,
    free_scratch: Free,
    free_database: Free,
    /// Dropped last, for the functions above are part of it.
    _library: Library,
}

/// The version, or that there is none.
pub(crate) fn version() -> String {
    let Some(library) = load() else { return "not installed".to_owned() };
    // SAFETY: `hs_version` has this type in hs_common.h of version 5, which the name of the library promises, and returns a static string.
    let version = unsafe { library.get::<Version>(b"hs_version").map(|version| CStr::from_ptr(version()).to_string_lossy().into_owned()) };
    version.unwrap_or_default().trim().to_owned()
}

fn load() -> Option<Library> {
    // SAFETY: the library is a system package without initialisers that anything here depends on.
    unsafe { Library::new(LIBRARY) }.ok()
}

/// Compiles the words as literals; `None` where the library is not installed.
pub(crate) fn build(words: &[String]) -> Result<Option<Box<dyn Engine>>> {
    let Some(library) = load() else {
        println!("  Hyperscan: not installed (Debian: libvectorscan5), left out");
        return Ok(None);
    };
    // SAFETY: the types are those of hs_common.h, hs_compile.h and hs_runtime.h of version 5; the pointers are copied out of the library, which
    // `Hyperscan` keeps.
    let (compile, free_error, alloc_scratch, scan, size, free_scratch, free_database) = unsafe {
        (
            *library.get::<Compile>(b"hs_compile_lit_multi")?,
            *library.get::<FreeError>(b"hs_free_compile_error")?,
            *library.get::<AllocScratch>(b"hs_alloc_scratch")?,
            *library.get::<Scan>(b"hs_scan")?,
            *library.get::<Size>(b"hs_database_size")?,
            *library.get::<Free>(b"hs_free_scratch")?,
            *library.get::<Free>(b"hs_free_database")?,
        )
    };
    let starts: Vec<*const c_char> = words.iter().map(|word| word.as_ptr().cast()).collect();
    let lengths: Vec<usize> = words.iter().map(String::len).collect();
    let count = c_uint::try_from(words.len())?;
    let (flags, ids) = (vec![0; words.len()], (0..count).collect::<Vec<c_uint>>());
    let mut engine = Hyperscan { database: null_mut(), scratch: null_mut(), scan, size, free_scratch, free_database, _library: library };
    let mut error: *mut CompileError = null_mut();
    // SAFETY: four arrays of `count` elements, each literal with its length; no platform means this one; both results are written before use.
    let code = unsafe {
        compile(
            starts.as_ptr(),
            flags.as_ptr(),
            ids.as_ptr(),
            lengths.as_ptr(),
            count,
            BLOCK,
            null(),
            &raw mut engine.database,
            &raw mut error,
        )
    };
    if code != 0 {
        // SAFETY: after a failure the error, if there is one, is the library's and has a message until it is freed, which happens once.
        let message = unsafe {
            let message = error.as_ref().map(|error| CStr::from_ptr(error.message).to_string_lossy().into_owned());
            free_error(error);
            message
        };
        bail!("hs_compile_lit_multi: {code} {}", message.unwrap_or_default());
    }
    // SAFETY: the database was compiled, and the scratch space is null, which asks for a new one.
    let code = unsafe { alloc_scratch(engine.database, &raw mut engine.scratch) };
    ensure!(code == 0, "hs_alloc_scratch: {code}");
    Ok(Some(Box::new(engine)))
}

impl Engine for Hyperscan {
    fn name(&self) -> &'static str {
        "Hyperscan, literals"
    }

    fn bytes(&self) -> usize {
        let mut bytes = 0;
        // SAFETY: the database was compiled, and the size is ours to write.
        let code = unsafe { (self.size)(self.database, &raw mut bytes) };
        if code == 0 { bytes } else { 0 }
    }

    fn hits(&mut self, documents: &[&str]) -> Result<u64> {
        let mut hits = 0_u64;
        for document in documents {
            let length = c_uint::try_from(document.len())?;
            // SAFETY: the database and its scratch space are live and used by this thread alone; the document has `length` bytes; `count_one`
            // gets the counter, which outlives the call.
            let code =
                unsafe { (self.scan)(self.database, document.as_ptr().cast(), length, 0, self.scratch, count_one, (&raw mut hits).cast()) };
            ensure!(code == 0, "hs_scan: {code}");
        }
        Ok(hits)
    }
}

/// Counts a match and goes on.
///
/// # Safety
/// `hits` points to a `u64` that nothing else uses meanwhile.
unsafe extern "C" fn count_one(_: c_uint, _: c_ulonglong, _: c_ulonglong, _: c_uint, hits: *mut c_void) -> c_int {
    // SAFETY: see above.
    unsafe { *hits.cast::<u64>() += 1 };
    0
}

impl Drop for Hyperscan {
    fn drop(&mut self) {
        // SAFETY: each is the library's or null, and freed once.
        unsafe {
            (self.free_scratch)(self.scratch);
            (self.free_database)(self.database);
        }
    }
}
