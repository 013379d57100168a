#include "proto/key_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/bytes.h"
#include "common/check.h"

enum { FILE_BYTES_MAX = 4096, LINE_BYTES_MAX = 256 };

static enum err io_failure(struct failure *failure, const char *what, const char *path) {
  return failure_set(failure, err_from_errno(errno), "%s %s: %s", what, path, strerror(errno));
}

static enum err join_path(char *out, const char *folder, const char *name,
                          struct failure *failure) {
  if (snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX) return ERR_OK;
  return failure_set(failure, ERR_USAGE, "the path of the keys is too long");
}

/* Written whole, synced, for the owner alone; never over another. */
static enum err write_new(const char *path, struct buffer *text, struct failure *failure) {
  int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return io_failure(failure, "making", path);
  ssize_t wrote = write(fd, text->data, text->size);
  bool ok = wrote == (ssize_t)text->size && fsync(fd) == 0;
  enum err err = ok ? ERR_OK : io_failure(failure, "writing", path);
  close(fd);
  if (err) unlink(path);
  return err;
}

static enum err write_key(const char *path, const struct key_file *key, struct failure *failure) {
  struct buffer text = {0};
  buffer_printf(&text, "# guiyi: keep this file secret\nname %s\npublic %s\nsecret %s\n", key->name,
                key->public_key, key->secret_key);
  if (key->coordinator[0]) buffer_printf(&text, "coordinator %s\n", key->coordinator);
  enum err err = write_new(path, &text, failure);
  memset(text.data, 0, text.size);
  buffer_release(&text);
  return err;
}

static enum err make_folder(const char *path, struct failure *failure) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) return ERR_OK;
  return io_failure(failure, "making the folder", path);
}

enum err key_folder_init(const char *folder, struct failure *failure) {
  char path[PATH_MAX], workers[PATH_MAX], members[PATH_MAX];
  struct key_file key = {.name = "coordinator"};
  enum err err = join_path(path, folder, "coordinator.key", failure);
  if (!err) err = join_path(workers, folder, "workers", failure);
  if (!err) err = join_path(members, folder, "members", failure);
  if (!err && access(path, F_OK) == 0)
    err =
        failure_set(failure, ERR_USAGE,
                    "%s is there already: workers know the cluster by it. Add workers with `guiyi "
                    "cluster add-worker`, or name another folder.",
                    path);
  if (!err) err = make_folder(folder, failure);
  if (!err) err = make_folder(workers, failure);
  if (err) return err;
  check(zmq_curve_keypair(key.public_key, key.secret_key) == 0);
  err = write_key(path, &key, failure);
  struct buffer none = {0};
  if (!err && access(members, F_OK) != 0) err = write_new(members, &none, failure);
  memset(&key, 0, sizeof key);
  return err;
}

static bool is_name(const char *name) {
  size_t size = strlen(name);
  for (size_t i = 0; i < size; i++)
    if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_') return false;
  return size > 0 && size <= KEY_NAME_BYTES_MAX;
}

static enum err append_member(const char *folder, const struct key_file *key,
                              struct failure *failure) {
  char path[PATH_MAX];
  enum err err = join_path(path, folder, "members", failure);
  if (err) return err;
  int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return io_failure(failure, "opening", path);
  char line[LINE_BYTES_MAX];
  int size = snprintf(line, sizeof line, "%s %s\n", key->name, key->public_key);
  bool ok = write(fd, line, (size_t)size) == size && fsync(fd) == 0;
  err = ok ? ERR_OK : io_failure(failure, "writing", path);
  close(fd);
  return err;
}

