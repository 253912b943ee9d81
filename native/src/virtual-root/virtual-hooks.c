#include "virtual-root/virtual-hooks.h"

#include <errno.h>
#include <fcntl.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/fail.h"
#include "base/filter.h"
#include "base/kernel.h"
#include "virtual-root/loader.h"
#include "virtual-root/programs.h"
#include "virtual-root/rewrite.h"
#include "virtual-root/virtual.h"

#define A(i) (call->args[i])
#define HERE AT_FDCWD
#define NOFOLLOW AT_SYMLINK_NOFOLLOW
#define ITSELF_ AT_EMPTY_PATH /* of a descriptor */

static struct reply get_working_directory(const struct call *call)
{
	if (A(2) == LOADER_ASKS && A(1) == LOADER_ANSWER_SIZE) return answer_loader(call);
	if (A(2) == LOADER_CHANGES_ROOT && !A(1)) return virtual_chroot(call);
	return virtual_getcwd(call);
}

static struct reply answer_locks(const struct call *call, uint64_t old)
{
	/* RLIMIT_LOCKS limits nothing; its place holds the state of the process. */
	const struct kernel_limit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	return old ? write_memory(call, old, &unlimited, sizeof unlimited) : result(0);
}

static struct reply answer_limits(const struct call *call, unsigned resource, pid_t process, uint64_t new, uint64_t old)
{
	return resource == RLIMIT_LOCKS ? answer_locks(call, old) : answer_limit(call, process, new, old);
}

/* Calls with conditions: which of them need an answer. */
enum condition { ALWAYS, OF_A_NAME, PEER, LIMIT_FIRST, LIMIT_SECOND, KEEPS, SENDS_TO };

