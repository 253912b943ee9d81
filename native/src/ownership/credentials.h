/* Virtual users. The number of a process's credentials is kept in its RLIMIT_RTTIME soft limit, which affects realtime
 * tasks only: as how far it is below the hard limit, which is not changed. The kernel copies it on fork and keeps it
 * over exec, so orphans and double forks need not be followed. The limit that a process sets and sees is virtual, too:
 * it is part of the credentials. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/kernel.h"

/* As low as the hard limit RLIMIT_RTTIME may be: in microseconds, a number for each set and decades of time above. */
#define MINIMUM_LIMIT (1ull << 40)

enum id_kind { USER, GROUP };

struct id_set {
	uint32_t real, effective, saved, filesystem;
};

struct credentials {
	struct id_set ids[2]; /* by id_kind */
	struct kernel_limit limit; /* RLIMIT_RTTIME, as the process sees it */
	/* PR_SET_KEEPCAPS, and a user other than root who kept root's capabilities because of it. Both end with exec. */
	bool keeps_capabilities, capable;
	size_t group_count;
	uint32_t *groups;
};
static inline bool is_privileged(const struct credentials *who) { return who->ids[USER].effective == 0 || who->capable; }

/* The ones that processes start with. Groups are copied. */
void set_initial_credentials(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t group_count, struct kernel_limit limit);
/* Good until the next change of anybody's. */
const struct credentials *credentials_of(pid_t pid);
/* 0 or an error number. Groups are copied. */
int change_credentials(pid_t pid, const struct credentials *to);
/* As the kernel keeps them. */
void sort_groups(uint32_t *groups, size_t group_count);
bool is_in_group(const struct credentials *who, uint32_t gid);

#endif
