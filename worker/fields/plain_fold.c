#include "worker/fields/plain_fold.h"

#include "common/text.h"
#include "worker/fields/cell.h"
#include "worker/fields/tables.h"

static struct bytes fold_ascii(struct bytes raw, struct arena *arena) {
  raw = bytes_trim(raw);
  char *out = arena_alloc(arena, raw.size);
  size_t size = 0;
  for (size_t i = 0; i < raw.size; i++) {
    unsigned char c = (unsigned char)cell_lower(raw.data[i]);
    if (c < 0x20 || c == 0x7F) c = ' ';
    if (c == ' ' && size && out[size - 1] == ' ') continue;
    out[size++] = (char)c;
  }
  return bytes_of(out, size);
}

struct bytes plain_fold(struct bytes raw, struct arena *arena) {
  if (text_is_ascii(raw)) return fold_ascii(raw, arena);
  struct bytes text = text_fold(raw, arena);
  /* At most: a byte that is no character becomes U+FFFD. */
  char *out = arena_alloc(arena, text.size * 3);
  size_t size = 0;
  const char *end = text.data + text.size;
  for (const char *at = text.data; at < end;) {
    uint32_t c = text_decode(&at, end);
    unsigned letters = c < 0x80 ? 0 : latin_plain(c, out + size);
    size += letters ? letters : text_encode(han_fold(c), out + size);
  }
  return bytes_of(out, size);
}
