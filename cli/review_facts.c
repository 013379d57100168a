#include "cli/review_facts.h"

#include <inttypes.h>

#include "cli/table_file.h"
#include "cli/text_table.h"
#include "common/calendar.h"
#include "common/clock.h"
#include "common/json_write.h"
#include "common/text.h"

enum err review_author_check(const struct review_author *author, struct failure *failure) {
  if (!author->who || !*author->who)
    return failure_set(failure, ERR_USAGE,
                       "who decides? Name a person with --reviewer NAME or in the environment "
                       "variable GUIYI_REVIEWER: it is kept with the decision");
  if (strlen(author->who) > FACT_WHO_BYTES_MAX)
    return failure_set(failure, ERR_USAGE, "the reviewer's name has more than %d bytes",
                       FACT_WHO_BYTES_MAX);
  if (author->why && strlen(author->why) > FACT_WHY_BYTES_MAX)
    return failure_set(failure, ERR_USAGE, "the reason has more than %d bytes", FACT_WHY_BYTES_MAX);
  return ERR_OK;
}

/* ---- making ---- */

struct fact_record review_record(const struct open_generation *open,
                                 const struct record_view *record, struct arena *arena) {
  return (struct fact_record){
      .source = arena_copy(arena, record_source_id(&open->job, record)),
      .id = record->header->flags & RECORD_HAS_NO_ID ? BYTES_EMPTY : arena_copy(arena, record->id),
      .key = record->header->key};
}

enum err review_fact_make(const struct open_generation *open, enum pair_kind kind,
                          const struct record_view *a, const struct record_view *b,
                          const struct review_author *author, struct arena *arena,
                          struct fact *fact, struct failure *failure) {
  if (pair_key_order(a->header->key, b->header->key) == 0)
    return failure_set(failure, ERR_USAGE,
                       "%s is named twice, or both have the same content and no id of their own: "
                       "a decision is about two records",
                       open_generation_record_name(open, a, arena));
  *fact = (struct fact){.kind = kind,
                        .time_ms = clock_wall_ms(),
                        .who = bytes_from_string(author->who),
                        .why = bytes_from_string(author->why),
                        .a = review_record(open, a, arena),
                        .b = review_record(open, b, arena)};
  return ERR_OK;
}

static enum err find_record(const struct open_generation *open, const char *name,
                            struct arena *arena, const struct record_view **record,
                            struct failure *failure) {
  struct named_customer customer;
  enum err err = open_generation_find(open, name, arena, &customer, failure);
  if (err) return err;
  if (customer.member < 0 && customer.stored.member_count > 1)
    return failure_set(failure, ERR_USAGE,
                       "%s is a customer of %u records, and a decision is about records: name one "
                       "as SOURCE/RECORD_ID; `guiyi get %s` shows them",
                       name, customer.stored.member_count, name);
  *record = &customer.stored.members[customer.member < 0 ? 0 : customer.member];
  return ERR_OK;
}

enum err review_fact_find(const struct open_generation *open, enum pair_kind kind, const char *a,
                          const char *b, const struct review_author *author, struct arena *arena,
                          struct fact *fact, struct failure *failure) {
  const struct record_view *record_a = NULL, *record_b = NULL;
  enum err err = find_record(open, a, arena, &record_a, failure);
  if (!err) err = find_record(open, b, arena, &record_b, failure);
  return err ? err : review_fact_make(open, kind, record_a, record_b, author, arena, fact, failure);
}

/* ---- from a table ---- */

struct table_reading {
  const struct open_generation *open;
  const struct review_author *author;
  const struct table_file *table;
  struct arena *arena;
  struct review_table *out;
  int decision, source_a, id_a, source_b, id_b, note;
};

static enum err add_row(struct table_reading *r, const struct bytes *cells, enum pair_kind kind,
                        uint64_t line, struct failure *failure) {
  struct review_table *out = r->out;
  if (out->count == FACT_BATCH_MAX)
    return table_file_refuse(r->table, line, "too many decisions for one file", "none was kept",
                             failure);
  if (out->count == out->capacity) {
    out->capacity = out->capacity ? out->capacity * 2 : 64;
    struct fact *facts = arena_alloc(r->arena, out->capacity * sizeof *facts);
    if (out->count) memcpy(facts, out->facts, out->count * sizeof *facts);
    out->facts = facts;
  }
  const char *names[2];
  for (int side = 0; side < 2; side++) {
    struct bytes source = cells[side ? r->source_b : r->source_a];
    struct bytes id = cells[side ? r->id_b : r->id_a];
    names[side] =
        arena_printf(r->arena, "%.*s/%.*s", (int)source.size, source.data, (int)id.size, id.data);
  }
  struct fact *fact = &out->facts[out->count];
  enum err err =
      review_fact_find(r->open, kind, names[0], names[1], r->author, r->arena, fact, failure);
  if (!err && r->note >= 0 && cells[r->note].size)
    fact->why = arena_copy(r->arena, text_cut(cells[r->note], FACT_WHY_BYTES_MAX));
  if (err)
    failure_wrap(failure, "%s, line %" PRIu64, r->table->path, line);
  else
    out->count++;
  return err;
}

static enum err table_row(void *context, const struct bytes *cells, uint64_t line,
                          struct failure *failure) {
  struct table_reading *r = context;
  struct bytes word = bytes_trim(cells[r->decision]);
  enum pair_kind kind;
  if (word.size == 0) return ERR_OK;
  if (!pair_kind_parse(word, &kind))
    return table_file_refuse(r->table, line,
                             "the decision is none of merge, apart, household (合并, 不合并, 家庭)",
                             "none was kept", failure);
  return add_row(r, cells, kind, line, failure);
}

