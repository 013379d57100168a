#include "worker/store/data_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/number_read.h"
#include "worker/store/failpoint.h"

void (*failpoint_hook)(const char *name);

enum { FOLDER_MODE = 0750, FILE_MODE = 0640, GENERATION_DIGITS = 6 };

static enum err system_failed(const char *what, const char *path, struct failure *failure) {
  return failure_system(failure, errno, "cannot %s %s", what, path);
}

static enum err path_join(char path[DATA_FOLDER_PATH_MAX], const char *data_dir, const char *name,
                          struct failure *failure) {
  int size = snprintf(path, DATA_FOLDER_PATH_MAX, "%s/%s", data_dir, name);
  if (size < 0 || size >= DATA_FOLDER_PATH_MAX)
    return failure_set(failure, ERR_LIMIT,
                       "the path of the data folder is too long: at most %d bytes, choose another "
                       "place with --data-dir",
                       DATA_FOLDER_PATH_MAX - 64);
  return ERR_OK;
}

enum err data_folder_path(const char *data_dir, uint64_t generation, const char *file,
                          char path[DATA_FOLDER_PATH_MAX], struct failure *failure) {
  char name[128];
  snprintf(name, sizeof name, "generations/%0*" PRIu64 "%s%s", GENERATION_DIGITS, generation,
           file ? "/" : "", file ? file : "");
  return path_join(path, data_dir, name, failure);
}

static enum err make_folder(const char *path, struct failure *failure) {
  if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST) return ERR_OK;
  return system_failed("make the folder", path, failure);
}

static enum err make_folder_with_parents(const char *path, struct failure *failure) {
  char part[DATA_FOLDER_PATH_MAX];
  size_t size = strlen(path);
  if (size >= sizeof part) return path_join(part, path, "", failure);
  for (size_t i = 1; i < size; i++) {
    if (path[i] != '/') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    enum err err = make_folder(part, failure);
    if (err) return err;
  }
  return make_folder(path, failure);
}

enum err data_folder_lock(const char *data_dir, int *lock_fd, struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  *lock_fd = -1;
  enum err err = make_folder_with_parents(data_dir, failure);
  if (!err) err = path_join(path, data_dir, "generations", failure);
  if (!err) err = make_folder(path, failure);
  if (!err) err = path_join(path, data_dir, "LOCK", failure);
  if (err) return err;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
  if (fd < 0) return system_failed("open", path, failure);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    char holder[24] = {0};
    bool is_held = errno == EWOULDBLOCK;
    ssize_t size = is_held ? pread(fd, holder, sizeof holder - 1, 0) : 0;
    err = is_held ? failure_set(failure, ERR_STORE,
                                "another run%s%.*s builds a generation in %s: wait until it has "
                                "ended, or give this run its own --data-dir",
                                size > 0 ? " with process id " : "", (int)strcspn(holder, "\n"),
                                holder, data_dir)
                  : system_failed("lock", path, failure);
    close(fd);
    return err;
  }
  char holder[24];
  int size = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
  /* The process id is for the message above only: without it the lock holds all the same. */
  if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, holder, (size_t)size, 0);
  *lock_fd = fd;
  return ERR_OK;
}

enum err data_folder_read_file(const char *path, uint64_t size_max, struct buffer *content,
                               struct failure *failure) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return failure_set(failure, ERR_NOT_FOUND, "%s is not there", path);
  if (fd < 0) return system_failed("open", path, failure);
  enum err err = ERR_OK;
  for (;;) {
    buffer_reserve(content, 64 << 10);
    ssize_t got = read(fd, content->data + content->size, content->capacity - content->size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) err = system_failed("read", path, failure);
    if (got <= 0) break;
    content->size += (size_t)got;
    if (content->size > size_max) {
      err = failure_set(failure, ERR_LIMIT, "%s is longer than %" PRIu64 " bytes", path, size_max);
      break;
    }
  }
  close(fd);
  return err;
}

enum err data_folder_write_file(const char *path, struct bytes content, struct failure *failure) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
  if (fd < 0) return system_failed("make", path, failure);
  enum err err = ERR_OK;
  while (content.size && !err) {
    ssize_t put = write(fd, content.data, content.size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      err = system_failed("write", path, failure);
    } else {
      content.data += put;
      content.size -= (size_t)put;
    }
  }
  if (!err && fsync(fd) != 0) err = system_failed("sync", path, failure);
  if (close(fd) != 0 && !err) err = system_failed("close", path, failure);
  return err;
}

enum err data_folder_sync_folder(const char *path, struct failure *failure) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_failed("open the folder", path, failure);
  enum err err = fsync(fd) == 0 ? ERR_OK : system_failed("sync the folder", path, failure);
  close(fd);
  return err;
}

/* The number that a folder in generations/ stands for; 0 = it is none of ours. */
static uint64_t generation_of_name(const char *name) {
  size_t size = strspn(name, "0123456789");
  if (name[size] || size < GENERATION_DIGITS || size > 18) return 0;
  return strtoull(name, NULL, 10);
}

