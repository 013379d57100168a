/* job_order — the job of a run as WELCOME carries it: everything a worker needs that is not data.
 * All workers get the same bytes, so all resolve the same plan.
 *
 * Wire form, little-endian: u8 flags, the data key, counted job text, u64 expected records, u32
 * inputs, then of each u32 source and its counted path. */
#ifndef GUIYI_PROTO_JOB_ORDER_H
#define GUIYI_PROTO_JOB_ORDER_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"
#include "proto/seal.h"

enum { JOB_ORDER_INPUTS_MAX = 1 << 20 };

enum job_order_flags {
  JOB_ORDER_LINEAGE = 1,
  JOB_ORDER_PAIRS = 2,
  JOB_ORDER_UNMASK = 4,
};

struct job_order_input {
  uint32_t source;   /* index in job.sources */
  struct bytes path; /* as every worker sees it; NUL behind it when decoded */
};

struct job_order {
  uint8_t flags;
  struct data_key data_key; /* seals what workers send each other */
  struct bytes job_text;    /* YAML */
  uint64_t expected_records;
  struct job_order_input *inputs;
  uint32_t input_count;
};

void job_order_encode(const struct job_order *order, struct buffer *out); /* appends */
/* What is decoded lies in the arena. ERR_MALFORMED with a sentence. */
enum err job_order_decode(struct bytes data, struct arena *arena, struct job_order *out,
                          struct failure *failure);

#endif
