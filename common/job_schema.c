#include "common/job_schema.h"

#include <stdio.h>

#include "common/calendar.h"
#include "common/decimal.h"
#include "common/text.h"

static void print_path(const struct schema_path *path, struct buffer *out) {
  if (!path) return;
  print_path(path->up, out);
  if (path->key.size == 0) {
    buffer_printf(out, "[%u]", path->index);
    return;
  }
  if (path->up) buffer_append_char(out, '.');
  struct bytes shown = text_cut(path->key, JOB_NAME_BYTES_MAX);
  for (size_t i = 0; i < shown.size; i++)
    buffer_append_char(out, (unsigned char)shown.data[i] < ' ' ? ' ' : shown.data[i]);
}

static enum err report(struct schema_reader *reader, const struct yaml_node *node,
                       const struct schema_path *path, struct buffer *words) {
  struct buffer where = {0};
  print_path(path, &where);
  if (where.size) buffer_append_string(&where, ": ");
  enum err code = failure_set(reader->failure, ERR_CONFIG, "%s:%u: %s%s", reader->file, node->line,
                              buffer_string(&where), buffer_string(words));
  buffer_release(&where);
  buffer_release(words);
  return code;
}

enum err schema_mistake(struct schema_reader *reader, const struct yaml_node *node,
                        const struct schema_path *path, const char *format, ...) {
  struct buffer words = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vprintf(&words, format, arguments);
  va_end(arguments);
  return report(reader, node, path, &words);
}

enum err schema_unknown_name(struct schema_reader *reader, const struct yaml_node *node,
                             const struct schema_path *path, const struct name_choice *choice,
                             const char *format, ...) {
  struct buffer words = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vprintf(&words, format, arguments);
  va_end(arguments);
  buffer_append_string(&words, ", expected ");
  name_choice_print(choice, &words);
  return report(reader, node, path, &words);
}

enum err schema_expect(struct schema_reader *reader, const struct schema_path *path,
                       const struct yaml_node *node, enum yaml_kind kind, const char *words) {
  if (node->kind == kind) return ERR_OK;
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path, "found %s, expected %s",
                        yaml_node_describe(node, found), words);
}

struct bytes schema_text(struct schema_reader *reader, const struct yaml_node *node) {
  return arena_copy(&reader->job->arena, node->text);
}

int64_t schema_get(const struct schema_key *key, const void *section) {
  const char *at = (const char *)section + key->offset;
  switch (key->size) {
    case 1:
      return *(const int8_t *)at;
    case 2:
      return *(const uint16_t *)at;
    case 4:
      return *(const int32_t *)at;
    default:
      return *(const int64_t *)at;
  }
}

void schema_set(const struct schema_key *key, void *section, int64_t value) {
  char *at = (char *)section + key->offset;
  switch (key->size) {
    case 1:
      *(int8_t *)at = (int8_t)value;
      break;
    case 2:
      *(uint16_t *)at = (uint16_t)value;
      break;
    case 4:
      *(int32_t *)at = (int32_t)value;
      break;
    default:
      *(int64_t *)at = value;
  }
}

enum err schema_read_name(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, size_t bytes_max, struct bytes *name) {
  enum err code = schema_expect(reader, path, node, YAML_SCALAR, "a name");
  if (code) return code;
  if (yaml_node_is_null(node) || node->text.size == 0)
    return schema_mistake(reader, node, path, "found nothing, expected a name");
  if (node->text.size > bytes_max)
    return schema_mistake(reader, node, path, "found a name of %zu bytes, expected at most %zu",
                          node->text.size, bytes_max);
  for (const char *at = node->text.data, *end = at + node->text.size; at < end;) {
    if (!text_is_printable(text_decode(&at, end)))
      return schema_mistake(reader, node, path,
                            "found a control character in a name, expected text on one line");
  }
  *name = schema_text(reader, node);
  return ERR_OK;
}

enum err schema_read_choice(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *node, const struct schema_choice *choices,
                            int *value) {
  struct name_choice valid;
  name_choice_init(&valid, node->kind == YAML_SCALAR ? node->text : BYTES_EMPTY);
  for (const struct schema_choice *choice = choices; choice->name; choice++) {
    struct bytes name = bytes_from_string(choice->name);
    if (node->kind == YAML_SCALAR && bytes_equal(name, node->text)) {
      *value = choice->value;
      return ERR_OK;
    }
    name_choice_offer(&valid, name);
  }
  char found[YAML_DESCRIPTION_BYTES];
  return schema_unknown_name(reader, node, path, &valid, "found %s",
                             yaml_node_describe(node, found));
}

/* "0.5" of 512 in 1024, for a message about bounds. */
static void describe_bound(int64_t value, int64_t scale, char out[48]) {
  if (value % scale == 0)
    snprintf(out, 48, "%lld", (long long)(value / scale));
  else
    snprintf(out, 48, "%g", (double)value / (double)scale);
}

