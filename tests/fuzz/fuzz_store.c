/* What the store decodes, by part: the manifest, a customer's value, the leaves of the indexes, and
 * the terms of values and searches, and what customers have to do with each other. */
#include <stdlib.h>

#include "common/check.h"
#include "tests/fuzz/fuzz_part.h"
#include "worker/store/customer_value.h"
#include "worker/store/index_leaf.h"
#include "worker/store/search_terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_manifest(struct bytes text, struct arena *arena) {
  struct manifest manifest, again;
  struct failure failure;
  if (manifest_parse(text, arena, &manifest, &failure)) {
    check(failure.message[0] != '\0');
    return;
  }
  /* What was read is printed and read to the same. */
  struct buffer one = {0}, two = {0};
  manifest_print(&manifest, &one);
  check(manifest_parse(buffer_bytes(&one), arena, &again, &failure) == ERR_OK);
  manifest_print(&again, &two);
  check(bytes_equal(buffer_bytes(&one), buffer_bytes(&two)));
  buffer_release(&one);
  buffer_release(&two);
}

static void fuzz_customer(struct bytes value, struct arena *arena) {
  struct stored_customer c = {0};
  if (customer_value_read(value, 4, arena, &c)) return;
  struct generation_customer written = {1, c.golden, c.member_count, c.members, c.evidence};
  check(customer_value_size(&written) == value.size);
  char *copy = arena_alloc(arena, value.size);
  customer_value_write(&written, copy);
}

static void fuzz_leaves(struct bytes payload) {
  uint64_t words[LEAF_WORDS];
  struct index_record records[LEAF_RECORDS];
  size_t count;
  if (index_decode_words(payload, words, &count) == ERR_OK) check(count && count <= LEAF_WORDS);
  if (index_decode_records(payload, records, &count) == ERR_OK)
    check(count && count <= LEAF_RECORDS);
}

static void fuzz_links(struct bytes payload, struct arena *arena) {
  const struct stored_review *reviews;
  const struct stored_relation *relations;
  uint32_t count;
  if (stored_reviews_read(payload, arena, &reviews, &count) == ERR_OK)
    check(count * sizeof *reviews == payload.size && reviews[count - 1].other);
  if (stored_relations_read(payload, arena, &relations, &count) == ERR_OK)
    check(count * sizeof *relations == payload.size && relations[count - 1].other);
}

/* A value that fits a condition has all terms that the condition looks up: or it would not be
 * found. */
static void fuzz_search(struct bytes both, struct arena *arena) {
  if (both.size < 2) return;
  enum field_search search = (enum field_search)(both.data[0] & 3);
  size_t cut = 2 + (size_t)(unsigned char)both.data[1] % (both.size - 1);
  struct bytes text = bytes_of(both.data + 2, cut - 2);
  struct bytes value = bytes_of(both.data + cut, both.size - cut);
  struct search_condition conditions[SEARCH_WAYS_MAX];
  uint32_t count = search_conditions(3, search, text, text, arena, conditions);
  check(count <= SEARCH_WAYS_MAX);
  struct u32_list terms = {0};
  search_terms_of_value(3, search, value, arena, &terms);
  for (uint32_t c = 0; c < count; c++) {
    check(conditions[c].term_count >= 1 && conditions[c].term_count <= SEARCH_TERMS_MAX);
    if (!search_value_fits(&conditions[c], value, arena)) continue;
    for (uint32_t t = 0; t < conditions[c].term_count; t++) {
      bool found = false;
      for (size_t i = 0; i < terms.count; i++) found |= terms.items[i] == conditions[c].terms[t];
      check(found);
    }
  }
  u32_list_release(&terms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const parts[] = {"manifest", "customer", "leaves", "search", "links"};
  static unsigned part = UINT32_MAX;
  if (part == UINT32_MAX) part = fuzz_part_of(parts, 5);
  struct arena arena = {0};
  struct bytes input = bytes_of((const char *)data, size);
  switch (part) {
    case 0:
      fuzz_manifest(input, &arena);
      break;
    case 1:
      fuzz_customer(input, &arena);
      break;
    case 2:
      fuzz_leaves(input);
      break;
    case 4:
      fuzz_links(input, &arena);
      break;
    default:
      fuzz_search(input, &arena);
  }
  arena_release(&arena);
  return 0;
}
