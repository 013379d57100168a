/* key_aspects — what the key parts of compared fields are worth as blocking keys: how much their
 * agreement says, and how often the records of one customer agree in them. Private to
 * blocking_defaults.c. */
#ifndef GUIYI_WORKER_KEY_ASPECTS_H
#define GUIYI_WORKER_KEY_ASPECTS_H

#include "worker/plan.h"

enum {
  ASPECTS_MAX = 96,
  IMAGINED_PAIRS = 4096, /* of records of one customer each */
  PAIR_WORDS = IMAGINED_PAIRS / 64,
};

/* One key part of one compared field. */
struct key_aspect {
  struct plan_key_part part;
  uint8_t bits;       /* -log2 of the chance that it agrees for two different customers */
  uint16_t agrees;    /* in so many of 1000 pairs both records have it and agree */
  bool is_identifier; /* a rule by itself whatever else there is */
  bool of_identifier; /* a part of such a field */
  bool is_free;       /* stands or falls for itself, not with the other parts of its field */
  uint8_t side;       /* free parts of one field may be joined when their sides differ */
  uint64_t alive[PAIR_WORDS]; /* in which of the imagined pairs it agrees */
};

/* Returns how many there are. plan->comparisons and the job must be set. */
unsigned key_aspects_list(const struct plan *plan, struct key_aspect aspects[ASPECTS_MAX]);

#endif
