#include <stdlib.h>

#include "coordinator/election_kind.h"
#include "coordinator/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A store that holds what the fuzzer says: records of u8 key size, u8 value size / 4, key, value.
 */
struct store {
  struct election methods;
  struct bytes left;
};

static enum err list(struct election *e, struct bytes prefix, election_visit *visit, void *context,
                     struct failure *failure) {
  struct store *store = (struct store *)e;
  (void)prefix;
  while (store->left.size >= 2) {
    size_t key_size = (uint8_t)store->left.data[0], value_size = (uint8_t)store->left.data[1] * 4u;
    struct bytes body = bytes_of(store->left.data + 2, store->left.size - 2);
    if (key_size + value_size > body.size) return ERR_OK;
    store->left = bytes_of(body.data + key_size + value_size, body.size - key_size - value_size);
    enum err err = visit(context, bytes_of(body.data, key_size),
                         bytes_of(body.data + key_size, value_size), failure);
    if (err) return err;
  }
  return ERR_OK;
}

static void send_nothing(void *context, uint32_t worker, const struct message *message) {
  (void)context, (void)worker, (void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct model_spec spec;
  struct store store = {.methods = {.list = list}, .left = bytes_of((const char *)data, size)};
  struct coordinator_options options = {.file_count = 2,
                                        .shard_count = 2,
                                        .range_count = 2,
                                        .partition_count = 2,
                                        .spec = &spec,
                                        .epoch = 1,
                                        .job = 1};
  struct coordinator_effects effects = {.send = send_nothing};
  struct coordinator *c = coordinator_new(&options, &effects);
  struct failure failure = {0};
  (void)journal_restore(&store.methods, c, &failure);
  coordinator_tick(c, 1);
  coordinator_free(c);
  return 0;
}