static enum err read_number(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *node, const struct schema_key *key,
                            void *section) {
  int64_t scale = key->kind == SCHEMA_DECIMAL ? key->scale : 1, value = 0;
  bool whole = key->kind == SCHEMA_INTEGER && node->kind == YAML_SCALAR && node->text.size &&
               memchr(node->text.data, '.', node->text.size);
  bool good = node->kind == YAML_SCALAR && !node->quoted && !whole &&
              decimal_parse(node->text, scale, &value);
  if (good && value >= key->min && value <= key->max) {
    schema_set(key, section, value);
    return ERR_OK;
  }
  char found[YAML_DESCRIPTION_BYTES], low[48], high[48];
  describe_bound(key->min, scale, low);
  describe_bound(key->max, scale, high);
  return schema_mistake(reader, node, path, "found %s, expected a %s from %s to %s",
                        yaml_node_describe(node, found),
                        key->kind == SCHEMA_DECIMAL ? "number" : "whole number", low, high);
}

static enum err read_flag(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, const struct schema_key *key,
                          void *section) {
  static const struct schema_choice flags[] = {{"true", 1}, {"false", 0}, {NULL, 0}};
  int value = 0;
  enum err code = schema_read_choice(reader, path, node, flags, &value);
  if (!code) schema_set(key, section, value);
  return code;
}

static enum err read_texts(struct schema_reader *reader, const struct schema_path *path,
                           const struct yaml_node *node, const struct schema_key *key,
                           void *section) {
  if (node->kind == YAML_MAP || yaml_node_is_null(node))
    return schema_expect(reader, path, node, YAML_LIST, "a text or a list of texts");
  uint32_t count = node->kind == YAML_LIST ? node->count : 1;
  if (count < key->min || count > key->max)
    return schema_mistake(reader, node, path, "found %u texts, expected %lld to %lld", count,
                          (long long)key->min, (long long)key->max);
  size_t bytes_max = key->item_bytes_max ? key->item_bytes_max : JOB_HEADING_BYTES_MAX;
  struct bytes *texts = arena_alloc(&reader->job->arena, count * sizeof *texts);
  for (uint32_t i = 0; i < count; i++) {
    const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
    struct schema_path at = {path, .index = i};
    enum err code =
        schema_read_name(reader, node->kind == YAML_LIST ? &at : path, item, bytes_max, &texts[i]);
    if (code) return code;
  }
  *(const struct bytes **)(void *)((char *)section + key->offset) = texts;
  *(uint32_t *)(void *)((char *)section + key->count_offset) = count;
  return ERR_OK;
}

static enum err read_text(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, const struct schema_key *key,
                          void *section) {
  struct bytes *text = (struct bytes *)(void *)((char *)section + key->offset);
  if (key->min > 0) return schema_read_name(reader, path, node, (size_t)key->max, text);
  enum err code = schema_expect(reader, path, node, YAML_SCALAR, "a text");
  if (code) return code;
  if (node->text.size > (size_t)key->max)
    return schema_mistake(reader, node, path, "found a text of %zu bytes, expected at most %lld",
                          node->text.size, (long long)key->max);
  *text = yaml_node_is_null(node) ? BYTES_EMPTY : schema_text(reader, node);
  return ERR_OK;
}

static bool parse_day(struct bytes text, int32_t *day) {
  int parts[3] = {0};
  if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-') return false;
  for (unsigned i = 0, part = 0; i < 10; i++) {
    if (i == 4 || i == 7) {
      part++;
    } else {
      if (text.data[i] < '0' || text.data[i] > '9') return false;
      parts[part] = parts[part] * 10 + (text.data[i] - '0');
    }
  }
  struct calendar_date date = {parts[0], parts[1], parts[2]};
  if (!calendar_exists(date)) return false;
  *day = calendar_day(date);
  return true;
}

static enum err read_day(struct schema_reader *reader, const struct schema_path *path,
                         const struct yaml_node *node, const struct schema_key *key,
                         void *section) {
  int32_t day = JOB_AS_OF_DATA;
  if (node->kind == YAML_SCALAR &&
      (bytes_equal(node->text, BYTES("data")) || parse_day(node->text, &day))) {
    schema_set(key, section, day);
    return ERR_OK;
  }
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path,
                        "found %s, expected a day like 2026-11-22, or data (the newest date in it)",
                        yaml_node_describe(node, found));
}

static bool parse_offset(struct bytes text, int64_t *minutes) {
  const char *t = text.data;
  if (text.size != 6 || (t[0] != '+' && t[0] != '-') || t[3] != ':') return false;
  for (unsigned i = 1; i < 6; i++) {
    if (i != 3 && (t[i] < '0' || t[i] > '9')) return false;
  }
  int hours = (t[1] - '0') * 10 + t[2] - '0', rest = (t[4] - '0') * 10 + t[5] - '0';
  if (hours > 14 || rest > 59) return false;
  *minutes = (t[0] == '-' ? -1 : 1) * (hours * 60 + rest);
  return true;
}

