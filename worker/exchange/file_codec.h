/* file_codec — the description of a scanned file, for workers that did not scan it themselves: all
 * of struct source_file but its sample. */
#ifndef GUIYI_WORKER_EXCHANGE_FILE_CODEC_H
#define GUIYI_WORKER_EXCHANGE_FILE_CODEC_H

#include "worker/sources/source_file.h"

/* Appends. */
void file_encode(const struct source_file *file, struct buffer *out);
/* out is overwritten, and to be released whatever is returned. ERR_MALFORMED with a sentence. */
enum err file_decode(struct bytes data, struct source_file *out, struct failure *failure);
/* Is this worker's file of that path the one that was scanned elsewhere? Takes over its device and
 * inode, which differ between hosts. ERR_INPUT with what to do when it is missing here, or has
 * another size or time of change. */
enum err file_find_here(struct source_file *file, struct failure *failure);

#endif
