#include "worker/quality_expression.h"

#include <stdio.h>

#include "common/decimal.h"
#include "common/name_choice.h"
#include "common/text.h"
#include "worker/expression_lexer.h"
#include "worker/quality_rules.h"

struct parser {
  const struct job *job;
  const struct plan *plan;
  struct bytes text;
  const char *at;
  struct token token; /* the next one */
  struct arena *arena;
  struct expression *out;
  struct expression_mistake *mistake;
  unsigned depth;
  bool failed;
};

/* One side of a comparison before both are known. */
struct operand {
  struct token token;
  int16_t field; /* NO_FIELD: a literal */
  enum expression_attribute attribute;
};

static const char *const state_names[] = {"missing", "ok", "fixed", "attribute", "invalid", NULL};

/* ---- mistakes: the first one stays ---- */

__attribute__((format(printf, 3, 4))) static void wrong(struct parser *p, const struct token *where,
                                                        const char *format, ...) {
  if (p->failed) return;
  p->failed = true;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(p->mistake->words, sizeof p->mistake->words, format, arguments);
  va_end(arguments);
  p->mistake->column =
      1 + (uint32_t)text_count(bytes_of(p->text.data, (size_t)(where->start - p->text.data)));
}

static void wrong_name(struct parser *p, const struct token *where, const char *what,
                       const struct name_choice *choice) {
  struct buffer expected = {0};
  name_choice_print(choice, &expected);
  struct bytes shown = text_cut(choice->wanted, 64);
  wrong(p, where, "unknown %s '%.*s', expected %s", what, (int)shown.size, shown.data,
        buffer_string(&expected));
  buffer_release(&expected);
}

static void unexpected(struct parser *p, const char *expected) {
  if (p->token.kind == TOKEN_WRONG) {
    wrong(p, &p->token, "%s", p->token.text.data);
    return;
  }
  struct bytes shown = text_cut(p->token.text, 64);
  bool end = p->token.kind == TOKEN_END;
  wrong(p, &p->token, "found %s%.*s%s, expected %s", end ? "" : "'", (int)shown.size, shown.data,
        end ? "" : "'", expected);
}

/* ---- tokens and nodes ---- */

static void advance(struct parser *p) {
  p->token = token_read(&p->at, p->text.data + p->text.size);
}

static bool take(struct parser *p, enum token_kind kind, const char *text) {
  if (!token_is(&p->token, kind, text)) return false;
  advance(p);
  return true;
}

static void expect(struct parser *p, const char *mark) {
  char words[8];
  snprintf(words, sizeof words, "'%s'", mark);
  if (!take(p, TOKEN_MARK, mark)) unexpected(p, words);
}

static uint16_t node_new(struct parser *p, enum expression_kind kind) {
  if (p->out->node_count == QUALITY_NODES_MAX) {
    wrong(p, &p->token, "more than %d tests in one rule", QUALITY_NODES_MAX);
    return 0;
  }
  uint16_t index = p->out->node_count++;
  p->out->nodes[index] = (struct expression_node){.kind = (uint8_t)kind,
                                                  .field = NO_FIELD,
                                                  .other_field = NO_FIELD,
                                                  .first_child = NO_NODE,
                                                  .next_sibling = NO_NODE};
  return index;
}

static bool is_keyword(const struct token *token) {
  static const char *const keywords[] = {"and", "or", "not", "in", "contains"};
  for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
    if (token_is(token, TOKEN_WORD, keywords[i])) return true;
  }
  return false;
}

/* ---- operands ---- */

static int16_t field_of(struct parser *p, const struct token *token) {
  int index = job_field_find(p->job, token->text);
  if (index >= 0) {
    p->out->fields |= 1ULL << index;
    return (int16_t)index;
  }
  struct name_choice choice;
  name_choice_init(&choice, token->text);
  for (uint32_t f = 0; f < p->job->field_count; f++)
    name_choice_offer(&choice, p->job->fields[f].name);
  wrong_name(p, token, "field", &choice);
  return NO_FIELD;
}

static enum expression_attribute attribute_of(struct parser *p) {
  static const char *const names[] = {
      [OF_KIND] = "kind", [OF_STATE] = "state", [OF_FLAG] = "flag", [OF_LENGTH] = "length"};
  struct name_choice choice;
  name_choice_init(&choice, p->token.text);
  for (unsigned i = OF_KIND; i <= OF_LENGTH; i++) {
    if (take(p, TOKEN_WORD, names[i])) return i;
    name_choice_offer(&choice, bytes_from_string(names[i]));
  }
  if (p->token.kind == TOKEN_WORD)
    wrong_name(p, &p->token, "property", &choice);
  else
    unexpected(p, "kind, state, flag or length");
  return OF_VALUE;
}