/* Calls nothing back: the highest generation folder, and the highest below `below`. */
static enum err highest_generation(const char *data_dir, uint64_t below, uint64_t *highest,
                                   uint64_t *highest_below, struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  *highest = *highest_below = 0;
  enum err err = path_join(path, data_dir, "generations", failure);
  if (err) return err;
  DIR *dir = opendir(path);
  if (!dir && errno == ENOENT) return ERR_OK;
  if (!dir) return system_failed("list", path, failure);
  for (struct dirent *entry; (entry = readdir(dir));) {
    uint64_t number = generation_of_name(entry->d_name);
    if (number > *highest) *highest = number;
    if (number < below && number > *highest_below) *highest_below = number;
  }
  closedir(dir);
  return ERR_OK;
}

static enum err current_is_missing(const char *data_dir, struct failure *failure) {
  uint64_t highest, unused;
  enum err err = highest_generation(data_dir, 0, &highest, &unused, failure);
  if (err) return err;
  /* A run that broke before it ever published leaves generation 1 at most. Anything above means
   * that there was a CURRENT: starting anew would use customer ids a second time. */
  if (highest > 1)
    return failure_set(failure, ERR_CORRUPT,
                       "%s/CURRENT is gone although there are generations up to %" PRIu64
                       ": restore that file from a backup, or use another data folder",
                       data_dir, highest);
  return failure_set(failure, ERR_NOT_FOUND,
                     "%s holds no published generation: make one with `guiyi run`, or name the "
                     "right folder with --data-dir",
                     data_dir);
}

static void print_current(struct buffer *out, const struct data_folder_current *current) {
  buffer_printf(out, "generation %" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n", current->generation,
                current->manifest_checksum.high, current->manifest_checksum.low);
}

/* Only what print_current writes. */
static bool parse_current(struct bytes text, struct data_folder_current *current) {
  static const struct bytes word = {"generation ", 11};
  if (!bytes_starts_with(text, word) || !bytes_ends_with(text, BYTES("\n"))) return false;
  text = bytes_of(text.data + word.size, text.size - word.size - 1);
  const char *space = memchr(text.data, ' ', text.size);
  if (!space) return false;
  size_t digits = (size_t)(space - text.data);
  return number_read_u64(bytes_of(text.data, digits), &current->generation) &&
         current->generation &&
         number_read_hex128(bytes_of(space + 1, text.size - digits - 1),
                            &current->manifest_checksum);
}

enum err data_folder_current(const char *data_dir, struct data_folder_current *current,
                             struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  struct buffer text = {0};
  enum err err = path_join(path, data_dir, "CURRENT", failure);
  if (!err) err = data_folder_read_file(path, 256, &text, failure);
  if (err == ERR_NOT_FOUND) {
    err = current_is_missing(data_dir, failure);
  } else if (!err) {
    struct data_folder_current c = {0};
    if (parse_current(buffer_bytes(&text), &c))
      *current = c;
    else
      err = failure_set(failure, ERR_CORRUPT,
                        "%s is damaged: found %zu bytes that do not name a generation; restore it "
                        "from a backup",
                        path, text.size);
  }
  buffer_release(&text);
  return err;
}

enum err data_folder_set_current(const char *data_dir, const struct data_folder_current *current,
                                 struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX], beside[DATA_FOLDER_PATH_MAX];
  enum err err = path_join(path, data_dir, "CURRENT", failure);
  if (!err) err = path_join(beside, data_dir, "CURRENT.new", failure);
  if (err) return err;
  struct buffer text = {0};
  print_current(&text, current);
  err = data_folder_write_file(beside, buffer_bytes(&text), failure);
  buffer_release(&text);
  if (err) return err;
  failpoint("pointer written");
  if (rename(beside, path) != 0) return system_failed("rename", beside, failure);
  failpoint("pointer renamed");
  return data_folder_sync_folder(data_dir, failure);
}

enum err data_folder_make(const char *data_dir, uint64_t generation, struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  enum err err = data_folder_path(data_dir, generation, NULL, path, failure);
  return err ? err : make_folder(path, failure);
}

enum err data_folder_sync(const char *data_dir, uint64_t generation, struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  enum err err = data_folder_path(data_dir, generation, NULL, path, failure);
  if (!err) err = data_folder_sync_folder(path, failure);
  if (!err) err = path_join(path, data_dir, "generations", failure);
  if (!err) err = data_folder_sync_folder(path, failure);
  return err ? err : data_folder_sync_folder(data_dir, failure);
}

enum err data_folder_remove(const char *data_dir, uint64_t generation, struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  enum err err = data_folder_path(data_dir, generation, NULL, path, failure);
  if (err) return err;
  DIR *dir = opendir(path);
  if (!dir && errno == ENOENT) return ERR_OK;
  if (!dir) return system_failed("list", path, failure);
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT && !err)
      err = system_failed("remove a file in", path, failure);
  }
  closedir(dir);
  if (!err && rmdir(path) != 0 && errno != ENOENT) err = system_failed("remove", path, failure);
  return err;
}

enum err data_folder_clean(const char *data_dir, uint64_t current, struct failure *failure) {
  uint64_t highest, previous;
  enum err err = highest_generation(data_dir, current, &highest, &previous, failure);
  char path[DATA_FOLDER_PATH_MAX];
  if (!err) err = path_join(path, data_dir, "generations", failure);
  if (err) return err;
  DIR *dir = opendir(path);
  if (!dir) return system_failed("list", path, failure);
  for (struct dirent *entry; !err && (entry = readdir(dir));) {
    uint64_t number = generation_of_name(entry->d_name);
    if (number == 0 || number == current || (number == previous && current)) continue;
    err = data_folder_remove(data_dir, number, failure);
  }
  closedir(dir);
  return err;
}
