#include "cli/evaluation_data.h"

#include <stdlib.h>

#include "cli/table_file.h"
#include "common/memory.h"
#include "common/record.h"

/* ---- numbered names ---- */

static void name_table_grow(struct name_table *t) {
  t->capacity = t->capacity ? t->capacity * 2 : 1024;
  t->keys = memory_resize(t->keys, t->capacity * sizeof *t->keys);
  free(t->slots);
  t->slot_mask = 2 * t->capacity - 1;
  t->slots = memory_new_zeroed(2 * (size_t)t->capacity, sizeof *t->slots);
  for (uint32_t i = 0; i < t->count; i++) {
    uint32_t at = (uint32_t)t->keys[i].low & t->slot_mask;
    while (t->slots[at]) at = (at + 1) & t->slot_mask;
    t->slots[at] = i + 1;
  }
}

/* The slot where the name is or would be. */
static uint32_t name_table_slot(const struct name_table *t, struct hash128 key) {
  uint32_t at = (uint32_t)key.low & t->slot_mask;
  while (t->slots[at]) {
    const struct hash128 *known = &t->keys[t->slots[at] - 1];
    if (known->low == key.low && known->high == key.high) break;
    at = (at + 1) & t->slot_mask;
  }
  return at;
}

/* The number of a name, a new one when it is new. */
static uint32_t name_table_add(struct name_table *t, struct hash128 key) {
  if (t->count == t->capacity) name_table_grow(t);
  uint32_t at = name_table_slot(t, key);
  if (t->slots[at]) return t->slots[at] - 1;
  t->keys[t->count] = key;
  t->slots[at] = ++t->count;
  return t->count - 1;
}

static bool name_table_find(const struct name_table *t, struct hash128 key, uint32_t *number) {
  if (t->count == 0) return false;
  uint32_t at = name_table_slot(t, key);
  if (t->slots[at]) *number = t->slots[at] - 1;
  return t->slots[at] != 0;
}

static void name_table_release(struct name_table *t) {
  free(t->keys);
  free(t->slots);
}

/* ---- tables in files ---- */

static enum err refuse_row(const struct table_file *table, uint64_t line, const char *reason,
                           struct failure *failure) {
  return table_file_refuse(table, line, reason, "nothing was evaluated", failure);
}

static struct hash128 record_name(struct bytes source, struct bytes id) {
  return record_key(source, id, true);
}

static struct bytes cell_or_empty(const struct bytes *cells, int column) {
  return column < 0 ? BYTES_EMPTY : cells[column];
}

/* ---- truth and members ---- */

struct assignment {
  struct evaluation_data *data;
  const struct table_file *table;
  int source, id, group, class, part;
  uint32_t capacity; /* of data->entity and data->class */
};

static const char *const id_columns[] = {"source_record_id", "record_id", NULL};
static const char *const group_columns[] = {"customer_id", "entity_id", NULL};

static enum err find_columns(const struct table_file *table, struct assignment *a,
                             struct failure *failure) {
  a->source = table_file_column(table, "source");
  a->id = table_file_column_of(table, id_columns);
  a->group = table_file_column_of(table, group_columns);
  a->class = table_file_column(table, "class");
  a->part = table_file_column(table, "part");
  if (a->id < 0) return table_file_no_column(table, "record_id or source_record_id", failure);
  if (a->group < 0) return table_file_no_column(table, "entity_id or customer_id", failure);
  return ERR_OK;
}

static uint32_t add_class(struct evaluation_data *data, struct bytes name) {
  uint32_t class = name_table_add(&data->classes, hash_bytes_128(name));
  if (class == data->class_capacity) {
    uint32_t capacity = class ? class * 2 : 64;
    struct bytes *names = arena_alloc(&data->arena, capacity * sizeof *names);
    if (class) memcpy(names, data->class_names, class * sizeof *names);
    data->class_names = names;
    data->class_capacity = capacity;
  }
  if (class == data->classes.count - 1) data->class_names[class] = arena_copy(&data->arena, name);
  return class;
}

static enum err truth_row(void *context, const struct bytes *cells, uint64_t line,
                          struct failure *failure) {
  struct assignment *a = context;
  struct evaluation_data *data = a->data;
  uint32_t record = data->records.count;
  struct bytes source = data->by_source ? cells[a->source] : BYTES_EMPTY;
  if (name_table_add(&data->records, record_name(source, cells[a->id])) != record)
    return refuse_row(a->table, line, "the truth holds this record twice", failure);
  if (record == a->capacity) {
    a->capacity = a->capacity ? a->capacity * 2 : 1024;
    data->entity = memory_resize(data->entity, a->capacity * sizeof *data->entity);
    data->class = memory_resize(data->class, a->capacity * sizeof *data->class);
    data->part = memory_resize(data->part, a->capacity * sizeof *data->part);
  }
  struct hash128 entity = hash_bytes_128(cells[a->group]);
  data->entity[record] = name_table_add(&data->entities, entity);
  struct hash128 part = hash_bytes_128(cell_or_empty(cells, a->part));
  part.low ^= entity.low, part.high ^= entity.high;
  data->part[record] = data->has_parts ? name_table_add(&data->parts, part) : 0;
  data->class[record] = data->has_classes ? add_class(data, cells[a->class]) : 0;
  return ERR_OK;
}

