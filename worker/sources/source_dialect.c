#include "worker/sources/source_dialect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "worker/sources/csv_row.h"
#include "worker/sources/delimiter_index.h"
#include "worker/sources/record_chunk.h"

static const char delimiters[] = {',', '\t', ';', '|'}; /* the order decides between equals */

enum {
  DELIMITER_COUNT = sizeof delimiters,
  COMPARED_BYTES = 64 << 10, /* of the head, to see whether rows have as many cells as the first */
};

/* Byte order marks; a NULL name is a mark we read. */
static const struct {
  struct bytes mark;
  const char *refused;
  enum source_encoding encoding;
} marks[] = {
    {{"\xEF\xBB\xBF", 3}, NULL, SOURCE_ENCODING_UTF8},
    {{"\x84\x31\x95\x33", 4}, NULL, SOURCE_ENCODING_GB18030},
    {{"\xFF\xFE\0\0", 4}, "UTF-32", SOURCE_ENCODING_AUTO},
    {{"\0\0\xFE\xFF", 4}, "UTF-32", SOURCE_ENCODING_AUTO},
    {{"\xFF\xFE", 2}, "UTF-16", SOURCE_ENCODING_AUTO},
    {{"\xFE\xFF", 2}, "UTF-16", SOURCE_ENCODING_AUTO},
};

static enum err refuse_encoding(const char *path, const char *name, struct failure *f) {
  return failure_set(
      f, ERR_INPUT,
      "%s is %s text; expected UTF-8 or GB18030: save it as \"CSV UTF-8\", or convert "
      "it with iconv -f %s -t UTF-8",
      path, name, name);
}

static enum err read_mark(struct bytes head, const char *path, struct source_dialect *out,
                          struct failure *f) {
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
    if (!bytes_starts_with(head, marks[i].mark)) continue;
    if (marks[i].refused) return refuse_encoding(path, marks[i].refused, f);
    out->encoding = marks[i].encoding;
    out->first_offset = marks[i].mark.size;
    return ERR_OK;
  }
  return ERR_OK;
}

/* The first byte that is no blank line. */
static size_t skip_blank_lines(struct bytes head, size_t at) {
  for (;;) {
    bool is_crlf = at + 1 < head.size && head.data[at] == '\r' && head.data[at + 1] == '\n';
    if (at < head.size && head.data[at] == '\n')
      at++;
    else if (is_crlf)
      at += 2;
    else
      return at;
  }
}

/* Without its line end. */
static struct bytes line_at(struct bytes head, size_t at) {
  const char *end = memchr(head.data + at, '\n', head.size - at);
  size_t size = end ? (size_t)(end - head.data) - at : head.size - at;
  size -= size && head.data[at + size - 1] == '\r';
  return bytes_of(head.data + at, size);
}

/* NUL bytes in the first line: every other byte is one in UTF-16 without a mark. */
static enum err refuse_nul(struct bytes line, const char *path, struct failure *f) {
  size_t count = 0;
  for (size_t i = 0; i < line.size; i++) count += line.data[i] == 0;
  if (count == 0) return ERR_OK;
  if (count * 3 >= line.size) return refuse_encoding(path, "UTF-16", f);
  return failure_set(
      f, ERR_INPUT,
      "%s: the first line has NUL bytes, so this is no text file; export it as CSV or "
      "JSON Lines",
      path);
}

static bool starts_with_word(struct bytes text, const char *word) {
  size_t size = strlen(word);
  return text.size >= size && strncasecmp(text.data, word, size) == 0;
}

static enum err recognise_format(struct bytes line, const char *path, enum source_format asked,
                                 struct source_dialect *out, struct failure *f) {
  struct bytes text = bytes_trim(line);
  char first = text.size ? text.data[0] : 0;
  bool is_markup = starts_with_word(text, "<!DOCTYPE") || starts_with_word(text, "<html") ||
                   starts_with_word(text, "<?xml") || starts_with_word(text, "<table");
  if (is_markup)
    return failure_set(f, ERR_INPUT,
                       "%s is a web page or XML, whatever its name says; export it as CSV or JSON "
                       "Lines",
                       path);
  out->format = asked != SOURCE_FORMAT_AUTO ? asked
                : first == '{'              ? SOURCE_FORMAT_JSONL
                                            : SOURCE_FORMAT_CSV;
  struct bytes rest = text.size ? bytes_trim(bytes_of(text.data + 1, text.size - 1)) : text;
  bool opens_array = first == '[' && (rest.size == 0 || rest.data[0] == '{');
  if (asked != SOURCE_FORMAT_CSV && (opens_array || (first == '{' && rest.size == 0)))
    return failure_set(f, ERR_INPUT,
                       "%s is one JSON document; expected JSON Lines, one object on each line: "
                       "convert it with jq -c",
                       path);
  return ERR_OK;
}

/* 'a','b': all cells of the first line stand in single quotes and none in double ones. */
static char recognise_quote(struct bytes line) {
  bool is_single = line.size >= 2 && line.data[0] == '\'' && line.data[line.size - 1] == '\'' &&
                   bytes_find(line, BYTES("\"")) == line.size;
  return is_single ? '\'' : '"';
}

struct head_index {
  struct delimiter_index index;
  uint32_t *ends, *row_ends;
};

static void index_head(struct head_index *h, struct bytes text, char delimiter, char quote) {
  h->index = (struct delimiter_index){
      .delimiter = delimiter, .quote = quote, .ends = h->ends, .row_ends = h->row_ends};
  source_kernels()->index_cells(&h->index, text.data, text.size);
}

/* Cells of the first record where this delimiter makes at least two and, when the other rows are
 * asked, half of them have as many; otherwise 0. */
