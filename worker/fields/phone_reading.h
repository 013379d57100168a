/* phone_reading — what one cell says about a telephone number: its kind, canonical form and digits.
 */
#ifndef GUIYI_WORKER_FIELDS_PHONE_READING_H
#define GUIYI_WORKER_FIELDS_PHONE_READING_H

#include "worker/fields/digits.h"
#include "worker/fields/field_type.h"
#include "worker/fields/phone.h"

enum { PHONE_VALUE_MAX = 40 };

/* What the top four bits of a phone's feature say; below them are its digits (digits.h). */
enum phone_feature_kind {
  PHONE_FEATURE_MOBILE = 1,
  PHONE_FEATURE_FOREIGN,
  PHONE_FEATURE_LANDLINE_10, /* so many digits before the extension, the leading 0 not counted */
  PHONE_FEATURE_LANDLINE_11,
  PHONE_FEATURE_LOCAL,
  PHONE_FEATURE_MASKED,
  PHONE_FEATURE_INVALID,
};

struct phone_reading {
  enum phone_kind kind;
  enum value_state state; /* OK also where the cell was written otherwise */
  uint32_t flags;
  char text[PHONE_VALUE_MAX]; /* the canonical value; empty where there is none */
  unsigned size;
  uint64_t feature; /* 0 = nothing to compare */
};

static inline bool phone_is_mobile_start(const char *digits) {
  return digits[0] == '1' && digits[1] >= '3' && digits[1] <= '9';
}

/* digits: 11 of them, with a mobile's start. */
struct phone_reading phone_read_mobile(const char *digits);
/* text: folded (cell.h), not empty. */
struct phone_reading phone_read(const struct field_options *options, struct bytes text);

#endif
