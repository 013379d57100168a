#include "cli/pair_explanation.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/report_words.h"
#include "cli/text_table.h"
#include "worker/stages/compare.h"

static const char *say(const struct pair_explanation *p, const char *english, const char *chinese) {
  return language_say(p->language, english, chinese);
}

static const struct record_view *record_of(const struct pair_explanation *p, int side) {
  return &p->sides[side].stored.members[p->members[side]];
}

/* ---- finding out ---- */

static bool is_accepted(const struct explanation *e) {
  return e->verdict == EXPLAIN_SAME_RECORD ||
         (e->verdict != EXPLAIN_CONTRADICTION && e->decision.action == DECISION_ACCEPT);
}

static int32_t member_with(const struct named_customer *side, struct hash128 key) {
  for (uint32_t m = 0; m < side->stored.member_count; m++)
    if (pair_key_order(side->stored.members[m].header->key, key) == 0) return (int32_t)m;
  return -1;
}

static bool held(const struct pair_explanation *p, const struct fact *fact) {
  return fact_held(fact, p->open->manifest->decisions.length);
}

/* Members that people made one get one number. */
static void number_ones(const struct pair_explanation *p, struct member_rows *rows) {
  rows->one = arena_alloc(p->arena, rows->count * sizeof *rows->one);
  for (uint32_t m = 0; m < rows->count; m++) rows->one[m] = m;
  for (uint64_t i = 0; i < p->facts->count; i++) {
    const struct fact *fact = &p->facts->items[i];
    if (!held(p, fact) || fact->kind != PAIR_MERGE) continue;
    int32_t a = member_with(&p->sides[0], fact->a.key), b = member_with(&p->sides[0], fact->b.key);
    if (a < 0 || b < 0) continue;
    uint32_t from = rows->one[a], to = rows->one[b];
    for (uint32_t m = 0; m < rows->count; m++)
      if (rows->one[m] == from) rows->one[m] = to;
  }
}

/* A decision that keeps a record of the one from a record of the other. */
static uint64_t forbidding_decision(const struct pair_explanation *p) {
  for (uint64_t i = 0; i < p->facts->count; i++) {
    const struct fact *fact = &p->facts->items[i];
    if (!held(p, fact) || fact->kind == PAIR_MERGE) continue;
    for (int side = 0; side < 2; side++)
      if (member_with(&p->sides[side], fact->a.key) >= 0 &&
          member_with(&p->sides[1 - side], fact->b.key) >= 0)
        return fact->number;
  }
  return 0;
}

static int stronger_link(const void *left, const void *right) {
  const struct pair_link *a = left, *b = right;
  if (a->decision.score != b->decision.score) return a->decision.score > b->decision.score ? -1 : 1;
  if (a->members[0] != b->members[0]) return a->members[0] < b->members[0] ? -1 : 1;
  return (a->members[1] > b->members[1]) - (a->members[1] < b->members[1]);
}

/* Pairs between the two customers that were compared and would have joined them. */
static void find_cut(struct pair_explanation *p) {
  const struct plan *plan = &p->open->plan;
  uint32_t capacity = 0;
  struct pair_link *links = NULL;
  p->pair_count = (uint64_t)p->rows[0].count * p->rows[1].count;
  for (uint32_t a = 0; a < p->rows[0].count; a++)
    for (uint32_t b = 0; b < p->rows[1].count; b++) {
      uint32_t mask;
      uint64_t pattern =
          compare_pair(plan, member_row(&p->rows[0], a), member_row(&p->rows[1], b), &mask);
      struct decision decision = decision_of_pattern(plan, &p->open->manifest->model, pattern);
      if (mask == 0 || decision.action != DECISION_ACCEPT) continue;
      if (p->cut_count == capacity) {
        capacity = capacity ? capacity * 2 : 16;
        struct pair_link *grown = arena_alloc(p->arena, capacity * sizeof *grown);
        if (p->cut_count) memcpy(grown, links, p->cut_count * sizeof *grown);
        links = grown;
      }
      links[p->cut_count++] = (struct pair_link){{a, b}, decision};
    }
  if (p->cut_count) qsort(links, p->cut_count, sizeof *links, stronger_link);
  p->cut = links;
}

static unsigned level_of(const struct plan *plan, const struct feature_row *a, unsigned c,
                         const struct feature_row *b, unsigned d) {
  return plan->comparisons[c].type->compare(plan_feature(plan, a, c), plan_feature(plan, b, d));
}

