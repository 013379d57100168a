#include "cli/http_server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/memory.h"

enum { CLOSE_LOOK_MS = 100, HEADER_BYTES_MAX = 8192, TIMEOUT_S = 5 };

struct http_server {
  struct event_base *base;
  struct evhttp *http;
  struct event *look; /* whether it is to close */
  http_page *page;
  void *context;
  atomic_bool closing;
  pthread_t thread;
};

static void answer(struct evhttp_request *request, void *argument) {
  struct http_server *s = argument;
  struct buffer text = {0};
  const char *type = "text/plain; charset=utf-8";
  const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
  if (!path || !s->page(s->context, path, &text, &type)) {
    evhttp_send_error(request, HTTP_NOTFOUND, NULL);
  } else {
    struct evbuffer *body = evbuffer_new();
    evbuffer_add(body, text.data, text.size);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Cache-Control", "no-store");
    evhttp_send_reply(request, HTTP_OK, "OK", body);
    evbuffer_free(body);
  }
  buffer_release(&text);
}

static void look_whether_closing(evutil_socket_t none, short what, void *argument) {
  (void)none, (void)what;
  struct http_server *s = argument;
  if (atomic_load(&s->closing)) event_base_loopbreak(s->base);
}

static void *thread_main(void *argument) {
  event_base_dispatch(((struct http_server *)argument)->base);
  return NULL;
}

static enum err listen_at(struct http_server *s, const char *address, struct failure *failure) {
  const char *colon = strrchr(address, ':');
  char host[64], *end;
  long port = colon ? strtol(colon + 1, &end, 10) : 0;
  if (!colon || *end || port < 1 || port > 65535 || (size_t)(colon - address) >= sizeof host)
    return failure_set(failure, ERR_USAGE, "an HTTP address is HOST:PORT, found '%s'", address);
  memcpy(host, address, (size_t)(colon - address));
  host[colon - address] = '\0';
  if (evhttp_bind_socket(s->http, host, (uint16_t)port) != 0)
    return failure_set(failure, ERR_IO, "listening on %s: %s", address, strerror(errno));
  return ERR_OK;
}

static void release(struct http_server *s) {
  if (s->look) event_free(s->look);
  if (s->http) evhttp_free(s->http);
  if (s->base) event_base_free(s->base);
  free(s);
}

enum err http_server_open(const char *address, http_page *page, void *context,
                          struct http_server **out, struct failure *failure) {
  struct http_server *s = memory_new_zeroed(1, sizeof *s);
  s->page = page;
  s->context = context;
  s->base = event_base_new();
  s->http = s->base ? evhttp_new(s->base) : NULL;
  check(s->http);
  evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET);
  evhttp_set_max_headers_size(s->http, HEADER_BYTES_MAX);
  evhttp_set_max_body_size(s->http, 0);
  evhttp_set_timeout(s->http, TIMEOUT_S);
  evhttp_set_gencb(s->http, answer, s);
  enum err err = listen_at(s, address, failure);
  if (err) {
    release(s);
    return err;
  }
  s->look = event_new(s->base, -1, EV_PERSIST, look_whether_closing, s);
  struct timeval every = {.tv_usec = CLOSE_LOOK_MS * 1000};
  event_add(s->look, &every);
  check(pthread_create(&s->thread, NULL, thread_main, s) == 0);
  *out = s;
  return ERR_OK;
}

void http_server_close(struct http_server **pointer) {
  struct http_server *s = *pointer;
  if (!s) return;
  atomic_store(&s->closing, true);
  pthread_join(s->thread, NULL);
  release(s);
  *pointer = NULL;
}
