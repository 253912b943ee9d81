#include "ownership/hooks.h"

#include <errno.h>
#include <fcntl.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/fail.h"
#include "base/kernel.h"

#define A(i) (call->args[i])
#define HERE AT_FDCWD
#define NOFOLLOW AT_SYMLINK_NOFOLLOW
#define ITSELF AT_EMPTY_PATH /* of a descriptor */
#define HOOK(call_name, expression) \
	static struct reply on_##call_name(const struct call *call) { return expression; }

static bool virtual_capabilities, hard_links, real_owners;

void choose_hooks(const struct spec *spec)
{
	real_owners = spec->real_owners;
	virtual_capabilities = spec->virtual_capabilities && !real_owners;
	hard_links = spec->hard_links && !real_owners;
}

/* Setting or removing an attribute: `virtually` if it is the one that the table holds, which passes on all others. */
static struct reply answer_attribute(const struct call *call, int directory, uint64_t path, int flags,
                                     struct reply (*virtually)(const struct call *, int, uint64_t, int))
{
	struct reply reply = virtual_capabilities ? virtually(call, directory, path, flags) : pass();
	return reply.kind == PASS && hard_links ? answer_change(call, directory, path, flags) : reply;
}

/* System calls that only one processor has. */
#define OLD_HOOK(call_name, condition, argument, expression) HOOK(call_name, expression)
OLD_HOOKS(OLD_HOOK)

HOOK(fstat, answer_stat(call, (int)A(0), 0, A(1), ITSELF))
HOOK(newfstatat, answer_stat(call, (int)A(0), A(1), A(2), (int)A(3)))
HOOK(statx, answer_statx(call, (int)A(0), A(1), (int)A(2), (uint32_t)A(3), A(4)))
HOOK(fchown, answer_chown(call, (int)A(0), 0, (uint32_t)A(1), (uint32_t)A(2), ITSELF))
HOOK(fchownat, answer_chown(call, (int)A(0), A(1), (uint32_t)A(2), (uint32_t)A(3), (int)A(4)))
HOOK(mknodat, answer_create(call, NODE, (int)A(0), A(1), (mode_t)A(2), A(3)))
HOOK(mkdirat, answer_create(call, DIRECTORY, (int)A(0), A(1), (mode_t)A(2), 0))
HOOK(symlinkat, answer_create(call, LINK, (int)A(1), A(2), 0, A(0)))
HOOK(openat, answer_open(call, (int)A(0), A(1), (int)A(2), (mode_t)A(3)))
HOOK(unlinkat, answer_remove(call, (int)A(0), A(1), (int)A(2)))
HOOK(renameat, answer_rename(call, (int)A(0), A(1), (int)A(2), A(3), 0))
HOOK(renameat2, answer_rename(call, (int)A(0), A(1), (int)A(2), A(3), (unsigned)A(4)))
HOOK(execve, answer_exec(call, HERE, A(0), 0))
HOOK(execveat, answer_exec(call, (int)A(0), A(1), (int)A(4)))
HOOK(getuid, result(credentials_of(call->thread)->ids[USER].real))
HOOK(geteuid, result(credentials_of(call->thread)->ids[USER].effective))
HOOK(getgid, result(credentials_of(call->thread)->ids[GROUP].real))
HOOK(getegid, result(credentials_of(call->thread)->ids[GROUP].effective))
HOOK(getresuid, answer_get_ids(call, USER))
HOOK(getresgid, answer_get_ids(call, GROUP))
HOOK(getgroups, answer_get_groups(call))
HOOK(setuid, answer_set_id(call, USER, 1))
HOOK(setgid, answer_set_id(call, GROUP, 1))
HOOK(setreuid, answer_set_id(call, USER, 2))
HOOK(setregid, answer_set_id(call, GROUP, 2))
HOOK(setresuid, answer_set_id(call, USER, 3))
HOOK(setresgid, answer_set_id(call, GROUP, 3))
HOOK(setfsuid, answer_set_id(call, USER, 0))
HOOK(setfsgid, answer_set_id(call, GROUP, 0))
HOOK(setgroups, answer_set_groups(call))
HOOK(getsockopt, answer_peer(call))
HOOK(prctl, answer_keep_capabilities(call))
HOOK(setrlimit, answer_limit(call, 0, A(1), 0))
HOOK(getrlimit, answer_limit(call, 0, 0, A(1)))
HOOK(prlimit64, answer_limit(call, (pid_t)A(0), A(2), A(3)))
/* Calls that change a file. */
HOOK(truncate, answer_change(call, HERE, A(0), 0))
HOOK(fchmod, answer_mode(call, (int)A(0), 0, (mode_t)A(1), ITSELF))
HOOK(fchmodat, answer_mode(call, (int)A(0), A(1), (mode_t)A(2), 0))
HOOK(fchmodat2, answer_mode(call, (int)A(0), A(1), (mode_t)A(2), (int)A(3)))
HOOK(utimensat, answer_change(call, (int)A(0), A(1), A(1) ? (int)A(3) : ITSELF))
HOOK(linkat, answer_link(call, (int)A(0), A(1), (int)A(2), A(3), (int)A(4)))
static struct reply on_chroot(const struct call *call)
{
	(void)call;
	expect_other_roots();
	return pass();
}
HOOK(setxattr, answer_attribute(call, HERE, A(0), 0, answer_set_capability))
HOOK(lsetxattr, answer_attribute(call, HERE, A(0), NOFOLLOW, answer_set_capability))
HOOK(fsetxattr, answer_attribute(call, (int)A(0), 0, ITSELF, answer_set_capability))
HOOK(getxattr, answer_get_capability(call, HERE, A(0), 0))
HOOK(lgetxattr, answer_get_capability(call, HERE, A(0), NOFOLLOW))
HOOK(fgetxattr, answer_get_capability(call, (int)A(0), 0, ITSELF))
HOOK(removexattr, answer_attribute(call, HERE, A(0), 0, answer_remove_capability))
HOOK(lremovexattr, answer_attribute(call, HERE, A(0), NOFOLLOW, answer_remove_capability))
HOOK(fremovexattr, answer_attribute(call, (int)A(0), 0, ITSELF, answer_remove_capability))

