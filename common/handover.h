/* handover — tells the thread sanitizer that what one thread wrote before it gave something away
 * happened before the other took it. ZeroMQ orders the two, but is not instrumented, so the
 * sanitizer cannot see it. Nothing in other builds.
 *
 * token: any address that both sides know, the same for the giving and the taking. */
#ifndef GUIYI_COMMON_HANDOVER_H
#define GUIYI_COMMON_HANDOVER_H

#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *token);
void __tsan_release(void *token);
#define handover_give(token) __tsan_release(token)
#define handover_take(token) __tsan_acquire(token)
#else
#define handover_give(token) ((void)(token))
#define handover_take(token) ((void)(token))
#endif

#endif
