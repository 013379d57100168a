/* The whole of a pair_explanation, for people and for programs. */
#include "cli/pair_explanation.h"
#include "cli/report_words.h"
#include "cli/text_table.h"

static const char *say(const struct pair_explanation *p, const char *english, const char *chinese) {
  return language_say(p->language, english, chinese);
}

static const char *bits(int32_t weight, struct arena *arena) {
  char room[64];
  char *end = export_put_weight(room, weight);
  return arena_printf(arena, "%s%.*s", weight > 0 ? "+" : "", (int)(end - room), room);
}

static const char *name_of(const struct pair_explanation *p, int side, uint32_t member) {
  return open_generation_record_name(p->open, &p->sides[side].stored.members[member], p->arena);
}

static const char *level_words(const struct pair_explanation *p, const char *level) {
  const char *english, *chinese = report_words_level(level, &english);
  return p->language == LANGUAGE_CHINESE && chinese ? chinese : english;
}

static struct bytes rule_id(const struct pair_explanation *p, int rule) {
  return p->open->plan.match_rules[rule].id;
}

/* ---- why they were compared, or never ---- */

static void append_rules(const struct pair_explanation *p, uint32_t mask, struct buffer *out) {
  const char *between = "";
  for (uint32_t r = 0; r < p->open->plan.blocking_count; r++) {
    if (!(mask >> r & 1)) continue;
    buffer_append_string(out, between);
    buffer_append_bytes(out, p->open->plan.blocking[r].name);
    between = say(p, ", ", "、");
  }
}

/* The rules of which one of the two lacks a part, and those of which both have all. */
static void find_keys(const struct pair_explanation *p, uint32_t *lacking, uint32_t *different) {
  *lacking = *different = 0;
  for (uint32_t r = 0; r < p->open->plan.blocking_count; r++) {
    uint64_t a = plan_key(&p->open->plan, r, member_row(&p->rows[0], p->members[0]));
    uint64_t b = plan_key(&p->open->plan, r, member_row(&p->rows[1], p->members[1]));
    if (a == 0 || b == 0)
      *lacking |= 1u << r;
    else if (a != b)
      *different |= 1u << r;
  }
}

static void print_never_compared(const struct pair_explanation *p, struct buffer *out) {
  const struct explanation *e = &p->explanation;
  uint32_t lacking, different;
  find_keys(p, &lacking, &different);
  if (e->windowed) {
    buffer_append_string(
        out,
        say(p,
            "compared only if they were neighbours in a block that is too large: what it has in "
            "common is too frequent, and nothing that would divide it is known",
            "所在的块过大，只有相邻时才会比较：共同的值太常见，又没有可细分的字段"));
  } else {
    buffer_append_string(out, say(p, "never compared: no blocking key brings them together",
                                  "从未比较：没有共同的分块键"));
  }
  if (e->hub_mask) {
    buffer_append_string(out, say(p, "\n  shared by a crowd, so no reason to compare: ",
                                  "\n  很多人共用，不作为比较的理由："));
    append_rules(p, e->hub_mask, out);
  }
  if (different) {
    buffer_append_string(out, say(p, "\n  they have, but differently: ", "\n  双方都有但不同："));
    append_rules(p, different, out);
  }
  if (lacking) {
    buffer_append_string(out, say(p, "\n  one of them lacks: ", "\n  至少一方缺少："));
    append_rules(p, lacking, out);
  }
  buffer_append_char(out, '\n');
}

static void print_blocking(const struct pair_explanation *p, struct buffer *out) {
  const struct explanation *e = &p->explanation;
  if (e->verdict == EXPLAIN_SAME_RECORD) return;
  if (e->mask == 0) {
    print_never_compared(p, out);
    return;
  }
  buffer_append_string(out, say(p, "compared because they share ", "比较的原因是共同的 "));
  append_rules(p, e->mask, out);
  if (e->hub_mask) {
    buffer_append_string(out,
                         say(p, "; what a crowd shares is no reason: ", "；很多人共用的不算："));
    append_rules(p, e->hub_mask, out);
  }
  buffer_append_char(out, '\n');
}

