#include "worker/blocking_defaults.h"

#include "worker/key_aspects.h"
#include "worker/pattern.h"

enum {
  IDENTIFIER_RULES_MAX = 10, /* leaves room for names, dates and addresses */
  SMALL_BLOCK_CAP = 60,      /* of rules whose blocks grow with the base: refined early */
  RELIABLE_BLOCK_MAX = 24,   /* records; blocks of rules with fewer are seldom cut */
  ROUNDS_MAX = 48,
  EXACT_NIBBLES = 0xFF00,
  COST_ONE = 64, /* costs are in 1/64 candidate pair per record */
};

/* What all rules together may cost, in pairs per record, and what one must find at least to be
 * worth its keys, in pairs of 10000: a few thousand records can afford everything, millions can
 * not. */
static const struct budget {
  uint64_t records;
  uint32_t pairs, gain_min;
} budgets[] = {
    {50000, 60, 10}, {200000, 30, 15}, {1000000, 12, 30}, {5000000, 6, 40}, {UINT64_MAX, 4, 50}};

/* A rule of one part, then second is first, or of two. */
struct choice {
  uint8_t first, second; /* in cover.aspects */
};

struct cover {
  const struct plan *plan;
  struct key_aspect aspects[ASPECTS_MAX];
  unsigned count;
  struct choice chosen[JOB_BLOCKING_RULES_MAX];
  unsigned chosen_count;
  uint64_t found[PAIR_WORDS]; /* by the chosen */
  uint64_t records;
  uint64_t budget; /* what is left */
  uint64_t price;  /* of a rule, whatever its pairs cost: making, moving and sorting its keys, and
                      taking one of few places */
  unsigned gain_min;
  unsigned room; /* rules that may be chosen */
};

static bool is_identifier_rule(const struct cover *cover, struct choice c) {
  return c.first == c.second && cover->aspects[c.first].is_identifier;
}

/* The bits of a rule, 0 where the two do not make one. */
static unsigned rule_bits(const struct cover *cover, struct choice c) {
  const struct key_aspect *a = &cover->aspects[c.first], *b = &cover->aspects[c.second];
  if (is_identifier_rule(cover, c)) return a->bits;
  if (a->is_identifier || b->is_identifier) return 0;
  if (c.first == c.second) return a->bits;
  bool same_field = a->part.comparison == b->part.comparison;
  if (same_field && (!a->is_free || a->side == b->side || a->part.part == 0 || b->part.part == 0))
    return 0;
  return a->bits + b->bits;
}

/* Candidate pairs per record, when keys of so many bits are spread evenly. */
static uint64_t cost_of(const struct cover *cover, unsigned bits) {
  return cover->records * COST_ONE / 2 >> bits;
}

static void find_with(const struct cover *cover, struct choice c, uint64_t found[PAIR_WORDS]) {
  const uint64_t *a = cover->aspects[c.first].alive, *b = cover->aspects[c.second].alive;
  for (unsigned w = 0; w < PAIR_WORDS; w++) found[w] |= a[w] & b[w];
}

/* What c finds that `found` does not. */
static unsigned gain_of(const struct cover *cover, struct choice c,
                        const uint64_t found[PAIR_WORDS]) {
  const uint64_t *a = cover->aspects[c.first].alive, *b = cover->aspects[c.second].alive;
  unsigned gain = 0;
  for (unsigned w = 0; w < PAIR_WORDS; w++)
    gain += (unsigned)__builtin_popcountll(a[w] & b[w] & ~found[w]);
  return gain;
}

static void choose(struct cover *cover, struct choice c) {
  cover->chosen[cover->chosen_count++] = c;
  find_with(cover, c, cover->found);
  if (!is_identifier_rule(cover, c)) cover->budget -= cost_of(cover, rule_bits(cover, c));
}

/* Chooses the rule that finds most of what is not found yet for what it costs. false when there is
 * none that adds enough and can be paid. */
static bool choose_best(struct cover *cover) {
  struct choice best = {0, 0};
  uint64_t best_value = 0;
  for (unsigned i = 0; i < cover->count; i++) {
    for (unsigned k = i; k < cover->count; k++) {
      struct choice c = {(uint8_t)i, (uint8_t)k};
      unsigned bits = rule_bits(cover, c);
      uint64_t cost = cost_of(cover, bits);
      if (bits == 0 || cost > cover->budget) continue;
      unsigned gain = gain_of(cover, c, cover->found);
      if (gain < cover->gain_min) continue;
      uint64_t value = ((uint64_t)gain << 32) / (cover->price + cost);
      if (value > best_value) best_value = value, best = c;
    }
  }
  if (best_value) choose(cover, best);
  return best_value != 0;
}

