#include "cli/language.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum language language_of_environment(void) {
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) return strncmp(value, "zh", 2) == 0 ? LANGUAGE_CHINESE : LANGUAGE_ENGLISH;
  }
  return LANGUAGE_ENGLISH;
}

bool language_parse(const char *text, enum language *language) {
  bool is_chinese = strcmp(text, "zh") == 0;
  if (!is_chinese && strcmp(text, "en") != 0) return false;
  *language = is_chinese ? LANGUAGE_CHINESE : LANGUAGE_ENGLISH;
  return true;
}
