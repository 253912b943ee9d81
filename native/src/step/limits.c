#include "step/limits.h"

#include <string.h>

#include <sys/resource.h>

#include "base/fail.h"
#include "step/spec.h"

static const struct {
	const char *name;
	int resource;
} names[] = {
	{"as", RLIMIT_AS},           {"core", RLIMIT_CORE},     {"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},   {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},       {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME}, {"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

int find_limit(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i].name, name)) return names[i].resource;
	return -1;
}

void apply_limits(const struct step_limit *limits, size_t count, int except)
{
	for (size_t i = 0; i < count; i++) {
		if (limits[i].resource == except) continue;
		struct rlimit limit = {limits[i].soft, limits[i].hard};
		if (setrlimit(limits[i].resource, &limit)) fail("set limit", limits[i].name);
	}
}