/* ---- how their customers came about ---- */

static void print_link(const struct pair_explanation *p, const char *a, const char *b,
                       const struct decision *decision, bool is_decided, struct buffer *out) {
  buffer_printf(out, "  %s %s %s: ", a, say(p, "and", "和"), b);
  if (is_decided) {
    buffer_append_string(out, say(p, "people decided so\n", "人工决定\n"));
  } else if (decision->rule >= 0) {
    struct bytes id = rule_id(p, decision->rule);
    buffer_printf(out, say(p, "match rule %.*s\n", "匹配规则 %.*s\n"), (int)id.size, id.data);
  } else {
    buffer_printf(out, say(p, "%s bits\n", "%s 比特\n"), bits(decision->score, p->arena));
  }
}

static void print_path(const struct pair_explanation *p, struct buffer *out) {
  for (uint32_t i = 0; i + 1 < p->path_count; i++) {
    uint32_t a = p->path[i], b = p->path[i + 1];
    struct explanation step;
    explain_pair(&p->open->plan, &p->open->manifest->model, member_row(&p->rows[0], a),
                 member_row(&p->rows[0], b), &step);
    if (step.verdict == EXPLAIN_SAME_RECORD)
      buffer_printf(out, "  %s %s %s: %s\n", name_of(p, 0, a), say(p, "and", "和"),
                    name_of(p, 0, b), say(p, "one record", "同一条记录"));
    else
      print_link(p, name_of(p, 0, a), name_of(p, 0, b), &step.decision,
                 p->rows[0].one && p->rows[0].one[a] == p->rows[0].one[b], out);
  }
}

/* What was cut, as far as it is not the pair that is explained itself. */
static void print_cut(const struct pair_explanation *p, struct buffer *out) {
  if (p->cut_count == 0) return;
  buffer_printf(out,
                say(p, "links that were cut: %u of %llu pairs of their records match\n",
                    "被切断的连接：%u 对，双方的记录共 %llu 对\n"),
                p->cut_count, (unsigned long long)p->pair_count);
  for (uint32_t i = 0; i < p->cut_count && i < PAIR_CUT_MAX; i++)
    print_link(p, name_of(p, 0, p->cut[i].members[0]), name_of(p, 1, p->cut[i].members[1]),
               &p->cut[i].decision, false, out);
  if (p->cut_count > PAIR_CUT_MAX)
    buffer_printf(out, say(p, "  and %u more\n", "  还有 %u 个\n"), p->cut_count - PAIR_CUT_MAX);
}

/* ---- what would change it ---- */

/* Exact agreement weighs what the value's rarity says. */
static const char *rarity_words(const struct pair_explanation *p, unsigned nibble) {
  unsigned share_bits = PATTERN_BUCKET_BITS * (nibble - PATTERN_EXACT) + 2;
  return arena_printf(p->arena, say(p, " (1 record in %llu has it)", "（每 %llu 条记录有 1 条）"),
                      1ULL << share_bits);
}

static const char *change_words(const struct pair_explanation *p,
                                const struct explain_change *change) {
  static const char *const actions[][2] = {[DECISION_REJECT] = {"not matched", "不匹配"},
                                           [DECISION_REVIEW] = {"for review", "待人工核对"},
                                           [DECISION_ACCEPT] = {"matched", "匹配"},
                                           [DECISION_SEPARATE] = {"kept apart", "分开"},
                                           [DECISION_HOUSEHOLD] = {"one household", "同一家庭"},
                                           [DECISION_EMPLOYER] = {"one employer", "同一单位"}};
  const char *action = say(p, actions[change->action][0], actions[change->action][1]);
  if (change->rule < 0)
    return arena_printf(p->arena, say(p, "%s: %s bits", "%s：%s 比特"), action,
                        bits(change->score, p->arena));
  struct bytes id = rule_id(p, change->rule);
  return arena_printf(p->arena, say(p, "%s by rule %.*s", "%s：规则 %.*s"), action, (int)id.size,
                      id.data);
}