/* People write given and family name the wrong way round; the pattern takes the better way. */
static bool names_are_crosswise(const struct plan *plan, const struct feature_row *a,
                                const struct feature_row *b) {
  if (!plan->has_name_parts) return false;
  unsigned given = plan->given_comparison, family = plan->family_comparison;
  unsigned straight = level_of(plan, a, given, b, given) + level_of(plan, a, family, b, family);
  unsigned crosswise = level_of(plan, a, given, b, family) + level_of(plan, a, family, b, given);
  return crosswise > straight && crosswise > FIELD_LEVEL_EXACT;
}

void pair_explanation_make(struct pair_explanation *p) {
  const struct plan *plan = &p->open->plan;
  const struct model *model = &p->open->manifest->model;
  for (int i = 0; i < 2; i++) member_rows_make(plan, &p->sides[i].stored, p->arena, &p->rows[i]);
  p->is_one_customer = p->sides[0].stored.customer_id == p->sides[1].stored.customer_id;
  struct pair_choice choice =
      pair_choose(&p->rows[0], p->sides[0].member, &p->rows[1], p->sides[1].member, model);
  p->members[0] = choice.a;
  p->members[1] = choice.b;
  for (int i = 0; i < 2; i++)
    p->names[i] = open_generation_record_name(p->open, record_of(p, i), p->arena);
  explain_pair(plan, model, member_row(&p->rows[0], choice.a), member_row(&p->rows[1], choice.b),
               &p->explanation);
  p->is_crosswise = names_are_crosswise(plan, member_row(&p->rows[0], choice.a),
                                        member_row(&p->rows[1], choice.b));
  p->answer = fact_answer_of(p->facts, p->open->manifest->decisions.length,
                             record_of(p, 0)->header->key, record_of(p, 1)->header->key);
  if (!p->is_one_customer) {
    find_cut(p);
    p->forbidding = forbidding_decision(p);
    p->has_contradiction = pair_contradicts(&p->rows[0], &p->rows[1], &p->contradicting[0],
                                            &p->contradicting[1], &p->contradiction);
  } else if ((!is_accepted(&p->explanation) || !p->explanation.mask) &&
             p->explanation.verdict != EXPLAIN_SAME_RECORD && p->answer.verdict != FACT_ONE &&
             choice.a != choice.b) {
    number_ones(p, &p->rows[0]);
    p->path_count = pair_path(&p->rows[0], choice.a, choice.b, model, p->arena, &p->path);
  }
}

/* ---- words ---- */

static const char *bits(int32_t weight, struct arena *arena) {
  char room[64];
  char *end = export_put_weight(room, weight);
  return arena_printf(arena, "%s%.*s", weight > 0 ? "+" : "", (int)(end - room), room);
}

static const char *action_words(const struct pair_explanation *p, enum decision_action action) {
  switch (action) {
    case DECISION_REJECT:
      return say(p, "not matched", "不匹配");
    case DECISION_REVIEW:
      return say(p, "for review", "待人工核对");
    case DECISION_ACCEPT:
      return say(p, "matched", "匹配");
    case DECISION_SEPARATE:
      return say(p, "kept apart", "分开");
    case DECISION_HOUSEHOLD:
      return say(p, "one household, not one customer", "同一家庭，不是同一客户");
    case DECISION_EMPLOYER:
      return say(p, "one employer, not one customer", "同一单位，不是同一客户");
  }
  return "";
}

static const char *level_words(const struct pair_explanation *p, const char *level) {
  const char *english, *chinese = report_words_level(level, &english);
  return p->language == LANGUAGE_CHINESE && chinese ? chinese : english;
}

static struct bytes field_of_comparison(const struct pair_explanation *p, int comparison) {
  return p->open->job.fields[p->open->plan.comparisons[comparison].field].name;
}

static const char *contradiction_words(const struct pair_explanation *p,
                                       const struct contradiction *c) {
  struct bytes first = field_of_comparison(p, c->comparison);
  if (c->second < 0)
    return arena_printf(p->arena,
                        say(p, "each has a %.*s of its own, and one customer has only one",
                            "%.*s各不相同，而一个客户只能有一个"),
                        (int)first.size, first.data);
  struct bytes second = field_of_comparison(p, c->second);
  return arena_printf(p->arena, say(p, "%.*s and %.*s are both different", "%.*s和%.*s都不同"),
                      (int)first.size, first.data, (int)second.size, second.data);
}

static const char *decisions_words(const struct pair_explanation *p,
                                   const struct pair_reasons *reasons) {
  struct buffer words = {0};
  uint32_t shown = reasons->count < PAIR_REASONS_MAX ? reasons->count : PAIR_REASONS_MAX;
  buffer_append_string(&words, say(p, reasons->count == 1 ? "decision" : "decisions", "决定"));
  for (uint32_t i = 0; i < shown; i++) {
    const struct fact *fact = &p->facts->items[reasons->numbers[i] - 1];
    buffer_printf(&words, "%s %" PRIu64 " (%s, %.*s)", i ? "," : "", fact->number,
                  pair_kind_name(fact->kind), (int)fact->who.size, fact->who.data);
  }
  const char *text = arena_copy_string(p->arena, buffer_string(&words));
  buffer_release(&words);
  return text;
}

