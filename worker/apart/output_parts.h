/* output_parts — what the outputs of tasks consist of where workers do not share memory: which
 * parts a stage's output has and how they lie on the wire. All little-endian. Numbers of rows are
 * those of the run. */
#ifndef GUIYI_WORKER_APART_OUTPUT_PARTS_H
#define GUIYI_WORKER_APART_OUTPUT_PARTS_H

#include "common/hash.h"
#include "worker/plan.h"

/* Parts of INGEST's outputs; those below APART_INGEST_FREQUENCY are keys by partition (struct
 * key_entry with numbers of the run). */
enum {
  APART_INGEST_FREQUENCY = PLAN_PARTITIONS, /* frequency_rows_encode */
  APART_INGEST_RECORD_KEYS,                 /* u64 record_key by slot, then u8 flags by slot */
  APART_INGEST_FACTS,                       /* struct apart_split_facts */
  APART_INGEST_PARTS,
};

struct apart_split_facts {
  uint32_t accepted, rejected, quarantined;
  int32_t newest_day;
};

/* BLOCK's parts, by split: what the block stage wrote into a row under one rule, where it is not
 * what ingesting left there. CLASSIFY's parts: 0 = the notes of the split by (row, rule), 1 = u32
 * by slot: where its notes begin; one more behind the last. */
struct apart_class_note {
  uint32_t row;
  uint32_t mark; /* row_marks.keys[rule] */
  uint8_t rule, rule_class;
  uint16_t reserved;
};

/* SCORE's part: pairs that join rows, as many as it takes; numbers of the run. */
struct apart_edge {
  uint32_t a, b;
};

/* LINK's parts: by partition u16 range of each of its edges, in their order; then by range its
 * components: u32 size and so many u32 rows. */
enum { APART_LINK_RANGES = PLAN_PARTITIONS };

/* ROUTE's parts, by range: accepted pairs of its components. */
struct __attribute__((packed)) apart_pair {
  uint32_t a, b;
  uint64_t pattern;
  uint32_t mask;
};

/* REPAIR's parts: 0 = entities, each u32 size and so many members in canonical order; 1 = struct
 * apart_repair_facts. */
struct apart_member {
  uint32_t row;
  int32_t link_weight;
};
struct apart_repair_facts {
  uint64_t accepted_edges, constraint_cuts, cohesion_cuts, size_cuts;
};

/* IDENTIFY's parts: by shard i32 as_of day, then its customers in order: apart_customer and so many
 * apart_placed_member; behind the shards by split: apart_slot by slot. */
struct apart_customer {
  uint64_t customer_id;
  uint32_t member_count, reserved;
};
struct apart_placed_member {
  uint32_t row;
  int32_t link_weight;
  uint32_t occurrence; /* of its content, for rows without an id of their own; 1 = the first */
};
struct apart_slot {
  uint64_t customer_id; /* 0 = not linked */
  int32_t link_weight;
  uint32_t occurrence;
};

/* MERGE's parts. */
enum {
  APART_MERGE_GOLDEN,  /* rows of golden.csv */
  APART_MERGE_LINEAGE, /* lines of lineage.jsonl */
  APART_MERGE_FACTS,   /* struct apart_merge_facts */
  APART_MERGE_PARTS,
};
struct apart_merge_facts {
  struct hash128 digest;
  uint64_t customers, records;
};

/* EXPORT's parts: rows of members.csv, of rejects.csv. */
enum { APART_EXPORT_MEMBERS, APART_EXPORT_REJECTS, APART_EXPORT_PARTS };

#endif
