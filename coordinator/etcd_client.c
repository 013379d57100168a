#include "coordinator/etcd_client.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <yajl/yajl_tree.h>

#include "common/check.h"
#include "common/json_write.h"
#include "common/memory.h"

enum { SERVERS_MAX = 16, REPLY_BYTES_MAX = 64 << 20, JSON_ERROR_BYTES = 128 };

struct etcd_client {
  CURL *curl;
  struct curl_slist *headers;
  char *servers[SERVERS_MAX]; /* base URLs; owned */
  uint32_t server_count, next;
  struct buffer reply;
};

/* ---- requests ---- */

static size_t take_reply(char *data, size_t size, size_t count, void *context) {
  struct buffer *reply = context;
  if (reply->size + size * count > REPLY_BYTES_MAX) return 0;
  buffer_append(reply, data, size * count);
  return size * count;
}

static enum err add_server(struct etcd_client *c, struct bytes text, struct failure *failure) {
  text = bytes_trim(text);
  bool has_scheme = bytes_find(text, BYTES("://")) < text.size;
  if (text.size == 0 || bytes_find(text, BYTES(":")) == text.size || c->server_count == SERVERS_MAX)
    return failure_set(failure, ERR_USAGE,
                       "etcd servers are given as host:port,host:port (at most %d), found '%.*s'",
                       SERVERS_MAX, (int)text.size, text.data ? text.data : "");
  char *url = memory_new(text.size + 16);
  snprintf(url, text.size + 16, "%s%.*s", has_scheme ? "" : "http://", (int)text.size, text.data);
  c->servers[c->server_count++] = url;
  return ERR_OK;
}

enum err etcd_client_open(const char *endpoints, uint32_t timeout_ms, struct etcd_client **out,
                          struct failure *failure) {
  struct etcd_client *c = memory_new_zeroed(1, sizeof *c);
  struct bytes left = bytes_from_string(endpoints);
  enum err err = ERR_OK;
  *out = NULL;
  for (bool more = true; more && !err;) {
    size_t comma = bytes_find(left, BYTES(","));
    more = comma < left.size;
    err = add_server(c, bytes_of(left.data, comma), failure);
    if (more) left = bytes_of(left.data + comma + 1, left.size - comma - 1);
  }
  c->curl = err ? NULL : curl_easy_init();
  if (!err && !c->curl) err = failure_set(failure, ERR_IO, "the HTTP library could not be started");
  if (err) {
    etcd_client_close(c);
    return err;
  }
  c->headers = curl_slist_append(NULL, "Content-Type: application/json");
  curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
  curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
  curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
  curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_reply);
  curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &c->reply);
  *out = c;
  return ERR_OK;
}

void etcd_client_close(struct etcd_client *c) {
  if (!c) return;
  if (c->curl) curl_easy_cleanup(c->curl);
  curl_slist_free_all(c->headers);
  for (uint32_t i = 0; i < c->server_count; i++) free(c->servers[i]);
  buffer_release(&c->reply);
  free(c);
}

/* One attempt at one server. status: the HTTP status when it answered. */
static CURLcode post(struct etcd_client *c, uint32_t server, const char *path,
                     const struct buffer *body, long *status) {
  struct buffer url = {0};
  buffer_printf(&url, "%s/v3/%s", c->servers[server], path);
  buffer_clear(&c->reply);
  curl_easy_setopt(c->curl, CURLOPT_URL, buffer_string(&url));
  curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body->data);
  curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
  CURLcode code = curl_easy_perform(c->curl);
  *status = 0;
  curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status);
  buffer_release(&url);
  return code;
}

/* "" when there is none. */
static const char *text_at(yajl_val tree, const char **path) {
  yajl_val v = tree ? yajl_tree_get(tree, path, yajl_t_string) : NULL;
  return v ? v->u.string : "";
}