enum err evaluation_read_truth(const char *path, struct evaluation_data *data,
                               struct failure *failure) {
  struct table_file table;
  struct assignment a = {.data = data, .table = &table};
  enum err err = table_file_open(path, &table, failure);
  if (!err) err = find_columns(&table, &a, failure);
  if (!err) {
    data->by_source = a.source >= 0 && table_file_column(&table, "source_record_id") >= 0;
    data->has_classes = a.class >= 0;
    data->has_parts = a.part >= 0;
    err = table_file_read(&table, truth_row, &a, failure);
  }
  table_file_close(&table);
  return err;
}

static enum err member_row(void *context, const struct bytes *cells, uint64_t line,
                           struct failure *failure) {
  struct assignment *a = context;
  struct evaluation_data *data = a->data;
  uint32_t record;
  struct bytes source = data->by_source ? cells[a->source] : BYTES_EMPTY;
  if (!name_table_find(&data->records, record_name(source, cells[a->id]), &record))
    return refuse_row(a->table, line, "the truth does not have this record", failure);
  if (data->cluster[record] != UINT32_MAX)
    return refuse_row(a->table, line, "this record comes twice", failure);
  data->cluster[record] = name_table_add(&data->clusters, hash_bytes_128(cells[a->group]));
  return ERR_OK;
}

enum err evaluation_read_members(const char *path, struct evaluation_data *data,
                                 struct failure *failure) {
  struct table_file table;
  struct assignment a = {.data = data, .table = &table};
  enum err err = table_file_open(path, &table, failure);
  if (!err) err = find_columns(&table, &a, failure);
  if (!err && data->by_source && a.source < 0)
    err = table_file_no_column(&table, "source, which the truth names records by", failure);
  uint32_t count = data->records.count;
  data->cluster = memory_new(((size_t)count + 1) * sizeof *data->cluster);
  for (uint32_t r = 0; r < count; r++) data->cluster[r] = UINT32_MAX;
  if (!err) err = table_file_read(&table, member_row, &a, failure);
  for (uint32_t r = 0; r < count && !err; r++)
    if (data->cluster[r] == UINT32_MAX) data->cluster[r] = data->clusters.count + data->missing++;
  table_file_close(&table);
  return err;
}

void evaluation_data_release(struct evaluation_data *data) {
  name_table_release(&data->records);
  name_table_release(&data->entities);
  name_table_release(&data->parts);
  name_table_release(&data->clusters);
  name_table_release(&data->classes);
  free(data->entity);
  free(data->cluster);
  free(data->class);
  free(data->part);
  arena_release(&data->arena);
  *data = (struct evaluation_data){0};
}

struct evaluation_input evaluation_input_of(const struct evaluation_data *data) {
  return (struct evaluation_input){.record_count = data->records.count,
                                   .entity_count = data->entities.count,
                                   .cluster_count = data->clusters.count + data->missing,
                                   .class_count = data->has_classes ? data->classes.count : 0,
                                   .entity = data->entity,
                                   .cluster = data->cluster,
                                   .class = data->has_classes ? data->class : NULL};
}

struct evaluation_input evaluation_input_of_parts(const struct evaluation_data *data) {
  struct evaluation_input input = evaluation_input_of(data);
  input.entity = data->part;
  input.entity_count = data->parts.count;
  return input;
}

/* ---- pairs ---- */

struct pair_reading {
  const struct evaluation_data *data;
  const struct table_file *table;
  int source_a, id_a, source_b, id_b, label, weight, class;
  struct evaluation_pairs *pairs;
  struct evaluation_must_not *total, *by_class;
};

static enum err find_pair_columns(const struct table_file *table, struct pair_reading *p,
                                  struct failure *failure) {
  static const char *const labels[] = {"label", "match", "is_match", NULL};
  p->source_a = table_file_column(table, "source_a");
  p->source_b = table_file_column(table, "source_b");
  p->id_a = table_file_column(table, "id_a");
  p->id_b = table_file_column(table, "id_b");
  p->label = table_file_column_of(table, labels);
  p->weight = table_file_column(table, "weight");
  p->class = table_file_column(table, "class");
  bool named = p->id_a >= 0 && p->id_b >= 0;
  if (!named) {
    p->source_a = p->source_b = -1;
    p->id_a = 0;
    p->id_b = 1;
  }
  if (table->file.column_count < 2)
    return table_file_no_column(table, "for a second record", failure);
  if (p->data->by_source && (!named || p->source_a < 0 || p->source_b < 0))
    return table_file_no_column(table, "source_a, id_a, source_b, id_b, as the truth names sources",
                                failure);
  return ERR_OK;
}

