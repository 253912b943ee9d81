/* RLIMIT_RTTIME, whose real place holds the number of a process's credentials. pam_limits sets it for every session of
 * su and sudo. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"

/* How many namespaces count a process, from a line such as `NSpid:	812	7	1`, and the last of its numbers. */
static int count_numbers(const char *text, int *last)
{
	int count = 0;
	for (char *end; (*last = (int)strtol(text, &end, 10), end != text); text = end) {
		count++;
		if (!end[strspn(end, " \t")]) return count;
	}
	return count;
}

/* Our number of the process that the caller knows by a number; 0 if there is none. */
static pid_t find_process(const struct call *call, pid_t number)
{
	char text[256];
	int last;
	if (!number) return call->thread;
	if (!read_status(call->thread, "NSpid", text, sizeof text)) return 0;
	int depth = count_numbers(text, &last);
	if (last == number) return call->thread;
	int fd = openat(proc_directory(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *processes = fd < 0 ? NULL : fdopendir(fd);
	pid_t found = 0;
	for (struct dirent *entry; !found && processes && (entry = readdir(processes));) {
		if (!isdigit((unsigned char)entry->d_name[0])) continue;
		pid_t candidate = (pid_t)atoi(entry->d_name);
		if (read_status(candidate, "NSpid", text, sizeof text) && count_numbers(text, &last) == depth && last == number) found = candidate;
	}
	if (processes) closedir(processes);
	else if (fd >= 0) close(fd);
	return found;
}

struct reply answer_limit(const struct call *call, pid_t process, uint64_t new, uint64_t old)
{
	struct kernel_limit wanted;
	pid_t target = find_process(call, process);
	if (!target) return still_waits(call) ? error(ESRCH) : nothing();
	struct credentials who = *credentials_of(target);
	const struct kernel_limit before = who.limit;
	if (new && !read_memory(call, new, &wanted, sizeof wanted)) return still_waits(call) ? error(EFAULT) : nothing();
	if (new && wanted.soft > wanted.hard) return error(EINVAL);
	if (new && wanted.hard > before.hard) return error(EPERM); /* a container has no CAP_SYS_RESOURCE */
	if (!still_waits(call)) return nothing();
	if (new && memcmp(&wanted, &before, sizeof before)) {
		who.limit = wanted;
		int failed = change_credentials(target, &who);
		if (failed) return error(failed);
	}
	return old ? write_memory(call, old, &before, sizeof before) : result(0);
}
