#include "worker/sources/json_rows.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "common/check.h"
#include "common/hash.h"
#include "common/memory.h"
#include "worker/sources/column_names.h"
#include "worker/sources/source_file.h"
#include "worker/sources/source_reader.h"

const char *const JSON_UNKNOWN_KEY = "unknown_key";
const char *const JSON_TOO_MANY_KEYS = "too_many_keys";

/* A column must have a name. */
#define EMPTY_KEY BYTES("(empty)")

enum {
  SLOT_COUNT = 4 * SOURCE_COLUMNS_MAX, /* of the key table; a power of two */
  NO_COLUMN = UINT32_MAX,
};

struct json_rows {
  yajl_handle parser; /* NULL after an error: it can't be used again */
  enum json_unknown_keys unknown;
  struct bytes *keys;
  uint64_t *seen_in; /* per key: the last row that had it */
  uint32_t *slots;   /* hash table of columns + 1 */
  uint32_t key_count;
  uint32_t committed_count; /* keys of rows without a mistake; those behind are the row's own */
  struct arena key_arena;

  /* The row at hand. */
  struct arena new_keys; /* those that are not committed */
  uint64_t row;
  const char *problem;
  uint32_t problem_column;
  struct bytes line;
  struct arena *arena;
  struct bytes *cells;
  bool is_complete;
  uint32_t depth;       /* of objects and arrays */
  uint32_t array_depth; /* of those, from the outermost array on */
  uint32_t key_index;   /* how many keys of cells came so far */
  uint32_t column;      /* of the key whose value comes next; NO_COLUMN = not read */
  uint32_t *expected;   /* columns of the last row's keys in their order */
  struct buffer path;   /* of the object at hand: "a.b." */
  size_t path_sizes[SOURCE_JSON_DEPTH_MAX + 1];
  struct buffer flat_key;
  struct bytes key;   /* the last one, flattened */
  size_t array_start; /* in line */
  bool array_is_flat, array_has_value;
  struct buffer array;
};

static int fail(struct json_rows *r, const char *problem, uint32_t column) {
  r->problem = problem;
  r->problem_column = column;
  return 0;
}

static uint32_t *find_slot(struct json_rows *r, struct bytes key) {
  uint32_t at = (uint32_t)hash_bytes(key) & (SLOT_COUNT - 1);
  while (r->slots[at] && !bytes_equal(r->keys[r->slots[at] - 1], key))
    at = (at + 1) & (SLOT_COUNT - 1);
  return &r->slots[at];
}

static void add_key(struct json_rows *r, struct bytes key) {
  uint32_t *slot = find_slot(r, key);
  if (*slot) return;
  r->keys[r->key_count] = arena_copy(&r->new_keys, key);
  *slot = ++r->key_count;
}

static void commit_keys(struct json_rows *r) {
  for (; r->committed_count < r->key_count; r->committed_count++)
    r->keys[r->committed_count] = arena_copy(&r->key_arena, r->keys[r->committed_count]);
  arena_reset(&r->new_keys);
}

/* The keys of a row that turned out to be no row leave the table again: last come, first gone, so
 * that none that stays was placed behind one that goes. */
static void forget_keys(struct json_rows *r) {
  while (r->key_count > r->committed_count) {
    *find_slot(r, r->keys[r->key_count - 1]) = 0;
    r->key_count--;
  }
  arena_reset(&r->new_keys);
}

/* Rows of one file have their keys in one order nearly always: look there before hashing. */
static uint32_t find_column(struct json_rows *r, struct bytes key) {
  uint32_t at = r->key_index++;
  if (at < SOURCE_COLUMNS_MAX) {
    uint32_t expected = r->expected[at];
    if (expected < r->key_count && bytes_equal(r->keys[expected], key)) return expected;
  }
  uint32_t *slot = find_slot(r, key);
  if (!*slot) { /* columns have clean names */
    r->key = column_name_clean(key, r->arena);
    if (r->key.size == 0) r->key = EMPTY_KEY;
    slot = find_slot(r, r->key);
  }
  uint32_t column = *slot ? *slot - 1 : NO_COLUMN;
  if (at < SOURCE_COLUMNS_MAX) r->expected[at] = column;
  return column;
}

/* The key at hand gets a value: finds its column, and refuses a second value. */
static int take_column(struct json_rows *r) {
  r->column = find_column(r, r->key);
  if (r->column == NO_COLUMN) {
    if (r->unknown == JSON_KEYS_IGNORE) return 1;
    if (r->key_count == SOURCE_COLUMNS_MAX) return fail(r, JSON_TOO_MANY_KEYS, NO_COLUMN);
    add_key(r, r->key);
    r->column = r->key_count - 1;
  }
  if (r->seen_in[r->column] == r->row) return fail(r, "duplicate_key", r->column);
  r->seen_in[r->column] = r->row;
  return 1;
}

