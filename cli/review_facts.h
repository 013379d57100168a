/* review_facts — decisions about records as people name them: made, listed, taken back. The records
 * are those of the current generation. */
#ifndef GUIYI_CLI_REVIEW_FACTS_H
#define GUIYI_CLI_REVIEW_FACTS_H

#include "cli/open_generation.h"
#include "worker/store/fact_store.h"

/* Who decides, and what for; as given. */
struct review_author {
  const char *who; /* NULL = nobody said */
  const char *why; /* NULL = nothing */
};
/* ERR_USAGE when nobody is named, or a text is too long. */
enum err review_author_check(const struct review_author *author, struct failure *failure);

/* The record as a fact names it; in the arena. */
struct fact_record review_record(const struct open_generation *open,
                                 const struct record_view *record, struct arena *arena);
/* A fact about two records of the generation; ERR_USAGE when they are one record. */
enum err review_fact_make(const struct open_generation *open, enum pair_kind kind,
                          const struct record_view *a, const struct record_view *b,
                          const struct review_author *author, struct arena *arena,
                          struct fact *fact, struct failure *failure);
/* The same by name: SOURCE/RECORD_ID as members.csv shows them. A customer's id stands for its only
 * record. */
enum err review_fact_find(const struct open_generation *open, enum pair_kind kind, const char *a,
                          const char *b, const struct review_author *author, struct arena *arena,
                          struct fact *fact, struct failure *failure);

/* Facts from a table with the columns decision, source_a, id_a, source_b, id_b and, if there is
 * one, note: review.csv with its first column filled in. Rows without a decision are passed over.
 * All in the arena. */
struct review_table {
  struct fact *facts;
  uint32_t count, capacity;
};
enum err review_table_read(const struct open_generation *open, const char *path,
                           const struct review_author *author, struct arena *arena,
                           struct review_table *out, struct failure *failure);

/* The log, for people and as JSON. only_holding: without undone facts and undos. */
void review_facts_print(const struct fact_list *list, bool only_holding, struct buffer *out);
void review_facts_print_json(const struct fact_list *list, bool only_holding, struct buffer *out);

#endif
