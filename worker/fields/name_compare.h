/* name_compare — how far two names agree. */
#ifndef GUIYI_WORKER_FIELDS_NAME_COMPARE_H
#define GUIYI_WORKER_FIELDS_NAME_COMPARE_H

#include "worker/fields/field_type.h"
#include "worker/fields/name_feature.h"

/* What the partial levels mean, the same for whole names and for parts of names:
 *
 *   level       Han                                      Latin
 *   WRITTEN     肖/萧, 买买提艾山/买买提·艾山, 伟张/张伟    Bill/William, Mary Ann/Maryann
 *   SOUND       张伟/张玮, 张伟/Zhang Wei                  one slip: Jaro-Winkler >= 0.92;
 * Smith/Smyth SIMILAR     章三/张山 with accents; one of three       Jaro-Winkler >= 0.82
 *               characters differs or is missing
 *   PARTS       names of several parts, some missing       J/John, John Smith/John Paul Smith
 *   FITS        张*, 张先生 and 张伟                         Smith/John Smith
 *   LITTLE      the surname alone                          one word of several; Jaro-Winkler >= 0.7
 */
enum {
  NAME_LEVEL_LITTLE = FIELD_LEVEL_PARTIAL_FIRST,
  NAME_LEVEL_FITS,
  NAME_LEVEL_PARTS,
  NAME_LEVEL_SIMILAR,
  NAME_LEVEL_SOUND,
  NAME_LEVEL_WRITTEN,
};

/* FIELD_LEVEL_MISSING, DIFFER, EXACT or one of the above. Symmetric. */
unsigned name_compare(const struct name_feature *a, const struct name_feature *b);

/* Two Latin features that are not equal. Symmetric when a and b are given in one order. */
unsigned name_compare_latin(const struct name_feature *a, const struct name_feature *b);

#endif
