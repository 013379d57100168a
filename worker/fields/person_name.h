/* person_name — the field type of names of persons, whole or in parts (field_options.name_part).
 *
 * What is shown keeps the characters of the source (張偉), without title and annotation when the
 * name is known in full. What is compared: name_feature.h; the levels: name_compare.h. Masked
 * names, surnames with a title and nicknames are attributes: they never give the key part "exact".
 */
#ifndef GUIYI_WORKER_FIELDS_PERSON_NAME_H
#define GUIYI_WORKER_FIELDS_PERSON_NAME_H

#include "worker/fields/field_type.h"
#include "worker/fields/person_name_parse.h"

extern const struct field_type person_name_type;

#endif
