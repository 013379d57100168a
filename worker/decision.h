/* decision — what a comparison pattern means for a pair under a plan and a model: the one place
 * that clustering and explaining share. Pure; safe for any thread. */
#ifndef GUIYI_WORKER_DECISION_H
#define GUIYI_WORKER_DECISION_H

#include "common/model.h"
#include "worker/pattern.h"
#include "worker/plan.h"

enum decision_action {
  DECISION_REJECT,    /* below review_weight */
  DECISION_REVIEW,    /* at or above it, or a match rule wants a look */
  DECISION_ACCEPT,    /* at or above accept_weight, or a match rule merges */
  DECISION_SEPARATE,  /* a match rule: never one entity */
  DECISION_HOUSEHOLD, /* a match rule: relatives, not one entity by this pair */
  DECISION_EMPLOYER   /* a match rule: they work for one firm, not one entity by this pair */
};

struct decision {
  enum decision_action action;
  int32_t score; /* the model's, whatever a rule says */
  int rule;      /* index in plan.match_rules that decided; -1 = the score did */
};

/* First match rule that hits decides, else the score. */
struct decision decision_of_pattern(const struct plan *plan, const struct model *model,
                                    uint64_t pattern);

/* Why two records can never be one entity. */
struct contradiction {
  int comparison; /* whose type or job says that the two values exclude each other; -1 = none */
  int second;     /* with sex and birth date: comparison is the sex, this the birth date; else -1 */
};
/* Which comparisons can contradict, sought once per plan. */
struct constraints {
  uint8_t comparisons[JOB_COMPARISONS_MAX]; /* whose values can exclude each other */
  uint32_t count;
  uint16_t
      by_job;     /* bit c: two different values do, because the job says so; else the type knows */
  int sex, birth; /* comparisons; -1 = there is none */
  uint8_t capped[JOB_COMPARISONS_MAX]; /* comparisons of which an entity has so many values: */
  uint32_t caps[JOB_COMPARISONS_MAX];
  uint32_t capped_count;
};

struct constraints constraints_of_plan(const struct plan *plan);
/* Sex and birth date both different contradict too; each alone does not. which may be NULL. */
bool constraints_forbid(const struct plan *plan, const struct constraints *constraints,
                        const struct feature_row *a, const struct feature_row *b,
                        struct contradiction *which);

/* Have these rows together more different values of a capped field than one entity may have? */
bool constraints_over_cap(const struct plan *plan, const struct constraints *constraints,
                          const struct feature_row *const *rows, uint32_t count);

/* Are the two the same in all that constraints look at? Then none forbids them, and what forbids
 * the one forbids the other. */
bool constraints_see_same(const struct plan *plan, const struct constraints *constraints,
                          const struct feature_row *a, const struct feature_row *b);

/* "exact", "same pinyin", "missing" …; identifiers' exact nibbles by class: "exclusive", "family",
 * "shared", "hub", "recycled". Constant. */
const char *decision_nibble_name(const struct plan *plan, unsigned comparison, unsigned nibble);

#endif
