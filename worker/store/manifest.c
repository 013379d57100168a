#include "worker/store/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <yajl/yajl_tree.h>

#include "common/json_write.h"
#include "common/number_read.h"

enum { JSON_DEPTH_ALLOWED = 16 };

/* ---- writing ---- */

static void put_u64(struct json_writer *w, const char *key, uint64_t value) {
  json_key(w, key);
  json_u64(w, value);
}

static void put_bytes(struct json_writer *w, const char *key, struct bytes value) {
  json_key(w, key);
  json_bytes(w, value);
}

static void put_checksum(struct json_writer *w, const char *key, struct hash128 value) {
  char text[40];
  snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, value.high, value.low);
  json_key(w, key);
  json_string(w, text);
}

/* By leader: what the comparison adds at most where the leader agrees. */
static void print_leaders(struct json_writer *w, const struct model *model, uint32_t c) {
  json_key(w, "leaders");
  json_array_begin(w);
  for (uint32_t d = 0; d < model->comparison_count; d++) {
    if (!(model->leaders[c] >> d & 1)) continue;
    json_object_begin(w);
    put_u64(w, "comparison", d);
    json_key(w, "weight");
    json_array_begin(w);
    for (int n = 0; n < MODEL_NIBBLES; n++) json_i64(w, model->weight_with_leader[c][d][n]);
    json_array_end(w);
    json_object_end(w);
  }
  json_array_end(w);
}

static void print_model(struct json_writer *w, const struct model *model) {
  json_key(w, "model");
  json_object_begin(w);
  json_key(w, "prior");
  json_i64(w, model->prior);
  json_key(w, "accept_weight");
  json_i64(w, model->accept_weight);
  json_key(w, "review_weight");
  json_i64(w, model->review_weight);
  json_key(w, "comparisons");
  json_array_begin(w);
  for (uint32_t c = 0; c < model->comparison_count; c++) {
    json_object_begin(w);
    json_key(w, "weight");
    json_array_begin(w);
    for (int n = 0; n < MODEL_NIBBLES; n++) json_i64(w, model->weight[c][n]);
    json_array_end(w);
    json_key(w, "m_ppb");
    json_array_begin(w);
    for (int n = 0; n < MODEL_LEVELS; n++) json_u64(w, model->m_ppb[c][n]);
    json_array_end(w);
    json_key(w, "u_ppb");
    json_array_begin(w);
    for (int n = 0; n < MODEL_LEVELS; n++) json_u64(w, model->u_ppb[c][n]);
    json_array_end(w);
    put_u64(w, "agreeing", model->agreeing[c]);
    print_leaders(w, model, c);
    json_object_end(w);
  }
  json_array_end(w);
  json_object_end(w);
}

static void print_shards(struct json_writer *w, const struct manifest *m) {
  json_key(w, "shards");
  json_array_begin(w);
  for (uint32_t s = 0; s < m->shard_count; s++) {
    const struct manifest_shard *shard = &m->shards[s];
    json_object_begin(w);
    put_u64(w, "file_bytes", shard->file_bytes);
    json_key(w, "tables");
    json_object_begin(w);
    for (int t = 0; t < STORE_TABLE_COUNT; t++) {
      json_key(w, store_table_names[t]);
      json_object_begin(w);
      put_u64(w, "entries", shard->tables[t].entries);
      put_u64(w, "puts", shard->tables[t].puts);
      put_u64(w, "bytes", shard->tables[t].bytes);
      put_checksum(w, "checksum", shard->tables[t].checksum);
      json_object_end(w);
    }
    json_object_end(w);
    json_key(w, "chunks");
    json_array_begin(w);
    for (uint32_t c = 0; c < shard->chunk_count; c++) {
      char text[24];
      snprintf(text, sizeof text, "%016" PRIx64, shard->chunks[c]);
      json_string(w, text);
    }
    json_array_end(w);
    json_object_end(w);
  }
  json_array_end(w);
}

