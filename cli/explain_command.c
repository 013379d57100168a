/* guiyi explain — why two records are one customer, or why not. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/pair_choice.h"
#include "cli/read_options.h"
#include "cli/report_words.h"
#include "cli/text_table.h"
#include "common/json_write.h"
#include "worker/stages/explain.h"

static const char documentation[] =
    "Explain why two records were matched or not: per field the level of agreement, its weight and "
    "how "
    "common the value is; the rule, score or contradiction that decided; what would have to be "
    "different.\n"
    "\n"
    "A and B are records (SOURCE/RECORD_ID as in members.csv) or customers (C20240501001): of "
    "customers "
    "the two records that agree most are taken.\v"
    "Examples:\n"
    "  guiyi explain crm/U10086 app/778\n"
    "  guiyi explain C20240501001 C20240501002 --json\n"
    "\n"
    "Exit code: 0 done, 1 not found or failed, 2 wrong usage.";

struct arguments {
  struct read_options read;
  const char *names[2];
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &a->read;
      return 0;
    case ARGP_KEY_ARG:
      if (state->arg_num >= 2) argp_error(state, "two names, A and B; found another: %s", text);
      a->names[state->arg_num] = text;
      return 0;
    case ARGP_KEY_END:
      if (state->arg_num < 2)
        argp_error(state, "A and B are needed, for example: guiyi explain crm/U10086 app/778");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

/* All that is printed. */
struct pair {
  const struct open_generation *open;
  struct arena *arena;
  struct named_customer sides[2];
  struct member_rows rows[2];
  uint32_t members[2];  /* the two records */
  const char *names[2]; /* of the records */
  struct explanation explanation;
  bool is_one_customer;
  uint32_t path_count; /* inside one customer whose two records are not matched directly */
  uint32_t *path;
  bool has_contradiction; /* of other records of the two customers */
  uint32_t contradicting[2];
  struct contradiction contradiction;
};

static const struct record_view *record_of(const struct pair *p, int side) {
  return &p->sides[side].stored.members[p->members[side]];
}

static void make_pair(struct pair *p) {
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
  bool is_accepted = p->explanation.verdict == EXPLAIN_SAME_RECORD ||
                     (p->explanation.verdict != EXPLAIN_CONTRADICTION &&
                      p->explanation.decision.action == DECISION_ACCEPT);
  if (p->is_one_customer && !is_accepted && choice.a != choice.b)
    p->path_count = pair_path(&p->rows[0], choice.a, choice.b, model, p->arena, &p->path);
  if (!p->is_one_customer && is_accepted)
    p->has_contradiction = pair_contradicts(&p->rows[0], &p->rows[1], &p->contradicting[0],
                                            &p->contradicting[1], &p->contradiction);
}

/* ---- words ---- */

/* For people; programs get the level's name. */
static const char *level_words(const char *level) {
  const char *english;
  report_words_level(level, &english);
  return english;
}

static const char *bits(int32_t weight, struct arena *arena) {
  char room[64];
  char *end = export_put_weight(room, weight);
  return arena_printf(arena, "%s%.*s", weight > 0 ? "+" : "", (int)(end - room), room);
}

static const char *action_words(enum decision_action action) {
  static const char *const words[] = {[DECISION_REJECT] = "not matched",
                                      [DECISION_REVIEW] = "for review",
                                      [DECISION_ACCEPT] = "matched",
                                      [DECISION_SEPARATE] = "kept apart",
                                      [DECISION_HOUSEHOLD] = "one household, not one customer",
                                      [DECISION_EMPLOYER] = "one employer, not one customer"};
  return words[action];
}

static struct bytes field_of_comparison(const struct pair *p, int comparison) {
  return p->open->job.fields[p->open->plan.comparisons[comparison].field].name;
}

static const char *contradiction_words(const struct pair *p, const struct contradiction *c) {
  struct bytes first = field_of_comparison(p, c->comparison);
  if (c->second < 0)
    return arena_printf(p->arena, "both have a certain %.*s, and they exclude each other",
                        (int)first.size, first.data);
  struct bytes second = field_of_comparison(p, c->second);
  return arena_printf(p->arena, "%.*s and %.*s are both different", (int)first.size, first.data,
                      (int)second.size, second.data);
}

static struct bytes rule_id(const struct pair *p, int rule) {
  return p->open->plan.match_rules[rule].id;
}