enum err review_table_read(const struct open_generation *open, const char *path,
                           const struct review_author *author, struct arena *arena,
                           struct review_table *out, struct failure *failure) {
  struct table_file table;
  struct table_reading r = {
      .open = open, .author = author, .table = &table, .arena = arena, .out = out};
  *out = (struct review_table){0};
  enum err err = table_file_open(path, &table, failure);
  const struct {
    const char *name;
    int *column;
  } columns[] = {{"decision", &r.decision},
                 {"source_a", &r.source_a},
                 {"id_a", &r.id_a},
                 {"source_b", &r.source_b},
                 {"id_b", &r.id_b}};
  for (size_t i = 0; i < sizeof columns / sizeof columns[0] && !err; i++) {
    *columns[i].column = table_file_column(&table, columns[i].name);
    if (*columns[i].column < 0) err = table_file_no_column(&table, columns[i].name, failure);
  }
  r.note = err ? -1 : table_file_column(&table, "note");
  if (!err) err = table_file_read(&table, table_row, &r, failure);
  table_file_close(&table);
  return err;
}

/* ---- listed ---- */

static const char *name_of(const struct fact_record *record, struct arena *arena) {
  if (record->id.size)
    return arena_printf(arena, "%.*s/%.*s", (int)record->source.size, record->source.data,
                        (int)record->id.size, record->id.data);
  return arena_printf(arena, "%.*s/%016" PRIx64 "%016" PRIx64, (int)record->source.size,
                      record->source.data, record->key.high, record->key.low);
}

/* "2026-11-22 08:30:00", UTC. */
static const char *time_of(int64_t time_ms, struct arena *arena) {
  enum { DAY_S = 86400 };
  int64_t seconds = time_ms / 1000, day = seconds / DAY_S, rest = seconds % DAY_S;
  if (rest < 0) day--, rest += DAY_S;
  if (day < INT32_MIN || day > INT32_MAX) return "?";
  struct calendar_date date = calendar_date_of((int32_t)day);
  return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month, date.day,
                      (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

static bool is_shown(const struct fact *fact, bool only_holding) {
  return !only_holding || (!fact->undoes && !fact->undone_by);
}

void review_facts_print(const struct fact_list *list, bool only_holding, struct buffer *out) {
  struct arena arena = {0};
  struct text_table table = {.column_count = 7};
  static const char *const headings[] = {"no.", "decision", "a", "b", "by", "when (UTC)", "why"};
  for (int i = 0; i < 7; i++) text_table_add_string(&table, headings[i]);
  uint64_t shown = 0;
  for (uint64_t i = 0; i < list->count; i++) {
    const struct fact *fact = &list->items[i];
    if (!is_shown(fact, only_holding)) continue;
    shown++;
    text_table_printf(&table, "%" PRIu64, fact->number);
    if (fact->undoes) {
      text_table_printf(&table, "undo %" PRIu64, fact->undoes);
      text_table_add(&table, BYTES_EMPTY);
      text_table_add(&table, BYTES_EMPTY);
    } else {
      text_table_printf(&table, "%s%s", pair_kind_name(fact->kind),
                        fact->undone_by ? " (undone)" : "");
      text_table_add_string(&table, name_of(&fact->a, &arena));
      text_table_add_string(&table, name_of(&fact->b, &arena));
    }
    text_table_add(&table, fact->who);
    text_table_add_string(&table, time_of(fact->time_ms, &arena));
    text_table_add(&table, fact->why);
  }
  if (shown)
    text_table_print(&table, 0, out);
  else
    buffer_append_string(out, "no decisions\n");
  text_table_release(&table);
  arena_release(&arena);
}

static void json_record(struct json_writer *w, const char *key, const struct fact_record *record,
                        struct arena *arena) {
  json_key(w, key);
  json_string(w, name_of(record, arena));
}

void review_facts_print_json(const struct fact_list *list, bool only_holding, struct buffer *out) {
  struct arena arena = {0};
  struct json_writer w = json_writer(out, true);
  json_object_begin(&w);
  json_key(&w, "length"), json_u64(&w, list->count);
  json_key(&w, "decisions");
  json_array_begin(&w);
  for (uint64_t i = 0; i < list->count; i++) {
    const struct fact *fact = &list->items[i];
    if (!is_shown(fact, only_holding)) continue;
    json_object_begin(&w);
    json_key(&w, "number"), json_u64(&w, fact->number);
    json_key(&w, "decision");
    json_string(&w, fact->undoes ? "undo" : pair_kind_name(fact->kind));
    if (fact->undoes) {
      json_key(&w, "undoes"), json_u64(&w, fact->undoes);
    } else {
      json_record(&w, "a", &fact->a, &arena);
      json_record(&w, "b", &fact->b, &arena);
      json_key(&w, "undone"), json_bool(&w, fact->undone_by != 0);
    }
    json_key(&w, "by"), json_bytes(&w, fact->who);
    json_key(&w, "when_ms"), json_i64(&w, fact->time_ms);
    json_key(&w, "why"), json_bytes(&w, fact->why);
    json_object_end(&w);
  }
  json_array_end(&w);
  json_object_end(&w);
  arena_release(&arena);
}
