#include "worker/worker.h"

#include "common/check.h"

static void send(struct worker *w, const struct message *message, uint64_t now_ms) {
  w->sent_ms = now_ms;
  w->send(w->context, message);
}

void worker_begin(struct worker *w, uint64_t now_ms) {
  check(w->phase == WORKER_NEW);
  w->phase = WORKER_GREETING;
  struct message hello = {.kind = MESSAGE_HELLO,
                          .hello = {.protocol = PROTOCOL_VERSION,
                                    .incarnation = w->incarnation,
                                    .compute_threads = w->compute_threads,
                                    .endpoint = w->endpoint}};
  send(w, &hello, now_ms);
}

void worker_receive(struct worker *w, const struct message *message, uint64_t now_ms) {
  (void)now_ms;
  if (w->phase == WORKER_STOPPED) return;
  switch (message->kind) {
    case MESSAGE_WELCOME:
      if (w->phase != WORKER_GREETING) return;
      w->phase = WORKER_WORKING;
      w->number = message->welcome.worker;
      w->epoch = message->welcome.epoch;
      if (message->welcome.order.size &&
          w->begin_job(w->context, message->welcome.order, &w->failure))
        w->phase = WORKER_STOPPED;
      return;
    case MESSAGE_TASK: {
      const struct message_task *t = &message->task;
      if (w->phase != WORKER_WORKING || t->epoch != w->epoch) return;
      struct worker_task task = {t->epoch, t->stage, t->task, t->attempt};
      w->compute(w->context, &task, t->input, t->places);
      return;
    }
    case MESSAGE_STOP:
      if (message->stop.epoch == w->epoch) w->phase = WORKER_STOPPED;
      return;
    case MESSAGE_REFUSED:
      failure_set(&w->failure, ERR_PEER, "the coordinator refused this worker: %.*s",
                  (int)message->refused.text.size, message->refused.text.data);
      w->phase = WORKER_STOPPED;
      return;
    case MESSAGE_HELLO:
    case MESSAGE_TASK_DONE:
    case MESSAGE_TASK_FAILED:
    case MESSAGE_HEARTBEAT:
    case MESSAGE_KIND_COUNT:
      return; /* a coordinator does not send these: no effect */
  }
}

void worker_computed(struct worker *w, const struct worker_task *task, uint64_t units,
                     struct bytes result, const struct failure *failure,
                     const struct worker_loss *loss, uint64_t now_ms) {
  if (w->phase != WORKER_WORKING || task->epoch != w->epoch) return;
  struct message message;
  if (failure) {
    if (failure->code != ERR_LOST) loss = &worker_lost_nothing;
    message = (struct message){.kind = MESSAGE_TASK_FAILED};
    message.task_failed = (struct message_task_failed){.epoch = task->epoch,
                                                       .stage = task->stage,
                                                       .task = task->task,
                                                       .attempt = task->attempt,
                                                       .code = failure->code,
                                                       .text = bytes_from_string(failure->message),
                                                       .lost_worker = loss->worker,
                                                       .lost_stage = loss->stage,
                                                       .lost_task = loss->task};
  } else {
    message = (struct message){.kind = MESSAGE_TASK_DONE};
    message.task_done = (struct message_task_done){.epoch = task->epoch,
                                                   .stage = task->stage,
                                                   .task = task->task,
                                                   .attempt = task->attempt,
                                                   .units = units,
                                                   .result = result};
  }
  send(w, &message, now_ms);
}

void worker_tick(struct worker *w, uint64_t now_ms) {
  if (w->phase != WORKER_WORKING || now_ms < w->sent_ms + HEARTBEAT_MS) return;
  struct message message = {.kind = MESSAGE_HEARTBEAT, .heartbeat = {.epoch = w->epoch}};
  send(w, &message, now_ms);
}
