/* Everything that workers decode of each other: the first byte chooses what. */
#include <stdlib.h>

#include "common/check.h"
#include "proto/batch.h"
#include "proto/job_order.h"
#include "worker/exchange/file_codec.h"
#include "worker/exchange/row_pack.h"
#include "worker/stages/frequency.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frames(struct bytes data) {
  struct fetch fetch;
  struct batch_head head;
  struct bytes payload;
  struct failure failure;
  uint32_t *aligned = malloc(data.size + 4);
  memcpy(aligned, data.data, data.size);
  struct bytes wire = bytes_of((const char *)aligned, data.size);
  if (fetch_decode(wire, &fetch, &failure) == ERR_OK) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < fetch.head.item_count; i++) sum += fetch.items[i];
    check(fetch.head.item_count == 0 || sum <= (uint64_t)UINT32_MAX * fetch.head.item_count);
  }
  if (batch_decode(wire, &head, &payload, &failure) == ERR_OK)
    check(payload.size == head.payload_bytes);
  free(aligned);
}

static void order(struct bytes data) {
  struct arena arena = {0};
  struct job_order out;
  struct failure failure;
  if (job_order_decode(data, &arena, &out, &failure) == ERR_OK) {
    struct buffer again = {0};
    job_order_encode(&out, &again);
    check(bytes_equal(buffer_bytes(&again), data));
    buffer_release(&again);
  }
  arena_release(&arena);
}

static void file(struct bytes data) {
  struct source_file out;
  struct failure failure;
  if (file_decode(data, &out, &failure) == ERR_OK) {
    struct buffer again = {0};
    file_encode(&out, &again);
    check(again.size == data.size);
    buffer_release(&again);
  }
  source_file_release(&out);
}

static void row(struct bytes data) {
  uint8_t row[176], packed[256];
  size_t used = row_unpack((const uint8_t *)data.data, data.size, sizeof row, row);
  check(used <= data.size);
  if (used) check(row_pack(row, sizeof row, packed) <= used); /* zero words may have been sent */
}

static void frequencies(struct bytes data) {
  struct frequency_tables tables = {0};
  (void)frequency_tables_add_encoded(&tables, data);
  frequency_tables_release(&tables);
  (void)frequency_buckets_decode(data, &tables);
  frequency_tables_release(&tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const targets[])(struct bytes) = {frames, order, file, row, frequencies};
  if (size == 0) return 0;
  targets[data[0] % (sizeof targets / sizeof targets[0])](
      bytes_of((const char *)data + 1, size - 1));
  return 0;
}
