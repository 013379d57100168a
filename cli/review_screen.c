#include "cli/review_screen.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"

/* A decision of this session, to be undone by a key. */
struct made {
  uint64_t number;
  uint64_t item; /* index of the case */
};

struct screen {
  const struct review_session *session;
  struct fact_list log;
  struct review_decided decided;
  struct arena arena;   /* of the log; renewed after every decision */
  struct arena scratch; /* of one case */
  struct made *made;    /* owned */
  uint64_t made_count, made_capacity;
  bool *skipped; /* by case; owned */
  uint64_t shown;
  struct buffer notes; /* about the key that was pressed last */
};

static const char *say(const struct screen *s, const char *english, const char *chinese) {
  return language_say(s->session->language, english, chinese);
}

/* ---- terminal ---- */

static struct termios saved_terminal;
static bool is_saved;

static void restore_terminal(void) {
  if (is_saved) tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
  is_saved = false;
}

static void on_signal(int number) {
  restore_terminal(); /* tcsetattr is async-signal-safe */
  signal(number, SIG_DFL);
  raise(number);
}

/* Keys come one by one and are not echoed. */
static enum err take_terminal(struct failure *failure) {
  if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved_terminal) != 0)
    return failure_set(failure, ERR_USAGE,
                       "review asks on a terminal and standard input is none; scripts use --json "
                       "for the open pairs and --decide FILE or DECISION A B to decide");
  is_saved = true;
  struct termios raw = saved_terminal;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
    return failure_set(failure, err_from_errno(errno), "cannot read single keys: %s",
                       strerror(errno));
  return ERR_OK;
}

/* 'q' at the end of the input. */
static char read_key(void) {
  char key;
  ssize_t got;
  do got = read(STDIN_FILENO, &key, 1);
  while (got < 0 && errno == EINTR);
  return got == 1 ? key : 'q';
}

static void show(const struct buffer *out) {
  fwrite(out->data, 1, out->size, stdout);
  fflush(stdout);
}

/* ---- the log ---- */

static enum err renew(struct screen *s, struct failure *failure) {
  arena_reset(&s->arena);
  enum err err = fact_store_read(s->session->store, &s->arena, &s->log, failure);
  if (!err) err = review_decided_find(s->session->open, &s->log, &s->arena, &s->decided, failure);
  if (!err) review_cases_mark(s->session->cases, &s->decided);
  return err;
}

static void note(struct screen *s, const char *text) {
  buffer_clear(&s->notes);
  buffer_append_string(&s->notes, text);
}

/* The next case that is neither decided nor skipped; count = none. */
static uint64_t next_open(const struct screen *s) {
  const struct review_cases *cases = s->session->cases;
  uint64_t i = 0;
  while (i < cases->count && (cases->items[i].is_decided || s->skipped[i])) i++;
  return i;
}

static void remember(struct screen *s, uint64_t number, uint64_t item) {
  if (s->made_count == s->made_capacity) {
    s->made_capacity = s->made_capacity ? s->made_capacity * 2 : 64;
    s->made = memory_resize(s->made, s->made_capacity * sizeof *s->made);
  }
  s->made[s->made_count++] = (struct made){number, item};
}

/* Records of the customers that this session's decisions are about. */
static uint64_t records_touched(const struct screen *s) {
  const struct review_cases *cases = s->session->cases;
  uint64_t records = 0;
  for (uint64_t i = 0; i < s->made_count; i++) {
    const struct review_case *item = &cases->items[s->made[i].item];
    for (int side = 0; side < 2; side++) {
      bool is_new = true;
      for (uint64_t k = 0; k < i && is_new; k++) {
        const struct review_case *before = &cases->items[s->made[k].item];
        is_new = before->customers[0] != item->customers[side] &&
                 before->customers[1] != item->customers[side];
      }
      if (is_new) records += item->record_counts[side];
    }
  }
  return records;
}

/* ---- deciding ---- */

/* Only the cases of one pattern, all others as if decided. */
static void mark_others(struct review_cases *cases, uint64_t pattern) {
  cases->open = 0;
  for (uint64_t i = 0; i < cases->count; i++) {
    struct review_case *item = &cases->items[i];
    item->is_decided |= item->pattern != pattern;
    cases->open += !item->is_decided;
  }
}

