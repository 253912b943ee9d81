/* Where a step has no process namespace, its processes end with this one: it adopts every orphan among its descendants
 * (a "child subreaper", prctl(2)), which no process can leave, and kills them when the program ends. */
#include "step/reap.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fail.h"
#include "step/launcher.h"

/* Ends everything at once. It comes from the builder, and from the kernel when the builder dies. */
#define END SIGUSR2

/* The parent of a process by its line in /proc; 0 for a process that has just ended. */
static pid_t parent_of(const char *pid)
{
	char path[64], line[512];
	if (snprintf(path, sizeof path, "/proc/%s/stat", pid) >= (int)sizeof path) return 0;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) return 0;
	ssize_t length = read(file, line, sizeof line - 1);
	close(file);
	if (length <= 0) return 0;
	line[length] = 0;
	/* The name of the program may have any character, parentheses too. A letter for the state follows. */
	const char *rest = strrchr(line, ')');
	return rest && strlen(rest) > 4 ? atoi(rest + 4) : 0;
}

/* Returns whether there was a child that could be killed. */
static bool kill_children(void)
{
	pid_t own = getpid();
	bool killed = false;
	DIR *proc = opendir("/proc");
	if (!proc) fail("open", "/proc");
	for (struct dirent *entry; (entry = readdir(proc));)
		if (isdigit((unsigned char)*entry->d_name) && parent_of(entry->d_name) == own)
			killed |= !kill((pid_t)atol(entry->d_name), SIGKILL);
	closedir(proc);
	return killed;
}

/* A child that dies leaves its own children to this process, so this repeats until there are none. */
static void kill_descendants(void)
{
	while (kill_children())
		while (waitpid(-1, NULL, 0) < 0)
			if (errno != EINTR) return;
}

static _Noreturn void run_program(char **argv, const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
	execv(*argv, argv);
	complain("execute", *argv, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

_Noreturn void reap(char **argv)
{
	pid_t builder = getppid();
	sigset_t taken, before;
	sigemptyset(&taken);
	/* Signals to the whole group are for the program. */
	static const int signals[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, END};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&taken, signals[i]);
	if (sigprocmask(SIG_BLOCK, &taken, &before)) fail("block signals", NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) fail("adopt orphans", NULL);
	if (prctl(PR_SET_PDEATHSIG, END, 0, 0, 0)) fail("end with the parent", NULL);
	if (getppid() != builder) _exit(EXIT_FAILED);

	pid_t program = fork();
	if (program < 0) fail("fork", NULL);
	if (program == 0) run_program(argv, &before);
	int status = SIGKILL;
	for (bool ended = false; !ended;) {
		int signal = sigwaitinfo(&taken, NULL);
		if (signal == END) break;
		int wait_status;
		for (pid_t pid; !ended && (pid = waitpid(-1, &wait_status, WNOHANG)) > 0;) {
			if (pid != program) continue;
			status = wait_status;
			ended = true;
		}
	}
	kill_descendants();
	end_as(status);
}