static uint32_t count_cells(struct head_index *h, struct bytes text, char delimiter, char quote,
                            bool asks_rows) {
  index_head(h, text, delimiter, quote);
  if (h->index.row_count == 0 || h->row_ends[0] < 2) return 0;
  uint32_t agreeing = 0;
  for (uint32_t i = 1; i < h->index.row_count; i++)
    agreeing += h->row_ends[i] - h->row_ends[i - 1] == h->row_ends[0];
  bool agrees = agreeing * 2 >= h->index.row_count - 1;
  return agrees || !asks_rows ? h->row_ends[0] : 0;
}

static char recognise_delimiter(struct head_index *h, struct bytes text, char quote) {
  for (int asks_rows = 1; asks_rows >= 0; asks_rows--) {
    char best = 0;
    uint32_t best_count = 0;
    for (size_t i = 0; i < DELIMITER_COUNT; i++) {
      uint32_t count = count_cells(h, text, delimiters[i], quote, asks_rows);
      if (count > best_count) best = delimiters[i], best_count = count;
    }
    if (best) return best;
  }
  return ',';
}

/* Excel's hint, a first line sep=; */
static char read_hint(struct bytes line) {
  if (line.size == 7 && line.data[0] == '"' && line.data[6] == '"')
    line = bytes_of(line.data + 1, 5);
  return line.size == 5 && strncasecmp(line.data, "sep=", 4) == 0 ? line.data[4] : 0;
}

static enum err find_first_record(struct head_index *h, struct bytes text, bool is_all,
                                  const char *path, struct source_dialect *out, struct failure *f) {
  size_t size;
  if (out->format == SOURCE_FORMAT_JSONL) {
    const char *end = memchr(text.data, '\n', text.size);
    size = end ? (size_t)(end - text.data) : text.size;
  } else {
    index_head(h, text, out->delimiter, out->quote);
    bool is_open = h->index.row_count == 0 && h->index.state == INDEX_QUOTED;
    if (is_open && is_all)
      return failure_set(f, ERR_INPUT,
                         "%s: the first line opens a quote that is never closed; double the quotes "
                         "inside a cell, or remove it",
                         path);
    size = h->index.row_count ? h->ends[h->row_ends[0] - 1] : text.size;
  }
  if (size == text.size && !is_all)
    return failure_set(
        f, ERR_INPUT,
        "%s: the first record does not end within %d bytes; expected lines of CSV or "
        "JSON",
        path, SOURCE_HEAD_BYTES);
  out->first_record = bytes_of(text.data, record_end(text.data, 0, size));
  out->first_record_end = out->first_offset + size + (size < text.size);
  return ERR_OK;
}

/* Sets delimiter and quote; steps over a hint. */
static void recognise_csv(struct head_index *h, struct bytes head,
                          const struct source_file_options *options, struct source_dialect *out) {
  struct bytes line = line_at(head, out->first_offset);
  char hint = read_hint(line);
  if (hint) {
    out->first_offset = skip_blank_lines(head, out->first_offset + line.size);
    line = line_at(head, out->first_offset);
  }
  out->quote = options->quote ? options->quote : recognise_quote(line);
  out->delimiter = options->delimiter ? options->delimiter : hint;
  if (out->delimiter) return;
  struct bytes compared = bytes_of(head.data + out->first_offset, head.size - out->first_offset);
  if (compared.size > COMPARED_BYTES && line.size < COMPARED_BYTES) compared.size = COMPARED_BYTES;
  out->delimiter = recognise_delimiter(h, compared, out->quote);
}

enum err source_dialect_recognise(struct bytes head, bool is_all, const char *path,
                                  const struct source_file_options *options,
                                  struct source_dialect *out, struct failure *f) {
  *out = (struct source_dialect){.encoding = SOURCE_ENCODING_AUTO};
  enum err err = read_mark(head, path, out, f);
  if (err != ERR_OK) return err;
  if (options->encoding != SOURCE_ENCODING_AUTO) out->encoding = options->encoding;
  out->first_offset = skip_blank_lines(head, out->first_offset);
  struct bytes line = line_at(head, out->first_offset);
  if (line.size == 0 && is_all)
    return failure_set(f, ERR_INPUT, "%s is empty; expected a line of column names and rows", path);
  err = refuse_nul(line, path, f);
  if (err == ERR_OK) err = recognise_format(line, path, options->format, out, f);
  if (err != ERR_OK) return err;
  struct head_index h = {.ends = memory_new((head.size + INDEX_SLACK) * sizeof *h.ends),
                         .row_ends = memory_new((head.size + INDEX_SLACK) * sizeof *h.row_ends)};
  if (out->format == SOURCE_FORMAT_CSV) recognise_csv(&h, head, options, out);
  struct bytes text = bytes_of(head.data + out->first_offset, head.size - out->first_offset);
  err = find_first_record(&h, text, is_all, path, out, f);
  free(h.ends);
  free(h.row_ends);
  return err;
}

/* Digits with nothing but signs between them, or mostly digits (an ID card that ends in X, a
 * plate), or a mail address. */
static bool looks_like_data(struct bytes cell) {
  size_t digits = 0, letters = 0;
  for (size_t i = 0; i < cell.size; i++) {
    unsigned char c = (unsigned char)cell.data[i];
    if (c == '@') return true;
    digits += c >= '0' && c <= '9';
    letters += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
  }
  return digits > 0 && (letters == 0 || digits >= 11);
}

bool cells_look_like_header(const struct bytes *cells, uint32_t count) {
  bool has_text = false;
  for (uint32_t i = 0; i < count; i++) {
    if (looks_like_data(cells[i])) return false;
    has_text |= bytes_trim(cells[i]).size > 0;
  }
  return has_text;
}