/* What was refused is said and nothing else happens. */
static enum err keep(struct screen *s, struct fact *facts, uint32_t count, uint64_t first_item,
                     struct failure *failure) {
  uint32_t known;
  enum err err = fact_store_add(s->session->store, facts, count, &known, failure);
  if (err == ERR_INPUT) {
    note(s, failure->message);
    return renew(s, failure);
  }
  if (err) return err;
  for (uint32_t i = 0; i < count; i++) remember(s, facts[i].number, first_item);
  buffer_clear(&s->notes);
  buffer_printf(&s->notes,
                say(s, "kept: %u decision%s; your decisions touch %" PRIu64 " records",
                    "已保存 %u 个决定%s；你的决定影响 %" PRIu64 " 条记录"),
                count, say(s, count == 1 ? "" : "s", ""), records_touched(s));
  return renew(s, failure);
}

static enum err decide(struct screen *s, uint64_t item, enum pair_kind kind,
                       struct failure *failure) {
  struct review_case *items = s->session->cases->items;
  struct review_cases one = {&items[item], 1, 1};
  struct review_session session = *s->session;
  session.cases = &one;
  struct fact *facts;
  uint32_t count;
  enum err err = review_cases_decide(&session, kind, &s->scratch, &facts, &count, failure);
  return err ? err : keep(s, facts, count, item, failure);
}

static bool kind_of_key(char key, enum pair_kind *kind) {
  *kind = key == 'm' || key == '1'   ? PAIR_MERGE
          : key == 'n' || key == '2' ? PAIR_APART
                                     : PAIR_HOUSEHOLD;
  return key && strchr("mn1h23", key);
}

/* All open cases of the pattern: shown, asked, decided alike. */
static enum err decide_pattern(struct screen *s, uint64_t item, struct failure *failure) {
  struct review_cases *cases = s->session->cases;
  struct buffer out = {0};
  enum pair_kind kind;
  mark_others(cases, cases->items[item].pattern);
  enum err err = review_cases_preview(s->session, &out, failure);
  buffer_append_string(&out, say(s,
                                 "decide all of them: [m]erge [n]ot the same [h]ousehold, any "
                                 "other key: none of them ",
                                 "全部决定为：[1] 合并 [2] 不合并 [3] 家庭，其他键取消 "));
  if (!err) show(&out);
  buffer_release(&out);
  struct fact *facts = NULL;
  uint32_t count = 0;
  bool is_decided = !err && kind_of_key(read_key(), &kind);
  if (is_decided) err = review_cases_decide(s->session, kind, &s->scratch, &facts, &count, failure);
  if (err) return err;
  return is_decided ? keep(s, facts, count, item, failure) : renew(s, failure);
}

static enum err undo(struct screen *s, struct failure *failure) {
  if (s->made_count == 0) {
    note(s, say(s, "nothing to undo in this session; others: guiyi review --undo N",
                "本次没有可撤销的决定；其他请用 guiyi review --undo N"));
    return ERR_OK;
  }
  struct made last = s->made[--s->made_count];
  enum err err =
      fact_store_undo(s->session->store, last.number, bytes_from_string(s->session->author->who),
                      BYTES_EMPTY, clock_wall_ms(), failure);
  if (err == ERR_INPUT || err == ERR_NOT_FOUND) {
    note(s, failure->message);
    return renew(s, failure);
  }
  if (err) return err;
  buffer_clear(&s->notes);
  buffer_printf(&s->notes, say(s, "decision %" PRIu64 " undone", "已撤销决定 %" PRIu64),
                last.number);
  s->skipped[last.item] = false;
  return renew(s, failure);
}

/* ---- the loop ---- */

