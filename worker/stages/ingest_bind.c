#include <string.h>

#include "common/field_model.h"
#include "worker/stages/ingest.h"

/* The only heading that is the name but for blanks, case, width and punctuation; -1 for none or
 * several. */
static int32_t column_find_alike(const struct source_file *file, struct bytes name) {
  struct arena arena = {0};
  struct bytes wanted = field_model_normalise(name, &arena);
  int32_t found = -1;
  uint32_t count = 0;
  for (uint32_t c = 0; c < file->column_count && wanted.size; c++) {
    if (!bytes_equal(field_model_normalise(file->columns[c], &arena), wanted)) continue;
    found = (int32_t)c;
    count++;
  }
  arena_release(&arena);
  return count == 1 ? found : -1;
}

static int32_t column_find(const struct source_file *file, struct bytes name) {
  for (uint32_t c = 0; c < file->column_count; c++)
    if (bytes_equal(file->columns[c], name)) return (int32_t)c;
  return column_find_alike(file, name);
}

/* The index, or -1 after adding the name to the list of what is missing. */
static int32_t column_need(const struct source_file *file, struct bytes name,
                           struct buffer *missing) {
  int32_t column = column_find(file, name);
  if (column < 0)
    buffer_printf(missing, "%s'%.*s'", missing->size ? ", " : "", (int)name.size, name.data);
  return column;
}

static enum err missing_columns(const struct source_file *file, struct buffer *missing,
                                struct failure *failure) {
  struct buffer have = {0};
  for (uint32_t c = 0; c < file->column_count && have.size < 400; c++)
    buffer_printf(&have, "%s'%.*s'", c ? ", " : "", (int)file->columns[c].size,
                  file->columns[c].data);
  enum err err =
      failure_set(failure, ERR_INPUT,
                  "%s: the job maps columns that this file does not have: %s. Found: %s. "
                  "Correct the headings in the source's map, or export the file again.",
                  file->path, buffer_string(missing), buffer_string(&have));
  buffer_release(&have);
  return err;
}

/* "{appid}/{shop}": the texts and columns that make it up. Braces that do not pair are text. */
static struct ingest_template template_read(const struct source_file *file, struct bytes text,
                                            struct arena *arena, struct buffer *missing) {
  struct ingest_template template = {0};
  struct ingest_template_part *parts = arena_alloc(arena, (text.size + 1) * sizeof *parts);
  while (text.size) {
    const char *open = memchr(text.data, '{', text.size);
    size_t before = open ? (size_t)(open - text.data) : text.size;
    const char *close = open ? memchr(open, '}', text.size - before) : NULL;
    if (!close) before = text.size;
    if (before)
      parts[template.part_count++] = (struct ingest_template_part){bytes_of(text.data, before), -1};
    if (!close) break;
    struct bytes name = bytes_of(open + 1, (size_t)(close - open) - 1);
    parts[template.part_count++] =
        (struct ingest_template_part){BYTES_EMPTY, column_need(file, name, missing)};
    text = bytes_of(close + 1, text.size - before - name.size - 2);
  }
  template.parts = parts;
  return template;
}

enum err ingest_bind(const struct plan *plan, uint32_t source, const struct source_file *file,
                     struct arena *arena, struct ingest_binding *out, struct failure *failure) {
  const struct job_source *s = &plan->job->sources[source];
  struct buffer missing = {0};
  *out = (struct ingest_binding){.source_column = -1};
  out->column_of = arena_alloc(arena, s->column_count * sizeof *out->column_of);
  struct ingest_template *name_spaces =
      arena_alloc_zeroed(arena, s->column_count * sizeof *name_spaces);
  out->key_columns = arena_alloc(arena, s->key_count * sizeof *out->key_columns);
  out->constants = arena_alloc_zeroed(arena, s->constant_count * sizeof *out->constants);
  for (uint32_t c = 0; c < s->column_count; c++) {
    out->column_of[c] = column_need(file, s->columns[c].name, &missing);
    if (!job_column_has_template(&s->columns[c])) continue;
    name_spaces[c] = template_read(file, s->columns[c].options.name_space, arena, &missing);
    out->has_name_spaces = true;
  }
  out->name_spaces = name_spaces;
  for (uint32_t k = 0; k < s->key_count; k++)
    out->key_columns[k] = column_need(file, s->key[k], &missing);
  if (s->source_column.size) out->source_column = column_need(file, s->source_column, &missing);
  record_check_init(plan->job, &out->check);
  static const enum field_role time_roles[INGEST_TIME_FIELDS] = {ROLE_UPDATED_AT, ROLE_EVENT_TIME,
                                                                 ROLE_LAST_LOGIN, ROLE_FIRST_SEEN};
  for (unsigned i = 0; i < INGEST_TIME_FIELDS; i++)
    out->time_fields[i] = job_field_with_role(plan->job, time_roles[i]);
  for (uint32_t k = 0; k < s->constant_count; k++) {
    const struct job_constant *constant = &s->constants[k];
    struct standard_value value = {0};
    plan->types[constant->field]->standardise(&plan->job->fields[constant->field].options,
                                              constant->value, arena, &value, NULL);
    out->constants[k] =
        (struct record_value){arena_copy(arena, value.value), (uint8_t)value.state, value.kind};
  }
  enum err err = missing.size ? missing_columns(file, &missing, failure) : ERR_OK;
  buffer_release(&missing);
  return err;
}
