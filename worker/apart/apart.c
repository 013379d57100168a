#include "worker/apart/apart.h"

#include <stdlib.h>

#include "common/memory.h"

stage_function *const apart_stages[STAGE_COUNT] = {
    [STAGE_SCAN] = apart_scan,           [STAGE_LAYOUT] = apart_layout,
    [STAGE_INGEST] = apart_ingest,       [STAGE_TALLY] = apart_tally,
    [STAGE_FREQUENCY] = apart_frequency, [STAGE_BLOCK] = apart_block,
    [STAGE_CLASSIFY] = apart_classify,   [STAGE_SAMPLE] = apart_sample,
    [STAGE_COMPARE] = apart_compare,     [STAGE_SCORE] = apart_score,
    [STAGE_LINK] = apart_link,           [STAGE_ROUTE] = apart_route,
    [STAGE_REPAIR] = apart_repair,       [STAGE_SETTLE] = apart_settle,
    [STAGE_IDENTIFY] = apart_identify,   [STAGE_MERGE] = apart_merge,
    [STAGE_EXPORT] = apart_export,       [STAGE_PUBLISH] = apart_publish,
};

enum err apart_open(struct pipeline *p, struct failure *failure) {
  (void)failure;
  struct apart *apart = memory_new_zeroed(1, sizeof *apart);
  output_shelves_init(&apart->shelves);
  pthread_mutex_init(&apart->lock, NULL);
  apart->source = (struct exchange_source){.run = &p->run, .shelves = &apart->shelves};
  p->apart = apart;
  struct exchange_client_options options = {.zmq_context = p->options.apart.zmq_context,
                                            .job = p->options.apart.job,
                                            .key = p->options.apart.key,
                                            .endpoint = p->options.apart.endpoint,
                                            .source = &apart->source};
  for (uint32_t i = 0; i < p->options.threads_max; i++) {
    p->threads[i].apart = memory_new_zeroed(1, sizeof *p->threads[i].apart);
    p->threads[i].apart->client = exchange_client_new(&options);
  }
  return ERR_OK;
}

void apart_close(struct pipeline *p) {
  struct apart *apart = p->apart;
  if (!apart) return;
  for (uint32_t i = 0; i < p->options.threads_max; i++) {
    exchange_client_free(p->threads[i].apart->client);
    arena_release(&p->threads[i].apart->arena);
    free(p->threads[i].apart);
  }
  for (uint32_t v = 0; v < PLAN_PARTITIONS; v++) {
    struct apart_visiting *visiting = &apart->visiting[v];
    memory_unmap(visiting->rows, (size_t)visiting->count * p->run.plan.row_bytes);
    free(visiting->number);
    free(visiting->edges);
    free(visiting->joins);
  }
  free(apart->record_keys);
  free(apart->record_flags);
  free(apart->order);
  output_shelves_release(&apart->shelves);
  pthread_mutex_destroy(&apart->lock);
  free(apart);
  p->apart = NULL;
}

const struct exchange_source *pipeline_exchange(const struct pipeline *p) {
  return p->apart ? &p->apart->source : NULL;
}

enum err apart_begin(struct task_context *t, struct gather **gather) {
  struct apart_thread *thread = t->thread->apart;
  arena_reset(&thread->arena);
  enum err err = task_places_decode(t->places, &thread->arena, &thread->places, t->failure);
  thread->gather = (struct gather){thread->client, &thread->places, t->loss, t->failure};
  *gather = &thread->gather;
  return err;
}

void apart_put(struct task_context *t, enum stage stage, struct task_output *take_output) {
  output_shelves_put(&t->p->apart->shelves, stage, t->task, take_output);
}

enum err apart_malformed(struct failure *failure, enum stage stage, struct bytes piece) {
  return failure_set(failure, ERR_MALFORMED, "an output of %s (%zu bytes) is malformed",
                     stage_name(stage), piece.size);
}

enum err apart_need_model(struct task_context *t) {
  struct apart *apart = t->p->apart;
  pthread_mutex_lock(&apart->lock);
  enum err err = apart->has_model ? ERR_OK : pipeline_take_model(t);
  apart->has_model = !err;
  pthread_mutex_unlock(&apart->lock);
  return err;
}

enum err apart_lose_own(struct task_context *t, enum stage stage, uint32_t task) {
  const struct task_places *places = &t->thread->apart->places;
  *t->loss = worker_lost_nothing;
  for (uint32_t w = 0; w < places->worker_count; w++)
    if (strcmp(places->workers[w].endpoint.data, t->p->options.apart.endpoint) == 0)
      *t->loss = (struct worker_loss){places->workers[w].number, stage, task};
  return failure_set(t->failure, ERR_LOST, "the output of %s %u is not on this worker",
                     stage_name(stage), task);
}

enum err apart_home_split(struct task_context *t, const struct split_output **split) {
  struct run_state *run = &t->p->run;
  if (!output_shelves_find(&t->p->apart->shelves, STAGE_INGEST, t->task)) {
    return apart_lose_own(t, STAGE_INGEST, t->task);
  }
  *split = &run->splits[t->task];
  return ERR_OK;
}
