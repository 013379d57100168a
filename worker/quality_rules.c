#include "worker/quality_rules.h"

#include <stdlib.h>

#include "common/decimal.h"
#include "common/memory.h"
#include "common/text.h"
#include "worker/quality_expression.h"

struct quality_rule {
  struct expression when;
  int16_t field; /* of the action; NO_FIELD = the row */
};

struct quality_rules {
  struct quality_rule *rules;
  uint32_t count;
  struct arena arena;
};

/* Kleene's three values, ordered: "and" is the least, "or" the most. */
enum truth { IS_FALSE, IS_UNKNOWN, IS_TRUE };

struct row {
  const struct record_value *values;
  const uint32_t *flags;
};

/* ---- compiling ---- */

static bool needs_field(enum quality_action action) {
  return action == QUALITY_DROP_VALUE || action == QUALITY_ATTRIBUTE_ONLY;
}

static enum err settle_field(const struct job *job, const struct job_quality_rule *from,
                             struct quality_rule *to, struct failure *failure) {
  to->field = NO_FIELD;
  if (from->field.size) to->field = (int16_t)job_field_find(job, from->field);
  if (to->field != NO_FIELD || !needs_field(from->action)) return ERR_OK;
  if (__builtin_popcountll(to->when.fields) == 1) {
    to->field = (int16_t)__builtin_ctzll(to->when.fields);
    return ERR_OK;
  }
  return failure_set(
      failure, ERR_CONFIG,
      "%.*s:%u: quality rule %.*s: the action is about one field, and the expression "
      "names several; say field: …",
      (int)job->path.size, job->path.data, from->place.line, (int)from->id.size, from->id.data);
}

enum err quality_rules_compile(const struct job *job, const struct plan *plan,
                               struct quality_rules **out, struct failure *failure) {
  *out = NULL;
  if (job->quality_rule_count == 0) return ERR_OK;
  struct quality_rules *rules = memory_new_zeroed(1, sizeof *rules);
  rules->rules = arena_alloc_zeroed(&rules->arena, job->quality_rule_count * sizeof *rules->rules);
  for (uint32_t r = 0; r < job->quality_rule_count; r++) {
    const struct job_quality_rule *from = &job->quality_rules[r];
    struct quality_rule *to = &rules->rules[rules->count++];
    struct expression_mistake mistake;
    enum err code = ERR_OK;
    if (!expression_parse(job, plan, from->when, &rules->arena, &to->when, &mistake))
      code = failure_set(failure, ERR_CONFIG, "%.*s:%u: quality rule %.*s: when, column %u: %s",
                         (int)job->path.size, job->path.data, from->place.line, (int)from->id.size,
                         from->id.data, mistake.column, mistake.words);
    if (!code) code = settle_field(job, from, to, failure);
    if (code) {
      quality_rules_free(rules);
      return code;
    }
  }
  *out = rules;
  return ERR_OK;
}

void quality_rules_free(struct quality_rules *rules) {
  if (!rules) return;
  arena_release(&rules->arena);
  free(rules);
}

/* ---- evaluating ---- */

static bool is_missing(const struct record_value *value) {
  return value->state == VALUE_MISSING || value->text.size == 0;
}

static enum truth truth_of(bool yes) { return yes ? IS_TRUE : IS_FALSE; }

static enum truth holds(enum expression_comparison comparison, int order) {
  switch (comparison) {
    case IS_EQUAL:
      return truth_of(order == 0);
    case IS_NOT_EQUAL:
      return truth_of(order != 0);
    case IS_LESS:
      return truth_of(order < 0);
    case IS_AT_MOST:
      return truth_of(order <= 0);
    case IS_GREATER:
      return truth_of(order > 0);
    default:
      return truth_of(order >= 0);
  }
}

/* Canonical dates are ordered as texts; of two that say differently much, the common part. */
static int date_order(struct bytes a, struct bytes b) {
  size_t size = a.size < b.size ? a.size : b.size;
  return bytes_compare(bytes_of(a.data, size), bytes_of(b.data, size));
}

