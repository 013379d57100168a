#include "coordinator/coordinator.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "coordinator/coordinator_state.h"
#include "proto/task_list.h"
#include "proto/task_result.h"

struct coordinator *coordinator_new(const struct coordinator_options *options,
                                    const struct coordinator_effects *effects) {
  check(options->job && options->job <= UINT32_MAX && options->partition_count);
  struct coordinator *c = memory_new_zeroed(1, sizeof *c);
  c->options = *options;
  c->effects = *effects;
  c->sessions = options->job << 32; /* no session of this epoch has the number of another job's */
  return c;
}

void coordinator_free(struct coordinator *c) {
  if (!c) return;
  for (unsigned s = 0; s < STAGE_COUNT; s++) free(c->stages[s].tasks);
  for (unsigned w = 0; w < COORDINATOR_WORKERS_MAX; w++) free(c->workers[w].endpoint);
  free(c->acks);
  buffer_release(&c->last_result);
  buffer_release(&c->link_input);
  training_counts_release(&c->training);
  free(c);
}

/* ---- the end ---- */

static void send(struct coordinator *c, uint32_t worker, const struct message *message) {
  c->effects.send(c->effects.context, worker, message);
}

static void send_stop(struct coordinator *c, uint32_t worker) {
  struct message stop = {.kind = MESSAGE_STOP,
                         .stop = {.epoch = c->options.epoch, .job = c->options.job}};
  send(c, worker, &stop);
}

static void end(struct coordinator *c, enum coordinator_phase phase) {
  c->phase = phase;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (c->workers[w].present) send_stop(c, w);
}

static bool is_over(const struct coordinator *c) { return c->phase >= COORDINATOR_DONE; }

void coordinator_fail(struct coordinator *c, enum err code, const char *sentence) {
  if (is_over(c)) return;
  failure_set(&c->failure, code, "%s", sentence);
  end(c, COORDINATOR_FAILED);
}

void coordinator_depose(struct coordinator *c) {
  if (!is_over(c)) c->phase = COORDINATOR_DEPOSED;
}

/* ---- stages ---- */

static uint32_t stage_task_count(const struct coordinator *c, enum stage stage) {
  if (!stage_is_run(c, stage)) return 0;
  switch (stage_tasks_of(stage)) {
    case STAGE_TASKS_FILE:
      return c->options.file_count;
    case STAGE_TASKS_SPLIT:
      return c->split_count;
    case STAGE_TASKS_PARTITION:
      return c->options.partition_count;
    case STAGE_TASKS_RANGE:
      return c->options.range_count;
    case STAGE_TASKS_SHARD:
      return c->options.shard_count;
    case STAGE_TASKS_ONE:
      return 1;
    case STAGE_TASKS_COORDINATOR:
      return 0;
  }
  return 0;
}

static void train(struct coordinator *c) {
  if (c->options.model)
    c->model = *c->options.model;
  else
    model_train(c->options.spec, &c->training, &c->model, &c->training_report);
  buffer_append(&c->link_input, &c->model, sizeof c->model);
  buffer_append_bytes(&c->link_input, c->options.facts);
}

static void begin_stage(struct coordinator *c, enum stage stage) {
  struct stage_state *s = &c->stages[stage];
  c->frontier = stage;
  *s = (struct stage_state){.count = stage_task_count(c, stage), .started_ms = c->now_ms};
  s->pending = s->count;
  s->tasks = memory_new_zeroed(s->count + 1, sizeof *s->tasks);
  for (uint32_t t = 0; t < s->count; t++) s->tasks[t].location = s->tasks[t].avoid = NOWHERE;
  if (stage == STAGE_TRAIN) train(c);
}

static bool journal_is_durable(const struct coordinator *c) {
  return c->durable_sequence == c->journal_sequence;
}

static uint64_t journal(struct coordinator *c, const struct journal_entry *entry) {
  if (!c->effects.journal) return 0;
  uint64_t sequence = ++c->journal_sequence;
  c->effects.journal(c->effects.context, sequence, entry);
  return sequence;
}

