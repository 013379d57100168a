/* report_words — the words of the report that come from tables elsewhere, in Chinese. */
#ifndef GUIYI_CLI_REPORT_WORDS_H
#define GUIYI_CLI_REPORT_WORDS_H

/* Of a level's name ("same pinyin", "exclusive", "differ" …); NULL when there is none. english: the
 * name, or what it means where it says too little. */
const char *report_words_level(const char *name, const char **english);
/* Of a stage's name ("ingest"). */
const char *report_words_stage(const char *name);
/* Of a field flag's name ("W_DUMMY"), and what it means in English. */
const char *report_words_flag(const char *name, const char **english);

#endif