/* A word is a field; where words stand for kinds, states or flags, name_is_literal says so. */
static struct operand operand(struct parser *p, bool name_is_literal) {
  struct operand o = {.token = p->token, .field = NO_FIELD};
  switch (p->token.kind) {
    case TOKEN_TEXT:
    case TOKEN_NUMBER:
    case TOKEN_DATE:
      advance(p);
      return o;
    case TOKEN_WORD:
      if (is_keyword(&p->token)) break;
      advance(p);
      if (name_is_literal) return o;
      o.field = field_of(p, &o.token);
      break;
    case TOKEN_FIELD:
      advance(p);
      o.field = field_of(p, &o.token);
      break;
    default:
      break;
  }
  if (o.field == NO_FIELD) {
    unexpected(p, name_is_literal ? "a name" : "a field, a number or a 'text'");
    return o;
  }
  if (take(p, TOKEN_MARK, ".")) o.attribute = attribute_of(p);
  return o;
}

/* ---- one test ---- */

static uint32_t bit_of(struct parser *p, const struct operand *subject, const struct token *name) {
  const struct field_type *type = p->plan->types[subject->field];
  struct name_choice choice;
  name_choice_init(&choice, name->text);
  for (unsigned i = 0; i < 32; i++) {
    const char *candidate = NULL;
    if (subject->attribute == OF_STATE) candidate = state_names[i];
    if (subject->attribute == OF_KIND) candidate = type->kind_names ? type->kind_names[i] : NULL;
    if (subject->attribute == OF_FLAG) candidate = i < FIELD_FLAG_COUNT ? field_flag_name(i) : NULL;
    if (!candidate) break;
    if (bytes_equal(name->text, bytes_from_string(candidate))) return 1u << i;
    name_choice_offer(&choice, bytes_from_string(candidate));
  }
  static const char *const what[] = {[OF_KIND] = "kind", [OF_STATE] = "state", [OF_FLAG] = "flag"};
  wrong_name(p, name, what[subject->attribute], &choice);
  return 0;
}

static enum expression_mode mode_of(struct parser *p, const struct operand *subject) {
  if (subject->attribute == OF_LENGTH) return MODE_NUMBER;
  switch (p->job->fields[subject->field].type) {
    case FIELD_TYPE_AMOUNT:
      return MODE_NUMBER;
    case FIELD_TYPE_DATE:
      return MODE_DATE;
    default:
      return MODE_TEXT;
  }
}

/* A text as the field's own standardiser writes it, so that '官网' finds 官网注册. */
static struct bytes canonical(struct parser *p, int16_t field, struct bytes text, bool *valid) {
  struct standard_value value = {0};
  p->plan->types[field]->standardise(&p->job->fields[field].options, text, p->arena, &value, NULL);
  *valid = value.state == VALUE_OK || value.state == VALUE_FIXED;
  return arena_copy(p->arena, *valid ? value.value : text);
}

static struct expression_literal literal(struct parser *p, const struct expression_node *node,
                                         const struct token *token) {
  struct expression_literal l = {.text = token->text};
  bool valid = true;
  switch (node->mode) {
    case MODE_NUMBER:
      if (token->kind != TOKEN_NUMBER || !decimal_parse(token->text, EXPRESSION_SCALE, &l.number))
        wrong(p, token, "expected a number");
      return l;
    case MODE_DATE:
      l.text = canonical(p, node->field, token->text, &valid);
      if (token->kind == TOKEN_NUMBER || token->kind == TOKEN_WORD || !valid)
        wrong(p, token, "expected a date like 2026-11-22");
      return l;
    default:
      /* A part of a value is no value: leave it as it is. */
      if (node->comparison != DOES_CONTAIN) l.text = canonical(p, node->field, token->text, &valid);
      return l;
  }
}

static enum expression_comparison comparison(struct parser *p, bool *found) {
  static const char *const marks[] = {
      [IS_EQUAL] = "==",   [IS_NOT_EQUAL] = "!=", [IS_LESS] = "<",
      [IS_AT_MOST] = "<=", [IS_GREATER] = ">",    [IS_AT_LEAST] = ">="};
  *found = true;
  for (unsigned i = 0; i <= IS_AT_LEAST; i++) {
    if (take(p, TOKEN_MARK, marks[i])) return i;
  }
  if (take(p, TOKEN_WORD, "contains")) return DOES_CONTAIN;
  *found = false;
  return IS_EQUAL;
}

