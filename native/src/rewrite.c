#include "rewrite.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "fail.h"
#include "kernel.h"
#include "programs.h"
#include "state.h"

int alias_of(int fd, char *to, size_t size) { return snprintf(to, size, "/proc/%d/fd/%d", getpid(), fd); }

#ifdef __x86_64__

/* A caller that makes another call. */
struct borrowed {
	bool used;
	bool traced;  /* else it executes, and is let go already */
	bool entered; /* it stopped at the entry of the call */
	struct call call;
	struct instead instead;
	struct user_regs_struct saved;
};
static struct borrowed **borrowed;
static size_t borrowed_count;
static struct instead prepared;
static unsigned next_slot;

bool can_rewrite(void) { return true; }

struct instead *prepare_instead(const struct call *call)
{
	prepared.number = call->number;
	memcpy(prepared.args, call->args, sizeof prepared.args);
	prepared.pointer = -1;
	prepared.length = prepared.pointer_at = prepared.points_to = 0;
	prepared.is_exec = prepared.has_inner_pointer = false;
	prepared.held[0] = prepared.held[1] = -1;
	prepared.finish = NULL;
	return &prepared;
}

static void release(struct instead *i)
{
	for (size_t j = 0; j < 2; j++)
		if (i->held[j] >= 0) close(i->held[j]);
	i->held[0] = i->held[1] = -1;
}

static struct borrowed *find(pid_t thread)
{
	for (size_t i = 0; i < borrowed_count; i++)
		if (borrowed[i]->used && borrowed[i]->call.thread == thread) return borrowed[i];
	return NULL;
}

static struct borrowed *take(void)
{
	for (size_t i = 0; i < borrowed_count; i++)
		if (!borrowed[i]->used) return borrowed[i];
	struct borrowed **more = realloc(borrowed, (borrowed_count + 1) * sizeof(struct borrowed *));
	if (!more) fail("memory", NULL);
	borrowed = more;
	struct borrowed *b = calloc(1, sizeof *b);
	if (!b) fail("memory", NULL);
	return borrowed[borrowed_count++] = b;
}

static void give_back(struct borrowed *b)
{
	release(&b->instead);
	b->used = false;
}

bool is_instead(const struct call *call)
{
	struct borrowed *b = find(call->thread);
	if (!b) return false;
	/* All arguments: a later thread may have the number of one that was killed before its call. */
	bool same = b->instead.number == call->number && !memcmp(b->instead.args, call->args, sizeof call->args);
	if (!b->traced) give_back(b);
	return same;
}

static bool send_error(const struct call *call, int number)
{
	struct seccomp_notif_resp response = {.id = call->id, .error = -number};
	return !ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* The data in the caller's memory; 0 or an error number. */
static int place_data(const struct call *call, struct instead *i)
{
	uint64_t scratch = scratch_of(state_of(call->thread).program);
	if (i->pointer < 0) return 0;
	if (!scratch) return EPERM;
	uint64_t at = scratch + SCRATCH_SLOT * (next_slot++ % SCRATCH_SLOTS), target = at + i->points_to;
	if (i->has_inner_pointer) memcpy(i->data + i->pointer_at, &target, sizeof target);
	struct reply written = write_memory(call, at, i->data, i->length);
	if (written.kind != RESULT) return written.kind == ERROR ? ENOMEM : ESRCH;
	i->args[i->pointer] = at;
	return 0;
}

/* Only the step is traced, so a detached process goes on with the signal that stopped it. */
static void let_go(pid_t thread, int signal) { ptrace(PTRACE_DETACH, thread, 0, signal); }

static bool is_interrupt(int status) { return status >> 16 == PTRACE_EVENT_STOP; }

bool start_instead(const struct call *call)
{
	struct instead *i = &prepared;
	int status, failed = place_data(call, i);
	if (!failed && ptrace(PTRACE_SEIZE, call->thread, 0, PTRACE_O_TRACESYSGOOD)) failed = errno;
	if (failed) {
		release(i);
		return send_error(call, failed);
	}
	/* The caller sees the interruption when its call returns, before it is in user mode again. */
	ptrace(PTRACE_INTERRUPT, call->thread, 0, 0);
	send_error(call, ENOSYS);
	pid_t waited;
	do waited = waitpid(call->thread, &status, __WALL);
	while (waited < 0 && errno == EINTR);
	struct user_regs_struct registers;
	if (waited < 0 || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, call->thread, 0, &registers)) {
		release(i);
		return false;
	}
	struct user_regs_struct saved = registers;
	registers.rip -= 2;
	registers.orig_rax = (unsigned long)-1;
	if (!is_interrupt(status)) {
		/* A signal came first: its handler runs, and the call is made anew. */
		registers.rax = (unsigned)call->number;
		ptrace(PTRACE_SETREGS, call->thread, 0, &registers);
		let_go(call->thread, WSTOPSIG(status));
		release(i);
		return false;
	}
	registers.rax = (unsigned)i->number;
	registers.rdi = i->args[0], registers.rsi = i->args[1], registers.rdx = i->args[2];
	registers.r10 = i->args[3], registers.r8 = i->args[4], registers.r9 = i->args[5];
	struct borrowed *b = take();
	b->used = true, b->traced = !i->is_exec, b->entered = false;
	b->call = *call, b->instead = *i, b->saved = saved;
	ptrace(PTRACE_SETREGS, call->thread, 0, &registers);
	if (b->traced) ptrace(PTRACE_SYSCALL, call->thread, 0, 0);
	else let_go(call->thread, 0);
	return true;
}

void on_stopped(pid_t thread, int status)
{
	struct borrowed *b = find(thread);
	struct user_regs_struct registers;
	if (!WIFSTOPPED(status)) {
		if (b) give_back(b);
		return;
	}
	bool at_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
	int signal = at_call || is_interrupt(status) || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	if (!b || !b->traced) {
		let_go(thread, signal);
		return;
	}
	if (at_call && !b->entered) {
		b->entered = true;
		ptrace(PTRACE_SYSCALL, thread, 0, 0);
		return;
	}
	if (!ptrace(PTRACE_GETREGS, thread, 0, &registers)) {
		struct user_regs_struct back = b->saved;
		if (!b->entered) {
			/* Stopped before the call was made: it is made anew, as the caller made it. */
			back.rip -= 2;
			back.orig_rax = (unsigned long)-1;
			back.rax = (unsigned)b->call.number;
		} else {
			back.rax = registers.rax;
			if (!at_call) back.orig_rax = (unsigned long)-1;
			if (b->instead.finish && (int64_t)registers.rax >= 0) b->instead.finish(&b->call, &b->instead, (int64_t)registers.rax);
		}
		ptrace(PTRACE_SETREGS, thread, 0, &back);
	}
	let_go(thread, signal);
	give_back(b);
}

#else

bool can_rewrite(void) { return false; }
bool is_instead(const struct call *call) { (void)call; return false; }
void on_stopped(pid_t thread, int status) { (void)thread, (void)status; }
struct instead *prepare_instead(const struct call *call)
{
	static struct instead none;
	(void)call;
	return &none;
}
bool start_instead(const struct call *call)
{
	struct seccomp_notif_resp response = {.id = call->id, .error = -ENOSYS};
	return !ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

#endif