static bool everything_is_there(const struct coordinator *c) {
  enum stage last = STAGE_COUNT - 1;
  const struct stage_state *s = &c->stages[last];
  return stage_inputs_available(c, last) && (c->options.shared_memory || s->available == s->count);
}

static void publish(struct coordinator *c) {
  if (c->now_ms < c->publish_from_ms || !journal_is_durable(c) || !everything_is_there(c)) return;
  if (!c->effects.publish) {
    end(c, COORDINATOR_DONE);
    return;
  }
  c->phase = COORDINATOR_PUBLISHING;
  const struct stage_state *merge = &c->stages[STAGE_MERGE];
  uint16_t *shard_worker = memory_new((merge->count + 1) * sizeof *shard_worker);
  for (uint32_t t = 0; t < merge->count; t++) shard_worker[t] = merge->tasks[t].location;
  struct publication publication = {.shard_worker = shard_worker,
                                    .shard_count = merge->count,
                                    .result = buffer_bytes(&c->last_result)};
  c->effects.publish(c->effects.context, &publication);
  free(shard_worker);
}

/* Goes on to the next stage that has tasks; a stage without any is over at once. */
static void advance(struct coordinator *c) {
  while (c->phase == COORDINATOR_RUNNING) {
    struct stage_state *s = &c->stages[c->frontier];
    if (s->reported < s->count) break;
    if (!s->ms) s->ms = c->now_ms - s->started_ms;
    if (c->frontier + 1 == STAGE_COUNT) {
      publish(c);
      break;
    }
    begin_stage(c, c->frontier + 1);
  }
  scheduler_assign(c);
}

void coordinator_published(struct coordinator *c, enum err err, uint64_t now_ms) {
  c->now_ms = now_ms;
  if (c->phase != COORDINATOR_PUBLISHING) return;
  if (err == ERR_STALE) {
    coordinator_depose(c);
  } else if (err) {
    c->phase = COORDINATOR_RUNNING;
    c->publish_from_ms = now_ms + PUBLICATION_MS;
  } else {
    struct journal_entry entry = {.stage = STAGE_COUNT};
    journal(c, &entry);
    end(c, COORDINATOR_DONE);
  }
}

/* ---- results ---- */

static enum err take_layout(struct coordinator *c, struct bytes result, struct failure *failure) {
  struct layout_result layout;
  if (result.size != sizeof layout)
    return failure_set(failure, ERR_MALFORMED, "a layout result of %zu bytes, expected %zu",
                       result.size, sizeof layout);
  memcpy(&layout, result.data, sizeof layout);
  if (layout.split_count > SPLITS_MAX)
    return failure_set(failure, ERR_MALFORMED, "a layout of %u splits; the most is %d",
                       layout.split_count, SPLITS_MAX);
  c->split_count = layout.split_count;
  c->row_count = layout.row_count;
  return ERR_OK;
}

/* What the coordinator itself needs of a task's answer; once for each task. */
static enum err take_result(struct coordinator *c, enum stage stage, struct bytes result,
                            struct failure *failure) {
  if (stage == STAGE_LAYOUT) return take_layout(c, result, failure);
  if (stage == STAGE_TALLY || stage == STAGE_BLOCK || stage == STAGE_SAMPLE ||
      stage == STAGE_COMPARE) {
    struct training_counts part;
    if (training_counts_decode(result, &part))
      return failure_set(failure, ERR_MALFORMED, "the counts of a %s task are malformed",
                         stage_name(stage));
    training_counts_add(&c->training, &part);
    training_counts_release(&part);
  }
  if (stage == STAGE_COUNT - 1) {
    buffer_clear(&c->last_result);
    buffer_append_bytes(&c->last_result, result);
  }
  return ERR_OK;
}

static void note_report(struct coordinator *c, enum stage stage, uint32_t t, uint64_t units) {
  c->stages[stage].tasks[t].reported = true;
  c->stages[stage].reported++;
  c->stages[stage].units += units;
}

