/* Who may talk to a coordinator: real sockets, real keys. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>
#include <cmocka.h>

#include "common/clock.h"
#include "proto/auth.h"
#include "proto/key_file.h"
#include "proto/link.h"

enum { DEADLINE_MS = 20000 };

struct fixture {
  char folder[64], worker_path[PATH_MAX], endpoint[256];
  struct key_file coordinator, worker;
  void *zmq_context, *server;
  struct auth *auth;
};

static void begin(struct fixture *f) {
  struct failure failure = {0};
  *f = (struct fixture){.folder = "/tmp/guiyi-auth-XXXXXX"};
  assert_non_null(mkdtemp(f->folder));
  assert_int_equal(key_folder_init(f->folder, &failure), ERR_OK);
  assert_int_equal(key_folder_add_worker(f->folder, "w1", f->worker_path, &failure), ERR_OK);
  assert_int_equal(key_folder_read_coordinator(f->folder, &f->coordinator, &failure), ERR_OK);
  assert_int_equal(key_file_read(f->worker_path, &f->worker, &failure), ERR_OK);
  f->zmq_context = zmq_ctx_new();
  struct link_security security = {f->coordinator.public_key, f->coordinator.secret_key, NULL};
  assert_int_equal(auth_open(&f->auth, f->zmq_context, f->folder, &failure), ERR_OK);
  assert_int_equal(link_open(f->zmq_context, ZMQ_ROUTER, "tcp://127.0.0.1:*", 0, &security,
                             &f->server, &failure),
                   ERR_OK);
  assert_int_equal(auth_watch(f->auth, f->server, &failure), ERR_OK);
  auth_start(f->auth);
  assert_int_equal(link_endpoint(f->server, f->endpoint, sizeof f->endpoint, &failure), ERR_OK);
}

static void remove_file(const char *folder, const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)remove(path);
}

static void end(struct fixture *f) {
  link_close(&f->server);
  auth_close(&f->auth);
  zmq_ctx_term(f->zmq_context);
  (void)remove(f->worker_path);
  remove_file(f->folder, "workers");
  remove_file(f->folder, "members");
  remove_file(f->folder, "coordinator.key");
  assert_int_equal(rmdir(f->folder), 0);
}

static void *connect_with(struct fixture *f, const struct link_security *security) {
  void *socket = NULL;
  struct failure failure = {0};
  assert_int_equal(
      link_open(f->zmq_context, ZMQ_DEALER, f->endpoint, 7, security, &socket, &failure), ERR_OK);
  int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  return socket;
}

/* The next message; false when none came before `until` refusals were counted (or the deadline). */
static bool receive(struct fixture *f, struct link_peer *peer, struct message *message,
                    struct buffer *wire, enum err *err, uint64_t until) {
  uint64_t deadline_ms = clock_monotonic_ms() + DEADLINE_MS;
  while (clock_monotonic_ms() < deadline_ms) {
    bool got;
    struct failure failure = {0};
    *err = link_receive(f->server, peer, wire, message, &got, &failure);
    if (got) return true;
    if (auth_refused(f->auth) >= until) return false;
    zmq_pollitem_t item = {f->server, 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, 20);
  }
  fail_msg("neither a message nor a refusal in time");
  return false;
}

static struct message a_heartbeat(void) {
  struct message m = {.kind = MESSAGE_HEARTBEAT};
  m.heartbeat.epoch = 3;
  return m;
}

/* Sending does not wait. */
static void wait_for_connection(void *socket) {
  zmq_pollitem_t item = {socket, 0, ZMQ_POLLOUT, 0};
  assert_int_equal(zmq_poll(&item, 1, 20000), 1);
}

static void a_member_is_let_in_and_known_by_its_key(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct link_security security = {f.worker.public_key, f.worker.secret_key, f.worker.coordinator};
  void *socket = connect_with(&f, &security);
  struct message sent = a_heartbeat(), got;
  struct link_peer peer;
  struct buffer wire = {0};
  enum err err;
  struct failure failure = {0};
  wait_for_connection(socket);
  assert_int_equal(link_send(socket, NULL, &sent, &failure), ERR_OK);
  assert_true(receive(&f, &peer, &got, &wire, &err, UINT64_MAX));
  assert_int_equal(got.kind, MESSAGE_HEARTBEAT);
  assert_string_equal(peer.user, f.worker.public_key);
  assert_int_equal(auth_refused(f.auth), 0);
  link_close(&socket);
  buffer_release(&wire);
  end(&f);
}

