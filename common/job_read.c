#include "common/job_read.h"

#include "common/decimal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/field_model.h"
#include "common/job_sections.h"
#include "common/memory.h"
#include "common/text.h"

enum { JOB_VERSION = 1 };

/* Offsets inside a section, for the few keys that are no plain values. */
static void *at_offset(void *section, uint32_t offset) { return (char *)section + offset; }

static struct job_place place_of(const struct yaml_node *node) {
  return (struct job_place){node->line, node->column};
}

JOB_READ(job_read_version) {
  (void)key, (void)section;
  if (node->kind == YAML_SCALAR && bytes_equal(node->text, BYTES("1"))) return ERR_OK;
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path, "found %s, expected %d, the only version there is",
                        yaml_node_describe(node, found), JOB_VERSION);
}

JOB_READ(job_read_shards) {
  (void)section;
  int64_t value = 0;
  if (node->kind == YAML_SCALAR && decimal_parse(node->text, 1, &value) && value >= 1 &&
      value <= 256 && (value & (value - 1)) == 0) {
    schema_set(key, reader->job, value);
    return ERR_OK;
  }
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path, "found %s, expected a power of two from 1 to 256",
                        yaml_node_describe(node, found));
}

/* ---- fields ---- */

/* What `type:` says. datetime is a date that keeps its time of day. */
static enum err read_type(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, enum field_type_id *type, bool *with_time) {
  enum { DATETIME = FIELD_TYPE_COUNT };
  static const struct schema_choice types[] = {
#define T(id, name) {name, FIELD_TYPE_##id},
      FIELD_TYPE_TABLE(T)
#undef T
          {"datetime", DATETIME},
      {NULL, 0}};
  int value = 0;
  enum err code = schema_read_choice(reader, path, node, types, &value);
  *with_time = value == DATETIME;
  *type = value == DATETIME ? FIELD_TYPE_DATE : (enum field_type_id)value;
  return code;
}

/* Dots part fields from key parts, braces and backquotes quote them elsewhere. */
static enum err check_field_name(struct schema_reader *reader, const struct schema_path *path,
                                 const struct yaml_node *node, struct bytes name) {
  for (size_t i = 0; i < name.size; i++) {
    if (strchr(".{}`", name.data[i]))
      return schema_mistake(reader, node, path,
                            "found '%c' in a field's name, expected none of . { } `", name.data[i]);
  }
  if (bytes_trim(name).size != name.size)
    return schema_mistake(reader, node, path, "found a space at the end of a field's name");
  return ERR_OK;
}

static enum err add_field(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, struct bytes name,
                          const struct field_model *model, enum field_type_id type,
                          uint16_t *index) {
  struct job *job = reader->job;
  if (job->field_count == JOB_FIELDS_MAX)
    return schema_mistake(reader, node, path, "more than %d fields", JOB_FIELDS_MAX);
  *index = (uint16_t)job->field_count;
  struct job_field *field = &job->fields[job->field_count++];
  field->options.timezone_minutes = job->timezone_minutes;
  field->options.as_of_day = job->as_of_day == JOB_AS_OF_DATA ? 0 : job->as_of_day;
  field_model_apply(model, name, type, field);
  return ERR_OK;
}