enum err coordinator_restore(struct coordinator *c, const struct journal_entry *entry,
                             struct failure *failure) {
  check(c->phase == COORDINATOR_WAITING || is_over(c));
  c->restored = true;
  if (entry->stage == STAGE_COUNT) {
    c->phase = COORDINATOR_DONE;
    return ERR_OK;
  }
  if (!c->stages[0].tasks) begin_stage(c, 0);
  while (c->frontier < entry->stage && entry->stage < STAGE_COUNT &&
         c->stages[c->frontier].reported == c->stages[c->frontier].count)
    begin_stage(c, c->frontier + 1);
  const struct stage_state *s = &c->stages[entry->stage < STAGE_COUNT ? entry->stage : 0];
  if (entry->stage >= STAGE_COUNT || entry->stage > c->frontier || entry->task >= s->count ||
      s->tasks[entry->task].reported)
    return failure_set(failure, ERR_MALFORMED,
                       "task %u of stage %u in the journal is not of this job", entry->task,
                       entry->stage);
  enum err err = take_result(c, entry->stage, entry->result, failure);
  if (err) return err;
  task_set_state(c, entry->stage, entry->task, TASK_COMPLETE);
  note_report(c, entry->stage, entry->task, entry->units);
  return ERR_OK;
}

/* ---- workers come and go ---- */

int coordinator_worker_join(struct coordinator *c, uint64_t now_ms) {
  c->now_ms = now_ms;
  int lost = -1;
  for (int w = 0; w < COORDINATOR_WORKERS_MAX; w++) {
    struct worker_seat *seat = &c->workers[w];
    if (!seat->present) {
      *seat = (struct worker_seat){.present = true, .complainer = NOWHERE};
      return w;
    }
    if (lost < 0 && !seat->greeted) lost = w;
  }
  if (lost >= 0) {
    free(c->workers[lost].endpoint);
    c->workers[lost] = (struct worker_seat){.present = true, .complainer = NOWHERE};
  }
  return lost;
}

/* Its attempts are over. by_loss: the worker may have ended of them. */
static void drop_attempts(struct coordinator *c, uint32_t worker, bool by_loss) {
  for (enum stage s = 0; c->workers[worker].holding && s <= c->frontier; s++)
    for (uint32_t t = 0; t < c->stages[s].count; t++) {
      struct task_attempt *attempt = task_attempt_of(c, s, t, worker);
      if (!attempt) continue;
      struct task *task = &c->stages[s].tasks[t];
      task->losses += by_loss && attempt->seen;
      task_drop_attempt(c, s, t, attempt);
      if (task->losses >= TASK_LOSSES_MAX) {
        struct failure f;
        failure_set(&f, ERR_PEER, "%s task %u was given to %d workers and each was lost with it",
                    stage_name(s), t, TASK_LOSSES_MAX);
        coordinator_fail(c, f.code, f.message);
      }
    }
}

void coordinator_worker_lost(struct coordinator *c, uint32_t worker, uint64_t now_ms) {
  check(worker < COORDINATOR_WORKERS_MAX);
  c->now_ms = now_ms;
  struct worker_seat *seat = &c->workers[worker];
  if (!seat->greeted) return;
  c->workers_lost++;
  drop_attempts(c, worker, true);
  lineage_forget_worker(c, worker);
  seat->greeted = seat->suspect = false;
  lineage_recount(c);
  if (is_over(c)) return;
  lineage_repeat_wanted(c);
  advance(c);
}

static void refuse(struct coordinator *c, uint32_t worker, enum err code, const char *sentence) {
  struct message message = {.kind = MESSAGE_REFUSED};
  message.refused = (struct message_refused){c->options.epoch, code, bytes_from_string(sentence)};
  send(c, worker, &message);
}

static bool ref_is_known(const struct coordinator *c, struct task_ref ref) {
  return ref.stage <= c->frontier && ref.task < c->stages[ref.stage].count;
}

static bool output_is_at(const struct coordinator *c, struct task_ref ref, uint32_t worker) {
  const struct task *task = &c->stages[ref.stage].tasks[ref.task];
  return task->state == TASK_COMPLETE && task->location == worker;
}

