/* gazetteer — finds provinces, cities and counties in the text of an address or a firm's name.
 *
 * Knows the current divisions of GB/T 2260, their short forms (北京, 朝阳, 延边) and the names that
 * were withdrawn or changed (崇文区, 襄樊市), each led to the division that took its place.
 * Constant tables, safe for any thread. Text is folded characters (han_fold), one code point per
 * element; codes are the six digits of GB/T 2260: a province ends in 0000, a city in 00. */
#ifndef GUIYI_WORKER_FIELDS_GAZETTEER_H
#define GUIYI_WORKER_FIELDS_GAZETTEER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"

/* Where a name is looked for: in an address a short form before a road word is the road's name
 * (北京路); in a firm's name only provinces, cities and full names count. */
enum gazetteer_use { GAZETTEER_ADDRESS, GAZETTEER_COMPANY };

struct gazetteer_match {
  uint32_t code;       /* the deepest division named; 0 = none is certain */
  uint32_t start, end; /* characters [start, end) of the text name it */
  uint32_t levels;     /* how many divisions were named, one after another: 0..3 */
  uint32_t full_names; /* how many of them in full */
  bool ambiguous;      /* a county's full name that several counties have, without its city: code is
                          0, [start, end) is the name */
};

/* The best chain of division names that begins in text[0..size): most levels, then leftmost, then
 * most full names. Short forms count only at the beginning. false when there is none. */
bool gazetteer_find(const uint32_t *text, uint32_t size, enum gazetteer_use use,
                    struct gazetteer_match *match);

/* The chain that begins exactly at the first character and fills the text up; for a firm's
 * (上海市). */
bool gazetteer_is_division(const uint32_t *text, uint32_t size, uint32_t *code);

/* Of a current division: 朝阳区 and 朝阳 (the full name where there is no short one); else empty.
 */
struct bytes gazetteer_name(uint32_t code);
struct bytes gazetteer_short_name(uint32_t code);

/* 1 province, 2 city, 3 county; 0 for code 0. */
static inline unsigned gazetteer_level(uint32_t code) {
  return code == 0 ? 0 : code % 10000 == 0 ? 1 : code % 100 == 0 ? 2 : 3;
}
/* The city a code lies in, as a number to compare: a municipality, and a county that answers to its
 * province directly, count as cities. 0 when the code names only a province with cities. */
uint32_t gazetteer_city(uint32_t code);
/* Whether inner is outer or lies in it. */
bool gazetteer_within(uint32_t inner, uint32_t outer);

#endif