/* What others of this pattern were decided like in this session. */
static void suggest(const struct screen *s, uint64_t item, struct buffer *out) {
  enum { LEAST = 3 };
  const struct review_cases *cases = s->session->cases;
  uint64_t pattern = cases->items[item].pattern, alike = 0, open = 0;
  enum pair_kind kind = PAIR_MERGE;
  for (uint64_t i = 0; i < s->made_count; i++) {
    if (cases->items[s->made[i].item].pattern != pattern) continue;
    enum pair_kind found = s->log.items[s->made[i].number - 1].kind;
    if (alike && found != kind) return;
    kind = found;
    alike++;
  }
  for (uint64_t i = 0; i < cases->count; i++)
    open += cases->items[i].pattern == pattern && !cases->items[i].is_decided;
  if (alike >= LEAST && open > 1)
    buffer_printf(
        out,
        say(s,
            "all %" PRIu64 " of this pattern were '%s' so far; [p] shows the other "
            "%" PRIu64 " and decides them alike\n",
            "此类已有 %" PRIu64 " 对都决定为“%s”；按 [p] 查看并一并决定其余 %" PRIu64 " 对\n"),
        alike, pair_kind_name(kind), open);
}

static enum err show_case(struct screen *s, uint64_t item, struct failure *failure) {
  const struct review_cases *cases = s->session->cases;
  struct buffer out = {0};
  if (isatty(STDOUT_FILENO)) buffer_append_string(&out, "\033[2J\033[H");
  if (s->notes.size) buffer_printf(&out, "%s\n\n", buffer_string(&s->notes));
  buffer_printf(&out,
                say(s, "pair %" PRIu64 " of %" PRIu64 " open, %" PRIu64 " decided\n",
                    "第 %" PRIu64 " 对，共 %" PRIu64 " 对待核对，已决定 %" PRIu64 " 对\n"),
                s->shown + 1, cases->open, cases->count - cases->open);
  enum err err = review_case_print(s->session, &cases->items[item], &s->scratch, &out, failure);
  buffer_append_char(&out, '\n');
  suggest(s, item, &out);
  buffer_append_string(
      &out,
      say(s, "[m]erge  [n]ot the same  [h]ousehold  [s]kip  [u]ndo  all of this [p]attern  [q]uit ",
          "[1] 合并  [2] 不合并  [3] 家庭  [4] 跳过  [u] 撤销  [p] 同类一并决定  [q] 退出 "));
  if (!err) show(&out);
  buffer_release(&out);
  return err;
}

static enum err act(struct screen *s, uint64_t item, char key, bool *quit,
                    struct failure *failure) {
  enum pair_kind kind;
  buffer_clear(&s->notes);
  if (kind_of_key(key, &kind)) {
    s->shown++;
    return decide(s, item, kind, failure);
  }
  switch (key) {
    case 's':
    case '4':
      s->skipped[item] = true;
      s->shown++;
      return ERR_OK;
    case 'u':
      return undo(s, failure);
    case 'p':
      return decide_pattern(s, item, failure);
    case 'q':
    case 4: /* end of transmission */
      *quit = true;
      return ERR_OK;
    default:
      note(s, say(s, "that key means nothing here", "此键无效"));
      return ERR_OK;
  }
}

static void print_end(const struct screen *s) {
  printf(say(s,
             "\n%" PRIu64 " decisions kept, they touch %" PRIu64 " records; %" PRIu64
             " pairs are open. The next run honours them.\n",
             "\n保存了 %" PRIu64 " 个决定，影响 %" PRIu64 " 条记录；还有 %" PRIu64
             " 对待核对。下次运行时生效。\n"),
         s->made_count, records_touched(s), s->session->cases->open);
}

enum err review_session_run(const struct review_session *session, struct failure *failure) {
  struct screen s = {.session = session,
                     .skipped = memory_new_zeroed(session->cases->count + 1, sizeof(bool))};
  enum err err = take_terminal(failure);
  bool quit = false;
  while (!err && !quit) {
    uint64_t item = next_open(&s);
    if (item == session->cases->count || (session->limit && s.shown >= session->limit)) break;
    arena_reset(&s.scratch);
    err = show_case(&s, item, failure);
    if (!err) err = act(&s, item, read_key(), &quit, failure);
  }
  restore_terminal();
  if (!err) print_end(&s);
  free(s.made);
  free(s.skipped);
  buffer_release(&s.notes);
  arena_release(&s.arena);
  arena_release(&s.scratch);
  return err;
}
