#include "step/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "ownership/credentials.h"
#include "base/fail.h"
#include "ownership/owners.h"
#include "step/spec.h"

void die_with_parent(int socket)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) fail("die with the parent", NULL);
	/* It may have died before. Its end of the socket knows. */
	struct pollfd other = {socket, POLLIN, 0};
	if (poll(&other, 1, 0) < 0 || other.revents & POLLHUP) _exit(EXIT_FAILED);
}

/* A signal such as a terminal's Ctrl-C goes to the launcher, too. It dies of the same signal, once nothing of the
 * command is left. */
_Noreturn void die_of(int signal)
{
	struct rlimit none = {0, 0};
	sigset_t set;
	setrlimit(RLIMIT_CORE, &none); /* the command's core is not ours */
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigaction(signal, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + signal);
}

_Noreturn void end_as(int wait_status)
{
	if (WIFSIGNALED(wait_status)) die_of(WTERMSIG(wait_status));
	_exit(WEXITSTATUS(wait_status));
}

int open_signals(void)
{
	static const int taken[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) sigaddset(&set, taken[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL)) fail("block signals", NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) fail("open signals", NULL);
	return fd;
}

/* The limit rttime that the step sees. */
static struct kernel_limit initial_limit(const struct spec *spec)
{
	struct kernel_limit limit = {RLIM_INFINITY, RLIM_INFINITY};
	for (size_t i = 0; i < spec->limit_count; i++)
		if (spec->limits[i].resource == RLIMIT_RTTIME) limit = (struct kernel_limit){spec->limits[i].soft, spec->limits[i].hard};
	return limit;
}

static void start_virtual_users(const struct spec *spec)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_RTTIME, &limit) || limit.rlim_max < MINIMUM_LIMIT) refuse("ownership", "the hard limit rttime is too low");
	set_initial_credentials(spec->uid, spec->gid, spec->groups, spec->group_count, initial_limit(spec));
}

int open_owners(const struct spec *spec)
{
	int out = open(spec->owners_out, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0) fail("open", spec->owners_out);
	if (spec->real_owners) expect_real_owners();
	else start_virtual_users(spec);
	if (!spec->owners_in) return out;
	int in = open(spec->owners_in, O_RDONLY | O_CLOEXEC);
	if (in < 0) fail("open", spec->owners_in);
	load_owners(in, spec->owners_in);
	close(in);
	return out;
}