/* What the worker lists as running is no longer unseen; what nobody has is adopted. */
static void take_running(struct coordinator *c, uint32_t worker, struct bytes list) {
  struct worker_seat *seat = &c->workers[worker];
  for (enum stage s = 0; seat->holding && s <= c->frontier; s++)
    for (uint32_t t = 0; c->stages[s].running && t < c->stages[s].count; t++) {
      struct task_attempt *attempt = task_attempt_of(c, s, t, worker);
      if (attempt) attempt->seen = false;
    }
  seat->surplus = 0;
  for (uint32_t i = 0; i < task_list_count(list); i++) {
    struct task_ref ref = task_list_at(list, i);
    if (!ref_is_known(c, ref)) continue;
    scheduler_adopt(c, ref.stage, ref.task, ref.attempt, worker);
    struct task_attempt *attempt = task_attempt_of(c, ref.stage, ref.task, worker);
    if (attempt)
      attempt->seen = true;
    else if (!output_is_at(c, ref, worker))
      seat->surplus++; /* computed for nothing, but it takes a place */
  }
}

/* The worker holds what it lists, and nothing else. */
static void take_held(struct coordinator *c, uint32_t worker, struct bytes list) {
  lineage_forget_worker(c, worker);
  for (uint32_t i = 0; i < task_list_count(list); i++) {
    struct task_ref ref = task_list_at(list, i);
    if (ref_is_known(c, ref)) lineage_adopt_output(c, ref.stage, ref.task, worker);
  }
}

static uint32_t greeted_count(const struct coordinator *c) {
  uint32_t count = 0;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) count += c->workers[w].greeted;
  return count;
}

static void begin_run(struct coordinator *c) {
  if (c->phase != COORDINATOR_WAITING || greeted_count(c) < c->options.workers_min) return;
  c->phase = COORDINATOR_RUNNING;
  if (!c->stages[0].tasks) begin_stage(c, 0);
  if (c->restored) c->grace_until_ms = c->now_ms + RETURN_GRACE_MS;
}

static void welcome(struct coordinator *c, uint32_t worker) {
  const struct worker_seat *seat = &c->workers[worker];
  struct message welcome = {.kind = MESSAGE_WELCOME};
  welcome.welcome = (struct message_welcome){.epoch = c->options.epoch,
                                             .session = seat->session,
                                             .greeting = seat->greeting,
                                             .job = c->options.job,
                                             .worker = worker,
                                             .order = c->options.job_order};
  send(c, worker, &welcome);
}

/* A new session of a worker that is there, perhaps with what it had. */
static void seat_begin_session(struct coordinator *c, uint32_t worker,
                               const struct message_hello *hello) {
  struct worker_seat *seat = &c->workers[worker];
  free(seat->endpoint);
  seat->endpoint = memory_new(hello->endpoint.size + 1);
  if (hello->endpoint.size) memcpy(seat->endpoint, hello->endpoint.data, hello->endpoint.size);
  seat->endpoint[hello->endpoint.size] = '\0';
  seat->incarnation = hello->incarnation;
  seat->greeting = hello->greeting;
  seat->session = ++c->sessions;
  uint64_t places = (uint64_t)hello->compute_threads * (1 + TASKS_QUEUED_PER_THREAD);
  seat->places = places < WORKER_TASKS_MAX ? (uint32_t)places : WORKER_TASKS_MAX;
  seat->greeted = true;
  seat->suspect = false;
  seat->complainer = NOWHERE;
  seat->complaints = 0;
  seat->rest_until_ms = 0;
  lineage_recount(c);
  if (c->options.shared_memory) return;
  bool is_of_job = hello->job == c->options.job;
  take_held(c, worker, is_of_job ? hello->held : BYTES_EMPTY);
  take_running(c, worker, is_of_job ? hello->running : BYTES_EMPTY);
}

