#include "worker/source_verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "worker/quality_rules.h"
#include "worker/stages/frequency.h"
#include "worker/stages/ingest.h"
#include "worker/store/generation.h"
#include "worker/store/radix_sort.h"

enum { SPLIT_BYTES = 8 << 20, LINE_BITS = 48 };

struct source_verify {
  struct generation *generation;
  const struct manifest *manifest;
  struct job job;
  struct run_state run; /* one file at a time, one split at a time */
  struct quality_rules *rules;
  struct ingest_work work; /* its counts nobody asks for */
  struct arena arena;
  struct radix_pair *stored; /* (file and line, hash of the record), sorted */
  size_t stored_count, stored_capacity;
  uint64_t found;     /* of the file that is read: stored records that were met */
  bool *is_unchanged; /* by file */
  struct verify_report *report;
  struct source_verify_counts *counts;
};

static uint64_t place_of(uint32_t file, uint64_t line) {
  return (uint64_t)file << LINE_BITS | line;
}

/* Everything that follows from the input row: key, id, values with state and kind. */
static uint64_t record_hash(const char *record) {
  struct record_header h;
  memcpy(&h, record, sizeof h);
  uint64_t key = hash_join(hash_join(h.key.low, h.key.high), (uint64_t)h.time_ms);
  return hash_bytes_seeded(bytes_of(record + sizeof h, h.size - sizeof h),
                           hash_join(key, h.event * 256u + h.flags));
}

static enum err keep_stored(void *context, const struct stored_customer *customer,
                            struct failure *failure) {
  struct source_verify *v = context;
  for (uint32_t m = 0; m < customer->member_count; m++) {
    const struct record_header *h = customer->members[m].header;
    if (h->file >= v->manifest->file_count || h->line >> LINE_BITS)
      return failure_set(failure, ERR_CORRUPT, "a record names a file or line that can't be");
    if (!v->is_unchanged[h->file]) continue;
    if (v->stored_count == v->stored_capacity) {
      v->stored_capacity = v->stored_capacity ? v->stored_capacity * 2 : 1024;
      v->stored = memory_resize(v->stored, v->stored_capacity * sizeof *v->stored);
    }
    v->stored[v->stored_count++] =
        (struct radix_pair){place_of(h->file, h->line), record_hash((const char *)h)};
  }
  return ERR_OK;
}

static enum err load_stored(struct source_verify *v, struct failure *failure) {
  for (uint32_t s = 0; s < v->manifest->shard_count; s++) {
    enum err err = generation_visit(v->generation, s, keep_stored, v, failure);
    if (err) return err;
  }
  struct radix_pair *spare = memory_new(v->stored_count * sizeof *spare);
  radix_sort_pairs(v->stored, spare, v->stored_count);
  free(spare);
  return ERR_OK;
}

static bool is_unchanged(const struct manifest_file *file, struct arena *arena) {
  struct stat now;
  if (stat(arena_copy(arena, file->path).data, &now) != 0) return false;
  return (uint64_t)now.st_size == file->size_bytes &&
         now.st_mtim.tv_sec * 1000000000LL + now.st_mtim.tv_nsec == file->modified_ns;
}

/* ---- reading a file again ---- */

