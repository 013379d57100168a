/* field_model — the standard model: what a column is that is headed 手机号 or date_of_birth.
 *
 * One table serves the job file (a field of a well-known name needs no declaration) and recognition
 * (which reads headings). An entry's own name is what golden records call the field; aliases are
 * the headings that sources write for it, in Chinese and English. */
#ifndef GUIYI_COMMON_FIELD_MODEL_H
#define GUIYI_COMMON_FIELD_MODEL_H

#include "common/job.h"

struct field_model {
  const char *name;    /* 手机号码 */
  const char *aliases; /* separated by |, as field_model_normalise leaves them */
  enum field_type_id type;
  enum field_role role;
  enum field_use use;
  enum survivorship survivorship;
  uint8_t part; /* name_part, date_part or address_part, as the type has it */
  enum code_table codes;
  bool with_time;
  bool multi;
  bool required;
  const char *name_space; /* of an account; NULL = none */
};

/* By its own name, exactly; NULL when there is none. */
const struct field_model *field_model_find(struct bytes name);
/* By its own name or an alias, whatever the case, width, spaces, punctuation and stars. */
const struct field_model *field_model_find_heading(struct bytes heading);
/* All entries; the end has a NULL name. */
const struct field_model *field_model_list(void);

/* A heading as aliases are written: case and width folded, only letters and digits left. In arena.
 */
struct bytes field_model_normalise(struct bytes heading, struct arena *arena);

/* A field of this name and type before the job says anything: the model's where it has the name and
 * the type is the same, else the type's own. model may be NULL. */
void field_model_apply(const struct field_model *model, struct bytes name, enum field_type_id type,
                       struct job_field *field);

#endif