static void receive_hello(struct coordinator *c, uint32_t worker,
                          const struct message_hello *hello) {
  struct worker_seat *seat = &c->workers[worker];
  if (hello->protocol != PROTOCOL_VERSION) {
    struct failure f;
    failure_set(&f, ERR_MALFORMED, "the worker speaks protocol %u, this coordinator %d",
                hello->protocol, PROTOCOL_VERSION);
    refuse(c, worker, f.code, f.message);
    return;
  }
  if (c->now_ms < seat->banned_until_ms) return;
  bool is_same = hello->incarnation == seat->incarnation;
  if (hello->incarnation < seat->incarnation || (is_same && hello->greeting < seat->greeting))
    return; /* of a process that is gone, or late */
  seat->heard_ms = c->now_ms;
  if (seat->greeted && is_same && hello->greeting == seat->greeting) {
    welcome(c, worker); /* which was lost, or this one is doubled */
    return;
  }
  drop_attempts(c, worker, seat->greeted && !is_same);
  if (is_over(c)) return;
  seat_begin_session(c, worker, hello);
  begin_run(c);
  welcome(c, worker);
  lineage_repeat_wanted(c);
  advance(c);
}

/* ---- answers ---- */

static void send_ack(struct coordinator *c, const struct pending_ack *ack) {
  const struct worker_seat *seat = &c->workers[ack->worker];
  if (!seat->greeted || seat->session != ack->session) return;
  struct message taken = {.kind = MESSAGE_TASK_TAKEN};
  taken.task_taken = (struct message_task_taken){.epoch = c->options.epoch,
                                                 .session = ack->session,
                                                 .stage = ack->stage,
                                                 .task = ack->task,
                                                 .attempt = ack->attempt};
  send(c, ack->worker, &taken);
}

/* At once, or when the journal has the entry. */
static void acknowledge(struct coordinator *c, uint64_t sequence, uint32_t worker, uint32_t stage,
                        uint32_t task, uint32_t attempt) {
  struct pending_ack ack = {.sequence = sequence,
                            .session = c->workers[worker].session,
                            .worker = worker,
                            .stage = stage,
                            .task = task,
                            .attempt = attempt};
  if (sequence <= c->durable_sequence) {
    send_ack(c, &ack);
    return;
  }
  c->acks = memory_resize(c->acks, (c->ack_count + 1) * sizeof *c->acks);
  c->acks[c->ack_count++] = ack;
}

void coordinator_journaled(struct coordinator *c, uint64_t sequence, uint64_t now_ms) {
  check(sequence <= c->journal_sequence);
  c->now_ms = now_ms;
  if (sequence > c->durable_sequence) c->durable_sequence = sequence;
  if (c->phase == COORDINATOR_DEPOSED) return;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < c->ack_count; i++) {
    if (c->acks[i].sequence <= c->durable_sequence)
      send_ack(c, &c->acks[i]);
    else
      c->acks[kept++] = c->acks[i];
  }
  c->ack_count = kept;
  if (c->phase == COORDINATOR_RUNNING) advance(c);
}

static void note_duration(struct coordinator *c, enum stage stage, const struct task *task) {
  if (task->attempts != 1 || task->running_count != 1) return;
  uint64_t ms = c->now_ms - task->running[0].begun_ms;
  unsigned bucket = ms ? 64 - (unsigned)__builtin_clzll(ms) : 0;
  c->stages[stage].durations[bucket < DURATION_BUCKETS ? bucket : DURATION_BUCKETS - 1]++;
}

/* The output lies with the worker from now on, unless others have it already. */
static void complete(struct coordinator *c, enum stage stage, uint32_t t, uint32_t worker) {
  struct task *task = &c->stages[stage].tasks[t];
  note_duration(c, stage, task);
  while (task->running_count) task_drop_attempt(c, stage, t, &task->running[0]);
  task->avoid = NOWHERE;
  task_set_state(c, stage, t, TASK_COMPLETE);
  task_set_location(c, stage, t, (uint16_t)worker);
}

