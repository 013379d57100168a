/* http_server — a few pages for machines (/metrics, /status) over HTTP, on a thread of its own, by
 * libevent. Nothing personal is ever on them. GET only. */
#ifndef GUIYI_CLI_HTTP_SERVER_H
#define GUIYI_CLI_HTTP_SERVER_H

#include <stdbool.h>

#include "common/bytes.h"
#include "common/err.h"

struct http_server;

/* Fills the page of a path on the server's thread; false when there is none. type is the content
 * type, constant. */
typedef bool http_page(void *context, const char *path, struct buffer *out, const char **type);

/* address: "HOST:PORT", HOST an IP address. */
enum err http_server_open(const char *address, http_page *page, void *context,
                          struct http_server **out, struct failure *failure);
void http_server_close(struct http_server **server);

#endif