const char *pair_explanation_verdict(const struct pair_explanation *p) {
  const struct explanation *e = &p->explanation;
  if (p->answer.verdict != FACT_SILENT)
    return arena_printf(
        p->arena,
        p->answer.verdict == FACT_ONE
            ? say(p, "one customer because people decided so: %s", "人工决定为同一客户：%s")
            : say(p, "kept apart because people decided so: %s", "人工决定分开：%s"),
        decisions_words(p, &p->answer.reasons));
  switch (e->verdict) {
    case EXPLAIN_SAME_RECORD:
      return say(p, "matched: they are one record of the source (the same id)",
                 "匹配：来源中的同一条记录（编号相同）");
    case EXPLAIN_CONTRADICTION:
      return arena_printf(p->arena, say(p, "kept apart: %s", "分开：%s"),
                          contradiction_words(p, &e->contradiction));
    case EXPLAIN_RULE: {
      struct bytes id = p->open->plan.match_rules[e->decision.rule].id;
      return arena_printf(p->arena,
                          say(p, "%s by the match rule %.*s, whatever the score",
                              "%s：由匹配规则 %.*s 决定，不看得分"),
                          action_words(p, e->decision.action), (int)id.size, id.data);
    }
    case EXPLAIN_SCORE:
      break;
  }
  return arena_printf(p->arena,
                      say(p, "%s by the score: %s bits (matched from %s, for review from %s)",
                          "%s：得分 %s 比特（%s 起匹配，%s 起人工核对）"),
                      action_words(p, e->decision.action), bits(e->decision.score, p->arena),
                      bits(e->accept_weight, p->arena), bits(e->review_weight, p->arena));
}

static const char *record_name(const struct pair_explanation *p, int side, uint32_t member) {
  return open_generation_record_name(p->open, &p->sides[side].stored.members[member], p->arena);
}

/* One customer, whose two records do not match by themselves. */
static const char *one_customer_outcome(const struct pair_explanation *p) {
  if (p->path_count == 0) return "";
  if (p->explanation.verdict == EXPLAIN_CONTRADICTION)
    return say(p,
               "they are one customer all the same, because people joined others of its records:",
               "但因人工决定合并了其他记录，它们仍是同一客户：");
  return say(p, "they are one customer over other records:", "它们通过其他记录成为同一客户：");
}

/* What the run's review list says of the two customers; -1 = nothing. */
static int listed_reason(const struct pair_explanation *p) {
  int reason = -1;
  for (int side = 0; side < 2; side++) {
    const struct stored_review *reviews;
    uint32_t count;
    if (generation_reviews(p->open->generation, p->sides[side].stored.customer_id, p->arena,
                           &reviews, &count, NULL))
      continue;
    for (uint32_t i = 0; i < count; i++)
      if (reviews[i].other == p->sides[1 - side].stored.customer_id) reason = reviews[i].reason;
  }
  return reason;
}

/* Two customers, whose two records match by themselves. */
static const char *cut_outcome(const struct pair_explanation *p) {
  if (!p->explanation.mask && p->cut_count == 0)
    return say(p, "they would match, but were never compared, so nothing joined them",
               "它们本会匹配，但从未被比较，所以没有连上");
  switch (listed_reason(p)) {
    case REVIEW_COHESION:
      return say(p,
                 "their customers were kept apart for lack of cohesion: over all their records too "
                 "much disagrees (match.cohesion)",
                 "两个客户整体不合：所有记录合起来分歧过多（match.cohesion），因此没有合并");
    case REVIEW_SIZE:
      return say(
          p,
          "their customers were kept apart because one of so many different records should "
          "be looked at (match.cluster_max, match.identifiers)",
          "合并后的客户过大（match.cluster_max、match.identifiers），因此没有合并，待人工核对");
    default:
      return say(p, "their customers were kept apart by what stronger links had joined before",
                 "更强的连接先合并了别的记录，因此这两个客户被分开");
  }
}