static void receive_done(struct coordinator *c, uint32_t worker,
                         const struct message_task_done *done) {
  struct task_ref ref = {done->stage, done->task, done->attempt};
  if (!ref_is_known(c, ref)) return; /* an earlier coordinator was further: it comes again */
  struct task *task = &c->stages[ref.stage].tasks[ref.task];
  if (task->state != TASK_COMPLETE) {
    uint16_t place;
    bool fits = task_anchor_available(c, ref.stage, ref.task, &place) &&
                (place == NOWHERE || place == worker);
    if (!fits) { /* it was added to something that is gone */
      struct task_attempt *attempt = task_attempt_of(c, ref.stage, ref.task, worker);
      if (attempt) task_drop_attempt(c, ref.stage, ref.task, attempt);
      acknowledge(c, 0, worker, ref.stage, ref.task, ref.attempt);
      advance(c);
      return;
    }
    if (!task->reported) {
      struct failure failure = {0};
      if (take_result(c, ref.stage, done->result, &failure)) {
        coordinator_fail(c, failure.code, failure.message);
        return;
      }
      note_report(c, ref.stage, ref.task, done->units);
      struct journal_entry entry = {ref.stage, ref.task, done->units, done->result};
      task->sequence = journal(c, &entry);
    }
    complete(c, ref.stage, ref.task, worker);
  }
  acknowledge(c, task->sequence, worker, ref.stage, ref.task, ref.attempt);
  advance(c);
}

/* A worker could not fetch from another. One that two could not reach is as good as lost; so is one
 * that reaches nobody. */
static void take_complaint(struct coordinator *c, uint32_t worker,
                           const struct message_task_failed *failed) {
  struct task_ref lost = {failed->lost_stage, failed->lost_task, 0};
  uint32_t other = failed->lost_worker;
  if (other >= COORDINATOR_WORKERS_MAX) return;
  if (ref_is_known(c, lost)) {
    if (c->stages[lost.stage].tasks[lost.task].location == other)
      lineage_forget_output(c, lost.stage, lost.task);
    lineage_repeat_wanted(c);
    return;
  }
  struct worker_seat *seat = &c->workers[other];
  if (!seat->greeted || other == worker) return;
  uint32_t culprit = UINT32_MAX;
  if (seat->complainer != NOWHERE && seat->complainer != worker) culprit = other;
  seat->complainer = (uint16_t)worker;
  if (++c->workers[worker].complaints >= LOST_COMPLAINTS_MAX) culprit = worker;
  if (culprit == UINT32_MAX) return;
  c->workers[culprit].banned_until_ms = c->now_ms + WORKER_BAN_MS;
  coordinator_worker_lost(c, culprit, c->now_ms);
}

static enum err failed_code(const struct message_task_failed *failed) {
  return failed->code > ERR_OK && failed->code <= ERR_LOST ? failed->code : ERR_MALFORMED;
}

/* May the task be tried again after this? Notes what that means for the worker. */
static bool may_try_again(struct coordinator *c, struct task *task, uint32_t worker,
                          enum err code) {
  if (code == ERR_LOST || code == ERR_STALE) return true;
  bool is_fatal = err_class_of(code) == ERR_CLASS_FATAL;
  if (err_class_of(code) == ERR_CLASS_REJECT || (is_fatal && c->options.shared_memory))
    return false;
  if (is_fatal) c->workers[worker].rest_until_ms = c->now_ms + WORKER_REST_MS;
  if (code == ERR_DISK_FULL || code == ERR_IO) return true; /* waits for room or another worker */
  return ++task->failures < TASK_FAILURES_MAX;
}

static void receive_failed(struct coordinator *c, uint32_t worker,
                           const struct message_task_failed *failed) {
  struct task_ref ref = {failed->stage, failed->task, failed->attempt};
  acknowledge(c, 0, worker, ref.stage, ref.task, ref.attempt);
  if (!ref_is_known(c, ref)) return;
  struct task_attempt *attempt = task_attempt_of(c, ref.stage, ref.task, worker);
  if (!attempt || attempt->number != ref.attempt) return;
  struct task *task = &c->stages[ref.stage].tasks[ref.task];
  enum err code = failed_code(failed);
  task_drop_attempt(c, ref.stage, ref.task, attempt);
  task->avoid = (uint16_t)worker;
  task->not_before_ms = c->now_ms + TASK_RETRY_MS;
  if (!may_try_again(c, task, worker, code)) {
    struct failure f;
    failure_set(&f, code, "%.*s", (int)failed->text.size, failed->text.data);
    coordinator_fail(c, code, f.message);
    return;
  }
  if (code == ERR_LOST) take_complaint(c, worker, failed);
  if (!is_over(c)) advance(c);
}

