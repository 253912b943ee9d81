#include "step/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "ownership/call.h"
#include "ownership/credentials.h"
#include "ownership/hooks.h"
#include "base/kernel.h"
#include "ownership/owners.h"
#include "step/pass-descriptor.h"
#include "ownership/supervise.h"

/* Each is tried in a process of its own, which ends with the error number. */

static int try_namespaces(void)
{
	return unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? errno : 0;
}

static int mount_proc(void)
{
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ? errno : 0;
}

static int try_in_child(int (*try)(void));

static int try_proc(void)
{
	int failed = try_namespaces();
	return failed ? failed : try_in_child(mount_proc); /* a new pid namespace begins with the child */
}

static int try_network(void) { return unshare(CLONE_NEWNET) ? errno : 0; }

/* In the filtered process: becomes another user, and makes and looks at a file as that one. */
static int use_hooks(int socket)
{
	struct stat st;
	int listener = install_hooks();
	if (listener < 0) return errno;
	if (!send_message(socket, "", 1, listener)) return errno;
	close(listener);
	close(socket);
	if (syscall(SYS_setresuid, 33, 33, 33)) return errno;
	if (syscall(SYS_getuid) != 33) return ENOSYS;
	if (stat(".", &st)) return errno;
	return st.st_uid == 0 ? 0 : ENOSYS;
}

static int try_ownership(void)
{
	int sockets[2], proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), listener, status;
	struct rlimit limit;
	if (proc < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) return errno;
	if (getrlimit(RLIMIT_RTTIME, &limit) || limit.rlim_max < MINIMUM_LIMIT) return EPERM;
	pid_t child = fork();
	if (child < 0) return errno;
	if (child == 0) _exit(use_hooks(sockets[1]));
	close(sockets[1]);
	set_initial_credentials(0, 0, NULL, 0, (struct kernel_limit){UINT64_MAX, UINT64_MAX});
	char byte;
	if (receive_message(sockets[0], &byte, 1, &listener) == 1 && listener >= 0) {
		prepare_names(proc);
		struct supervisor *supervisor = start_supervisor(listener, answer);
		char end;
		/* The child closes its end of the socket before it calls anything. From then on poll the listener alone, until all
		 * callers are gone. */
		while (receive_message(sockets[0], &end, 1, &(int){-1}) > 0) {
		}
		while (wait_for_call(supervisor)) answer_next(supervisor);
	}
	if (waitpid(child, &status, 0) < 0) return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int try_in_child(int (*try)(void))
{
	int status;
	pid_t child = fork();
	if (child < 0) return errno;
	if (child == 0) _exit(try());
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR) return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int probe(void)
{
	static const struct {
		const char *name;
		int (*try)(void);
	} tries[] = {
		{"namespaces", try_namespaces}, {"proc", try_proc}, {"network", try_network}, {"ownership", try_ownership},
	};
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		fflush(stdout);
		int failed = try_in_child(tries[i].try);
		printf("%s\t%s\n", tries[i].name, failed ? strerror(failed) : "ok");
	}
	return fflush(stdout) ? 1 : 0;
}
