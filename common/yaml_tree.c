#include "common/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "common/check.h"
#include "common/memory.h"
#include "common/text.h"

/* A list or map that is not closed yet. */
struct frame {
  struct yaml_node *node;
  const struct yaml_node *key;    /* of a map: the key that waits for its value */
  const struct yaml_node **items; /* owned while open */
  const struct yaml_node **keys;
  uint32_t capacity;
};

struct anchor {
  struct bytes name;
  const struct yaml_node *node;
};

struct reader {
  yaml_parser_t parser;
  const char *path;
  struct arena *arena;
  struct failure *failure;
  struct frame frames[YAML_DEPTH_MAX];
  uint32_t depth;
  struct anchor anchors[YAML_ANCHORS_MAX];
  uint32_t anchor_count;
  uint32_t node_count; /* made so far; aliases add what they stand for */
  const struct yaml_node *root;
};

static enum err mistake(struct reader *r, yaml_mark_t mark, const char *words) {
  return failure_set(r->failure, ERR_CONFIG, "%s:%zu: %s", r->path, mark.line + 1, words);
}

static enum err count_nodes(struct reader *r, yaml_mark_t mark, uint32_t more) {
  if (more > YAML_NODES_MAX - r->node_count)
    return failure_set(r->failure, ERR_CONFIG, "%s:%zu: more than %d values, aliases included",
                       r->path, mark.line + 1, YAML_NODES_MAX);
  r->node_count += more;
  return ERR_OK;
}

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind, yaml_mark_t mark) {
  struct yaml_node *node = arena_alloc_zeroed(r->arena, sizeof *node);
  node->kind = kind;
  node->line = (uint32_t)mark.line + 1;
  node->column = (uint32_t)mark.column + 1;
  node->nodes = 1;
  return node;
}

static void frame_grow(struct frame *frame) {
  frame->capacity = frame->capacity ? frame->capacity * 2 : 8;
  frame->items = memory_resize(frame->items, frame->capacity * sizeof *frame->items);
  frame->keys = memory_resize(frame->keys, frame->capacity * sizeof *frame->keys);
}

/* Puts a finished node where it belongs: the root, a list, a map's key or its value. */
static enum err place(struct reader *r, const struct yaml_node *node, yaml_mark_t mark) {
  if (r->depth == 0) {
    r->root = node;
    return ERR_OK;
  }
  struct frame *frame = &r->frames[r->depth - 1];
  struct yaml_node *parent = frame->node;
  if (parent->kind == YAML_MAP && !frame->key) {
    if (node->kind != YAML_SCALAR)
      return mistake(r, mark, "a key must be text, found a list or a map");
    frame->key = node;
    return ERR_OK;
  }
  if (parent->count == frame->capacity) frame_grow(frame);
  frame->items[parent->count] = node;
  frame->keys[parent->count++] = frame->key;
  frame->key = NULL;
  parent->nodes += node->nodes;
  return ERR_OK;
}

static int compare_keys(const void *a, const void *b) {
  const struct yaml_node *x = *(const struct yaml_node *const *)a;
  const struct yaml_node *y = *(const struct yaml_node *const *)b;
  int order = bytes_compare(x->text, y->text);
  if (order) return order;
  return x->line != y->line ? (x->line < y->line ? -1 : 1) : (x->column > y->column) - 1;
}

static enum err refuse_duplicate_keys(struct reader *r, struct frame *frame) {
  uint32_t count = frame->node->count;
  size_t size = count * sizeof *frame->keys;
  const struct yaml_node **sorted = memory_new(size + 1);
  if (size) memcpy(sorted, frame->keys, size);
  qsort(sorted, count, sizeof *sorted, compare_keys);
  enum err code = ERR_OK;
  for (uint32_t i = 1; i < count && !code; i++) {
    if (!bytes_equal(sorted[i - 1]->text, sorted[i]->text)) continue;
    code = failure_set(r->failure, ERR_CONFIG,
                       "%s:%u: the key '%.64s' stands here twice, first in "
                       "line %u; keep one",
                       r->path, sorted[i]->line, sorted[i]->text.data, sorted[i - 1]->line);
  }
  free(sorted);
  return code;
}

static enum err open_frame(struct reader *r, enum yaml_kind kind, yaml_mark_t mark) {
  if (r->depth == YAML_DEPTH_MAX)
    return failure_set(r->failure, ERR_CONFIG, "%s:%zu: nested deeper than %d levels", r->path,
                       mark.line + 1, YAML_DEPTH_MAX);
  enum err code = count_nodes(r, mark, 1);
  if (code) return code;
  r->frames[r->depth++] = (struct frame){.node = node_new(r, kind, mark)};
  return ERR_OK;
}

