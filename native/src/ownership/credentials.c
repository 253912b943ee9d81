#include "ownership/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "step/spec.h"

#define MAXIMUM_SETS 16384

static struct credentials sets[MAXIMUM_SETS];
static size_t count;

static bool same(const struct credentials *a, const struct credentials *b)
{
	return !memcmp(a->ids, b->ids, sizeof a->ids) && !memcmp(&a->limit, &b->limit, sizeof a->limit) && a->keeps_capabilities == b->keeps_capabilities && a->capable == b->capable &&
	       a->group_count == b->group_count &&
	       (!a->group_count || !memcmp(a->groups, b->groups, a->group_count * sizeof *a->groups));
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The number of a set, a new one if need be; -1 if there are too many. */
static int number_of(const struct credentials *c)
{
	for (size_t i = 0; i < count; i++)
		if (same(&sets[i], c)) return (int)i;
	if (count == MAXIMUM_SETS) return -1;
	struct credentials copy = *c;
	copy.groups = NULL;
	if (c->group_count) {
		copy.groups = malloc(c->group_count * sizeof *c->groups);
		if (!copy.groups) fail("memory", NULL);
		memcpy(copy.groups, c->groups, c->group_count * sizeof *c->groups);
	}
	sets[count] = copy;
	return (int)count++;
}

void sort_groups(uint32_t *groups, size_t group_count) { qsort(groups, group_count, sizeof *groups, compare); }

void set_initial_credentials(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t group_count, struct kernel_limit limit)
{
	uint32_t copy[MAXIMUM_GROUPS];
	if (group_count > MAXIMUM_GROUPS) refuse("user", "has too many groups");
	if (group_count) memcpy(copy, groups, group_count * sizeof *groups);
	sort_groups(copy, group_count);
	struct credentials first = {
		.ids = {{uid, uid, uid, uid}, {gid, gid, gid, gid}},
		.limit = limit,
		.group_count = group_count,
		.groups = copy,
	};
	number_of(&first);
}

const struct credentials *credentials_of(pid_t pid)
{
	struct kernel_limit limit;
	if (syscall(SYS_prlimit64, pid, RLIMIT_RTTIME, NULL, &limit)) return &sets[0];
	uint64_t number = limit.hard - 1 - limit.soft;
	return &sets[number < count ? number : 0];
}

int change_credentials(pid_t pid, const struct credentials *to)
{
	struct kernel_limit limit;
	int number = number_of(to);
	if (number < 0) return EAGAIN;
	if (syscall(SYS_prlimit64, pid, RLIMIT_RTTIME, NULL, &limit)) return errno;
	limit.soft = limit.hard - 1 - (uint64_t)number;
	return syscall(SYS_prlimit64, pid, RLIMIT_RTTIME, &limit, NULL) ? errno : 0;
}

bool is_in_group(const struct credentials *who, uint32_t gid)
{
	if (gid == who->ids[GROUP].filesystem) return true;
	for (size_t i = 0; i < who->group_count; i++)
		if (who->groups[i] == gid) return true;
	return false;
}
