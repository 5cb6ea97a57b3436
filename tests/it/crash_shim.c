/* Stands between the program and the system, for tests of what happens when the machine fails.
 *
 *   SHIM_ROOT    only files below this folder are looked at
 *   SHIM_DISK    keeps there what would be on the disk: the bytes of a file as of its last fsync, the names in a
 *                folder as of its last fsync. Nothing else survives a loss of power.
 *   SHIM_CUT     the power is lost right before this fsync (1 is the first)
 *   SHIM_COUNT   a file that gets one byte for each fsync
 *   SHIM_FULL    the disk is full from this write on (1 is the first); half of that write still fits
 *   SHIM_HOST    the name of the machine
 *   SHIM_UNLOCKED the file system does not carry locks: each is given to everybody
 *   SHIM_CLOCK   so many seconds are added to the time of day
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static int ours(int fd, struct stat *found) {
  char link[64], path[PATH_MAX];
  const char *root = getenv("SHIM_ROOT");
  if (!root || fstat(fd, found) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, root, strlen(root)) == 0;
}

static ssize_t really_write(int fd, const void *bytes, size_t count) {
  static ssize_t (*next)(int, const void *, size_t);
  if (!next) next = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  return next(fd, bytes, count);
}

static void put_all(int fd, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = really_write(fd, bytes, count);
    if (written <= 0) abort();
    bytes += written;
    count -= (size_t)written;
  }
}

static void keep(int fd, const struct stat *found) {
  const char *disk = getenv("SHIM_DISK");
  char name[PATH_MAX], fresh[PATH_MAX + 8];
  if (!disk) return;
  int folder = S_ISDIR(found->st_mode);
  snprintf(name, sizeof name, "%s/%c%lu", disk, folder ? 'd' : 'f', (unsigned long)found->st_ino);
  snprintf(fresh, sizeof fresh, "%s.new", name);
  int to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (to < 0) abort();
  if (folder) {
    DIR *entries = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY));
    if (!entries) abort();
    for (struct dirent *entry; (entry = readdir(entries));) {
      char line[512];
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      int length = snprintf(line, sizeof line, "%c %lu %s\n", entry->d_type == DT_DIR ? 'd' : 'f',
                            (unsigned long)entry->d_ino, entry->d_name);
      put_all(to, line, (size_t)length);
    }
    closedir(entries);
  } else {
    char block[65536];
    off_t at = 0;
    for (ssize_t got; (got = pread(fd, block, sizeof block, at)) > 0; at += got) put_all(to, block, (size_t)got);
  }
  close(to);
  if (rename(fresh, name) != 0) abort();
}

static int synced(int fd, const char *which) {
  static int count;
  struct stat found;
  if (!getenv("SHIM_DISK") || !ours(fd, &found)) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, which);
    return next(fd);
  }
  pthread_mutex_lock(&one);
  const char *cut = getenv("SHIM_CUT"), *counter = getenv("SHIM_COUNT");
  if (cut && ++count == atoi(cut)) kill(getpid(), SIGKILL);
  if (counter) {
    int to = open(counter, O_WRONLY | O_CREAT | O_APPEND, 0600);
    put_all(to, ".", 1);
    close(to);
  }
  /* The real disk is not asked: only what is in SHIM_DISK will be there. */
  keep(fd, &found);
  pthread_mutex_unlock(&one);
  return 0;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }

/* How many of these bytes still fit, or -1 when the disk is not full yet. */
static ssize_t room(int fd, size_t count) {
  static int writes;
  struct stat found;
  const char *full = getenv("SHIM_FULL");
  if (!full || !ours(fd, &found) || !S_ISREG(found.st_mode)) return -1;
  int now = __sync_add_and_fetch(&writes, 1);
  if (now < atoi(full)) return -1;
  return now == atoi(full) ? (ssize_t)(count / 2) : 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  ssize_t fits = room(fd, count);
  if (fits < 0) return really_write(fd, bytes, count);
  if (fits > 0) return really_write(fd, bytes, (size_t)fits);
  errno = ENOSPC;
  return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  ssize_t (*next)(int, const void *, size_t, off64_t) =
      (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  ssize_t fits = room(fd, count);
  if (fits < 0) return next(fd, bytes, count, at);
  if (fits > 0) return next(fd, bytes, (size_t)fits, at);
  errno = ENOSPC;
  return -1;
}

int gethostname(char *name, size_t length) {
  const char *host = getenv("SHIM_HOST");
  if (!host) {
    int (*next)(char *, size_t) = (int (*)(char *, size_t))dlsym(RTLD_NEXT, "gethostname");
    return next(name, length);
  }
  strncpy(name, host, length);
  return 0;
}

int flock(int fd, int operation) {
  int (*next)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
  return getenv("SHIM_UNLOCKED") ? 0 : next(fd, operation);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*next)(clockid_t, struct timespec *);
  if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int done = next(clock, now);
  const char *added = getenv("SHIM_CLOCK");
  if (done == 0 && clock == CLOCK_REALTIME && added) now->tv_sec += atol(added);
  return done;
}
