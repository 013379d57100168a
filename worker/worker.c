#include "worker/worker.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

/* ---- what it has ---- */

static struct worker_entry *entry_of(struct worker *w, uint64_t job, uint32_t stage,
                                     uint32_t task) {
  for (uint32_t i = 0; i < w->entry_count; i++) {
    const struct worker_task *t = &w->entries[i].task;
    if (t->job == job && t->stage == stage && t->task == task) return &w->entries[i];
  }
  return NULL;
}

static void entry_remove(struct worker *w, struct worker_entry *entry) {
  buffer_release(&entry->text);
  *entry = w->entries[--w->entry_count];
}

static void list_running(const struct worker *w, struct buffer *out) {
  for (uint32_t i = 0; i < w->entry_count; i++) {
    const struct worker_task *t = &w->entries[i].task;
    if (t->job == w->job) task_list_append(out, (struct task_ref){t->stage, t->task, t->attempt});
  }
}

/* Index in held; UINT32_MAX. */
static uint32_t held_index(const struct worker *w, uint32_t stage, uint32_t task) {
  struct bytes held = buffer_bytes(&w->held);
  for (uint32_t i = 0; i < task_list_count(held); i++) {
    struct task_ref ref = task_list_at(held, i);
    if (ref.stage == stage && ref.task == task) return i;
  }
  return UINT32_MAX;
}

bool worker_holds(const struct worker *w, uint32_t stage, uint32_t task) {
  return held_index(w, stage, task) != UINT32_MAX;
}

static void hold(struct worker *w, uint32_t stage, uint32_t task) {
  if (!worker_holds(w, stage, task)) task_list_append(&w->held, (struct task_ref){stage, task, 0});
}

void worker_restore(struct worker *w, uint64_t job, uint32_t stage, uint32_t task) {
  check(w->phase == WORKER_NEW && (w->job == 0 || w->job == job));
  w->job = job;
  hold(w, stage, task);
}

void worker_output_lost(struct worker *w, uint32_t stage, uint32_t task) {
  uint32_t index = held_index(w, stage, task);
  if (index == UINT32_MAX) return;
  char *at = w->held.data + (size_t)index * TASK_REF_BYTES;
  w->held.size -= TASK_REF_BYTES;
  memmove(at, at + TASK_REF_BYTES, w->held.size - (size_t)index * TASK_REF_BYTES);
}

/* ---- greeting ---- */

static void send_hello(struct worker *w, uint64_t now_ms) {
  struct buffer running = {0};
  list_running(w, &running);
  w->greeted_ms = now_ms;
  struct message hello = {.kind = MESSAGE_HELLO};
  hello.hello = (struct message_hello){.protocol = PROTOCOL_VERSION,
                                       .incarnation = w->incarnation,
                                       .greeting = w->greeting,
                                       .epoch = w->epoch,
                                       .job = w->job,
                                       .compute_threads = w->compute_threads,
                                       .endpoint = w->endpoint,
                                       .held = buffer_bytes(&w->held),
                                       .running = buffer_bytes(&running)};
  w->send(w->context, &hello);
  buffer_release(&running);
}

static void send_heartbeat(struct worker *w, uint64_t now_ms) {
  struct buffer running = {0};
  list_running(w, &running);
  w->heartbeat_ms = now_ms;
  struct message message = {.kind = MESSAGE_HEARTBEAT};
  message.heartbeat = (struct message_heartbeat){w->epoch, w->session, buffer_bytes(&running)};
  w->send(w->context, &message);
  buffer_release(&running);
}

void worker_greet(struct worker *w, uint64_t now_ms) {
  if (w->phase == WORKER_STOPPED) return;
  w->phase = WORKER_GREETING;
  w->greeting++;
  send_hello(w, now_ms);
}

void worker_begin(struct worker *w, uint64_t now_ms) {
  check(w->phase == WORKER_NEW || w->phase == WORKER_STOPPED);
  w->phase = WORKER_NEW;
  /* No greeting of one process has the number of another's: a late WELCOME is for its own. */
  if (!w->greeting) w->greeting = w->incarnation << 32;
  worker_greet(w, now_ms);
}

/* A higher epoch is obeyed only once the store refuses the lower ones. */
static bool raise_epoch(struct worker *w, uint64_t epoch) {
  if (epoch == w->epoch) return true;
  if (w->fence && w->fence(w->context, epoch)) return false;
  w->epoch = epoch;
  return true;
}

