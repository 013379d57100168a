/* job_schema — which keys a section of a job file may have, as tables, and the reading of a section
 * by its table. A key's row says its name, what its value looks like and where it goes in the
 * section's struct; job_read.c has the tables and job_print.c writes from the same ones, so that
 * what is printed is what is read. */
#ifndef GUIYI_COMMON_JOB_SCHEMA_H
#define GUIYI_COMMON_JOB_SCHEMA_H

#include <stddef.h>

#include "common/job.h"
#include "common/name_choice.h"
#include "common/yaml_tree.h"

enum schema_kind {
  SCHEMA_TEXT,      /* struct bytes; min = 1: must not be empty */
  SCHEMA_TEXTS,     /* const struct bytes *, with its count; one text is a list of one */
  SCHEMA_INTEGER,   /* any integer member, min..max */
  SCHEMA_DECIMAL,   /* an integer member that holds number × scale, min..max of that */
  SCHEMA_FLAG,      /* bool: true, false */
  SCHEMA_CHOICE,    /* an enum member */
  SCHEMA_DAY,       /* int32_t: 2026-11-22, or "data" */
  SCHEMA_TIMEZONE,  /* int, minutes: +08:00, Asia/Shanghai */
  SCHEMA_CHARACTER, /* char: one ASCII character, or "tab" */
  SCHEMA_SECTION,   /* read by a function; NULL = whoever reads the section looks itself */
};

struct schema_choice {
  const char *name; /* NULL ends the list */
  int value;
};

/* Where in the file we are: sources[2].map.手机. Links lie on the stack. */
struct schema_path {
  const struct schema_path *up; /* NULL at the top */
  struct bytes key;             /* empty: an index */
  uint32_t index;
};

struct schema_reader {
  struct job *job;
  const char *file;
  struct failure *failure;
  uint64_t roles_said; /* bit f: field f got its role from the file and not from the model */
};

struct schema_key {
  const char *name;
  enum schema_kind kind;
  bool required;
  uint16_t offset, size; /* of the member */
  uint16_t count_offset; /* TEXTS: of the uint32_t count */
  uint16_t given_offset; /* of a bool that tells whether the key was there; 0 = none */
  int64_t min, max;
  int64_t scale;           /* DECIMAL */
  uint32_t item_bytes_max; /* TEXTS: of each; 0 = JOB_HEADING_BYTES_MAX */
  const struct schema_choice *choices;
  uint32_t types; /* field options: bit set of enum field_type_id; 0 = any */
  enum err (*read)(struct schema_reader *reader, const struct schema_path *path,
                   const struct yaml_node *node, const struct schema_key *key, void *section);
  const struct schema_key *section; /* SECTION: the keys of a map inside, in the same struct */
};

/* Member m of struct s as offset and size. */
#define SCHEMA_AT(s, m) .offset = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)

/* "file:line: path: words", ERR_CONFIG. */
__attribute__((format(printf, 4, 5))) enum err schema_mistake(struct schema_reader *reader,
                                                              const struct yaml_node *node,
                                                              const struct schema_path *path,
                                                              const char *format, ...);
/* The same with the expected names behind it. */
__attribute__((format(printf, 5, 6))) enum err schema_unknown_name(struct schema_reader *reader,
                                                                   const struct yaml_node *node,
                                                                   const struct schema_path *path,
                                                                   const struct name_choice *choice,
                                                                   const char *format, ...);
enum err schema_expect(struct schema_reader *reader, const struct schema_path *path,
                       const struct yaml_node *node, enum yaml_kind kind, const char *words);

/* Reads the map at node into section by its keys (ended by a NULL name). Keys are read in the order
 * of the table. Field options apply to one type: pass its bit in types, 0 where there are none. */
enum err schema_read(struct schema_reader *reader, const struct schema_path *path,
                     const struct yaml_node *node, const struct schema_key *keys, uint32_t types,
                     void *section);
/* A text that must not be empty, has no control character and at most bytes_max bytes. */
enum err schema_read_name(struct schema_reader *reader, const struct schema_path *path,
                          const struct yaml_node *node, size_t bytes_max, struct bytes *name);
enum err schema_read_choice(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *node, const struct schema_choice *choices,
                            int *value);
/* The node's text copied into the job's arena, with a NUL behind it. */
struct bytes schema_text(struct schema_reader *reader, const struct yaml_node *node);

int64_t schema_get(const struct schema_key *key, const void *section);
void schema_set(const struct schema_key *key, void *section, int64_t value);

#endif
