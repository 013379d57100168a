/* pair_explanation — everything there is to say of two records: what speaks for and against, what
 * decided, what would have to change; as words and numbers, English or Chinese, or JSON. Used by
 * explain and review. */
#ifndef GUIYI_CLI_PAIR_EXPLANATION_H
#define GUIYI_CLI_PAIR_EXPLANATION_H

#include "cli/fact_answer.h"
#include "cli/language.h"
#include "cli/pair_choice.h"
#include "common/json_write.h"
#include "worker/stages/explain.h"

struct pair_explanation {
  const struct open_generation *open;
  const struct fact_list *facts; /* the whole log */
  enum language language;
  struct arena *arena;
  struct named_customer sides[2];
  struct member_rows rows[2];
  uint32_t members[2];  /* the two records */
  const char *names[2]; /* of the records */
  struct explanation explanation;
  struct fact_answer answer; /* of the two records */
  bool is_one_customer;
  /* One customer whose two records are not matched by themselves: the way over others. */
  uint32_t path_count;
  uint32_t *path;
  /* Two customers whose two records are matched by themselves: other records that forbid it. */
  bool has_contradiction;
  uint32_t contradicting[2];
  struct contradiction contradiction;
  uint64_t forbidding; /* the decision about others of their records; 0 = none */
  /* The links between the two customers that were cut: strongest first. */
  struct pair_link {
    uint32_t members[2];
    struct decision decision;
  } * cut;
  uint32_t cut_count;  /* of all pairs of their records that would join them */
  uint64_t pair_count; /* of all pairs of their records */
  bool is_crosswise;   /* given and family name agree only the other way round */
};
enum { PAIR_CUT_MAX = 8 };

/* sides, open, facts, language and arena are set; of a customer whose member is -1 a record is
 * chosen: of all pairs the one that agrees most. */
void pair_explanation_make(struct pair_explanation *pair);

/* What decided and why, the fields side by side, what would change it. */
void pair_explanation_print(const struct pair_explanation *pair, struct buffer *out);
void pair_explanation_print_json(const struct pair_explanation *pair, struct json_writer *json);

/* Parts of it, for review. */
const char *pair_explanation_verdict(const struct pair_explanation *pair);
/* What the result of the run adds to the verdict; "" when nothing. */
const char *pair_explanation_outcome(const struct pair_explanation *pair);
/* "手机号码 same, one person's +9.200; …": for, or against, the strongest first; "" when nothing.
 */
const char *pair_explanation_evidence(const struct pair_explanation *pair, bool against);
/* Fields side by side, with levels and weights; only those that one of them has. */
void pair_explanation_print_fields(const struct pair_explanation *pair, struct buffer *out);

#endif
