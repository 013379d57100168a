#include "worker/sources/column_names.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "worker/sources/source_warning.h"

/* White space that Unicode knows beyond ASCII and that exports put around names. */
static const struct bytes wide_spaces[] = {
    {"\xE3\x80\x80", 3}, /* U+3000 ideographic space */
    {"\xC2\xA0", 2},     /* U+00A0 no-break space */
    {"\xEF\xBB\xBF", 3}, /* U+FEFF, a byte order mark that was copied along */
};

static struct bytes trim_name(struct bytes name) {
  for (size_t before = name.size + 1; before != name.size;) {
    before = name.size;
    name = bytes_trim(name);
    for (size_t i = 0; i < sizeof wide_spaces / sizeof wide_spaces[0]; i++) {
      if (bytes_starts_with(name, wide_spaces[i]))
        name.data += wide_spaces[i].size, name.size -= wide_spaces[i].size;
      if (bytes_ends_with(name, wide_spaces[i])) name.size -= wide_spaces[i].size;
    }
  }
  return name;
}

struct bytes column_name_clean(struct bytes name, struct arena *arena) {
  const char *end = text_end(name);
  bool printable = true;
  for (const char *at = name.data; at < end && printable;)
    printable = text_is_printable(text_decode(&at, end));
  if (!printable) {
    char *shown = arena_alloc(arena, name.size);
    size_t size = 0;
    for (const char *at = name.data; at < end;) {
      const char *from = at;
      bool shows = text_is_printable(text_decode(&at, end));
      memcpy(shown + size, shows ? from : " ", shows ? (size_t)(at - from) : 1);
      size += shows ? (size_t)(at - from) : 1;
    }
    name = bytes_of(shown, size);
  }
  return trim_name(text_cut(trim_name(name), SOURCE_COLUMN_NAME_BYTES_MAX));
}

struct named_column {
  struct bytes name;
  uint32_t index;
};

static int compare_names(const void *a, const void *b) {
  const struct named_column *left = a, *right = b;
  int order = bytes_compare(left->name, right->name);
  return order ? order : (left->index > right->index) - (left->index < right->index);
}

static bool is_taken(const struct named_column *sorted, uint32_t count, struct bytes name) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = bytes_compare(sorted[middle].name, name);
    if (order == 0) return true;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

/* The second 电话 becomes 电话_2, or the next number that no column has. sorted keeps the names as
 * the file has them, so a number given here can meet no name of the file; and one base name's
 * numbers only grow. */
static void number_repeated(struct source_file *file, struct named_column *sorted) {
  for (uint32_t first = 0, next; first < file->column_count; first = next) {
    unsigned number = 2;
    for (next = first + 1;
         next < file->column_count && bytes_equal(sorted[first].name, sorted[next].name); next++) {
      struct bytes name;
      do {
        name = bytes_from_string(arena_printf(&file->arena, "%.*s_%u", (int)sorted[first].name.size,
                                              sorted[first].name.data, number++));
      } while (is_taken(sorted, file->column_count, name));
      file->columns[sorted[next].index] = name;
      source_warn(file, "column %u has the name of another, \"%.*s\"; it is read as \"%.*s\"",
                  sorted[next].index + 1, (int)sorted[first].name.size, sorted[first].name.data,
                  (int)name.size, name.data);
    }
  }
}

enum err column_names_set(struct source_file *file, const struct bytes *cells, uint32_t count,
                          struct failure *f) {
  while (cells && count > 1 && trim_name(cells[count - 1]).size == 0) count--;
  if (count > SOURCE_COLUMNS_MAX)
    return failure_set(
        f, ERR_INPUT,
        "%s has %u columns; at most %d can be read: is \"%c\" the delimiter? Leave out "
        "the columns that are not needed",
        file->path, count, SOURCE_COLUMNS_MAX, file->delimiter);
  file->column_count = count;
  file->columns = arena_alloc_zeroed(&file->arena, (count ? count : 1) * sizeof *file->columns);
  struct named_column *sorted = memory_new((count ? count : 1) * sizeof *sorted);
  for (uint32_t i = 0; i < count; i++) {
    struct bytes name =
        cells ? arena_copy(&file->arena, column_name_clean(cells[i], &file->arena)) : BYTES_EMPTY;
    if (name.size == 0) {
      name = bytes_from_string(arena_printf(&file->arena, "column_%u", i + 1));
      if (cells) source_warn(file, "column %u has no name; it is read as \"%s\"", i + 1, name.data);
    }
    file->columns[i] = name;
    sorted[i] = (struct named_column){name, i};
  }
  qsort(sorted, count, sizeof *sorted, compare_names);
  number_repeated(file, sorted);
  free(sorted);
  return ERR_OK;
}
