#include "worker/exports/members_csv.h"

#include <stdlib.h>

#include "common/csv_write.h"
#include "common/memory.h"
#include "common/number_write.h"

/* Entities lie in any order in memory: their ids are asked for so many rows ahead. */
enum { CUSTOMER_ID_BYTES = 32, ROWS_AHEAD = 24 };

static void prefetch_customer_id(const struct run_state *run, const struct split_output *split,
                                 uint32_t slot) {
  if (slot >= split->row_slots || !run->records[split->first_row + slot]) return;
  __builtin_prefetch(&run->customer_ids[run->clusters.entity[split->first_row + slot]]);
  __builtin_prefetch(run->records[split->first_row + slot]);
}

static struct bytes source_cell(const struct export_context *context,
                                const struct record_view *record, struct buffer *room) {
  if (!(record->header->flags & RECORD_NAMES_SOURCE))
    return context->source_cells[record->header->source];
  buffer_clear(room);
  buffer_reserve(room, CSV_FIELD_BYTES_MAX(record->source_id.size));
  char *end = csv_put_field(room->data, record->source_id);
  return bytes_of(room->data, (size_t)(end - room->data));
}

void members_csv_slots(const struct export_context *context, const struct split_output *s,
                       const struct members_csv_slot *slots, struct buffer *out) {
  struct buffer room = {0};
  struct record_view record;
  for (uint32_t slot = 0; slot < s->row_slots; slot++) {
    const char *packed = context->run->records[s->first_row + slot];
    if (!packed) continue;
    record_view_of_id(packed, &record);
    char id_room[EXPORT_RECORD_ID_BYTES], customer[CUSTOMER_ID_BYTES];
    struct bytes source = source_cell(context, &record, &room);
    struct bytes id = export_record_id(context, &record, id_room);
    customer_id_format(slots[slot].customer_id, customer);
    size_t customer_size = strlen(customer);
    buffer_reserve(out, source.size + CSV_FIELD_BYTES_MAX(id.size) + customer_size +
                            NUMBER_DECIMAL_BYTES_MAX + 4);
    char *at = out->data + out->size;
    memcpy(at, source.data, source.size);
    at += source.size;
    *at++ = ',';
    at = csv_put_field(at, id);
    *at++ = ',';
    memcpy(at, customer, customer_size);
    at += customer_size;
    *at++ = ',';
    at = export_put_weight(at, slots[slot].link_weight);
    *at++ = '\n';
    out->size = (size_t)(at - out->data);
  }
  buffer_release(&room);
}

void members_csv_split(const struct export_context *context, uint32_t split, struct buffer *out) {
  const struct run_state *run = context->run;
  const struct split_output *s = &run->splits[split];
  struct members_csv_slot *slots = memory_new(s->row_slots * sizeof *slots);
  for (uint32_t slot = 0; slot < s->row_slots; slot++) {
    prefetch_customer_id(run, s, slot + ROWS_AHEAD);
    uint32_t row = s->first_row + slot;
    if (!run->records[row]) continue;
    slots[slot] = (struct members_csv_slot){run->customer_ids[run->clusters.entity[row]],
                                            run->clusters.link_weight[row]};
  }
  members_csv_slots(context, s, slots, out);
  free(slots);
}