static void print_inputs(struct json_writer *w, const struct manifest *m) {
  json_key(w, "fields");
  json_array_begin(w);
  for (uint32_t f = 0; f < m->field_count; f++) {
    json_object_begin(w);
    put_bytes(w, "name", m->fields[f].name);
    json_key(w, "type");
    json_string(w, job_type_name(m->fields[f].type));
    json_key(w, "multi");
    json_bool(w, m->fields[f].multi);
    json_object_end(w);
  }
  json_array_end(w);
  json_key(w, "sources");
  json_array_begin(w);
  for (uint32_t s = 0; s < m->source_count; s++) json_bytes(w, m->sources[s]);
  json_array_end(w);
  json_key(w, "files");
  json_array_begin(w);
  for (uint32_t f = 0; f < m->file_count; f++) {
    json_object_begin(w);
    put_bytes(w, "path", m->files[f].path);
    put_u64(w, "source", m->files[f].source);
    put_u64(w, "size_bytes", m->files[f].size_bytes);
    json_key(w, "modified_ns");
    json_i64(w, m->files[f].modified_ns);
    json_object_end(w);
  }
  json_array_end(w);
}

void manifest_print(const struct manifest *m, struct buffer *out) {
  struct json_writer w = json_writer(out, true);
  json_object_begin(&w);
  put_u64(&w, "format", MANIFEST_FORMAT);
  put_u64(&w, "generation", m->generation);
  put_bytes(&w, "digest", m->digest);
  json_key(&w, "as_of_day");
  json_i64(&w, m->as_of_day);
  put_u64(&w, "row_count", m->row_count);
  put_u64(&w, "records_read", m->records_read);
  put_u64(&w, "records_quarantined", m->records_quarantined);
  put_u64(&w, "records_rejected", m->records_rejected);
  put_u64(&w, "customers", m->customers);
  put_u64(&w, "records", m->records);
  put_u64(&w, "aliases", m->aliases);
  json_key(&w, "decisions");
  json_object_begin(&w);
  put_u64(&w, "length", m->decisions.length);
  put_u64(&w, "applied", m->decisions.applied);
  put_u64(&w, "gone", m->decisions.gone);
  json_object_end(&w);
  put_u64(&w, "events_bytes", m->events_bytes);
  put_checksum(&w, "events_checksum", m->events_checksum);
  put_checksum(&w, "job_digest", m->job_digest);
  put_bytes(&w, "job", m->job_text);
  print_model(&w, &m->model);
  print_inputs(&w, m);
  json_key(&w, "counters");
  json_array_begin(&w);
  for (uint32_t c = 0; c < m->counter_count; c++) {
    json_object_begin(&w);
    put_u64(&w, "day", m->counters[c].day);
    put_u64(&w, "last", m->counters[c].last);
    json_object_end(&w);
  }
  json_array_end(&w);
  print_shards(&w, m);
  json_object_end(&w);
}

/* ---- reading ---- */

/* Where reading is: the first thing that is wrong ends it, everything after it is a no-op. */
struct parse {
  struct arena *arena;
  struct failure *failure;
  enum err err;
};

static void wrong(struct parse *p, const char *name, const char *expected) {
  if (p->err) return;
  p->err =
      failure_set(p->failure, ERR_MALFORMED, "the manifest's \"%s\" is not %s", name, expected);
}

static yajl_val find(struct parse *p, yajl_val object, const char *name) {
  if (p->err) return NULL;
  const char *path[] = {name, NULL};
  yajl_val value = yajl_tree_get(object, path, yajl_t_any);
  if (!value) wrong(p, name, "there");
  return value;
}

static int64_t integer_of(struct parse *p, yajl_val value, const char *name, int64_t min,
                          int64_t max) {
  if (p->err) return 0;
  if (!YAJL_IS_INTEGER(value) || YAJL_GET_INTEGER(value) < min || YAJL_GET_INTEGER(value) > max) {
    wrong(p, name, "a whole number in its range");
    return 0;
  }
  return YAJL_GET_INTEGER(value);
}

