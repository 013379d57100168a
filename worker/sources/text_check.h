/* text_check — is it UTF-8 (RFC 3629: no surrogates, nothing over U+10FFFF, no longer form than
 * needed), does it hold a NUL, how many bytes are not ASCII. One function per instruction set, all
 * with the same result; call them through delimiter_index.h's struct source_kernels. */
#ifndef GUIYI_WORKER_SOURCES_TEXT_CHECK_H
#define GUIYI_WORKER_SOURCES_TEXT_CHECK_H

#include "worker/sources/delimiter_index.h"

struct text_facts text_check_scalar(const char *text, size_t size);
struct text_facts text_check_avx2(const char *text, size_t size);
struct text_facts text_check_avx512(const char *text, size_t size);

#endif
