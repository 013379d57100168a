#include "worker/store/index_leaf.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

_Static_assert(sizeof(struct index_record) == 24, "stored as it is in memory");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "entries are stored as they are in memory");

/* ---- writing ---- */

static enum err write_leaf(struct shard_writer *writer, enum store_table table, struct bytes key,
                           const void *entries, size_t count, size_t entry_size,
                           struct failure *failure) {
  char *payload;
  enum err err = shard_writer_put(writer, table, key, count * entry_size, count, &payload, failure);
  if (err) return err;
  memcpy(payload, entries, count * entry_size);
  shard_writer_seal(writer);
  return ERR_OK;
}

enum err index_write_ordinals(struct shard_writer *writer, const uint64_t *customer_ids,
                              size_t count, struct failure *failure) {
  enum err err = ERR_OK;
  for (size_t i = 0; !err && i < count; i += LEAF_WORDS) {
    size_t here = count - i < LEAF_WORDS ? count - i : LEAF_WORDS;
    char key[4];
    store_be32(key, (uint32_t)(i / LEAF_WORDS));
    err = write_leaf(writer, STORE_ORDINAL, bytes_of(key, sizeof key), customer_ids + i, here,
                     sizeof *customer_ids, failure);
  }
  return err;
}

enum err index_write_terms(struct shard_writer *writer, const uint64_t *terms, size_t count,
                           struct failure *failure) {
  enum err err = ERR_OK;
  for (size_t i = 0; !err && i < count; i += LEAF_WORDS) {
    size_t here = count - i < LEAF_WORDS ? count - i : LEAF_WORDS;
    char key[8];
    store_be64(key, terms[i]);
    err = write_leaf(writer, STORE_TERM, bytes_of(key, sizeof key), terms + i, here, sizeof *terms,
                     failure);
  }
  return err;
}

static void record_leaf_key(uint64_t first, uint32_t number, char key[12]) {
  store_be64(key, first);
  store_be32(key + 8, number);
}

enum err index_write_records(struct shard_writer *writer, const struct index_record *records,
                             size_t count, struct failure *failure) {
  enum err err = ERR_OK;
  for (size_t i = 0; !err && i < count; i += LEAF_RECORDS) {
    size_t here = count - i < LEAF_RECORDS ? count - i : LEAF_RECORDS;
    /* The number tells leaves apart that begin with the same key: one record may be there often. */
    char key[12];
    record_leaf_key(records[i].key.low, (uint32_t)(i / LEAF_RECORDS), key);
    err = write_leaf(writer, STORE_RECORD, bytes_of(key, sizeof key), records + i, here,
                     sizeof *records, failure);
  }
  return err;
}

/* ---- decoding ---- */

enum err index_decode_words(struct bytes payload, uint64_t *words, size_t *count) {
  if (payload.size == 0 || payload.size > LEAF_BYTES || payload.size % sizeof *words)
    return ERR_MALFORMED;
  *count = payload.size / sizeof *words;
  memcpy(words, payload.data, payload.size);
  for (size_t i = 1; i < *count; i++)
    if (words[i] <= words[i - 1]) return ERR_MALFORMED;
  return ERR_OK;
}

static int record_order(const struct index_record *a, const struct index_record *b) {
  if (a->key.low != b->key.low) return a->key.low < b->key.low ? -1 : 1;
  if (a->key.high != b->key.high) return a->key.high < b->key.high ? -1 : 1;
  if (a->ordinal != b->ordinal) return a->ordinal < b->ordinal ? -1 : 1;
  return (a->member > b->member) - (a->member < b->member);
}

enum err index_decode_records(struct bytes payload, struct index_record *records, size_t *count) {
  if (payload.size == 0 || payload.size > LEAF_BYTES || payload.size % sizeof *records)
    return ERR_MALFORMED;
  *count = payload.size / sizeof *records;
  memcpy(records, payload.data, payload.size);
  for (size_t i = 1; i < *count; i++)
    if (record_order(&records[i - 1], &records[i]) >= 0) return ERR_MALFORMED;
  return ERR_OK;
}

static enum err leaf_malformed(const struct shard_reader *reader, enum store_table table,
                               struct failure *failure) {
  return failure_set(failure, ERR_CORRUPT, "a leaf of table %s in %s is malformed",
                     store_table_names[table], shard_reader_path(reader));
}

/* ---- reading ---- */

void u32_list_append(struct u32_list *list, uint32_t item) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 64;
    list->items = memory_resize(list->items, list->capacity * sizeof *list->items);
  }
  list->items[list->count++] = item;
}

void u32_list_release(struct u32_list *list) {
  free(list->items);
  *list = (struct u32_list){0};
}

/* At the last leaf that begins before `key`, or at the first leaf: where a search must begin. */
static enum err seek_before(struct shard_view *view, struct bytes key, struct shard_row *row,
                            struct failure *failure) {
  row->key = key;
  enum err err = shard_view_step(view, SHARD_AT_OR_AFTER, row, failure);
  if (err == ERR_NOT_FOUND) return shard_view_step(view, SHARD_LAST, row, failure);
  if (err) return err;
  err = shard_view_step(view, SHARD_PREVIOUS, row, failure);
  return err == ERR_NOT_FOUND ? shard_view_step(view, SHARD_FIRST, row, failure) : err;
}

