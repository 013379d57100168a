/* review_cases — the pairs of the current generation that a person should look at, the most
 * valuable first, without those that are decided already.
 *
 * Priority = uncertainty × value. Uncertainty is 4p(1-p) of the pair's probability, 1 at even odds;
 * where links were cut although they are strong, 1: what speaks for and what speaks against are
 * both sure. Value is log2(1 + records of both customers) × (1 + higher score / 50). */
#ifndef GUIYI_CLI_REVIEW_CASES_H
#define GUIYI_CLI_REVIEW_CASES_H

#include "cli/open_generation.h"
#include "worker/store/fact_store.h"

struct review_filter {
  int reason;           /* enum review_reason; -1 = any */
  struct bytes pattern; /* as review.csv writes it; empty = any */
  struct bytes source;  /* one of the two records is of it; empty = any */
  uint64_t customer;    /* one of the two; 0 = any */
  bool has_least, has_most;
  int32_t least, most; /* weight, 1/1024 bit */
};

struct review_case {
  uint64_t customers[2];
  struct hash128 records[2];
  uint64_t pattern;
  int32_t weight; /* the model's, 1/1024 bit */
  uint8_t reason;
  bool is_decided;
  uint32_t record_counts[2]; /* of the customers */
  int32_t score;             /* the higher of both; 0 where the job has no tags */
  uint32_t priority;         /* thousandths */
};

struct review_cases {
  struct review_case *items; /* in the arena; by priority */
  uint64_t count;
  uint64_t open; /* that are not decided */
};

/* All in the arena. */
enum err review_cases_load(const struct open_generation *open, const struct review_filter *filter,
                           struct arena *arena, struct review_cases *cases,
                           struct failure *failure);

/* The customers that the facts are about: what facts of records come to for cases. */
struct review_decided {
  struct decided_pair {
    uint64_t customers[2]; /* 0 = a record is not in the generation */
    uint64_t number;
    enum pair_kind kind;
  } * pairs; /* in the arena */
  uint64_t count;
};
enum err review_decided_find(const struct open_generation *open, const struct fact_list *list,
                             struct arena *arena, struct review_decided *decided,
                             struct failure *failure);
/* Marks the cases that the facts decide, also over other customers; counts the open ones. */
void review_cases_mark(struct review_cases *cases, const struct review_decided *decided);

/* The pattern as review.csv writes it; room: JOB_COMPARISONS_MAX + 1. */
const char *review_pattern(const struct open_generation *open, uint64_t pattern, char *room);

#endif
