/* job_sections — the tables of keys that job files have, shared by job_read.c and job_print.c. */
#ifndef GUIYI_COMMON_JOB_SECTIONS_H
#define GUIYI_COMMON_JOB_SECTIONS_H

#include "common/job_schema.h"

/* Each ends with a NULL name. */
extern const struct schema_key job_keys[];        /* struct job: the top of the file */
extern const struct schema_key job_field_keys[];  /* struct job_field */
extern const struct schema_key job_column_keys[]; /* struct job_column, the form {to: …} */
extern const struct schema_key job_source_keys[];
extern const struct schema_key job_blocking_keys[];      /* struct job */
extern const struct schema_key job_blocking_rule_keys[]; /* struct job_blocking_rule */
extern const struct schema_key job_match_keys[];         /* struct job */
extern const struct schema_key job_match_rule_keys[];
extern const struct schema_key job_identifier_keys[];
extern const struct schema_key job_threshold_keys[]; /* struct job */
extern const struct schema_key job_quality_keys[];   /* struct job */
extern const struct schema_key job_quality_rule_keys[];
extern const struct schema_key job_tag_keys[]; /* struct job_tags */
extern const struct schema_key job_tag_potential_keys[];
extern const struct schema_key job_tag_churn_keys[];
extern const struct schema_key job_tag_weight_keys[];
extern const struct schema_key job_tag_floor_keys[];
extern const struct schema_key job_tag_cap_keys[];
extern const struct schema_key job_tag_band_keys[];
extern const struct schema_key job_role_keys[];

extern const struct schema_choice job_survivorship_choices[];
extern const struct schema_choice job_action_choices[];

/* What a source is before its section says anything. */
struct job_source job_source_defaults(void);

/* "keep(3,4)", "none" …: false when it is no mask. */
bool job_mask_parse(struct bytes text, struct job_field *field);
/* The other way; "default" for the type's own. */
const char *job_mask_name(const struct job_field *field, char out[24]);

#endif
