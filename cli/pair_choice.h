/* pair_choice — which two records of two customers to explain, and over which records two of one
 * customer hang together. Works on rows made again from the store. */
#ifndef GUIYI_CLI_PAIR_CHOICE_H
#define GUIYI_CLI_PAIR_CHOICE_H

#include "cli/open_generation.h"
#include "worker/decision.h"

/* The members of a customer as feature rows. */
struct member_rows {
  const struct plan *plan;
  uint32_t count;
  uint8_t *rows;  /* in the arena */
  uint16_t *lost; /* by member: comparisons whose feature could not be made again */
  uint32_t *one;  /* by member: a number that those share that people made one; NULL = none */
};

void member_rows_make(const struct plan *plan, const struct stored_customer *customer,
                      struct arena *arena, struct member_rows *out);
const struct feature_row *member_row(const struct member_rows *rows, uint32_t member);

struct pair_choice {
  uint32_t a, b;            /* members */
  struct decision decision; /* of the pair alone */
};
/* The pair, one record of each, that speaks most for one entity; a side >= 0 is fixed. */
struct pair_choice pair_choose(const struct member_rows *a, int32_t fixed_a,
                               const struct member_rows *b, int32_t fixed_b,
                               const struct model *model);
/* A pair that can never be one entity; false when there is none. */
bool pair_contradicts(const struct member_rows *a, const struct member_rows *b, uint32_t *member_a,
                      uint32_t *member_b, struct contradiction *contradiction);

/* The way from one member to another over the strongest links, people's before all: its weakest
 * link is as strong as can be. Members in order, from and to included; at least 2. In the arena. */
uint32_t pair_path(const struct member_rows *rows, uint32_t from, uint32_t to,
                   const struct model *model, struct arena *arena, uint32_t **path);

#endif