static void add_change(const struct pair_explanation *p, const struct explain_change *change,
                       struct text_table *table) {
  const struct explain_comparison *c = &p->explanation.comparisons[change->comparison];
  bool is_rarity = change->nibble >= PATTERN_EXACT && !c->is_identifier;
  text_table_printf(table,
                    c->nibble == PATTERN_MISSING
                        ? say(p, "%.*s were known and: %s%s", "双方都有%.*s，且%s%s")
                        : say(p, "%.*s were: %s%s", "%.*s%s%s"),
                    (int)c->field.size, c->field.data, level_words(p, change->level),
                    is_rarity ? rarity_words(p, change->nibble) : "");
  text_table_add_string(table, change_words(p, change));
}

static void print_contradiction_change(const struct pair_explanation *p, struct buffer *out) {
  const struct contradiction *c = &p->explanation.contradiction;
  struct bytes field = p->explanation.comparisons[c->comparison].field;
  if (c->second < 0)
    buffer_printf(
        out,
        say(p,
            "\nthey could be one customer if one of the two had no %.*s, or the same, or "
            "the job said match.identifiers.%.*s: {single: false}\n",
            "\n如果其中一方没有%.*s、或两者相同、或任务文件写明 match.identifiers.%.*s: {single: "
            "false}，它们可以是同一客户\n"),
        (int)field.size, field.data, (int)field.size, field.data);
  else
    buffer_printf(out,
                  say(p, "\nthey could be one customer if %.*s were the same or missing\n",
                      "\n如果%.*s相同或缺失，它们可以是同一客户\n"),
                  (int)field.size, field.data);
}

/* What they have first; of what is missing only a few, for there is little to be done about it. */
static void print_changes(const struct pair_explanation *p, struct buffer *out) {
  enum { MISSING_MOST = 3 };
  const struct explanation *e = &p->explanation;
  if (p->answer.verdict != FACT_SILENT) {
    buffer_printf(out, "\n%s\n",
                  say(p, "undo the decision to change it: guiyi review --undo N",
                      "要改变结果，请撤销决定：guiyi review --undo N"));
    return;
  }
  if (e->verdict == EXPLAIN_SAME_RECORD) return;
  if (e->verdict == EXPLAIN_CONTRADICTION) print_contradiction_change(p, out);
  if (e->change_count)
    buffer_append_string(out, say(p, "\nthese two alone would be decided otherwise if\n",
                                  "\n单看这两条记录，以下情况结果会不同：\n"));
  struct text_table table = {.column_count = 2};
  uint32_t missing = 0;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < e->change_count; i++) {
      bool is_missing = e->comparisons[e->changes[i].comparison].nibble == PATTERN_MISSING;
      if (is_missing != (pass == 1) || (is_missing && missing++ >= MISSING_MOST)) continue;
      add_change(p, &e->changes[i], &table);
    }
  text_table_print(&table, 2, out);
  text_table_release(&table);
  buffer_printf(out,
                say(p, "\nwho knows better decides: guiyi review %s %s %s\n",
                    "\n如果您更清楚，请决定：guiyi review %s %s %s\n"),
                p->is_one_customer ? "apart" : "merge", p->names[0], p->names[1]);
}

/* ---- for people ---- */

static void print_evidence(const struct pair_explanation *p, struct buffer *out) {
  static const char *const words[][2] = {{"for:     ", "支持："}, {"against: ", "反对："}};
  for (int against = 0; against < 2; against++) {
    const char *evidence = pair_explanation_evidence(p, against);
    if (*evidence)
      buffer_printf(out, "%s%s\n", say(p, words[against][0], words[against][1]), evidence);
  }
  buffer_append_char(out, '\n');
}

