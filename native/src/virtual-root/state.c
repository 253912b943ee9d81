#include "virtual-root/state.h"

#include <errno.h>

#include <sys/resource.h>

#include "base/kernel.h"

/* Counted down from the unlimited: an ordinary limit is none of these. */
#define MARK (1ull << 62)
#define ROOT_SHIFT 24
#define UMASK_SHIFT 32

bool find_state(pid_t pid, struct state *state)
{
	struct kernel_limit limit;
	if (syscall(SYS_prlimit64, pid, RLIMIT_LOCKS, NULL, &limit) || limit.soft >> 41 != MARK >> 41) return false;
	state->program = (unsigned)(limit.soft & (MAXIMUM_PROGRAMS - 1));
	state->root = (unsigned)(limit.soft >> ROOT_SHIFT) & (MAXIMUM_ROOTS - 1);
	state->umask = (unsigned)(limit.soft >> UMASK_SHIFT) & 0777;
	return true;
}

struct state state_of(pid_t pid)
{
	struct state state = {.umask = 022};
	find_state(pid, &state);
	return state;
}

int change_state(pid_t pid, struct state state)
{
	struct kernel_limit limit = {
		.soft = MARK | (uint64_t)state.umask << UMASK_SHIFT | (uint64_t)state.root << ROOT_SHIFT | state.program,
		.hard = RLIM_INFINITY,
	};
	return syscall(SYS_prlimit64, pid, RLIMIT_LOCKS, &limit, NULL) ? errno : 0;
}
