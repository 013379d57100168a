/* customer_value — one customer as the bytes of its row in table customer.
 *
 *   u32 golden size, u32 member count, golden record (padded to 8),
 *   per member struct member_evidence, then the members' packed records (common/record.h)
 *
 * so that get, explain and verify need this one row and nothing else. Little-endian. */
#ifndef GUIYI_WORKER_STORE_CUSTOMER_VALUE_H
#define GUIYI_WORKER_STORE_CUSTOMER_VALUE_H

#include "worker/store/generation.h"

/* Bytes that customer_value_write writes. */
size_t customer_value_size(const struct generation_customer *customer);
void customer_value_write(const struct generation_customer *customer, char *out);

/* Copies the bytes into the arena and points there. customer_id is not set. ERR_MALFORMED when it
 * is no such value; never reads beyond data; the arena grows by at most a constant factor of its
 * size. */
enum err customer_value_read(struct bytes data, uint32_t field_count, struct arena *arena,
                             struct stored_customer *customer);

#endif
