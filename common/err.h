/* err — what can go wrong outside the program, in one table.
 *
 * A function that can fail returns `enum err` and, where it takes a `struct failure *`, leaves
 * there one sentence that says what, where, what was found, what was expected and what to do. The
 * sentence is wrapped on the way up and printed once, at the top. It never holds a value of a
 * customer. */
#ifndef GUIYI_COMMON_ERR_H
#define GUIYI_COMMON_ERR_H

enum err_class {
  ERR_CLASS_NONE,
  ERR_CLASS_RETRY,  /* the same call may succeed later */
  ERR_CLASS_REJECT, /* the input is at fault; the same call fails again */
  ERR_CLASS_FATAL,  /* the environment is at fault: disk, memory, a damaged store */
};

/* name, class, exit code of a command that ends with it, sentence */
#define ERR_TABLE(X)                                                \
  X(OK, NONE, 0, "no error")                                        \
  X(USAGE, REJECT, 2, "the command was called wrongly")             \
  X(CONFIG, REJECT, 2, "the job file has a mistake")                \
  X(INPUT, REJECT, 3, "the input cannot be used")                   \
  X(NOT_FOUND, REJECT, 1, "not found")                              \
  X(LIMIT, REJECT, 1, "a limit was reached")                        \
  X(MALFORMED, REJECT, 1, "a message or stored value is malformed") \
  X(STALE, REJECT, 1, "the message carries an old epoch")           \
  X(IO, FATAL, 1, "the system refused to read or write")            \
  X(DISK_FULL, FATAL, 1, "the disk is full")                        \
  X(CORRUPT, FATAL, 1, "stored data does not match its checksum")   \
  X(STORE, FATAL, 1, "the store failed")                            \
  X(PEER, RETRY, 1, "a process of the cluster did not answer")      \
  X(MISMATCH, FATAL, 1, "counts that must agree do not agree")      \
  X(LOST, RETRY, 1, "what another worker held is gone")

enum err {
#define X(name, class, exit_code, sentence) ERR_##name,
  ERR_TABLE(X)
#undef X
};

struct failure {
  enum err code;
  char message[1024]; /* UTF-8, cut on a character where it was too long */
};

const char *err_name(enum err code);
const char *err_sentence(enum err code);
enum err_class err_class_of(enum err code);
int err_exit_code(enum err code);
/* What errno stands for: ENOSPC and EDQUOT are DISK_FULL, the rest IO. */
enum err err_from_errno(int number);

/* Sets code and sentence; returns code. f may be NULL. */
__attribute__((format(printf, 3, 4))) enum err failure_set(struct failure *f, enum err code,
                                                           const char *format, ...);
/* What the system refused, with its own word for it and what to do:
 * "writing out/golden.csv: No space left on device; make room, or choose a folder on another disk".
 * Sets the code of err_from_errno(number) and returns it. */
__attribute__((format(printf, 3, 4))) enum err failure_system(struct failure *f, int number,
                                                              const char *format, ...);
/* Puts "<words>: " before the sentence; returns f->code. */
__attribute__((format(printf, 2, 3))) enum err failure_wrap(struct failure *f, const char *format,
                                                            ...);

#endif
