/* free_text — the type `text`: titles, remarks, lists of authors, product names.
 *
 * The value stays as it was written, without blanks at its ends. What is compared are its words, in
 * any order: tokens of letters and digits, pairs of Han characters, and codes that mix letters and
 * digits or are long numbers (part numbers say more than words).
 *
 * Its mask leaves the words and hides what looks like a telephone, identity card or bank card
 * number or a mail address. */
#ifndef GUIYI_WORKER_FIELDS_FREE_TEXT_H
#define GUIYI_WORKER_FIELDS_FREE_TEXT_H

#include "worker/fields/field_type.h"

extern const struct field_type free_text_type;

#endif