/* A key that nobody entered, no CURVE at all, and a worker that expects another coordinator. */
static void strangers_are_refused_and_counted(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    struct fixture f;
    begin(&f);
    char public_key[KEY_TEXT_BYTES], secret_key[KEY_TEXT_BYTES];
    assert_int_equal(zmq_curve_keypair(public_key, secret_key), 0);
    struct link_security unknown = {public_key, secret_key, f.worker.coordinator};
    struct link_security elsewhere = {f.worker.public_key, f.worker.secret_key, public_key};
    const struct link_security *security[] = {&unknown, NULL, &elsewhere};
    void *socket = connect_with(&f, security[kind]);
    struct message sent = a_heartbeat(), got;
    struct buffer wire = {0};
    message_encode(&sent, &wire);
    (void)zmq_send(socket, wire.data, wire.size, ZMQ_DONTWAIT);
    struct link_peer peer;
    enum err err;
    assert_false(receive(&f, &peer, &got, &wire, &err, 1));
    link_close(&socket);
    buffer_release(&wire);
    end(&f);
  }
}

/* From a worker that is known: nothing gets through, and the next good message does. */
static void what_a_member_sends_is_not_trusted(void **state) {
  (void)state;
  enum { STORM = 2000 };
  struct fixture f;
  begin(&f);
  struct link_security security = {f.worker.public_key, f.worker.secret_key, f.worker.coordinator};
  void *socket = connect_with(&f, &security);
  for (int i = 0; i < STORM; i++) assert_true(zmq_send(socket, "\xdd\xff\xff\xff\xff", 5, 0) == 5);
  for (int i = 0; i < 9; i++) assert_true(zmq_send(socket, "", 0, i < 8 ? ZMQ_SNDMORE : 0) == 0);
  struct message got;
  struct link_peer peer;
  struct buffer wire = {0};
  enum err err;
  for (int i = 0; i <= STORM; i++) {
    assert_true(receive(&f, &peer, &got, &wire, &err, UINT64_MAX));
    assert_int_equal(err, ERR_MALFORMED);
  }
  /* Too long: ZeroMQ closes the connection before the frame is in memory. */
  char *much = calloc(1, LINK_FRAME_BYTES_MAX + 1);
  assert_true(zmq_send(socket, much, LINK_FRAME_BYTES_MAX + 1, 0) > 0);
  free(much);
  void *again = connect_with(&f, &security);
  struct message sent = a_heartbeat();
  struct failure failure = {0};
  wait_for_connection(again);
  assert_int_equal(link_send(again, NULL, &sent, &failure), ERR_OK);
  assert_true(receive(&f, &peer, &got, &wire, &err, UINT64_MAX));
  assert_int_equal(err, ERR_OK);
  assert_int_equal(got.kind, MESSAGE_HEARTBEAT);
  link_close(&socket);
  link_close(&again);
  buffer_release(&wire);
  end(&f);
}

static void keys_are_kept_private(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct failure failure = {0};
  struct key_file key;
  char path[PATH_MAX];
  assert_int_equal(key_folder_init(f.folder, &failure), ERR_USAGE); /* never made anew */
  assert_int_equal(key_folder_add_worker(f.folder, "w1", path, &failure), ERR_USAGE);
  assert_int_equal(key_folder_add_worker(f.folder, "../w2", path, &failure), ERR_USAGE);
  assert_int_equal(chmod(f.worker_path, 0640), 0);
  assert_int_equal(key_file_read(f.worker_path, &key, &failure), ERR_CONFIG);
  assert_non_null(strstr(failure.message, "chmod 600"));
  assert_int_equal(key_file_read("/nowhere/w1.key", &key, &failure), ERR_CONFIG);
  assert_non_null(strstr(failure.message, "guiyi cluster add-worker"));
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_member_is_let_in_and_known_by_its_key),
      cmocka_unit_test(strangers_are_refused_and_counted),
      cmocka_unit_test(what_a_member_sends_is_not_trusted),
      cmocka_unit_test(keys_are_kept_private),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
