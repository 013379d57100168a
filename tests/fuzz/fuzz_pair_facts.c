/* Facts come in a message, entries of decisions from a file: whatever the bytes are, decoding stays
 * within them, and what it accepts encodes to the same bytes. */
#include <stdlib.h>

#include "common/check.h"
#include "common/pair_check.h"
#include "worker/store/fact_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bytes input = bytes_of((const char *)data, size);
  struct buffer out = {0};
  struct pair_facts facts;
  if (pair_facts_decode(input, &facts) == ERR_OK) {
    pair_facts_encode(&facts, &out);
    check(bytes_equal(buffer_bytes(&out), input));
    struct pair_check *all = pair_check_new();
    struct pair_reasons reasons;
    for (uint32_t i = 0; i < facts.count; i++) pair_check_add(all, &facts.items[i], &reasons);
    pair_check_free(all);
    pair_facts_release(&facts);
  }
  struct fact fact, again;
  if (fact_decode(input, &fact) == ERR_OK) {
    buffer_clear(&out);
    fact_encode(&fact, &out);
    check(fact_decode(buffer_bytes(&out), &again) == ERR_OK);
    check(again.kind == fact.kind && again.undoes == fact.undoes && again.time_ms == fact.time_ms &&
          bytes_equal(again.who, fact.who) && bytes_equal(again.b.id, fact.b.id));
  }
  buffer_release(&out);
  return 0;
}