/* `手机号码: phone`, `手机号码: {type: phone, …}`, or `手机号码:` where the model knows it. */
static enum err declare_field(struct schema_reader *reader, const struct schema_path *path,
                              const struct yaml_node *name_node, const struct yaml_node *node) {
  struct bytes name;
  enum err code = schema_read_name(reader, path, name_node, JOB_NAME_BYTES_MAX, &name);
  if (!code) code = check_field_name(reader, path, name_node, name);
  if (code) return code;
  const struct field_model *model = field_model_find_heading(name);
  const struct yaml_node *type_node = node->kind == YAML_MAP ? yaml_tree_find(node, BYTES("type"))
                                      : yaml_node_is_null(node) ? NULL
                                                                : node;
  enum field_type_id type = model ? model->type : FIELD_TYPE_TEXT;
  bool with_time = false;
  struct schema_path at = {path, .key = BYTES("type")};
  if (type_node)
    code = read_type(reader, node->kind == YAML_MAP ? &at : path, type_node, &type, &with_time);
  else if (!model)
    code = schema_mistake(reader, name_node, path,
                          "the key 'type' is missing, and no field of this "
                          "name is known");
  if (code) return code;
  uint16_t index = 0;
  code = add_field(reader, path, name_node, name, model, type, &index);
  if (code) return code;
  struct job_field *field = &reader->job->fields[index];
  field->place = place_of(name_node);
  if (with_time) field->options.date_with_time = true;
  if (node->kind != YAML_MAP) return ERR_OK;
  if (yaml_tree_find(node, BYTES("role"))) reader->roles_said |= 1ULL << index;
  return schema_read(reader, path, node, job_field_keys, 1u << type, field);
}

JOB_READ(job_read_fields) {
  (void)key, (void)section;
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map of field names");
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    code = declare_field(reader, &at, node->keys[i], node->items[i]);
  }
  return code;
}

/* The nearest of the names that are in use; of the model's too where a field may still be made. */
static enum err unknown_field(struct schema_reader *reader, const struct schema_path *path,
                              const struct yaml_node *node, struct bytes name, bool offer_model) {
  struct name_choice choice;
  name_choice_init(&choice, name);
  for (uint32_t f = 0; f < reader->job->field_count; f++)
    name_choice_offer(&choice, reader->job->fields[f].name);
  const struct field_model *model = field_model_list();
  for (; offer_model && model->name; model++) {
    struct bytes own = bytes_from_string(model->name);
    if (job_field_find(reader->job, own) < 0) name_choice_offer(&choice, own);
  }
  /* A heading that the model knows is nearer than any spelling. */
  const struct field_model *meant = field_model_find_heading(name);
  struct bytes meant_name = bytes_from_string(meant ? meant->name : NULL);
  if (meant && (offer_model || job_field_find(reader->job, meant_name) >= 0))
    choice.nearest = meant_name;
  struct bytes shown = text_cut(name, JOB_NAME_BYTES_MAX);
  return schema_unknown_name(reader, node, path, &choice, "unknown field '%.*s'", (int)shown.size,
                             shown.data);
}

enum err job_read_field(struct schema_reader *reader, const struct schema_path *path,
                        const struct yaml_node *node, struct bytes name, uint16_t *field) {
  int index = job_field_find(reader->job, name);
  if (index < 0) return unknown_field(reader, path, node, name, false);
  *field = (uint16_t)index;
  return ERR_OK;
}

/* A field that a source fills: declared, well known, or declared here by type_node. */
static enum err filled_field(struct schema_reader *reader, const struct schema_path *path,
                             const struct yaml_node *node, const struct yaml_node *type_node,
                             uint16_t *field, bool *with_time) {
  enum err code = schema_expect(reader, path, node, YAML_SCALAR, "the name of a field");
  if (code) return code;
  int index = job_field_find(reader->job, node->text);
  const struct field_model *model = field_model_find(node->text);
  enum field_type_id type = model ? model->type : FIELD_TYPE_TEXT;
  if (index >= 0) type = reader->job->fields[index].type;
  enum field_type_id said = type;
  if (type_node) {
    struct schema_path at = {path->up, .key = BYTES("type")};
    code = read_type(reader, &at, type_node, &said, with_time);
    if (code) return code;
    if (said != type && (index >= 0 || model))
      return schema_mistake(reader, type_node, &at, "found '%s', but the field is of type %s",
                            job_type_name(said), job_type_name(type));
  } else if (index < 0 && !model) {
    return unknown_field(reader, path, node, node->text, true);
  }
  if (!model) model = field_model_find_heading(node->text);
  if (index >= 0) {
    *field = (uint16_t)index;
    return ERR_OK;
  }
  struct bytes name;
  code = schema_read_name(reader, path, node, JOB_NAME_BYTES_MAX, &name);
  if (!code) code = check_field_name(reader, path, node, name);
  return code ? code : add_field(reader, path, node, name, model, said, field);
}