/* Zones whose offset does not change over the year; others are given as an offset. */
static enum err read_timezone(struct schema_reader *reader, const struct schema_path *path,
                              const struct yaml_node *node, const struct schema_key *key,
                              void *section) {
  static const struct schema_choice zones[] = {
      {"Asia/Shanghai", 480},  {"Asia/Hong_Kong", 480}, {"Asia/Taipei", 480}, {"Asia/Urumqi", 360},
      {"Asia/Singapore", 480}, {"Asia/Tokyo", 540},     {"UTC", 0},           {NULL, 0}};
  int64_t minutes = 0;
  if (node->kind == YAML_SCALAR && parse_offset(node->text, &minutes)) {
    schema_set(key, section, minutes);
    return ERR_OK;
  }
  struct name_choice valid;
  name_choice_init(&valid, node->kind == YAML_SCALAR ? node->text : BYTES_EMPTY);
  name_choice_offer(&valid, BYTES("an offset like +08:00"));
  for (const struct schema_choice *zone = zones; zone->name; zone++) {
    name_choice_offer(&valid, bytes_from_string(zone->name));
    if (node->kind != YAML_SCALAR || !bytes_equal(node->text, bytes_from_string(zone->name)))
      continue;
    schema_set(key, section, zone->value);
    return ERR_OK;
  }
  char found[YAML_DESCRIPTION_BYTES];
  return schema_unknown_name(reader, node, path, &valid, "found %s",
                             yaml_node_describe(node, found));
}

static enum err read_character(struct schema_reader *reader, const struct schema_path *path,
                               const struct yaml_node *node, const struct schema_key *key,
                               void *section) {
  if (node->kind == YAML_SCALAR) {
    if (bytes_equal(node->text, BYTES("tab")) || bytes_equal(node->text, BYTES("\t"))) {
      schema_set(key, section, '\t');
      return ERR_OK;
    }
    if (node->text.size == 1 && strchr(",;|:^~ ", node->text.data[0])) {
      schema_set(key, section, node->text.data[0]);
      return ERR_OK;
    }
  }
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path, "found %s, expected one of \",\" \";\" \"|\" tab",
                        yaml_node_describe(node, found));
}

static enum err read_key(struct schema_reader *reader, const struct schema_path *path,
                         const struct yaml_node *node, const struct schema_key *key,
                         void *section) {
  switch (key->kind) {
    case SCHEMA_TEXT:
      return read_text(reader, path, node, key, section);
    case SCHEMA_TEXTS:
      return read_texts(reader, path, node, key, section);
    case SCHEMA_INTEGER:
    case SCHEMA_DECIMAL:
      return read_number(reader, path, node, key, section);
    case SCHEMA_FLAG:
      return read_flag(reader, path, node, key, section);
    case SCHEMA_DAY:
      return read_day(reader, path, node, key, section);
    case SCHEMA_TIMEZONE:
      return read_timezone(reader, path, node, key, section);
    case SCHEMA_CHARACTER:
      return read_character(reader, path, node, key, section);
    case SCHEMA_SECTION:
      return key->read ? key->read(reader, path, node, key, section) : ERR_OK;
    case SCHEMA_CHOICE: {
      int value = 0;
      enum err code = schema_read_choice(reader, path, node, key->choices, &value);
      if (!code) schema_set(key, section, value);
      return code;
    }
  }
  return ERR_OK;
}

static bool applies(const struct schema_key *key, uint32_t types) {
  return key->types == 0 || (key->types & types);
}

/* A key that is not of the table, or an option of another type. */
static enum err refuse_unknown(struct schema_reader *reader, const struct schema_path *path,
                               const struct yaml_node *name, const struct schema_key *keys,
                               uint32_t types) {
  struct name_choice choice;
  name_choice_init(&choice, name->text);
  const struct schema_key *other = NULL;
  for (const struct schema_key *key = keys; key->name; key++) {
    bool same = bytes_equal(bytes_from_string(key->name), name->text);
    if (applies(key, types)) {
      if (same) return ERR_OK;
      name_choice_offer(&choice, bytes_from_string(key->name));
    } else if (same) {
      other = key;
    }
  }
  char found[YAML_DESCRIPTION_BYTES];
  yaml_node_describe(name, found);
  if (!other) return schema_unknown_name(reader, name, path, &choice, "unknown key %s", found);
  return schema_unknown_name(reader, name, path, &choice, "key %s is for fields of type %s", found,
                             job_type_name((unsigned)__builtin_ctz(other->types)));
}

enum err schema_read(struct schema_reader *reader, const struct schema_path *path,
                     const struct yaml_node *node, const struct schema_key *keys, uint32_t types,
                     void *section) {
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map of keys");
  for (uint32_t i = 0; i < node->count && !code; i++)
    code = refuse_unknown(reader, path, node->keys[i], keys, types);
  for (const struct schema_key *key = keys; key->name && !code; key++) {
    if (!applies(key, types)) continue;
    struct bytes name = bytes_from_string(key->name);
    const struct yaml_node *value = yaml_tree_find(node, name);
    if (!value && key->required)
      return schema_mistake(reader, node, path, "the key '%s' is missing", key->name);
    if (!value) continue;
    struct schema_path at = {path, .key = name};
    code = read_key(reader, &at, value, key, section);
    if (!code && key->given_offset) *((bool *)section + key->given_offset) = true;
  }
  return code;
}
