#include "proto/task_places.h"

#include "common/byte_reader.h"
#include "common/check.h"

void task_places_encode(const struct task_places *places, struct buffer *out) {
  check(places->worker_count <= TASK_PLACES_WORKERS_MAX);
  buffer_append_u32(out, places->worker_count);
  for (uint32_t w = 0; w < places->worker_count; w++) {
    buffer_append_u32(out, places->workers[w].number);
    buffer_append_counted(out, places->workers[w].endpoint);
  }
  uint32_t stages = 0;
  for (unsigned s = 0; s < STAGE_COUNT; s++) stages += places->worker[s] != NULL;
  buffer_append_u32(out, stages);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    if (!places->worker[s]) continue;
    buffer_append_u32(out, s);
    buffer_append_u32(out, places->task_count[s]);
    buffer_append(out, places->worker[s], places->task_count[s] * sizeof *places->worker[s]);
  }
}

static bool take_workers(struct byte_reader *c, struct arena *arena, struct task_places *places) {
  uint32_t count = byte_reader_u32(c);
  if (!c->ok || count > TASK_PLACES_WORKERS_MAX) return false;
  places->workers = arena_alloc(arena, count * sizeof *places->workers);
  for (uint32_t w = 0; w < count; w++) {
    uint32_t number = byte_reader_u32(c);
    struct bytes endpoint = byte_reader_counted(c);
    if (!c->ok || endpoint.size > ENDPOINT_BYTES_MAX) return false;
    if (w && number <= places->workers[w - 1].number) return false;
    if (endpoint.size && memchr(endpoint.data, '\0', endpoint.size)) return false;
    places->workers[w] = (struct task_place_worker){number, arena_copy(arena, endpoint)};
  }
  places->worker_count = count;
  return true;
}

static bool take_stage(struct byte_reader *c, struct arena *arena, struct task_places *places) {
  uint32_t stage = byte_reader_u32(c), count = byte_reader_u32(c);
  struct bytes numbers = byte_reader_take(c, (size_t)count * sizeof(uint16_t));
  if (!c->ok || stage >= STAGE_COUNT || places->worker[stage]) return false;
  uint16_t *worker = arena_alloc(arena, numbers.size + 1);
  if (numbers.size) memcpy(worker, numbers.data, numbers.size);
  for (uint32_t t = 0; t < count; t++)
    if ((t == 0 || worker[t] != worker[t - 1]) && !task_places_find(places, worker[t]))
      return false;
  places->worker[stage] = worker;
  places->task_count[stage] = count;
  return true;
}

enum err task_places_decode(struct bytes data, struct arena *arena, struct task_places *places,
                            struct failure *failure) {
  *places = (struct task_places){0};
  struct byte_reader c = byte_reader_of(data);
  bool ok = take_workers(&c, arena, places);
  uint32_t stages = ok ? byte_reader_u32(&c) : 0;
  for (uint32_t s = 0; s < stages && ok; s++) ok = take_stage(&c, arena, places);
  if (!ok || !byte_reader_is_done(&c))
    return failure_set(failure, ERR_MALFORMED,
                       "the places of a task's inputs (%zu bytes) are malformed", data.size);
  return ERR_OK;
}

const struct task_place_worker *task_places_find(const struct task_places *places,
                                                 uint32_t number) {
  uint32_t low = 0, high = places->worker_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (places->workers[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < places->worker_count && places->workers[low].number == number ? &places->workers[low]
                                                                             : NULL;
}
