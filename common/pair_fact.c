#include "common/pair_fact.h"

#include <stdlib.h>

#include "common/memory.h"

struct pair_fact pair_fact_of(struct hash128 a, struct hash128 b, enum pair_kind kind,
                              uint64_t number) {
  if (pair_key_order(a, b) > 0) return (struct pair_fact){b, a, number, kind};
  return (struct pair_fact){a, b, number, kind};
}

static int fact_order(const void *left, const void *right) {
  const struct pair_fact *x = left, *y = right;
  int order = pair_key_order(x->a, y->a);
  return order ? order : pair_key_order(x->b, y->b);
}

void pair_facts_sort(struct pair_facts *facts) {
  if (facts->count) qsort(facts->items, facts->count, sizeof *facts->items, fact_order);
}

void pair_facts_release(struct pair_facts *facts) {
  free(facts->items);
  *facts = (struct pair_facts){0};
}

/* Both keys, the number, the kind; little-endian, one behind the other. */
enum { FACT_BYTES = 41 };
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the portable form is little-endian");

void pair_facts_encode(const struct pair_facts *facts, struct buffer *out) {
  for (uint32_t i = 0; i < facts->count; i++) {
    const struct pair_fact *fact = &facts->items[i];
    buffer_append(out, &fact->a, 16);
    buffer_append(out, &fact->b, 16);
    buffer_append(out, &fact->number, 8);
    buffer_append_char(out, (char)fact->kind);
  }
}

enum err pair_facts_decode(struct bytes data, struct pair_facts *facts) {
  *facts = (struct pair_facts){0};
  if (data.size % FACT_BYTES || data.size / FACT_BYTES > PAIR_FACTS_MAX) return ERR_MALFORMED;
  if (data.size == 0) return ERR_OK;
  facts->items = memory_new(data.size / FACT_BYTES * sizeof *facts->items);
  for (const char *at = data.data; at < data.data + data.size; at += FACT_BYTES) {
    struct pair_fact *fact = &facts->items[facts->count];
    memcpy(&fact->a, at, 16);
    memcpy(&fact->b, at + 16, 16);
    memcpy(&fact->number, at + 32, 8);
    uint8_t kind = (uint8_t)at[40];
    fact->kind = (enum pair_kind)kind;
    if (kind < PAIR_MERGE || kind > PAIR_HOUSEHOLD || pair_key_order(fact->a, fact->b) >= 0 ||
        (facts->count && fact_order(fact - 1, fact) >= 0)) {
      pair_facts_release(facts);
      return ERR_MALFORMED;
    }
    facts->count++;
  }
  return ERR_OK;
}

static const struct {
  const char *name, *chinese;
  enum pair_kind kind;
} kinds[] = {{"merge", "合并", PAIR_MERGE},
             {"apart", "不合并", PAIR_APART},
             {"household", "家庭", PAIR_HOUSEHOLD}};

const char *pair_kind_name(enum pair_kind kind) { return kinds[kind - PAIR_MERGE].name; }

bool pair_kind_parse(struct bytes name, enum pair_kind *kind) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (bytes_equal(name, bytes_from_string(kinds[i].name)) ||
        bytes_equal(name, bytes_from_string(kinds[i].chinese))) {
      *kind = kinds[i].kind;
      return true;
    }
  return false;
}
