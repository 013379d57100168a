#include "proto/job_order.h"

#include "common/byte_reader.h"

enum { ALL_FLAGS = JOB_ORDER_LINEAGE | JOB_ORDER_PAIRS | JOB_ORDER_UNMASK };

void job_order_encode(const struct job_order *order, struct buffer *out) {
  buffer_append_u8(out, order->flags);
  buffer_append(out, &order->data_key, sizeof order->data_key);
  buffer_append_counted(out, order->job_text);
  buffer_append_u64(out, order->expected_records);
  buffer_append_u32(out, order->input_count);
  for (uint32_t i = 0; i < order->input_count; i++) {
    buffer_append_u32(out, order->inputs[i].source);
    buffer_append_counted(out, order->inputs[i].path);
  }
}

enum err job_order_decode(struct bytes data, struct arena *arena, struct job_order *out,
                          struct failure *failure) {
  struct byte_reader r = byte_reader_of(data);
  *out = (struct job_order){.flags = byte_reader_u8(&r)};
  byte_reader_copy(&r, &out->data_key, sizeof out->data_key);
  out->job_text = arena_copy(arena, byte_reader_counted(&r));
  out->expected_records = byte_reader_u64(&r);
  uint32_t count = byte_reader_u32(&r);
  bool ok = r.ok && !(out->flags & ~ALL_FLAGS) && count <= JOB_ORDER_INPUTS_MAX &&
            count <= r.left.size / (2 * sizeof(uint32_t));
  if (ok) out->inputs = arena_alloc(arena, count * sizeof *out->inputs);
  for (uint32_t i = 0; ok && i < count; i++) {
    out->inputs[i].source = byte_reader_u32(&r);
    struct bytes path = byte_reader_counted(&r);
    ok = r.ok && path.size && !memchr(path.data, '\0', path.size);
    if (ok) out->inputs[i].path = arena_copy(arena, path);
    out->input_count = i + 1;
  }
  if (ok && byte_reader_is_done(&r)) return ERR_OK;
  return failure_set(failure, ERR_MALFORMED, "the job that the coordinator sent is malformed");
}