static int64_t integer(struct parse *p, yajl_val object, const char *name, int64_t min,
                       int64_t max) {
  return integer_of(p, find(p, object, name), name, min, max);
}

static uint64_t count_of(struct parse *p, yajl_val object, const char *name) {
  return (uint64_t)integer(p, object, name, 0, INT64_MAX);
}

static struct bytes text_of(struct parse *p, yajl_val value, const char *name) {
  if (p->err) return BYTES_EMPTY;
  if (!YAJL_IS_STRING(value)) {
    wrong(p, name, "a text");
    return BYTES_EMPTY;
  }
  return arena_copy(p->arena, bytes_from_string(YAJL_GET_STRING(value)));
}

static struct bytes text(struct parse *p, yajl_val object, const char *name) {
  return text_of(p, find(p, object, name), name);
}

static struct hash128 checksum(struct parse *p, yajl_val object, const char *name) {
  struct hash128 value = {0, 0};
  if (!number_read_hex128(text(p, object, name), &value)) wrong(p, name, "a checksum");
  return value;
}

/* The items of an array, and how many: between min and max. */
static yajl_val *items(struct parse *p, yajl_val object, const char *name, size_t min, size_t max,
                       uint32_t *count) {
  *count = 0;
  yajl_val array = find(p, object, name);
  if (p->err) return NULL;
  if (!YAJL_IS_ARRAY(array) || YAJL_GET_ARRAY(array)->len < min ||
      YAJL_GET_ARRAY(array)->len > max) {
    wrong(p, name, "a list of the right length");
    return NULL;
  }
  *count = (uint32_t)YAJL_GET_ARRAY(array)->len;
  return YAJL_GET_ARRAY(array)->values;
}

static void parse_leaders(struct parse *p, yajl_val comparison, uint32_t c, struct model *model) {
  uint32_t count, nibbles;
  yajl_val *list = items(p, comparison, "leaders", 0, JOB_COMPARISONS_MAX, &count);
  for (uint32_t i = 0; i < count && !p->err; i++) {
    uint32_t d = (uint32_t)integer(p, list[i], "comparison", 0, JOB_COMPARISONS_MAX - 1);
    yajl_val *weights = items(p, list[i], "weight", MODEL_NIBBLES, MODEL_NIBBLES, &nibbles);
    if (p->err || d >= model->comparison_count || model->leaders[c] >> d & 1) {
      wrong(p, "leaders", "a list of other comparisons");
      return;
    }
    model->leaders[c] |= (uint16_t)(1u << d);
    for (uint32_t n = 0; n < nibbles; n++)
      model->weight_with_leader[c][d][n] =
          (int16_t)integer_of(p, weights[n], "weight", INT16_MIN, INT16_MAX);
  }
}

static void parse_model(struct parse *p, yajl_val root, struct model *model) {
  yajl_val object = find(p, root, "model");
  model->prior = (int32_t)integer(p, object, "prior", INT32_MIN, INT32_MAX);
  model->accept_weight = (int32_t)integer(p, object, "accept_weight", INT32_MIN, INT32_MAX);
  model->review_weight = (int32_t)integer(p, object, "review_weight", INT32_MIN, INT32_MAX);
  yajl_val *list =
      items(p, object, "comparisons", 0, JOB_COMPARISONS_MAX, &model->comparison_count);
  for (uint32_t c = 0; c < model->comparison_count && !p->err; c++) {
    uint32_t count;
    yajl_val *weights = items(p, list[c], "weight", MODEL_NIBBLES, MODEL_NIBBLES, &count);
    for (uint32_t n = 0; n < count; n++)
      model->weight[c][n] = (int32_t)integer_of(p, weights[n], "weight", INT32_MIN, INT32_MAX);
    yajl_val *m = items(p, list[c], "m_ppb", MODEL_LEVELS, MODEL_LEVELS, &count);
    for (uint32_t n = 0; n < count; n++)
      model->m_ppb[c][n] = (uint32_t)integer_of(p, m[n], "m_ppb", 0, UINT32_MAX);
    yajl_val *u = items(p, list[c], "u_ppb", MODEL_LEVELS, MODEL_LEVELS, &count);
    for (uint32_t n = 0; n < count; n++)
      model->u_ppb[c][n] = (uint32_t)integer_of(p, u[n], "u_ppb", 0, UINT32_MAX);
    model->agreeing[c] = (uint16_t)integer(p, list[c], "agreeing", 0, UINT16_MAX);
    parse_leaders(p, list[c], c, model);
  }
}

