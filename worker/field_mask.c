#include "worker/field_mask.h"

#include "worker/fields/mask.h"
#include "worker/golden.h"

static struct bytes mask_by_type(const struct field_type *type, struct bytes value,
                                 struct arena *arena) {
  return type->mask ? type->mask(value, arena) : mask_all(value, arena);
}

static struct bytes mask_one(const struct job_field *field, const struct field_type *type,
                             struct bytes value, struct arena *arena) {
  switch (field->mask) {
    case MASK_NONE:
      return value;
    case MASK_DEFAULT:
      return mask_by_type(type, value, arena);
    case MASK_SURNAME_THEN_STAR: /* what names do by themselves */
      if (field->type == FIELD_TYPE_PERSON_NAME) return mask_by_type(type, value, arena);
      return mask_keep(value, 1, 0, arena);
    case MASK_STAR_THEN_LAST:
      return mask_keep(value, 0, 1, arena);
    case MASK_KEEP:
      return mask_keep(value, field->mask_keep_first, field->mask_keep_last, arena);
    case MASK_ALL:
      break;
  }
  return mask_all(value, arena);
}

struct bytes field_mask(const struct plan *plan, uint32_t field, struct bytes value,
                        struct arena *arena) {
  const struct job_field *f = &plan->job->fields[field];
  const struct field_type *type = plan->types[field];
  bool shown = f->mask == MASK_NONE || (f->mask == MASK_DEFAULT && !plan->is_personal[field]);
  if (value.size == 0 || shown) return value;
  if (!memchr(value.data, RECORD_VALUE_SEPARATOR, value.size))
    return mask_one(f, type, value, arena);
  struct buffer joined = {0};
  struct bytes rest = value, part;
  while (golden_next_part(&rest, &part)) {
    if (joined.size) buffer_append_char(&joined, RECORD_VALUE_SEPARATOR);
    if (part.size) buffer_append_bytes(&joined, mask_one(f, type, part, arena));
  }
  struct bytes masked = arena_copy(arena, buffer_bytes(&joined));
  buffer_release(&joined);
  return masked;
}
