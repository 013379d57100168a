/* open_generation — the current generation of a data folder with the job that made it, for the
 * commands that read: get, search, explain. */
#ifndef GUIYI_CLI_OPEN_GENERATION_H
#define GUIYI_CLI_OPEN_GENERATION_H

#include "worker/exports/export_context.h"
#include "worker/golden_codec.h"
#include "worker/golden_plan.h"
#include "worker/store/generation.h"

#define DATA_DIR_DEFAULT "guiyi-data" /* in the current folder */

struct open_generation {
  struct generation *generation;
  const struct manifest *manifest;
  struct job job;
  struct plan plan;
  struct golden_plan golden_plan;
  struct export_context exports; /* how records are named and values shown */
};

/* unmask: show clear values. Release with open_generation_close whatever is returned. */
enum err open_generation(const char *data_dir, bool unmask, struct open_generation *open,
                         struct failure *failure);
void open_generation_close(struct open_generation *open);

/* A customer as a user named it; all in the arena. */
struct named_customer {
  struct stored_customer stored;
  struct golden_record *golden; /* with its members */
  int32_t member;               /* of the record that was named; -1 = a customer was named */
  bool is_alias;                /* another id was asked for than it has now */
};

/* text: a customer id (C20240501001), also a former one, or SOURCE/RECORD_ID as members.csv shows
 * them. ERR_NOT_FOUND, ERR_USAGE when it is neither. */
enum err open_generation_find(const struct open_generation *open, const char *text,
                              struct arena *arena, struct named_customer *customer,
                              struct failure *failure);
/* A customer that this one lives or works with. */
struct related_customer {
  const struct stored_relation *relation;
  const char *id, *basis; /* "C20240501001"; the match rule's id, "recognised" or "decision 12" */
  const struct golden_record *golden; /* its own */
};
/* All of them, in the arena. */
enum err open_generation_related(const struct open_generation *open, uint64_t customer_id,
                                 struct arena *arena, struct related_customer **related,
                                 uint32_t *count, struct failure *failure);
/* Decodes what generation_search or generation_get returned. */
enum err open_generation_golden(const struct open_generation *open,
                                const struct stored_customer *stored, struct arena *arena,
                                struct golden_record **golden, struct failure *failure);
/* "crm/U17", in the arena. */
const char *open_generation_record_name(const struct open_generation *open,
                                        const struct record_view *record, struct arena *arena);
/* The value as it may be shown, parts separated by "; "; in the arena. */
struct bytes open_generation_value(const struct open_generation *open, uint32_t field,
                                   struct bytes value, struct arena *arena);

/* Prints to stdout, with a newline at the end. */
void command_print(const struct buffer *out);
/* Prints "guiyi COMMAND: …" to stderr; returns the exit code. */
int command_failed(const char *command, const struct failure *failure);

#endif
