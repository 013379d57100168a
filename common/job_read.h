/* job_read — the sections of a job file that are more than a table of plain values. Private to
 * job_*.c: these are named by the tables of job_sections.c. Each reads the value of one key into
 * the section's struct, at key->offset where the key has one. */
#ifndef GUIYI_COMMON_JOB_READ_H
#define GUIYI_COMMON_JOB_READ_H

#include "common/job_schema.h"

#define JOB_READ(name)                                                        \
  enum err name(struct schema_reader *reader, const struct schema_path *path, \
                const struct yaml_node *node, const struct schema_key *key, void *section)

/* job_read.c: the file as a whole, fields, sources */
JOB_READ(job_read_version);
JOB_READ(job_read_identifiers);
JOB_READ(job_read_shards);
JOB_READ(job_read_fields);
JOB_READ(job_read_sources);
JOB_READ(job_read_map);
JOB_READ(job_read_constants);
JOB_READ(job_read_aliases);
JOB_READ(job_read_mask);
JOB_READ(job_read_survivorship);
JOB_READ(job_read_masking);
/* job_read_rules.c: what refers to fields */
JOB_READ(job_read_blocking);
JOB_READ(job_read_blocking_rules);
JOB_READ(job_read_key_parts);
JOB_READ(job_read_match);
JOB_READ(job_read_match_rules);
JOB_READ(job_read_conditions);
JOB_READ(job_read_weights);
JOB_READ(job_read_thresholds);
JOB_READ(job_read_quality);
JOB_READ(job_read_quality_rules);
JOB_READ(job_read_field_name);
JOB_READ(job_read_tags);
JOB_READ(job_read_tag_section);
JOB_READ(job_read_roles);
JOB_READ(job_read_unmask);

/* The field that a name at node means; found by the text name, which may be a part of the node's.
 */
enum err job_read_field(struct schema_reader *reader, const struct schema_path *path,
                        const struct yaml_node *node, struct bytes name, uint16_t *field);
/* Refuses two items of one name: "rule 'R1' stands twice". */
enum err job_refuse_twice(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, struct bytes name, struct bytes other,
                          uint32_t other_line);

#endif
