#include "faulty_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_COUNT 256

typedef struct {
    char *folder;
    faulty_disk_listener listener;
    void *context;
} watch_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static watch_t watches[WATCH_COUNT];
static sqlite3_vfs *below;
static sqlite3_vfs layer;

/// A file: ours first, SQLite's own behind it in the same memory.
typedef struct {
    sqlite3_file base;
    const char *path;
    watch_t watch;
} file_t;

static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((file_t *)file + 1); }

static watch_t watch_of(const char *path) {
    watch_t found = {0};
    if (path == NULL) return found;
    pthread_mutex_lock(&lock);
    for (int index = 0; index < WATCH_COUNT; index++) {
        const char *folder = watches[index].folder;
        if (folder != NULL && strncmp(path, folder, strlen(folder)) == 0) {
            found = watches[index];
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static int tell(
    watch_t watch, int event, const char *path, int64_t offset, const void *bytes, int64_t count
) {
    if (watch.listener == NULL) return SQLITE_OK;
    return watch.listener(watch.context, event, path, offset, bytes, count);
}

static int tell_file(
    sqlite3_file *file, int event, int64_t offset, const void *bytes, int64_t count
) {
    file_t *mine = (file_t *)file;
    return tell(mine->watch, event, mine->path, offset, bytes, count);
}

// MARK: - Files

static int file_close(sqlite3_file *file) { return real(file)->pMethods->xClose(real(file)); }

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    int code = tell_file(file, FAULTY_DISK_WRITE, offset, bytes, count);
    if (code != SQLITE_OK) return code;
    return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int code = tell_file(file, FAULTY_DISK_TRUNCATE, size, NULL, 0);
    if (code != SQLITE_OK) return code;
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
    int code = tell_file(file, FAULTY_DISK_SYNC, 0, NULL, 0);
    if (code != SQLITE_OK) return code;
    return real(file)->pMethods->xSync(real(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int file_lock(sqlite3_file *file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_reserved(sqlite3_file *file, int *result) {
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int file_sector(sqlite3_file *file) {
    return real(file)->pMethods->xSectorSize(real(file));
}

static int file_device(sqlite3_file *file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, at);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) {
    real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int removes) {
    return real(file)->pMethods->xShmUnmap(real(file), removes);
}

// Version 2: no memory mapping, so that every write comes by.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

// MARK: - File system

static int layer_open(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out
) {
    (void)vfs;
    file_t *mine = (file_t *)file;
    memset(mine, 0, sizeof(file_t));
    mine->path = path;
    mine->watch = watch_of(path);
    if (mine->watch.listener != NULL && (flags & SQLITE_OPEN_CREATE) != 0) {
        int exists = 0;
        below->xAccess(below, path, SQLITE_ACCESS_EXISTS, &exists);
        if (!exists) {
            int code = tell(mine->watch, FAULTY_DISK_CREATE, path, 0, NULL, 0);
            if (code != SQLITE_OK) return code;
        }
    }
    int code = below->xOpen(below, path, real(file), flags, flags_out);
    mine->base.pMethods = real(file)->pMethods != NULL ? &methods : NULL;
    return code;
}

static int layer_delete(sqlite3_vfs *vfs, const char *path, int syncs_folder) {
    (void)vfs;
    int code = tell(watch_of(path), FAULTY_DISK_DELETE, path, syncs_folder, NULL, 0);
    if (code != SQLITE_OK) return code;
    return below->xDelete(below, path, syncs_folder);
}

int faulty_disk_install(void) {
    pthread_mutex_lock(&lock);
    int code = SQLITE_OK;
    if (below == NULL) {
        sqlite3_initialize();
        below = sqlite3_vfs_find(NULL);
        layer = *below;
        layer.zName = "faulty-disk";
        layer.pNext = NULL;
        layer.szOsFile = (int)sizeof(file_t) + below->szOsFile;
        layer.xOpen = layer_open;
        layer.xDelete = layer_delete;
        code = sqlite3_vfs_register(&layer, 1);
    }
    pthread_mutex_unlock(&lock);
    return code;
}

int faulty_disk_watch(const char *folder, faulty_disk_listener listener, void *context) {
    int found = -1;
    pthread_mutex_lock(&lock);
    for (int index = 0; index < WATCH_COUNT && found < 0; index++) {
        if (watches[index].folder == NULL) {
            watches[index] = (watch_t){strdup(folder), listener, context};
            found = index;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void faulty_disk_forget(int watch) {
    pthread_mutex_lock(&lock);
    if (watch >= 0 && watch < WATCH_COUNT) {
        free(watches[watch].folder);
        watches[watch] = (watch_t){0};
    }
    pthread_mutex_unlock(&lock);
}
