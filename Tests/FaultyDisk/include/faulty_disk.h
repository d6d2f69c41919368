// A layer between SQLite and the operating system that tests listen to and fail.
//
// It is SQLite's default file system once installed. Files under a watched folder are told of
// before anything happens to them, and an answer other than 0 (SQLITE_OK) happens instead.

#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <stdint.h>

/// What is about to happen to a file.
typedef enum {
    FAULTY_DISK_CREATE = 1,
    FAULTY_DISK_WRITE = 2,
    FAULTY_DISK_TRUNCATE = 3,
    FAULTY_DISK_SYNC = 4,
    /// `offset` is 1 when the folder is synced too.
    FAULTY_DISK_DELETE = 5,
} faulty_disk_event;

/// Listens; the answer is SQLITE_OK to let it happen, or the error that happens instead.
typedef int (*faulty_disk_listener)(
    void *context,
    int event,
    const char *path,
    int64_t offset,
    const void *bytes,
    int64_t count
);

/// Puts the layer in place; once is enough, and again does nothing.
int faulty_disk_install(void);

/// Listens to the files under a folder, given with its final slash.
///
/// At most 256 folders are watched at one time; -1 when there is no place left.
int faulty_disk_watch(const char *folder, faulty_disk_listener listener, void *context);

/// Listens no more. No file under the folder may be open.
void faulty_disk_forget(int watch);

#endif
