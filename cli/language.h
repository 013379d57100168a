/* language — what a command speaks to people: English or Chinese. Both stand side by side where
 * they are said. */
#ifndef GUIYI_CLI_LANGUAGE_H
#define GUIYI_CLI_LANGUAGE_H

#include <stdbool.h>

enum language { LANGUAGE_ENGLISH, LANGUAGE_CHINESE };

/* As the environment asks for: LC_ALL, else LC_MESSAGES, else LANG; Chinese when it begins with
 * "zh". */
enum language language_of_environment(void);
/* "en" or "zh"; false when it is neither. */
bool language_parse(const char *text, enum language *language);

static inline const char *language_say(enum language language, const char *english,
                                       const char *chinese) {
  return language == LANGUAGE_CHINESE ? chinese : english;
}

#endif