static void send_answer(struct worker *w, struct worker_entry *entry, uint64_t now_ms);

static void receive_welcome(struct worker *w, const struct message_welcome *welcome,
                            uint64_t now_ms) {
  if (w->phase != WORKER_GREETING || welcome->greeting != w->greeting) return;
  if (!raise_epoch(w, welcome->epoch)) return;
  w->phase = WORKER_WORKING;
  w->number = welcome->worker;
  w->session = welcome->session;
  w->heartbeat_ms = now_ms;
  if (welcome->job != w->job) {
    w->job = welcome->job;
    buffer_clear(&w->held);
    for (uint32_t i = w->entry_count; i-- > 0;)
      if (w->entries[i].answered) entry_remove(w, &w->entries[i]);
    if (w->begin_job && w->begin_job(w->context, w->job, welcome->order, &w->failure)) {
      w->phase = WORKER_STOPPED;
      return;
    }
  }
  for (uint32_t i = 0; i < w->entry_count; i++)
    if (w->entries[i].answered) send_answer(w, &w->entries[i], now_ms);
}

/* ---- tasks ---- */

static void send_answer(struct worker *w, struct worker_entry *entry, uint64_t now_ms) {
  struct message *m = &entry->message;
  if (m->kind == MESSAGE_TASK_DONE) {
    m->task_done.epoch = w->epoch;
    m->task_done.session = w->session;
    m->task_done.attempt = entry->task.attempt;
  } else {
    m->task_failed.epoch = w->epoch;
    m->task_failed.session = w->session;
  }
  entry->send_ms = now_ms + entry->resend_ms;
  w->send(w->context, m);
}

static void receive_task(struct worker *w, const struct message_task *t, uint64_t now_ms) {
  if (w->phase != WORKER_WORKING || t->session != w->session) return;
  struct worker_entry *entry = entry_of(w, w->job, t->stage, t->task);
  if (entry && t->attempt < entry->task.attempt) return;
  if (entry && entry->answered && entry->message.kind == MESSAGE_TASK_FAILED &&
      t->attempt > entry->task.attempt) {
    entry_remove(w, entry); /* the failure was heard: this is another try */
    entry = NULL;
  }
  if (entry) {
    entry->task.attempt = t->attempt;
    if (entry->answered) send_answer(w, entry, now_ms);
    return;
  }
  if (w->entry_count == WORKER_TASKS_MAX) return; /* it comes again */
  if (!w->entries) w->entries = memory_new_zeroed(WORKER_TASKS_MAX, sizeof *w->entries);
  struct worker_task task = {w->job, t->stage, t->task, t->attempt};
  w->entries[w->entry_count++] = (struct worker_entry){.task = task};
  w->compute(w->context, &task, t->input, t->places);
}

static void receive_taken(struct worker *w, const struct message_task_taken *taken) {
  if (taken->session != w->session) return;
  struct worker_entry *entry = entry_of(w, w->job, taken->stage, taken->task);
  if (entry && entry->answered && entry->task.attempt <= taken->attempt) entry_remove(w, entry);
}

/* The epoch of what a coordinator sends; false for kinds that are not a coordinator's. */
static bool epoch_of(const struct message *message, uint64_t *epoch) {
  switch (message->kind) {
    case MESSAGE_WELCOME:
      *epoch = message->welcome.epoch;
      return true;
    case MESSAGE_TASK:
      *epoch = message->task.epoch;
      return true;
    case MESSAGE_TASK_TAKEN:
      *epoch = message->task_taken.epoch;
      return true;
    case MESSAGE_GREET:
      *epoch = message->greet.epoch;
      return true;
    case MESSAGE_STOP:
      *epoch = message->stop.epoch;
      return true;
    case MESSAGE_REFUSED:
      *epoch = message->refused.epoch;
      return true;
    case MESSAGE_HELLO:
    case MESSAGE_TASK_DONE:
    case MESSAGE_TASK_FAILED:
    case MESSAGE_HEARTBEAT:
    case MESSAGE_LEAVE:
    case MESSAGE_KIND_COUNT:
      return false;
  }
  return false;
}

