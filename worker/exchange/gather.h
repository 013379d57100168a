/* gather — what a task fetches, by stage and row instead of by worker: asks everyone who holds
 * something of it, each once. Blocks. */
#ifndef GUIYI_WORKER_EXCHANGE_GATHER_H
#define GUIYI_WORKER_EXCHANGE_GATHER_H

#include "worker/exchange/exchange_client.h"

/* Of one task being computed. */
struct gather {
  struct exchange_client *client;
  const struct task_places *places;
  struct worker_loss *loss;
  struct failure *failure;
};

/* One piece; valid during the call, aligned to nothing. */
typedef enum err gather_piece(void *context, uint32_t task, struct bytes piece,
                              struct failure *failure);
/* Part `part` of the outputs of all tasks of a stage (or of one), each once, in no particular
 * order. */
enum err gather_pieces(struct gather *g, enum stage stage, uint32_t part, gather_piece *take,
                       void *context);
enum err gather_one_piece(struct gather *g, enum stage stage, uint32_t task, uint32_t part,
                          gather_piece *take, void *context);

/* What one worker answered: items are rows[indexes[i]]; aligned to 16. */
typedef enum err gather_answer(void *context, const uint32_t *indexes, uint32_t count,
                               struct bytes answer, struct failure *failure);
/* rows ascend, are below run->row_count and lie where stage (of SPLIT tasks) ran. */
enum err gather_rows(struct gather *g, const struct run_state *run, enum stage stage,
                     enum fetch_what what, uint32_t part, const uint32_t *rows, uint32_t count,
                     gather_answer *take, void *context);

#endif