static enum truth compare_one(const struct expression_node *node, struct bytes left,
                              struct bytes right, int64_t right_number) {
  int64_t number = 0;
  switch (node->mode) {
    case MODE_DATE:
      return holds(node->comparison, date_order(left, right));
    case MODE_NUMBER:
      if (node->attribute == OF_LENGTH)
        number = (int64_t)text_count(left) * EXPRESSION_SCALE;
      else if (!decimal_parse(left, EXPRESSION_SCALE, &number))
        return IS_UNKNOWN;
      return holds(node->comparison, (number > right_number) - (number < right_number));
    default:
      if (node->comparison == DOES_CONTAIN)
        return truth_of(bytes_find(left, right) < left.size || right.size == 0);
      return truth_of(bytes_equal(left, right) == (node->comparison == IS_EQUAL));
  }
}

/* One value with the other field's or with each of the literals: the best that any gives. */
static enum truth compare_part(const struct expression_node *node, const struct row *row,
                               struct bytes left) {
  if (node->other_field != NO_FIELD) {
    const struct record_value *other = &row->values[node->other_field];
    int64_t number = 0;
    if (is_missing(other)) return IS_UNKNOWN;
    if (node->mode == MODE_NUMBER && !decimal_parse(other->text, EXPRESSION_SCALE, &number))
      return IS_UNKNOWN;
    return compare_one(node, left, other->text, number);
  }
  enum truth best = IS_FALSE;
  for (uint32_t i = 0; i < node->literal_count && best != IS_TRUE; i++) {
    enum truth one = compare_one(node, left, node->literals[i].text, node->literals[i].number);
    if (one > best) best = one;
  }
  return best;
}

static enum truth compare(const struct expression_node *node, const struct row *row) {
  const struct record_value *value = &row->values[node->field];
  if (is_missing(value)) return IS_UNKNOWN;
  enum truth best = IS_FALSE;
  struct bytes rest = value->text;
  for (bool more = true; more && best != IS_TRUE;) {
    const char *end = memchr(rest.data, RECORD_VALUE_SEPARATOR, rest.size);
    size_t size = end ? (size_t)(end - rest.data) : rest.size;
    enum truth one = compare_part(node, row, bytes_of(rest.data, size));
    if (one > best) best = one;
    more = end != NULL;
    if (more) rest = bytes_of(end + 1, rest.size - size - 1);
  }
  return node->negated ? IS_TRUE - best : best;
}

static enum truth bits(const struct expression_node *node, const struct row *row) {
  const struct record_value *value = &row->values[node->field];
  uint32_t has = 0;
  switch (node->attribute) {
    case OF_FLAG:
      has = row->flags[node->field];
      break;
    case OF_STATE:
      has = 1u << value->state;
      break;
    default:
      if (is_missing(value)) return IS_UNKNOWN;
      has = 1u << (value->kind & 31);
      break;
  }
  return truth_of(((has & node->bits) != 0) != node->negated);
}

static enum truth evaluate(const struct expression *when, uint16_t index, const struct row *row) {
  const struct expression_node *node = &when->nodes[index];
  switch (node->kind) {
    case EXPRESSION_MISSING:
      return truth_of(is_missing(&row->values[node->field]));
    case EXPRESSION_PRESENT:
      return truth_of(!is_missing(&row->values[node->field]));
    case EXPRESSION_BITS:
      return bits(node, row);
    case EXPRESSION_COMPARE:
      return compare(node, row);
    case EXPRESSION_NOT:
      return IS_TRUE - evaluate(when, node->first_child, row);
    case EXPRESSION_UNLESS: {
      enum truth first = evaluate(when, node->first_child, row);
      if (first == IS_FALSE) return IS_FALSE;
      uint16_t child = when->nodes[node->first_child].next_sibling;
      enum truth second = IS_TRUE - evaluate(when, child, row);
      return first < second ? first : second;
    }
    default: {
      bool is_or = node->kind == EXPRESSION_OR;
      enum truth result = is_or ? IS_FALSE : IS_TRUE;
      for (uint16_t child = node->first_child; child != NO_NODE;
           child = when->nodes[child].next_sibling) {
        enum truth one = evaluate(when, child, row);
        if (is_or ? one > result : one < result) result = one;
      }
      return result;
    }
  }
}

uint32_t quality_rules_evaluate(const struct quality_rules *rules,
                                const struct record_value *values, const uint32_t *flags,
                                struct quality_hit *hits) {
  uint32_t count = 0;
  struct row row = {values, flags};
  for (uint32_t r = 0; rules && r < rules->count; r++) {
    if (evaluate(&rules->rules[r].when, rules->rules[r].when.root, &row) != IS_TRUE) continue;
    hits[count++] = (struct quality_hit){(uint16_t)r, rules->rules[r].field};
  }
  return count;
}
