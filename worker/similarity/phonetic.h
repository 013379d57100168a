/* phonetic — a code that English-like names of one sound share: for blocking and as weak evidence.
 *
 * In the manner of Metaphone (L. Philips, 1990), much reduced: consonants by sound, vowels only at
 * the start, doubled sounds once. */
#ifndef GUIYI_WORKER_SIMILARITY_PHONETIC_H
#define GUIYI_WORKER_SIMILARITY_PHONETIC_H

#include <stdint.h>

/* Of lower-case letters; other bytes are passed over. Never 0 when there is a letter. Catherine and
 * Kathryn, Smith and Smyth, Philips and Fillips have one code each. */
uint64_t phonetic_code(const char *letters, unsigned size);

#endif
