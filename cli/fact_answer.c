#include "cli/fact_answer.h"

static struct pair_check *check_of(const struct fact_list *list, uint64_t length) {
  struct pair_check *all = pair_check_new();
  struct pair_reasons unused;
  for (uint64_t i = 0; i < list->count; i++) {
    const struct fact *fact = &list->items[i];
    if (!fact_held(fact, length)) continue;
    struct pair_fact pair = pair_fact_of(fact->a.key, fact->b.key, fact->kind, fact->number);
    pair_check_add(all, &pair, &unused);
  }
  return all;
}

/* Asks what would contradict the opposite. */
struct fact_answer fact_answer_of(const struct fact_list *list, uint64_t length, struct hash128 a,
                                  struct hash128 b) {
  struct fact_answer answer = {FACT_SILENT, {{0}, 0}};
  if (pair_key_order(a, b) == 0) return answer;
  static const enum pair_kind opposite[] = {[FACT_ONE] = PAIR_APART, [FACT_APART] = PAIR_MERGE};
  for (int verdict = FACT_ONE; verdict <= FACT_APART && !answer.verdict; verdict++) {
    struct pair_check *all = check_of(list, length);
    struct pair_fact question = pair_fact_of(a, b, opposite[verdict], UINT64_MAX);
    enum pair_outcome outcome = pair_check_add(all, &question, &answer.reasons);
    if (outcome == PAIR_CONTRADICTS) answer.verdict = (enum fact_verdict)verdict;
    pair_check_free(all);
  }
  /* A household is no merge, and no "apart" either: both questions contradict it. */
  if (answer.verdict == FACT_ONE && answer.reasons.count == 1) {
    uint64_t number = answer.reasons.numbers[0];
    if (list->items[number - 1].kind != PAIR_MERGE) answer.verdict = FACT_APART;
  }
  return answer;
}