/* Drops the chosen rule that later ones made superfluous (birth date, once its year alone is a
 * key). Only rules with small blocks vouch for others: large blocks get cut. */
static bool drop_superfluous(struct cover *cover) {
  for (unsigned d = 0; d < cover->chosen_count; d++) {
    uint64_t others[PAIR_WORDS] = {0};
    if (is_identifier_rule(cover, cover->chosen[d])) continue;
    for (unsigned i = 0; i < cover->chosen_count; i++) {
      unsigned bits = rule_bits(cover, cover->chosen[i]);
      if (i != d && cover->records >> bits <= RELIABLE_BLOCK_MAX)
        find_with(cover, cover->chosen[i], others);
    }
    if (gain_of(cover, cover->chosen[d], others) >= cover->gain_min) continue;
    cover->budget += cost_of(cover, rule_bits(cover, cover->chosen[d]));
    cover->chosen_count--;
    memmove(&cover->chosen[d], &cover->chosen[d + 1],
            (cover->chosen_count - d) * sizeof cover->chosen[0]);
    memset(cover->found, 0, sizeof cover->found);
    for (unsigned i = 0; i < cover->chosen_count; i++)
      find_with(cover, cover->chosen[i], cover->found);
    return true;
  }
  return false;
}

static void choose_all(struct cover *cover) {
  for (unsigned i = 0; i < cover->count && cover->chosen_count < IDENTIFIER_RULES_MAX &&
                       cover->chosen_count < cover->room;
       i++) {
    struct choice c = {(uint8_t)i, (uint8_t)i};
    if (is_identifier_rule(cover, c)) choose(cover, c);
  }
  for (unsigned round = 0; round < ROUNDS_MAX; round++) {
    while (cover->chosen_count < cover->room && choose_best(cover)) {
    }
    if (!drop_superfluous(cover)) break;
  }
  /* Nothing says enough: better large blocks, refined or seen through a window, than none. */
  if (cover->chosen_count == 0) {
    cover->budget = UINT64_MAX;
    choose_best(cover);
  }
}

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
      if (used >> aspects[i].part.comparison & 1 || aspects[i].of_identifier) continue;
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

static void choose_rules(struct cover *cover, struct plan *plan, struct arena *arena) {
  choose_all(cover);
  plan->blocking_count = cover->chosen_count;
  for (unsigned r = 0; r < cover->chosen_count; r++) {
    struct choice c = cover->chosen[r];
    struct plan_blocking_rule *rule = &plan->blocking[r];
    *rule = (struct plan_blocking_rule){
        .parts = {cover->aspects[c.first].part, cover->aspects[c.second].part},
        .part_count = (uint8_t)(c.first == c.second ? 1 : 2)};
    rule->name = rule_name(plan, rule, arena);
    if (plan->job->block_cap == 0 && !is_identifier_rule(cover, c) &&
        cost_of(cover, rule_bits(cover, c)) > COST_ONE / 4)
      rule->cap = SMALL_BLOCK_CAP;
  }
}

/* ---- what match rules need ---- */

/* Do all pairs of the rule agree in the field's exact part? */
static bool wants_exact(const struct plan *plan, const struct plan_match_rule *rule, unsigned c) {
  return (rule->accepted[c] & ~EXACT_NIBBLES) == 0 && !plan->comparisons[c].type->exact_is_loose;
}

static bool brings_together(const struct plan *plan, const struct plan_blocking_rule *blocking,
                            const struct plan_match_rule *rule) {
  for (unsigned i = 0; i < blocking->part_count; i++)
    if (blocking->parts[i].part != 0 || !wants_exact(plan, rule, blocking->parts[i].comparison))
      return false;
  return true;
}

static bool has_block(const struct plan *plan, const struct plan_blocking_rule *blocking,
                      unsigned count, const struct plan_match_rule *rule) {
  for (unsigned r = 0; r < count; r++)
    if (brings_together(plan, &blocking[r], rule)) return true;
  return false;
}

/* The blocking rule of a match rule: an identifier's if it has one, else all fields in which it
 * wants exact agreement. false when their blocks would be too large. */
static bool derive_rule(const struct cover *cover, const struct plan_match_rule *rule,
                        struct plan_blocking_rule *out) {
  unsigned bits = 0;
  *out = (struct plan_blocking_rule){.for_match_rule = true};
  for (unsigned i = 0; i < cover->count; i++) {
    const struct key_aspect *aspect = &cover->aspects[i];
    if (aspect->part.part != 0 || !wants_exact(cover->plan, rule, aspect->part.comparison))
      continue;
    if (aspect->is_identifier) out->part_count = 0, bits = 0;
    if (out->part_count == JOB_KEY_PARTS_MAX) break;
    out->parts[out->part_count++] = aspect->part;
    bits += aspect->bits;
    if (aspect->is_identifier) break;
  }
  return out->part_count && cost_of(cover, bits) <= cover->budget;
}