/* ALWAYS is also where owners are real, where the kernel does all that is left. */
enum condition { ALWAYS, VIRTUAL, OPENS, ASKS_PEER, LIMITS, KEEPS, ATTRIBUTES, HARD_LINKS, CAPABILITIES };

static const struct hook {
	int number;
	struct reply (*answer)(const struct call *);
	enum condition condition;
	int argument; /* of OPENS: where the flags are; of LIMITS: where the resource is */
} hooks[] = {
#define BOTH(call_name) {SYS_##call_name, on_##call_name, ALWAYS, 0}
#define ENTRY(call_name) {SYS_##call_name, on_##call_name, VIRTUAL, 0}
#define CAPABILITY(call_name) {SYS_##call_name, on_##call_name, CAPABILITIES, 0}
#define ATTRIBUTE(call_name) {SYS_##call_name, on_##call_name, ATTRIBUTES, 0}
#define CHANGE(call_name) {SYS_##call_name, on_##call_name, HARD_LINKS, 0}
#define OLD_ENTRY(call_name, condition, argument, expression) {SYS_##call_name, on_##call_name, condition, argument},
	OLD_HOOKS(OLD_ENTRY)
	{SYS_openat, on_openat, OPENS, 2},
	{SYS_getsockopt, on_getsockopt, ASKS_PEER, 0},
	{SYS_prctl, on_prctl, KEEPS, 0},
	{SYS_setrlimit, on_setrlimit, LIMITS, 0}, {SYS_getrlimit, on_getrlimit, LIMITS, 0}, {SYS_prlimit64, on_prlimit64, LIMITS, 1},
	BOTH(renameat), BOTH(fstat), BOTH(newfstatat), BOTH(statx), BOTH(fchown), BOTH(fchownat), BOTH(mknodat), ENTRY(mkdirat), ENTRY(symlinkat),
	ENTRY(unlinkat), BOTH(renameat2), BOTH(execve), BOTH(execveat), ENTRY(getuid), ENTRY(geteuid), ENTRY(getgid), ENTRY(getegid),
	ENTRY(getresuid), ENTRY(getresgid), ENTRY(getgroups), BOTH(setuid), ENTRY(setgid), BOTH(setreuid), ENTRY(setregid),
	BOTH(setresuid), ENTRY(setresgid), BOTH(setfsuid), ENTRY(setfsgid), ENTRY(setgroups), BOTH(chroot), BOTH(linkat),
	BOTH(fchmod), BOTH(fchmodat), BOTH(fchmodat2), CHANGE(truncate), CHANGE(utimensat),
	ATTRIBUTE(setxattr), ATTRIBUTE(lsetxattr), ATTRIBUTE(fsetxattr), CAPABILITY(getxattr), CAPABILITY(lgetxattr), CAPABILITY(fgetxattr),
	ATTRIBUTE(removexattr), ATTRIBUTE(lremovexattr), ATTRIBUTE(fremovexattr),
};
#define HOOK_COUNT (sizeof hooks / sizeof *hooks)

struct reply answer(const struct call *call)
{
	for (size_t i = 0; i < HOOK_COUNT; i++)
		if (hooks[i].number == call->number) return hooks[i].answer(call);
	return pass();
}

/* ---- the filter ---- */

#define SYS_io_uring_setup_ 425
#define LATER_XATTRS 463 /* setxattrat, getxattrat, listxattrat, removexattrat: Linux 6.13 */
#define UNLINKED_FILE 020000000 /* O_TMPFILE without O_DIRECTORY */

