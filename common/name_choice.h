/* name_choice — a name that is not among the valid ones: which were expected, and which was meant.
 *
 * Offer the valid names one by one, then ask for the words of the message. Distance is that of
 * optimal string alignment over characters (insert, delete, replace, swap neighbours); ASCII
 * letters are compared without case. A name that contains the wanted one, or lies in it, counts as
 * near: 姓名 for 客户姓名. */
#ifndef GUIYI_COMMON_NAME_CHOICE_H
#define GUIYI_COMMON_NAME_CHOICE_H

#include "common/bytes.h"

enum { NAME_CHOICE_LISTED_MAX = 20 };

struct name_choice {
  struct bytes wanted;  /* borrowed, as are the offered names */
  struct bytes nearest; /* empty while none is near enough */
  unsigned cost;
  struct bytes listed[NAME_CHOICE_LISTED_MAX];
  unsigned offered;
};

void name_choice_init(struct name_choice *choice, struct bytes wanted);
/* Of two equally near names the one offered first stays. */
void name_choice_offer(struct name_choice *choice, struct bytes name);
/* Appends "one of a, b, c (and 3 more); did you mean 'b'?" to out; without "did you mean" where no
 * name is near. */
void name_choice_print(const struct name_choice *choice, struct buffer *out);

#endif
