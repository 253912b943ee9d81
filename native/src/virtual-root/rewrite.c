#include "virtual-root/rewrite.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "virtual-root/programs.h"
#include "virtual-root/state.h"

/* The kernel's own results of calls that a signal interrupted, ERESTARTSYS to ERESTART_RESTARTBLOCK. */
#define ERESTARTSYS_ 512
#define ERESTART_RESTARTBLOCK_ 516

int alias_of(int fd, char *to, size_t size) { return snprintf(to, size, "/proc/%d/fd/%d", getpid(), fd); }

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

static bool read_registers(pid_t thread, struct user_regs_struct *to)
{
	struct iovec part = {to, sizeof *to};
	return !ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &part) && part.iov_len == sizeof *to;
}

static void write_registers(pid_t thread, struct user_regs_struct *from)
{
	struct iovec part = {from, sizeof *from};
	ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &part);
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
	if (waited < 0 || !WIFSTOPPED(status) || !read_registers(call->thread, &registers)) {
		release(i);
		return false;
	}
	struct user_regs_struct saved = registers;
	if (!is_interrupt(status)) {
		/* A signal came first: its handler runs, and the call is made anew. */
		set_call(&registers, call->number, call->args);
		write_registers(call->thread, &registers);
		let_go(call->thread, WSTOPSIG(status));
		release(i);
		return false;
	}
	set_call(&registers, i->number, i->args);
	struct borrowed *b = take();
	b->used = true, b->traced = !i->is_exec, b->entered = false;
	b->call = *call, b->instead = *i, b->saved = saved;
	write_registers(call->thread, &registers);
	if (b->traced) ptrace(PTRACE_SYSCALL, call->thread, 0, 0);
	else let_go(call->thread, 0);
	return true;
}

/* Whether the kernel would make the call anew with an argument that was not the caller's. */
static bool starts_anew(const struct borrowed *b, int64_t result)
{
	bool anew = result <= -ERESTARTSYS_ && result >= -ERESTART_RESTARTBLOCK_;
	return anew && RESTARTS_WITH_OWN_ARGUMENT && b->instead.args[0] != b->call.args[0];
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
	if (read_registers(thread, &registers)) {
		struct user_regs_struct back = b->saved;
		int64_t done = result_of(&registers);
		/* Stopped before the call was made: it is made anew, as the caller made it. */
		if (!b->entered || (at_call && starts_anew(b, done) && forget_call(thread))) set_call(&back, b->call.number, b->call.args);
		else set_result(&back, done);
		if (b->entered && b->instead.finish && done >= 0) b->instead.finish(&b->call, &b->instead, done);
		write_registers(thread, &back);
	}
	let_go(thread, signal);
	give_back(b);
}
