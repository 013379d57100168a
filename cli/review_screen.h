/* review_screen — pairs one after the other on a terminal: side by side, with what speaks for and
 * against; a key decides. Decisions are kept at once, each is on the disk before the next case is
 * shown. */
#ifndef GUIYI_CLI_REVIEW_SCREEN_H
#define GUIYI_CLI_REVIEW_SCREEN_H

#include "cli/language.h"
#include "cli/review_cases.h"
#include "cli/review_facts.h"

struct review_session {
  const struct open_generation *open;
  struct fact_store *store;
  const struct review_author *author;
  enum language language;
  struct review_cases *cases;
  uint64_t limit; /* cases to show at most; 0 = all */
};

/* Reads keys from standard input, which must be a terminal (ERR_USAGE), until all is decided or the
 * user quits. */
enum err review_session_run(const struct review_session *session, struct failure *failure);

/* The case as the screen shows it, without the keys. */
enum err review_case_print(const struct review_session *session, const struct review_case *item,
                           struct arena *arena, struct buffer *out, struct failure *failure);
/* All cases up to the limit that are not decided, as JSON. */
enum err review_cases_print_json(const struct review_session *session, struct buffer *out,
                                 struct failure *failure);
/* Facts that decide all open cases alike; in the arena. */
enum err review_cases_decide(const struct review_session *session, enum pair_kind kind,
                             struct arena *arena, struct fact **facts, uint32_t *count,
                             struct failure *failure);
/* How many open cases there are, and the first of them by name; what --preview says. */
enum err review_cases_preview(const struct review_session *session, struct buffer *out,
                              struct failure *failure);

#endif
