//! The VFS: opens files of its own kind, and leaves everything else to the usual one.
#![allow(unsafe_code, reason = "SQLite asks for a table of C functions")]

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::sync::Arc;

use rusqlite::ffi;

use crate::disk::{RegisterError, State};
use crate::file::{self, File};

/// What `pAppData` points to. It is never freed: SQLite may use a VFS for as long as the process lives.
struct Registered {
    state: Arc<State>,
    usual: *mut ffi::sqlite3_vfs,
}

/// Makes a VFS of the state's name known.
pub(crate) fn register(state: &Arc<State>) -> Result<(), RegisterError> {
    let name = CString::new(state.name.as_str()).map_err(|_| RegisterError::Name(state.name.clone()))?;
    // SAFETY: initialising is allowed at any time and from any thread, and so is looking VFSs up by a name that ends with NUL.
    let (usual, same) = unsafe {
        if ffi::sqlite3_initialize() != ffi::SQLITE_OK {
            return Err(RegisterError::Refused);
        }
        (ffi::sqlite3_vfs_find(ptr::null()), ffi::sqlite3_vfs_find(name.as_ptr()))
    };
    if !same.is_null() {
        return Err(RegisterError::Taken(state.name.clone()));
    }
    // SAFETY: the usual VFS is there or null; one that is registered stays valid.
    let Some(of_usual) = (unsafe { usual.as_ref() }) else { return Err(RegisterError::Refused) };
    let own_bytes = c_int::try_from(size_of::<File>()).map_err(|_| RegisterError::Refused)?;
    let registered = Box::leak(Box::new(Registered { state: Arc::clone(state), usual }));
    let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
        iVersion: 2,
        // The usual VFS's own file lies behind ours, in the same allocation.
        szOsFile: own_bytes + of_usual.szOsFile,
        mxPathname: of_usual.mxPathname,
        pNext: ptr::null_mut(),
        zName: name.into_raw(),
        pAppData: ptr::from_mut(registered).cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }));
    // SAFETY: the table and all that it points to live for ever, and its functions keep SQLite's contract.
    match unsafe { ffi::sqlite3_vfs_register(vfs, 0) } {
        ffi::SQLITE_OK => Ok(()),
        _ => Err(RegisterError::Refused),
    }
}

/// # Safety
/// `vfs` is one that [`register`] has made.
unsafe fn registered<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a Registered {
    // SAFETY: `register` has leaked both.
    unsafe { &*(*vfs).pAppData.cast::<Registered>() }
}

/// Calls a function of the usual VFS, with that VFS as its first argument. It must be called in an unsafe context, with a VFS that
/// [`register`] has made and with SQLite's arguments as they came.
macro_rules! usual {
    ($vfs:expr, $function:ident $(, $argument:expr)*) => {{
        let usual = registered($vfs).usual;
        match (*usual).$function {
            Some(function) => function(usual $(, $argument)*),
            None => ffi::SQLITE_ERROR,
        }
    }};
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    opened: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives `szOsFile` bytes at `opened`, of which the usual VFS gets those behind ours. `name` is null or a text that
    // outlives the file.
    unsafe {
        (*opened).pMethods = ptr::null();
        let state = &registered(vfs).state;
        let (is_off, is_read_only) = {
            let orders = state.orders();
            (orders.is_off, orders.is_read_only)
        };
        if is_off {
            return ffi::SQLITE_CANTOPEN;
        }
        let flags = if is_read_only { read_only(flags) } else { flags };
        let real = file::real(opened);
        (*real).pMethods = ptr::null();
        let result = usual!(vfs, xOpen, name, real, flags, out_flags);
        if result != ffi::SQLITE_OK {
            return result;
        }
        let is_kept = flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
        let path = (is_kept && !name.is_null()).then(|| CStr::from_ptr(name));
        file::begin(opened, Arc::clone(state), path)
    }
}

/// As the usual VFS does it where the file may only be read: it opens, and says so.
fn read_only(flags: c_int) -> c_int {
    flags & !(ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE) | ffi::SQLITE_OPEN_READONLY
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe {
        if registered(vfs).state.orders().is_off {
            return ffi::SQLITE_IOERR_DELETE;
        }
        usual!(vfs, xDelete, name, sync_dir)
    }
}

unsafe extern "C" fn access(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, flags: c_int, found: *mut c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came; `name` ends with NUL, and `found` may be written.
    unsafe {
        if flags == ffi::SQLITE_ACCESS_EXISTS {
            // For the usual VFS an empty file is none, and the real one may be empty still.
            let image = registered(vfs).state.files().get(CStr::from_ptr(name)).and_then(std::sync::Weak::upgrade);
            if image.is_some_and(|image| !crate::disk::lock(&image).bytes().is_empty()) {
                *found = 1;
                return ffi::SQLITE_OK;
            }
        }
        usual!(vfs, xAccess, name, flags, found)
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    bytes: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { usual!(vfs, xFullPathname, name, bytes, full) }
}

unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, bytes: c_int, random: *mut c_char) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { usual!(vfs, xRandomness, bytes, random) }
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { usual!(vfs, xSleep, microseconds) }
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, now: *mut f64) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { usual!(vfs, xCurrentTime, now) }
}

unsafe extern "C" fn last_error(vfs: *mut ffi::sqlite3_vfs, bytes: c_int, text: *mut c_char) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { usual!(vfs, xGetLastError, bytes, text) }
}

unsafe extern "C" fn current_time_int64(vfs: *mut ffi::sqlite3_vfs, now: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { usual!(vfs, xCurrentTimeInt64, now) }
}