struct program {
	struct sock_filter code[320];
	unsigned length;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (p->length == sizeof p->code / sizeof *p->code) refuse("hooks", "the filter is too long");
	p->code[p->length++] = (struct sock_filter){code, yes, no, k};
}
static void load(struct program *p, size_t offset) { emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void give(struct program *p, uint32_t action) { emit(p, BPF_RET | BPF_K, action, 0, 0); }
/* Goes over the next `skip` instructions unless the value is, or has a bit of, this one. */
static void unless_equal(struct program *p, uint32_t value, uint8_t skip) { emit(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip); }
static void unless_set(struct program *p, uint32_t bits, uint8_t skip) { emit(p, BPF_JMP | BPF_JSET | BPF_K, bits, 0, skip); }
/* The low half: both processors are little-endian, and these arguments are ints. */
static size_t argument(int i) { return offsetof(struct seccomp_data, args) + 8 * (size_t)i; }

static void deny(struct program *p, uint32_t number, int reason)
{
	unless_equal(p, number, 1);
	give(p, SECCOMP_RET_ERRNO | (uint32_t)reason);
}

static void add_hook(struct program *p, const struct hook *hook)
{
	switch (hook->condition) {
	case ALWAYS:
	case VIRTUAL:
	case ATTRIBUTES:
	case HARD_LINKS:
	case CAPABILITIES:
		unless_equal(p, (uint32_t)hook->number, 1);
		give(p, SECCOMP_RET_USER_NOTIF);
		return;
	case OPENS:
		if (real_owners) {
			/* Only files that get set-id bits at once. */
			unless_equal(p, (uint32_t)hook->number, 6);
			load(p, argument(hook->argument));
			unless_set(p, O_CREAT, 3);
			load(p, argument(hook->argument + 1));
			unless_set(p, S_ISUID | S_ISGID, 1);
			give(p, SECCOMP_RET_USER_NOTIF);
			give(p, SECCOMP_RET_ALLOW);
			return;
		}
		unless_equal(p, (uint32_t)hook->number, 6);
		load(p, argument(hook->argument));
		/* A file that gets its name later would get its owner now: programs do without where a filesystem can't. */
		unless_set(p, UNLINKED_FILE, 1);
		give(p, SECCOMP_RET_ERRNO | EOPNOTSUPP);
		unless_set(p, O_CREAT | (hard_links ? O_WRONLY | O_RDWR | O_TRUNC : 0), 1);
		give(p, SECCOMP_RET_USER_NOTIF);
		give(p, SECCOMP_RET_ALLOW);
		return;
	case LIMITS:
		unless_equal(p, (uint32_t)hook->number, 4);
		load(p, argument(hook->argument));
		unless_equal(p, RLIMIT_RTTIME, 1);
		give(p, SECCOMP_RET_USER_NOTIF);
		give(p, SECCOMP_RET_ALLOW);
		return;
	case KEEPS:
		unless_equal(p, (uint32_t)hook->number, 6);
		load(p, argument(0));
		unless_equal(p, PR_SET_KEEPCAPS, 1);
		give(p, SECCOMP_RET_USER_NOTIF);
		unless_equal(p, PR_GET_KEEPCAPS, 1);
		give(p, SECCOMP_RET_USER_NOTIF);
		give(p, SECCOMP_RET_ALLOW);
		return;
	case ASKS_PEER:
		unless_equal(p, (uint32_t)hook->number, 6);
		load(p, argument(1));
		unless_equal(p, SOL_SOCKET, 3);
		load(p, argument(2));
		unless_equal(p, SO_PEERCRED, 1);
		give(p, SECCOMP_RET_USER_NOTIF);
		give(p, SECCOMP_RET_ALLOW);
		return;
	}
}

static bool is_wanted(const struct hook *hook)
{
	switch (hook->condition) {
	case ATTRIBUTES: return virtual_capabilities || hard_links;
	case HARD_LINKS: return hard_links;
	case CAPABILITIES: return virtual_capabilities;
	case ALWAYS:
	case OPENS: return true;
	default: return !real_owners;
	}
}

int install_hooks(void)
{
	struct program p = {.length = 0};
	load(&p, offsetof(struct seccomp_data, arch));
	/* 32-bit programs are let through: they see the namespace as it is. */
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
	give(&p, SECCOMP_RET_ALLOW);
	load(&p, offsetof(struct seccomp_data, nr));
	emit(&p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1); /* x32; another processor has no such calls */
	give(&p, SECCOMP_RET_ERRNO | ENOSYS);
	/* Ways around the hooks, which programs can do without. */
	deny(&p, SYS_io_uring_setup_, ENOSYS);
	if (!real_owners) deny(&p, SYS_openat2, ENOSYS);
	if (virtual_capabilities)
		for (uint32_t i = 0; i < 4; i++) deny(&p, LATER_XATTRS + i, ENOSYS);
	for (size_t i = 0; i < HOOK_COUNT; i++)
		if (is_wanted(&hooks[i])) add_hook(&p, &hooks[i]);
	give(&p, SECCOMP_RET_ALLOW);

	struct sock_fprog program = {.len = (unsigned short)p.length, .filter = p.code};
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
	if (fd < 0 && errno == EINVAL) fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return fd;
}
