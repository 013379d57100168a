/* levenshtein — how many characters must be inserted, deleted or replaced to make one string the
 * other; by bit vectors: G. Myers, "A Fast Bit-Vector Algorithm for Approximate String Matching"
 * (1999), in the form of H. Hyyrö (2003). */
#ifndef GUIYI_WORKER_SIMILARITY_LEVENSHTEIN_H
#define GUIYI_WORKER_SIMILARITY_LEVENSHTEIN_H

#include "worker/similarity/match_masks.h"

unsigned levenshtein(const struct match_masks *m);

#endif
