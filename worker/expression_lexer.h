/* expression_lexer — the words and marks of a quality rule's expression. */
#ifndef GUIYI_WORKER_EXPRESSION_LEXER_H
#define GUIYI_WORKER_EXPRESSION_LEXER_H

#include <stdbool.h>

#include "common/bytes.h"

enum token_kind {
  TOKEN_END,
  TOKEN_WORD,   /* a name without quotes, or a keyword */
  TOKEN_FIELD,  /* a name in backquotes */
  TOKEN_TEXT,   /* in quotes */
  TOKEN_NUMBER, /* 12, -3.50 */
  TOKEN_DATE,   /* 2026-11-22, 2026-11 */
  TOKEN_MARK,   /* an operator, as written in ASCII: "==" "(" "->" */
  TOKEN_WRONG,  /* text says why */
};

struct token {
  enum token_kind kind;
  struct bytes text; /* without quotes; of TOKEN_WRONG the sentence */
  const char *start; /* where it stands */
};

/* The token at *at, which moves behind it. Quotes have no escapes: a text with ' stands in ". */
struct token token_read(const char **at, const char *end);
bool token_is(const struct token *token, enum token_kind kind, const char *text);

#endif