void pair_explanation_print(const struct pair_explanation *p, struct buffer *out) {
  char ids[2][32];
  for (int i = 0; i < 2; i++) customer_id_format(p->sides[i].stored.customer_id, ids[i]);
  if (p->is_one_customer)
    buffer_printf(out, say(p, "%s and %s are one customer, %s\n", "%s 和 %s 是同一客户 %s\n"),
                  p->names[0], p->names[1], ids[0]);
  else
    buffer_printf(
        out, say(p, "%s and %s are two customers, %s and %s\n", "%s 和 %s 是两个客户，%s 和 %s\n"),
        p->names[0], p->names[1], ids[0], ids[1]);
  buffer_printf(out, "%s\n", pair_explanation_verdict(p));
  const char *outcome = pair_explanation_outcome(p);
  if (*outcome) buffer_printf(out, "%s\n", outcome);
  print_path(p, out);
  print_cut(p, out);
  print_blocking(p, out);
  buffer_append_char(out, '\n');
  print_evidence(p, out);
  pair_explanation_print_fields(p, out);
  if (p->is_crosswise)
    buffer_printf(
        out, "%s\n",
        say(p, "given and family name were compared crosswise: they stand the wrong way round",
            "姓和名写反了：按交叉方式比较"));
  if (p->rows[0].lost[p->members[0]] | p->rows[1].lost[p->members[1]])
    buffer_append_string(out, say(p,
                                  "(?) what was compared can't be made again from the stored "
                                  "values\n",
                                  "(?) 当时比较的内容无法从保存的值还原\n"));
  print_changes(p, out);
}

/* ---- for programs ---- */

static void json_weight(struct json_writer *w, const char *key, int32_t weight) {
  json_key(w, key);
  json_real(w, (double)weight / WEIGHT_BIT, 3);
}

static void json_side(const struct pair_explanation *p, int side, struct json_writer *w) {
  char id[32];
  customer_id_format(p->sides[side].stored.customer_id, id);
  json_object_begin(w);
  json_key(w, "record"), json_string(w, p->names[side]);
  json_key(w, "customer_id"), json_string(w, id);
  json_object_end(w);
}

static void json_comparison(const struct pair_explanation *p, uint32_t c, struct json_writer *w) {
  const struct explain_comparison *comparison = &p->explanation.comparisons[c];
  uint32_t field = p->open->plan.comparisons[c].field;
  const char *english;
  report_words_level(comparison->level, &english);
  json_object_begin(w);
  json_key(w, "field"), json_bytes(w, comparison->field);
  json_key(w, "values");
  json_array_begin(w);
  for (int side = 0; side < 2; side++)
    json_bytes(
        w, open_generation_value(p->open, field,
                                 p->sides[side].stored.members[p->members[side]].values[field].text,
                                 p->arena));
  json_array_end(w);
  json_key(w, "level"), json_string(w, comparison->level);
  json_key(w, "words"), json_string(w, level_words(p, comparison->level));
  json_weight(w, "weight", comparison->weight);
  json_key(w, "one_record_in");
  if (comparison->share_bits < 0)
    json_null(w);
  else
    json_u64(w, 1ULL << comparison->share_bits);
  bool lost = (p->rows[0].lost[p->members[0]] | p->rows[1].lost[p->members[1]]) >> c & 1;
  json_key(w, "exact"), json_bool(w, !lost);
  json_object_end(w);
}

static void json_rules(const struct pair_explanation *p, const char *key, uint32_t mask,
                       struct json_writer *w) {
  json_key(w, key);
  json_array_begin(w);
  for (uint32_t r = 0; r < p->open->plan.blocking_count; r++)
    if (mask >> r & 1) json_bytes(w, p->open->plan.blocking[r].name);
  json_array_end(w);
}