/* ---- messages ---- */

static void send_greet(struct coordinator *c, uint32_t worker, uint64_t session) {
  struct message greet = {.kind = MESSAGE_GREET,
                          .greet = {.epoch = c->options.epoch, .session = session}};
  send(c, worker, &greet);
}

/* Epoch and session of what a greeted worker sends; false for kinds that are not a worker's. */
static bool header_of(const struct message *message, uint64_t *epoch, uint64_t *session) {
  switch (message->kind) {
    case MESSAGE_TASK_DONE:
      *epoch = message->task_done.epoch;
      *session = message->task_done.session;
      return true;
    case MESSAGE_TASK_FAILED:
      *epoch = message->task_failed.epoch;
      *session = message->task_failed.session;
      return true;
    case MESSAGE_HEARTBEAT:
      *epoch = message->heartbeat.epoch;
      *session = message->heartbeat.session;
      return true;
    case MESSAGE_LEAVE:
      *epoch = message->leave.epoch;
      *session = message->leave.session;
      return true;
    case MESSAGE_HELLO:
      *epoch = message->hello.epoch;
      *session = 0;
      return true;
    case MESSAGE_WELCOME:
    case MESSAGE_TASK:
    case MESSAGE_STOP:
    case MESSAGE_REFUSED:
    case MESSAGE_TASK_TAKEN:
    case MESSAGE_GREET:
    case MESSAGE_KIND_COUNT:
      return false;
  }
  return false;
}

static void note_heard(struct coordinator *c, uint32_t worker) {
  struct worker_seat *seat = &c->workers[worker];
  seat->heard_ms = c->now_ms;
  if (!seat->suspect) return;
  seat->suspect = false;
  lineage_recount(c);
}

static void receive_in_session(struct coordinator *c, uint32_t worker,
                               const struct message *message) {
  note_heard(c, worker);
  switch (message->kind) {
    case MESSAGE_TASK_DONE:
      receive_done(c, worker, &message->task_done);
      return;
    case MESSAGE_TASK_FAILED:
      receive_failed(c, worker, &message->task_failed);
      return;
    default: /* a heartbeat */
      take_running(c, worker, message->heartbeat.running);
      advance(c);
      return;
  }
}

void coordinator_receive(struct coordinator *c, uint32_t worker, const struct message *message,
                         uint64_t now_ms) {
  check(worker < COORDINATOR_WORKERS_MAX);
  struct worker_seat *seat = &c->workers[worker];
  uint64_t epoch, session;
  c->now_ms = now_ms;
  if (!seat->present || c->phase == COORDINATOR_DEPOSED) return;
  if (!header_of(message, &epoch, &session)) {
    refuse(c, worker, ERR_MALFORMED, "a worker does not send this kind of message");
    return;
  }
  if (epoch > c->options.epoch) {
    coordinator_depose(c);
    return;
  }
  if (message->kind == MESSAGE_LEAVE) {
    if (seat->greeted && session == seat->session) coordinator_worker_lost(c, worker, now_ms);
  } else if (is_over(c)) {
    send_stop(c, worker);
  } else if (message->kind == MESSAGE_HELLO) {
    receive_hello(c, worker, &message->hello);
  } else if (epoch < c->options.epoch || !seat->greeted || session != seat->session) {
    send_greet(c, worker, session);
  } else {
    receive_in_session(c, worker, message);
  }
}

/* ---- time ---- */

/* When the coordinator itself stood still, nobody else can be blamed for the silence. */
static void forgive_own_pause(struct coordinator *c) {
  uint64_t gap_ms = c->ticked_ms ? c->now_ms - c->ticked_ms : 0;
  c->ticked_ms = c->now_ms;
  if (gap_ms < OWN_PAUSE_MS) return;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) {
    struct worker_seat *seat = &c->workers[w];
    seat->heard_ms = seat->heard_ms + gap_ms < c->now_ms ? seat->heard_ms + gap_ms : c->now_ms;
  }
}

