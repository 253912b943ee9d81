/* aarch64. Pages have 4, 16 or 64 KiB. */
#ifndef ARCH_ARM64_H
#define ARCH_ARM64_H

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define OWN_ARCH AUDIT_ARCH_AARCH64
#define OWN_ARCH_NAME "aarch64"
#define OWN_MACHINE EM_AARCH64

/* ---- registers of a caller that is stopped on its way out of a call ---- */

/* Sends it back to its system call instruction, for a call that the kernel has not begun yet. */
static inline void set_call(struct user_regs_struct *r, int number, const uint64_t args[6])
{
	r->pc -= 4;
	r->regs[8] = (unsigned)number;
	for (int i = 0; i < 6; i++) r->regs[i] = args[i];
}

/* One register has the first argument and the result. */
static inline int64_t result_of(const struct user_regs_struct *r) { return (int64_t)r->regs[0]; }
static inline void set_result(struct user_regs_struct *r, int64_t result) { r->regs[0] = (uint64_t)result; }

/* So the kernel keeps the first argument of a call that it may make anew, where no tracer can change it. */
#define RESTARTS_WITH_OWN_ARGUMENT true
/* The call that a thread is on its way out of isn't one any more, which the kernel would make anew. */
static inline bool forget_call(pid_t thread)
{
	int none = -1;
	struct iovec part = {&none, sizeof none};
	return !ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &part);
}

/* ---- calls that only this processor has: none that take a name ---- */

#define OLD_HOOKS(X)
#define OLD_CALLS(X)
#define OLD_ALLOWED
#define OLD_REFUSED

#endif