/* The reply as a tree, to be freed; an error when no server gave one. */
static enum err call(struct etcd_client *c, const char *path, const struct buffer *body,
                     yajl_val *reply, struct failure *failure) {
  enum err err = ERR_PEER;
  for (uint32_t i = 0; i < c->server_count; i++) {
    uint32_t server = (c->next + i) % c->server_count;
    long status;
    CURLcode code = post(c, server, path, body, &status);
    char why[JSON_ERROR_BYTES] = "";
    if (code != CURLE_OK) {
      err = failure_set(failure, ERR_PEER, "etcd at %s: %s", c->servers[server],
                        curl_easy_strerror(code));
      continue;
    }
    *reply = yajl_tree_parse(buffer_string(&c->reply), why, sizeof why);
    if (*reply && status == 200) {
      c->next = server;
      return ERR_OK;
    }
    const char *field[] = {"error", NULL};
    const char *text = text_at(*reply, field);
    bool is_gone = status == 404;
    err = failure_set(failure, is_gone ? ERR_NOT_FOUND : ERR_PEER, "etcd at %s: %s (HTTP %ld)",
                      c->servers[server], *text ? text : "an unreadable answer", status);
    yajl_tree_free(*reply);
    *reply = NULL;
    if (is_gone) return err;
  }
  return err;
}

/* ---- JSON as the gateway wants it: bytes in base64, 64-bit numbers in strings ---- */

static void put_bytes(struct json_writer *w, const char *key, struct bytes value) {
  char *text = memory_new(4 * (value.size / 3 + 1) + 1);
  int size =
      EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)value.data, (int)value.size);
  json_key(w, key);
  json_bytes(w, bytes_of(text, (size_t)size));
  free(text);
}

static void put_i64(struct json_writer *w, const char *key, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)value);
  json_key(w, key);
  json_string(w, text);
}

static int64_t number_at(yajl_val tree, const char **path) {
  return strtoll(text_at(tree, path), NULL, 10); /* what is 0 is left out */
}

static enum err bytes_at(yajl_val tree, const char *key, struct buffer *out) {
  const char *path[] = {key, NULL};
  struct bytes text = bytes_from_string(text_at(tree, path));
  buffer_clear(out);
  if (text.size % 4) return ERR_MALFORMED;
  buffer_reserve(out, text.size);
  int size =
      EVP_DecodeBlock((unsigned char *)out->data, (const unsigned char *)text.data, (int)text.size);
  if (size < 0) return ERR_MALFORMED;
  unsigned padding =
      text.size ? (text.data[text.size - 1] == '=') + (text.data[text.size - 2] == '=') : 0;
  out->size = (size_t)size - padding;
  return ERR_OK;
}

/* ---- leases ---- */

static enum err lease_call(struct etcd_client *c, const char *path, const char *key, int64_t value,
                           yajl_val *reply, struct failure *failure) {
  struct buffer body = {0};
  struct json_writer w = json_writer(&body, false);
  json_object_begin(&w);
  put_i64(&w, key, value);
  json_object_end(&w);
  enum err err = call(c, path, &body, reply, failure);
  buffer_release(&body);
  return err;
}

enum err etcd_lease_grant(struct etcd_client *c, uint32_t ttl_s, int64_t *lease,
                          struct failure *failure) {
  yajl_val reply;
  enum err err = lease_call(c, "lease/grant", "TTL", ttl_s, &reply, failure);
  if (err) return err;
  const char *path[] = {"ID", NULL};
  *lease = number_at(reply, path);
  yajl_tree_free(reply);
  return *lease ? ERR_OK : failure_set(failure, ERR_PEER, "etcd gave no lease");
}

enum err etcd_lease_renew(struct etcd_client *c, int64_t lease, struct failure *failure) {
  yajl_val reply;
  enum err err = lease_call(c, "lease/keepalive", "ID", lease, &reply, failure);
  if (err) return err;
  const char *path[] = {"result", "TTL", NULL};
  bool lives = number_at(reply, path) > 0;
  yajl_tree_free(reply);
  return lives ? ERR_OK : failure_set(failure, ERR_NOT_FOUND, "the lease in etcd has run out");
}