/* Who is there answers; who is gone is found out by the transport, which may know (it calls
 * coordinator_worker_lost). */
static void probe(struct coordinator *c, uint32_t worker) {
  struct worker_seat *seat = &c->workers[worker];
  if (c->now_ms < seat->probed_ms + WORKER_PROBE_MS) return;
  seat->probed_ms = c->now_ms;
  send_greet(c, worker, seat->session);
}

static void watch_silence(struct coordinator *c) {
  bool changed = false;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) {
    struct worker_seat *seat = &c->workers[w];
    if (!seat->greeted) continue;
    uint64_t silent_ms = c->now_ms - seat->heard_ms;
    if (silent_ms > WORKER_PROBE_MS) probe(c, w);
    if (silent_ms > WORKER_LOST_MS) {
      coordinator_worker_lost(c, w, c->now_ms);
    } else if (silent_ms > WORKER_SUSPECT_MS && !seat->suspect) {
      seat->suspect = changed = true;
      drop_attempts(c, w, false);
    }
  }
  if (changed) lineage_recount(c);
}

void coordinator_tick(struct coordinator *c, uint64_t now_ms) {
  c->now_ms = now_ms;
  forgive_own_pause(c);
  if (is_over(c) || c->phase == COORDINATOR_WAITING) return;
  if (!c->options.shared_memory) watch_silence(c);
  if (is_over(c)) return;
  if (c->grace_until_ms && now_ms >= c->grace_until_ms) {
    c->grace_until_ms = 0;
    lineage_repeat_wanted(c);
  }
  scheduler_tick(c);
  advance(c);
}

/* ---- what is to be seen ---- */

void coordinator_progress(const struct coordinator *c, struct coordinator_progress *out) {
  const struct stage_state *s = &c->stages[c->frontier];
  *out = (struct coordinator_progress){.phase = c->phase,
                                       .stage = c->frontier,
                                       .tasks_done = s->reported,
                                       .tasks_total = s->count,
                                       .units_done = s->units,
                                       .rows = c->row_count,
                                       .stage_started_ms = s->started_ms,
                                       .workers_lost = c->workers_lost,
                                       .tasks_repeated = c->tasks_repeated,
                                       .second_attempts = c->second_attempts,
                                       .coordinator = c};
  out->workers = greeted_count(c);
}

bool coordinator_worker_status(const struct coordinator *c, uint32_t worker,
                               struct coordinator_worker *out) {
  check(worker < COORDINATOR_WORKERS_MAX);
  const struct worker_seat *seat = &c->workers[worker];
  if (!seat->session) return false; /* it never was welcomed */
  *out = (struct coordinator_worker){.is_greeted = seat->greeted,
                                     .is_suspect = seat->suspect,
                                     .is_resting = c->now_ms < seat->rest_until_ms,
                                     .tasks = seat->holding,
                                     .places = seat->places,
                                     .silent_ms = c->now_ms - seat->heard_ms,
                                     .endpoint = seat->endpoint ? seat->endpoint : ""};
  for (enum stage s = 0; s <= c->frontier; s++)
    for (uint32_t t = 0; t < c->stages[s].count; t++) {
      const struct task *task = &c->stages[s].tasks[t];
      out->outputs += task->state == TASK_COMPLETE && task->location == worker;
    }
  return true;
}

const struct failure *coordinator_failure(const struct coordinator *c) { return &c->failure; }
const struct model *coordinator_model(const struct coordinator *c) { return &c->model; }
const struct training_report *coordinator_training(const struct coordinator *c) {
  return &c->training_report;
}

uint64_t coordinator_stage_ms(const struct coordinator *c, enum stage stage) {
  check(stage < STAGE_COUNT);
  return c->stages[stage].ms;
}

uint64_t coordinator_stage_units(const struct coordinator *c, enum stage stage) {
  check(stage < STAGE_COUNT);
  return c->stages[stage].units;
}
