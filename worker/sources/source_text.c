#include "worker/sources/source_text.h"

#include "common/check.h"

/* Where an unclosed record starts, a split starts too (source_scan.c), unless there is one split:
 * then scan and reader see the same text and the same offsets. */
static void set_unclosed(struct source_text *t, const struct source_split *split) {
  const struct source_file *file = t->file;
  t->chunk.unclosed = file->unclosed_offsets;
  t->chunk.unclosed_count = file->unclosed_count;
  if (file->is_stream) return;
  t->chunk.unclosed_count = 0;
  for (uint32_t i = 0; i < file->unclosed_count; i++) {
    if (file->unclosed_offsets[i] != split->offset) continue;
    t->chunk.unclosed = &file->unclosed_offsets[i];
    t->chunk.unclosed_count = 1;
  }
}

static enum err go_to_split(struct source_text *t, const struct source_split *split,
                            struct failure *f) {
  bool decodes = t->file->encoding == SOURCE_ENCODING_GB18030;
  if (!t->file->is_stream) {
    source_stream_seek(&t->stream, split->offset, split->size);
    return decodes ? source_stream_decode_gb18030(&t->stream, f) : ERR_OK;
  }
  source_stream_seek(&t->stream, 0, UINT64_MAX);
  enum err err = decodes ? source_stream_decode_gb18030(&t->stream, f) : ERR_OK;
  return err == ERR_OK ? source_stream_skip(&t->stream, split->offset, f) : err;
}

enum err source_text_open(struct source_text *t, const struct source_file *file, uint32_t split,
                          struct failure *f) {
  check(split < file->split_count);
  *t = (struct source_text){.file = file, .kernels = source_kernels(), .stream.file = -1};
  const struct source_split *s = &file->splits[split];
  record_chunk_open(&t->chunk, &t->stream, t->kernels,
                    file->format == SOURCE_FORMAT_CSV ? INDEX_CELLS : INDEX_LINES, file->delimiter,
                    file->quote, s->offset, s->first_line);
  /* A small split needs no large buffer; decoded text can be longer than its bytes. */
  if (!file->is_stream && s->size < RECORD_CHUNK_BYTES / 2) t->chunk.chunk_bytes = 2 * s->size + 1;
  set_unclosed(t, s);
  enum err err = source_stream_open(&t->stream, file->path, f);
  t->stream.turns_cr = file->has_cr_line_ends;
  if (err == ERR_OK) err = source_text_check_identity(t, f);
  if (err == ERR_OK) err = go_to_split(t, s, f);
  return err;
}

enum err source_text_next(struct source_text *t, struct failure *f) {
  enum err err = record_chunk_next(&t->chunk, f);
  if (err != ERR_OK || t->chunk.count == 0) return err;
  struct text_facts facts = t->kernels->text_check(t->chunk.text, t->chunk.used);
  t->is_clean = facts.is_utf8 && !facts.has_nul;
  return ERR_OK;
}

enum err source_text_check_identity(const struct source_text *t, struct failure *f) {
  return source_stream_check_identity(&t->stream, &t->file->identity, f);
}

void source_text_close(struct source_text *t) {
  record_chunk_release(&t->chunk);
  source_stream_close(&t->stream);
}

const char *text_facts_problem(struct text_facts facts, enum source_encoding encoding) {
  if (facts.has_nul) return "nul_byte";
  if (facts.is_utf8) return NULL;
  return encoding == SOURCE_ENCODING_GB18030 ? "invalid_gb18030" : "invalid_utf8";
}

const char *source_text_problem(const struct source_text *t, struct bytes record) {
  struct text_facts facts = t->kernels->text_check(record.data, record.size);
  return text_facts_problem(facts, t->file->encoding);
}
