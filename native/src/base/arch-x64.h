/* x86_64. */
#ifndef ARCH_X64_H
#define ARCH_X64_H

#define OWN_ARCH AUDIT_ARCH_X86_64
#define OWN_ARCH_NAME "x86_64"
#define OWN_MACHINE EM_X86_64

/* ---- registers of a caller that is stopped on its way out of a call ---- */

/* Sends it back to its system call instruction, for a call that the kernel has not begun yet. */
static inline void set_call(struct user_regs_struct *r, int number, const uint64_t args[6])
{
	r->rip -= 2;
	r->orig_rax = (unsigned long)-1; /* nothing that the kernel would make anew */
	r->rax = (unsigned)number;
	r->rdi = args[0], r->rsi = args[1], r->rdx = args[2], r->r10 = args[3], r->r8 = args[4], r->r9 = args[5];
}

static inline int64_t result_of(const struct user_regs_struct *r) { return (int64_t)r->rax; }
static inline void set_result(struct user_regs_struct *r, int64_t result) { r->rax = (uint64_t)result; }

/* The kernel makes a call anew with the registers that it finds. */
#define RESTARTS_WITH_OWN_ARGUMENT false
static inline bool forget_call(pid_t thread)
{
	(void)thread;
	return true;
}

/* ---- calls that only this processor has ---- */

/* number, condition of hooks.c, its argument, answer. */
#define OLD_HOOKS(X) \
	X(open, OPENS, 1, answer_open(call, HERE, A(0), (int)A(1), (mode_t)A(2))) \
	X(creat, ALWAYS, 0, answer_open(call, HERE, A(0), O_CREAT | O_WRONLY | O_TRUNC, (mode_t)A(1))) \
	X(stat, ALWAYS, 0, answer_stat(call, HERE, A(0), A(1), 0)) \
	X(lstat, ALWAYS, 0, answer_stat(call, HERE, A(0), A(1), NOFOLLOW)) \
	X(chown, ALWAYS, 0, answer_chown(call, HERE, A(0), (uint32_t)A(1), (uint32_t)A(2), 0)) \
	X(lchown, ALWAYS, 0, answer_chown(call, HERE, A(0), (uint32_t)A(1), (uint32_t)A(2), NOFOLLOW)) \
	X(mknod, ALWAYS, 0, answer_create(call, NODE, HERE, A(0), (mode_t)A(1), A(2))) \
	X(mkdir, VIRTUAL, 0, answer_create(call, DIRECTORY, HERE, A(0), (mode_t)A(1), 0)) \
	X(symlink, VIRTUAL, 0, answer_create(call, LINK, HERE, A(1), 0, A(0))) \
	X(link, ALWAYS, 0, answer_link(call, HERE, A(0), HERE, A(1), 0)) \
	X(unlink, VIRTUAL, 0, answer_remove(call, HERE, A(0), 0)) \
	X(rmdir, VIRTUAL, 0, answer_remove(call, HERE, A(0), AT_REMOVEDIR)) \
	X(rename, ALWAYS, 0, answer_rename(call, HERE, A(0), HERE, A(1), 0)) \
	X(chmod, ALWAYS, 0, answer_mode(call, HERE, A(0), (mode_t)A(1), 0)) \
	X(utime, HARD_LINKS, 0, answer_change(call, HERE, A(0), 0)) \
	X(utimes, HARD_LINKS, 0, answer_change(call, HERE, A(0), 0)) \
	X(futimesat, HARD_LINKS, 0, answer_change(call, (int)A(0), A(1), A(1) ? 0 : ITSELF))

/* number, condition of virtual-hooks.c, answer. */
#define OLD_CALLS(X) \
	X(open, ALWAYS, virtual_open(call, HERE, A(0), (int)A(1), (mode_t)A(2))) \
	X(creat, ALWAYS, virtual_open(call, HERE, A(0), O_CREAT | O_WRONLY | O_TRUNC, (mode_t)A(1))) \
	X(stat, ALWAYS, virtual_stat(call, HERE, A(0), A(1), 0)) \
	X(lstat, ALWAYS, virtual_stat(call, HERE, A(0), A(1), NOFOLLOW)) \
	X(access, ALWAYS, virtual_access(call, HERE, A(0), (unsigned)A(1), 0)) \
	X(readlink, ALWAYS, virtual_readlink(call, HERE, A(0), A(1), (int)A(2))) \
	X(mkdir, ALWAYS, virtual_mkdir(call, HERE, A(0), (mode_t)A(1))) \
	X(rmdir, ALWAYS, virtual_remove(call, HERE, A(0), AT_REMOVEDIR)) \
	X(unlink, ALWAYS, virtual_remove(call, HERE, A(0), 0)) \
	X(rename, ALWAYS, virtual_rename(call, HERE, A(0), HERE, A(1), 0)) \
	X(link, ALWAYS, virtual_link(call, HERE, A(0), HERE, A(1), 0)) \
	X(symlink, ALWAYS, virtual_symlink(call, A(0), HERE, A(1))) \
	X(chmod, ALWAYS, virtual_chmod(call, HERE, A(0), (mode_t)A(1), 0)) \
	X(chown, ALWAYS, virtual_chown(call, HERE, A(0), (uint32_t)A(1), (uint32_t)A(2), 0)) \
	X(lchown, ALWAYS, virtual_chown(call, HERE, A(0), (uint32_t)A(1), (uint32_t)A(2), NOFOLLOW)) \
	X(mknod, ALWAYS, virtual_mknod(call, HERE, A(0), (mode_t)A(1), (unsigned)A(2))) \
	X(utime, ALWAYS, virtual_times(call, HERE, A(0), A(1), SECONDS, 0)) \
	X(utimes, ALWAYS, virtual_times(call, HERE, A(0), A(1), MICROSECONDS, 0)) \
	X(futimesat, ALWAYS, virtual_times(call, (int)A(0), A(1), A(2), MICROSECONDS, A(1) ? 0 : ITSELF_))

/* Allowed in a virtual root. */
#define OLD_ALLOWED \
	SYS_poll, SYS_pipe, SYS_select, SYS_dup2, SYS_pause, SYS_alarm, SYS_fork, SYS_vfork, SYS_getdents, SYS_getpgrp, SYS_arch_prctl, \
	SYS_modify_ldt, SYS_time, SYS_epoll_create, SYS_epoll_wait, SYS_inotify_init, SYS_signalfd, SYS_eventfd, SYS_get_thread_area, \
	SYS_set_thread_area,
/* Refused in a virtual root. */
#define OLD_REFUSED {SYS_iopl, EPERM}, {SYS_ioperm, EPERM},

#endif