static void frame_release(struct frame *frame) {
  free(frame->items);
  free(frame->keys);
  frame->items = frame->keys = NULL;
}

static enum err close_frame(struct reader *r, yaml_mark_t mark) {
  struct frame *frame = &r->frames[r->depth - 1];
  struct yaml_node *node = frame->node;
  if (node->kind == YAML_MAP) {
    enum err code = refuse_duplicate_keys(r, frame);
    if (code) return code;
  }
  size_t size = node->count * sizeof *frame->items;
  node->items = arena_alloc(r->arena, size);
  if (size) memcpy(node->items, frame->items, size);
  if (node->kind == YAML_MAP) {
    node->keys = arena_alloc(r->arena, size);
    if (size) memcpy(node->keys, frame->keys, size);
  }
  frame_release(frame);
  r->depth--;
  return place(r, node, mark);
}

static enum err remember_anchor(struct reader *r, const yaml_char_t *name,
                                const struct yaml_node *node, yaml_mark_t mark) {
  if (!name) return ERR_OK;
  if (r->anchor_count == YAML_ANCHORS_MAX) return mistake(r, mark, "too many anchors");
  struct bytes copy = arena_copy(r->arena, bytes_from_string((const char *)name));
  r->anchors[r->anchor_count++] = (struct anchor){copy, node};
  return ERR_OK;
}

static enum err read_alias(struct reader *r, const yaml_event_t *event) {
  struct bytes name = bytes_from_string((const char *)event->data.alias.anchor);
  const struct yaml_node *node = NULL;
  for (uint32_t i = r->anchor_count; i-- > 0 && !node;) {
    if (bytes_equal(r->anchors[i].name, name)) node = r->anchors[i].node;
  }
  if (!node)
    return failure_set(r->failure, ERR_CONFIG,
                       "%s:%zu: no anchor '&%.64s' stands before this alias", r->path,
                       event->start_mark.line + 1, name.data);
  for (uint32_t i = 0; i < r->depth; i++) {
    if (r->frames[i].node == node)
      return mistake(r, event->start_mark, "an alias stands inside its own anchor");
  }
  enum err code = count_nodes(r, event->start_mark, node->nodes);
  return code ? code : place(r, node, event->start_mark);
}

static enum err read_scalar(struct reader *r, const yaml_event_t *event) {
  struct bytes text = bytes_of((const char *)event->data.scalar.value, event->data.scalar.length);
  if (event->data.scalar.tag) return mistake(r, event->start_mark, "tags (!…) are not used here");
  if (text.size && memchr(text.data, 0, text.size))
    return mistake(r, event->start_mark, "a NUL stands in the text");
  enum err code = count_nodes(r, event->start_mark, 1);
  if (code) return code;
  struct yaml_node *node = node_new(r, YAML_SCALAR, event->start_mark);
  node->text = arena_copy(r->arena, text);
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  code = remember_anchor(r, event->data.scalar.anchor, node, event->start_mark);
  return code ? code : place(r, node, event->start_mark);
}

static enum err read_open(struct reader *r, const yaml_event_t *event, enum yaml_kind kind,
                          const yaml_char_t *anchor, const yaml_char_t *tag) {
  if (tag) return mistake(r, event->start_mark, "tags (!…) are not used here");
  enum err code = open_frame(r, kind, event->start_mark);
  if (code) return code;
  return remember_anchor(r, anchor, r->frames[r->depth - 1].node, event->start_mark);
}

