//! An open file: content and length come from the [`Image`], locks and shared memory from the usual VFS's own file.
#![allow(unsafe_code, reason = "SQLite asks for a table of C functions")]

use std::ffi::{CStr, CString, c_int, c_void};
use std::sync::{Arc, Mutex, Weak};

use rusqlite::ffi;

use crate::disk::{State, lock};
use crate::image::Image;

/// The usual VFS reads and writes no more at a time than SQLite ever asks of it, which is a page: 64 KiB.
const CHUNK_BYTES: usize = 64 * 1024;

/// What SQLite allocates for an open file; the usual VFS's own file lies right behind it.
#[repr(C)]
pub(crate) struct File {
    base: ffi::sqlite3_file,
    /// Made by [`begin`], freed by [`close`].
    held: *mut Held,
}

struct Held {
    state: Arc<State>,
    /// `None`: a temporary file, which nobody misses.
    kept: Option<Kept>,
}

struct Kept {
    path: CString,
    image: Arc<Mutex<Image>>,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Without memory-mapped reads, which would pass the image by.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock_file),
    xUnlock: Some(unlock_file),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The usual VFS's own file.
///
/// # Safety
/// `file` is memory that SQLite has allocated for a file of this VFS.
pub(crate) unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: the allocation has room for both; ours is a multiple of a pointer long, so that the other one is aligned.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// Calls a function of the usual VFS's own file. It must be called in an unsafe context, with an open file of this VFS and SQLite's
/// arguments as they came.
macro_rules! really {
    ($file:expr, $function:ident $(, $argument:expr)*) => {{
        let real = real($file);
        match (*(*real).pMethods).$function {
            Some(function) => function(real $(, $argument)*),
            None => ffi::SQLITE_ERROR,
        }
    }};
}

/// Makes the file a file of this VFS. `path`: its content is kept in memory until it is synced.
///
/// # Safety
/// `file` is memory that SQLite has allocated for a file of this VFS, and the usual VFS has opened its own behind it.
pub(crate) unsafe fn begin(file: *mut ffi::sqlite3_file, state: Arc<State>, path: Option<&CStr>) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let kept = match path.map(|path| keep(file, &state, path)).transpose() {
            Ok(kept) => kept,
            Err(error) => {
                really!(file, xClose);
                return error;
            }
        };
        (*file.cast::<File>()).held = Box::into_raw(Box::new(Held { state, kept }));
        (*file).pMethods = &raw const METHODS;
    }
    ffi::SQLITE_OK
}

/// The image that the connections of this path share; made from the real file by the first one.
///
/// # Safety
/// As [`begin`].
unsafe fn keep(file: *mut ffi::sqlite3_file, state: &State, path: &CStr) -> Result<Kept, c_int> {
    let mut files = state.files();
    if let Some(image) = files.get(path).and_then(Weak::upgrade) {
        return Ok(Kept { path: path.to_owned(), image });
    }
    // SAFETY: as the caller promises. Through another file descriptor, reading would give up the process's locks when it is closed.
    let content = unsafe { content(file)? };
    let image = Arc::new(Mutex::new(Image::of(content)));
    files.insert(path.to_owned(), Arc::downgrade(&image));
    Ok(Kept { path: path.to_owned(), image })
}

/// # Safety
/// As [`begin`].
unsafe fn content(file: *mut ffi::sqlite3_file) -> Result<Vec<u8>, c_int> {
    let mut length = 0;
    // SAFETY: as the caller promises; each chunk lies within the buffer.
    unsafe {
        check(really!(file, xFileSize, &raw mut length))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| ffi::SQLITE_IOERR_FSTAT)?];
        for (number, chunk) in bytes.chunks_mut(CHUNK_BYTES).enumerate() {
            let at = offset(number * CHUNK_BYTES)?;
            let chunk_bytes = c_int::try_from(chunk.len()).map_err(|_| ffi::SQLITE_IOERR_READ)?;
            check(really!(file, xRead, chunk.as_mut_ptr().cast(), chunk_bytes, at))?;
        }
        Ok(bytes)
    }
}

fn check(result: c_int) -> Result<(), c_int> {
    if result == ffi::SQLITE_OK { Ok(()) } else { Err(result) }
}

fn offset(at: usize) -> Result<i64, c_int> {
    i64::try_from(at).map_err(|_| ffi::SQLITE_IOERR)
}

/// # Safety
/// `file` is an open file of this VFS.
unsafe fn held<'a>(file: *mut ffi::sqlite3_file) -> &'a Held {
    // SAFETY: `begin` has made it, and `close` has not been called.
    unsafe { &*(*file.cast::<File>()).held }
}

