/* Preloaded into a process: makes the n-th sync of a file fail, or tears its n-th write and ends the process.
 *   DISK_FILE   how the path of the files meant ends
 *   FAIL_SYNC   n: the n-th fsync or fdatasync of them fails with EIO
 *   TEAR_WRITE  n: of the n-th pwrite to them only the first half is written, then the process exits 137 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long syncs, writes;

static long wanted(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : 0;
}

static int is_meant(int file) {
  const char *end = getenv("DISK_FILE");
  char link[64], path[4096];
  if (!end) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  size_t tail = strlen(end);
  if (length < (ssize_t)tail) return 0;
  path[length] = 0;
  return strcmp(path + length - tail, end) == 0;
}

static int sync_fails(int file) {
  return wanted("FAIL_SYNC") && is_meant(file) && ++syncs == wanted("FAIL_SYNC");
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  if (sync_fails(file)) return errno = EIO, -1;
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  if (sync_fails(file)) return errno = EIO, -1;
  return real(file);
}

static void tear(int file, const void *bytes, size_t count, off64_t at) {
  if (!wanted("TEAR_WRITE") || !is_meant(file) || ++writes != wanted("TEAR_WRITE")) return;
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
  real(file, bytes, count / 2, at);
  _exit(137);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite");
  tear(file, bytes, count, at);
  return real(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
  tear(file, bytes, count, at);
  return real(file, bytes, count, at);
}