static void leave(struct worker *w) {
  struct message message = {.kind = MESSAGE_LEAVE,
                            .leave = {.epoch = w->epoch, .session = w->session}};
  w->send(w->context, &message);
  w->phase = WORKER_STOPPED;
}

static void receive_refused(struct worker *w, const struct message_refused *refused) {
  failure_set(&w->failure, ERR_PEER, "the coordinator refused this worker: %.*s",
              (int)refused->text.size, refused->text.data);
  w->phase = WORKER_STOPPED;
}

void worker_receive(struct worker *w, const struct message *message, uint64_t now_ms) {
  uint64_t epoch;
  if (w->phase == WORKER_STOPPED || w->phase == WORKER_NEW || !epoch_of(message, &epoch)) return;
  if (epoch < w->epoch) {
    send_heartbeat(w, now_ms);
    return;
  }
  bool is_ours = epoch == w->epoch;
  switch (message->kind) {
    case MESSAGE_WELCOME:
      receive_welcome(w, &message->welcome, now_ms);
      return;
    case MESSAGE_TASK:
      if (is_ours) receive_task(w, &message->task, now_ms);
      return;
    case MESSAGE_TASK_TAKEN:
      if (is_ours) receive_taken(w, &message->task_taken);
      return;
    case MESSAGE_GREET:
      /* A late one, about a session that is over, would only begin another. */
      if (w->phase == WORKER_WORKING && (!is_ours || message->greet.session == w->session))
        worker_greet(w, now_ms);
      return;
    case MESSAGE_STOP:
      if (w->job && message->stop.job == w->job && raise_epoch(w, epoch)) leave(w);
      return;
    case MESSAGE_REFUSED:
      receive_refused(w, &message->refused);
      return;
    default:
      return;
  }
}

void worker_computed(struct worker *w, const struct worker_task *task, uint64_t units,
                     struct bytes result, const struct failure *failure,
                     const struct worker_loss *loss, uint64_t now_ms) {
  struct worker_entry *entry = entry_of(w, task->job, task->stage, task->task);
  if (!entry) return;
  if (task->job != w->job || w->phase == WORKER_STOPPED) {
    entry_remove(w, entry);
    return;
  }
  const struct worker_task *t = &entry->task;
  entry->answered = true;
  entry->resend_ms = ANSWER_RESEND_MS;
  if (failure) {
    if (failure->code != ERR_LOST) loss = &worker_lost_nothing;
    buffer_append_string(&entry->text, failure->message);
    entry->message = (struct message){.kind = MESSAGE_TASK_FAILED};
    entry->message.task_failed = (struct message_task_failed){.stage = t->stage,
                                                              .task = t->task,
                                                              .attempt = t->attempt,
                                                              .code = failure->code,
                                                              .text = buffer_bytes(&entry->text),
                                                              .lost_worker = loss->worker,
                                                              .lost_stage = loss->stage,
                                                              .lost_task = loss->task};
  } else {
    hold(w, t->stage, t->task);
    buffer_append_bytes(&entry->text, result);
    entry->message = (struct message){.kind = MESSAGE_TASK_DONE};
    entry->message.task_done = (struct message_task_done){
        .stage = t->stage, .task = t->task, .units = units, .result = buffer_bytes(&entry->text)};
  }
  if (w->phase == WORKER_WORKING) send_answer(w, entry, now_ms);
}

/* ---- time ---- */

void worker_tick(struct worker *w, uint64_t now_ms) {
  if (w->phase == WORKER_GREETING && now_ms >= w->greeted_ms + GREETING_RESEND_MS)
    send_hello(w, now_ms);
  if (w->phase != WORKER_WORKING) return;
  for (uint32_t i = 0; i < w->entry_count; i++) {
    struct worker_entry *entry = &w->entries[i];
    if (!entry->answered || now_ms < entry->send_ms) continue;
    if (entry->resend_ms < ANSWER_RESEND_MS_MAX) entry->resend_ms *= 2;
    send_answer(w, entry, now_ms);
  }
  if (now_ms >= w->heartbeat_ms + HEARTBEAT_MS) send_heartbeat(w, now_ms);
}

void worker_release(struct worker *w) {
  for (uint32_t i = 0; i < w->entry_count; i++) buffer_release(&w->entries[i].text);
  free(w->entries);
  buffer_release(&w->held);
}
