#include "cli/review_cases.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/pair_check.h"

const char *review_pattern(const struct open_generation *open, uint64_t pattern, char *room) {
  *export_put_pattern(room, pattern, open->plan.comparison_count) = '\0';
  return room;
}

/* ---- gathering ---- */

struct gathering {
  const struct open_generation *open;
  const struct review_filter *filter;
  struct review_case *items; /* grown; copied to the arena at the end */
  uint64_t count, capacity;
};

static bool passes(const struct gathering *g, uint64_t customer, const struct stored_review *r) {
  const struct review_filter *f = g->filter;
  char room[JOB_COMPARISONS_MAX + 1];
  if (f->reason >= 0 && r->reason != f->reason) return false;
  if (f->has_least && r->weight < f->least) return false;
  if (f->has_most && r->weight > f->most) return false;
  if (f->customer && customer != f->customer && r->other != f->customer) return false;
  return f->pattern.size == 0 ||
         bytes_equal(f->pattern, bytes_from_string(review_pattern(g->open, r->pattern, room)));
}

static enum err gather(void *context, uint64_t customer, const struct stored_review *r,
                       struct failure *failure) {
  struct gathering *g = context;
  (void)failure;
  if (!passes(g, customer, r)) return ERR_OK;
  if (g->count == g->capacity) {
    g->capacity = g->capacity ? g->capacity * 2 : 256;
    g->items = memory_resize(g->items, g->capacity * sizeof *g->items);
  }
  g->items[g->count++] = (struct review_case){.customers = {customer, r->other},
                                              .records = {r->own_record, r->other_record},
                                              .pattern = r->pattern,
                                              .weight = r->weight,
                                              .reason = r->reason};
  return ERR_OK;
}

/* ---- value ---- */

/* What is known of a customer; sources: whether the sought source is among its records is asked by
 * record, so the record's is looked at. */
static enum err weigh_side(const struct gathering *g, struct review_case *item, int side,
                           struct arena *scratch, bool *of_source, struct failure *failure) {
  struct stored_customer stored;
  struct golden_record *golden;
  arena_reset(scratch);
  enum err err =
      generation_get(g->open->generation, item->customers[side], scratch, &stored, failure);
  if (!err) err = open_generation_golden(g->open, &stored, scratch, &golden, failure);
  if (err) return err;
  item->record_counts[side] = stored.member_count;
  if (golden->score > item->score) item->score = golden->score;
  for (uint32_t m = 0; m < stored.member_count; m++)
    if (pair_key_order(stored.members[m].header->key, item->records[side]) == 0)
      *of_source |=
          bytes_equal(record_source_id(&g->open->job, &stored.members[m]), g->filter->source);
  return ERR_OK;
}

static uint32_t priority_of(const struct review_case *item) {
  double odds = exp2((double)item->weight / WEIGHT_BIT), p = odds / (1 + odds);
  bool is_cut = item->reason == REVIEW_CONSTRAINT || item->reason == REVIEW_COHESION ||
                item->reason == REVIEW_SIZE;
  double uncertainty = is_cut || isinf(odds) ? is_cut : 4 * p * (1 - p);
  double records = (double)item->record_counts[0] + item->record_counts[1];
  return (uint32_t)(1000 * uncertainty * log2(1 + records) * (1 + item->score / 50.0));
}

static int by_priority(const void *left, const void *right) {
  const struct review_case *a = left, *b = right;
  if (a->priority != b->priority) return a->priority > b->priority ? -1 : 1;
  if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
  int order = pair_key_order(a->records[0], b->records[0]);
  return order ? order : pair_key_order(a->records[1], b->records[1]);
}

static enum err weigh_all(struct gathering *g, struct arena *arena, struct review_cases *cases,
                          struct failure *failure) {
  struct arena scratch = {0};
  enum err err = ERR_OK;
  cases->items = arena_alloc(arena, g->count * sizeof *cases->items);
  for (uint64_t i = 0; i < g->count && !err; i++) {
    struct review_case *item = &g->items[i];
    bool of_source = g->filter->source.size == 0;
    for (int side = 0; side < 2 && !err; side++)
      err = weigh_side(g, item, side, &scratch, &of_source, failure);
    if (err || !of_source) continue;
    item->priority = priority_of(item);
    cases->items[cases->count++] = *item;
  }
  arena_release(&scratch);
  if (cases->count) qsort(cases->items, cases->count, sizeof *cases->items, by_priority);
  cases->open = cases->count;
  return err;
}

enum err review_cases_load(const struct open_generation *open, const struct review_filter *filter,
                           struct arena *arena, struct review_cases *cases,
                           struct failure *failure) {
  struct gathering g = {.open = open, .filter = filter};
  *cases = (struct review_cases){0};
  enum err err = ERR_OK;
  for (uint32_t s = 0; s < open->manifest->shard_count && !err; s++)
    err = generation_visit_reviews(open->generation, s, gather, &g, failure);
  if (!err) err = weigh_all(&g, arena, cases, failure);
  free(g.items);
  return err;
}

/* ---- decided ---- */

static enum err customer_of(const struct open_generation *open, struct hash128 key,
                            struct arena *scratch, uint64_t *customer, struct failure *failure) {
  struct stored_customer stored;
  uint32_t member;
  arena_reset(scratch);
  enum err err = generation_get_by_key(open->generation, key, scratch, &stored, &member, failure);
  *customer = err ? 0 : stored.customer_id;
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err review_decided_find(const struct open_generation *open, const struct fact_list *list,
                             struct arena *arena, struct review_decided *decided,
                             struct failure *failure) {
  struct arena scratch = {0};
  enum err err = ERR_OK;
  *decided = (struct review_decided){arena_alloc(arena, list->count * sizeof *decided->pairs), 0};
  for (uint64_t i = 0; i < list->count && !err; i++) {
    const struct fact *fact = &list->items[i];
    if (fact->undoes || fact->undone_by) continue;
    struct decided_pair *pair = &decided->pairs[decided->count++];
    *pair = (struct decided_pair){.number = fact->number, .kind = fact->kind};
    err = customer_of(open, fact->a.key, &scratch, &pair->customers[0], failure);
    if (!err) err = customer_of(open, fact->b.key, &scratch, &pair->customers[1], failure);
  }
  arena_release(&scratch);
  return err;
}

/* Customers as the nodes of a pair_check; a fact inside one customer says nothing of others. */
static struct pair_fact between_customers(uint64_t a, uint64_t b, enum pair_kind kind) {
  return pair_fact_of((struct hash128){hash_mix(a), a}, (struct hash128){hash_mix(b), b}, kind, 1);
}

void review_cases_mark(struct review_cases *cases, const struct review_decided *decided) {
  struct pair_check *all = pair_check_new();
  struct pair_reasons unused;
  for (uint64_t i = 0; i < decided->count; i++) {
    const struct decided_pair *pair = &decided->pairs[i];
    if (!pair->customers[0] || !pair->customers[1] || pair->customers[0] == pair->customers[1])
      continue;
    struct pair_fact fact = between_customers(pair->customers[0], pair->customers[1],
                                              pair->kind == PAIR_MERGE ? PAIR_MERGE : PAIR_APART);
    pair_check_add(all, &fact, &unused);
  }
  cases->open = 0;
  for (uint64_t i = 0; i < cases->count; i++) {
    struct review_case *item = &cases->items[i];
    item->is_decided = pair_check_knows(
        all, between_customers(item->customers[0], item->customers[1], PAIR_MERGE));
    cases->open += !item->is_decided;
  }
  pair_check_free(all);
}