static enum field_type_id type_of(struct parse *p, struct bytes name) {
  for (int t = 0; t < FIELD_TYPE_COUNT; t++)
    if (bytes_equal(name, bytes_from_string(job_type_name((enum field_type_id)t))))
      return (enum field_type_id)t;
  wrong(p, "type", "a field type that this program knows");
  return FIELD_TYPE_TEXT;
}

static void parse_inputs(struct parse *p, yajl_val root, struct manifest *m) {
  yajl_val *list = items(p, root, "fields", 0, JOB_FIELDS_MAX, &m->field_count);
  m->fields = arena_alloc_zeroed(p->arena, m->field_count * sizeof *m->fields);
  for (uint32_t f = 0; f < m->field_count && !p->err; f++) {
    m->fields[f].name = text(p, list[f], "name");
    m->fields[f].type = type_of(p, text(p, list[f], "type"));
    yajl_val multi = find(p, list[f], "multi");
    if (!p->err && !YAJL_IS_TRUE(multi) && !YAJL_IS_FALSE(multi))
      wrong(p, "multi", "true or false");
    m->fields[f].multi = !p->err && YAJL_IS_TRUE(multi);
  }
  list = items(p, root, "sources", 0, JOB_SOURCES_MAX, &m->source_count);
  m->sources = arena_alloc_zeroed(p->arena, m->source_count * sizeof *m->sources);
  for (uint32_t s = 0; s < m->source_count && !p->err; s++)
    m->sources[s] = text_of(p, list[s], "sources");
  list = items(p, root, "files", 0, UINT16_MAX + 1, &m->file_count);
  m->files = arena_alloc_zeroed(p->arena, m->file_count * sizeof *m->files);
  for (uint32_t f = 0; f < m->file_count && !p->err; f++)
    m->files[f] = (struct manifest_file){
        .path = text(p, list[f], "path"),
        .source = (uint32_t)integer(p, list[f], "source", 0, (int64_t)m->source_count - 1),
        .size_bytes = count_of(p, list[f], "size_bytes"),
        .modified_ns = integer(p, list[f], "modified_ns", INT64_MIN, INT64_MAX),
    };
}

static void parse_counters(struct parse *p, yajl_val root, struct manifest *m) {
  yajl_val *list = items(p, root, "counters", 0, 1 << 24, &m->counter_count);
  m->counters = arena_alloc_zeroed(p->arena, m->counter_count * sizeof *m->counters);
  for (uint32_t c = 0; c < m->counter_count && !p->err; c++) {
    m->counters[c].day = (uint32_t)integer(p, list[c], "day", 1, 99991231);
    m->counters[c].last = count_of(p, list[c], "last");
    if (c && m->counters[c].day <= m->counters[c - 1].day) wrong(p, "counters", "in order of day");
  }
}

