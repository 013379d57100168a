/* search_terms — which index terms a value has, and which a search must look up to find it.
 *
 * The two sides must agree, so both are here and nowhere else. By the field type's search:
 *   exact    the whole value
 *   text     the first character, and every two neighbouring characters, case folded; of the first
 * 64 characters digits   the whole value; its first 3 to 7 digits; the middle four (of at least
 * eight); the last four A record's own id is searched as an exact value of the pretended field
 * SEARCH_FIELD_RECORD_ID.
 *
 * A term is a 32-bit hash: it finds candidates, search_value_fits decides. (Keyed hashes for sealed
 * storage will be made in term_hash alone.) */
#ifndef GUIYI_WORKER_STORE_SEARCH_TERMS_H
#define GUIYI_WORKER_STORE_SEARCH_TERMS_H

#include "worker/fields/field_type.h"
#include "worker/store/index_leaf.h"

enum {
  SEARCH_FIELD_RECORD_ID = JOB_FIELDS_MAX,
  SEARCH_TERMS_MAX = 64, /* looked up for one condition; verification does the rest */
};

/* Appends the terms of a value (or of each part of one with RECORD_VALUE_SEPARATOR); doubles are
 * possible. Scratch memory is taken from the arena. */
void search_terms_of_value(uint32_t field, enum field_search search, struct bytes value,
                           struct arena *arena, struct u32_list *terms);

/* One way in which a field can hold what is searched. */
enum search_how {
  SEARCH_EQUAL,        /* the value is the text */
  SEARCH_BEGINS,       /* text: the value begins with it (one character) */
  SEARCH_CONTAINS,     /* text: it stands in the value */
  SEARCH_DIGITS_BEGIN, /* digits only are compared from here on */
  SEARCH_DIGITS_MIDDLE,
  SEARCH_DIGITS_END,
  SEARCH_DIGITS_MASKED, /* begins with the part before the separator, ends with the part behind it
                         */
};

struct search_condition {
  uint32_t field;
  enum search_how how;
  struct bytes text; /* folded for text; MASKED: digits, RECORD_VALUE_SEPARATOR, digits */
  uint32_t terms[SEARCH_TERMS_MAX]; /* a value that fits has all of them */
  uint32_t term_count;              /* at least 1 */
};

/* The ways to look for `text`, as typed, in a field: at most SEARCH_WAYS_MAX conditions of which
 * one must hold; 0 when the field can't be searched by this. canonical is the text as the field's
 * type writes it, empty where it makes nothing of it. Texts are kept in the arena. */
enum { SEARCH_WAYS_MAX = 6 };
uint32_t search_conditions(uint32_t field, enum field_search search, struct bytes text,
                           struct bytes canonical, struct arena *arena,
                           struct search_condition conditions[SEARCH_WAYS_MAX]);

/* Whether the value (or one of its parts) fits: what a search without an index would ask of every
 * record. */
bool search_value_fits(const struct search_condition *condition, struct bytes value,
                       struct arena *arena);

#endif
