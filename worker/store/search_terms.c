#include "worker/store/search_terms.h"

#include "common/hash.h"
#include "common/record.h"
#include "common/text.h"
#include "worker/golden.h"

enum term_kind {
  TERM_WHOLE,
  TERM_START,
  TERM_PAIR,
  TERM_DIGITS_START,
  TERM_DIGITS_MIDDLE,
  TERM_DIGITS_END
};

enum {
  DIGITS_START_MIN = 3,
  DIGITS_START_MAX = 7,
  DIGITS_MIDDLE_AT = 3, /* 138 1234 5678: what people call the middle four */
  DIGITS_MIDDLE_OF_MIN = 8,
  DIGITS_FOUR = 4,
  DIGITS_MAX = 64,          /* of a value; further ones are not looked at */
  TEXT_CHARACTERS_MAX = 64, /* likewise: a remark of a page must not outweigh all names */
};

static uint32_t term_hash(uint32_t field, enum term_kind kind, struct bytes text) {
  return (uint32_t)(hash_bytes_seeded(text, hash_join(kind, field)) >> 32);
}

static struct bytes digits_of(struct bytes text, char digits[DIGITS_MAX]) {
  size_t count = 0;
  for (size_t i = 0; i < text.size && count < DIGITS_MAX; i++)
    if (text.data[i] >= '0' && text.data[i] <= '9') digits[count++] = text.data[i];
  return bytes_of(digits, count);
}

static struct bytes last_of(struct bytes text, size_t count) {
  return bytes_of(text.data + text.size - count, count);
}

static void digit_terms(uint32_t field, struct bytes value, struct u32_list *terms) {
  char memory[DIGITS_MAX];
  struct bytes digits = digits_of(value, memory);
  for (size_t n = DIGITS_START_MIN; n <= DIGITS_START_MAX && n <= digits.size; n++)
    u32_list_append(terms, term_hash(field, TERM_DIGITS_START, bytes_of(digits.data, n)));
  if (digits.size >= DIGITS_MIDDLE_OF_MIN)
    u32_list_append(terms, term_hash(field, TERM_DIGITS_MIDDLE,
                                     bytes_of(digits.data + DIGITS_MIDDLE_AT, DIGITS_FOUR)));
  if (digits.size >= DIGITS_FOUR)
    u32_list_append(terms, term_hash(field, TERM_DIGITS_END, last_of(digits, DIGITS_FOUR)));
}

static struct bytes searched_text(struct bytes text, struct arena *arena) {
  return text_first(text_fold(text, arena), TEXT_CHARACTERS_MAX);
}

/* The bytes of the character at `at`; the text is UTF-8 already. */
static size_t character_size(const char *at, const char *end) {
  unsigned char lead = (unsigned char)*at;
  size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return size < (size_t)(end - at) ? size : (size_t)(end - at);
}

/* Of every two neighbouring characters. */
static void pair_terms(uint32_t field, struct bytes folded, size_t pairs_max,
                       struct u32_list *terms) {
  if (folded.size == 0) return;
  const char *before = folded.data, *end = folded.data + folded.size;
  const char *at = before + character_size(before, end);
  for (size_t pairs = 0; at < end && pairs < pairs_max; pairs++) {
    const char *next = at + character_size(at, end);
    u32_list_append(terms, term_hash(field, TERM_PAIR, bytes_of(before, (size_t)(next - before))));
    before = at;
    at = next;
  }
}

void search_terms_of_value(uint32_t field, enum field_search search, struct bytes value,
                           struct arena *arena, struct u32_list *terms) {
  if (search == FIELD_SEARCH_NONE) return;
  for (struct bytes part; golden_next_part(&value, &part);) {
    if (part.size == 0) continue;
    if (search == FIELD_SEARCH_TEXT) {
      struct bytes folded = searched_text(part, arena);
      if (folded.size == 0) continue;
      u32_list_append(terms, term_hash(field, TERM_START, text_first(folded, 1)));
      pair_terms(field, folded, SIZE_MAX, terms);
      continue;
    }
    u32_list_append(terms, term_hash(field, TERM_WHOLE, part));
    if (search == FIELD_SEARCH_DIGITS) digit_terms(field, part, terms);
  }
}

/* ---- searching ---- */

static struct search_condition *add(struct search_condition *conditions, uint32_t *count,
                                    uint32_t field, enum search_how how, struct bytes text) {
  struct search_condition *c = &conditions[(*count)++];
  c->field = field;
  c->how = how;
  c->text = text;
  c->term_count = 0;
  return c;
}

static void need(struct search_condition *c, enum term_kind kind, struct bytes text) {
  c->terms[c->term_count++] = term_hash(c->field, kind, text);
}

static void text_condition(uint32_t field, struct bytes text, struct arena *arena,
                           struct search_condition *conditions, uint32_t *count) {
  struct bytes folded = arena_copy(arena, text_fold(text, arena));
  if (folded.size == 0) return;
  for (uint32_t i = 0; i < *count; i++)
    if (bytes_equal(conditions[i].text, folded)) return;
  bool is_one = text_first(folded, 1).size == folded.size;
  struct search_condition *c =
      add(conditions, count, field, is_one ? SEARCH_BEGINS : SEARCH_CONTAINS, folded);
  if (is_one) {
    need(c, TERM_START, folded);
    return;
  }
  struct u32_list terms = {.items = c->terms, .capacity = SEARCH_TERMS_MAX};
  pair_terms(field, folded, SEARCH_TERMS_MAX, &terms);
  c->term_count = (uint32_t)terms.count;
}