/* text may be yajl's own memory, which it uses again. */
static struct bytes keep(struct json_rows *r, struct bytes text) {
  bool is_in_line = text.data >= r->line.data && text.data <= r->line.data + r->line.size;
  return is_in_line ? text : arena_copy(r->arena, text);
}

static int put_cell(struct json_rows *r, struct bytes value) {
  if (r->column == NO_COLUMN) return 1;
  if (value.size > SOURCE_FIELD_BYTES_MAX) return fail(r, "field_too_long", r->column);
  if (r->cells && r->column < r->committed_count) r->cells[r->column] = keep(r, value);
  return 1;
}

static int on_scalar(struct json_rows *r, struct bytes value) {
  if (r->depth == 0) return fail(r, "malformed_json", NO_COLUMN); /* a second value in the line */
  if (r->array_depth == 0) return take_column(r) && put_cell(r, value);
  if (r->array_depth == 1) {
    if (r->array_has_value) buffer_append_char(&r->array, ';');
    buffer_append_bytes(&r->array, value);
    r->array_has_value = true;
  }
  return 1;
}

static int on_null(void *context) { return on_scalar(context, BYTES_EMPTY); }

static int on_boolean(void *context, int value) {
  return on_scalar(context, value ? BYTES("true") : BYTES("false"));
}

static int on_number(void *context, const char *text, size_t size) {
  return on_scalar(context, bytes_of(text, size));
}

static int on_string(void *context, const unsigned char *text, size_t size) {
  return on_scalar(context, bytes_of((const char *)text, size));
}

static int enter(struct json_rows *r) {
  if (r->is_complete) return fail(r, "malformed_json", NO_COLUMN);
  if (r->depth == SOURCE_JSON_DEPTH_MAX) return fail(r, "too_deep", NO_COLUMN);
  r->depth++;
  return 1;
}

static int on_start_object(void *context) {
  struct json_rows *r = context;
  if (!enter(r)) return 0;
  if (r->array_depth) {
    r->array_depth++;
    r->array_is_flat = false;
    return 1;
  }
  r->path_sizes[r->depth] = r->path.size;
  if (r->depth > 1) {
    struct buffer *path = &r->path;
    buffer_clear(path);
    buffer_append_bytes(path, r->key);
    buffer_append_char(path, '.');
  }
  return 1;
}

static int on_key(void *context, const unsigned char *text, size_t size) {
  struct json_rows *r = context;
  if (r->array_depth) return 1;
  struct bytes key = bytes_of((const char *)text, size);
  if (key.size == 0) key = EMPTY_KEY;
  if (r->path.size + key.size > SOURCE_COLUMN_NAME_BYTES_MAX)
    return fail(r, "key_too_long", NO_COLUMN);
  buffer_clear(&r->flat_key);
  buffer_append_bytes(&r->flat_key, buffer_bytes(&r->path));
  buffer_append_bytes(&r->flat_key, key);
  r->key = buffer_bytes(&r->flat_key);
  return 1;
}

static int on_end_object(void *context) {
  struct json_rows *r = context;
  if (r->array_depth) {
    r->array_depth--;
  } else {
    r->path.size = r->path_sizes[r->depth];
  }
  r->depth--;
  r->is_complete = r->depth == 0;
  return 1;
}

static int on_start_array(void *context) {
  struct json_rows *r = context;
  if (!enter(r)) return 0;
  if (r->array_depth++) {
    r->array_is_flat = false;
    return 1;
  }
  r->array_start = yajl_get_bytes_consumed(r->parser) - 1;
  r->array_is_flat = true;
  r->array_has_value = false;
  buffer_clear(&r->array);
  return take_column(r);
}

