/* Bulk data from worker to worker: what is asked for arrives whole, what is not there is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include <cmocka.h>

#include "common/memory.h"
#include "worker/exchange/exchange_server.h"
#include "worker/exchange/file_codec.h"
#include "worker/exchange/gather.h"
#include "worker/exchange/row_pack.h"

enum { JOB = 5, TASKS = 40, PART_BYTES = 100000, WORKERS = 3 };

static const struct data_key key = {"the job's"};

/* Three workers; task t of SCORE is worker t % 3's, its part 1 full of byte t. */
struct cluster {
  void *zmq_context;
  struct run_state run;
  struct output_shelves shelves[WORKERS];
  struct exchange_source sources[WORKERS];
  struct exchange_server *servers[WORKERS];
  struct task_place_worker workers[WORKERS];
  uint16_t worker_of[TASKS];
  struct task_places places;
};

static struct task_output *output_of(uint32_t task) {
  struct task_output *output = task_output_new(2);
  task_output_begin_part(output, 0);
  buffer_append_string(&output->data, "first");
  task_output_begin_part(output, 1);
  char *bytes = memory_new(PART_BYTES + task);
  memset(bytes, (int)task, PART_BYTES + task);
  buffer_append(&output->data, bytes, PART_BYTES + task);
  free(bytes);
  task_output_close(output);
  return output;
}

static void begin(struct cluster *c) {
  *c = (struct cluster){.zmq_context = zmq_ctx_new()};
  struct failure failure = {0};
  for (uint32_t w = 0; w < WORKERS; w++) {
    output_shelves_init(&c->shelves[w]);
    c->sources[w] = (struct exchange_source){.run = &c->run, .shelves = &c->shelves[w]};
    assert_int_equal(
        exchange_server_open(&c->servers[w], c->zmq_context, "tcp://127.0.0.1:*", &failure),
        ERR_OK);
    exchange_server_serve(c->servers[w], &c->sources[w], JOB, &key);
    c->workers[w] =
        (struct task_place_worker){w, bytes_from_string(exchange_server_endpoint(c->servers[w]))};
  }
  for (uint32_t t = 0; t < TASKS; t++) {
    c->worker_of[t] = (uint16_t)(t % WORKERS);
    output_shelves_put(&c->shelves[t % WORKERS], STAGE_SCORE, t, output_of(t));
  }
  c->places = (struct task_places){.workers = c->workers, .worker_count = WORKERS};
  c->places.worker[STAGE_SCORE] = c->worker_of;
  c->places.task_count[STAGE_SCORE] = TASKS;
}

static void end(struct cluster *c) {
  for (uint32_t w = 0; w < WORKERS; w++) {
    exchange_server_close(&c->servers[w]);
    output_shelves_release(&c->shelves[w]);
  }
  zmq_ctx_term(c->zmq_context);
}

static struct exchange_client *client_of(struct cluster *c, uint32_t self, uint64_t job) {
  struct exchange_client_options options = {.zmq_context = c->zmq_context, .job = job, .key = key};
  if (self < WORKERS) {
    options.endpoint = exchange_server_endpoint(c->servers[self]);
    options.source = &c->sources[self];
  }
  return exchange_client_new(&options);
}

static enum err see_piece(void *context, uint32_t task, struct bytes piece,
                          struct failure *failure) {
  (void)failure;
  uint32_t *seen = context;
  assert_int_equal(piece.size, PART_BYTES + task);
  for (size_t i = 0; i < piece.size; i++) assert_int_equal((uint8_t)piece.data[i], task);
  seen[task]++;
  return ERR_OK;
}

/* From the point of view of a worker, which holds a third itself, and of a client, which holds
 * none. */
