/* seal — the data path's encryption: frames under AES-256-GCM, which on one core is several times
 * what CURVE reaches (design: CURVE 0.3 to 0.4 GB/s a connection, AES-256-GCM 2.9 GB/s).
 *
 * All processes of a job have its data key, which they got over the CURVE control link. Each sealer
 * draws a salt of 16 random bytes and seals under HMAC-SHA256(data key, salt); its nonce is a
 * counter from 0. So no two frames have the same key and nonce unless two salts of one job are
 * equal (2^-64 for 2^32 sealers). A frame that opens was sealed by a process of the job; which one,
 * and whether it was sent before, it does not say: what travels is asked for by number, and asking
 * twice changes nothing (proto/batch.h).
 *
 * A sealed frame: salt, u64 counter, ciphertext, tag of 16 bytes. A sealer or opener is for one
 * thread. */
#ifndef GUIYI_PROTO_SEAL_H
#define GUIYI_PROTO_SEAL_H

#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"

enum {
  DATA_KEY_BYTES = 32,
  SEAL_SALT_BYTES = 16,
  SEAL_TAG_BYTES = 16,
  SEAL_HEAD_BYTES = SEAL_SALT_BYTES + 8,
};

struct data_key {
  uint8_t bytes[DATA_KEY_BYTES];
};

/* The data key of a job, from a secret that all coordinators of the cluster share. */
void data_key_derive(struct bytes secret, uint64_t job, struct data_key *out);

struct sealer;
struct sealer *sealer_new(const struct data_key *key);
void sealer_free(struct sealer *sealer); /* NULL is allowed */
/* frame begins with SEAL_HEAD_BYTES of room; what follows is encrypted in place, the tag appended.
 */
void sealer_seal(struct sealer *sealer, struct buffer *frame);

struct opener;
struct opener *opener_new(const struct data_key *key);
void opener_free(struct opener *opener); /* NULL is allowed */
/* Decrypts in place; *plain lies in frame. ERR_MALFORMED when nobody of the job sealed it, or it
 * was changed. */
enum err opener_open(struct opener *opener, void *frame, size_t size, struct bytes *plain);

#endif
