/* quality_expression — the `when` of a quality rule as a tree of tests. Private to quality_rules.c,
 * whose header has the grammar. */
#ifndef GUIYI_WORKER_QUALITY_EXPRESSION_H
#define GUIYI_WORKER_QUALITY_EXPRESSION_H

#include "common/job.h"
#include "worker/plan.h"

enum expression_kind {
  EXPRESSION_OR,
  EXPRESSION_AND,
  EXPRESSION_NOT,
  EXPRESSION_UNLESS,  /* two children: the first holds and the second does not */
  EXPRESSION_MISSING, /* of `field` */
  EXPRESSION_PRESENT,
  EXPRESSION_BITS, /* kind, state or flags of `field` are among `bits` */
  EXPRESSION_COMPARE,
};

enum expression_attribute { OF_VALUE, OF_KIND, OF_STATE, OF_FLAG, OF_LENGTH };
enum expression_mode { MODE_TEXT, MODE_NUMBER, MODE_DATE };
enum expression_comparison {
  IS_EQUAL,
  IS_NOT_EQUAL,
  IS_LESS,
  IS_AT_MOST,
  IS_GREATER,
  IS_AT_LEAST,
  DOES_CONTAIN
};

/* Numbers in expressions and amounts of cells are compared in ten-thousandths. */
enum { EXPRESSION_SCALE = 10000, NO_FIELD = -1, NO_NODE = UINT16_MAX };

struct expression_literal {
  struct bytes text;
  int64_t number; /* MODE_NUMBER, × EXPRESSION_SCALE */
};

struct expression_node {
  uint8_t kind, attribute, mode, comparison;
  int16_t field, other_field; /* COMPARE: with other_field, or with the literals */
  uint16_t first_child, next_sibling;
  bool negated; /* "not in" */
  uint32_t bits;
  const struct expression_literal *literals; /* one of them fits */
  uint32_t literal_count;
};

struct expression {
  struct expression_node *nodes; /* nodes[root] is the whole */
  uint16_t node_count, root;
  uint64_t fields; /* bit f: the expression looks at field f */
};

/* Where an expression is wrong. */
struct expression_mistake {
  uint32_t column; /* character, from 1 */
  char words[512]; /* "unknown field '手机', expected …" */
};

/* The tree lies in arena. false: mistake says why. */
bool expression_parse(const struct job *job, const struct plan *plan, struct bytes text,
                      struct arena *arena, struct expression *out,
                      struct expression_mistake *mistake);

#endif
