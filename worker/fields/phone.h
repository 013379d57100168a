/* phone — telephone numbers: Chinese mobiles, landlines, hotlines, platform numbers, foreign ones.
 *
 * Canonical forms: 13800138123 · 0755-88886666[-801] · 400-800-1234 · 138****8123 ·
 * 13800138123-6789 (a platform's virtual number) · +85261234567 · 0473704641 (a foreign number in
 * the form it is dialled at home). The rules are Chinese ones first; what they do not claim is
 * tried as a western national number. Only mobiles and foreign numbers can found an entity. */
#ifndef GUIYI_WORKER_FIELDS_PHONE_H
#define GUIYI_WORKER_FIELDS_PHONE_H

#include "worker/fields/field_type.h"

enum phone_kind {
  PHONE_INVALID,
  PHONE_MOBILE,
  PHONE_FOREIGN,
  PHONE_LANDLINE, /* with area code */
  PHONE_LOCAL,    /* a landline without one */
  PHONE_MASKED,
  PHONE_VIRTUAL,
  PHONE_HOTLINE,
  PHONE_IOT,
};

extern const struct field_type phone_type;

#endif
