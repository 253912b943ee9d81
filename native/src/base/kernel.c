#include "base/kernel.h"

#include <errno.h>

#include <sys/resource.h>

void close_from(unsigned first)
{
	if (!syscall(SYS_close_range, first, ~0u, 0)) return;
	/* Linux before 5.9, or a filter that doesn't know the call. */
	struct rlimit limit;
	unsigned end = getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max > 1048576 ? 1048576 : (unsigned)limit.rlim_max;
	for (unsigned fd = first; fd < end; fd++) close((int)fd);
}
