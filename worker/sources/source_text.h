/* source_text — the records of one split as runs of UTF-8 text: stream, decoding and record_chunk
 * put together as a scanned file asks for. Belongs to one thread. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_TEXT_H
#define GUIYI_WORKER_SOURCES_SOURCE_TEXT_H

#include "worker/sources/record_chunk.h"
#include "worker/sources/source_file.h"

struct source_text {
  const struct source_file *file;
  const struct source_kernels *kernels;
  struct source_stream stream;
  struct record_chunk chunk; /* its offsets are of the decoded text */
  bool is_clean;             /* the chunk's text is valid UTF-8 without NUL */
};

/* ERR_INPUT when the file is another than the scanned one. `text` is to be closed whatever is
 * returned; file outlives it. */
enum err source_text_open(struct source_text *text, const struct source_file *file, uint32_t split,
                          struct failure *f);
/* text->chunk.count == 0: the end. */
enum err source_text_next(struct source_text *text, struct failure *f);
/* Whether the file is still the scanned one. */
enum err source_text_check_identity(const struct source_text *text, struct failure *f);
void source_text_close(struct source_text *text);

/* The code of SOURCE_REJECT_TABLE for text that is not clean; NULL when it is. */
const char *source_text_problem(const struct source_text *text, struct bytes record);
const char *text_facts_problem(struct text_facts facts, enum source_encoding encoding);

#endif