enum err index_find_term(const struct shard_reader *reader, uint32_t term, struct u32_list *list,
                         struct failure *failure) {
  struct shard_view view;
  enum err err = shard_view_open(reader, STORE_TERM, &view, failure);
  if (err) return err;
  char key[8];
  store_be64(key, index_term(term, 0));
  struct shard_row row;
  err = seek_before(&view, bytes_of(key, sizeof key), &row, failure);
  while (!err) {
    uint64_t words[LEAF_WORDS];
    size_t count;
    if (index_decode_words(row.payload, words, &count)) {
      err = leaf_malformed(reader, STORE_TERM, failure);
      break;
    }
    size_t low = 0, high = count;
    while (low < high) {
      size_t middle = (low + high) / 2;
      if (words[middle] < index_term(term, 0))
        low = middle + 1;
      else
        high = middle;
    }
    for (; low < count && words[low] >> 32 == term; low++)
      u32_list_append(list, (uint32_t)words[low]);
    if (low < count) break;
    err = shard_view_step(&view, SHARD_NEXT, &row, failure);
  }
  shard_view_close(&view);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err index_find_record(const struct shard_reader *reader, struct hash128 record_key,
                           struct index_record *record, struct failure *failure) {
  struct shard_view view;
  enum err err = shard_view_open(reader, STORE_RECORD, &view, failure);
  if (err) return err;
  char key[12];
  record_leaf_key(record_key.low, 0, key);
  struct index_record wanted = {record_key, 0, 0};
  struct shard_row row;
  bool found = false;
  err = seek_before(&view, bytes_of(key, sizeof key), &row, failure);
  while (!err) {
    struct index_record records[LEAF_RECORDS];
    size_t count, i = 0;
    if (index_decode_records(row.payload, records, &count)) {
      err = leaf_malformed(reader, STORE_RECORD, failure);
      break;
    }
    while (i < count && record_order(&records[i], &wanted) < 0) i++;
    if (i < count) {
      found = records[i].key.low == record_key.low && records[i].key.high == record_key.high;
      *record = records[i];
      break;
    }
    err = shard_view_step(&view, SHARD_NEXT, &row, failure);
  }
  shard_view_close(&view);
  if (err) return err;
  return found ? ERR_OK : ERR_NOT_FOUND;
}

enum err index_find_customer(const struct shard_reader *reader, uint32_t ordinal,
                             uint64_t *customer_id, struct failure *failure) {
  struct shard_view view;
  enum err err = shard_view_open(reader, STORE_ORDINAL, &view, failure);
  if (err) return err;
  char key[4];
  store_be32(key, ordinal / LEAF_WORDS);
  struct shard_row row = {.key = bytes_of(key, sizeof key)};
  err = shard_view_step(&view, SHARD_AT, &row, failure);
  if (!err || err == ERR_NOT_FOUND) {
    size_t at = ordinal % LEAF_WORDS * sizeof *customer_id;
    if (err || at + sizeof *customer_id > row.payload.size)
      err = leaf_malformed(reader, STORE_ORDINAL, failure);
    else
      *customer_id = load_u64(row.payload.data + at);
  }
  shard_view_close(&view);
  return err;
}

enum err index_read_ordinals(const struct shard_reader *reader, uint64_t **customer_ids,
                             size_t *count, struct failure *failure) {
  *customer_ids = NULL;
  *count = 0;
  struct shard_view view;
  enum err err = shard_view_open(reader, STORE_ORDINAL, &view, failure);
  if (err) return err;
  struct shard_row row = {0};
  for (err = shard_view_step(&view, SHARD_FIRST, &row, failure); !err;
       err = shard_view_step(&view, SHARD_NEXT, &row, failure)) {
    uint64_t words[LEAF_WORDS];
    size_t here;
    if (index_decode_words(row.payload, words, &here)) {
      err = leaf_malformed(reader, STORE_ORDINAL, failure);
      break;
    }
    *customer_ids = memory_resize(*customer_ids, (*count + here) * sizeof **customer_ids);
    memcpy(*customer_ids + *count, words, here * sizeof *words);
    *count += here;
  }
  shard_view_close(&view);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err index_read_records(const struct shard_reader *reader, struct index_record **records,
                            size_t *count, struct failure *failure) {
  *records = NULL;
  *count = 0;
  size_t capacity = 0;
  struct shard_view view;
  enum err err = shard_view_open(reader, STORE_RECORD, &view, failure);
  if (err) return err;
  struct shard_row row = {0};
  for (err = shard_view_step(&view, SHARD_FIRST, &row, failure); !err;
       err = shard_view_step(&view, SHARD_NEXT, &row, failure)) {
    if (*count + LEAF_RECORDS > capacity) {
      capacity = capacity ? capacity * 2 : 4 * LEAF_RECORDS;
      *records = memory_resize(*records, capacity * sizeof **records);
    }
    size_t here;
    if (index_decode_records(row.payload, *records + *count, &here)) {
      err = leaf_malformed(reader, STORE_RECORD, failure);
      break;
    }
    *count += here;
  }
  shard_view_close(&view);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}
