/* fact_store — what people decided about pairs of records, kept for every later run.
 *
 *   DATA_DIR/decisions/     one LMDB environment of its own: number → entry
 *
 * A log: nothing in it is changed or removed; to undo is an entry, too. So its length tells which
 * decisions hold, and a generation notes the length it was made with. Every add is one transaction,
 * checked for contradictions against all that is there then, and on the disk when it returns:
 * LMDB's default, which lost nothing in power cuts. Any number of processes may read and add. It
 * holds no values of customers but the records' own ids.
 *
 * A handle belongs to one thread; a process opens a folder once at a time. Calls block on the disk.
 */
#ifndef GUIYI_WORKER_STORE_FACT_STORE_H
#define GUIYI_WORKER_STORE_FACT_STORE_H

#include "common/arena.h"
#include "common/pair_fact.h"

enum {
  FACT_WHO_BYTES_MAX = 128,
  FACT_WHY_BYTES_MAX = 1024,
  FACT_BATCH_MAX = PAIR_FACTS_MAX, /* of one add */
};

/* A record as a person names it. */
struct fact_record {
  struct bytes source, id; /* id: the source's own; empty: known by its content, that is by key */
  struct hash128 key;
};

struct fact {
  uint64_t number;     /* from 1; given by the store */
  enum pair_kind kind; /* not of an undo */
  uint64_t undoes;     /* number of the fact that this entry takes back; 0 = it is a fact itself */
  uint64_t undone_by;  /* number of the entry that took it back; 0 = it holds. Not stored */
  int64_t time_ms;     /* since 1970-01-01 UTC */
  struct bytes who, why;
  struct fact_record a, b; /* as they were named; not of an undo */
};

/* All entries in order: items[i].number is i + 1. */
struct fact_list {
  struct fact *items;
  uint64_t count;
};

struct fact_store;

/* Makes the folder when there is none. */
enum err fact_store_open(const char *data_dir, struct fact_store **out, struct failure *failure);
void fact_store_close(struct fact_store *take_store); /* NULL is allowed */

/* In the arena. ERR_CORRUPT when an entry is not what was written. */
enum err fact_store_read(struct fact_store *store, struct arena *arena, struct fact_list *list,
                         struct failure *failure);
/* All or none. Facts that are there already are left out; their number becomes that of the known
 * one, and *known counts them. ERR_INPUT with the facts that say otherwise when one contradicts,
 * ERR_LIMIT when more than PAIR_FACTS_MAX would hold. */
enum err fact_store_add(struct fact_store *store, struct fact *facts, uint32_t count,
                        uint32_t *known, struct failure *failure);
/* Takes a fact back. ERR_NOT_FOUND when there is none of this number, ERR_INPUT when it was taken
 * back before. */
enum err fact_store_undo(struct fact_store *store, uint64_t number, struct bytes who,
                         struct bytes why, int64_t time_ms, struct failure *failure);

/* The log of a data folder, in the arena; a folder without decisions has none, and none is made. */
enum err fact_store_read_folder(const char *data_dir, struct arena *arena, struct fact_list *list,
                                struct failure *failure);
/* Those that hold, for a run. Release with pair_facts_release. *length: entries in the log. A data
 * folder without decisions has none. */
enum err fact_store_load(const char *data_dir, struct pair_facts *facts, uint64_t *length,
                         struct failure *failure);

/* The bytes of an entry, without number; for the store and its fuzz target. ERR_MALFORMED never
 * reads beyond data; what is read points into it. */
void fact_encode(const struct fact *fact, struct buffer *out);
enum err fact_decode(struct bytes data, struct fact *fact);

#endif
