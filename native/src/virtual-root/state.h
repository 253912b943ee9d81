/* The state of a process of a virtual root beside its credentials: its root, its umask, its program. It is one number
 * in the process's RLIMIT_LOCKS soft limit, which no kernel since 2.4 looks at. The kernel copies it on fork and keeps
 * it over exec. */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAXIMUM_ROOTS 256
#define MAXIMUM_PROGRAMS (1u << 24)

struct state {
	unsigned root;    /* number of a root directory, 0: that of the step */
	unsigned umask;
	unsigned program; /* number of a record of programs.c, 0: the helper's own process */
};

/* The state of a process; the first one for a process that has none. */
struct state state_of(pid_t pid);
/* 0 or an error number. */
int change_state(pid_t pid, struct state state);
/* Whether a process has a state at all, which it then writes. */
bool find_state(pid_t pid, struct state *state);

#endif
