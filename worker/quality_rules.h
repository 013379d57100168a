/* quality_rules — the quality rules of a job, compiled: which rules a row breaks.
 *
 * A rule's `when` is an expression over one row's standardised values:
 *
 *   rule       = condition [ "->" condition ]      a -> b is hit where a holds and b does not
 *   condition  = conjunction { "or" conjunction }
 *   conjunction= negation { "and" negation }
 *   negation   = [ "not" ] test
 *   test       = "(" condition ")" | "missing" "(" field ")" | "present" "(" field ")"
 *              | operand comparison operand | operand [ "not" ] "in" "[" literal { "," literal }
 * "]" comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" operand    = field | field
 * ".kind" | field ".state" | field ".flag" | field ".length" | literal literal    = 'text' | "text"
 * | number | 2026-11-22 | a kind, state or flag by its name
 *
 * A field is named as in the job; in backquotes where the name has other characters than letters,
 * digits and _. A comparison with a missing value is neither true nor false, nor is anything that
 * depends on it (Kleene's logic); a rule is hit only by what is true. Dates compare by their common
 * part, a day with a day; amounts in yuan. A field of several values fulfils a test where one of
 * them does.
 *
 * Compiled rules are constant and shared by all threads. */
#ifndef GUIYI_WORKER_QUALITY_RULES_H
#define GUIYI_WORKER_QUALITY_RULES_H

#include "common/record.h"
#include "worker/plan.h"

enum {
  QUALITY_DEPTH_MAX = 32,   /* nested brackets and nots */
  QUALITY_NODES_MAX = 1024, /* of one rule */
};

struct quality_rules;

/* A rule that a row hits; what happens is job.quality_rules[rule].action. */
struct quality_hit {
  uint16_t rule; /* index in job.quality_rules */
  int16_t field; /* the field that the action is about; -1 = the row as a whole */
};

/* ERR_CONFIG with file, line, rule and column of the first mistake, and the nearest valid name.
 * *out is NULL when the job has no rules; both functions below take that. */
enum err quality_rules_compile(const struct job *job, const struct plan *plan,
                               struct quality_rules **out, struct failure *failure);
/* values and flags (enum field_flag bits) by field. hits has room for JOB_QUALITY_RULES_MAX;
 * returns how many there are, in the order of the job. */
uint32_t quality_rules_evaluate(const struct quality_rules *rules,
                                const struct record_value *values, const uint32_t *flags,
                                struct quality_hit *hits);
void quality_rules_free(struct quality_rules *rules);

#endif
