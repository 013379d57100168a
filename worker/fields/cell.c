#include "worker/fields/cell.h"

static bool is_plain(struct bytes text) {
  unsigned char all = 0;
  for (size_t i = 0; i < text.size; i++) all |= (unsigned char)text.data[i];
  return all < 0x80;
}

/* The ASCII twin of a character outside ASCII; 0 = nothing is to be written, -1 = has none. */
static int twin_of(uint32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) return (int)(c - 0xFEE0);
  if (c == 0x3000 || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F) return ' ';
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE63) return '-';
  if (c == 0x3002 || c == 0xFF61) return '.';
  if (c == 0x2018 || c == 0x2019) return '\'';
  if ((c >= 0x200B && c <= 0x200F) || c == 0xFEFF || (c >= 0x202A && c <= 0x202E) || c == 0x2060)
    return 0;
  return -1;
}

static uint32_t decode(const unsigned char *at, size_t left, size_t *size) {
  static const unsigned char first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  *size = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
  if (*size > left) *size = left;
  uint32_t c = at[0] & first[*size];
  for (size_t i = 1; i < *size; i++) c = c << 6 | (at[i] & 0x3F);
  return c;
}

struct bytes cell_fold(struct bytes raw, char room[CELL_BYTES_MAX]) {
  if (is_plain(raw)) return bytes_trim(raw);
  size_t size = 0;
  for (size_t i = 0, step; i < raw.size; i += step) {
    uint32_t c = decode((const unsigned char *)raw.data + i, raw.size - i, &step);
    if (size + step > CELL_BYTES_MAX) return bytes_trim(raw);
    int twin = c < 0x80 ? (int)c : twin_of(c);
    if (twin > 0)
      room[size++] = (char)twin;
    else if (twin < 0)
      memcpy(room + size, raw.data + i, step), size += step;
  }
  return bytes_trim(bytes_of(room, size));
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

static bool equal_but_for_case(struct bytes text, const char *lower) {
  for (size_t i = 0; i < text.size; i++)
    if (cell_lower(text.data[i]) != lower[i]) return false;
  return lower[text.size] == '\0';
}

bool cell_means_empty(struct bytes text) {
  static const char *const words[] = {
      "-", "--", "---", "/", ".", "?", "??", "n/a", "na", "#n/a", "nan", "nil", "null", "(null)",
      "none", "\\n", "unknown", "undefined", "无", "没有", "未知", "不详", "空", "暂无", "待补充",
      "未填写", "待完善"};
  if (text.size == 0) return true;
  if (text.size > 9 || cell_is_digit(text.data[0])) return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strlen(words[i]) == text.size && equal_but_for_case(text, words[i])) return true;
  return false;
}
