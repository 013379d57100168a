/* fact_answer — what the decisions that a generation was made with say of two records. */
#ifndef GUIYI_CLI_FACT_ANSWER_H
#define GUIYI_CLI_FACT_ANSWER_H

#include "common/pair_check.h"
#include "worker/store/fact_store.h"

enum fact_verdict { FACT_SILENT, FACT_ONE, FACT_APART };

struct fact_answer {
  enum fact_verdict verdict;
  struct pair_reasons reasons; /* the decisions that say so, a chain from one to the other */
};

/* Entry i of the list held when the log was `length` long. */
static inline bool fact_held(const struct fact *fact, uint64_t length) {
  return !fact->undoes && fact->number <= length &&
         (fact->undone_by == 0 || fact->undone_by > length);
}

struct fact_answer fact_answer_of(const struct fact_list *list, uint64_t length, struct hash128 a,
                                  struct hash128 b);

#endif
