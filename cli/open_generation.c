#include "cli/open_generation.h"

#include <stdio.h>

#include "common/number_read.h"
#include "common/number_write.h"

enum err open_generation(const char *data_dir, bool unmask, struct open_generation *open,
                         struct failure *failure) {
  *open = (struct open_generation){0};
  enum err err = generation_open(data_dir, &open->generation, failure);
  if (err) return err;
  open->manifest = generation_manifest(open->generation);
  err = job_parse(open->manifest->job_text, "the generation's job", &open->job, failure);
  if (!err) err = plan_make(&open->job, &open->plan, failure);
  if (!err && open->job.field_count != open->manifest->field_count)
    err = failure_set(failure, ERR_CORRUPT,
                      "the job in the manifest of generation %llu has %u fields, its records have "
                      "%u; `guiyi verify` says what is damaged",
                      (unsigned long long)open->manifest->generation, open->job.field_count,
                      open->manifest->field_count);
  if (err) return err;
  golden_plan_make(&open->plan, open->manifest->as_of_day, &open->golden_plan);
  export_context_init(&open->exports, &open->plan, NULL, unmask);
  return ERR_OK;
}

void open_generation_close(struct open_generation *open) {
  export_context_release(&open->exports);
  job_release(&open->job);
  generation_close(open->generation);
  *open = (struct open_generation){0};
}

enum err open_generation_golden(const struct open_generation *open,
                                const struct stored_customer *stored, struct arena *arena,
                                struct golden_record **golden, struct failure *failure) {
  struct golden_decoded *decoded = arena_alloc(arena, sizeof *decoded);
  enum err err = golden_decode(stored->golden, open->job.field_count, arena, decoded);
  if (err || decoded->golden.member_count != stored->member_count)
    return failure_set(
        failure, ERR_CORRUPT,
        "a golden record is not what was written; `guiyi verify` says what is damaged");
  for (uint32_t m = 0; m < stored->member_count; m++)
    if (stored->members[m].header->source >= open->job.source_count)
      return failure_set(failure, ERR_CORRUPT,
                         "a record names a source that the job does not have");
  decoded->golden.members = stored->members;
  *golden = &decoded->golden;
  return ERR_OK;
}

/* 32 hexadecimal digits, then nothing or "-2": how records without an id of their own are shown. */
static bool parse_record_key(struct bytes text, struct hash128 *key) {
  if (text.size > NUMBER_HEX128_BYTES && text.data[NUMBER_HEX128_BYTES] == '-')
    text.size = NUMBER_HEX128_BYTES;
  return number_read_hex128(text, key);
}

static enum err find_record(const struct open_generation *open, struct bytes source,
                            struct bytes record_id, struct arena *arena,
                            struct named_customer *customer, struct failure *failure) {
  uint32_t member = 0;
  enum err err = generation_get_by_record(open->generation, source, record_id, arena,
                                          &customer->stored, &member, failure);
  struct hash128 key;
  if (err == ERR_NOT_FOUND && parse_record_key(record_id, &key)) {
    err = generation_get_by_key(open->generation, key, arena, &customer->stored, &member, failure);
    if (!err &&
        !bytes_equal(record_source_id(&open->job, &customer->stored.members[member]), source))
      err = ERR_NOT_FOUND;
  }
  customer->member = (int32_t)member;
  return err;
}

enum err open_generation_find(const struct open_generation *open, const char *text,
                              struct arena *arena, struct named_customer *customer,
                              struct failure *failure) {
  struct bytes name = bytes_from_string(text);
  uint64_t id;
  enum err err = ERR_NOT_FOUND;
  *customer = (struct named_customer){.member = -1};
  if (customer_id_parse(name, &id)) {
    err = generation_get(open->generation, id, arena, &customer->stored, failure);
    customer->is_alias = !err && customer->stored.customer_id != id;
  } else if (!memchr(name.data, '/', name.size)) {
    return failure_set(
        failure, ERR_USAGE,
        "'%s' names neither a customer nor a record: expected an id such as "
        "C20240501001, or SOURCE/RECORD_ID as in members.csv. To look for a name or a "
        "number use `guiyi search`",
        text);
  } else {
    /* Sources and ids may contain a slash themselves: the first cut that names a record counts. */
    for (size_t i = 1; i + 1 < name.size && err == ERR_NOT_FOUND; i++)
      if (name.data[i] == '/')
        err = find_record(open, bytes_of(name.data, i),
                          bytes_of(name.data + i + 1, name.size - i - 1), arena, customer, failure);
    if (err == ERR_NOT_FOUND)
      return failure_set(
          failure, ERR_NOT_FOUND,
          "there is no record '%s' in generation %llu: expected SOURCE/RECORD_ID as in "
          "members.csv; rejected and quarantined rows are in rejects.csv",
          text, (unsigned long long)open->manifest->generation);
  }
  if (err) return err;
  return open_generation_golden(open, &customer->stored, arena, &customer->golden, failure);
}

static const char *basis_of(const struct open_generation *open,
                            const struct stored_relation *relation, struct arena *arena) {
  if (relation->decision)
    return arena_printf(arena, "decision %llu", (unsigned long long)relation->decision);
  if (relation->rule < 0 || (uint32_t)relation->rule >= open->plan.match_rule_count)
    return "recognised";
  struct bytes id = open->plan.match_rules[relation->rule].id;
  return arena_printf(arena, "%.*s", (int)id.size, id.data);
}

enum err open_generation_related(const struct open_generation *open, uint64_t customer_id,
                                 struct arena *arena, struct related_customer **related,
                                 uint32_t *count, struct failure *failure) {
  const struct stored_relation *relations;
  enum err err =
      generation_relations(open->generation, customer_id, arena, &relations, count, failure);
  *related = arena_alloc(arena, *count * sizeof **related);
  for (uint32_t i = 0; i < *count && !err; i++) {
    struct stored_customer stored;
    struct golden_record *golden = NULL;
    err = generation_get(open->generation, relations[i].other, arena, &stored, failure);
    if (!err) err = open_generation_golden(open, &stored, arena, &golden, failure);
    char id[32];
    customer_id_format(relations[i].other, id);
    (*related)[i] = (struct related_customer){&relations[i], arena_copy_string(arena, id),
                                              basis_of(open, &relations[i], arena), golden};
  }
  return err;
}

const char *open_generation_record_name(const struct open_generation *open,
                                        const struct record_view *record, struct arena *arena) {
  char room[EXPORT_RECORD_ID_BYTES];
  struct bytes source = record_source_id(&open->job, record);
  struct bytes id = export_record_id(&open->exports, record, room);
  return arena_printf(arena, "%.*s/%.*s", (int)source.size, source.data, (int)id.size, id.data);
}

struct bytes open_generation_value(const struct open_generation *open, uint32_t field,
                                   struct bytes value, struct arena *arena) {
  struct bytes rest = export_value(&open->exports, field, value, arena), part;
  struct buffer joined = {0};
  while (golden_next_part(&rest, &part)) {
    if (joined.size) buffer_append_string(&joined, "; ");
    buffer_append_bytes(&joined, part);
  }
  struct bytes shown = arena_copy(arena, buffer_bytes(&joined));
  buffer_release(&joined);
  return shown;
}

void command_print(const struct buffer *out) {
  if (out->size == 0) return;
  fwrite(out->data, 1, out->size, stdout);
  if (out->data[out->size - 1] != '\n') putchar('\n');
}

int command_failed(const char *command, const struct failure *failure) {
  fprintf(stderr, "guiyi %s: %s\n", command, failure->message);
  return err_exit_code(failure->code);
}