/* What decided about the two records alone. */
static const char *verdict_words(const struct pair *p) {
  const struct explanation *e = &p->explanation;
  switch (e->verdict) {
    case EXPLAIN_SAME_RECORD:
      return "matched: they are one record of the source (the same id)";
    case EXPLAIN_CONTRADICTION:
      return arena_printf(p->arena, "kept apart: %s", contradiction_words(p, &e->contradiction));
    case EXPLAIN_RULE: {
      struct bytes id = rule_id(p, e->decision.rule);
      return arena_printf(p->arena, "%s by the match rule %.*s", action_words(e->decision.action),
                          (int)id.size, id.data);
    }
    case EXPLAIN_SCORE:
      break;
  }
  return arena_printf(p->arena, "%s by the score: %s bits (matched from %s, for review from %s)",
                      action_words(e->decision.action), bits(e->decision.score, p->arena),
                      bits(e->accept_weight, p->arena), bits(e->review_weight, p->arena));
}

static const char *frequency_words(const struct explain_comparison *c, struct arena *arena) {
  if (c->share_bits >= 0)
    return arena_printf(arena, "about 1 record in %llu has it", 1ULL << c->share_bits);
  if (c->nibble < PATTERN_EXACT || !c->is_identifier) return "";
  static const char *const classes[] = {"one person's", "a family's", "several people's",
                                        "many people's", "one person's, long ago"};
  unsigned number = c->nibble - PATTERN_EXACT;
  return number < sizeof classes / sizeof *classes ? classes[number] : "";
}

/* Exact agreement weighs what the value's rarity says. */
static const char *rarity_words(unsigned nibble, struct arena *arena) {
  unsigned share_bits = PATTERN_BUCKET_BITS * (nibble - PATTERN_EXACT) + 2;
  return arena_printf(arena, " and about 1 record in %llu had it", 1ULL << share_bits);
}

static const char *blocking_words(const struct pair *p) {
  const struct explanation *e = &p->explanation;
  const struct plan *plan = &p->open->plan;
  struct buffer words = {0};
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    if (!(e->mask >> r & 1)) continue;
    buffer_append_string(&words, words.size ? ", " : "compared because they share ");
    buffer_append_bytes(&words, plan->blocking[r].name);
  }
  if (!words.size)
    buffer_append_string(&words, e->windowed ? "compared only if neighbours in a large block"
                                             : "never compared: they share no blocking key");
  bool first = true;
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    if (!(e->hub_mask >> r & 1)) continue;
    buffer_append_string(&words,
                         first ? "; what many people share is no reason to compare: " : ", ");
    buffer_append_bytes(&words, plan->blocking[r].name);
    first = false;
  }
  const char *text = arena_copy_string(p->arena, buffer_string(&words));
  buffer_release(&words);
  return text;
}

/* What the result of the run adds to the verdict on the pair; "" when nothing. */
static const char *outcome_words(const struct pair *p) {
  if (p->is_one_customer && p->path_count) return "they are one customer over other records:";
  if (p->is_one_customer) return "";
  if (p->explanation.verdict == EXPLAIN_CONTRADICTION ||
      (p->explanation.verdict != EXPLAIN_SAME_RECORD &&
       p->explanation.decision.action != DECISION_ACCEPT))
    return "";
  if (p->has_contradiction)
    return arena_printf(p->arena, "their customers were kept apart because of %s and %s: %s",
                        open_generation_record_name(
                            p->open, &p->sides[0].stored.members[p->contradicting[0]], p->arena),
                        open_generation_record_name(
                            p->open, &p->sides[1].stored.members[p->contradicting[1]], p->arena),
                        contradiction_words(p, &p->contradiction));
  if (!p->explanation.mask) return "no block held both, so nothing joined them";
  return "their customers were kept apart by the other records: too many of them don't agree, or "
         "the "
         "customer would be too large; review.csv lists it";
}

/* ---- for people ---- */

static void print_comparisons(const struct pair *p, struct buffer *out) {
  const struct explanation *e = &p->explanation;
  struct text_table table = {.column_count = 6};
  const char *headings[] = {"field", p->names[0], p->names[1], "level", "bits", "frequency"};
  for (int i = 0; i < 6; i++) text_table_add_string(&table, headings[i]);
  for (uint32_t c = 0; c < e->comparison_count; c++) {
    uint32_t field = p->open->plan.comparisons[c].field;
    text_table_add(&table, e->comparisons[c].field);
    for (int side = 0; side < 2; side++)
      text_table_add(&table, open_generation_value(
                                 p->open, field, record_of(p, side)->values[field].text, p->arena));
    bool lost = (p->rows[0].lost[p->members[0]] | p->rows[1].lost[p->members[1]]) >> c & 1;
    text_table_printf(&table, "%s%s", level_words(e->comparisons[c].level), lost ? " (?)" : "");
    text_table_add_string(&table, bits(e->comparisons[c].weight, p->arena));
    text_table_add_string(&table, frequency_words(&e->comparisons[c], p->arena));
  }
  const struct {
    const char *name;
    int32_t weight;
  } sums[] = {{"(any two records)", e->prior}, {"score", e->decision.score}};
  for (int i = 0; i < 2; i++) {
    text_table_add_string(&table, sums[i].name);
    for (int k = 0; k < 3; k++) text_table_add(&table, BYTES_EMPTY);
    text_table_add_string(&table, bits(sums[i].weight, p->arena));
    text_table_add(&table, BYTES_EMPTY);
  }
  text_table_print(&table, 2, out);
  text_table_release(&table);
}