static bool is_bits(const struct operand *o) {
  return o->field != NO_FIELD && o->attribute >= OF_KIND && o->attribute <= OF_FLAG;
}

/* "in [a, b]": the brackets and what is in them. */
static void members(struct parser *p, const struct operand *subject, uint16_t index) {
  struct expression_node *node = &p->out->nodes[index];
  struct expression_literal *literals = NULL;
  uint32_t capacity = 0;
  expect(p, "[");
  while (!p->failed) {
    struct operand item = operand(p, true);
    if (p->failed) return;
    if (is_bits(subject)) {
      node->bits |= bit_of(p, subject, &item.token);
    } else {
      if (item.token.kind == TOKEN_WORD && node->mode == MODE_TEXT)
        wrong(p, &item.token, "a text stands in quotes: '%.*s'",
              (int)text_cut(item.token.text, 64).size, item.token.text.data);
      if (node->literal_count == capacity) {
        uint32_t more = capacity ? capacity * 2 : 4;
        struct expression_literal *larger = arena_alloc(p->arena, more * sizeof *larger);
        if (capacity) memcpy(larger, literals, capacity * sizeof *larger);
        literals = larger;
        capacity = more;
      }
      literals[node->literal_count++] = literal(p, node, &item.token);
      node->literals = literals;
    }
    if (!take(p, TOKEN_MARK, ",")) break;
  }
  expect(p, "]");
}

static void compare_with_literal(struct parser *p, struct expression_node *node,
                                 const struct token *token) {
  struct expression_literal *one = arena_alloc(p->arena, sizeof *one);
  *one = literal(p, node, token);
  node->literals = one;
  node->literal_count = 1;
}

static const char *mode_name(enum expression_mode mode) {
  return mode == MODE_NUMBER ? "a number" : mode == MODE_DATE ? "a date" : "a text";
}

static void check_comparison(struct parser *p, const struct expression_node *node,
                             const struct token *where) {
  bool ordered = node->comparison >= IS_LESS && node->comparison <= IS_AT_LEAST;
  if (ordered && node->mode == MODE_TEXT)
    wrong(p, where, "texts have no order; compare with ==, !=, in or contains");
  if (node->comparison == DOES_CONTAIN && node->mode != MODE_TEXT)
    wrong(p, where, "only a text contains something; this is %s", mode_name(node->mode));
}

static void compare_bits(struct parser *p, struct expression_node *node,
                         const struct operand *subject, const struct operand *with,
                         const struct token *where) {
  if (node->comparison > IS_NOT_EQUAL)
    wrong(p, where, "kinds, states and flags are compared with ==, != or in");
  else if (with->field != NO_FIELD || with->token.kind == TOKEN_NUMBER)
    wrong(p, &with->token, "expected the name of a kind, state or flag");
  else
    node->bits = bit_of(p, subject, &with->token);
  node->negated = node->comparison == IS_NOT_EQUAL;
}

/* What a comparison means from the other side: 0 < x is x > 0. */
static enum expression_comparison mirrored(enum expression_comparison c) {
  switch (c) {
    case IS_LESS:
      return IS_GREATER;
    case IS_GREATER:
      return IS_LESS;
    case IS_AT_MOST:
      return IS_AT_LEAST;
    case IS_AT_LEAST:
      return IS_AT_MOST;
    default:
      return c;
  }
}

static uint16_t comparison_test(struct parser *p) {
  uint16_t index = node_new(p, EXPRESSION_COMPARE);
  struct expression_node *node = &p->out->nodes[index];
  struct operand subject = operand(p, false);
  struct token where = p->token;
  bool negated = take(p, TOKEN_WORD, "not");
  bool is_list = take(p, TOKEN_WORD, "in"), found = is_list;
  if (!is_list && !negated) node->comparison = (uint8_t)comparison(p, &found);
  if (p->failed) return index;
  if (!found) {
    unexpected(p, negated ? "in" : "a comparison: == != < <= > >= in contains");
    return index;
  }
  struct operand with = {.field = NO_FIELD};
  if (!is_list) with = operand(p, is_bits(&subject));
  if (!is_list && subject.field == NO_FIELD && with.field != NO_FIELD &&
      node->comparison != DOES_CONTAIN) {
    struct operand swapped = subject;
    subject = with;
    with = swapped;
    node->comparison = (uint8_t)mirrored(node->comparison);
  }
  if (!p->failed && subject.field == NO_FIELD)
    wrong(p, &subject.token, "expected a field on one side of the comparison");
  if (p->failed) return index;
  node->field = subject.field;
  node->attribute = (uint8_t)subject.attribute;
  node->negated = negated;
  if (is_bits(&subject)) {
    node->kind = EXPRESSION_BITS;
    if (is_list)
      members(p, &subject, index);
    else
      compare_bits(p, node, &subject, &with, &where);
    return index;
  }
  node->mode = (uint8_t)mode_of(p, &subject);
  check_comparison(p, node, &where);
  if (is_list) {
    members(p, &subject, index);
  } else if (with.field == NO_FIELD) {
    compare_with_literal(p, node, &with.token);
  } else if (with.attribute != OF_VALUE || subject.attribute != OF_VALUE ||
             mode_of(p, &with) != (enum expression_mode)node->mode) {
    wrong(p, &with.token, "one side is %s, the other is not", mode_name(node->mode));
  } else {
    node->other_field = with.field;
  }
  return index;
}