/* Digits with what people write between them: a text with letters is no fragment of a number. */
static bool is_number_like(struct bytes text) {
  static const char marks[] = "0123456789*+-(). ";
  for (size_t i = 0; i < text.size; i++)
    if (!text.data[i] || !strchr(marks, text.data[i])) return false;
  return text.size > 0;
}

static void digit_conditions(uint32_t field, struct bytes text, struct arena *arena,
                             struct search_condition *conditions, uint32_t *count) {
  if (!is_number_like(text)) return;
  char memory[DIGITS_MAX], memory_end[DIGITS_MAX];
  const char *star = text.size ? memchr(text.data, '*', text.size) : NULL;
  struct bytes start =
      digits_of(star ? bytes_of(text.data, (size_t)(star - text.data)) : text, memory);
  size_t start_terms = start.size < DIGITS_START_MAX ? start.size : DIGITS_START_MAX;
  if (star) {
    const char *end = text.data + text.size;
    struct bytes last = digits_of(bytes_of(star, (size_t)(end - star)), memory_end);
    if (start.size < DIGITS_START_MIN || last.size < DIGITS_FOUR) return;
    char *both = arena_printf(arena, "%.*s%c%.*s", (int)start.size, start.data,
                              RECORD_VALUE_SEPARATOR, (int)last.size, last.data);
    struct search_condition *c =
        add(conditions, count, field, SEARCH_DIGITS_MASKED, bytes_from_string(both));
    need(c, TERM_DIGITS_START, bytes_of(start.data, start_terms));
    need(c, TERM_DIGITS_END, last_of(last, DIGITS_FOUR));
    return;
  }
  start = arena_copy(arena, start);
  if (start.size >= DIGITS_START_MIN)
    need(add(conditions, count, field, SEARCH_DIGITS_BEGIN, start), TERM_DIGITS_START,
         bytes_of(start.data, start_terms));
  if (start.size >= DIGITS_FOUR && start.size < DIGITS_MIDDLE_OF_MIN)
    need(add(conditions, count, field, SEARCH_DIGITS_END, start), TERM_DIGITS_END,
         last_of(start, DIGITS_FOUR));
  if (start.size == DIGITS_FOUR)
    need(add(conditions, count, field, SEARCH_DIGITS_MIDDLE, start), TERM_DIGITS_MIDDLE, start);
}

uint32_t search_conditions(uint32_t field, enum field_search search, struct bytes text,
                           struct bytes canonical, struct arena *arena,
                           struct search_condition conditions[SEARCH_WAYS_MAX]) {
  uint32_t count = 0;
  struct bytes cleaned = text_clean(text, arena);
  if (search == FIELD_SEARCH_TEXT) {
    text_condition(field, cleaned, arena, conditions, &count);
    text_condition(field, canonical, arena, conditions, &count);
    return count;
  }
  if (search == FIELD_SEARCH_NONE) return 0;
  char memory[DIGITS_MAX];
  if (search == FIELD_SEARCH_DIGITS && is_number_like(cleaned) &&
      digits_of(cleaned, memory).size < DIGITS_START_MIN)
    return 0;
  if (canonical.size)
    need(add(conditions, &count, field, SEARCH_EQUAL, arena_copy(arena, canonical)), TERM_WHOLE,
         canonical);
  if (cleaned.size && !bytes_equal(cleaned, canonical))
    need(add(conditions, &count, field, SEARCH_EQUAL, arena_copy(arena, cleaned)), TERM_WHOLE,
         cleaned);
  if (search == FIELD_SEARCH_DIGITS) digit_conditions(field, cleaned, arena, conditions, &count);
  return count;
}

static bool digits_fit(const struct search_condition *c, struct bytes value) {
  char memory[DIGITS_MAX];
  struct bytes digits = digits_of(value, memory);
  if (c->how == SEARCH_DIGITS_BEGIN) return bytes_starts_with(digits, c->text);
  if (c->how == SEARCH_DIGITS_END) return bytes_ends_with(digits, c->text);
  if (c->how == SEARCH_DIGITS_MIDDLE)
    return digits.size >= DIGITS_MIDDLE_OF_MIN &&
           memcmp(digits.data + DIGITS_MIDDLE_AT, c->text.data, DIGITS_FOUR) == 0;
  struct bytes rest = c->text, start = BYTES_EMPTY;
  (void)golden_next_part(&rest, &start);
  return digits.size >= start.size + rest.size && bytes_starts_with(digits, start) &&
         bytes_ends_with(digits, rest);
}

bool search_value_fits(const struct search_condition *c, struct bytes value, struct arena *arena) {
  for (struct bytes part; golden_next_part(&value, &part);) {
    if (part.size == 0) continue;
    if (c->how == SEARCH_EQUAL) {
      if (bytes_equal(part, c->text)) return true;
    } else if (c->how == SEARCH_BEGINS || c->how == SEARCH_CONTAINS) {
      struct bytes folded = searched_text(part, arena);
      size_t at = bytes_find(folded, c->text);
      if (c->how == SEARCH_BEGINS ? at == 0 && folded.size : at < folded.size) return true;
    } else if (digits_fit(c, part)) {
      return true;
    }
  }
  return false;
}
