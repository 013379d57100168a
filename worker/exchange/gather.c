#include "worker/exchange/gather.h"

#include <stdlib.h>

#include "common/byte_reader.h"
#include "common/memory.h"

static void release(struct exchange_request *requests, uint32_t count) {
  for (uint32_t r = 0; r < count; r++) buffer_release(&requests[r].answer);
  free(requests);
}

/* ---- pieces ---- */

static enum err take_pieces(const struct exchange_request *request, gather_piece *take,
                            void *context, struct failure *failure) {
  struct byte_reader r = byte_reader_of(buffer_bytes(&request->answer));
  for (uint32_t i = 0; i < request->item_count; i++) {
    struct piece_head head;
    byte_reader_copy(&r, &head, sizeof head);
    struct bytes piece = byte_reader_take(&r, head.bytes);
    if (!r.ok || head.task != request->items[i]) break;
    enum err err = take(context, head.task, piece, failure);
    if (err) return err;
  }
  if (byte_reader_is_done(&r)) return ERR_OK;
  return failure_set(failure, ERR_MALFORMED, "worker %u answered a fetch of %s with %zu odd bytes",
                     request->worker, stage_name(request->stage), request->answer.size);
}

/* Tasks grouped by who holds them: one request a worker, or several where it holds very many. */
static struct exchange_request *requests_for(const struct task_places *places, enum stage stage,
                                             uint32_t part, uint32_t *items, uint32_t *count) {
  uint32_t tasks = places->task_count[stage], at = 0;
  uint32_t most = places->worker_count + tasks / FETCH_ITEMS_MAX;
  struct exchange_request *requests = memory_new_zeroed(most, sizeof *requests);
  *count = 0;
  for (uint32_t w = 0; w < places->worker_count; w++) {
    uint32_t number = places->workers[w].number, first = at;
    for (uint32_t t = 0; t < tasks; t++)
      if (places->worker[stage][t] == number) items[at++] = t;
    for (; first < at; first += requests[*count - 1].item_count) {
      uint32_t left = at - first;
      requests[(*count)++] =
          (struct exchange_request){.worker = number,
                                    .what = FETCH_PIECES,
                                    .stage = stage,
                                    .part = part,
                                    .items = items + first,
                                    .item_count = left < FETCH_ITEMS_MAX ? left : FETCH_ITEMS_MAX};
    }
  }
  return requests;
}

static enum err not_placed(struct gather *g, enum stage stage) {
  return failure_set(g->failure, ERR_MALFORMED, "a task was not told where the outputs of %s are",
                     stage_name(stage));
}

enum err gather_pieces(struct gather *g, enum stage stage, uint32_t part, gather_piece *take,
                       void *context) {
  if (!g->places->worker[stage]) return not_placed(g, stage);
  uint32_t count;
  uint32_t *items = memory_new(g->places->task_count[stage] * sizeof *items);
  struct exchange_request *requests = requests_for(g->places, stage, part, items, &count);
  enum err err = exchange_fetch(g->client, g->places, requests, count, g->loss, g->failure);
  for (uint32_t r = 0; r < count && !err; r++) {
    err = take_pieces(&requests[r], take, context, g->failure);
    buffer_release(&requests[r].answer);
  }
  release(requests, count);
  free(items);
  return err;
}

enum err gather_one_piece(struct gather *g, enum stage stage, uint32_t task, uint32_t part,
                          gather_piece *take, void *context) {
  if (!g->places->worker[stage] || task >= g->places->task_count[stage])
    return not_placed(g, stage);
  struct exchange_request request = {.worker = g->places->worker[stage][task],
                                     .what = FETCH_PIECES,
                                     .stage = stage,
                                     .part = part,
                                     .items = &task,
                                     .item_count = 1};
  enum err err = exchange_fetch(g->client, g->places, &request, 1, g->loss, g->failure);
  if (!err) err = take_pieces(&request, take, context, g->failure);
  buffer_release(&request.answer);
  return err;
}

/* ---- rows ---- */

/* Rows and their indexes, grouped by who holds them. */
struct row_groups {
  uint32_t *rows, *indexes;
  struct exchange_request *requests;
  uint32_t request_count;
};

static void group_rows(const struct gather *g, const struct run_state *run, enum stage stage,
                       const uint32_t *rows, uint32_t count, struct row_groups *out) {
  const struct task_places *places = g->places;
  uint16_t *worker = memory_new(count * sizeof *worker);
  uint32_t *start = memory_new_zeroed((size_t)UINT16_MAX + 2, sizeof *start);
  for (uint32_t i = 0, split = 0; i < count; i++) {
    const struct split_output *s = &run->splits[split];
    if (rows[i] - s->first_row >= s->row_slots) split = run_state_split_of(run, rows[i]);
    worker[i] = places->worker[stage][split];
    start[worker[i] + 1]++;
  }
  for (uint32_t w = 0; w <= UINT16_MAX; w++) start[w + 1] += start[w];
  out->rows = memory_new(count * sizeof *out->rows);
  out->indexes = memory_new(count * sizeof *out->indexes);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t at = start[worker[i]]++;
    out->rows[at] = rows[i];
    out->indexes[at] = i;
  }
  free(worker);
  uint32_t most = places->worker_count + count / FETCH_ITEMS_MAX;
  out->requests = memory_new_zeroed(most, sizeof *out->requests);
  out->request_count = 0;
  for (uint32_t w = 0; w < places->worker_count; w++) {
    uint32_t number = places->workers[w].number;
    uint32_t first = number ? start[number - 1] : 0, end = start[number];
    for (uint32_t size; first < end; first += size) {
      size = end - first < FETCH_ITEMS_MAX ? end - first : FETCH_ITEMS_MAX;
      out->requests[out->request_count++] = (struct exchange_request){
          .worker = number, .items = out->rows + first, .item_count = size};
    }
  }
  free(start);
}

enum err gather_rows(struct gather *g, const struct run_state *run, enum stage stage,
                     enum fetch_what what, uint32_t part, const uint32_t *rows, uint32_t count,
                     gather_answer *take, void *context) {
  if (!g->places->worker[stage] || g->places->task_count[stage] != run->split_count)
    return not_placed(g, stage);
  if (count == 0) return ERR_OK;
  struct row_groups groups;
  group_rows(g, run, stage, rows, count, &groups);
  for (uint32_t r = 0; r < groups.request_count; r++) {
    groups.requests[r].what = what;
    groups.requests[r].part = part;
  }
  enum err err = exchange_fetch(g->client, g->places, groups.requests, groups.request_count,
                                g->loss, g->failure);
  for (uint32_t r = 0; r < groups.request_count && !err; r++) {
    const struct exchange_request *request = &groups.requests[r];
    err = take(context, groups.indexes + (request->items - groups.rows), request->item_count,
               buffer_bytes(&request->answer), g->failure);
    buffer_release(&groups.requests[r].answer);
  }
  release(groups.requests, groups.request_count);
  free(groups.rows);
  free(groups.indexes);
  return err;
}