static void all_pieces_arrive_once(void **state) {
  (void)state;
  struct cluster c;
  begin(&c);
  for (uint32_t self = 1; self <= WORKERS; self += WORKERS - 1) {
    struct exchange_client *client = client_of(&c, self, JOB);
    uint32_t seen[TASKS] = {0};
    struct worker_loss loss;
    struct failure failure = {0};
    struct gather g = {client, &c.places, &loss, &failure};
    assert_int_equal(gather_pieces(&g, STAGE_SCORE, 1, see_piece, seen), ERR_OK);
    for (uint32_t t = 0; t < TASKS; t++) assert_int_equal(seen[t], 1);
    assert_true((exchange_client_bytes(client) > (uint64_t)TASKS * PART_BYTES) ==
                (self == WORKERS));
    assert_int_equal(gather_one_piece(&g, STAGE_SCORE, 7, 1, see_piece, seen), ERR_OK);
    assert_int_equal(seen[7], 2);
    exchange_client_free(client);
  }
  end(&c);
}

static void what_is_not_there_is_told(void **state) {
  (void)state;
  struct cluster c;
  begin(&c);
  struct exchange_client *client = client_of(&c, WORKERS, JOB);
  uint32_t seen[TASKS] = {0};
  struct worker_loss loss = {0};
  struct failure failure = {0};
  struct gather g = {client, &c.places, &loss, &failure};
  c.worker_of[9] = 1; /* it is worker 0's */
  assert_int_equal(gather_pieces(&g, STAGE_SCORE, 1, see_piece, seen), ERR_LOST);
  assert_true(loss.worker == 1 && loss.stage == STAGE_SCORE && loss.task == 9);
  c.worker_of[9] = 0;
  /* And the next fetch is not confused by what is still on its way. */
  assert_int_equal(gather_pieces(&g, STAGE_SCORE, 1, see_piece, seen), ERR_OK);
  /* A part that no output has. */
  assert_int_equal(gather_one_piece(&g, STAGE_SCORE, 3, 2, see_piece, seen), ERR_LOST);
  /* A stage of which the task was told nothing. */
  assert_int_equal(gather_pieces(&g, STAGE_LINK, 0, see_piece, seen), ERR_MALFORMED);
  /* Rows of a run that is not laid out. */
  c.places.worker[STAGE_INGEST] = c.worker_of;
  uint32_t row = 12;
  struct exchange_request request = {
      .worker = 2, .what = FETCH_ROWS, .items = &row, .item_count = 1};
  assert_int_equal(exchange_fetch(client, &c.places, &request, 1, &loss, &failure), ERR_LOST);
  assert_true(loss.worker == 2 && loss.stage == STAGE_LAYOUT);
  buffer_release(&request.answer);
  exchange_client_free(client);
  end(&c);
}

/* Sends a frame as a stranger would and returns how many the server refused afterwards. */
static void storm(struct cluster *c, void *socket, struct bytes frame, unsigned times) {
  for (unsigned i = 0; i < times; i++)
    assert_true(zmq_send(socket, frame.data, frame.size, 0) >= 0);
  (void)c;
}