static size_t first_at(const struct source_verify *v, uint64_t place) {
  size_t low = 0, high = v->stored_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (v->stored[middle].key < place)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void compare_split(struct source_verify *v, uint32_t file, const struct split_output *out) {
  const struct bytes path = v->manifest->files[file].path;
  for (uint32_t r = 0; r < out->row_slots; r++) {
    const char *record = v->run.records[r];
    if (!record) continue;
    struct record_header h;
    memcpy(&h, record, sizeof h);
    uint64_t place = place_of(file, h.line);
    size_t at = first_at(v, place);
    v->counts->records++;
    if (at == v->stored_count || v->stored[at].key != place) {
      verify_report_add(v->report, "%.*s:%" PRIu64 ": the row is in no customer", (int)path.size,
                        path.data, h.line);
      continue;
    }
    v->found++;
    if (v->stored[at].value != record_hash(record))
      verify_report_add(v->report, "%.*s:%" PRIu64 ": the stored record is not what the file says",
                        (int)path.size, path.data, h.line);
  }
}

static enum err ingest_file(struct source_verify *v, uint32_t file, struct failure *failure) {
  struct run_state *run = &v->run;
  struct source_file *f = run->files;
  struct ingest_binding binding;
  if (f->row_count == 0) return ERR_OK;
  enum err err = ingest_bind(&run->plan, run->file_source[0], f, &v->arena, &binding, failure);
  for (uint32_t s = 0; s < f->split_count && !err; s++) {
    struct split_output out = {
        .source = run->file_source[0], .split = s, .row_slots = (uint32_t)f->splits[s].row_count};
    size_t row_bytes = (size_t)out.row_slots * run->plan.row_bytes;
    run->row_count = out.row_slots;
    run->rows = memory_map(row_bytes);
    run->records = memory_new_zeroed(out.row_slots, sizeof *run->records);
    run->splits = &out;
    err = ingest_run(run, 0, &binding, v->rules, &v->work, failure);
    if (!err) compare_split(v, file, &out);
    split_output_release(&out);
    memory_pool_release(&v->work.keys_pool);
    memory_pool_release(&v->work.records_pool);
    free(run->records);
    memory_unmap(run->rows, row_bytes);
  }
  return err;
}

static void verify_file(struct source_verify *v, uint32_t file) {
  const struct manifest_file *m = &v->manifest->files[file];
  const char *path = arena_copy(&v->arena, m->path).data;
  const struct job_source *source = &v->job.sources[m->source];
  struct source_file_options options = {.format = (enum source_format)source->format,
                                        .encoding = (enum source_encoding)source->encoding,
                                        .delimiter = source->delimiter,
                                        .header = source->header};
  struct source_file scanned;
  struct failure failure;
  uint32_t source_index = m->source;
  v->run.files = &scanned;
  v->run.file_source = &source_index;
  v->run.file_count = v->run.split_count = 1;
  v->found = 0;
  enum err err = source_file_scan(path, &options, SPLIT_BYTES, &scanned, &failure);
  if (!err) err = ingest_file(v, file, &failure);
  source_file_release(&scanned);
  uint64_t expected = first_at(v, place_of(file + 1, 0)) - first_at(v, place_of(file, 0));
  if (err)
    verify_report_add(v->report, "%s can't be read again: %s", path, failure.message);
  else if (v->found != expected)
    verify_report_add(v->report, "%s: %" PRIu64 " stored records, the file has %" PRIu64 " of them",
                      path, expected, v->found);
  v->counts->files_read++;
}

static enum err prepare(struct source_verify *v, struct failure *failure) {
  enum err err = job_parse(v->manifest->job_text, "the generation's job", &v->job, failure);
  if (!err) err = plan_make(&v->job, &v->run.plan, failure);
  if (!err) err = quality_rules_compile(&v->job, &v->run.plan, &v->rules, failure);
  v->is_unchanged = arena_alloc_zeroed(&v->arena, v->manifest->file_count * sizeof(bool));
  for (uint32_t f = 0; f < v->manifest->file_count && !err; f++) {
    v->is_unchanged[f] = is_unchanged(&v->manifest->files[f], &v->arena);
    v->counts->files_changed += !v->is_unchanged[f];
    if (v->manifest->files[f].source >= v->job.source_count)
      err = failure_set(failure, ERR_CORRUPT, "a file names a source that the job does not have");
  }
  return err ? err : load_stored(v, failure);
}

enum err source_verify(const char *data_dir, struct verify_report *report,
                       struct source_verify_counts *counts, struct failure *failure) {
  struct source_verify *v = memory_new_zeroed(1, sizeof *v);
  v->report = report;
  v->counts = counts;
  *counts = (struct source_verify_counts){0};
  enum err err = generation_open(data_dir, &v->generation, failure);
  if (!err) {
    v->manifest = generation_manifest(v->generation);
    err = v->manifest->file_count ? prepare(v, failure) : ERR_OK;
    for (uint32_t f = 0; f < v->manifest->file_count && !err; f++)
      if (v->is_unchanged[f]) verify_file(v, f);
  }
  quality_rules_free(v->rules);
  ingest_work_release(&v->work);
  job_release(&v->job);
  arena_release(&v->arena);
  generation_close(v->generation);
  free(v->stored);
  free(v);
  return err;
}