enum err key_folder_add_worker(const char *folder, const char *name, char *path,
                               struct failure *failure) {
  struct key_file coordinator, key = {0};
  if (!is_name(name))
    return failure_set(failure, ERR_USAGE,
                       "'%s' is no name for a worker: letters, digits, - and _, at most %d", name,
                       KEY_NAME_BYTES_MAX);
  enum err err = key_folder_read_coordinator(folder, &coordinator, failure);
  char file[KEY_NAME_BYTES_MAX + 16];
  snprintf(file, sizeof file, "workers/%s.key", name);
  if (!err) err = join_path(path, folder, file, failure);
  if (err) return err;
  memcpy(key.name, name, strlen(name) + 1);
  memcpy(key.coordinator, coordinator.public_key, sizeof key.coordinator);
  check(zmq_curve_keypair(key.public_key, key.secret_key) == 0);
  if (access(path, F_OK) == 0)
    err = failure_set(failure, ERR_USAGE, "there is a worker %s already: %s", name, path);
  if (!err) err = write_key(path, &key, failure);
  if (!err) err = append_member(folder, &key, failure);
  memset(&key, 0, sizeof key);
  memset(&coordinator, 0, sizeof coordinator);
  return err;
}

/* "name value" into the key; false when the value is none or the name is not known. */
static bool take_line(struct key_file *key, const char *line) {
  char name[LINE_BYTES_MAX], value[LINE_BYTES_MAX];
  if (line[0] == '#' || line[0] == '\0') return true;
  if (sscanf(line, "%255s %255s", name, value) != 2) return false;
  if (strcmp(name, "name") == 0) {
    if (!is_name(value)) return false;
    memcpy(key->name, value, strlen(value) + 1);
    return true;
  }
  char *to = strcmp(name, "public") == 0        ? key->public_key
             : strcmp(name, "secret") == 0      ? key->secret_key
             : strcmp(name, "coordinator") == 0 ? key->coordinator
                                                : NULL;
  uint8_t decoded[32];
  if (!to || strlen(value) != KEY_TEXT_BYTES - 1 || !zmq_z85_decode(decoded, value)) return false;
  memcpy(to, value, KEY_TEXT_BYTES);
  memset(decoded, 0, sizeof decoded);
  return true;
}

enum err key_file_read(const char *path, struct key_file *out, struct failure *failure) {
  *out = (struct key_file){0};
  FILE *file = fopen(path, "re");
  if (!file)
    return failure_set(
        failure, ERR_CONFIG,
        "the key file %s: %s. `guiyi cluster init` and `guiyi cluster add-worker` make "
        "keys.",
        path, strerror(errno));
  struct stat status;
  bool is_private = fstat(fileno(file), &status) == 0 && (status.st_mode & 077) == 0;
  bool ok = status.st_size <= FILE_BYTES_MAX;
  char line[LINE_BYTES_MAX];
  while (ok && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    ok = take_line(out, line);
  }
  memset(line, 0, sizeof line);
  fclose(file);
  if (!is_private)
    return failure_set(failure, ERR_CONFIG, "others may read %s: chmod 600 it, or make a new key",
                       path);
  if (ok && out->name[0] && out->public_key[0] && out->secret_key[0]) return ERR_OK;
  return failure_set(failure, ERR_CONFIG, "%s is not a key file", path);
}

enum err key_folder_read_coordinator(const char *folder, struct key_file *out,
                                     struct failure *failure) {
  char path[PATH_MAX];
  enum err err = join_path(path, folder, "coordinator.key", failure);
  return err ? err : key_file_read(path, out, failure);
}

bool key_folder_has_member(const char *folder, const char *public_key,
                           char name[KEY_NAME_BYTES_MAX + 1]) {
  char path[PATH_MAX], line[LINE_BYTES_MAX];
  name[0] = '\0';
  if (join_path(path, folder, "members", NULL)) return false;
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    char member[LINE_BYTES_MAX], key[LINE_BYTES_MAX];
    found = sscanf(line, "%255s %255s", member, key) == 2 && is_name(member) &&
            strcmp(key, public_key) == 0;
    if (found) memcpy(name, member, strlen(member) + 1);
  }
  fclose(file);
  return found;
}