static bool any_lost(const struct pair *p) {
  return p->rows[0].lost[p->members[0]] | p->rows[1].lost[p->members[1]];
}

static void print_path(const struct pair *p, struct buffer *out) {
  const struct model *model = &p->open->manifest->model;
  for (uint32_t i = 0; i + 1 < p->path_count; i++) {
    struct explanation step;
    explain_pair(&p->open->plan, model, member_row(&p->rows[0], p->path[i]),
                 member_row(&p->rows[0], p->path[i + 1]), &step);
    const struct record_view *members = p->sides[0].stored.members;
    buffer_printf(
        out, "  %s and %s: %s, %s bits\n",
        open_generation_record_name(p->open, &members[p->path[i]], p->arena),
        open_generation_record_name(p->open, &members[p->path[i + 1]], p->arena),
        step.verdict == EXPLAIN_SAME_RECORD ? "one record" : action_words(step.decision.action),
        bits(step.decision.score, p->arena));
  }
}

static void print_text(const struct pair *p, struct buffer *out) {
  const struct explanation *e = &p->explanation;
  char ids[2][32];
  for (int i = 0; i < 2; i++) customer_id_format(p->sides[i].stored.customer_id, ids[i]);
  if (p->is_one_customer)
    buffer_printf(out, "%s and %s are one customer, %s\n", p->names[0], p->names[1], ids[0]);
  else
    buffer_printf(out, "%s and %s are two customers, %s and %s\n", p->names[0], p->names[1], ids[0],
                  ids[1]);
  buffer_printf(out, "%s\n%s\n", verdict_words(p), blocking_words(p));
  const char *outcome = outcome_words(p);
  if (*outcome) buffer_printf(out, "%s\n", outcome);
  print_path(p, out);
  buffer_append_char(out, '\n');
  print_comparisons(p, out);
  if (any_lost(p))
    buffer_append_string(out, "(?) what was compared can't be made again from the stored values\n");
  if (e->change_count) buffer_append_string(out, "\nthe decision would be another if\n");
  struct text_table table = {.column_count = 2};
  for (uint32_t i = 0; i < e->change_count; i++) {
    const struct explain_change *change = &e->changes[i];
    struct bytes field = e->comparisons[change->comparison].field;
    bool is_rarity =
        change->nibble >= PATTERN_EXACT && !e->comparisons[change->comparison].is_identifier;
    text_table_printf(&table, "%.*s were '%s'%s", (int)field.size, field.data,
                      level_words(change->level),
                      is_rarity ? rarity_words(change->nibble, p->arena) : "");
    if (change->rule >= 0)
      text_table_printf(&table, "%s by the match rule %.*s", action_words(change->action),
                        (int)rule_id(p, change->rule).size, rule_id(p, change->rule).data);
    else
      text_table_printf(&table, "%s by the score: %s bits", action_words(change->action),
                        bits(change->score, p->arena));
  }
  text_table_print(&table, 2, out);
  text_table_release(&table);
}

/* ---- for programs ---- */

static void json_weight(struct json_writer *w, const char *key, int32_t weight) {
  json_key(w, key);
  json_real(w, (double)weight / WEIGHT_BIT, 3);
}

static void json_side(const struct pair *p, int side, struct json_writer *w) {
  char id[32];
  customer_id_format(p->sides[side].stored.customer_id, id);
  json_object_begin(w);
  json_key(w, "record");
  json_string(w, p->names[side]);
  json_key(w, "customer_id");
  json_string(w, id);
  json_object_end(w);
}

