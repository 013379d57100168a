#include "worker/store/map_guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "common/check.h"

static _Thread_local sigjmp_buf *escape; /* NULL outside of map_guard_run */
static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE};
enum { FAULT_COUNT = sizeof faults / sizeof faults[0] };

static struct sigaction before[FAULT_COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void map_guard_escape(void) {
  if (escape) siglongjmp(*escape, 1);
}

static void on_fault(int number) {
  map_guard_escape();
  /* Not ours: on return the read faults again, and meets who was there before. */
  for (int f = 0; f < FAULT_COUNT; f++)
    if (faults[f] == number) (void)sigaction(number, &before[f], NULL);
}

static void install_for(int number, struct sigaction *earlier) {
  /* NODEFER: the mask is as it was when on_fault leaves by siglongjmp. */
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER | SA_ONSTACK}, now;
  sigemptyset(&action.sa_mask);
  check(sigaction(number, NULL, &now) == 0);
  if (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == on_fault) return;
  *earlier = now;
  check(sigaction(number, &action, NULL) == 0);
}

void map_guard_install(void) {
  check(pthread_mutex_lock(&lock) == 0);
  for (int f = 0; f < FAULT_COUNT; f++) install_for(faults[f], &before[f]);
  check(pthread_mutex_unlock(&lock) == 0);
}

bool map_guard_run(void (*body)(void *context), void *context) {
  sigjmp_buf here;
  check(!escape);
  if (sigsetjmp(here, 0)) {
    escape = NULL;
    return false;
  }
  escape = &here;
  body(context);
  escape = NULL;
  return true;
}
