/* email — mail addresses, in lower case; dots and +tags of Gmail's local parts folded.
 *
 * A domain that looks misspelt (gmial.com) is flagged, never corrected. */
#ifndef GUIYI_WORKER_FIELDS_EMAIL_H
#define GUIYI_WORKER_FIELDS_EMAIL_H

#include "worker/fields/field_type.h"

enum email_kind {
  EMAIL_INVALID,
  EMAIL_OK,
  EMAIL_ROLE,        /* sales@, info@ …: of a firm, not of a person */
  EMAIL_PLACEHOLDER, /* test@test.com …: means empty */
  EMAIL_MASKED,
};

extern const struct field_type email_type;

#endif
