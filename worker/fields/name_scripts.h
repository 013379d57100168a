/* name_scripts — the steps of person_name_parse that depend on the script. Each reads name->text
 * and sets kind, key and what goes with them. */
#ifndef GUIYI_WORKER_FIELDS_NAME_SCRIPTS_H
#define GUIYI_WORKER_FIELDS_NAME_SCRIPTS_H

#include "worker/fields/person_name_parse.h"

/* Texts with Han characters and no letters of scripts other than Latin. */
void name_parse_han(struct person_name *name, enum name_part part, struct arena *arena);
/* All others; classes are those of the text. */
void name_parse_words(struct person_name *name, enum name_part part, unsigned classes,
                      struct arena *arena);

/* The key as the text, folded. */
void name_fold_key(struct person_name *name);
/* What enum name_word_flag bits say of the sex. */
void name_set_sex(struct person_name *name, unsigned word_flags);

#endif
