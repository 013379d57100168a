/* text_check_tables — the three nibble tables of Keiser and Lemire, Validating UTF-8 In Less Than
 * One Instruction Per Byte (2021): a pair of neighbouring bytes is wrong in some way exactly when
 * the entries for its first byte's high and low nibble and its second byte's high nibble share a
 * bit. Bit 7 is not an error of itself: a continuation after a continuation, which bytes further
 * back must ask for. */
#ifndef GUIYI_WORKER_SOURCES_TEXT_CHECK_TABLES_H
#define GUIYI_WORKER_SOURCES_TEXT_CHECK_TABLES_H

#include <stdint.h>

enum {
  UTF8_TOO_SHORT = 1 << 0,      /* a lead, then no continuation */
  UTF8_TOO_LONG = 1 << 1,       /* ASCII, then a continuation */
  UTF8_OVERLONG_3 = 1 << 2,     /* E0, then below A0 */
  UTF8_TOO_LARGE = 1 << 3,      /* F4, then from 90; F5 and more */
  UTF8_SURROGATE = 1 << 4,      /* ED, then from A0 */
  UTF8_OVERLONG_2 = 1 << 5,     /* C0, C1 */
  UTF8_TOO_LARGE_1000 = 1 << 6, /* F5 and more, then 80..8F */
  UTF8_OVERLONG_4 = 1 << 6,     /* F0, then below 90 */
  UTF8_TWO_CONTINUE = 1 << 7,
  UTF8_ANY_LOW = UTF8_TOO_SHORT | UTF8_TOO_LONG | UTF8_TWO_CONTINUE,
};

/* By the high nibble of the first byte. */
static const uint8_t utf8_first_high[16] __attribute__((aligned(16))) = {
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TOO_LONG,
    UTF8_TWO_CONTINUE,
    UTF8_TWO_CONTINUE,
    UTF8_TWO_CONTINUE,
    UTF8_TWO_CONTINUE,
    UTF8_TOO_SHORT | UTF8_OVERLONG_2,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT | UTF8_OVERLONG_3 | UTF8_SURROGATE,
    UTF8_TOO_SHORT | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000 | UTF8_OVERLONG_4,
};

/* By the low nibble of the first byte. */
static const uint8_t utf8_first_low[16] __attribute__((aligned(16))) = {
    UTF8_ANY_LOW | UTF8_OVERLONG_3 | UTF8_OVERLONG_2 | UTF8_OVERLONG_4,
    UTF8_ANY_LOW | UTF8_OVERLONG_2,
    UTF8_ANY_LOW,
    UTF8_ANY_LOW,
    UTF8_ANY_LOW | UTF8_TOO_LARGE,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000 | UTF8_SURROGATE,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
    UTF8_ANY_LOW | UTF8_TOO_LARGE | UTF8_TOO_LARGE_1000,
};

/* By the high nibble of the second byte. */
static const uint8_t utf8_second_high[16] __attribute__((aligned(16))) = {
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_LONG | UTF8_OVERLONG_2 | UTF8_TWO_CONTINUE | UTF8_OVERLONG_3 | UTF8_TOO_LARGE_1000 |
        UTF8_OVERLONG_4,
    UTF8_TOO_LONG | UTF8_OVERLONG_2 | UTF8_TWO_CONTINUE | UTF8_OVERLONG_3 | UTF8_TOO_LARGE,
    UTF8_TOO_LONG | UTF8_OVERLONG_2 | UTF8_TWO_CONTINUE | UTF8_SURROGATE | UTF8_TOO_LARGE,
    UTF8_TOO_LONG | UTF8_OVERLONG_2 | UTF8_TWO_CONTINUE | UTF8_SURROGATE | UTF8_TOO_LARGE,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
    UTF8_TOO_SHORT,
};

#endif
