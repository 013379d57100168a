#include "worker/stages/value_memo.h"

#include "common/hash.h"

static bool is_of(const struct memo_entry *e, const struct field_options *options,
                  struct bytes raw) {
  return e->options == options && e->raw_size == raw.size &&
         memcmp(e->raw, raw.data, raw.size) == 0;
}

static void keep(struct memo_entry *e, const struct field_options *options, struct bytes raw,
                 const struct standard_value *v, const uint64_t *feature, size_t feature_size) {
  if (v->value.size > MEMO_VALUE_BYTES_MAX) return;
  *e = (struct memo_entry){.options = options,
                           .raw_size = (uint8_t)raw.size,
                           .value_size = (uint8_t)v->value.size,
                           .state = (uint8_t)v->state,
                           .kind = v->kind,
                           .flags = v->flags};
  memcpy(e->raw, raw.data, raw.size);
  if (v->value.size) memcpy(e->value, v->value.data, v->value.size);
  memcpy(e->feature, feature, feature_size);
}

void value_memo_standardise(struct value_memo *memo, const struct field_type *type,
                            const struct field_options *options, struct bytes raw,
                            struct arena *arena, struct standard_value *value, void *feature) {
  if (raw.size == 0 || raw.size > MEMO_RAW_BYTES_MAX) {
    type->standardise(options, raw, arena, value, feature);
    return;
  }
  struct memo_entry *e = &memo->entries[hash_bytes(raw) % MEMO_SLOTS];
  if (is_of(e, options, raw)) {
    struct bytes known = bytes_of(e->value, e->value_size);
    *value = (struct standard_value){.value = bytes_equal(known, raw) ? raw
                                              : known.size            ? arena_copy(arena, known)
                                                                      : BYTES_EMPTY,
                                     .state = (enum value_state)e->state,
                                     .kind = e->kind,
                                     .flags = e->flags};
    if (feature) memcpy(feature, e->feature, type->feature_size);
    return;
  }
  uint64_t made[FIELD_FEATURE_BYTES_MAX / sizeof(uint64_t)] = {0};
  type->standardise(options, raw, arena, value, made);
  if (feature) memcpy(feature, made, type->feature_size);
  keep(e, options, raw, value, made, type->feature_size);
}