/* Rules for the match rules that neither `known` ones nor each other bring together. */
static unsigned derive_rules(const struct cover *cover, const struct plan_blocking_rule *known,
                             unsigned known_count,
                             struct plan_blocking_rule made[JOB_BLOCKING_RULES_MAX]) {
  const struct plan *plan = cover->plan;
  unsigned count = 0;
  for (uint32_t m = 0; m < plan->match_rule_count; m++) {
    const struct plan_match_rule *rule = &plan->match_rules[m];
    if (rule->action == MATCH_SEPARATE || has_block(plan, known, known_count, rule) ||
        has_block(plan, made, count, rule))
      continue;
    if (count + known_count < JOB_BLOCKING_RULES_MAX && derive_rule(cover, rule, &made[count]))
      count++;
  }
  return count;
}

static struct cover cover_of(const struct plan *plan) {
  struct cover cover = {.plan = plan, .records = plan->job->expected_records};
  if (cover.records == 0) cover.records = JOB_EXPECTED_RECORDS_DEFAULT;
  const struct budget *budget = budgets;
  while (cover.records > budget->records) budget++;
  cover.budget = (uint64_t)budget->pairs * COST_ONE;
  cover.price = cover.budget / 12 > COST_ONE ? cover.budget / 12 : COST_ONE;
  cover.gain_min = budget->gain_min * IMAGINED_PAIRS / 10000;
  cover.count = key_aspects_list(plan, cover.aspects);
  return cover;
}

void blocking_defaults_make(struct plan *plan, struct arena *arena) {
  struct plan_blocking_rule made[JOB_BLOCKING_RULES_MAX];
  struct cover cover = cover_of(plan), chosen = cover;
  if (plan->blocking_count == 0) {
    /* An identifier gets a rule anyhow: only the others take up room. */
    unsigned needed = derive_rules(&cover, NULL, 0, made);
    for (unsigned i = 0; i < needed; i++)
      chosen.room += !plan->comparisons[made[i].parts[0].comparison].type->is_identifier;
    chosen.room = JOB_BLOCKING_RULES_MAX - chosen.room;
    choose_rules(&chosen, plan, arena);
  }
  unsigned count = derive_rules(&cover, plan->blocking, plan->blocking_count, made);
  for (unsigned i = 0; i < count; i++) {
    struct plan_blocking_rule *rule = &plan->blocking[plan->blocking_count++];
    *rule = made[i];
    rule->name = rule_name(plan, rule, arena);
  }
  for (uint32_t m = 0; m < plan->match_rule_count; m++) {
    struct plan_match_rule *rule = &plan->match_rules[m];
    rule->has_block = rule->action == MATCH_SEPARATE ||
                      has_block(plan, plan->blocking, plan->blocking_count, rule);
  }
  for (uint32_t r = 0; r < plan->blocking_count; r++)
    if (plan->blocking[r].refine_count == 0) refine(&plan->blocking[r], cover.aspects, cover.count);
}

void blocking_defaults_suggest(const struct plan *plan, const struct plan_match_rule *rule,
                               struct buffer *out) {
  struct key_aspect aspects[ASPECTS_MAX];
  unsigned count = key_aspects_list(plan, aspects), named = 0;
  for (uint32_t c = 0; c < plan->comparison_count && named < JOB_KEY_PARTS_MAX; c++) {
    bool agrees = !(rule->accepted[c] & (1u << PATTERN_MISSING | 1u << PATTERN_DIFFER));
    const struct key_aspect *best = NULL;
    for (unsigned i = 0; agrees && i < count; i++) {
      bool fits = aspects[i].part.comparison == c &&
                  (aspects[i].part.part == 0) == wants_exact(plan, rule, c);
      if (fits && (!best || aspects[i].agrees * aspects[i].bits > best->agrees * best->bits))
        best = &aspects[i];
    }
    if (!best) continue;
    struct plan_blocking_rule one = {.parts = {best->part}, .part_count = 1};
    struct arena arena = {0};
    buffer_append_string(out, named++ ? ", " : "[");
    buffer_append_bytes(out, rule_name(plan, &one, &arena));
    arena_release(&arena);
  }
  if (named) buffer_append_char(out, ']');
}
