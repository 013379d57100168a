/* key_file — who a process of a cluster is: its CURVE key pair, on disk for its owner alone.
 *
 *   DIR/coordinator.key     the coordinators'; only they have it
 *   DIR/workers/NAME.key    a worker's, with the coordinators' public key; to be moved to its
 * machine DIR/members             "NAME PUBLIC" a line: the workers that coordinators accept
 *
 * Keys are Z85 text, 40 characters. */
#ifndef GUIYI_PROTO_KEY_FILE_H
#define GUIYI_PROTO_KEY_FILE_H

#include <stdbool.h>

#include "common/err.h"

enum { KEY_TEXT_BYTES = 41, KEY_NAME_BYTES_MAX = 63 };

struct key_file {
  char name[KEY_NAME_BYTES_MAX + 1];
  char public_key[KEY_TEXT_BYTES], secret_key[KEY_TEXT_BYTES];
  char coordinator[KEY_TEXT_BYTES]; /* public; a worker's file only, else empty */
};

/* Makes the folder with the coordinators' key and nobody in members. ERR_USAGE when there is a key
 * already. */
enum err key_folder_init(const char *folder, struct failure *failure);
/* A new worker: its file, and its line in members. path (at least PATH_MAX) says where the file is.
 * ERR_USAGE when the name is taken or not made of letters, digits, - and _. */
enum err key_folder_add_worker(const char *folder, const char *name, char *path,
                               struct failure *failure);
enum err key_folder_read_coordinator(const char *folder, struct key_file *out,
                                     struct failure *failure);
/* ERR_CONFIG with what to do when others may read the file, or it is not a key file. */
enum err key_file_read(const char *path, struct key_file *out, struct failure *failure);
/* Is the public key of a worker that may join? name: of it, or empty. Reads members each time, so
 * workers may be added while a cluster runs. */
bool key_folder_has_member(const char *folder, const char *public_key,
                           char name[KEY_NAME_BYTES_MAX + 1]);

#endif
