#include "worker/ordered_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/check.h"
#include "common/memory.h"

struct waiting_part {
  struct waiting_part *next;
  uint32_t part;
  struct buffer text;
};

struct ordered_file {
  char path[PATH_MAX], part_path[PATH_MAX];
  int fd;
  pthread_mutex_t lock;
  uint32_t next_part;           /* under lock, as is what follows */
  struct waiting_part *waiting; /* by part */
  struct failure failure;       /* of the first write that failed */
};

static enum err write_all(struct ordered_file *file, struct bytes text) {
  while (text.size && !file->failure.code) {
    ssize_t wrote = write(file->fd, text.data, text.size);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      failure_system(&file->failure, errno, "cannot write %s", file->path);
      break;
    }
    text = bytes_of(text.data + wrote, text.size - (size_t)wrote);
  }
  return file->failure.code;
}

enum err ordered_file_open(const char *folder, const char *name, struct bytes heading,
                           struct ordered_file **out, struct failure *failure) {
  struct ordered_file *file = memory_new_zeroed(1, sizeof *file);
  pthread_mutex_init(&file->lock, NULL);
  int size = snprintf(file->path, sizeof file->path, "%s/%s", folder, name);
  int part_size = snprintf(file->part_path, sizeof file->part_path, "%s/%s.part", folder, name);
  check(size > 0 && part_size > 0);
  file->fd = (size_t)part_size < sizeof file->part_path
                 ? open(file->part_path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)
                 : (errno = ENAMETOOLONG, -1);
  if (file->fd < 0) {
    enum err err = failure_system(failure, errno, "cannot make %s", file->part_path);
    pthread_mutex_destroy(&file->lock);
    free(file);
    return err;
  }
  *out = file;
  if (write_all(file, heading)) *failure = file->failure;
  return file->failure.code;
}

enum err ordered_file_add(struct ordered_file *file, uint32_t part, struct buffer *take_text,
                          struct failure *failure) {
  pthread_mutex_lock(&file->lock);
  check(part >= file->next_part);
  struct waiting_part **at = &file->waiting;
  while (*at && (*at)->part < part) at = &(*at)->next;
  struct waiting_part *added = memory_new(sizeof *added);
  *added = (struct waiting_part){.next = *at, .part = part, .text = *take_text};
  *take_text = (struct buffer){0};
  *at = added;
  while (file->waiting && file->waiting->part == file->next_part) {
    struct waiting_part *first = file->waiting;
    write_all(file, buffer_bytes(&first->text));
    file->waiting = first->next;
    file->next_part++;
    buffer_release(&first->text);
    free(first);
  }
  enum err err = file->failure.code;
  if (err && failure) *failure = file->failure;
  pthread_mutex_unlock(&file->lock);
  return err;
}

static void release(struct ordered_file *file) {
  while (file->waiting) {
    struct waiting_part *next = file->waiting->next;
    buffer_release(&file->waiting->text);
    free(file->waiting);
    file->waiting = next;
  }
  if (file->fd >= 0) close(file->fd);
  pthread_mutex_destroy(&file->lock);
  free(file);
}

enum err ordered_file_finish(struct ordered_file **pointer, uint32_t part_count,
                             struct failure *failure) {
  struct ordered_file *file = *pointer;
  check(file->next_part == part_count && !file->waiting);
  int closed = close(file->fd);
  file->fd = -1;
  enum err err = file->failure.code;
  if (!err && (closed != 0 || rename(file->part_path, file->path) != 0))
    err = failure_system(&file->failure, errno, "cannot finish %s", file->path);
  if (err) {
    *failure = file->failure;
    unlink(file->part_path);
  }
  release(file);
  *pointer = NULL;
  return err;
}

void ordered_file_drop(struct ordered_file **pointer) {
  struct ordered_file *file = *pointer;
  if (!file) return;
  unlink(file->part_path);
  release(file);
  *pointer = NULL;
}