/// Brings to the real file what has not reached it.
///
/// # Safety
/// `file` is an open file of this VFS, and `image` is its content.
unsafe fn write_out(file: *mut ffi::sqlite3_file, image: &mut Image) -> Result<(), c_int> {
    let unsynced = image.take_unsynced();
    // SAFETY: as the caller promises; ranges lie within the content.
    unsafe {
        if let Some(length) = unsynced.cut {
            check(really!(file, xTruncate, offset(length)?))?;
        }
        for range in unsynced.written {
            for at in range.clone().step_by(CHUNK_BYTES) {
                let content = &image.bytes()[at..range.end.min(at + CHUNK_BYTES)];
                let bytes = c_int::try_from(content.len()).map_err(|_| ffi::SQLITE_IOERR_WRITE)?;
                check(really!(file, xWrite, content.as_ptr().cast(), bytes, offset(at)?))?;
            }
        }
    }
    Ok(())
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file once; what `begin` has boxed is freed here and nowhere else.
    unsafe {
        let Held { state, kept } = *Box::from_raw((*file.cast::<File>()).held);
        (*file).pMethods = std::ptr::null();
        if let Some(Kept { path, image }) = kept {
            let mut files = state.files();
            // Whoever opens it next waits for this lock, and then reads the real file.
            if let Some(image) = Arc::into_inner(image) {
                files.remove(&path);
                let mut image = image.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
                if !state.orders().is_off && write_out(file, &mut image).is_err() {
                    really!(file, xClose);
                    return ffi::SQLITE_IOERR_CLOSE;
                }
            }
        }
        really!(file, xClose)
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, bytes: c_int, at: i64) -> c_int {
    // SAFETY: SQLite gives room for `bytes`; the image's part is no longer than that.
    unsafe {
        let Held { state, kept } = held(file);
        let Some(kept) = kept else { return really!(file, xRead, into, bytes, at) };
        let (Ok(wanted), Ok(at)) = (usize::try_from(bytes), usize::try_from(at)) else { return ffi::SQLITE_IOERR_READ };
        if state.orders().is_off {
            return ffi::SQLITE_IOERR_READ;
        }
        let image = lock(&kept.image);
        let found = image.read(at, wanted);
        into.cast::<u8>().copy_from_nonoverlapping(found.as_ptr(), found.len());
        if found.len() == wanted {
            return ffi::SQLITE_OK;
        }
        // What lies behind the end is read as zeros.
        into.cast::<u8>().add(found.len()).write_bytes(0, wanted - found.len());
        ffi::SQLITE_IOERR_SHORT_READ
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, bytes: c_int, at: i64) -> c_int {
    // SAFETY: SQLite gives `bytes` bytes to be written.
    unsafe {
        let Held { state, kept } = held(file);
        let Some(kept) = kept else { return really!(file, xWrite, from, bytes, at) };
        let (Ok(given), Ok(at)) = (usize::try_from(bytes), usize::try_from(at)) else {
            return ffi::SQLITE_IOERR_WRITE;
        };
        let content = std::slice::from_raw_parts(from.cast::<u8>(), given);
        let mut image = lock(&kept.image);
        let mut orders = state.orders();
        if orders.is_off {
            return ffi::SQLITE_IOERR_WRITE;
        }
        if orders.writes_fail {
            image.write(at, &content[..given / 2]);
            return ffi::SQLITE_IOERR_WRITE;
        }
        let grown = (at + given).saturating_sub(image.bytes().len());
        if let Some(room) = &mut orders.room {
            if grown > *room {
                let fits = given.saturating_sub(grown - *room);
                *room = 0;
                image.write(at, &content[..fits]);
                return ffi::SQLITE_FULL;
            }
            *room -= grown;
        }
        image.write(at, content);
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe {
        let Held { state, kept } = held(file);
        let Some(kept) = kept else { return really!(file, xTruncate, length) };
        let Ok(length) = usize::try_from(length) else { return ffi::SQLITE_IOERR_TRUNCATE };
        let mut image = lock(&kept.image);
        let mut orders = state.orders();
        if orders.is_off || orders.writes_fail {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        let freed = image.bytes().len().saturating_sub(length);
        orders.room = orders.room.map(|room| room + freed);
        image.truncate(length);
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came; the image is this file's.
    unsafe {
        let Held { state, kept } = held(file);
        let Some(kept) = kept else { return really!(file, xSync, flags) };
        let mut image = lock(&kept.image);
        {
            let orders = state.orders();
            if orders.is_off {
                return ffi::SQLITE_IOERR_FSYNC;
            }
            if orders.syncs_fail {
                image.take_unsynced();
                return ffi::SQLITE_IOERR_FSYNC;
            }
        }
        if let Err(error) = write_out(file, &mut image) {
            return error;
        }
        let result = really!(file, xSync, flags);
        if result == ffi::SQLITE_OK {
            state.orders().syncs += 1;
        }
        result
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: SQLite's arguments as they came; `size` may be written.
    unsafe {
        let Some(kept) = &held(file).kept else { return really!(file, xFileSize, size) };
        match offset(lock(&kept.image).bytes().len()) {
            Ok(length) => *size = length,
            Err(error) => return error,
        }
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    // Both would have the real file grow before its time.
    if matches!(operation, ffi::SQLITE_FCNTL_SIZE_HINT | ffi::SQLITE_FCNTL_CHUNK_SIZE) {
        return ffi::SQLITE_OK;
    }
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xFileControl, operation, argument) }
}

unsafe extern "C" fn lock_file(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xLock, level) }
}

unsafe extern "C" fn unlock_file(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xUnlock, level) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xCheckReservedLock, reserved) }
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xSectorSize) }
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xDeviceCharacteristics) }
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    mapped: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xShmMap, region, bytes, extend, mapped) }
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xShmLock, offset, count, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: SQLite's arguments as they came.
    unsafe {
        let real = real(file);
        if let Some(barrier) = (*(*real).pMethods).xShmBarrier {
            barrier(real);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: SQLite's arguments as they came.
    unsafe { really!(file, xShmUnmap, delete) }
}