/* ---- sources ---- */

static enum err read_column(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *heading, const struct yaml_node *node,
                            struct job_column *column) {
  enum err code = schema_read_name(reader, path, heading, JOB_HEADING_BYTES_MAX, &column->name);
  if (code) return code;
  column->name = bytes_trim(column->name);
  column->place = place_of(heading);
  const struct yaml_node *to = node, *type = NULL;
  struct schema_path at = {path, .key = BYTES("to")};
  if (node->kind == YAML_MAP) {
    to = yaml_tree_find(node, at.key);
    type = yaml_tree_find(node, BYTES("type"));
    if (!to) return schema_mistake(reader, node, path, "the key 'to' is missing: the field's name");
  }
  bool with_time = false;
  code = filled_field(reader, node->kind == YAML_MAP ? &at : path, to, type, &column->field,
                      &with_time);
  if (code) return code;
  const struct job_field *field = &reader->job->fields[column->field];
  column->options = field->options;
  if (with_time) column->options.date_with_time = true;
  if (node->kind != YAML_MAP) return ERR_OK;
  return schema_read(reader, path, node, job_column_keys, 1u << field->type, column);
}

JOB_READ(job_read_map) {
  (void)key;
  struct job_source *source = section;
  enum err code =
      schema_expect(reader, path, node, YAML_MAP, "a map from the source's headings to fields");
  if (!code && (node->count == 0 || node->count > JOB_COLUMNS_MAX))
    code = schema_mistake(reader, node, path, "found %u columns, expected 1 to %d", node->count,
                          JOB_COLUMNS_MAX);
  if (code) return code;
  struct job_column *columns =
      arena_alloc_zeroed(&reader->job->arena, node->count * sizeof *columns);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    code = read_column(reader, &at, node->keys[i], node->items[i], &columns[i]);
  }
  source->columns = columns;
  source->column_count = node->count;
  return code;
}

JOB_READ(job_read_constants) {
  (void)key;
  struct job_source *source = section;
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map from fields to values");
  if (code) return code;
  struct job_constant *constants =
      arena_alloc_zeroed(&reader->job->arena, node->count * sizeof *constants);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    const struct yaml_node *value = node->items[i];
    struct schema_path at = {path, .key = node->keys[i]->text};
    bool with_time;
    code = filled_field(reader, &at, node->keys[i], NULL, &constants[i].field, &with_time);
    if (!code) code = schema_expect(reader, &at, value, YAML_SCALAR, "a value");
    if (!code && (value->text.size == 0 || value->text.size > JOB_TEXT_BYTES_MAX))
      code = schema_mistake(reader, value, &at, "found a value of %zu bytes, expected 1 to %d",
                            value->text.size, JOB_TEXT_BYTES_MAX);
    if (code) return code;
    constants[i].value = schema_text(reader, value);
    constants[i].place = place_of(node->keys[i]);
    for (uint32_t c = 0; c < source->column_count; c++) {
      if (source->columns[c].field == constants[i].field)
        return schema_mistake(reader, node->keys[i], &at,
                              "the field is filled by column '%s' of "
                              "this source already; keep one of the two",
                              source->columns[c].name.data);
    }
  }
  source->constants = constants;
  source->constant_count = node->count;
  return code;
}

enum err job_refuse_twice(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, struct bytes name, struct bytes other,
                          uint32_t other_line) {
  if (!bytes_equal(name, other)) return ERR_OK;
  return schema_mistake(reader, node, path,
                        "'%s' stands twice, first in line %u; names must differ", name.data,
                        other_line);
}