/* number, condition, answer. Order does not matter. */
#define CALLS(X) \
	OLD_CALLS(X) \
	X(openat, ALWAYS, virtual_open(call, (int)A(0), A(1), (int)A(2), (mode_t)A(3))) \
	X(fstat, ALWAYS, virtual_stat(call, (int)A(0), 0, A(1), ITSELF_)) \
	X(newfstatat, ALWAYS, virtual_stat(call, (int)A(0), A(1), A(2), (int)A(3))) \
	X(statx, ALWAYS, virtual_statx(call, (int)A(0), A(1), (int)A(2), (uint32_t)A(3), A(4))) \
	X(faccessat, ALWAYS, virtual_access(call, (int)A(0), A(1), (unsigned)A(2), 0)) \
	X(faccessat2, ALWAYS, virtual_access(call, (int)A(0), A(1), (unsigned)A(2), (int)A(3))) \
	X(readlinkat, ALWAYS, virtual_readlink(call, (int)A(0), A(1), A(2), (int)A(3))) \
	X(mkdirat, ALWAYS, virtual_mkdir(call, (int)A(0), A(1), (mode_t)A(2))) \
	X(unlinkat, ALWAYS, virtual_remove(call, (int)A(0), A(1), (int)A(2))) \
	X(renameat, ALWAYS, virtual_rename(call, (int)A(0), A(1), (int)A(2), A(3), 0)) \
	X(renameat2, ALWAYS, virtual_rename(call, (int)A(0), A(1), (int)A(2), A(3), (unsigned)A(4))) \
	X(linkat, ALWAYS, virtual_link(call, (int)A(0), A(1), (int)A(2), A(3), (int)A(4))) \
	X(symlinkat, ALWAYS, virtual_symlink(call, A(0), (int)A(1), A(2))) \
	X(fchmod, ALWAYS, virtual_chmod(call, (int)A(0), 0, (mode_t)A(1), ITSELF_)) \
	X(fchmodat, ALWAYS, virtual_chmod(call, (int)A(0), A(1), (mode_t)A(2), 0)) \
	X(fchmodat2, ALWAYS, virtual_chmod(call, (int)A(0), A(1), (mode_t)A(2), (int)A(3))) \
	X(fchown, ALWAYS, virtual_chown(call, (int)A(0), 0, (uint32_t)A(1), (uint32_t)A(2), ITSELF_)) \
	X(fchownat, ALWAYS, virtual_chown(call, (int)A(0), A(1), (uint32_t)A(2), (uint32_t)A(3), (int)A(4))) \
	X(mknodat, ALWAYS, virtual_mknod(call, (int)A(0), A(1), (mode_t)A(2), (unsigned)A(3))) \
	X(truncate, ALWAYS, virtual_truncate(call, A(0), (int64_t)A(1))) \
	X(utimensat, OF_A_NAME, virtual_times(call, (int)A(0), A(1), A(2), NANOSECONDS, (int)A(3))) \
	X(statfs, ALWAYS, virtual_statfs(call, A(0), A(1))) \
	X(getxattr, ALWAYS, virtual_get_attribute(call, HERE, A(0), 0)) \
	X(lgetxattr, ALWAYS, virtual_get_attribute(call, HERE, A(0), NOFOLLOW)) \
	X(fgetxattr, ALWAYS, virtual_get_attribute(call, (int)A(0), 0, ITSELF_)) \
	X(setxattr, ALWAYS, virtual_set_attribute(call, HERE, A(0), 0)) \
	X(lsetxattr, ALWAYS, virtual_set_attribute(call, HERE, A(0), NOFOLLOW)) \
	X(fsetxattr, ALWAYS, virtual_set_attribute(call, (int)A(0), 0, ITSELF_)) \
	X(listxattr, ALWAYS, virtual_list_attributes(call, HERE, A(0), 0)) \
	X(llistxattr, ALWAYS, virtual_list_attributes(call, HERE, A(0), NOFOLLOW)) \
	X(flistxattr, ALWAYS, virtual_list_attributes(call, (int)A(0), 0, ITSELF_)) \
	X(removexattr, ALWAYS, virtual_remove_attribute(call, HERE, A(0), 0)) \
	X(lremovexattr, ALWAYS, virtual_remove_attribute(call, HERE, A(0), NOFOLLOW)) \
	X(fremovexattr, ALWAYS, virtual_remove_attribute(call, (int)A(0), 0, ITSELF_)) \
	X(execve, ALWAYS, answer_program(call, HERE, A(0), A(1), A(2), 0)) \
	X(execveat, ALWAYS, answer_program(call, (int)A(0), A(1), A(2), A(3), (int)A(4))) \
	X(chdir, ALWAYS, virtual_chdir(call)) \
	X(getcwd, ALWAYS, get_working_directory(call)) \
	X(uname, ALWAYS, virtual_uname(call)) \
	X(capget, ALWAYS, virtual_capget(call)) \
	X(capset, ALWAYS, virtual_capset(call)) \
	X(umask, ALWAYS, virtual_umask(call)) \
	X(bind, ALWAYS, virtual_socket_name(call, 1)) \
	X(connect, ALWAYS, virtual_socket_name(call, 1)) \
	X(sendto, SENDS_TO, virtual_socket_name(call, 4)) \
	X(sendmsg, ALWAYS, virtual_sendmsg(call)) \
	X(sendmmsg, ALWAYS, virtual_sendmmsg(call)) \
	X(inotify_add_watch, ALWAYS, virtual_watch(call)) \
	X(getsockopt, PEER, virtual_peer(call)) \
	X(setrlimit, LIMIT_FIRST, answer_limits(call, (unsigned)A(0), 0, A(1), 0)) \
	X(getrlimit, LIMIT_FIRST, answer_limits(call, (unsigned)A(0), 0, 0, A(1))) \
	X(prlimit64, LIMIT_SECOND, answer_limits(call, (unsigned)A(1), (pid_t)A(0), A(2), A(3))) \
	X(prctl, KEEPS, answer_keep_capabilities(call)) \
	X(getuid, ALWAYS, result(credentials_of(call->thread)->ids[USER].real)) \
	X(geteuid, ALWAYS, result(credentials_of(call->thread)->ids[USER].effective)) \
	X(getgid, ALWAYS, result(credentials_of(call->thread)->ids[GROUP].real)) \
	X(getegid, ALWAYS, result(credentials_of(call->thread)->ids[GROUP].effective)) \
	X(getresuid, ALWAYS, answer_get_ids(call, USER)) \
	X(getresgid, ALWAYS, answer_get_ids(call, GROUP)) \
	X(getgroups, ALWAYS, answer_get_groups(call)) \
	X(setuid, ALWAYS, answer_set_id(call, USER, 1)) \
	X(setgid, ALWAYS, answer_set_id(call, GROUP, 1)) \
	X(setreuid, ALWAYS, answer_set_id(call, USER, 2)) \
	X(setregid, ALWAYS, answer_set_id(call, GROUP, 2)) \
	X(setresuid, ALWAYS, answer_set_id(call, USER, 3)) \
	X(setresgid, ALWAYS, answer_set_id(call, GROUP, 3)) \
	X(setfsuid, ALWAYS, answer_set_id(call, USER, 0)) \
	X(setfsgid, ALWAYS, answer_set_id(call, GROUP, 0)) \
	X(setgroups, ALWAYS, answer_set_groups(call))