enum err etcd_lease_revoke(struct etcd_client *c, int64_t lease, struct failure *failure) {
  yajl_val reply;
  enum err err = lease_call(c, "lease/revoke", "ID", lease, &reply, failure);
  if (!err) yajl_tree_free(reply);
  return err;
}

/* ---- keys ---- */

static enum err visit_pairs(yajl_val kvs, etcd_visit *visit, void *context,
                            struct failure *failure) {
  struct buffer key = {0}, value = {0};
  enum err err = ERR_OK;
  for (size_t i = 0; i < kvs->u.array.len && !err; i++) {
    yajl_val kv = kvs->u.array.values[i];
    const char *path[] = {"create_revision", NULL};
    if (bytes_at(kv, "key", &key) || bytes_at(kv, "value", &value)) {
      err = failure_set(failure, ERR_MALFORMED, "etcd answered with something not base64");
      break;
    }
    struct etcd_pair pair = {buffer_bytes(&key), buffer_bytes(&value), number_at(kv, path)};
    err = visit(context, &pair, failure);
  }
  buffer_release(&key);
  buffer_release(&value);
  return err;
}

enum err etcd_range(struct etcd_client *c, struct bytes key, struct bytes end, uint32_t limit,
                    etcd_visit *visit, void *context, struct failure *failure) {
  struct buffer body = {0};
  struct json_writer w = json_writer(&body, false);
  json_object_begin(&w);
  put_bytes(&w, "key", key);
  if (end.size) put_bytes(&w, "range_end", end);
  put_i64(&w, "limit", limit);
  json_object_end(&w);
  yajl_val reply;
  enum err err = call(c, "kv/range", &body, &reply, failure);
  buffer_release(&body);
  if (err) return err;
  const char *path[] = {"kvs", NULL};
  yajl_val kvs = yajl_tree_get(reply, path, yajl_t_array);
  if (kvs) err = visit_pairs(kvs, visit, context, failure);
  yajl_tree_free(reply);
  return err;
}

static void put_write(struct json_writer *w, const struct etcd_put *put) {
  json_object_begin(w);
  json_key(w, put->is_removal ? "requestDeleteRange" : "requestPut");
  json_object_begin(w);
  put_bytes(w, "key", put->key);
  put_bytes(w, put->is_removal ? "range_end" : "value", put->value);
  if (put->lease) put_i64(w, "lease", put->lease);
  json_object_end(w);
  json_object_end(w);
}

enum err etcd_write_if(struct etcd_client *c, struct bytes key, int64_t create_revision,
                       const struct etcd_put *puts, uint32_t put_count, bool *done,
                       int64_t *revision, struct failure *failure) {
  struct buffer body = {0};
  struct json_writer w = json_writer(&body, false);
  json_object_begin(&w);
  json_key(&w, "compare");
  json_array_begin(&w);
  json_object_begin(&w);
  put_bytes(&w, "key", key);
  json_key(&w, "target");
  json_string(&w, "CREATE");
  json_key(&w, "result");
  json_string(&w, "EQUAL");
  put_i64(&w, "create_revision", create_revision);
  json_object_end(&w);
  json_array_end(&w);
  json_key(&w, "success");
  json_array_begin(&w);
  for (uint32_t i = 0; i < put_count; i++) put_write(&w, &puts[i]);
  json_array_end(&w);
  json_object_end(&w);
  yajl_val reply;
  enum err err = call(c, "kv/txn", &body, &reply, failure);
  buffer_release(&body);
  if (err) return err;
  const char *success[] = {"succeeded", NULL}, *at[] = {"header", "revision", NULL};
  yajl_val v = yajl_tree_get(reply, success, yajl_t_true);
  *done = v != NULL;
  *revision = number_at(reply, at);
  yajl_tree_free(reply);
  return ERR_OK;
}
