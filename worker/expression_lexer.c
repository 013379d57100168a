#include "worker/expression_lexer.h"

#include "common/text.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_word_character(uint32_t c) {
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  /* No punctuation of the general, CJK and full-width blocks, no mathematical signs. */
  return c >= 0xC0 && !(c >= 0x2000 && c < 0x2E80) && !(c >= 0x3000 && c < 0x3005) &&
         !(c >= 0x3008 && c < 0x3021) && !(c >= 0xFF00 && c < 0xFF10) &&
         !(c >= 0xFF1A && c < 0xFF21) && !(c >= 0xFF3B && c < 0xFF41) &&
         !(c >= 0xFF5B && c < 0xFF66) && c != TEXT_REPLACEMENT;
}

/* The ASCII form of what people type in a Chinese input method. */
static const char *ascii_mark(uint32_t c) {
  switch (c) {
    case 0x2265:
      return ">=";
    case 0x2264:
      return "<=";
    case 0x2260:
      return "!=";
    case 0x2192:
      return "->";
    case 0xFF08:
      return "(";
    case 0xFF09:
      return ")";
    case 0xFF0C:
      return ",";
    case 0x3001:
      return ",";
    case 0xFF1E:
      return ">";
    case 0xFF1C:
      return "<";
    default:
      return NULL;
  }
}

static struct token quoted(const char **at, const char *end, enum token_kind kind) {
  const char *start = *at;
  const char *close = memchr(start + 1, *start, (size_t)(end - start - 1));
  if (!close) {
    *at = end;
    return (struct token){TOKEN_WRONG, BYTES("the quote is never closed"), start};
  }
  *at = close + 1;
  return (struct token){kind, bytes_of(start + 1, (size_t)(close - start - 1)), start};
}

/* Digits, and then: a point and digits, or -digits once or twice, which makes a date. */
static struct token number(const char **at, const char *end) {
  const char *start = *at, *p = start + (*start == '-');
  unsigned dashes = 0;
  while (p < end && is_digit(*p)) p++;
  if (p + 1 < end && *p == '.' && is_digit(p[1])) {
    for (p++; p < end && is_digit(*p);) p++;
  } else if (*start != '-') {
    while (dashes < 2 && p + 1 < end && *p == '-' && is_digit(p[1])) {
      dashes++;
      for (p++; p < end && is_digit(*p);) p++;
    }
  }
  *at = p;
  return (struct token){dashes ? TOKEN_DATE : TOKEN_NUMBER, bytes_of(start, (size_t)(p - start)),
                        start};
}

static struct token word(const char **at, const char *end) {
  const char *start = *at;
  while (*at < end) {
    const char *next = *at;
    if (!is_word_character(text_decode(&next, end))) break;
    *at = next;
  }
  return (struct token){TOKEN_WORD, bytes_of(start, (size_t)(*at - start)), start};
}

struct token token_read(const char **at, const char *end) {
  static const char *const marks[] = {"==", "!=", "<=", ">=", "->", "<", ">",
                                      "(",  ")",  "[",  "]",  ",",  ".", NULL};
  while (*at < end && (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r')) ++*at;
  const char *start = *at;
  if (start == end) return (struct token){TOKEN_END, BYTES("the end"), start};
  if (*start == '`') return quoted(at, end, TOKEN_FIELD);
  if (*start == '\'' || *start == '"') return quoted(at, end, TOKEN_TEXT);
  if (is_digit(*start) || (*start == '-' && start + 1 < end && is_digit(start[1])))
    return number(at, end);
  struct bytes rest = bytes_of(start, (size_t)(end - start));
  for (unsigned i = 0; marks[i]; i++) {
    struct bytes mark = bytes_from_string(marks[i]);
    if (!bytes_starts_with(rest, mark)) continue;
    *at += mark.size;
    return (struct token){TOKEN_MARK, mark, start};
  }
  const char *next = start;
  uint32_t c = text_decode(&next, end);
  if (is_word_character(c)) return word(at, end);
  const char *mark = ascii_mark(c);
  *at = next;
  if (mark) return (struct token){TOKEN_MARK, bytes_from_string(mark), start};
  if (c == '=') return (struct token){TOKEN_WRONG, BYTES("'=' is written =="), start};
  return (struct token){TOKEN_WRONG, BYTES("this character has no meaning here"), start};
}

bool token_is(const struct token *token, enum token_kind kind, const char *text) {
  return token->kind == kind && bytes_equal(token->text, bytes_from_string(text));
}
