/* json_rows — one line of JSON Lines to one row of cells, by yajl.
 *
 * Objects in objects are flattened: {"a":{"b":1}} has the key a.b. An array of scalars becomes its
 * values joined by ; — one that holds arrays or objects stays as the JSON text it is. Numbers keep
 * the digits they are written with. null and a missing key are an empty cell. Belongs to one
 * thread. */
#ifndef GUIYI_WORKER_SOURCES_JSON_ROWS_H
#define GUIYI_WORKER_SOURCES_JSON_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"

struct json_rows;

enum json_unknown_keys {
  JSON_KEYS_COLLECT, /* a new key becomes a further column */
  JSON_KEYS_IGNORE,
  JSON_KEYS_REPORT, /* as JSON_UNKNOWN_KEY */
};

/* What json_rows_parse returns besides codes of SOURCE_REJECT_TABLE. */
extern const char *const JSON_UNKNOWN_KEY;
extern const char *const JSON_TOO_MANY_KEYS; /* more than SOURCE_COLUMNS_MAX were collected */

/* keys are borrowed. */
struct json_rows *json_rows_new(const struct bytes *keys, uint32_t key_count,
                                enum json_unknown_keys unknown);
/* Parses one line: valid UTF-8 without NUL, and white space in the byte behind it. cells has room
 * for the keys; NULL while collecting. Cells point into line or arena. NULL when all went well. */
const char *json_rows_parse(struct json_rows *rows, struct bytes line, struct arena *arena,
                            struct bytes *cells, uint32_t *column);
/* The keys, in the order in which they were given or collected; they live as long as rows. */
const struct bytes *json_rows_keys(const struct json_rows *rows, uint32_t *count);
void json_rows_free(struct json_rows **rows);

#endif
