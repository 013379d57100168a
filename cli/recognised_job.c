#include <stdio.h>
#include <stdlib.h>

#include "cli/recogniser.h"
#include "common/check.h"
#include "common/text.h"

/* The file's name without folder and the endings that say how it is written. */
static struct bytes source_id_of(struct recogniser *r, uint32_t file) {
  static const char *const endings[] = {".gz",  ".zst",   ".csv",    ".tsv",
                                        ".txt", ".jsonl", ".ndjson", ".json"};
  struct bytes name = bytes_from_string(r->files[file].path);
  for (size_t i = name.size; i-- > 0;) {
    if (name.data[i] != '/') continue;
    name = bytes_of(name.data + i + 1, name.size - i - 1);
    break;
  }
  for (bool cut = true; cut;) {
    cut = false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
      struct bytes ending = bytes_from_string(endings[i]);
      if (name.size <= ending.size || !bytes_ends_with(name, ending)) continue;
      name.size -= ending.size;
      cut = true;
    }
  }
  name = text_cut(name, JOB_NAME_BYTES_MAX - 12);
  char *id = arena_alloc(&r->job->arena, name.size + 16);
  size_t size = 0;
  for (const char *at = name.data, *end = at + name.size; at < end;) {
    const char *start = at;
    uint32_t c = text_decode(&at, end);
    if (c < ' ' || (c >= 0x7F && c < 0xA0) || c == TEXT_REPLACEMENT) {
      id[size++] = '_';
    } else {
      memcpy(id + size, start, (size_t)(at - start));
      size += (size_t)(at - start);
    }
  }
  id[size] = '\0';
  size_t stem = size;
  for (unsigned n = 2, k = 0; k < file;) {
    if (!bytes_equal(r->job->sources[k].id, bytes_of(id, size))) {
      k++;
      continue;
    }
    size = stem + (size_t)snprintf(id + stem, 12, "_%u", n++);
    k = 0;
  }
  return bytes_of(id, size);
}

static const char *by_words(enum recognised_by by) {
  switch (by) {
    case RECOGNISED_BY_HEADING_AND_CONTENT:
      return "heading and content";
    case RECOGNISED_BY_HEADING:
      return "heading";
    case RECOGNISED_BY_CONTENT:
      return "content";
    default:
      return "nothing, kept as text";
  }
}

static struct job_column column_of(struct recogniser *r, const struct draft *draft) {
  struct job *job = r->job;
  const struct column_meaning *m = &draft->meaning;
  const struct job_field *field = &job->fields[draft->field];
  struct job_column column = {.name = arena_copy(&job->arena, draft->heading),
                              .field = (uint16_t)draft->field,
                              .options = field->options};
  if (field->type == FIELD_TYPE_DATE && m->type == FIELD_TYPE_DATE) {
    column.options.date_part = m->options.date_part;
    column.options.date_order = m->options.date_order;
  }
  const char *note =
      arena_printf(&job->arena, "sure %u %% by %s, filled %u %%%s%s", m->sure_percent,
                   by_words(m->by), permille(draft->profile.filled, draft->profile.rows) / 10,
                   m->is_constant ? ", one value nearly everywhere" : "",
                   m->order_is_open ? ", say order: dmy or mdy: the dates do not tell" : "");
  column.note = bytes_from_string(note);
  return column;
}

void recogniser_make_source(struct recogniser *r, uint32_t file) {
  struct job *job = r->job;
  struct job_source *source = &job->sources[file];
  const struct source_file *from = &r->files[file];
  *source = (struct job_source){.trust = 50, .batch_rows = 5000};
  source->id = source_id_of(r, file);
  char *absolute = realpath(from->path, NULL);
  struct bytes *path = arena_alloc(&job->arena, sizeof *path);
  *path = bytes_from_string(arena_copy_string(&job->arena, absolute ? absolute : from->path));
  free(absolute);
  source->paths = path;
  source->path_count = 1;
  source->format = from->format == SOURCE_FORMAT_JSONL ? JOB_FORMAT_JSONL : JOB_FORMAT_CSV;
  source->encoding =
      from->encoding == SOURCE_ENCODING_GB18030 ? JOB_ENCODING_GB18030 : JOB_ENCODING_UTF8;
  if (source->format == JOB_FORMAT_CSV) {
    source->delimiter = from->delimiter;
    source->header = from->has_header ? 1 : -1;
  }
  struct job_column *columns =
      arena_alloc_zeroed(&job->arena, from->column_count * sizeof *columns);
  for (uint32_t d = r->first_draft[file]; d < r->first_draft[file + 1]; d++) {
    const struct draft *draft = &r->drafts[d];
    if (draft->as == IS_FIELD && source->column_count < JOB_COLUMNS_MAX)
      columns[source->column_count++] = column_of(r, draft);
    struct bytes heading = BYTES_EMPTY;
    if (draft->as == IS_RECORD_ID || draft->as == IS_SOURCE_NAME || draft->is_key)
      heading = arena_copy(&job->arena, draft->heading);
    if (draft->as == IS_SOURCE_NAME) source->source_column = heading;
    if (draft->as == IS_RECORD_ID || draft->is_key) {
      struct bytes *key = arena_alloc(&job->arena, sizeof *key);
      *key = heading;
      source->key = key;
      source->key_count = 1;
    }
  }
  source->columns = columns;
}

static const char *meaning_of(struct recogniser *r, const struct draft *draft) {
  switch (draft->as) {
    case IS_RECORD_ID:
      return "the record's own id";
    case IS_SOURCE_NAME:
      return "the record's source";
    case IS_UNUSED:
      return "not used";
    default:
      break;
  }
  const struct job_field *field = &r->job->fields[draft->field];
  const struct field_type *type = field_type_find(bytes_from_string(job_type_name(field->type)));
  check(type);
  return type->label;
}

void recogniser_report(struct recogniser *r, struct recognition *out) {
  *out = (struct recognition){.files = r->files, .column_count = r->draft_count};
  out->columns = arena_alloc_zeroed(&r->job->arena, r->draft_count * sizeof *out->columns);
  for (uint32_t d = 0; d < r->draft_count; d++) {
    const struct draft *draft = &r->drafts[d];
    struct recognised_column *column = &out->columns[d];
    *column = (struct recognised_column){
        .file = draft->file,
        .column = draft->column,
        .heading = arena_copy(&r->job->arena, draft->heading),
        .is_key = draft->is_key || draft->as == IS_RECORD_ID,
        .field = (int16_t)(draft->as == IS_FIELD ? draft->field : -1),
        .by = draft->as == IS_FIELD ? draft->meaning.by : RECOGNISED_BY_HEADING,
        .sure_percent = (uint8_t)(draft->as == IS_FIELD ? draft->meaning.sure_percent : 100),
        .filled_percent = (uint8_t)(permille(draft->profile.filled, draft->profile.rows) / 10),
        .meaning = meaning_of(r, draft)};
  }
}
