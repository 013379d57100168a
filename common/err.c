#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/check.h"
#include "common/text.h"

static const struct {
  const char *name;
  enum err_class class;
  int exit_code;
  const char *sentence;
} errs[] = {
#define X(name, class, exit_code, sentence) {#name, ERR_CLASS_##class, exit_code, sentence},
    ERR_TABLE(X)
#undef X
};

enum { ERR_COUNT = sizeof errs / sizeof errs[0] };

const char *err_name(enum err code) {
  check((unsigned)code < ERR_COUNT);
  return errs[code].name;
}

const char *err_sentence(enum err code) {
  check((unsigned)code < ERR_COUNT);
  return errs[code].sentence;
}

enum err_class err_class_of(enum err code) {
  check((unsigned)code < ERR_COUNT);
  return errs[code].class;
}

int err_exit_code(enum err code) {
  check((unsigned)code < ERR_COUNT);
  return errs[code].exit_code;
}

enum err err_from_errno(int number) {
  return number == ENOSPC || number == EDQUOT ? ERR_DISK_FULL : ERR_IO;
}

/* What a name from outside might do to a terminal, it does not do from a sentence of ours. */
static void make_printable(char *text) {
  const char *end = text + strlen(text);
  for (const char *at = text; at < end;) {
    char *start = (char *)at;
    uint32_t c = text_decode(&at, end);
    if (!text_is_printable(c) || c == TEXT_REPLACEMENT) memset(start, '?', (size_t)(at - start));
  }
}

/* A sentence cut in the middle of a character would not be UTF-8 any more. */
static void cut_to_whole_characters(char *text) {
  size_t size = strlen(text);
  size_t start = size;
  while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
  if (start == 0) return;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (size - (start - 1) < need) text[start - 1] = '\0';
}

static void finish_sentence(char *text) {
  cut_to_whole_characters(text);
  make_printable(text);
}

enum err failure_set(struct failure *f, enum err code, const char *format, ...) {
  if (!f) return code;
  va_list arguments;
  va_start(arguments, format);
  f->code = code;
  vsnprintf(f->message, sizeof f->message, format, arguments);
  va_end(arguments);
  finish_sentence(f->message);
  return code;
}

static const char *remedy(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return "; make room, or choose a folder on another disk";
    case EACCES:
    case EPERM:
      return "; choose a folder that you may write in, or ask for the right to";
    case EROFS:
      return "; choose a folder that is not read-only";
    case ENOTDIR:
    case EEXIST:
      return "; a file of that name is in the way: choose another folder, or move the file";
    case EISDIR:
    case ENOTEMPTY:
      return "; a folder of that name is in the way: move it";
    case EFBIG:
      return "; the disk or `ulimit -f` allows no larger file";
    case EMFILE:
      return "; allow more open files with `ulimit -n`";
    case EIO:
      return "; the disk or its connection may be failing: look into the system's log";
    default:
      return "";
  }
}

enum err failure_system(struct failure *f, int number, const char *format, ...) {
  if (!f) return err_from_errno(number);
  va_list arguments;
  va_start(arguments, format);
  f->code = err_from_errno(number);
  int size = vsnprintf(f->message, sizeof f->message, format, arguments);
  va_end(arguments);
  if (size >= 0 && (size_t)size < sizeof f->message)
    snprintf(f->message + size, sizeof f->message - (size_t)size, ": %s%s", strerror(number),
             remedy(number));
  finish_sentence(f->message);
  return f->code;
}

enum err failure_wrap(struct failure *f, const char *format, ...) {
  char inner[sizeof f->message];
  memcpy(inner, f->message, sizeof inner);
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(f->message, sizeof f->message, format, arguments);
  va_end(arguments);
  if (size >= 0 && (size_t)size < sizeof f->message)
    snprintf(f->message + size, sizeof f->message - (size_t)size, ": %s", inner);
  finish_sentence(f->message);
  return f->code;
}
