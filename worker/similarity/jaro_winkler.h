/* jaro_winkler — how alike two names are, for slips of the pen: W. E. Winkler, "String Comparator
 * Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record Linkage" (1990).
 *
 * Matched characters are at most max(sizes)/2 - 1 apart; the prefix bonus is 0.1 a character for up
 * to four and is always given. Integer arithmetic, rounded down: the same on every machine. */
#ifndef GUIYI_WORKER_SIMILARITY_JARO_WINKLER_H
#define GUIYI_WORKER_SIMILARITY_JARO_WINKLER_H

#include "worker/similarity/match_masks.h"

enum { JARO_WINKLER_ONE = 10000 }; /* equal strings; two empty ones are equal */

unsigned jaro_winkler(const struct match_masks *m);

#endif
