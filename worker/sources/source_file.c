#include "worker/sources/source_file.h"

#include <stdarg.h>
#include <stdio.h>

#include "worker/sources/source_warning.h"

const char *source_format_name(enum source_format format) {
  return format == SOURCE_FORMAT_CSV     ? "CSV"
         : format == SOURCE_FORMAT_JSONL ? "JSON Lines"
                                         : "not recognised";
}

const char *source_encoding_name(enum source_encoding encoding) {
  return encoding == SOURCE_ENCODING_UTF8      ? "UTF-8"
         : encoding == SOURCE_ENCODING_GB18030 ? "GB18030"
                                               : "not recognised";
}

const char *source_compression_name(enum source_compression compression) {
  return compression == SOURCE_GZIP ? "gzip" : compression == SOURCE_ZSTD ? "zstd" : "plain";
}

void source_warn(struct source_file *file, const char *format, ...) {
  if (file->warning_count == SOURCE_WARNINGS_MAX) return;
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  file->warnings[file->warning_count++] = arena_copy_string(&file->arena, text);
}

void source_file_release(struct source_file *file) {
  arena_release(&file->arena);
  *file = (struct source_file){0};
}