static enum err read_event(struct reader *r, const yaml_event_t *event) {
  switch (event->type) {
    case YAML_ALIAS_EVENT:
      return read_alias(r, event);
    case YAML_SCALAR_EVENT:
      return read_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
      return read_open(r, event, YAML_LIST, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
      return read_open(r, event, YAML_MAP, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close_frame(r, event->start_mark);
    case YAML_DOCUMENT_START_EVENT:
      if (r->root) return mistake(r, event->start_mark, "a second document begins; keep one");
      return ERR_OK;
    default:
      return ERR_OK;
  }
}

/* Line and place in it of a byte, both from 1. */
static void locate(struct bytes text, size_t offset, size_t *line, size_t *column) {
  *line = *column = 1;
  for (size_t i = 0; i < offset && i < text.size; i++) {
    if (text.data[i] == '\n')
      ++*line, *column = 1;
    else
      ++*column;
  }
}

static bool begins_with_tab(struct bytes text, size_t line) {
  const char *at = text.data, *end = at + text.size;
  for (; line > 1 && at; line--) {
    at = memchr(at, '\n', (size_t)(end - at));
    if (at) at++;
  }
  return at && at < end && *at == '\t';
}

static enum err syntax_mistake(struct reader *r, struct bytes text) {
  const yaml_parser_t *p = &r->parser;
  const char *problem = p->problem ? p->problem : "unreadable";
  size_t line = p->problem_mark.line + 1, column = p->problem_mark.column + 1;
  if (p->error == YAML_READER_ERROR) {
    locate(text, p->problem_offset, &line, &column);
    return failure_set(r->failure, ERR_CONFIG, "%s:%zu: byte %zu of the line: %s", r->path, line,
                       column, problem);
  }
  if (begins_with_tab(text, line))
    return failure_set(r->failure, ERR_CONFIG,
                       "%s:%zu: the line begins with a tab; indent with spaces", r->path, line);
  return failure_set(r->failure, ERR_CONFIG, "%s:%zu: not valid YAML at column %zu: %s%s%s",
                     r->path, line, column, problem, p->context ? ", " : "",
                     p->context ? p->context : "");
}

static enum err read_all(struct reader *r, struct bytes text) {
  for (;;) {
    yaml_event_t event;
    if (!yaml_parser_parse(&r->parser, &event)) return syntax_mistake(r, text);
    bool end = event.type == YAML_STREAM_END_EVENT;
    enum err code = read_event(r, &event);
    yaml_event_delete(&event);
    if (code || end) return code;
  }
}

enum err yaml_tree_parse(struct bytes text, const char *path, struct arena *arena,
                         const struct yaml_node **root, struct failure *failure) {
  if (text.size > YAML_BYTES_MAX)
    return failure_set(failure, ERR_CONFIG, "%s: is larger than %d MiB; is this a job file?", path,
                       YAML_BYTES_MAX >> 20);
  size_t valid = text_valid_size(text);
  if (valid < text.size) {
    size_t line, column;
    locate(text, valid, &line, &column);
    return failure_set(failure, ERR_CONFIG,
                       "%s:%zu: byte %zu of the line is not UTF-8; save the file "
                       "as UTF-8",
                       path, line, column);
  }
  struct reader *r = memory_new_zeroed(1, sizeof *r);
  *r = (struct reader){.path = path, .arena = arena, .failure = failure};
  check(yaml_parser_initialize(&r->parser));
  yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&r->parser, (const unsigned char *)(text.data ? text.data : ""),
                               text.size);
  enum err code = read_all(r, text);
  for (uint32_t i = 0; i < r->depth; i++) frame_release(&r->frames[i]);
  yaml_parser_delete(&r->parser);
  if (!code && !r->root) {
    struct yaml_node *nothing = node_new(r, YAML_SCALAR, (yaml_mark_t){0});
    nothing->text = arena_copy(arena, BYTES_EMPTY);
    r->root = nothing;
  }
  *root = r->root;
  free(r);
  return code;
}

const struct yaml_node *yaml_tree_find(const struct yaml_node *map, struct bytes key) {
  if (map->kind != YAML_MAP) return NULL;
  for (uint32_t i = 0; i < map->count; i++) {
    if (bytes_equal(map->keys[i]->text, key)) return map->items[i];
  }
  return NULL;
}

bool yaml_node_is_null(const struct yaml_node *node) {
  return node->kind == YAML_SCALAR && !node->quoted &&
         (node->text.size == 0 || bytes_equal(node->text, BYTES("~")) ||
          bytes_equal(node->text, BYTES("null")));
}

const char *yaml_node_describe(const struct yaml_node *node, char out[YAML_DESCRIPTION_BYTES]) {
  enum { SHOWN = 48 };
  if (node->kind == YAML_LIST) return "a list";
  if (node->kind == YAML_MAP) return "a map";
  if (yaml_node_is_null(node)) return "nothing";
  size_t size = node->text.size;
  if (size > SHOWN) {
    size = SHOWN; /* on a character's edge */
    while (size > 0 && ((unsigned char)node->text.data[size] & 0xC0) == 0x80) size--;
  }
  snprintf(out, YAML_DESCRIPTION_BYTES, "'%.*s%s'", (int)size, node->text.data,
           size < node->text.size ? "…" : "");
  for (char *c = out; *c; c++) {
    if ((unsigned char)*c < ' ') *c = ' ';
  }
  return out;
}