static void parse_shards(struct parse *p, yajl_val root, struct manifest *m) {
  yajl_val *list = items(p, root, "shards", 1, GENERATION_SHARDS_MAX, &m->shard_count);
  if (!p->err && m->shard_count & (m->shard_count - 1)) wrong(p, "shards", "a power of two");
  m->shards = arena_alloc_zeroed(p->arena, m->shard_count * sizeof *m->shards);
  for (uint32_t s = 0; s < m->shard_count && !p->err; s++) {
    struct manifest_shard *shard = &m->shards[s];
    shard->file_bytes = count_of(p, list[s], "file_bytes");
    yajl_val tables = find(p, list[s], "tables");
    for (int t = 0; t < STORE_TABLE_COUNT && !p->err; t++) {
      yajl_val table = find(p, tables, store_table_names[t]);
      shard->tables[t] = (struct manifest_table){
          .entries = count_of(p, table, "entries"),
          .puts = count_of(p, table, "puts"),
          .bytes = count_of(p, table, "bytes"),
          .checksum = checksum(p, table, "checksum"),
      };
    }
    yajl_val *chunks = items(p, list[s], "chunks", 0, 1 << 20, &shard->chunk_count);
    shard->chunks = arena_alloc_zeroed(p->arena, shard->chunk_count * sizeof *shard->chunks);
    for (uint32_t c = 0; c < shard->chunk_count && !p->err; c++)
      if (!number_read_hex64(text_of(p, chunks[c], "chunks"), &shard->chunks[c]))
        wrong(p, "chunks", "a checksum");
  }
}

static void parse_root(struct parse *p, yajl_val root, struct manifest *m) {
  int64_t format = integer(p, root, "format", 0, INT64_MAX);
  if (!p->err && format != MANIFEST_FORMAT)
    p->err = failure_set(p->failure, ERR_MALFORMED,
                         "the generation has format %" PRId64
                         ", this program reads format %d: use "
                         "the program that wrote it, or a newer one",
                         format, MANIFEST_FORMAT);
  m->generation = (uint64_t)integer(p, root, "generation", 1, INT64_MAX);
  m->digest = text(p, root, "digest");
  m->as_of_day = (int32_t)integer(p, root, "as_of_day", INT32_MIN, INT32_MAX);
  m->row_count = (uint32_t)integer(p, root, "row_count", 0, UINT32_MAX);
  m->records_read = count_of(p, root, "records_read");
  m->records_quarantined = count_of(p, root, "records_quarantined");
  m->records_rejected = count_of(p, root, "records_rejected");
  m->customers = count_of(p, root, "customers");
  m->records = count_of(p, root, "records");
  m->aliases = count_of(p, root, "aliases");
  yajl_val decisions = find(p, root, "decisions");
  m->decisions.length = count_of(p, decisions, "length");
  m->decisions.applied = count_of(p, decisions, "applied");
  m->decisions.gone = count_of(p, decisions, "gone");
  m->events_bytes = count_of(p, root, "events_bytes");
  m->events_checksum = checksum(p, root, "events_checksum");
  m->job_digest = checksum(p, root, "job_digest");
  m->job_text = text(p, root, "job");
  parse_model(p, root, &m->model);
  parse_inputs(p, root, m);
  parse_counters(p, root, m);
  parse_shards(p, root, m);
}

/* The tree is freed by recursion: how deep it gets must be known before. */
static bool depth_is_fine(struct bytes json) {
  bool in_string = false;
  int depth = 0;
  for (size_t i = 0; i < json.size; i++) {
    char c = json.data[i];
    if (c == '\0') return false;
    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > JSON_DEPTH_ALLOWED) return false;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }
  return true;
}

enum err manifest_parse(struct bytes json, struct arena *arena, struct manifest *manifest,
                        struct failure *failure) {
  *manifest = (struct manifest){0};
  char reason[256] = {0};
  yajl_val root = NULL;
  if (depth_is_fine(json))
    root = yajl_tree_parse(arena_copy(arena, json).data, reason, sizeof reason);
  if (!root) return failure_set(failure, ERR_MALFORMED, "the manifest is not JSON");
  struct parse p = {arena, failure, ERR_OK};
  parse_root(&p, root, manifest);
  yajl_tree_free(root);
  return p.err;
}