/* ---- the logic around tests ---- */

static uint16_t condition(struct parser *p);

static uint16_t presence(struct parser *p, enum expression_kind kind) {
  uint16_t index = node_new(p, kind);
  expect(p, "(");
  struct operand subject = {.field = NO_FIELD};
  if (!p->failed) subject = operand(p, false);
  if (!p->failed && subject.attribute != OF_VALUE)
    wrong(p, &subject.token, "expected a field alone");
  if (!p->failed && subject.field == NO_FIELD) wrong(p, &subject.token, "expected a field");
  expect(p, ")");
  p->out->nodes[index].field = subject.field;
  return index;
}

static bool enter(struct parser *p) {
  if (++p->depth <= QUALITY_DEPTH_MAX) return true;
  wrong(p, &p->token, "nested deeper than %d levels", QUALITY_DEPTH_MAX);
  return false;
}

static uint16_t negation(struct parser *p) {
  if (!enter(p)) return 0;
  uint16_t index;
  if (take(p, TOKEN_WORD, "not")) {
    index = node_new(p, EXPRESSION_NOT);
    uint16_t child = negation(p);
    p->out->nodes[index].first_child = child;
  } else if (take(p, TOKEN_MARK, "(")) {
    index = condition(p);
    expect(p, ")");
  } else if (take(p, TOKEN_WORD, "missing")) {
    index = presence(p, EXPRESSION_MISSING);
  } else if (take(p, TOKEN_WORD, "present")) {
    index = presence(p, EXPRESSION_PRESENT);
  } else {
    index = comparison_test(p);
  }
  p->depth--;
  return index;
}

/* a and b and c: one node with three children, so that a long rule is not a deep one. */
static uint16_t chain(struct parser *p, enum expression_kind kind, const char *word,
                      uint16_t (*part)(struct parser *)) {
  uint16_t first = part(p);
  if (p->failed || !token_is(&p->token, TOKEN_WORD, word)) return first;
  uint16_t index = node_new(p, kind), last = first;
  p->out->nodes[index].first_child = first;
  while (!p->failed && take(p, TOKEN_WORD, word)) {
    uint16_t next = part(p);
    p->out->nodes[last].next_sibling = next;
    last = next;
  }
  return index;
}

static uint16_t conjunction(struct parser *p) { return chain(p, EXPRESSION_AND, "and", negation); }
static uint16_t condition(struct parser *p) { return chain(p, EXPRESSION_OR, "or", conjunction); }

static uint16_t rule(struct parser *p) {
  uint16_t first = condition(p);
  if (p->failed || !take(p, TOKEN_MARK, "->")) return first;
  uint16_t index = node_new(p, EXPRESSION_UNLESS);
  uint16_t second = condition(p);
  p->out->nodes[index].first_child = first;
  p->out->nodes[first].next_sibling = second;
  return index;
}

bool expression_parse(const struct job *job, const struct plan *plan, struct bytes text,
                      struct arena *arena, struct expression *out,
                      struct expression_mistake *mistake) {
  *out = (struct expression){
      .nodes = arena_alloc(arena, QUALITY_NODES_MAX * sizeof(struct expression_node))};
  struct parser p = {.job = job,
                     .plan = plan,
                     .text = text,
                     .at = text.data,
                     .arena = arena,
                     .out = out,
                     .mistake = mistake};
  advance(&p);
  out->root = rule(&p);
  if (!p.failed && p.token.kind != TOKEN_END) unexpected(&p, "and, or, -> or the end");
  return !p.failed;
}
