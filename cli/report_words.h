/* report_words — the words of the report that come from tables elsewhere, in Chinese. */
#ifndef GUIYI_CLI_REPORT_WORDS_H
#define GUIYI_CLI_REPORT_WORDS_H

/* Of a level's English name ("same pinyin", "exclusive", "differ" …); NULL when there is none. */
const char *report_words_level(const char *english);
/* Of a stage's name ("ingest"). */
const char *report_words_stage(const char *name);
/* Of a field flag's name ("W_DUMMY"), and what it means in English. */
const char *report_words_flag(const char *name, const char **english);

#endif