static int on_end_array(void *context) {
  struct json_rows *r = context;
  r->depth--;
  if (--r->array_depth) return 1;
  if (r->array_is_flat) return put_cell(r, buffer_bytes(&r->array));
  size_t end = yajl_get_bytes_consumed(r->parser);
  return put_cell(r, bytes_of(r->line.data + r->array_start, end - r->array_start));
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

struct json_rows *json_rows_new(const struct bytes *keys, uint32_t key_count,
                                enum json_unknown_keys unknown) {
  check(key_count <= SOURCE_COLUMNS_MAX);
  struct json_rows *r = memory_new_zeroed(1, sizeof *r);
  r->unknown = unknown;
  r->keys = memory_new(SOURCE_COLUMNS_MAX * sizeof *r->keys);
  r->seen_in = memory_new_zeroed(SOURCE_COLUMNS_MAX, sizeof *r->seen_in);
  r->slots = memory_new_zeroed(SLOT_COUNT, sizeof *r->slots);
  r->expected = memory_new_zeroed(SOURCE_COLUMNS_MAX, sizeof *r->expected);
  for (uint32_t i = 0; i < key_count; i++) add_key(r, keys[i]);
  commit_keys(r);
  return r;
}

const struct bytes *json_rows_keys(const struct json_rows *r, uint32_t *count) {
  *count = r->key_count;
  return r->keys;
}

void json_rows_free(struct json_rows **rows) {
  struct json_rows *r = *rows;
  if (!r) return;
  if (r->parser) yajl_free(r->parser);
  free(r->keys);
  free(r->seen_in);
  free(r->slots);
  free(r->expected);
  buffer_release(&r->path);
  buffer_release(&r->flat_key);
  buffer_release(&r->array);
  arena_release(&r->key_arena);
  arena_release(&r->new_keys);
  free(r);
  *rows = NULL;
}

static int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* The value of \uXXXX at text; -1 when there is none. */
static int escape_value(const char *text, size_t left) {
  if (left < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  int value = 0;
  for (size_t i = 2; i < 6; i++) {
    int digit = hex_value(text[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

/* yajl turns half a surrogate pair into a question mark or into bytes that are not UTF-8; and a NUL
 * must not come in by an escape either. */
static const char *check_escapes(struct bytes line) {
  size_t i = 0;
  for (;;) {
    const char *at = memchr(line.data + i, '\\', line.size - i);
    if (!at) return NULL;
    i = (size_t)(at - line.data);
    int value = escape_value(at, line.size - i);
    if (value == 0) return "nul_byte";
    if (value >= 0xDC00 && value <= 0xDFFF) return "invalid_escape";
    if (value >= 0xD800 && value <= 0xDBFF) {
      int second = escape_value(at + 6, line.size - i - 6);
      if (second < 0xDC00 || second > 0xDFFF) return "invalid_escape";
      i += 6;
    }
    i += value >= 0 ? 6 : 2;
    if (i >= line.size) return NULL;
  }
}

static void start_row(struct json_rows *r, struct bytes line, struct arena *arena,
                      struct bytes *cells) {
  if (!r->parser) {
    r->parser = yajl_alloc(&callbacks, NULL, r);
    check(r->parser);
    yajl_config(r->parser, yajl_allow_multiple_values, 1); /* one parser for all lines */
    yajl_config(r->parser, yajl_dont_validate_strings, 1); /* the caller did */
  }
  r->row++;
  r->problem = NULL;
  r->problem_column = NO_COLUMN;
  r->line = line;
  r->arena = arena;
  r->cells = cells;
  r->is_complete = false;
  r->depth = r->array_depth = r->key_index = 0;
  r->column = NO_COLUMN;
  buffer_clear(&r->path);
  if (cells)
    for (uint32_t i = 0; i < r->committed_count; i++) cells[i] = bytes_of(line.data, 0);
}

const char *json_rows_parse(struct json_rows *r, struct bytes line, struct arena *arena,
                            struct bytes *cells, uint32_t *column) {
  start_row(r, line, arena, cells);
  struct bytes text = bytes_trim(line);
  const char *problem = NULL;
  if (text.size == 0 || text.data[0] != '{')
    problem =
        text.size && strchr("[\"-0123456789tfn", text.data[0]) ? "not_an_object" : "malformed_json";
  if (!problem) problem = check_escapes(line);
  if (!problem) {
    /* With the white space behind it, so that a last token can't wait for the next line. */
    yajl_status status = yajl_parse(r->parser, (const unsigned char *)line.data, line.size + 1);
    if (status != yajl_status_ok || !r->is_complete) {
      problem = r->problem ? r->problem : "malformed_json";
      yajl_free(r->parser);
      r->parser = NULL;
    }
  }
  /* Only now: a row with another mistake is that mistake's, whatever keys it has. */
  if (!problem && r->unknown == JSON_KEYS_REPORT && r->key_count > r->committed_count)
    problem = JSON_UNKNOWN_KEY;
  *column = r->problem_column < r->committed_count ? r->problem_column : NO_COLUMN;
  if (problem)
    forget_keys(r);
  else
    commit_keys(r);
  return problem;
}
