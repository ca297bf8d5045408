// SPDX-License-Identifier: Apache-2.0
// Preloaded into a scan: writes down what a disk holds after a power cut. A file has the bytes of its last fsync, a
// folder the names of its own last fsync: the least that POSIX promises. The log POWER_CUT_LOG has a record a sync:
// "F inode size\n" and the bytes, or "D inode size\n" and lines "type inode name". Workers do not inherit it.
// gcc -shared -fPIC -O2 -o power_cut.so power_cut.c -ldl
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int log_file = -1;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

// Opened before the program confines itself to its case.
__attribute__((constructor)) static void open_log(void) {
    const char* path = getenv("POWER_CUT_LOG");
    if (path) log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// Through a descriptor of its own: the program's may be for writing only.
static void log_file_bytes(int fd, unsigned long inode, size_t size) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const int source = open(name, O_RDONLY | O_CLOEXEC);
    char* bytes = malloc(size + 1);
    const ssize_t got = pread(source, bytes, size, 0);
    dprintf(log_file, "F %lu %zd\n", inode, got);
    for (ssize_t done = 0; done < got;) done += write(log_file, bytes + done, (size_t)(got - done));
    free(bytes);
    close(source);
}

static void log_names(int fd, unsigned long inode) {
    DIR* folder = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    char* text = NULL;
    size_t size = 0;
    FILE* lines = open_memstream(&text, &size);
    for (struct dirent* e; (e = readdir(folder));)
        if (e->d_name[0] != '.')
            fprintf(lines, "%c %lu %s\n", e->d_type == DT_DIR ? 'd' : 'f', (unsigned long)e->d_ino, e->d_name);
    fclose(lines);
    closedir(folder);
    dprintf(log_file, "D %lu %zu\n", inode, size);
    write(log_file, text, size) < 0 ? abort() : free(text);
}

static void note(int fd) {
    struct stat status;
    if (log_file < 0 || fstat(fd, &status) != 0) return;
    pthread_mutex_lock(&one_at_a_time);
    if (S_ISDIR(status.st_mode)) log_names(fd, status.st_ino);
    if (S_ISREG(status.st_mode)) log_file_bytes(fd, status.st_ino, (size_t)status.st_size);
    pthread_mutex_unlock(&one_at_a_time);
}

int fsync(int fd) {
    const int result = ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
    if (result == 0) note(fd);
    return result;
}

int fdatasync(int fd) {
    const int result = ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
    if (result == 0) note(fd);
    return result;
}
