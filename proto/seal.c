#include "proto/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/check.h"
#include "common/memory.h"

enum { NONCE_BYTES = 12, PEERS_MAX = 1024 /* keys of senders that an opener remembers */ };

struct sealer {
  EVP_CIPHER_CTX *context;
  uint8_t salt[SEAL_SALT_BYTES];
  uint64_t counter;
};

struct peer_key {
  uint8_t salt[SEAL_SALT_BYTES];
  EVP_CIPHER_CTX *context;
};

struct opener {
  struct data_key key;
  struct peer_key peers[PEERS_MAX];
  uint32_t peer_count, next; /* next: whose place a new one takes when all are taken */
};

void data_key_derive(struct bytes secret, uint64_t job, struct data_key *out) {
  char message[16 + sizeof job] = "guiyi data path";
  unsigned size = sizeof out->bytes;
  memcpy(message + 16, &job, sizeof job);
  check(HMAC(EVP_sha256(), secret.data, (int)secret.size, (const uint8_t *)message, sizeof message,
             out->bytes, &size));
}

static EVP_CIPHER_CTX *context_for(const struct data_key *key, const uint8_t *salt, bool seals) {
  uint8_t own[DATA_KEY_BYTES];
  unsigned size = sizeof own;
  check(HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, salt, SEAL_SALT_BYTES, own, &size));
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  check(context);
  check(EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, own, NULL, seals) == 1);
  OPENSSL_cleanse(own, sizeof own);
  return context;
}

static void nonce_of(uint64_t counter, uint8_t nonce[NONCE_BYTES]) {
  memset(nonce, 0, NONCE_BYTES);
  memcpy(nonce, &counter, sizeof counter);
}

/* ---- sealing ---- */

struct sealer *sealer_new(const struct data_key *key) {
  struct sealer *s = memory_new_zeroed(1, sizeof *s);
  check(getrandom(s->salt, sizeof s->salt, 0) == sizeof s->salt);
  s->context = context_for(key, s->salt, true);
  return s;
}

void sealer_free(struct sealer *s) {
  if (!s) return;
  EVP_CIPHER_CTX_free(s->context);
  free(s);
}

void sealer_seal(struct sealer *s, struct buffer *frame) {
  check(frame->size >= SEAL_HEAD_BYTES && s->counter < UINT64_MAX);
  buffer_reserve(frame, SEAL_TAG_BYTES);
  uint8_t nonce[NONCE_BYTES], *at = (uint8_t *)frame->data;
  memcpy(at, s->salt, sizeof s->salt);
  memcpy(at + SEAL_SALT_BYTES, &s->counter, sizeof s->counter);
  nonce_of(s->counter++, nonce);
  int size = (int)(frame->size - SEAL_HEAD_BYTES), done = 0, rest = 0;
  uint8_t *text = at + SEAL_HEAD_BYTES;
  check(EVP_EncryptInit_ex(s->context, NULL, NULL, NULL, nonce) == 1);
  check(EVP_EncryptUpdate(s->context, text, &done, text, size) == 1 && done == size);
  check(EVP_EncryptFinal_ex(s->context, text + size, &rest) == 1 && rest == 0);
  check(EVP_CIPHER_CTX_ctrl(s->context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, text + size) == 1);
  frame->size += SEAL_TAG_BYTES;
}

/* ---- opening ---- */

struct opener *opener_new(const struct data_key *key) {
  struct opener *o = memory_new_zeroed(1, sizeof *o);
  o->key = *key;
  return o;
}

void opener_free(struct opener *o) {
  if (!o) return;
  for (uint32_t p = 0; p < o->peer_count; p++) EVP_CIPHER_CTX_free(o->peers[p].context);
  OPENSSL_cleanse(o, sizeof *o);
  free(o);
}

static EVP_CIPHER_CTX *find_peer(const struct opener *o, const uint8_t *salt) {
  for (uint32_t p = 0; p < o->peer_count; p++)
    if (memcmp(o->peers[p].salt, salt, SEAL_SALT_BYTES) == 0) return o->peers[p].context;
  return NULL;
}

/* Only senders whose frames opened are remembered: strangers cannot push them out. */
static void remember(struct opener *o, const uint8_t *salt, EVP_CIPHER_CTX *take_context) {
  struct peer_key *peer;
  if (o->peer_count < PEERS_MAX) {
    peer = &o->peers[o->peer_count++];
  } else {
    peer = &o->peers[o->next++ % PEERS_MAX];
    EVP_CIPHER_CTX_free(peer->context);
  }
  memcpy(peer->salt, salt, SEAL_SALT_BYTES);
  peer->context = take_context;
}

static bool decrypt(EVP_CIPHER_CTX *context, uint64_t counter, uint8_t *text, int size) {
  uint8_t nonce[NONCE_BYTES];
  int done = 0, rest = 0;
  nonce_of(counter, nonce);
  return EVP_DecryptInit_ex(context, NULL, NULL, NULL, nonce) == 1 &&
         EVP_DecryptUpdate(context, text, &done, text, size) == 1 && done == size &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES, text + size) == 1 &&
         EVP_DecryptFinal_ex(context, text + size, &rest) == 1;
}

enum err opener_open(struct opener *o, void *frame, size_t size, struct bytes *plain) {
  if (size < SEAL_HEAD_BYTES + SEAL_TAG_BYTES || size > INT32_MAX) return ERR_MALFORMED;
  uint8_t *at = frame;
  uint64_t counter;
  memcpy(&counter, at + SEAL_SALT_BYTES, sizeof counter);
  EVP_CIPHER_CTX *known = find_peer(o, at);
  EVP_CIPHER_CTX *context = known ? known : context_for(&o->key, at, false);
  size_t text_size = size - SEAL_HEAD_BYTES - SEAL_TAG_BYTES;
  bool ok = decrypt(context, counter, at + SEAL_HEAD_BYTES, (int)text_size);
  if (!known && ok) remember(o, at, context);
  if (!known && !ok) EVP_CIPHER_CTX_free(context);
  *plain = bytes_of((const char *)at + SEAL_HEAD_BYTES, ok ? text_size : 0);
  return ok ? ERR_OK : ERR_MALFORMED;
}