const char *pair_explanation_outcome(const struct pair_explanation *p) {
  if (p->answer.verdict != FACT_SILENT) return "";
  if (p->is_one_customer) return one_customer_outcome(p);
  if (p->forbidding) {
    struct pair_reasons one = {{p->forbidding}, 1};
    return arena_printf(p->arena,
                        say(p,
                            "their customers were kept apart because people decided so of others "
                            "of their records: %s",
                            "人工决定把两个客户的其他记录分开：%s"),
                        decisions_words(p, &one));
  }
  if (!is_accepted(&p->explanation) && p->cut_count == 0) return "";
  if (p->explanation.verdict == EXPLAIN_CONTRADICTION) return "";
  if (p->has_contradiction)
    return arena_printf(p->arena,
                        say(p, "their customers were kept apart because of %s and %s: %s",
                            "两个客户因 %s 和 %s 而分开：%s"),
                        record_name(p, 0, p->contradicting[0]),
                        record_name(p, 1, p->contradicting[1]),
                        contradiction_words(p, &p->contradiction));
  return cut_outcome(p);
}

/* ---- evidence ---- */

static const char *frequency_words(const struct pair_explanation *p,
                                   const struct explain_comparison *c) {
  if (c->share_bits < 0) return "";
  return arena_printf(p->arena,
                      say(p, "about 1 record in %llu has it", "约每 %llu 条记录中有 1 条"),
                      1ULL << c->share_bits);
}

static int heavier(const void *left, const void *right) {
  const struct explain_comparison *const *a = left, *const *b = right;
  int64_t x = llabs((*a)->weight), y = llabs((*b)->weight);
  if (x != y) return x > y ? -1 : 1;
  return (*a > *b) - (*a < *b);
}

const char *pair_explanation_evidence(const struct pair_explanation *p, bool against) {
  const struct explanation *e = &p->explanation;
  const struct explain_comparison *found[JOB_COMPARISONS_MAX];
  uint32_t count = 0;
  for (uint32_t c = 0; c < e->comparison_count; c++)
    if (against ? e->comparisons[c].weight < 0 : e->comparisons[c].weight > 0)
      found[count++] = &e->comparisons[c];
  if (count) qsort(found, count, sizeof found[0], heavier);
  struct buffer words = {0};
  for (uint32_t i = 0; i < count; i++)
    buffer_printf(&words, "%s%.*s %s %s", i ? say(p, "; ", "；") : "", (int)found[i]->field.size,
                  found[i]->field.data, level_words(p, found[i]->level),
                  bits(found[i]->weight, p->arena));
  const char *text = arena_copy_string(p->arena, buffer_string(&words));
  buffer_release(&words);
  return text;
}

static bool is_lost(const struct pair_explanation *p, uint32_t c) {
  return (p->rows[0].lost[p->members[0]] | p->rows[1].lost[p->members[1]]) >> c & 1;
}

static struct bytes value_of(const struct pair_explanation *p, int side, uint32_t c) {
  uint32_t field = p->open->plan.comparisons[c].field;
  return open_generation_value(p->open, field, record_of(p, side)->values[field].text, p->arena);
}

static void add_sum(struct text_table *table, const char *name, const char *weight) {
  text_table_add_string(table, name);
  for (int k = 0; k < 3; k++) text_table_add(table, BYTES_EMPTY);
  text_table_add_string(table, weight);
  text_table_add(table, BYTES_EMPTY);
}

void pair_explanation_print_fields(const struct pair_explanation *p, struct buffer *out) {
  const struct explanation *e = &p->explanation;
  struct text_table table = {.column_count = 6};
  const char *headings[] = {say(p, "field", "字段"),
                            p->names[0],
                            p->names[1],
                            say(p, "level", "比较结果"),
                            say(p, "bits", "比特"),
                            say(p, "frequency", "常见程度")};
  for (int i = 0; i < 6; i++) text_table_add_string(&table, headings[i]);
  for (uint32_t c = 0; c < e->comparison_count; c++) {
    struct bytes values[] = {value_of(p, 0, c), value_of(p, 1, c)};
    if (values[0].size == 0 && values[1].size == 0) continue;
    text_table_add(&table, e->comparisons[c].field);
    for (int side = 0; side < 2; side++) text_table_add(&table, values[side]);
    bool is_unused = e->comparisons[c].nibble == PATTERN_MISSING && values[0].size &&
                     values[1].size && !is_lost(p, c);
    text_table_printf(&table, "%s%s",
                      is_unused
                          ? say(p, "not matched by: doubtful or unusable", "可疑或无效，不参与匹配")
                          : level_words(p, e->comparisons[c].level),
                      is_lost(p, c) ? " (?)" : "");
    text_table_add_string(&table, bits(e->comparisons[c].weight, p->arena));
    text_table_add_string(&table, frequency_words(p, &e->comparisons[c]));
  }
  add_sum(&table, say(p, "(any two records)", "（任意两条记录）"), bits(e->prior, p->arena));
  add_sum(&table, say(p, "score", "得分"), bits(e->decision.score, p->arena));
  text_table_print(&table, 2, out);
  text_table_release(&table);
}