JOB_READ(job_read_sources) {
  (void)key, (void)section;
  struct job *job = reader->job;
  enum err code = schema_expect(reader, path, node, YAML_LIST, "a list of sources");
  if (!code && (node->count == 0 || node->count > JOB_SOURCES_MAX))
    code = schema_mistake(reader, node, path, "found %u sources, expected 1 to %d", node->count,
                          JOB_SOURCES_MAX);
  if (code) return code;
  job->sources = arena_alloc_zeroed(&job->arena, node->count * sizeof *job->sources);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .index = i};
    struct job_source *source = &job->sources[i];
    *source = job_source_defaults();
    source->place = place_of(node->items[i]);
    code = schema_read(reader, &at, node->items[i], job_source_keys, 0, source);
    job->source_count = i + 1;
    for (uint32_t k = 0; k < i && !code; k++)
      code = job_refuse_twice(reader, &at, node->items[i], source->id, job->sources[k].id,
                              job->sources[k].place.line);
  }
  return code;
}

JOB_READ(job_read_aliases) {
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map from codes to values");
  if (!code && (node->count == 0 || node->count > JOB_ALIASES_MAX))
    code = schema_mistake(reader, node, path, "found %u aliases, expected 1 to %d", node->count,
                          JOB_ALIASES_MAX);
  if (code) return code;
  struct code_alias *aliases = arena_alloc(&reader->job->arena, node->count * sizeof *aliases);
  for (uint32_t i = 0; i < node->count; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    code = schema_read_name(reader, &at, node->keys[i], JOB_HEADING_BYTES_MAX, &aliases[i].from);
    if (!code)
      code = schema_read_name(reader, &at, node->items[i], JOB_HEADING_BYTES_MAX, &aliases[i].to);
    if (code) return code;
  }
  *(const struct code_alias **)at_offset(section, key->offset) = aliases;
  *(uint32_t *)at_offset(section, key->count_offset) = node->count;
  return ERR_OK;
}

/* ---- what is said of fields elsewhere ---- */

JOB_READ(job_read_mask) {
  (void)key;
  if (node->kind == YAML_SCALAR && job_mask_parse(node->text, section)) return ERR_OK;
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path,
                        "found %s, expected one of default, none, all, "
                        "surname_then_star, star_then_last, keep(first, last)",
                        yaml_node_describe(node, found));
}

static enum err read_by_field(struct schema_reader *reader, const struct schema_path *path,
                              const struct yaml_node *node,
                              enum err (*read)(struct schema_reader *, const struct schema_path *,
                                               const struct yaml_node *, struct job_field *)) {
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map of field names");
  for (uint32_t i = 0; i < node->count && !code; i++) {
    uint16_t field = 0;
    struct schema_path at = {path, .key = node->keys[i]->text};
    code = job_read_field(reader, path, node->keys[i], node->keys[i]->text, &field);
    if (!code) code = read(reader, &at, node->items[i], &reader->job->fields[field]);
  }
  return code;
}

static enum err read_survivorship_of(struct schema_reader *reader, const struct schema_path *path,
                                     const struct yaml_node *node, struct job_field *field) {
  int value = 0;
  enum err code = schema_read_choice(reader, path, node, job_survivorship_choices, &value);
  if (!code) field->survivorship = (enum survivorship)value;
  return code;
}

static enum err read_mask_of(struct schema_reader *reader, const struct schema_path *path,
                             const struct yaml_node *node, struct job_field *field) {
  return job_read_mask(reader, path, node, NULL, field);
}

JOB_READ(job_read_survivorship) {
  (void)key, (void)section;
  return read_by_field(reader, path, node, read_survivorship_of);
}

JOB_READ(job_read_masking) {
  (void)key, (void)section;
  return read_by_field(reader, path, node, read_mask_of);
}

/* ---- the file ---- */

