/* Runs a libFuzzer target over the committed corpus, so that every build and sanitizer replays it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return perror(path), 1;
  uint8_t *data = NULL;
  size_t size = 0, capacity = 0, got;
  do {
    if (size == capacity) data = realloc(data, capacity = capacity ? capacity * 2 : 65536);
    if (!data) abort();
    got = fread(data + size, 1, capacity - size, file);
    size += got;
  } while (got);
  fclose(file);
  /* An exact-size copy: a read past the end is then seen by the address sanitizer. */
  uint8_t *exact = malloc(size ? size : 1);
  if (!exact) abort();
  memcpy(exact, data, size);
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  free(data);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s CORPUS_DIR\n", argv[0]), 2;
  DIR *dir = opendir(argv[1]);
  if (!dir) return perror(argv[1]), 1;
  int count = 0, failed = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (entry->d_name[0] == '.') continue;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    failed += replay_file(path);
    count++;
  }
  closedir(dir);
  printf("%d inputs replayed\n", count);
  if (count == 0) return fprintf(stderr, "the corpus is empty\n"), 1;
  return failed != 0;
}
