#include "worker/fields/cell.h"

#include "common/text.h"

/* The ASCII twin that NFKC does not know; 0 = has none. */
static char twin_of(uint32_t c) {
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212) return '-';
  if (c == 0x3002) return '.';
  return c == 0x2018 || c == 0x2019 ? '\'' : 0;
}

struct bytes cell_fold(struct bytes raw, struct arena *arena) {
  if (text_is_ascii(raw)) return bytes_trim(raw);
  struct bytes text = text_clean(raw, arena);
  const char *end = text.data + text.size;
  char *out = NULL;
  size_t size = 0;
  for (const char *at = text.data; at < end;) {
    const char *from = at;
    char twin = twin_of(text_decode(&at, end));
    if (twin && !out) {
      out = arena_alloc(arena, text.size);
      size = (size_t)(from - text.data);
      memcpy(out, text.data, size);
    }
    if (!out) continue;
    if (twin) {
      out[size++] = twin;
    } else {
      memcpy(out + size, from, (size_t)(at - from));
      size += (size_t)(at - from);
    }
  }
  return out ? bytes_trim(bytes_of(out, size)) : text;
}

struct bytes cell_squeeze(struct bytes text, char room[CELL_BYTES_MAX]) {
  size_t size = 0;
  for (size_t i = 0; i < text.size && size < CELL_BYTES_MAX; i++) {
    char c = text.data[i];
    if (c == ' ' || c == '-' || c == '\'' || c == '\t') continue;
    room[size++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
  }
  return bytes_of(room, size);
}

static bool equal_but_for_case(struct bytes text, struct bytes lower) {
  if (text.size != lower.size) return false;
  for (size_t i = 0; i < text.size; i++)
    if (cell_lower(text.data[i]) != lower.data[i]) return false;
  return true;
}

bool cell_means_empty(struct bytes text) {
#define W(literal) \
  { literal, sizeof(literal) - 1 }
  static const struct bytes words[] = {
      W("-"),    W("--"),  W("---"),     W("/"),         W("."),      W("?"),     W("??"),
      W("n/a"),  W("na"),  W("#n/a"),    W("nan"),       W("nil"),    W("null"),  W("(null)"),
      W("none"), W("\\n"), W("unknown"), W("undefined"), W("无"),     W("没有"),  W("未知"),
      W("不详"), W("空"),  W("暂无"),    W("待补充"),    W("未填写"), W("待完善")};
#undef W
  if (text.size == 0) return true;
  if (text.size > 9 || cell_is_digit(text.data[0])) return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (equal_but_for_case(text, words[i])) return true;
  return false;
}