/* A role that the file gives wins over one that the model gives; of two models' the first stays. */
static enum err settle_roles(struct schema_reader *reader) {
  struct job *job = reader->job;
  for (uint32_t f = 0; f < job->field_count; f++) {
    struct job_field *field = &job->fields[f];
    if (field->role == ROLE_NONE) continue;
    bool said = reader->roles_said >> f & 1;
    enum field_type_id wanted =
        field->role == ROLE_ORDER_AMOUNT ? FIELD_TYPE_AMOUNT
        : field->role == ROLE_UPDATED_AT || field->role == ROLE_FIRST_SEEN ||
                field->role == ROLE_EVENT_TIME || field->role == ROLE_LAST_LOGIN
            ? FIELD_TYPE_DATE
            : field->type;
    if (field->type != wanted)
      return failure_set(
          reader->failure, ERR_CONFIG,
          "%s:%u: fields.%s.role: the role is for type %s, but the field is of type %s",
          reader->file, field->place.line, field->name.data, job_type_name(wanted),
          job_type_name(field->type));
    for (uint32_t k = 0; k < f; k++) {
      struct job_field *other = &job->fields[k];
      if (other->role != field->role) continue;
      if (said && (reader->roles_said >> k & 1))
        return failure_set(reader->failure, ERR_CONFIG,
                           "%s:%u: fields.%s.role: field '%s' has this role already, in line %u; "
                           "one field per role",
                           reader->file, field->place.line, field->name.data, other->name.data,
                           other->place.line);
      (said ? other : field)->role = ROLE_NONE;
    }
  }
  return ERR_OK;
}

static struct bytes folder_of(struct job *job, struct bytes path) {
  size_t size = path.size;
  while (size > 0 && path.data[size - 1] != '/') size--;
  if (size == 0) return arena_copy(&job->arena, BYTES("."));
  return arena_copy(&job->arena, bytes_of(path.data, size > 1 ? size - 1 : 1));
}

enum err job_parse(struct bytes yaml, const char *path, struct job *job, struct failure *failure) {
  job_init(job);
  struct bytes where = bytes_from_string(path);
  job->path = arena_copy(&job->arena, where);
  job->folder = folder_of(job, where);
  job->fields = arena_alloc_zeroed(&job->arena, JOB_FIELDS_MAX * sizeof *job->fields);
  struct arena tree = {0};
  const struct yaml_node *root = NULL;
  struct schema_reader reader = {.job = job, .file = path, .failure = failure};
  enum err code = yaml_tree_parse(yaml, path, &tree, &root, failure);
  if (!code && yaml_node_is_null(root))
    code = failure_set(failure, ERR_CONFIG, "%s: the job file is empty", path);
  if (!code) code = schema_read(&reader, NULL, root, job_keys, 0, job);
  if (!code) code = settle_roles(&reader);
  arena_release(&tree);
  if (code) job_release(job);
  return code;
}

static enum err read_file(int file, const char *path, struct buffer *text,
                          struct failure *failure) {
  for (;;) {
    if (text->size > YAML_BYTES_MAX)
      return failure_set(failure, ERR_CONFIG, "%s: is larger than %d MiB; is this a job file?",
                         path, YAML_BYTES_MAX >> 20);
    buffer_reserve(text, 64 << 10);
    ssize_t got = read(file, text->data + text->size, 64 << 10);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return failure_set(failure, ERR_CONFIG, "%s: the job file cannot be read: %s", path,
                         strerror(errno));
    if (got == 0) return ERR_OK;
    text->size += (size_t)got;
  }
}

enum err job_load(const char *path, struct job *job, struct failure *failure) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    *job = (struct job){0};
    return failure_set(failure, ERR_CONFIG, "%s: the job file cannot be opened: %s", path,
                       strerror(errno));
  }
  struct buffer text = {0};
  enum err code = read_file(file, path, &text, failure);
  close(file);
  *job = (struct job){0};
  if (!code) code = job_parse(buffer_bytes(&text), path, job, failure);
  buffer_release(&text);
  return code;
}