static enum err find_pair(const struct pair_reading *p, const struct bytes *cells, uint64_t line,
                          uint32_t *a, uint32_t *b, struct failure *failure) {
  bool by_source = p->data->by_source;
  struct bytes source_a = by_source ? cell_or_empty(cells, p->source_a) : BYTES_EMPTY;
  struct bytes source_b = by_source ? cell_or_empty(cells, p->source_b) : BYTES_EMPTY;
  if (name_table_find(&p->data->records, record_name(source_a, cells[p->id_a]), a) &&
      name_table_find(&p->data->records, record_name(source_b, cells[p->id_b]), b))
    return ERR_OK;
  return refuse_row(p->table, line, "the truth does not have one of the records", failure);
}

static bool is_one_of(struct bytes label, const char *const *words) {
  for (; *words; words++)
    if (label.size == strlen(*words) && strncasecmp(label.data, *words, label.size) == 0)
      return true;
  return false;
}

static bool says_match(struct bytes label) {
  static const char *const words[] = {"1", "true", "match", "yes", NULL};
  return is_one_of(label, words);
}

/* Whoever labelled the pair did not decide. */
static bool says_undecided(struct bytes label) {
  static const char *const words[] = {
      "possible", "possible_match", "possible match", "maybe", "unsure", "undecided", NULL};
  return is_one_of(label, words);
}

static bool read_number(struct bytes text, double *value) {
  char room[64], *end;
  if (text.size == 0 || text.size >= sizeof room) return false;
  memcpy(room, text.data, text.size);
  room[text.size] = '\0';
  *value = strtod(room, &end);
  return *end == '\0' && *value == *value;
}

static enum err pair_row(void *context, const struct bytes *cells, uint64_t line,
                         struct failure *failure) {
  struct pair_reading *p = context;
  const struct evaluation_data *data = p->data;
  uint32_t a, b;
  enum err err = find_pair(p, cells, line, &a, &b, failure);
  if (err) return err;
  if (p->label >= 0 && says_undecided(cells[p->label])) {
    p->pairs->labelled.undecided++;
  } else if (p->label >= 0) {
    struct evaluation_labelled *l = &p->pairs->labelled;
    bool match = says_match(cells[p->label]), joined = data->cluster[a] == data->cluster[b];
    l->pairs++;
    l->matches += match;
    l->predicted += joined;
    l->common += match && joined;
  }
  double weight;
  if (p->weight < 0) return ERR_OK;
  if (!read_number(cells[p->weight], &weight))
    return refuse_row(p->table, line, "the weight is not a number", failure);
  evaluation_curve_add(&p->pairs->curve, weight, data->entity[a] == data->entity[b]);
  return ERR_OK;
}

enum err evaluation_read_pairs(const char *path, const struct evaluation_data *data,
                               struct evaluation_pairs *out, struct failure *failure) {
  struct table_file table;
  struct pair_reading p = {.data = data, .table = &table, .pairs = out};
  enum err err = table_file_open(path, &table, failure);
  if (!err) err = find_pair_columns(&table, &p, failure);
  if (!err && p.label < 0 && p.weight < 0)
    err = table_file_no_column(&table, "label, match or is_match, nor weight", failure);
  if (!err) {
    out->has_labels |= p.label >= 0;
    out->has_weights |= p.weight >= 0;
    err = table_file_read(&table, pair_row, &p, failure);
  }
  table_file_close(&table);
  return err;
}

static enum err must_not_row(void *context, const struct bytes *cells, uint64_t line,
                             struct failure *failure) {
  struct pair_reading *p = context;
  const struct evaluation_data *data = p->data;
  uint32_t a, b, class = 0;
  enum err err = find_pair(p, cells, line, &a, &b, failure);
  if (err) return err;
  bool joined = data->cluster[a] == data->cluster[b];
  p->total->pairs++;
  p->total->joined += joined;
  if (!p->by_class) return ERR_OK;
  bool known = true;
  if (p->class >= 0)
    known = name_table_find(&data->classes, hash_bytes_128(cells[p->class]), &class);
  else
    class = data->class[a];
  if (known) {
    p->by_class[class].pairs++;
    p->by_class[class].joined += joined;
  }
  return ERR_OK;
}

enum err evaluation_read_must_not(const char *path, const struct evaluation_data *data,
                                  struct evaluation_must_not *total,
                                  struct evaluation_must_not *by_class, struct failure *failure) {
  struct table_file table;
  struct pair_reading p = {.data = data, .table = &table, .total = total, .by_class = by_class};
  enum err err = table_file_open(path, &table, failure);
  if (!err) err = find_pair_columns(&table, &p, failure);
  if (!err) err = table_file_read(&table, must_not_row, &p, failure);
  table_file_close(&table);
  return err;
}