#define DEFINE(name, condition, expression) \
	static struct reply on_##name(const struct call *call) { return expression; }
CALLS(DEFINE)

static const struct hook {
	int number;
	enum condition condition;
	struct reply (*answer)(const struct call *);
} hooks[] = {
#define ENTRY(name, condition, expression) {SYS_##name, condition, on_##name},
	CALLS(ENTRY)
};
#define HOOK_COUNT (sizeof hooks / sizeof *hooks)

static const struct hook *find_hook(int number)
{
	for (size_t i = 0; i < HOOK_COUNT; i++)
		if (hooks[i].number == number) return &hooks[i];
	return NULL;
}

struct reply answer_virtually(const struct call *call)
{
	if (is_instead(call)) return pass();
	const struct hook *hook = find_hook(call->number);
	if (!hook) return error(ENOSYS);
	begin_names();
	struct reply reply = hook->answer(call);
	if (reply.kind != ERROR || reply.value != EACCES || !grant_access()) return reply;
	begin_names();
	return hook->answer(call);
}

/* ---- calls that take no name ---- */

#define NUMBER(name) SYS_##name,
static const int allowed[] = {
	OLD_ALLOWED
	SYS_read, SYS_write, SYS_close, SYS_lseek, SYS_mmap, SYS_mprotect, SYS_munmap, SYS_brk, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_ioctl, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_sched_yield, SYS_mremap, SYS_msync, SYS_mincore, SYS_madvise, SYS_shmget,
	SYS_shmat, SYS_shmctl, SYS_shmdt, SYS_dup, SYS_dup3, SYS_pipe2, SYS_nanosleep, SYS_getitimer, SYS_setitimer, SYS_getpid, SYS_sendfile,
	SYS_socket, SYS_accept, SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_shutdown, SYS_listen, SYS_getsockname, SYS_getpeername,
	SYS_socketpair, SYS_setsockopt, SYS_clone, 435 /* clone3 */, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill, SYS_tkill, SYS_tgkill,
	SYS_semget, SYS_semop, SYS_semtimedop, SYS_semctl, SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_fcntl, SYS_flock, SYS_fsync,
	SYS_fdatasync, SYS_ftruncate, SYS_getdents64, SYS_fchdir, SYS_ppoll, SYS_pselect6, SYS_gettimeofday, SYS_getrusage, SYS_sysinfo,
	SYS_times, SYS_ptrace, SYS_syslog, SYS_setsid, SYS_setpgid, SYS_getppid, SYS_getpgid, SYS_getsid, SYS_rt_sigpending,
	SYS_rt_sigtimedwait, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_rt_sigsuspend, SYS_sigaltstack, SYS_personality, SYS_fstatfs, SYS_getpriority,
	SYS_setpriority, SYS_sched_setparam, SYS_sched_getparam, SYS_sched_setscheduler, SYS_sched_getscheduler, SYS_sched_get_priority_max,
	SYS_sched_get_priority_min, SYS_sched_rr_get_interval, SYS_sched_setaffinity, SYS_sched_getaffinity, SYS_sched_setattr, SYS_sched_getattr,
	SYS_mlock, SYS_mlock2, SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_adjtimex, SYS_clock_adjtime, SYS_sync, SYS_syncfs,
	SYS_gettid, SYS_readahead, SYS_futex, SYS_io_setup, SYS_io_destroy, SYS_io_getevents, SYS_io_submit,
	SYS_io_cancel, SYS_remap_file_pages, SYS_set_tid_address, SYS_restart_syscall, SYS_fadvise64, SYS_timer_create, SYS_timer_settime,
	SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep,
	SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_mbind, SYS_set_mempolicy, SYS_get_mempolicy, SYS_migrate_pages, SYS_move_pages,
	SYS_mq_open, SYS_mq_unlink, SYS_mq_timedsend, SYS_mq_timedreceive, SYS_mq_notify, SYS_mq_getsetattr, SYS_add_key, SYS_request_key, SYS_keyctl,
	SYS_ioprio_set, SYS_ioprio_get, SYS_inotify_init1, SYS_inotify_rm_watch, SYS_unshare, SYS_setns, SYS_set_robust_list, SYS_get_robust_list,
	SYS_splice, SYS_tee, SYS_vmsplice, SYS_sync_file_range, SYS_signalfd4, SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime,
	SYS_timerfd_gettime, SYS_fallocate, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_getcpu, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_kcmp, SYS_seccomp, SYS_getrandom, SYS_memfd_create, SYS_membarrier, SYS_copy_file_range, SYS_userfaultfd,
	SYS_rseq, SYS_pkey_mprotect, SYS_pkey_alloc, SYS_pkey_free,
	/* By number, since headers may be older: pidfd_send_signal, pidfd_open, close_range, pidfd_getfd, process_madvise,
	 * epoll_pwait2, landlock's, memfd_secret, process_mrelease, futex_waitv, set_mempolicy_home_node, cachestat,
	 * map_shadow_stack, futex_wake to futex_requeue, mseal. */
	424, 434, 436, 438, 440, 441, 444, 445, 446, 447, 448, 449, 450, 451, 453, 454, 455, 456, 462,
};

