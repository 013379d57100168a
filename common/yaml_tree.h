/* yaml_tree — a YAML document as a tree that knows where each part of it stands.
 *
 * What a configuration needs of YAML and no more: scalars, lists, maps with scalar keys, anchors
 * and aliases. Refused, with file and line: a key that stands twice in a map, tags, several
 * documents, an alias inside its own anchor, text over YAML_BYTES_MAX, nesting over YAML_DEPTH_MAX,
 * and more than YAML_NODES_MAX nodes counted after every alias is replaced by what it stands for.
 */
#ifndef GUIYI_COMMON_YAML_TREE_H
#define GUIYI_COMMON_YAML_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

enum {
  YAML_BYTES_MAX = 4 << 20,
  YAML_DEPTH_MAX = 32,
  YAML_NODES_MAX = 200000,
  YAML_ANCHORS_MAX = 256,
  YAML_DESCRIPTION_BYTES = 96,
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
  enum yaml_kind kind;
  bool quoted;                    /* a scalar in quotes or a block: never null, number or boolean */
  uint32_t line, column;          /* from 1 */
  struct bytes text;              /* of a scalar; a NUL stands behind it, none in it */
  uint32_t count;                 /* items of a list, pairs of a map */
  const struct yaml_node **items; /* of a map: the values */
  const struct yaml_node **keys;  /* of a map: scalars */
  uint32_t nodes;                 /* in this tree, aliases replaced */
};

/* The tree lives in arena. An empty document is a null scalar. ERR_CONFIG; path is only named. */
enum err yaml_tree_parse(struct bytes text, const char *path, struct arena *arena,
                         const struct yaml_node **root, struct failure *failure);
/* The value of a key; NULL when the map does not have it. */
const struct yaml_node *yaml_tree_find(const struct yaml_node *map, struct bytes key);
/* An empty plain scalar, ~ or null. */
bool yaml_node_is_null(const struct yaml_node *node);
/* "'x'", "a list", "a map", "nothing": for "found …". Long texts are cut. Returns out. */
const char *yaml_node_describe(const struct yaml_node *node, char out[YAML_DESCRIPTION_BYTES]);

#endif
