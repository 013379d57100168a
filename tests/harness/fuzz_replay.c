/* Runs a libFuzzer target over committed inputs, so that every build and sanitizer replays them. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
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
}

/* Of the files themselves, not of folders inside. */
static int replay_folder(const char *folder) {
  DIR *dir = opendir(folder);
  if (!dir) {
    perror(folder);
    exit(1);
  }
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) continue;
    replay_file(path);
    count++;
  }
  closedir(dir);
  return count;
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: %s FOLDER...\n", argv[0]), 2;
  for (int i = 1; i < argc; i++) {
    int count = replay_folder(argv[i]);
    printf("%s: %d inputs replayed\n", argv[i], count);
    if (count == 0) return fprintf(stderr, "the folder is empty\n"), 1;
  }
  return 0;
}