static void what_is_hostile_is_counted_and_has_no_effect(void **state) {
  (void)state;
  struct cluster c;
  begin(&c);
  void *socket = zmq_socket(c.zmq_context, ZMQ_DEALER);
  int linger = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
  assert_int_equal(zmq_connect(socket, exchange_server_endpoint(c.servers[0])), 0);
  uint32_t task = 0;
  struct fetch fetch = {.head = {.verb = FETCH_BEGIN,
                                 .what = FETCH_PIECES,
                                 .job = JOB - 1, /* a run that is over */
                                 .fetch = 1,
                                 .stage = STAGE_SCORE,
                                 .credit = UINT32_MAX,
                                 .item_count = 1},
                        .items = &task};
  struct buffer stale = {0};
  fetch_encode(&fetch, &stale);
  struct sealer *sealer = sealer_new(&key);
  sealer_seal(sealer, &stale);
  sealer_free(sealer);
  storm(&c, socket, BYTES("garbage"), 1000);
  storm(&c, socket, buffer_bytes(&stale), 1000);
  /* Well made, but sealed by nobody of the job. */
  struct buffer foreign = {0};
  fetch.head.job = JOB;
  fetch_encode(&fetch, &foreign);
  sealer = sealer_new(&(struct data_key){"another's"});
  sealer_seal(sealer, &foreign);
  sealer_free(sealer);
  storm(&c, socket, buffer_bytes(&foreign), 1000);
  /* A known worker is served all the same. */
  struct exchange_client *client = client_of(&c, WORKERS, JOB);
  uint32_t seen[TASKS] = {0};
  struct worker_loss loss;
  struct failure failure = {0};
  struct gather g = {client, &c.places, &loss, &failure};
  assert_int_equal(gather_pieces(&g, STAGE_SCORE, 1, see_piece, seen), ERR_OK);
  struct exchange_figures figures;
  do exchange_server_figures(c.servers[0], &figures);
  while (figures.refused < 3000);
  assert_int_equal(figures.refused, 3000);
  assert_int_equal(figures.fetches, 1);
  buffer_release(&stale);
  buffer_release(&foreign);
  zmq_close(socket);
  exchange_client_free(client);
  end(&c);
}

static void packed_rows_come_back(void **state) {
  (void)state;
  uint64_t random = 1;
  for (uint32_t row_bytes = 8; row_bytes <= 1064; row_bytes += 8) {
    uint8_t row[1064] = {0}, back[1064], packed[2048];
    for (uint32_t w = 0; w < row_bytes / 8; w++) {
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      if (random >> 63) memcpy(row + (size_t)w * 8, &random, 8);
    }
    size_t size = row_pack(row, row_bytes, packed);
    assert_true(size <= row_packed_bytes_max(row_bytes));
    memset(back, 0xAA, sizeof back);
    assert_int_equal(row_unpack(packed, size, row_bytes, back), size);
    assert_memory_equal(row, back, row_bytes);
    for (size_t cut = 0; cut < size; cut++)
      assert_int_equal(row_unpack(packed, cut, row_bytes, back), 0);
  }
}

static void a_described_file_comes_back(void **state) {
  (void)state;
  struct source_split splits[2] = {{0, 100, 1, 0, 7}, {100, 50, 8, 7, 3}};
  struct bytes columns[2] = {BYTES("name"), BYTES("电话")};
  struct source_file file = {.path = (char *)"/data/a.csv",
                             .format = SOURCE_FORMAT_CSV,
                             .encoding = SOURCE_ENCODING_GB18030,
                             .delimiter = ';',
                             .quote = '"',
                             .has_header = true,
                             .columns = columns,
                             .column_count = 2,
                             .splits = splits,
                             .split_count = 2,
                             .row_count = 10,
                             .content_hash = 77};
  struct buffer wire = {0};
  file_encode(&file, &wire);
  struct source_file back;
  assert_int_equal(file_decode(buffer_bytes(&wire), &back, NULL), ERR_OK);
  assert_string_equal(back.path, file.path);
  assert_true(bytes_equal(back.columns[1], columns[1]));
  assert_int_equal(back.delimiter, ';');
  assert_memory_equal(back.splits, splits, sizeof splits);
  source_file_release(&back);
  for (size_t size = 0; size < wire.size; size++) {
    assert_int_equal(file_decode(bytes_of(wire.data, size), &back, NULL), ERR_MALFORMED);
    source_file_release(&back);
  }
  struct failure failure = {0};
  assert_int_equal(file_find_here(&file, &failure), ERR_INPUT);
  assert_non_null(strstr(failure.message, "under the same path"));
  buffer_release(&wire);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_pieces_arrive_once),
      cmocka_unit_test(what_is_not_there_is_told),
      cmocka_unit_test(what_is_hostile_is_counted_and_has_no_effect),
      cmocka_unit_test(packed_rows_come_back),
      cmocka_unit_test(a_described_file_comes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