static void json_rule(const struct pair_explanation *p, int rule, struct json_writer *w) {
  json_key(w, "rule");
  if (rule < 0)
    json_null(w);
  else
    json_bytes(w, rule_id(p, rule));
}

static const char *action_name(enum decision_action action) {
  static const char *const names[] = {"reject",   "review",    "accept",
                                      "separate", "household", "employer"};
  return names[action];
}

static void json_changes(const struct pair_explanation *p, struct json_writer *w) {
  const struct explanation *e = &p->explanation;
  json_key(w, "changes");
  json_array_begin(w);
  for (uint32_t i = 0; i < e->change_count; i++) {
    json_object_begin(w);
    json_key(w, "field"), json_bytes(w, e->comparisons[e->changes[i].comparison].field);
    json_key(w, "level"), json_string(w, e->changes[i].level);
    json_weight(w, "score", e->changes[i].score);
    json_rule(p, e->changes[i].rule, w);
    json_key(w, "action"), json_string(w, action_name(e->changes[i].action));
    json_object_end(w);
  }
  json_array_end(w);
}

static void json_links(const struct pair_explanation *p, struct json_writer *w) {
  json_key(w, "path");
  json_array_begin(w);
  for (uint32_t i = 0; i < p->path_count; i++) json_string(w, name_of(p, 0, p->path[i]));
  json_array_end(w);
  json_key(w, "crosswise_names"), json_bool(w, p->is_crosswise);
  json_key(w, "cut_count"), json_u64(w, p->cut_count);
  json_key(w, "cut");
  json_array_begin(w);
  for (uint32_t i = 0; i < p->cut_count && i < PAIR_CUT_MAX; i++) {
    json_object_begin(w);
    json_key(w, "a"), json_string(w, name_of(p, 0, p->cut[i].members[0]));
    json_key(w, "b"), json_string(w, name_of(p, 1, p->cut[i].members[1]));
    json_weight(w, "score", p->cut[i].decision.score);
    json_rule(p, p->cut[i].decision.rule, w);
    json_object_end(w);
  }
  json_array_end(w);
  json_key(w, "decisions");
  json_array_begin(w);
  for (uint32_t i = 0; i < p->answer.reasons.count && i < PAIR_REASONS_MAX; i++)
    json_u64(w, p->answer.reasons.numbers[i]);
  if (p->answer.verdict == FACT_SILENT && p->forbidding) json_u64(w, p->forbidding);
  json_array_end(w);
}

void pair_explanation_print_json(const struct pair_explanation *p, struct json_writer *w) {
  const struct explanation *e = &p->explanation;
  static const char *const verdicts[] = {"same_record", "contradiction", "rule", "score"};
  json_object_begin(w);
  json_key(w, "a"), json_side(p, 0, w);
  json_key(w, "b"), json_side(p, 1, w);
  json_key(w, "one_customer"), json_bool(w, p->is_one_customer);
  json_key(w, "verdict");
  json_string(w, p->answer.verdict == FACT_SILENT ? verdicts[e->verdict] : "decision");
  json_key(w, "action"), json_string(w, action_name(e->decision.action));
  json_rule(p, e->decision.rule, w);
  json_key(w, "reason"), json_string(w, pair_explanation_verdict(p));
  json_key(w, "outcome"), json_string(w, pair_explanation_outcome(p));
  json_weight(w, "score", e->decision.score);
  json_weight(w, "prior", e->prior);
  json_weight(w, "accept", e->accept_weight);
  json_weight(w, "review", e->review_weight);
  json_rules(p, "blocking", e->mask, w);
  json_rules(p, "hubs", e->hub_mask, w);
  json_key(w, "comparisons");
  json_array_begin(w);
  for (uint32_t c = 0; c < e->comparison_count; c++) json_comparison(p, c, w);
  json_array_end(w);
  json_links(p, w);
  json_changes(p, w);
  json_object_end(w);
}