static void json_comparison(const struct pair *p, uint32_t c, struct json_writer *w) {
  const struct explain_comparison *comparison = &p->explanation.comparisons[c];
  uint32_t field = p->open->plan.comparisons[c].field;
  json_object_begin(w);
  json_key(w, "field");
  json_bytes(w, comparison->field);
  json_key(w, "values");
  json_array_begin(w);
  for (int side = 0; side < 2; side++)
    json_bytes(
        w, open_generation_value(p->open, field, record_of(p, side)->values[field].text, p->arena));
  json_array_end(w);
  json_key(w, "level");
  json_string(w, comparison->level);
  json_weight(w, "weight", comparison->weight);
  json_key(w, "frequency");
  json_string(w, frequency_words(comparison, p->arena));
  json_key(w, "exact");
  json_bool(w, !((p->rows[0].lost[p->members[0]] | p->rows[1].lost[p->members[1]]) >> c & 1));
  json_object_end(w);
}

static void json_rules(const struct pair *p, const char *key, uint32_t mask,
                       struct json_writer *w) {
  json_key(w, key);
  json_array_begin(w);
  for (uint32_t r = 0; r < p->open->plan.blocking_count; r++)
    if (mask >> r & 1) json_bytes(w, p->open->plan.blocking[r].name);
  json_array_end(w);
}

static void print_json(const struct pair *p, struct buffer *out) {
  const struct explanation *e = &p->explanation;
  static const char *const verdicts[] = {"same_record", "contradiction", "rule", "score"};
  static const char *const actions[] = {"reject",   "review",    "accept",
                                        "separate", "household", "employer"};
  struct json_writer w = json_writer(out, true);
  json_object_begin(&w);
  json_key(&w, "a");
  json_side(p, 0, &w);
  json_key(&w, "b");
  json_side(p, 1, &w);
  json_key(&w, "one_customer");
  json_bool(&w, p->is_one_customer);
  json_key(&w, "verdict");
  json_string(&w, verdicts[e->verdict]);
  json_key(&w, "action");
  json_string(&w, actions[e->decision.action]);
  json_key(&w, "reason");
  json_string(&w, verdict_words(p));
  json_key(&w, "outcome");
  json_string(&w, outcome_words(p));
  json_weight(&w, "score", e->decision.score);
  json_weight(&w, "prior", e->prior);
  json_weight(&w, "accept", e->accept_weight);
  json_weight(&w, "review", e->review_weight);
  json_rules(p, "blocking", e->mask, &w);
  json_rules(p, "hubs", e->hub_mask, &w);
  json_key(&w, "comparisons");
  json_array_begin(&w);
  for (uint32_t c = 0; c < e->comparison_count; c++) json_comparison(p, c, &w);
  json_array_end(&w);
  json_key(&w, "path");
  json_array_begin(&w);
  for (uint32_t i = 0; i < p->path_count; i++)
    json_string(&w, open_generation_record_name(p->open, &p->sides[0].stored.members[p->path[i]],
                                                p->arena));
  json_array_end(&w);
  json_key(&w, "changes");
  json_array_begin(&w);
  for (uint32_t i = 0; i < e->change_count; i++) {
    json_object_begin(&w);
    json_key(&w, "field");
    json_bytes(&w, e->comparisons[e->changes[i].comparison].field);
    json_key(&w, "level");
    json_string(&w, e->changes[i].level);
    json_weight(&w, "score", e->changes[i].score);
    json_key(&w, "action");
    json_string(&w, actions[e->changes[i].action]);
    json_key(&w, "rule");
    if (e->changes[i].rule >= 0)
      json_bytes(&w, rule_id(p, e->changes[i].rule));
    else
      json_null(&w);
    json_object_end(&w);
  }
  json_array_end(&w);
  json_object_end(&w);
}

int explain_command(int argc, char **argv) {
  static const struct argp argp = {0, parse_option, "A B", documentation, read_argp, 0, 0};
  struct arguments a = {0};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct open_generation open;
  struct arena arena = {0};
  struct buffer out = {0};
  struct failure failure;
  struct pair *p = arena_alloc_zeroed(&arena, sizeof *p);
  *p = (struct pair){.open = &open, .arena = &arena};
  enum err err = open_generation(a.read.data_dir, a.read.unmask, &open, &failure);
  for (int i = 0; i < 2 && !err; i++)
    err = open_generation_find(&open, a.names[i], &arena, &p->sides[i], &failure);
  if (!err && p->sides[0].stored.customer_id == p->sides[1].stored.customer_id &&
      (p->sides[0].member < 0 || p->sides[0].member == p->sides[1].member))
    err = failure_set(&failure, ERR_USAGE,
                      "'%s' and '%s' are the same: name two records, or two customers", a.names[0],
                      a.names[1]);
  if (!err) {
    make_pair(p);
    if (a.read.json)
      print_json(p, &out);
    else
      print_text(p, &out);
    command_print(&out);
  }
  buffer_release(&out);
  arena_release(&arena);
  open_generation_close(&open);
  return err ? command_failed("explain", &failure) : 0;
}
