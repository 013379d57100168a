#include "worker/blocking_defaults.h"

#include "worker/key_aspects.h"

enum {
  IDENTIFIER_RULES_MAX = 10, /* leaves room for names, dates and addresses */
  SMALL_BLOCK_CAP = 60,      /* of rules whose blocks grow with the base: refined early */
  GAIN_MIN = IMAGINED_PAIRS / 1000,
  COST_ONE = 64,            /* costs are in 1/64 candidate pair per record */
  COST_OF_A_KEY = COST_ONE, /* making, moving and sorting a key costs about as much as one pair */
};

/* What all rules together may cost, in pairs per record: many where there are few records. */
static const struct {
  uint64_t records;
  uint32_t pairs;
} budgets[] = {{50000, 60}, {200000, 30}, {1000000, 15}, {5000000, 8}, {UINT64_MAX, 5}};

struct cover {
  struct plan *plan;
  struct arena *arena;
  struct key_aspect aspects[ASPECTS_MAX];
  unsigned count;
  uint64_t found[PAIR_WORDS]; /* by the rules so far */
  uint64_t records;
  uint64_t budget; /* what is left */
};

static struct bytes rule_name(const struct plan *plan, const struct plan_blocking_rule *rule,
                              struct arena *arena) {
  struct buffer name = {0};
  for (unsigned i = 0; i < rule->part_count; i++) {
    const struct plan_comparison *comparison = &plan->comparisons[rule->parts[i].comparison];
    if (i) buffer_append_string(&name, " + ");
    buffer_append_bytes(&name, plan->job->fields[comparison->field].name);
    if (rule->parts[i].part)
      buffer_printf(&name, ".%s", comparison->type->part_names[rule->parts[i].part]);
  }
  struct bytes copy = arena_copy(arena, buffer_bytes(&name));
  buffer_release(&name);
  return copy;
}

/* What may split the rule's blocks, best first. */
static void refine(struct plan_blocking_rule *rule, const struct key_aspect *aspects,
                   unsigned count) {
  uint32_t used = 0;
  for (unsigned i = 0; i < rule->part_count; i++) used |= 1u << rule->parts[i].comparison;
  rule->refine_count = 0;
  while (rule->refine_count < JOB_KEY_PARTS_MAX) {
    unsigned best_value = 0, best = 0;
    for (unsigned i = 0; i < count; i++) {
      if (used >> aspects[i].part.comparison & 1 || aspects[i].is_identifier) continue;
      /* What splits a block loses the pairs in which it differs: sturdiness first. */
      unsigned bits = aspects[i].bits < 8 ? aspects[i].bits : 8;
      unsigned value = aspects[i].agrees * aspects[i].agrees / 1000 * bits;
      if (value > best_value) best_value = value, best = i;
    }
    if (best_value == 0) return;
    rule->refine[rule->refine_count++] = aspects[best].part;
    used |= 1u << aspects[best].part.comparison;
  }
}

/* The bits of a rule, 0 where the two do not make one. */
static unsigned rule_bits(const struct cover *cover, unsigned first, unsigned second) {
  const struct key_aspect *a = &cover->aspects[first], *b = &cover->aspects[second];
  if (a->is_identifier || b->is_identifier) return 0;
  if (first == second) return a->bits;
  bool same_field = a->part.comparison == b->part.comparison;
  if (same_field && (!a->is_free || a->side == b->side || a->part.part == 0 || b->part.part == 0))
    return 0;
  return a->bits + b->bits;
}

/* Candidate pairs per record, when keys of so many bits are spread evenly. */
static uint64_t cost_of(const struct cover *cover, unsigned bits) {
  return cover->records * COST_ONE / 2 >> bits;
}

/* first and second may be one: a rule of one part. */
static void add_rule(struct cover *cover, unsigned first, unsigned second) {
  const struct key_aspect *a = &cover->aspects[first], *b = &cover->aspects[second];
  struct plan *plan = cover->plan;
  struct plan_blocking_rule *rule = &plan->blocking[plan->blocking_count++];
  *rule = (struct plan_blocking_rule){.parts = {a->part, b->part},
                                      .part_count = (uint8_t)(first == second ? 1 : 2)};
  rule->name = rule_name(plan, rule, cover->arena);
  refine(rule, cover->aspects, cover->count);
  uint64_t cost = cost_of(cover, rule_bits(cover, first, second));
  if (cost > COST_ONE / 4 && plan->job->block_cap == 0 && !a->is_identifier)
    rule->cap = SMALL_BLOCK_CAP;
  if (!a->is_identifier) cover->budget -= cost < cover->budget ? cost : cover->budget;
  for (unsigned w = 0; w < PAIR_WORDS; w++) cover->found[w] |= a->alive[w] & b->alive[w];
}

static unsigned gain_of(const struct cover *cover, unsigned first, unsigned second) {
  const uint64_t *a = cover->aspects[first].alive, *b = cover->aspects[second].alive;
  unsigned gain = 0;
  for (unsigned w = 0; w < PAIR_WORDS; w++)
    gain += (unsigned)__builtin_popcountll(a[w] & b[w] & ~cover->found[w]);
  return gain;
}

/* Adds the rule that finds most of what is not found yet for what it costs. false when there is
 * none that adds enough and can be paid. */
static bool add_best_rule(struct cover *cover) {
  unsigned best_first = 0, best_second = 0;
  uint64_t best_value = 0;
  for (unsigned i = 0; i < cover->count; i++) {
    for (unsigned k = i; k < cover->count; k++) {
      unsigned bits = rule_bits(cover, i, k);
      uint64_t cost = cost_of(cover, bits);
      if (bits == 0 || cost > cover->budget) continue;
      unsigned gain = gain_of(cover, i, k);
      if (gain < GAIN_MIN) continue;
      uint64_t value = ((uint64_t)gain << 32) / (COST_OF_A_KEY + cost);
      if (value > best_value) best_value = value, best_first = i, best_second = k;
    }
  }
  if (best_value == 0) return false;
  add_rule(cover, best_first, best_second);
  return true;
}

static uint64_t budget_of(uint64_t records) {
  unsigned i = 0;
  while (records > budgets[i].records) i++;
  return (uint64_t)budgets[i].pairs * COST_ONE;
}

void blocking_defaults_make(struct plan *plan, struct arena *arena) {
  struct cover cover = {.plan = plan, .arena = arena, .records = plan->job->expected_records};
  if (cover.records == 0) cover.records = JOB_EXPECTED_RECORDS_DEFAULT;
  cover.budget = budget_of(cover.records);
  cover.count = key_aspects_list(plan, cover.aspects);
  plan->blocking_count = 0;
  for (unsigned i = 0; i < cover.count && plan->blocking_count < IDENTIFIER_RULES_MAX; i++) {
    if (cover.aspects[i].is_identifier) add_rule(&cover, i, i);
  }
  while (plan->blocking_count < JOB_BLOCKING_RULES_MAX && add_best_rule(&cover)) {
  }
  /* Nothing says enough: better large blocks, refined or seen through a window, than none. */
  if (plan->blocking_count == 0) {
    cover.budget = UINT64_MAX;
    add_best_rule(&cover);
  }
}

void blocking_defaults_refine(struct plan *plan) {
  struct key_aspect aspects[ASPECTS_MAX];
  unsigned count = key_aspects_list(plan, aspects);
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    if (plan->blocking[r].refine_count == 0) refine(&plan->blocking[r], aspects, count);
  }
}