/* Refused with another error than ENOSYS. */
static const struct {
	int number, reason;
} refused[] = {
	{SYS_mount, EPERM}, {SYS_umount2, EPERM}, {SYS_pivot_root, EPERM}, {SYS_swapon, EPERM}, {SYS_swapoff, EPERM}, {SYS_acct, EPERM},
	{SYS_quotactl, EPERM}, {SYS_open_by_handle_at, EPERM}, {SYS_fanotify_init, EPERM}, {SYS_reboot, EPERM}, {SYS_init_module, EPERM},
	{SYS_delete_module, EPERM}, {SYS_kexec_load, EPERM}, {SYS_name_to_handle_at, EOPNOTSUPP},
	/* For the whole machine, whoever is allowed to: also by name (bpf). */
	{SYS_bpf, EPERM}, {SYS_perf_event_open, EPERM}, {SYS_settimeofday, EPERM}, {SYS_clock_settime, EPERM}, {SYS_sethostname, EPERM},
	{SYS_setdomainname, EPERM}, {SYS_vhangup, EPERM},
	OLD_REFUSED
};

/* Allows the call if one of its arguments, a pointer, is null. */
static void allow_null(struct filter *f, unsigned argument)
{
	load_argument(f, argument);
	skip_unless_equal(f, 0, 3);
	load_argument_high(f, argument);
	skip_unless_equal(f, 0, 1);
	give(f, SECCOMP_RET_ALLOW);
}

static void add_condition(struct filter *f, enum condition condition)
{
	switch (condition) {
	case ALWAYS: break;
	case OF_A_NAME: allow_null(f, 1); break; /* futimens has none */
	case SENDS_TO: allow_null(f, 4); break;
	case PEER:
		load_argument(f, 1);
		skip_if_equal(f, SOL_SOCKET, 1);
		give(f, SECCOMP_RET_ALLOW);
		load_argument(f, 2);
		skip_if_equal(f, SO_PEERCRED, 1);
		give(f, SECCOMP_RET_ALLOW);
		break;
	case LIMIT_FIRST:
	case LIMIT_SECOND:
		load_argument(f, condition == LIMIT_FIRST ? 0 : 1);
		skip_if_equal(f, RLIMIT_RTTIME, 2);
		skip_if_equal(f, RLIMIT_LOCKS, 1);
		give(f, SECCOMP_RET_ALLOW);
		break;
	case KEEPS:
		load_argument(f, 0);
		/* A process that hides its memory could not be answered. */
		skip_unless_equal(f, PR_SET_DUMPABLE, 1);
		give(f, SECCOMP_RET_ERRNO | 0);
		skip_if_equal(f, PR_SET_KEEPCAPS, 2);
		skip_if_equal(f, PR_GET_KEEPCAPS, 1);
		give(f, SECCOMP_RET_ALLOW);
		break;
	}
	give(f, SECCOMP_RET_USER_NOTIF);
}

int install_virtual_hooks(void)
{
	static struct filter f;
	begin_filter(&f, SECCOMP_RET_ERRNO | ENOSYS); /* programs for another processor would reach the host's files */
	for (size_t i = 0; i < HOOK_COUNT; i++) {
		begin_call(&f, (uint32_t)hooks[i].number);
		add_condition(&f, hooks[i].condition);
	}
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		begin_call(&f, (uint32_t)allowed[i]);
		give(&f, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		begin_call(&f, (uint32_t)refused[i].number);
		give(&f, SECCOMP_RET_ERRNO | (uint32_t)refused[i].reason);
	}
	/* The environment's own filter refuses chroot, and its refusal goes before a question to the helper, but not before
	 * a trap: the loader has a handler, which asks. */
	begin_call(&f, SYS_chroot);
	give(&f, SECCOMP_RET_TRAP);
	return install_filter_with_listener(&f, SECCOMP_RET_ERRNO | ENOSYS);
}
